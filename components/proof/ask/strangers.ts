/** Addresses on the internet that stand for anybody's. */
import { internetParts, sizeOf } from "../classes/internet.ts";
import { isV6Point } from "../sets/addresses.ts";
import { runs, type Point } from "../sets/intervals.ts";
import type { World } from "../world/model.ts";

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
 * Somebody whom no rule means in particular: of the part of the internet that is let in least and, of several, the
 * largest, the operator's apart.
 */
export function strangers(world: World): Strangers {
  const earlier = known.get(world);
  if (earlier !== undefined) return earlier;
  const parts = internetParts(world).filter(({ isOperator }) => !isOperator);
  const pick = (wanted: 4 | 6): Point => {
    const ranked = parts
      .filter(({ family }) => family === wanted)
      .map(({ address, addresses }) => ({
        address,
        welcome: welcome(world, address),
        size: sizeOf(addresses),
      }));
    const [least] = ranked.sort((a, b) => a.welcome - b.welcome || b.size - a.size);
    if (least === undefined) throw new Error(`nobody is left on the internet of IPv${wanted}`);
    return least.address;
  };
  const picked = { v4: pick(4), v6: pick(6) };
  known.set(world, picked);
  return picked;
}
