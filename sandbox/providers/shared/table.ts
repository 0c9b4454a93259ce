/**
 * What a resource type's properties are: one table per type, taken from the official provider, from which checking,
 * defaults, secrecy and the need for replacement all follow.
 */
import { Secret, Unknown, Opaque, equal, isList, isMap, secret } from "./values.ts";
import type { Value, ValueMap } from "./values.ts";

export type PropertyType =
  | "string"
  | "boolean"
  | "number"
  | "integer"
  | "any"
  | "asset-or-archive"
  | { readonly listOf: PropertyType }
  | { readonly mapOf: PropertyType }
  | { readonly object: PropertyTable };

export interface PropertyRule {
  readonly type: PropertyType;
  /** `computed` properties are outputs only; an optional one may be an output as well. */
  readonly presence: "required" | "optional" | "computed";
  /** A change of this property replaces the resource; all others update it. */
  readonly replaces?: boolean;
  readonly default?: Value;
  /** Encrypted in the state, whether or not the program marked it. */
  readonly secret?: boolean;
  /** Says in one sentence what is wrong with a known value, or nothing. */
  readonly refuse?: (value: Value) => string | undefined;
}

export type PropertyTable = Readonly<Record<string, PropertyRule>>;

export interface ResourceTable {
  /** The type's token, such as `tls:index/privateKey:PrivateKey`. */
  readonly token: string;
  /** The file of the official provider that the table was taken from. */
  readonly source: string;
  readonly properties: PropertyTable;
}

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

function typeName(type: PropertyType): string {
  if (typeof type === "string") return type;
  if ("listOf" in type) return `list of ${typeName(type.listOf)}`;
  if ("mapOf" in type) return `map of ${typeName(type.mapOf)}`;
  return "object";
}

function valueName(value: Value): string {
  if (value instanceof Opaque) return value.kind;
  if (isList(value)) return "list";
  if (isMap(value)) return "object";
  return value === null ? "null" : typeof value;
}

class Checker {
  readonly failures: CheckFailure[] = [];
  readonly #defaults: boolean;

  constructor(defaults: boolean) {
    this.#defaults = defaults;
  }

  value(path: string, type: PropertyType, value: Value): Value {
    if (value instanceof Secret) return secret(this.value(path, type, value.element));
    if (value instanceof Unknown || type === "any") return value;
    if (typeof type === "object") {
      if ("listOf" in type && isList(value)) {
        return value.map((element, index) => this.value(`${path}[${index}]`, type.listOf, element));
      }
      if ("mapOf" in type && isMap(value)) {
        const entries = Object.entries(value);
        return Object.fromEntries(
          entries.map(([key, element]) => [key, this.value(`${path}.${key}`, type.mapOf, element)]),
        );
      }
      if ("object" in type && isMap(value)) return this.object(`${path}.`, type.object, value);
    } else if (type === "asset-or-archive") {
      if (value instanceof Opaque && value.kind !== "resource") return value;
    } else if (typeof value === (type === "integer" ? "number" : type)) {
      if (type !== "integer" || Number.isInteger(value)) return value;
    }
    const found = type === "integer" && typeof value === "number" ? String(value) : valueName(value);
    this.failures.push({ property: path, reason: `'${path}' must be a ${typeName(type)}; got ${found}` });
    return value;
  }

  object(prefix: string, table: PropertyTable, values: ValueMap): ValueMap {
    const result: Record<string, Value> = {};
    for (const [key, value] of Object.entries(values)) {
      const rule = table[key];
      if (rule === undefined || rule.presence === "computed") {
        this.failures.push({ property: prefix + key, reason: `Unrecognized property '${prefix}${key}'` });
      } else if (value !== null) {
        const checked = this.value(prefix + key, rule.type, value);
        const known = checked instanceof Secret ? checked.element : checked;
        const refusal = known instanceof Unknown ? undefined : rule.refuse?.(known);
        if (refusal !== undefined) this.failures.push({ property: prefix + key, reason: refusal });
        result[key] = rule.secret === true ? secret(checked) : checked;
      }
    }
    for (const [key, rule] of Object.entries(table)) {
      if (key in result || rule.presence === "computed") continue;
      if (rule.presence === "required") {
        this.failures.push({ property: prefix + key, reason: `Missing required property '${prefix}${key}'` });
      } else if (this.#defaults && rule.default !== undefined) {
        result[key] = rule.default;
      }
    }
    return result;
  }
}

/** The engine's own entries (`version`, `__defaults`, …), which no table lists. */
function withoutInternals(values: ValueMap): ValueMap {
  return Object.fromEntries(
    Object.entries(values).filter(([key]) => key !== "version" && !key.startsWith("__")),
  );
}

/**
 * Checks a program's inputs against the table. What is wrong is reported completely, never at the first error.
 * `defaults` says whether defaults become inputs already (Pulumi's own providers) or only state (bridged ones).
 */
export function checkInputs(
  table: ResourceTable,
  values: ValueMap,
  options: { readonly defaults: boolean },
): { readonly inputs: ValueMap; readonly failures: readonly CheckFailure[] } {
  const checker = new Checker(options.defaults);
  return {
    inputs: checker.object("", table.properties, withoutInternals(values)),
    failures: checker.failures,
  };
}

/** The inputs together with the defaults of those that the program left out. */
export function withDefaults(table: ResourceTable, inputs: ValueMap): ValueMap {
  return new Checker(true).object("", table.properties, inputs);
}

/** Marks as secret what the table says is; for states that a resource returns. */
export function markSecrets(table: ResourceTable, state: ValueMap): ValueMap {
  return Object.fromEntries(
    Object.entries(state).map(([key, value]) => [
      key,
      table.properties[key]?.secret === true ? secret(value) : value,
    ]),
  );
}

export interface Difference {
  readonly changed: readonly string[];
  readonly replaces: readonly string[];
}

/** Which inputs differ between a state and new inputs, and which of them force a replacement. */
export function diffInputs(table: ResourceTable, state: ValueMap, inputs: ValueMap): Difference {
  const rules = Object.entries(table.properties).filter(([, rule]) => rule.presence !== "computed");
  const present = (value: Value | undefined) => (value === null ? undefined : value);
  const differing = rules.filter(([key]) => !equal(present(state[key]), present(inputs[key])));
  return {
    changed: differing.map(([key]) => key),
    replaces: differing.filter(([, rule]) => rule.replaces === true).map(([key]) => key),
  };
}
