/**
 * Signing of zones, as developers.cloudflare.com/api/resources/dns/subresources/dnssec and dns/dnssec/dnssec-states
 * describe it: the keys and states only. The sandbox's resolver answers without signatures, and says so to nobody.
 */
import { createHash, generateKeyPairSync } from "node:crypto";
import { refusals } from "./errors.ts";
import { Reader, omit, type Fields } from "./fields.ts";
import type { Store, StoredObject, Zone } from "./store.ts";
import { timestamp } from "./zones.ts";

/** ECDSA on P-256 with SHA-256 (RFC 6605), of a key that signs keys. */
const algorithm = 13;
const keyFlags = 257;
const protocol = 3;
const sha256DigestType = 2;

/** The key tag of a DNSKEY's data (RFC 4034, appendix B). */
function keyTag(data: Buffer): number {
  let sum = 0;
  for (const [index, byte] of data.entries()) sum += index % 2 === 0 ? byte << 8 : byte;
  return (sum + (sum >>> 16)) & 0xffff;
}

function wireName(name: string): Buffer {
  const labels = name
    .split(".")
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

/** A new key with all that the registrar is told of it. */
function makeKey(zone: Zone): Fields {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const point = Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  const data = Buffer.concat([Buffer.from([keyFlags >> 8, keyFlags & 0xff, protocol, algorithm]), point]);
  // RFC 4034, 5.1.4: over the owner's name and the key's data.
  const digest = createHash("sha256")
    .update(Buffer.concat([wireName(zone.name), data]))
    .digest("hex")
    .toUpperCase();
  const tag = keyTag(data);
  return {
    flags: keyFlags,
    algorithm: String(algorithm),
    key_type: "ECDSAP256SHA256",
    digest_type: String(sha256DigestType),
    digest_algorithm: "SHA256",
    digest,
    ds: `${zone.name}. 3600 IN DS ${tag} ${algorithm} ${sha256DigestType} ${digest}`,
    key_tag: tag,
    public_key: point.toString("base64"),
  };
}

const unsigned: Fields = Object.fromEntries(
  [
    "flags",
    "algorithm",
    "key_type",
    "digest_type",
    "digest_algorithm",
    "digest",
    "ds",
    "key_tag",
    "public_key",
  ].map((name) => [name, null]),
);

export function readDnssec(store: Store, zone: Zone): Fields {
  const stored = store.object("dnssec", zone.id, "dnssec");
  return stored === undefined ? { status: "disabled", ...unsigned, modified_on: null } : omit(stored, "id");
}

const switches = ["dnssec_multi_signer", "dnssec_presigned", "dnssec_use_nsec3"] as const;

/**
 * `PATCH`. What is switched on is `pending` until the registrar publishes the DS record; the sandbox's does so at
 * once, so that the next answer says `active`.
 */
export function editDnssec(store: Store, zone: Zone, body: Fields): Fields {
  const reader = new Reader(body, refusals.invalidField);
  const before = store.object("dnssec", zone.id, "dnssec");
  const wanted = reader.has("status") ? reader.oneOf("status", ["active", "disabled"]) : undefined;
  const status = wanted ?? (before?.status === "active" ? "active" : "disabled");
  const isNew = status === "active" && before?.status !== "active";
  const key = before?.ds !== undefined && before.ds !== null ? {} : isNew ? makeKey(zone) : unsigned;
  const flags = switches.filter((name) => reader.has(name)).map((name) => [name, reader.flag(name, false)]);
  const stored: StoredObject = {
    ...before,
    ...key,
    ...(Object.fromEntries(flags) as Fields),
    id: "dnssec",
    status,
    modified_on: timestamp(),
  };
  store.putObject("dnssec", zone.id, stored);
  const shown = readDnssec(store, zone);
  return isNew ? { ...shown, status: "pending" } : shown;
}

/** `DELETE`: the keys go; a later signing makes others. */
export function deleteDnssec(store: Store, zone: Zone): string {
  if (readDnssec(store, zone).status === "active") throw refusals.dnssecActive();
  store.deleteObject("dnssec", zone.id, "dnssec");
  return "";
}
