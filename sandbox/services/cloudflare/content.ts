/**
 * What a record says, by its type: which fields it has, what they may be, and the text that the API makes of them.
 *
 * Fields and ranges: developers.cloudflare.com/api/resources/dns/subresources/records/methods/create and, naming the
 * same, `internal/services/dns_record/schema.go` of the Terraform provider.
 */
import { isIPv4, isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";
import { refusals } from "./errors.ts";
import { normaliseHost } from "./names.ts";

export type RecordData = Readonly<Record<string, string | number>>;

export interface RecordContent {
  readonly content: string;
  /** The parts of the content, for the types that the API takes apart. */
  readonly data?: RecordData;
  readonly priority?: number;
}

type Field = "text" | "host" | { readonly min: number; readonly max: number };
const byte: Field = { min: 0, max: 255 };
const word: Field = { min: 0, max: 65535 };
const metres: Field = { min: 0, max: 90_000_000 };

interface DataType {
  readonly fields: Readonly<Record<string, Field>>;
  readonly render: (data: Readonly<Record<string, string | number>>) => string;
  /** Which field is the record's `priority` as well. */
  readonly priority?: string;
}

function joined(...names: string[]): DataType["render"] {
  return (data) => names.map((name) => String(data[name])).join(" ");
}

function renderLocation(data: Readonly<Record<string, string | number>>): string {
  const n = (name: string, digits = 0) => Number(data[name]).toFixed(digits);
  const angle = (axis: string) =>
    `${n(`${axis}_degrees`)} ${n(`${axis}_minutes`)} ${n(`${axis}_seconds`, 3)} ${String(data[`${axis}_direction`])}`;
  const sizes = ["altitude", "size", "precision_horz", "precision_vert"].map((name) => n(name, 2)).join(" ");
  return `${angle("lat")} ${angle("long")} ${sizes}`;
}

const certificate = {
  fields: { usage: byte, selector: byte, matching_type: byte, certificate: "text" },
  render: joined("usage", "selector", "matching_type", "certificate"),
} as const satisfies DataType;
const service = {
  fields: { priority: word, target: "text", value: "text" },
  render: joined("priority", "target", "value"),
} as const satisfies DataType;

const dataTypes: Readonly<Record<string, DataType>> = {
  CAA: {
    fields: { flags: byte, tag: "text", value: "text" },
    render: (data) => `${String(data.flags)} ${String(data.tag)} "${String(data.value)}"`,
  },
  CERT: {
    fields: { type: word, key_tag: word, algorithm: byte, certificate: "text" },
    render: joined("type", "key_tag", "algorithm", "certificate"),
  },
  DNSKEY: {
    fields: { flags: word, protocol: byte, algorithm: byte, public_key: "text" },
    render: joined("flags", "protocol", "algorithm", "public_key"),
  },
  DS: {
    fields: { key_tag: word, algorithm: byte, digest_type: byte, digest: "text" },
    render: joined("key_tag", "algorithm", "digest_type", "digest"),
  },
  HTTPS: service,
  LOC: {
    fields: {
      lat_degrees: { min: 0, max: 90 },
      lat_minutes: { min: 0, max: 59 },
      lat_seconds: { min: 0, max: 59.999 },
      lat_direction: "text",
      long_degrees: { min: 0, max: 180 },
      long_minutes: { min: 0, max: 59 },
      long_seconds: { min: 0, max: 59.999 },
      long_direction: "text",
      altitude: { min: -100_000, max: 42_849_672.95 },
      size: metres,
      precision_horz: metres,
      precision_vert: metres,
    },
    render: renderLocation,
  },
  NAPTR: {
    fields: {
      order: word,
      preference: word,
      flags: "text",
      service: "text",
      regex: "text",
      replacement: "text",
    },
    render: (data) =>
      `${String(data.order)} ${String(data.preference)} "${String(data.flags)}" "${String(data.service)}" "${String(data.regex)}" ${String(data.replacement)}`,
  },
  SMIMEA: certificate,
  SRV: {
    fields: { priority: word, weight: word, port: word, target: "host" },
    render: joined("weight", "port", "target"),
    priority: "priority",
  },
  SSHFP: {
    fields: { algorithm: byte, type: byte, fingerprint: "text" },
    render: joined("algorithm", "type", "fingerprint"),
  },
  SVCB: service,
  TLSA: certificate,
  URI: {
    fields: { weight: word, target: "text" },
    render: (data) => `${String(data.weight)} "${String(data.target)}"`,
  },
};

const hostTypes: ReadonlySet<string> = new Set(["CNAME", "NS", "PTR"]);
const textTypes: ReadonlySet<string> = new Set(["TXT", "OPENPGPKEY"]);

/** Every type that the API knows. */
export const recordTypes: ReadonlySet<string> = new Set([
  "A",
  "AAAA",
  "MX",
  ...hostTypes,
  ...textTypes,
  ...Object.keys(dataTypes),
]);

function field(type: string, name: string, kind: Field, value: unknown): string | number {
  if (value === undefined || value === null) throw refusals.missingField(`data.${name}`);
  if (typeof kind === "object") {
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || number < kind.min || number > kind.max) throw refusals.content(type);
    return number;
  }
  if (typeof value !== "string") throw refusals.content(type);
  if (kind === "text") return value;
  const host = value === "." ? value : normaliseHost(value);
  if (host === undefined) throw refusals.content(type);
  return host;
}

