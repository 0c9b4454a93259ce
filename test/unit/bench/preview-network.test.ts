/** The networks that the preview benchmark grows are such as the program takes. */
import { describe, expect, it } from "vitest";

import { mostRegions, networkOf, peeringsOf, type WrittenNetwork } from "../../../bench/preview/network.ts";
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { findRegion } from "../../../sandbox/services/aws/regions.ts";
import { filledNetwork } from "../config/stack.ts";
import { problemsOf } from "../config/subject.ts";

const base = filledNetwork("sandbox") as WrittenNetwork;

/** As the two are written, without a third; the quota is for what is added. */
const planOf = (count: number) => planNetwork(parseNetworkConfig(networkOf(base, count)), "sandbox");

describe.each([2, 8, mostRegions])("a network of %i regions", (count) => {
  it("is taken by the program, with a hub, a load balancer and an API host in each", () => {
    expect(problemsOf(networkOf(base, count))).toEqual([]);
    const plan = planOf(count);
    expect(plan.regions).toHaveLength(count);
    for (const { key } of plan.regions) {
      const names = plan.hosts.filter(({ site }) => site === key).map((host) => host.key.split("/")[1]);
      expect(names, key).toEqual(expect.arrayContaining(["api-1", "hub-1", "lb-1"]));
    }
  });

  it("has networks of their own, in zones that the simulated AWS has", () => {
    const { regions } = planOf(count);
    expect(new Set(regions.map(({ cidr }) => cidr)).size).toBe(count);
    for (const { awsRegion, subnets } of regions) {
      const zones = findRegion(awsRegion)?.zones.map(({ name }) => name) ?? [];
      expect(zones).toEqual(expect.arrayContaining(subnets.map(({ zone }) => zone)));
    }
  });

  it("leaves the sandbox's own two as they are, but for their routes to new neighbours", () => {
    const before = planNetwork(parseNetworkConfig(base), "sandbox").regions;
    const after = planOf(count).regions;
    for (const region of before) {
      expect({ ...after.find(({ key }) => key === region.key), routeTables: [] }).toEqual({
        ...region,
        routeTables: [],
      });
    }
  });
});

it("peers a ring, and the first two with everybody, each pair once", () => {
  expect(peeringsOf(["a", "b"])).toEqual([["a", "b"]]);
  expect(peeringsOf(["a", "b", "c", "d", "e"]).map((pair) => pair.join(""))).toEqual([
    ...["ab", "bc", "cd", "de", "ea"],
    ...["ac", "ad"],
    ...["bd", "be"],
  ]);
});

it("has not more regions than the simulated AWS", () => {
  expect(() => networkOf(base, mostRegions + 1)).toThrow(`there are 2 to ${mostRegions} regions`);
});
