/** The networks that `npm run bench proof` grows: each is one that the program would take. */
import { describe, expect, it } from "vitest";
import { fewestHosts, networkOf, productionNetwork } from "../../../bench/proof/network.ts";

describe("a network of the bench", () => {
  it.each([
    [1, fewestHosts],
    [3, 40],
  ])("has %i regions with %i hosts each, beside production's sites", (regions, hostsPerRegion) => {
    const plan = networkOf({ regions, hostsPerRegion });
    const sites = productionNetwork().hosts.filter(({ instance }) => instance === undefined);
    expect(plan.regions).toHaveLength(regions);
    expect(plan.hosts).toHaveLength(regions * hostsPerRegion + sites.length);
    expect(plan.peerings).toHaveLength((regions * (regions - 1)) / 2);
  });
});