function fromData(type: string, rule: DataType, input: unknown, priority: number | undefined): RecordContent {
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw refusals.missingField("data");
  const given = input as Record<string, unknown>;
  const entries = Object.entries(rule.fields).map(([name, kind]) => [
    name,
    field(type, name, kind, given[name]),
  ]);
  const data = Object.fromEntries(entries) as Record<string, string | number>;
  const own = rule.priority === undefined ? undefined : Number(data[rule.priority]);
  if (type === "URI" && priority === undefined) throw refusals.priority();
  const effective = own ?? (type === "URI" ? priority : undefined);
  return { content: rule.render(data), data, ...(effective === undefined ? {} : { priority: effective }) };
}

function mailExchange(content: unknown, data: unknown, priority: number | undefined): RecordContent {
  const parts = typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
  const target = parts.target ?? content;
  const preference = parts.priority ?? priority;
  if (target === undefined) throw refusals.missingField("content");
  if (
    typeof preference !== "number" ||
    !Number.isInteger(preference) ||
    preference < 0 ||
    preference > 65535
  ) {
    throw refusals.priority();
  }
  // "." says that the domain takes no mail (RFC 7505).
  const host = target === "." ? "." : typeof target === "string" ? normaliseHost(target) : undefined;
  if (host === undefined) throw refusals.contentMx();
  return { content: host, priority: preference };
}

/**
 * Checks and normalises what a record of `type` says.
 *
 * @throws ApiError in the API's own words.
 */
export function normaliseContent(
  type: string,
  input: { readonly content?: unknown; readonly data?: unknown; readonly priority?: number | undefined },
  zone: string,
): RecordContent {
  const rule = dataTypes[type];
  if (rule !== undefined) return fromData(type, rule, input.data, input.priority);
  if (type === "MX") return mailExchange(input.content, input.data, input.priority);
  const { content } = input;
  if (content === undefined || content === null || content === "") throw refusals.missingField("content");
  if (typeof content !== "string") throw refusals.invalidBody();
  if (type === "A") {
    if (!isIPv4(content)) throw refusals.contentA();
    return { content };
  }
  if (type === "AAAA") {
    if (!isIPv6(content) || content.includes("%")) throw refusals.contentAaaa();
    return { content: ipaddr.IPv6.parse(content).toRFC5952String() };
  }
  if (hostTypes.has(type)) {
    const host = content === "@" ? zone : normaliseHost(content);
    if (host === undefined) throw refusals.content(type);
    return { content: host };
  }
  // 8192 characters is what Cloudflare serves of one name's TXT records together.
  if (content.length > 8192) throw refusals.content(type);
  return { content };
}

/** The bytes of a text in a zone file's notation, in which `\DDD` is a byte and `\X` the character X. RFC 1035, 5.1. */
function unescaped(text: string): Buffer {
  const pieces = text.match(/\\\d{3}|\\.|[^\\]+/gs) ?? [];
  return Buffer.concat(
    pieces.map((piece) => {
      if (/^\\\d{3}$/.test(piece)) return Buffer.from([Number(piece.slice(1)) & 0xff]);
      return Buffer.from(piece.startsWith("\\") ? piece.slice(1) : piece, "utf8");
    }),
  );
}

/** The most bytes that one character string of a TXT record can have. */
const maximumStringBytes = 255;

/**
 * The character strings of a TXT record: those in quotation marks, or else the whole text; longer ones are cut.
 * What is quoted and what is not mean the same to the API, which keeps the text as it came.
 */
export function textStrings(content: string): readonly Buffer[] {
  const trimmed = content.trim();
  const quoted = /^"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*$/s.test(trimmed)
    ? [...trimmed.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map((match) => unescaped(match[1] ?? ""))
    : [Buffer.from(content, "utf8")];
  return quoted.flatMap((bytes) => {
    const pieces = Math.max(1, Math.ceil(bytes.length / maximumStringBytes));
    return Array.from({ length: pieces }, (_, index) =>
      bytes.subarray(index * maximumStringBytes, (index + 1) * maximumStringBytes),
    );
  });
}

/** Two records of a name and type whose keys agree are the same record to Cloudflare. */
export function contentKey(type: string, content: RecordContent): string {
  const text =
    type === "TXT" ? Buffer.concat(textStrings(content.content)).toString("latin1") : content.content;
  return content.priority === undefined ? text : `${content.priority} ${text}`;
}

/** Addresses that nobody outside can reach, so that nothing can be proxied to them. */
const unreachable: ReadonlySet<string> = new Set([
  "private",
  "loopback",
  "linkLocal",
  "uniqueLocal",
  "unspecified",
  "multicast",
  "broadcast",
]);

export function isProxiableTarget(type: string, content: string): boolean {
  if (type === "CNAME") return true;
  if (type !== "A" && type !== "AAAA") return false;
  return !unreachable.has(ipaddr.parse(content).range());
}
