/** The parts that a request's way has where somebody in between ends one connection and opens another. */
import { cloudflareIpv6Networks, cloudflareNetworks } from "../../config/cloudflare-networks.ts";
import type { Answer, Prover } from "../prover.ts";
import { formatAddress, isV6Point, networks, type AddressSet } from "../sets/addresses.ts";
import type { Point } from "../sets/intervals.ts";
import { oneKind } from "../sets/traffic.ts";
import type { Source } from "../world/source.ts";
import type { Decision, NameStop } from "./public-dns.ts";

/** One connection: its packets' way there and the way of the answers. */
export interface Connection {
  readonly kind: "connection";
  /** Who opens it, and to whom, in words: `Cloudflare's edge`, `us-west/lb-1`. */
  readonly from: string;
  readonly to: string;
  /** The one kind of traffic that it is: a TCP or UDP port. */
  readonly traffic: Point;
  readonly source: Source;
  readonly target: Point;
  readonly answer: Answer;
}

export type Leg = Connection | Decision;

export const edgeName = "Cloudflare's edge";

const v4 = networks(cloudflareNetworks);
const v6 = networks(cloudflareIpv6Networks);

/** The addresses by which Cloudflare calls, and is called by, whoever has the address. */
export function edgeAddresses(other: Point): AddressSet {
  return isV6Point(other) ? v6 : v4;
}

export interface Followed {
  readonly leg: Connection;
  /** `undefined` where everything passes. */
  readonly stop: NameStop | undefined;
}

/** The two ends of a connection, in words. */
export interface Ends {
  readonly from: string;
  readonly to: string;
}

export function passes(answer: Answer): boolean {
  return answer.traffic !== 0;
}

export function stopOf(prover: Prover, answer: Answer): NameStop {
  const stop = prover.stopOf(answer);
  if (stop === undefined) return { place: "nobody", reason: "nothing comes back", path: "" };
  const { place, reason, path } = stop;
  return { place, reason, path };
}

/** Follows one connection, every step written down. */
export function follow(prover: Prover, source: Source, to: Point, traffic: Point, ends: Ends): Followed {
  const answer = prover.ask(source, to, prover.world.table.id(oneKind(traffic)), traffic);
  const leg: Connection = { kind: "connection", ...ends, traffic, source, target: to, answer };
  return { leg, stop: passes(answer) ? undefined : stopOf(prover, answer) };
}

/** A bound for what ends by itself: each round reads rules that no earlier one met. */
const mostRounds = 32;

/**
 * Follows a connection of which one end may have any address of a set, and shows one that does not pass, if there is
 * one. Rules tell only networks apart, so one address stands for all between two boundaries of networks.
 */
function followEach(
  prover: Prover,
  set: AddressSet,
  one: (address: Point) => { readonly source: Source; readonly to: Point },
  traffic: Point,
  ends: Ends,
): Followed {
  const { space, table } = prover.world;
  const id = table.id(oneKind(traffic));
  const asked = new Set<Point>();
  for (let round = 0; round < mostRounds; round++) {
    // Rules are read where a packet first meets them, and may cut the set further.
    const parts = space.parts(set).filter((address) => !asked.has(address));
    if (parts.length === 0) break;
    for (const address of parts) {
      asked.add(address);
      const { source, to } = one(address);
      if (passes(prover.ask(source, to, id))) continue;
      const failed = follow(prover, source, to, traffic, ends);
      const { place, reason, path } = failed.stop ?? { place: "", reason: "", path: "" };
      return { ...failed, stop: { place, reason: `${reason} (with ${formatAddress(address)})`, path } };
    }
  }
  const { source, to } = one(set[0] ?? 0);
  return follow(prover, source, to, traffic, ends);
}

/** From whichever address Cloudflare calls. */
export function fromEdge(prover: Prover, to: Point, traffic: Point, ends: Ends): Followed {
  const one = (address: Point): { source: Source; to: Point } => ({
    source: { kind: "internet", address },
    to,
  });
  return followEach(prover, edgeAddresses(to), one, traffic, ends);
}

/** To whichever of the addresses is answered or taken. */
export function toAny(prover: Prover, source: Source, set: AddressSet, traffic: Point, ends: Ends): Followed {
  return followEach(prover, set, (address) => ({ source, to: address }), traffic, ends);
}
