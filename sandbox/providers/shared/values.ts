/**
 * Property values as Pulumi's provider protocol carries them: JSON in which an object with a signature stands for
 * a secret, an asset, an archive, a reference to a resource or a value with dependencies, and a certain text for
 * a value that is not known yet.
 *
 * Source: Pulumi's SDK, `sdk/nodejs/runtime/rpc.ts` and `sdk/go/common/resource/plugin/rpc.go`.
 */

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const assetSignature = "c44067f5952c0a294b673a41bacd8c17";
const archiveSignature = "0def7320c3a5731c473e5ecbe6d01bc7";
const resourceSignature = "5cf8f73096256a8f31e491e813e4eb8e";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** One text for each type that a value, once known, will have. */
const unknownTexts: ReadonlySet<string> = new Set([
  unknownText,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** A value that the engine encrypts in its state and hides in its output. */
export class Secret {
  readonly element: Value;
  constructor(element: Value) {
    this.element = element;
  }
}

/** A value that is not known before the update; occurs during previews only. */
export class Unknown {
  readonly kind = "unknown";
}

/** A file, a text or an address, or an archive of such, or a reference to a resource: kept as it came. */
export class Opaque {
  readonly kind: "asset" | "archive" | "resource";
  readonly fields: ValueMap;
  constructor(kind: Opaque["kind"], fields: ValueMap) {
    this.kind = kind;
    this.fields = fields;
  }
}

export interface ValueMap {
  readonly [key: string]: Value;
}
export type Value =
  null | boolean | number | string | readonly Value[] | Secret | Unknown | Opaque | ValueMap;

const unknown = new Unknown();

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMap(value: Value | undefined): value is ValueMap {
  return (
    typeof value === "object" &&
    value !== null &&
    !isList(value) &&
    !(value instanceof Secret || value instanceof Unknown || value instanceof Opaque)
  );
}

function mapValues(map: ValueMap, change: (value: Value) => Value): ValueMap {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

function decodeSigned(signature: unknown, fields: Record<string, unknown>): Value {
  const rest = () =>
    decodeMap(Object.fromEntries(Object.entries(fields).filter(([key]) => key !== signatureKey)));
  switch (signature) {
    case secretSignature:
      return new Secret(decode(fields.value));
    case assetSignature:
      return new Opaque("asset", rest());
    case archiveSignature:
      return new Opaque("archive", rest());
    case resourceSignature:
      return new Opaque("resource", rest());
    case outputSignature: {
      const element = "value" in fields ? decode(fields.value) : unknown;
      return fields.secret === true ? new Secret(element) : element;
    }
    default:
      throw new Error(`a property value carries an unknown signature: ${JSON.stringify(signature)}`);
  }
}

/** A value as it came from the engine, with its signatures made into classes. */
export function decode(wire: unknown): Value {
  if (wire === null || wire === undefined) return null;
  if (typeof wire === "string") return unknownTexts.has(wire) ? unknown : wire;
  if (typeof wire === "boolean" || typeof wire === "number") return wire;
  if (Array.isArray(wire)) return wire.map(decode);
  if (typeof wire === "object") {
    const fields = wire as Record<string, unknown>;
    return signatureKey in fields ? decodeSigned(fields[signatureKey], fields) : decodeMap(fields);
  }
  throw new Error(`a property value cannot be a ${typeof wire}`);
}

/** Like {@link decode}, for the properties of one resource. */
export function decodeMap(wire: unknown): ValueMap {
  if (wire === null || wire === undefined) return {};
  if (typeof wire !== "object") throw new Error(`properties cannot be a ${typeof wire}`);
  return Object.fromEntries(Object.entries(wire).map(([key, value]) => [key, decode(value)]));
}

/** The inverse of {@link decode}. */
export function encode(value: Value): unknown {
  if (value instanceof Secret) return { [signatureKey]: secretSignature, value: encode(value.element) };
  if (value instanceof Unknown) return unknownText;
  if (value instanceof Opaque) {
    const signature = { asset: assetSignature, archive: archiveSignature, resource: resourceSignature };
    return { [signatureKey]: signature[value.kind], ...encodeMap(value.fields) };
  }
  if (isList(value)) return value.map(encode);
  if (isMap(value)) return encodeMap(value);
  return value;
}

export function encodeMap(values: ValueMap): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, encode(value)]));
}

/** The same value without any mark of secrecy, at every depth. */
export function reveal(value: Value): Value {
  if (value instanceof Secret) return reveal(value.element);
  if (isList(value)) return value.map(reveal);
  if (isMap(value)) return mapValues(value, reveal);
  return value;
}

export function revealMap(values: ValueMap): ValueMap {
  return mapValues(values, reveal);
}

/** Whether anything in the value is not known yet. */
export function containsUnknown(value: Value): boolean {
  if (value instanceof Unknown) return true;
  if (value instanceof Secret) return containsUnknown(value.element);
  if (isList(value)) return value.some(containsUnknown);
  return isMap(value) && Object.values(value).some(containsUnknown);
}

/** Marks a value as secret, once. */
export function secret(value: Value): Secret {
  return value instanceof Secret ? value : new Secret(value);
}

/**
 * Whether two values are the same. Assets and archives are compared by the hash that the engine computed, secrets
 * only with secrets (reveal both first where secrecy is of no account), and what is unknown equals nothing.
 */
export function equal(a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a instanceof Unknown || b instanceof Unknown) return false;
  if (a instanceof Secret || b instanceof Secret) {
    return a instanceof Secret && b instanceof Secret && equal(a.element, b.element);
  }
  if (a instanceof Opaque || b instanceof Opaque) {
    if (!(a instanceof Opaque && b instanceof Opaque) || a.kind !== b.kind) return false;
    if (typeof a.fields.hash === "string" && a.fields.hash !== "") return a.fields.hash === b.fields.hash;
    return equal(a.fields, b.fields);
  }
  if (isList(a)) {
    return isList(b) && a.length === b.length && a.every((element, index) => equal(element, b[index]));
  }
  if (isMap(a)) {
    if (!isMap(b)) return false;
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => equal(a[key], b[key]));
  }
  return a === b;
}
