/** Checks the inputs of a resource against its table and fills in its defaults. */
import { createHash, randomBytes } from "node:crypto";
import { findRegion } from "./regions.ts";
import { holdsUnknown, isObject, unknownValue, type Json, type Properties } from "./json.ts";
import { upstreamName, type Property, type ResourceType, type Table } from "./table.ts";

export interface Failure {
  readonly property: string;
  readonly reason: string;
}

export interface CheckInput {
  /** The resource's logical name. */
  readonly name: string;
  /** The inputs of the last update; empty for a new resource. */
  readonly olds: Properties;
  readonly news: Properties;
  /** The provider's own region, for resources that name none. */
  readonly providerRegion: string | undefined;
  /** From the engine, the same in preview and update. */
  readonly randomSeed: string | undefined;
}

export interface CheckResult {
  readonly inputs: Properties;
  readonly failures: readonly Failure[];
}

/** Where the bridge notes which inputs it made up. */
export const defaultsKey = "__defaults";

export function checkInputs(type: ResourceType, input: CheckInput): CheckResult {
  const failures: Failure[] = [];
  const inputs = checkTable(type.properties, input.news, "", failures);
  const filled = fillDefaults(type.properties, inputs);
  fillName(type, input, inputs, filled);
  checkGroups(type.properties, input.news, failures);
  if (!Object.values(inputs).some(holdsUnknown)) {
    failures.push(...(type.validate?.(inputs) ?? []).map((reason) => ({ property: "", reason })));
  }
  if (type.global !== true) checkRegion(input, inputs, failures);
  inputs[defaultsKey] = filled.sort();
  return {
    inputs,
    failures: failures.map(({ property, reason }) => ({
      property,
      reason: property === "" ? reason : `${reason}. Examine values at '${input.name}.${property}'.`,
    })),
  };
}

function checkTable(table: Table, news: Properties, path: string, failures: Failure[]): Properties {
  const inputs: Properties = {};
  for (const [name, given] of Object.entries(news)) {
    const property = Object.hasOwn(table, name) ? table[name] : undefined;
    if (name === defaultsKey || given === undefined || given === null) {
      continue;
    }
    if (property === undefined) {
      failures.push({ property: path + name, reason: "invalid or unknown key" });
    } else if (property.mode === "computed") {
      // The nested input types of the SDK name outputs too, such as a root volume's id; the bridge drops them.
      if (path === "") {
        failures.push({
          property: path + name,
          reason: `"${upstreamName(name, property)}": this field cannot be set`,
        });
      }
    } else {
      inputs[name] = checkProperty(property, given, path + name, failures);
    }
  }
  for (const [name, property] of Object.entries(table)) {
    if (property.mode === "required" && inputs[name] === undefined) {
      failures.push({
        property: path + name,
        reason:
          `Missing required argument. The argument "${upstreamName(name, property)}" is required, ` +
          "but no definition was found",
      });
    }
  }
  return inputs;
}

function checkProperty(property: Property, given: Json, path: string, failures: Failure[]): Json {
  if (given === unknownValue) {
    return given;
  }
  const name = upstreamName(path.split(".").at(-1) ?? path, property);
  const value = convert(property, given);
  if (value === undefined) {
    failures.push({ property: path, reason: `expected "${name}" to be ${kindText[property.kind]}` });
    return given;
  }
  if (property.notSimulated !== undefined) {
    failures.push({
      property: path,
      reason: `"${name}" is not simulated by the sandbox's AWS: ${property.notSimulated}`,
    });
  }
  if (!holdsUnknown(value)) {
    const reason = property.validate?.(value, name);
    if (reason !== undefined) {
      failures.push({ property: path, reason });
    }
  }
  return property.properties === undefined ? value : checkNested(property.properties, value, path, failures);
}

function checkNested(table: Table, value: Json, path: string, failures: Failure[]): Json {
  const one = (item: Json, place: string): Json => {
    if (!isObject(item)) {
      return item;
    }
    const inner = checkTable(table, item, `${place}.`, failures);
    fillDefaults(table, inner);
    return present(inner);
  };
  return Array.isArray(value) ? value.map((item, index) => one(item, `${path}[${index}]`)) : one(value, path);
}

const kindText: Readonly<Record<Property["kind"], string>> = {
  text: "a string",
  bool: "a boolean",
  int: "an integer",
  list: "a list",
  set: "a list",
  map: "a map of strings",
  object: "an object",
  objects: "a list of objects",
  "object-set": "a list of objects",
};

