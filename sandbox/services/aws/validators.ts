/** Checks of single values, in the upstream provider's words (terraform-plugin-sdk helper/validation, internal/verify). */
import { canonicalBlock, canonicalIpv6Block, parseBlock, parseIpv4, parseIpv6 } from "./cidr.ts";
import { sameJson, type Json } from "./json.ts";
import type { Property } from "./table.ts";

type Validate = NonNullable<Property["validate"]>;

const shown = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

/** internal/types/cidr_block.go, ValidateIPv4CIDRBlock: the block must be written with its host bits cleared. */
export const isIpv4Block: Validate = (value) => {
  const text = shown(value);
  const block = parseBlock(text);
  if (block === undefined) {
    return `${JSON.stringify(text)} is not a valid CIDR block: invalid CIDR address: ${text}`;
  }
  const canonical = canonicalBlock(block);
  return canonical === text
    ? undefined
    : `${JSON.stringify(text)} is not a valid IPv4 CIDR block; did you mean ${JSON.stringify(canonical)}?`;
};

export const isIpv6Block: Validate = (value) => {
  const text = shown(value);
  const canonical = canonicalIpv6Block(text);
  if (canonical === undefined) {
    return `${JSON.stringify(text)} is not a valid IPv6 CIDR block`;
  }
  // Any spelling of the same network is fine; only host bits are refused.
  return canonicalIpv6Block(text.replace(/\/\d+$/, "/128"))?.replace(/\/128$/, "") ===
    canonical.replace(/\/\d+$/, "")
    ? undefined
    : `${JSON.stringify(text)} is not a valid IPv6 CIDR block; did you mean ${JSON.stringify(canonical)}?`;
};

/** suppressEqualCIDRBlockDiffs: whether two spellings are of one network. */
export function sameIpv6Block(before: Json | undefined, after: Json | undefined): boolean {
  if (typeof before !== "string" || typeof after !== "string") return false;
  const canonical = canonicalIpv6Block(before);
  return canonical !== undefined && canonical === canonicalIpv6Block(after);
}

export const isIpv6Address: Validate = (value, name) =>
  parseIpv6(shown(value)) === undefined
    ? `expected ${name} to contain a valid IPv6 address, got: ${shown(value)}`
    : undefined;

/** helper/validation, IsCIDRNetwork. */
export function isNetwork(minimum: number, maximum: number): Validate {
  return (value, name) => {
    const text = shown(value);
    const block = parseBlock(text);
    if (block === undefined) {
      return `expected "${name}" to be a valid IPv4 Value, got ${text}: invalid CIDR address: ${text}`;
    }
    const canonical = canonicalBlock(block);
    if (canonical !== text) {
      return `expected ${name} to contain a valid network Value, expected ${canonical}, got ${text}`;
    }
    return block.bits < minimum || block.bits > maximum
      ? `expected "${name}" to contain a network Value with between ${minimum} and ${maximum} significant bits, ` +
          `got: ${block.bits}`
      : undefined;
  };
}

export const isIpv4Address: Validate = (value, name) =>
  parseIpv4(shown(value)) === undefined
    ? `expected ${name} to contain a valid IPv4 address, got: ${shown(value)}`
    : undefined;

export function oneOf(...allowed: readonly string[]): Validate {
  return (value, name) =>
    allowed.includes(shown(value))
      ? undefined
      : `expected ${name} to be one of ${JSON.stringify(allowed)}, got ${shown(value)}`;
}

export function between(minimum: number, maximum: number): Validate {
  return (value, name) =>
    typeof value === "number" && value >= minimum && value <= maximum
      ? undefined
      : `expected ${name} to be in the range (${minimum} - ${maximum}), got ${shown(value)}`;
}

export function length(minimum: number, maximum: number): Validate {
  return (value, name) =>
    shown(value).length >= minimum && shown(value).length <= maximum
      ? undefined
      : `expected length of ${name} to be in the range (${minimum} - ${maximum}), got ${shown(value)}`;
}

export function doesNotMatch(pattern: RegExp, why: string): Validate {
  return (value, name) => (pattern.test(shown(value)) ? `invalid value for ${name} (${why})` : undefined);
}

export function all(...checks: readonly Validate[]): Validate {
  return (value, name) => checks.map((check) => check(value, name)).find((reason) => reason !== undefined);
}

/** Each item of a list or set. */
export function each(check: Validate): Validate {
  return (value, name) =>
    Array.isArray(value)
      ? value.map((item, index) => check(item, `${name}.${index}`)).find((reason) => reason !== undefined)
      : undefined;
}

/** internal/verify, ValidBase64String. */
export const isBase64: Validate = (value, name) => {
  const text = shown(value);
  return Buffer.from(text, "base64").toString("base64") === text
    ? undefined
    : `expected ${name} to be a valid base64 string, got ${text.length} characters that are none`;
};

/** internal/verify, ValidARN: of a partition, a service, and, where there is one, an account. */
export const isArn: Validate = (value, name) => {
  const text = shown(value);
  return /^arn:aws(?:-[a-z]+)*:[\w-]+:[a-z0-9-]*:(?:aws|aws-managed|third-party|\d{12}|cw.{10})?:.+$/.test(
    text,
  )
    ? undefined
    : `${JSON.stringify(name)} (${text}) is an invalid ARN`;
};

/** helper/validation, StringIsJSON. */
export const isJson: Validate = (value, name) => {
  try {
    JSON.parse(shown(value));
    return undefined;
  } catch (error) {
    return `${JSON.stringify(name)} contains an invalid JSON: ${error instanceof Error ? error.message : ""}`;
  }
};

/** Whether two texts are the same JSON, whatever their spaces and the order of their keys. */
export function sameDocument(before: Json | undefined, after: Json | undefined): boolean {
  if (typeof before !== "string" || typeof after !== "string") return false;
  try {
    return sameJson(JSON.parse(before) as Json, JSON.parse(after) as Json);
  } catch {
    return false;
  }
}
