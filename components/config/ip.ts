/**
 * IPv4 arithmetic for the configuration and the plan: a thin layer above ipaddr.js.
 *
 * Addresses and networks stay text (`10.0.1.10`, `10.0.1.0/24`) everywhere; a {@link Range} is what they are turned
 * into for a comparison. Only canonical text is accepted: four decimal parts without leading zeros, and for a
 * network no host bits, because AWS silently rewrites anything else and would then differ from the plan forever.
 */
import ipaddr from "ipaddr.js";

/** The addresses of a network as an inclusive range of unsigned 32-bit numbers. */
export interface Range {
  readonly first: number;
  readonly last: number;
  /** 0 to 32. */
  readonly prefix: number;
}

/** The address as an unsigned 32-bit number; `undefined` unless it is canonical dotted decimal. */
export function parseAddress(text: string): number | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  const address = ipaddr.IPv4.parse(text);
  if (address.toString() !== text) return undefined;
  return address.octets.reduce((number, octet) => number * 256 + octet, 0);
}

export function formatAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join(".");
}

/** What was read lately. */
const known = new Map<string, Range | undefined>();

/** More networks than a stack's file names. */
const mostKnown = 20_000;

/** The same few networks are compared with each other again and again: reading each once makes a plan a fifth faster. */
function parseLoose(text: string): Range | undefined {
  if (known.has(text)) return known.get(text);
  if (known.size >= mostKnown) known.clear();
  const range = readLoose(text);
  known.set(text, range);
  return range;
}

/** The network as a range, host bits cleared; `undefined` unless it is `a.b.c.d/prefix`. */
function readLoose(text: string): Range | undefined {
  const match = /^([^/]+)\/(\d{1,2})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseAddress(match[1]);
  const prefix = Number(match?.[2]);
  if (address === undefined || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  const first = address - (address % size);
  return { first, last: first + size - 1, prefix };
}

/** The canonical spelling of a network (`10.0.1.7/24` → `10.0.1.0/24`); `undefined` where there is none. */
export function canonicalCidr(text: string): string | undefined {
  const range = parseLoose(text);
  return range === undefined ? undefined : formatRange(range);
}

/** The network as a range; `undefined` unless the text is canonical. */
export function parseCidr(text: string): Range | undefined {
  const range = parseLoose(text);
  return range !== undefined && formatRange(range) === text ? range : undefined;
}

/** As {@link parseCidr}, for text that the schema has already accepted. Throws where it has not. */
export function rangeOf(cidr: string): Range {
  const range = parseCidr(cidr);
  if (range === undefined) throw new Error(`${cidr} is not a canonical IPv4 network`);
  return range;
}

export function formatRange(range: Range): string {
  return `${formatAddress(range.first)}/${range.prefix}`;
}

export function overlaps(a: Range, b: Range): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Whether every address of `inner` lies in `outer`. */
export function contains(outer: Range, inner: Range): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

/** Whether the address, as a number, lies in the range. */
export function includes(range: Range, address: number): boolean {
  return range.first <= address && address <= range.last;
}

/** As {@link includes}, for text that the schema has already accepted. */
export function cidrIncludes(cidr: string, address: string): boolean {
  const number = parseAddress(address);
  return number !== undefined && includes(rangeOf(cidr), number);
}

const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"].map(rangeOf);

/** Whether the whole range is private: RFC 1918, or RFC 6598's shared address space. */
export function isPrivate(range: Range): boolean {
  return privateRanges.some((outer) => contains(outer, range));
}