/** The value in the property's type, with the conversions that the bridge makes; `undefined` if there is none. */
function convert(property: Property, given: Json): Json | undefined {
  switch (property.kind) {
    case "text":
      return typeof given === "string"
        ? given
        : typeof given === "object"
          ? undefined
          : JSON.stringify(given);
    case "bool":
      return typeof given === "boolean"
        ? given
        : given === "true" || given === "false"
          ? given === "true"
          : undefined;
    case "int":
      return Number.isInteger(Number(given)) &&
        given !== "" &&
        typeof given !== "boolean" &&
        !Array.isArray(given)
        ? Number(given)
        : undefined;
    case "list":
    case "set":
    case "objects":
    case "object-set":
      return Array.isArray(given) ? given : undefined;
    case "map":
    case "object":
      return isObject(given) ? given : undefined;
  }
}

/** @returns the names of the properties that were filled in. */
function fillDefaults(table: Table, inputs: Properties): string[] {
  const filled: string[] = [];
  for (const [name, property] of Object.entries(table)) {
    if (property.default !== undefined && inputs[name] === undefined) {
      inputs[name] = property.default;
      filled.push(name);
    }
  }
  return filled;
}

/** A made-up name: the logical name, a dash and seven hex digits, kept from one update to the next. */
function fillName(type: ResourceType, input: CheckInput, inputs: Properties, filled: string[]): void {
  const { autoName } = type;
  if (autoName === undefined || inputs[autoName] !== undefined || inputs[`${autoName}Prefix`] !== undefined) {
    return;
  }
  const before = input.olds[defaultsKey];
  const kept =
    Array.isArray(before) && before.includes(autoName) && typeof input.olds[autoName] === "string"
      ? input.olds[autoName]
      : undefined;
  const seed = input.randomSeed ?? randomBytes(16).toString("hex");
  const suffix = createHash("sha256").update(seed).update(input.name).digest("hex").slice(0, 7);
  inputs[autoName] = kept ?? `${input.name}-${suffix}`;
  filled.push(autoName);
}

/** Properties that exclude, need or replace one another; judged by what the program gave, not by defaults. */
function checkGroups(table: Table, news: Properties, failures: Failure[]): void {
  const given = (name: string): boolean =>
    news[name] !== undefined && news[name] !== null && news[name] !== "";
  const names = (list: readonly string[]): string =>
    list.map((name) => upstreamName(name, table[name])).join(",");
  const judged = new Set<string>();
  for (const [name, property] of Object.entries(table)) {
    const own = upstreamName(name, property);
    for (const other of given(name) ? (property.conflictsWith ?? []) : []) {
      if (given(other)) {
        failures.push({
          property: name,
          reason: `Conflicting configuration arguments. "${own}": conflicts with ${names([other])}`,
        });
      }
    }
    const needed = property.requiredWith ?? [];
    if (given(name) && needed.some((other) => !given(other))) {
      failures.push({
        property: name,
        reason: `Missing required argument. "${own}": all of \`${names([name, ...needed])}\` must be specified`,
      });
    }
    checkChoice(property, name, { given, names, judged, failures });
  }
}

function checkChoice(
  property: Property,
  name: string,
  context: {
    given: (name: string) => boolean;
    names: (list: readonly string[]) => string;
    judged: Set<string>;
    failures: Failure[];
  },
): void {
  const group = property.exactlyOneOf ?? property.atLeastOneOf ?? [];
  const key = group.join(",");
  if (group.length === 0 || context.judged.has(key)) {
    return;
  }
  context.judged.add(key);
  const count = group.filter(context.given).length;
  if (property.exactlyOneOf !== undefined && count !== 1) {
    const problem = count === 0 ? "one of" : "only one of";
    const end = count === 0 ? "must be specified" : "can be specified";
    context.failures.push({
      property: name,
      reason: `Invalid combination of arguments. ${problem} \`${context.names(group)}\` ${end}`,
    });
  } else if (property.exactlyOneOf === undefined && count === 0) {
    context.failures.push({
      property: name,
      reason: `Missing required argument. one of \`${context.names(group)}\` must be specified`,
    });
  }
}

function checkRegion(input: CheckInput, inputs: Properties, failures: Failure[]): void {
  const region = inputs.region ?? input.providerRegion;
  if (region === undefined) {
    failures.push({
      property: "",
      reason:
        "Missing region information. The resource names no region and the provider has none: set the resource's " +
        "`region`, or `pulumi config set aws:region us-west-2`",
    });
  } else if (typeof region === "string" && region !== unknownValue && findRegion(region) === undefined) {
    failures.push({ property: "region", reason: `Invalid AWS Region: ${region}` });
  }
}

/** An object without its absent properties. */
export function present(properties: Properties): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(properties).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
}
