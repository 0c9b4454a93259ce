/** Addresses on the internet that stand for anybody's. */
import { formatAddress, isV6Point, networks, parseAddress } from "../sets/addresses.ts";
import { has, runs, type Point } from "../sets/intervals.ts";
import type { World } from "../world/model.ts";

/** Of the networks for documentation (RFC 5737, RFC 3849), and of the internet at large. */
const candidates = {
  v4: ["198.51.100.9", "203.0.113.9", "192.0.2.9", "9.9.9.9", "77.77.77.77"].map(parseAddress),
  v6: ["2001:db8::9", "2606:4700:4700::9", "2620:fe::9"].map(parseAddress),
};

export interface Strangers {
  readonly v4: Point;
  readonly v6: Point;
}

/** How much the security groups let in from there and out to there. */
function welcome({ regions, table }: World, stranger: Point): number {
  let sum = 0;
  for (const { enis } of regions.values()) {
    for (const { address, ipv6, ingress, egress } of enis.values()) {
      const own = isV6Point(stranger) ? ipv6 : address;
      if (own === undefined) continue;
      for (const passage of [ingress.passage(stranger, own), egress.passage(own, stranger)]) {
        for (const [first, last] of runs(table.set(passage.accepted)))
          sum += Number(last) - Number(first) + 1;
      }
    }
  }
  return sum;
}

const known = new WeakMap<World, Strangers>();

/**
 * Somebody whom no rule means in particular: the one of the candidates that is let in least, and that is not the
 * operator's and nobody's of ours.
 */
export function strangers(world: World): Strangers {
  const earlier = known.get(world);
  if (earlier !== undefined) return earlier;
  const operators = networks(world.operator);
  const pick = (all: readonly Point[]): Point => {
    const free = all.filter((point) => !has(operators, point) && !world.publicOwners.has(point));
    const ranked = free.map((point) => ({ point, welcome: welcome(world, point) }));
    const [least] = ranked.sort((a, b) => a.welcome - b.welcome);
    if (least === undefined) throw new Error(`no stranger is left of ${all.map(formatAddress).join(", ")}`);
    return least.point;
  };
  const picked = { v4: pick(candidates.v4), v6: pick(candidates.v6) };
  known.set(world, picked);
  return picked;
}
