/** In which order a change reaches the hosts of any network that grows out of prod. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NetworkConfig } from "../../../components/config/schema.ts";
import { planHosts } from "../../../components/plan/hosts.ts";
import type { HostPlan, RolloutPlan } from "../../../components/plan/model.ts";
import { planRollout } from "../../../components/plan/rollout.ts";
import { growth, grown } from "./growth.ts";
import { configOf } from "./subject.ts";

const seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`rollout: ROADNET_SEED=${seed}`);

interface Rolled {
  readonly config: NetworkConfig;
  readonly hosts: readonly HostPlan[];
  readonly rollout: RolloutPlan;
}

function roll(config: NetworkConfig, options: Partial<NetworkConfig["rollout"]>): Rolled {
  const wanted = { ...config, rollout: { ...config.rollout, ...options } };
  const hosts = planHosts(wanted);
  return { config: wanted, hosts, rollout: planRollout(wanted, hosts) };
}

/** Hosts that must be up before a host can be confirmed, with those that they need themselves. */
function wayTo(hosts: readonly HostPlan[], key: string): ReadonlySet<string> {
  const way = new Set<string>();
  const visit = (at: string): void => {
    const host = hosts.find((candidate) => candidate.key === at);
    for (const { via, through } of host === undefined ? [] : [host.management, ...host.otherPaths]) {
      for (const crossed of [via, through]) {
        if (crossed === undefined || way.has(crossed)) continue;
        way.add(crossed);
        visit(crossed);
      }
    }
  };
  visit(key);
  return way;
}

function expectToHold({ config, hosts, rollout }: Rolled): void {
  const { batches, canary = "" } = rollout;
  const order = new Map(batches.flatMap((batch, index) => batch.map((key) => [key, index] as const)));
  const indexOf = (key: string): number => order.get(key) ?? NaN;
  expect(batches.flat().sort()).toEqual(hosts.map(({ key }) => key).sort());
  const hubs = new Set(hosts.filter(({ role }) => role === "hub").map(({ key }) => key));
  for (const batch of batches) {
    expect(batch.length).toBeGreaterThan(0);
    expect(batch.length).toBeLessThanOrEqual(config.rollout.batchSize);
    // A hub has nobody beside it: a bad change must never take a second way away.
    if (batch.some((key) => hubs.has(key))) expect(batch).toHaveLength(1);
  }
  for (const { key } of hosts)
    for (const crossed of wayTo(hosts, key))
      expect(indexOf(crossed), `${crossed} for ${key}`).toBeLessThan(indexOf(key));
  // In front of the canary's batch is its own way only, and nobody is changed beside it.
  const before = batches.slice(0, indexOf(canary)).flat();
  expect(new Set(before)).toEqual(wayTo(hosts, canary));
  expect(batches[indexOf(canary)]).toEqual([canary]);
}

describe("a rollout", () => {
  it("reaches every host once, its way before it, the canary first, hubs alone and batches of the wanted size", () => {
    fc.assert(
      fc.property(growth, fc.integer({ min: 1, max: 7 }), fc.nat(), (change, batchSize, pick) => {
        const config = grown(change);
        const keys = planHosts(config).map(({ key }) => key);
        expectToHold(roll(config, { batchSize }));
        expectToHold(roll(config, { batchSize, canary: keys[pick % keys.length] }));
      }),
      { seed, numRuns: 60 },
    );
  });

  it("begins with the management hub by default", () => {
    const { rollout } = roll(configOf("prod"), {});
    expect(rollout.canary).toBe("us-west/hub-1");
    expect(rollout.batches.slice(0, 2)).toEqual([["us-west/hub-1"], ["eu-west/hub-1"]]);
  });

  it("changes a canary behind others after them, and the other hub after the canary", () => {
    const { rollout } = roll(configOf("prod"), { canary: "edge-home/lucidia-alt", soakSeconds: 42 });
    expect(rollout).toMatchObject({ canary: "edge-home/lucidia-alt", soakSeconds: 42 });
    expect(rollout.batches.slice(0, 4)).toEqual([
      ["us-west/hub-1"],
      ["edge-home/lucidia"],
      ["edge-home/lucidia-alt"],
      ["eu-west/hub-1"],
    ]);
  });

  it("goes host by host in batches of one, and as wide as the ways allow in batches of any size", () => {
    const one = roll(configOf("prod"), { batchSize: 1 });
    expect(one.rollout.batches.every((batch) => batch.length === 1)).toBe(true);
    const all = roll(configOf("prod"), { batchSize: 1000 });
    // Both hubs, all that needs hubs only, and what stands behind a Pi.
    expect(all.rollout.batches).toHaveLength(4);
  });

  it("has no canary where the configuration names a host that is not there", () => {
    const { rollout } = roll(configOf("prod"), { canary: "us-west/none" });
    expect(rollout.canary).toBeUndefined();
    expect(rollout.batches[0]).toEqual(["eu-west/hub-1"]);
  });

  it("refuses hosts that are reached through each other", () => {
    const config = configOf("prod");
    const circular = planHosts(config).map((host) =>
      host.key === "edge-home/lucidia"
        ? { ...host, management: { ...host.management, through: "edge-home/lucidia-alt" } }
        : host,
    );
    expect(() => planRollout(config, circular)).toThrow("hosts are reached through each other in a circle");
    const canary = { ...config, rollout: { ...config.rollout, canary: "edge-home/lucidia" } };
    expect(() => planRollout(canary, circular)).toThrow("hosts are reached through each other in a circle");
  });
});
