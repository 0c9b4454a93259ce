/**
 * Addresses as points on one line: symbols below zero, then all of IPv4, then all of IPv6.
 *
 * A symbol is an address that only the platform can tell, such as an Elastic IP before it exists. It is a point of
 * its own, so it equals no other address; which networks hold it is told by {@link SymbolSpace}.
 */
import ipaddr from "ipaddr.js";
import {
  equal,
  has,
  intersection,
  interval,
  isEmpty,
  point,
  runs,
  unionAll,
  type Intervals,
  type Point,
} from "./intervals.ts";

export type AddressSet = Intervals;

const v4Size = 2 ** 32;
const v6Size = 2n ** 128n;
const v6First = BigInt(v4Size);

export const allV4: AddressSet = interval(0, v4Size);
export const allV6: AddressSet = interval(v4Size, v6First + v6Size);

function pointOf(address: ipaddr.IPv4 | ipaddr.IPv6): Point {
  const bytes = address.toByteArray();
  if (bytes.length === 4) return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return point(v6First + bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n));
}

/**
 * The address as a point.
 * @throws Error where the text is no IPv4 address in dotted decimal and no IPv6 address
 */
export function parseAddress(text: string): Point {
  const isV4 = ipaddr.IPv4.isValidFourPartDecimal(text);
  if (!isV4 && !(text.includes(":") && ipaddr.IPv6.isValid(text))) throw new Error(`${text} is no address`);
  return pointOf(isV4 ? ipaddr.IPv4.parse(text) : ipaddr.IPv6.parse(text));
}

/** The network without bits behind its prefix: `10.0.0.0/8` of `10.1.2.3/8`; `undefined` where it is none. */
export function canonicalNetwork(text: string): string | undefined {
  const [address = "", length = "", ...more] = text.split("/");
  const isPlain = more.length === 0 && /^\d{1,3}$/.test(length) && isAddress(address);
  if (!isPlain || Number(length) > (address.includes(":") ? 128 : 32)) return undefined;
  const parsed = address.includes(":")
    ? ipaddr.IPv6.networkAddressFromCIDR(text)
    : ipaddr.IPv4.networkAddressFromCIDR(text);
  return `${parsed.toString()}/${Number(length)}`;
}

/** Whether the text is an address that {@link parseAddress} reads. */
export function isAddress(text: string): boolean {
  return (
    ipaddr.IPv4.isValidFourPartDecimal(text) ||
    (text.includes(":") && !text.includes("/") && ipaddr.IPv6.isValid(text))
  );
}

/**
 * The addresses of a network (`10.0.0.0/8`, `2001:db8::/32`), or the one of an address.
 * @throws Error where the text is neither, or has bits set behind its prefix
 */
export function parseNetwork(text: string): AddressSet {
  const [address = "", length] = text.split("/");
  const first = parseAddress(address);
  const isV4 = isV4Point(first);
  const bits = isV4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  if (!/^\d{1,3}$/.test(length ?? "0") || prefix > bits) throw new Error(`${text} is no network`);
  const size = 2n ** BigInt(bits - prefix);
  const start = BigInt(first) - (isV4 ? 0n : v6First);
  if (start % size !== 0n) throw new Error(`${text} has bits set behind its prefix`);
  return interval(first, point(BigInt(first) + size));
}

export function networks(texts: readonly string[]): AddressSet {
  return unionAll(texts.map(parseNetwork));
}

export function isV4Point(address: Point): boolean {
  return address >= 0 && address < v4Size;
}

/** A symbol stands for an address of IPv4. */
export function isV6Point(address: Point): boolean {
  return address >= v4Size;
}

/** `10.0.1.10`, `2001:db8::1`; a symbol as `symbol 3`, since only its space knows its name. */
export function formatAddress(address: Point): string {
  if (address < 0) return `symbol ${-Number(address)}`;
  if (isV4Point(address)) {
    const number = Number(address);
    return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
  }
  const value = BigInt(address) - v6First;
  const bytes = Array.from({ length: 16 }, (_, index) => Number((value >> BigInt(120 - 8 * index)) & 0xffn));
  return new ipaddr.IPv6(bytes).toRFC5952String();
}

/** As few networks as a run of addresses has, in ascending order. */
function blocks(first: Point, last: Point): string[] {
  const found: string[] = [];
  const bits = isV4Point(first) ? 32 : 128;
  const offset = bits === 32 ? 0n : v6First;
  let from = BigInt(first) - offset;
  const end = BigInt(last) - offset + 1n;
  while (from < end) {
    let size = 1n;
    while (from % (size * 2n) === 0n && from + size * 2n <= end && size < 2n ** BigInt(bits)) size *= 2n;
    const prefix = bits - (size.toString(2).length - 1);
    const text = formatAddress(point(from + offset));
    found.push(prefix === bits ? text : `${text}/${prefix}`);
    from += size;
  }
  return found;
}

