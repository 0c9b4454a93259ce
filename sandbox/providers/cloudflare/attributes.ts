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
  /** A number, a text or a flag. */
  | "any"
  /** Any JSON, kept as text. */
  | "json"
  | { readonly listOf: AttributeType }
  /** A list without an order. */
  | { readonly setOf: AttributeType }
  | { readonly mapOf: AttributeType }
  | { readonly object: Attributes };

export interface Attribute {
  readonly type: AttributeType;
  /** Who says the value: the program, the API, or the API where the program does not. */
  readonly from: "required" | "optional" | "computed" | "computed-optional";
  readonly default?: Value;
  /** A change replaces the resource; `configured` ones only while the program says a value. */
  readonly replaces?: boolean | "configured";
  /** The API's name, where it is not the property's in snake case: the SDK makes plurals of lists' names. */
  readonly api?: string;
  /** Where the value goes in a request, if not into the JSON body. */
  readonly place?: "path" | "query";
  /** Encrypted in the state. */
  readonly secret?: boolean;
  /** What the API said stays known while other attributes change. */
  readonly stays?: boolean;
  /** A refresh takes the state's value and not the API's, which does not tell it or tells it otherwise. */
  readonly blind?: boolean;
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

/** What the API calls an attribute. */
export function apiName(name: string, { api }: Attribute): string {
  return api ?? snakeCase(name);
}

function propertyType(type: AttributeType): PropertyType {
  if (type === "json") return "string";
  if (typeof type === "string") return type;
  if ("object" in type) return { object: propertyTable(type.object) };
  if ("mapOf" in type) return { mapOf: propertyType(type.mapOf) };
  return { listOf: propertyType("setOf" in type ? type.setOf : type.listOf) };
}

function propertyTable(attributes: Attributes): PropertyTable {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type, from, replaces, refuse, secret }]) => [
      name,
      {
        type: propertyType(type),
        presence: from === "computed-optional" ? "optional" : from,
        ...(replaces === undefined ? {} : { replaces: replaces !== false }),
        ...(refuse === undefined ? {} : { refuse }),
        ...(secret === undefined ? {} : { secret }),
      },
    ]),
  );
}

/** The table in the form that checks a program's inputs. */
export function inputTable(table: TypeTable): ResourceTable {
  return { token: table.token, source: table.source, properties: propertyTable(table.attributes) };
}

function mapValues<A, B>(map: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

/** One order for what has none. */
function sorted(items: readonly Value[]): readonly Value[] {
  const keyed = items.map((item) => [JSON.stringify(item), item] as const);
  return keyed.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, item]) => item);
}

/** A value of the API's JSON as a property value; what is absent is null, what no table lists is dropped. */
function fromApi(type: AttributeType, json: unknown): Value {
  if (json === undefined || json === null) return null;
  if (type === "json") return JSON.stringify(json);
  if (typeof type === "string") return json as Value;
  if ("object" in type) return objectFromApi(type.object, json as Readonly<Record<string, unknown>>);
  if ("mapOf" in type) {
    return mapValues(json as Record<string, unknown>, (item) => fromApi(type.mapOf, item));
  }
  const element = "setOf" in type ? type.setOf : type.listOf;
  const items = (json as readonly unknown[]).map((item) => fromApi(element, item));
  return "setOf" in type ? sorted(items) : items;
}

export function objectFromApi(attributes: Attributes, json: Readonly<Record<string, unknown>>): ValueMap {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [
      name,
      fromApi(attribute.type, json[apiName(name, attribute)]),
    ]),
  );
}

/** A property value as the API's JSON; `undefined` for what is not known or not said. */
export function toApi(type: AttributeType, value: Value): unknown {
  if (value === null || value instanceof Unknown) return undefined;
  if (typeof type !== "object") return value;
  if ("object" in type) return isMap(value) ? objectToApi(type.object, value) : value;
  if ("mapOf" in type) return isMap(value) ? mapValues(value, (item) => toApi(type.mapOf, item)) : value;
  const element = "setOf" in type ? type.setOf : type.listOf;
  return isList(value) ? value.map((item) => toApi(element, item)) : value;
}

function objectToApi(attributes: Attributes, values: ValueMap): Readonly<Record<string, unknown>> {
  const entries = Object.entries(attributes)
    .filter(([, { from }]) => from !== "computed")
    .map(([name, attribute]) => [
      apiName(name, attribute),
      toApi(attribute.type, values[name] ?? null),
    ]) satisfies [string, unknown][];
  return Object.fromEntries(entries.filter(([, json]) => json !== undefined));
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
  if ("mapOf" in type)
    return isMap(value) ? mapValues(value, (item) => completeValue(type.mapOf, item)) : value;
  if (!isList(value)) return value;
  if ("listOf" in type) return value.map((item) => completeValue(type.listOf, item));
  return sorted(value.map((item) => completeValue(type.setOf, item)));
}

function valueWithoutNulls(value: Value): Value {
  if (isList(value)) return value.map(valueWithoutNulls);
  return isMap(value) ? withoutNulls(value) : value;
}

/** Without what is null, at every depth: what goes into Pulumi's state. */
export function withoutNulls(values: ValueMap): ValueMap {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, valueWithoutNulls(value)]),
  );
}
