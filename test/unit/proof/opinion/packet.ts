/** A packet in SMT-LIB: its header's fields as bit-vectors, and what can be said of them. */
import { isV4Point, parseAddress } from "../../../../components/proof/sets/addresses.ts";
import { runs, type Point } from "../../../../components/proof/sets/intervals.ts";
import type { TrafficSet } from "../../../../components/proof/sets/traffic.ts";

export type Family = "ipv4" | "ipv6";

/** A Boolean term. */
export type Term = string;

export const and = (...terms: readonly Term[]): Term =>
  terms.length === 0 ? "true" : `(and ${terms.join(" ")})`;
export const or = (...terms: readonly Term[]): Term =>
  terms.length === 0 ? "false" : `(or ${terms.join(" ")})`;
export const not = (term: Term): Term => `(not ${term})`;
export const ite = (condition: Term, then: Term, otherwise: Term): Term =>
  `(ite ${condition} ${then} ${otherwise})`;

const bits = { ipv4: 32, ipv6: 128 } as const;

/** Of IANA's protocol numbers. */
export const numbers = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

function bitVector(value: bigint, width: number): string {
  return `#x${value.toString(16).padStart(width / 4, "0")}`;
}

export const byte = (value: number): string => bitVector(BigInt(value), 8);
export const port = (value: number): string => bitVector(BigInt(value), 16);

/** Free header fields of the question's packet. No IPv4 packet carries ICMPv6, and no IPv6 packet ICMP. */
export function declarePacket(family: Family): string {
  const address = `(_ BitVec ${bits[family]})`;
  const other = family === "ipv4" ? numbers.icmpv6 : numbers.icmp;
  return [
    `(declare-const src ${address})`,
    `(declare-const dst ${address})`,
    "(declare-const proto (_ BitVec 8))",
    "(declare-const dport (_ BitVec 16))",
    "(declare-const type (_ BitVec 8))",
    `(assert (not (= proto ${byte(other)})))`,
  ].join("\n");
}

export type AddressField = "src" | "dst";

/** The address' value in its own family: of `::1`, 1. */
function valueOf(text: string): bigint {
  const point = parseAddress(text);
  return isV4Point(point) ? BigInt(point) : BigInt(point) - 2n ** 32n;
}

function familyOf(text: string): Family {
  return text.includes(":") ? "ipv6" : "ipv4";
}

/** Whether the field lies in the network: its first bits are the network's (RFC 4632, section 3.1). */
export function inNetwork(field: string, network: string, family: Family): Term {
  if (familyOf(network) !== family) return "false";
  const [address = "", length = String(bits[family])] = network.split("/");
  const kept = Number(length);
  if (kept === 0) return "true";
  const top = bits[family] - 1;
  const prefix = valueOf(address) >> BigInt(bits[family] - kept);
  return `(= ((_ extract ${top} ${top + 1 - kept}) ${field}) (_ bv${prefix} ${kept}))`;
}

/** A literal address, in place of a field. */
export function literal(text: string): string {
  return bitVector(valueOf(text), bits[familyOf(text)]);
}

export function inPorts(field: string, from: number, to: number): Term {
  return and(`(bvule ${port(from)} ${field})`, `(bvule ${field} ${port(to)})`);
}

export function isProtocol(protocol: number): Term {
  return `(= proto ${byte(protocol)})`;
}

const portEnd = 2 ** 16;
const typeEnd = 2 ** 8;

/** Protocols of the proof's line of traffic, by where they begin there: as sets/traffic.ts documents it. */
const stretches = [
  {
    start: 0,
    size: portEnd,
    protocol: numbers.tcp,
    within: (a: number, b: number) => inPorts("dport", a, b),
  },
  {
    start: portEnd,
    size: portEnd,
    protocol: numbers.udp,
    within: (a: number, b: number) => inPorts("dport", a, b),
  },
  { start: 2 * portEnd, size: typeEnd, protocol: numbers.icmp, within: inTypes },
  { start: 2 * portEnd + typeEnd, size: typeEnd, protocol: numbers.icmpv6, within: inTypes },
];

function inTypes(from: number, to: number): Term {
  return and(`(bvule ${byte(from)} type)`, `(bvule type ${byte(to)})`);
}

/** Whether the packet is in what the proof says passes. */
export function inTraffic(set: TrafficSet): Term {
  const terms: Term[] = [];
  const othersStart = 2 * portEnd + 2 * typeEnd;
  for (const [low, high] of runs(set)) {
    const [first, last] = [Number(low), Number(high)];
    for (const { start, size, protocol, within } of stretches) {
      const [from, to] = [Math.max(first, start) - start, Math.min(last, start + size - 1) - start];
      if (from <= to) terms.push(and(isProtocol(protocol), within(from, to)));
    }
    const [from, to] = [Math.max(first, othersStart) - othersStart, last - othersStart];
    const hasOwn = Object.values<number>(numbers).map((number) => not(isProtocol(number)));
    if (from <= to) terms.push(and(`(bvule ${byte(from)} proto)`, `(bvule proto ${byte(to)})`, ...hasOwn));
  }
  return or(...terms);
}

/** Whether the field lies between two addresses of the family, both included. */
export function between(field: AddressField, first: Point, last: Point, family: Family): Term {
  const offset = family === "ipv4" ? 0n : 2n ** 32n;
  const of = (point: Point): string => bitVector(BigInt(point) - offset, bits[family]);
  return and(`(bvule ${of(first)} ${field})`, `(bvule ${field} ${of(last)})`);
}