/** The set as networks: `10.0.0.0/8, 192.168.4.1`. */
export function formatAddresses(set: AddressSet): string {
  if (set.length === 0) return "nothing";
  const texts: string[] = [];
  for (const [first, last] of runs(set)) {
    if (first < 0) {
      for (let symbol = Number(first); symbol <= Math.min(Number(last), -1); symbol++)
        texts.push(formatAddress(symbol));
      if (last < 0) continue;
    }
    for (const family of [allV4, allV6]) {
      const [low = 0, end = 0] = family;
      const from = first < low ? low : first;
      const to = last < end ? last : point(BigInt(end) - 1n);
      if (from <= to && from < end) texts.push(...blocks(from, to));
    }
  }
  return texts.join(", ");
}

/** Which networks hold a symbol: all that hold every address which it may turn out to be. */
export interface SymbolicAddress {
  readonly point: number;
  /** Equal symbols have equal names: `public-address of us-west/hub-1`. */
  readonly name: string;
  /** Every address that it may turn out to be. */
  readonly possible: AddressSet;
}

/**
 * Addresses that are not known yet. Each is distinct from every other symbol and from every single address. A
 * network holds it where all of its possible addresses lie inside; where only some do, nobody can tell yet, and
 * {@link SymbolSpace.undecided} names the symbol.
 */
export class SymbolSpace {
  readonly #byName = new Map<string, SymbolicAddress>();
  readonly #byPoint = new Map<Point, SymbolicAddress>();
  readonly #read = new Map<string, { readonly set: AddressSet; readonly undecided: AddressSet }>();

  /** The symbol of that name, made when it is first asked for. All are to be made before any network is read. */
  symbol(name: string, possible: AddressSet): number {
    const earlier = this.#byName.get(name);
    if (earlier !== undefined) return earlier.point;
    if (this.#read.size > 0) throw new Error(`the symbol ${name} comes after networks have been read`);
    const made = { point: -1 - this.#byName.size, name, possible };
    this.#byName.set(name, made);
    this.#byPoint.set(made.point, made);
    return made.point;
  }

  nameOf(address: Point): string | undefined {
    return this.#byPoint.get(address)?.name;
  }

  /** The address in words, a symbol by its name. */
  textOf(address: Point): string {
    return this.nameOf(address) ?? formatAddress(address);
  }

  symbols(): Iterable<SymbolicAddress> {
    return this.#byName.values();
  }

  /** The addresses of a network, symbols included that surely lie in it. */
  network(text: string): AddressSet {
    return this.#parse(text).set;
  }

  /** The symbols of which nobody can tell whether the network holds them. */
  undecided(text: string): AddressSet {
    return this.#parse(text).undecided;
  }

  /** The first address of each part of the set within which no network that was read so far tells addresses apart. */
  parts(set: AddressSet): Point[] {
    const starts = [...runs(set)].map(([first]) => first);
    const cuts = [...this.#read.values()].flatMap((network) =>
      [...network.set, ...network.undecided].filter((boundary) => has(set, boundary)),
    );
    return [...new Set([...starts, ...cuts])].sort((a, b) => (a < b ? -1 : 1));
  }

  #parse(text: string): { readonly set: AddressSet; readonly undecided: AddressSet } {
    const earlier = this.#read.get(text);
    if (earlier !== undefined) return earlier;
    const plain = parseNetwork(text);
    const inside: AddressSet[] = [plain];
    const undecided: AddressSet[] = [];
    const isSingle = !text.includes("/") || text.endsWith("/32") || text.endsWith("/128");
    for (const { point: at, possible } of isSingle ? [] : this.#byName.values()) {
      const common = share(plain, possible);
      if (common === "none") continue;
      (common === "all" ? inside : undecided).push(interval(at, at + 1));
    }
    const parsed = { set: unionAll(inside), undecided: unionAll(undecided) };
    this.#read.set(text, parsed);
    return parsed;
  }
}

function share(network: AddressSet, possible: AddressSet): "none" | "some" | "all" {
  const common = intersection(network, possible);
  if (isEmpty(common)) return "none";
  return equal(common, possible) ? "all" : "some";
}

/**
 * Addresses of the link itself, which no router carries on (RFC 3927, RFC 4291). AWS's own services have some of them,
 * and such as these in IPv6 (AWSEC2/latest/UserGuide/instancedata-data-retrieval.html).
 */
export const linkLocal: AddressSet = networks(["169.254.0.0/16", "fd00:ec2::/32", "fe80::/10"]);

/** Where IPv4 addresses stand in IPv6 ones, for translators (RFC 6052). */
export const translatedV6: AddressSet = parseNetwork("64:ff9b::/96");

/**
 * Addresses that no platform gives out as public ones: the special-purpose registry's (RFC 6890). Documentation's and
 * benchmarking's networks count as public, because that is what they stand for.
 */
export const neverPublic: AddressSet = networks([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/127",
  "fc00::/7",
  "fe80::/10",
  "ff00::/8",
]);
