/** What passes between everybody, by one question for each two classes. */
import type { Prover } from "../prover.ts";
import type { Point } from "../sets/intervals.ts";
import type { TrafficId } from "../sets/traffic.ts";
import { addressesOf, endpointClasses, sourceOf, type EndpointClass } from "./endpoints.ts";

/** Holds for every member of the one class and every member of the other. */
export interface PairAnswer {
  readonly from: EndpointClass;
  readonly to: EndpointClass;
  /** Whether a member asks itself; `false` is for two members where it is one class. */
  readonly itself: boolean;
  /** Place among the addresses of whoever is asked. */
  readonly place: number;
  /** The address itself, of the member that stands for the class. */
  readonly address: Point;
  /** What gets there and whose answers come back. */
  readonly traffic: TrafficId;
  /** For how many ordered pairs of members it holds. */
  readonly pairs: number;
}

/** How many members there are; devices of a segment and addresses of the internet count as one. */
function sizeOf(endpoint: EndpointClass): number {
  return endpoint.kind === "host" ? endpoint.members.length : 1;
}

/**
 * All ordered pairs of hosts, devices and the internet, with every address of whoever is asked, all traffic, there and
 * back. Pairs of two strangers on the internet are not the network's.
 */
export function* allPairs(
  prover: Prover,
  classes: readonly EndpointClass[] = endpointClasses(prover.world),
): Iterable<PairAnswer> {
  for (const from of classes) {
    const source = sourceOf(from);
    for (const to of classes) {
      if (from.kind === "internet" && to.kind === "internet") continue;
      const isOne = from === to;
      for (const [place, address] of addressesOf(to).entries()) {
        const { traffic } = prover.ask(source, address);
        const pairs = isOne ? sizeOf(to) : sizeOf(from) * sizeOf(to);
        yield { from, to, itself: isOne, place, address, traffic, pairs };
      }
      const [, other] = to.kind === "host" && isOne ? to.members : [];
      for (const [place, address] of (other?.addresses ?? []).entries()) {
        const { traffic } = prover.ask(source, address);
        const pairs = sizeOf(to) * (sizeOf(to) - 1);
        yield { from, to, itself: false, place, address, traffic, pairs };
      }
    }
  }
}
