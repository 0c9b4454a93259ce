/**
 * Zones and their records, from the schema of the official provider.
 *
 * Version 6.22.1 of the SDK lists one property more for a record than the source named below:
 * `includeShadowMetadata`, which goes into the query and not into the record.
 */
import type { Attribute, Attributes, TypeTable } from "./attributes.ts";
import * as schema from "./schema.ts";
import { computedFlag, computedNumber, computedText, computedTexts, oneOf, text } from "./schema.ts";

const flag: Attribute = schema.either("boolean");

function number(least: number, most: number): Attribute {
  return schema.ranged(schema.number, least, most);
}

const recordTypeNames = [
  "A",
  "AAAA",
  "CNAME",
  "MX",
  "NS",
  "OPENPGPKEY",
  "PTR",
  "TXT",
  "CAA",
  "CERT",
  "DNSKEY",
  "DS",
  "HTTPS",
  "LOC",
  "NAPTR",
  "SMIMEA",
  "SRV",
  "SSHFP",
  "SVCB",
  "TLSA",
  "URI",
] as const;

const byte = number(0, 255);
const word = number(0, 65535);
const metres = number(0, 90_000_000);

const recordData: Attributes = {
  flags: { type: "any", from: "optional" },
  tag: text,
  value: text,
  algorithm: byte,
  certificate: text,
  keyTag: word,
  type: number(0, Number.MAX_VALUE),
  protocol: byte,
  publicKey: text,
  digest: text,
  digestType: byte,
  priority: word,
  target: text,
  altitude: number(-100_000, 42_849_672.95),
  latDegrees: number(0, 90),
  latDirection: { ...text, refuse: oneOf("N", "S") },
  latMinutes: number(0, 59),
  latSeconds: number(0, 59.999),
  longDegrees: number(0, 180),
  longDirection: { ...text, refuse: oneOf("E", "W") },
  longMinutes: number(0, 59),
  longSeconds: number(0, 59.999),
  precisionHorz: metres,
  precisionVert: metres,
  size: metres,
  order: word,
  preference: word,
  regex: text,
  replacement: text,
  service: text,
  matchingType: byte,
  selector: byte,
  usage: byte,
  port: word,
  weight: word,
  fingerprint: text,
};

export const dnsRecordTable: TypeTable = {
  token: "cloudflare:index/dnsRecord:DnsRecord",
  source: "terraform-provider-cloudflare v5.22.0, internal/services/dns_record/schema.go",
  attributes: {
    id: computedText,
    zoneId: { type: "string", from: "required", replaces: true, place: "path" },
    includeShadowMetadata: { type: "boolean", from: "computed-optional", default: false, place: "query" },
    name: { type: "string", from: "required" },
    type: { type: "string", from: "required", replaces: true, refuse: oneOf(...recordTypeNames) },
    comment: text,
    content: { type: "string", from: "computed-optional" },
    priority: word,
    data: { type: { object: recordData }, from: "optional" },
    privateRouting: { type: "boolean", from: "optional" },
    proxied: { type: "boolean", from: "computed-optional", default: false },
    ttl: { type: "number", from: "required" },
    tags: { type: { setOf: "string" }, from: "computed-optional" },
    settings: {
      type: { object: { ipv4Only: flag, ipv6Only: flag, flattenCname: flag } },
      from: "computed-optional",
    },
    commentModifiedOn: computedText,
    createdOn: computedText,
    modifiedOn: computedText,
    proxiable: computedFlag,
    tagsModifiedOn: computedText,
    meta: { type: "json", from: "computed" },
  },
};

const zoneParts = {
  meta: {
    cdnOnly: computedFlag,
    customCertificateQuota: computedNumber,
    dnsOnly: computedFlag,
    foundationDns: computedFlag,
    pageRuleQuota: computedNumber,
    phishingDetected: computedFlag,
    step: computedNumber,
  },
  owner: { id: computedText, name: computedText, type: computedText },
  plan: {
    id: computedText,
    canSubscribe: computedFlag,
    currency: computedText,
    externallyManaged: computedFlag,
    frequency: computedText,
    isSubscribed: computedFlag,
    legacyDiscount: computedFlag,
    legacyId: computedText,
    name: computedText,
    price: computedNumber,
  },
  tenant: { id: computedText, name: computedText },
  tenantUnit: { id: computedText },
} as const satisfies Readonly<Record<string, Attributes>>;

/** What the API says of a zone, to the resource and to the functions alike. */
const zoneComputed: Attributes = {
  id: computedText,
  activatedOn: computedText,
  cnameSuffix: computedText,
  createdOn: computedText,
  developmentMode: computedNumber,
  modifiedOn: computedText,
  originalDnshost: computedText,
  originalRegistrar: computedText,
  status: computedText,
  verificationKey: computedText,
  nameServers: computedTexts,
  originalNameServers: computedTexts,
  permissions: computedTexts,
  meta: { type: { object: zoneParts.meta }, from: "computed" },
  owner: { type: { object: zoneParts.owner }, from: "computed" },
  plan: { type: { object: zoneParts.plan }, from: "computed" },
  tenant: { type: { object: zoneParts.tenant }, from: "computed" },
  tenantUnit: { type: { object: zoneParts.tenantUnit }, from: "computed" },
};

export const zoneTable: TypeTable = {
  token: "cloudflare:index/zone:Zone",
  source: "terraform-provider-cloudflare v5.22.0, internal/services/zone/schema.go",
  attributes: {
    ...zoneComputed,
    name: { type: "string", from: "required", replaces: true },
    account: { type: { object: { id: text } }, from: "required", replaces: true },
    paused: { type: "boolean", from: "computed-optional", default: false },
    type: {
      type: "string",
      from: "computed-optional",
      default: "full",
      refuse: oneOf("full", "partial", "secondary", "internal"),
    },
    vanityNameServers: { type: { listOf: "string" }, from: "computed-optional" },
  },
};

/** internal/services/zone/data_source_schema.go and list_data_source_schema.go */
export const zoneResult: Attributes = {
  ...zoneComputed,
  name: computedText,
  account: { type: { object: { id: computedText, name: computedText } }, from: "computed" },
  paused: computedFlag,
  type: computedText,
  vanityNameServers: computedTexts,
};

/** internal/services/dns_record/list_data_source_schema.go */
export const dnsRecordResult: Attributes = Object.fromEntries(
  Object.entries(dnsRecordTable.attributes).filter(([, { place }]) => place === undefined),
);
