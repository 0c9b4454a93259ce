/** Addresses that mean no host of their own (RFC 6890 and IANA's registries of special-purpose addresses). */
import { isV6Point, parseNetwork } from "../sets/addresses.ts";
import { has, point, type Point } from "../sets/intervals.ts";
import type { Segment, World } from "../world/model.ts";

const unfollowed = "which the proof does not follow";

/** The first that has the address counts. */
const special = (
  [
    ["0.0.0.0/8", "names no host (RFC 1122)"],
    ["127.0.0.0/8", "is each host's own loopback: name the host"],
    ["224.0.0.0/4", `is a multicast group, ${unfollowed}`],
    ["255.255.255.255/32", `is a broadcast, ${unfollowed}`],
    ["240.0.0.0/4", "is reserved (RFC 1112)"],
    ["::/128", "names no host (RFC 4291)"],
    ["::1/128", "is each host's own loopback: name the host"],
    ["fe80::/10", `means something on one link alone, ${unfollowed}`],
    ["ff00::/8", `is a multicast group, ${unfollowed}`],
  ] as const
).map(([network, what]) => ({ addresses: parseNetwork(network), what }));

/** What is said of such an address; `undefined` of all others. */
export function specialMeaning(address: Point): string | undefined {
  return special.find(({ addresses }) => has(addresses, address))?.what;
}

/** What is said of the first and the last address of a LAN. */
export function segmentMeaning({ space }: World, { network }: Segment, address: Point): string | undefined {
  const [first = 0, end = 0] = space.network(network);
  // Links of two machines have neither (RFC 3021).
  if (Number(end) - Number(first) <= 2) return undefined;
  if (address === first) return `is the address of the network ${network} itself`;
  return Number(address) === Number(end) - 1 ? `is a broadcast, ${unfollowed}` : undefined;
}

/** An address of a LAN that no machine of ours has, and that is another than the given. */
export function otherFree({ space }: World, segment: Segment, given: Point): Point | undefined {
  const [first = 0, end = 0] = space.network(segment.network);
  // More than its members need not be looked at.
  for (
    let at = Number(end) - 2, tries = segment.members.size + 3;
    at > Number(first) && tries > 0;
    at--, tries--
  ) {
    if (at !== given && at !== segment.router && !segment.members.has(at)) return at;
  }
  return undefined;
}

/** `::ffff:10.0.1.10` is 10.0.1.10 in the words of programs that know IPv6 alone; no packet has it (RFC 4291). */
export function unmapped(address: Point): Point {
  if (!isV6Point(address)) return address;
  const [first = 0, end = 0] = parseNetwork("::ffff:0:0/96");
  return address >= first && address < end ? point(BigInt(address) - BigInt(first)) : address;
}

/** Why a text that looks like an address is none; `undefined` where it does not look like one. */
export function malformed(text: string): string | undefined {
  const isV4Like = /^\d{1,4}(\.\d{1,4}){3}$/.test(text);
  if (!isV4Like && !/^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text)) return undefined;
  const hasZeros = isV4Like && text.split(".").some((part) => /^0\d/.test(part));
  const why = hasZeros ? ": its parts have no leading zeros, which some programs take for octal" : "";
  return `${text} is no address${why}`;
}
