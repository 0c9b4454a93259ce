/** The vocabulary of the tables: attributes as schemas of the official provider say them again and again. */
import { isList } from "../shared/values.ts";
import type { CheckFailure } from "../shared/table.ts";
import type { Value, ValueMap } from "../shared/values.ts";
import type { Attribute, AttributeType, Attributes } from "./attributes.ts";

type Refusal = (value: Value) => string | undefined;

export function between(least: number, most: number): Refusal {
  return (value) =>
    typeof value === "number" && (value < least || value > most)
      ? `value must be between ${least} and ${most}, got: ${value}`
      : undefined;
}

export function oneOf(...allowed: readonly string[]): Refusal {
  return (value) =>
    typeof value === "string" && !allowed.some((item) => item.toLowerCase() === value.toLowerCase())
      ? `value must be one of: ${allowed.map((item) => `"${item}"`).join(" ")}, got: "${value}"`
      : undefined;
}

/** Each of a list's texts is one of those. */
export function eachOf(...allowed: readonly string[]): Refusal {
  const refuse = oneOf(...allowed);
  return (value) => (isList(value) ? value.map(refuse).find((reason) => reason !== undefined) : undefined);
}

export const computedText: Attribute = { type: "string", from: "computed" };
export const computedNumber: Attribute = { type: "number", from: "computed" };
export const computedFlag: Attribute = { type: "boolean", from: "computed" };
export const computedTexts: Attribute = { type: { listOf: "string" }, from: "computed" };

export const text: Attribute = { type: "string", from: "optional" };
export const number: Attribute = { type: "number", from: "optional" };
export const flag: Attribute = { type: "boolean", from: "optional" };
export const texts: Attribute = { type: { listOf: "string" }, from: "optional" };
export const textSet: Attribute = { type: { setOf: "string" }, from: "optional" };

export const requiredText: Attribute = { type: "string", from: "required" };
export const requiredTexts: Attribute = { type: { listOf: "string" }, from: "required" };

/** Said by the program, or else by the API. */
export function either(type: AttributeType): Attribute {
  return { type, from: "computed-optional" };
}

/** Said by the program, or else the schema's default. */
export function defaulted(type: AttributeType, value: Value): Attribute {
  return { type, from: "computed-optional", default: value };
}

export function chosen(attribute: Attribute, ...allowed: readonly string[]): Attribute {
  return { ...attribute, refuse: oneOf(...allowed) };
}

export function ranged(attribute: Attribute, least: number, most = Number.MAX_VALUE): Attribute {
  return { ...attribute, refuse: between(least, most) };
}

export function part(object: Attributes, from: Attribute["from"] = "optional"): Attribute {
  return { type: { object }, from };
}

export function listOf(object: Attributes, from: Attribute["from"] = "optional"): Attribute {
  return { type: { listOf: { object } }, from };
}

/** The owner of a resource, which stands in its path. */
export const accountId: Attribute = { ...requiredText, replaces: true, place: "path" };
export const zoneId: Attribute = { ...requiredText, replaces: true, place: "path" };

/** A property of the official provider that the sandbox's Cloudflare has nothing behind. */
export function notSimulated(what: string): Attribute {
  return {
    type: "any",
    from: "optional",
    refuse: () => `the sandbox's Cloudflare does not simulate ${what}`,
  };
}

/** A choice of which the sandbox's Cloudflare has one. */
export function onlySimulated(what: string, simulated: string): Refusal {
  return (value) =>
    typeof value === "string" && value !== simulated
      ? `the sandbox's Cloudflare does not simulate the ${what} ${value}, only ${simulated}`
      : undefined;
}

/** A check that one of two possible owners is said: the one that the sandbox's Cloudflare has. */
export function ownedBy(owner: "accountId" | "zoneId"): (inputs: ValueMap) => readonly CheckFailure[] {
  return (inputs) =>
    (inputs[owner] ?? null) === null
      ? [{ property: owner, reason: "exactly one of accountId and zoneId must be specified" }]
      : [];
}
