/** However the engine orders its work, no more peerings wait for acceptance than the account may have. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { PeeringPlan } from "../../../components/plan/model.ts";
import { planPeerings } from "../../../components/plan/regions.ts";
import { configOf } from "./subject.ts";

const seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`peerings: ROADNET_SEED=${seed}`);

const regionNames = ["a", "b", "c", "d", "e", "f", "g", "h"];

const config = configOf("prod");

/** Peerings of regions, of which the last two lie in one AWS region. */
function planned(pairs: readonly (readonly [string, string])[], quota: number): PeeringPlan[] {
  const [template] = Object.values(config.regions);
  if (template === undefined) throw new Error("prod has no region");
  const awsRegionOf = (name: string): string => (name === "h" ? "aws-g" : `aws-${name}`);
  return planPeerings({
    ...config,
    quotas: { ...config.quotas, outstandingPeeringsPerRegion: quota },
    regions: Object.fromEntries(
      regionNames.map((name) => [name, { ...template, awsRegion: awsRegionOf(name) }]),
    ),
    peerings: pairs.map(([a, b]): [string, string] => [a, b]),
  });
}

const awsRegionOf = ({ requester }: PeeringPlan): string => (requester === "h" ? "g" : requester);

/**
 * Asks for and accepts peerings in an order that `choose` makes up, as the engine may, and tells how many of one AWS
 * region were outstanding at most.
 */
function mostOutstanding(peerings: readonly PeeringPlan[], choose: (count: number) => number): number {
  const waiting = new Set(peerings);
  const asked = new Map<string, PeeringPlan>();
  const accepted = new Set<string>();
  let most = 0;
  while (waiting.size > 0 || asked.size > 0) {
    const ready = [...waiting].filter(({ after }) => after === undefined || accepted.has(after));
    const next = [...ready, ...asked.values()];
    const one = next[choose(next.length)];
    if (one === undefined) throw new Error("nothing can be done, and not everything is done");
    if (waiting.delete(one)) asked.set(one.key, one);
    else if (asked.delete(one.key)) accepted.add(one.key);
    const inRegion = [...asked.values()].filter((other) => awsRegionOf(other) === awsRegionOf(one));
    most = Math.max(most, inRegion.length);
  }
  return most;
}

const allPairs = regionNames.flatMap((a, index) => regionNames.slice(index + 1).map((b) => [a, b] as const));

it("have no more of an AWS region outstanding than its quota, in whatever order", () => {
  const pairs = fc
    .uniqueArray(fc.constantFrom(...allPairs), { minLength: 1 })
    .chain((chosen) =>
      fc.tuple(
        ...chosen.map((pair) =>
          fc.boolean().map((turned): [string, string] => (turned ? [pair[1], pair[0]] : [...pair])),
        ),
      ),
    );
  fc.assert(
    fc.property(
      pairs,
      fc.integer({ min: 1, max: 4 }),
      fc.infiniteStream(fc.nat()),
      (some, quota, numbers) => {
        const choose = (count: number): number => (numbers.next().value ?? 0) % count;
        expect(mostOutstanding(planned(some, quota), choose)).toBeLessThanOrEqual(quota);
      },
    ),
    { seed, numRuns: 100 },
  );
});

it("wait for nothing where they are within the quota", () => {
  expect(planned(allPairs, 25).filter(({ after }) => after !== undefined)).toEqual([]);
  const waiting = planned(allPairs, 3).filter(({ requester }) => requester === "a");
  expect(waiting.map(({ key, after }) => [key, after])).toEqual([
    ["a/b", undefined],
    ["a/c", undefined],
    ["a/d", undefined],
    ["a/e", "a/b"],
    ["a/f", "a/c"],
    ["a/g", "a/d"],
    ["a/h", "a/e"],
  ]);
});
