/**
 * The properties of a resource type as the official provider's schema has them, and what follows from that alone:
 * checking, and the way between the API's JSON and Pulumi's property values.
 */
import type { PropertyTable, PropertyType, ResourceTable } from "../shared/table.ts";
import { Unknown, isList, isMap } from "../shared/values.ts";
import type { Value, ValueMap } from "../shared/values.ts";

export type AttributeType =
  | "string"
  | "number"
  | "boolean"
  /** A number or a text. */
  | "any"
  /** Any JSON, kept as text. */
  | "json"
  | { readonly listOf: "string" }
  /** A list without an order. */
  | { readonly setOf: "string" }
  | { readonly object: Attributes };

export interface Attribute {
  readonly type: AttributeType;
  /** Who says the value: the program, the API, or the API where the program does not. */
  readonly from: "required" | "optional" | "computed" | "computed-optional";
  readonly default?: Value;
  /** A change replaces the resource. */
  readonly replaces?: boolean;
  /** Where the value goes in a request, if not into the JSON body. */
  readonly place?: "path" | "query";
  /** Says in one sentence what is wrong with a known value, or nothing. */
  readonly refuse?: (value: Value) => string | undefined;
}

export type Attributes = Readonly<Record<string, Attribute>>;

export interface TypeTable {
  readonly token: string;
  /** The file of the official provider that the table was taken from. */
  readonly source: string;
  readonly attributes: Attributes;
}

/** `flatten_cname`, as the API says, for `flattenCname`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A body with the API's names for its own keys; what is below them stays. */
export function snakeKeys(body: object): object {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [snakeCase(name), value as unknown]));
}

function propertyType(type: AttributeType): PropertyType {
  if (type === "json") return "string";
  if (typeof type === "string") return type;
  if ("object" in type) return { object: propertyTable(type.object) };
  return { listOf: "string" };
}

function propertyTable(attributes: Attributes): PropertyTable {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type, from, replaces, refuse }]) => [
      name,
      {
        type: propertyType(type),
        presence: from === "computed-optional" ? "optional" : from,
        ...(replaces === undefined ? {} : { replaces }),
        ...(refuse === undefined ? {} : { refuse }),
      },
    ]),
  );
}

/** The table in the form that checks a program's inputs. */
export function inputTable(table: TypeTable): ResourceTable {
  return { token: table.token, source: table.source, properties: propertyTable(table.attributes) };
}

/** A value of the API's JSON as a property value; what is absent is null, what no table lists is dropped. */
function fromApi(type: AttributeType, json: unknown): Value {
  if (json === undefined || json === null) return null;
  if (type === "json") return JSON.stringify(json);
  if (typeof type === "object") {
    if ("object" in type) return objectFromApi(type.object, json as Readonly<Record<string, unknown>>);
    const items = (json as readonly unknown[]).map((item) => String(item));
    return "setOf" in type ? items.toSorted() : items;
  }
  return json as string | number | boolean;
}

export function objectFromApi(attributes: Attributes, json: Readonly<Record<string, unknown>>): ValueMap {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type }]) => [name, fromApi(type, json[snakeCase(name)])]),
  );
}

/** A property value as the API's JSON; `undefined` for what is not known or not said. */
export function toApi(value: Value): unknown {
  if (value === null || value instanceof Unknown) return undefined;
  if (isList(value)) return value.map(toApi);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, element]) => [snakeCase(name), toApi(element)]),
  );
}

/** Every attribute present, null where nothing is said; lists without an order sorted. */
export function complete(attributes: Attributes, values: ValueMap): ValueMap {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type }]) => [name, completeValue(type, values[name] ?? null)]),
  );
}

function completeValue(type: AttributeType, value: Value): Value {
  if (typeof type !== "object" || value === null) return value;
  if ("object" in type) return isMap(value) ? complete(type.object, value) : value;
  return "setOf" in type && isList(value) ? value.toSorted() : value;
}

/** Without what is null, at every depth: what goes into Pulumi's state. */
export function withoutNulls(values: ValueMap): ValueMap {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, isMap(value) ? withoutNulls(value) : value]),
  );
}
