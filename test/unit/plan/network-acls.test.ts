/** Network ACLs let through what the groups do and what answers it, and stand in the way of what groups open by mistake. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NetworkAclPlan, NetworkPlan } from "../../../components/plan/model.ts";
import { stableNumbers } from "../../../components/plan/numbers.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { type Prover } from "../../../components/proof/prover.ts";
import { intersection, union } from "../../../components/proof/sets/intervals.ts";
import { allTcp, allUdp, formatTraffic, icmpTraffic } from "../../../components/proof/sets/traffic.ts";
import { absent, type Change } from "../config/subject.ts";
import { ask, passing, planWith, proverOf, stopping, stranger } from "../proof/subject.ts";
import { grown, growth } from "./growth.ts";
import { planOf } from "./subject.ts";

const seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`network ACLs: ROADNET_SEED=${seed}`);

function aclOf(plan: NetworkPlan, key: string): NetworkAclPlan {
  const found = plan.regions.flatMap(({ networkAcls }) => networkAcls).find((acl) => acl.key === key);
  if (found === undefined) throw new Error(`there is no ${key}`);
  return found;
}

/** The rules of one direction, without their numbers. */
function rulesOf(plan: NetworkPlan, key: string, direction: "ingress" | "egress"): string[] {
  return aclOf(plan, key)
    .rules.filter((rule) => rule.direction === direction)
    .map(({ protocol, ports, icmpType, cidr }) => {
      const range =
        ports === undefined ? "" : ports.from === ports.to ? ` ${ports.from}` : ` ${ports.from}-${ports.to}`;
      const network = typeof cidr === "string" ? cidr : `the IPv6 of ${cidr.of}`;
      return `${protocol}${icmpType ?? ""}${range} ${network}`;
    })
    .sort();
}

describe("prod's ACLs", () => {
  const prod = planWith();

  it("open the public tier to what load balancers and hubs take from the world", () => {
    expect(rulesOf(prod, "us-west/public", "ingress")).toEqual([
      "all 10.0.0.0/16",
      "icmp 0.0.0.0/0",
      "tcp 1024-65535 0.0.0.0/0",
      "tcp 22 203.0.113.7/32",
      "tcp 443 0.0.0.0/0",
      "tcp 80 0.0.0.0/0",
      "udp 1024-65535 0.0.0.0/0",
    ]);
    expect(rulesOf(prod, "us-west/public", "egress")).toEqual(["all 0.0.0.0/0"]);
  });

  it("let the private tier fetch packages, and nobody from the world open anything there", () => {
    expect(rulesOf(prod, "us-west/private", "ingress")).toEqual([
      "all 10.0.0.0/16",
      "icmp 10.0.0.0/8",
      "icmp3 0.0.0.0/0",
      "tcp 1024-65535 0.0.0.0/0",
      "udp 1024-65535 0.0.0.0/0",
    ]);
    expect(rulesOf(prod, "us-west/private", "egress")).toEqual([
      "all 10.0.0.0/8",
      "icmp3 0.0.0.0/0",
      "tcp 443 0.0.0.0/0",
      "tcp 80 0.0.0.0/0",
      "udp 123 0.0.0.0/0",
      "udp 53 0.0.0.0/0",
    ]);
  });

  it("let the private tier alone into the database tier, and what the flows of its hosts need besides", () => {
    const base = ["icmp3 0.0.0.0/0", "tcp 1024-65535 10.0.10.0/24", "tcp 1024-65535 10.0.11.0/24"];
    const empty = planWith(["hosts us-west postgres-1", absent]);
    expect(rulesOf(empty, "us-west/database", "ingress")).toEqual(base);
    expect(rulesOf(empty, "us-west/database", "egress")).toEqual(base);
    expect(rulesOf(prod, "us-west/database", "ingress")).toEqual([
      ...base,
      "tcp 22 10.0.1.0/24",
      "tcp 22 10.0.2.0/24",
      // What the hub answers that was asked for packages.
      "tcp 32768-60999 10.0.1.0/24",
      "tcp 32768-60999 10.0.2.0/24",
      "tcp 8404 10.0.0.0/8",
      "tcp 9100 10.0.0.0/8",
    ]);
    // Answers to 10.0.0.0/8 are answers to its parts.
    expect(rulesOf(prod, "us-west/database", "egress")).toEqual([
      "icmp3 0.0.0.0/0",
      "tcp 1024-65535 10.0.0.0/8",
    ]);
  });

  it("let out through the NAT gateway what the tiers behind it send, and no more", () => {
    const narrow = [{ port: 443, protocol: "tcp", destination: "10.0.0.0/8" }];
    const plan = planWith(
      ["securityGroups public egress", narrow],
      ["securityGroups hub egress", narrow],
      // It needs more of a way out.
      ...["us-west", "eu-west"].map((key): Change => [`regions ${key} sessionManager`, false]),
    );
    expect(rulesOf(plan, "us-west/public", "egress")).toEqual([
      "all 10.0.0.0/16",
      "icmp3 0.0.0.0/0",
      "tcp 1024-65535 0.0.0.0/0",
      "tcp 443 0.0.0.0/0",
      "tcp 80 0.0.0.0/0",
      "udp 1024-65535 0.0.0.0/0",
      "udp 123 0.0.0.0/0",
      "udp 53 0.0.0.0/0",
    ]);
    expect(passing(proverOf(plan), "us-west/api-1", stranger, "443/tcp")).toBe("443/tcp");
  });

  it("are left out where the region keeps to AWS's default", () => {
    const [eu, us] = planWith(["regions us-west networkAcls", false]).regions;
    expect([eu?.networkAcls.length, us?.networkAcls.length]).toEqual([3, 0]);
  });

  it("stand around every subnet, once", () => {
    for (const { subnets, networkAcls } of prod.regions) {
      const guarded = networkAcls.flatMap((acl) => acl.subnets);
      expect(guarded.sort()).toEqual(subnets.map(({ key }) => key).sort());
    }
  });
});

/** What TCP, UDP and ICMP may do; answers to the rest have no rules. */
const known = union(union(allTcp, allUdp), icmpTraffic("icmp"));

function knownPassing(prover: Prover, from: string, to: string): string {
  const { table } = prover.world;
  return formatTraffic(intersection(table.set(ask(prover, from, to).traffic), known));
}

/** Everybody who may ask, and everybody who may be asked. */
function ends(plan: NetworkPlan): { askers: string[]; asked: string[] } {
  const instances = plan.hosts.filter(({ instance }) => instance !== undefined);
  const open = instances.filter(({ instance }) => instance?.elasticIp).map(({ key }) => `public ${key}`);
  return {
    askers: [...plan.hosts.map(({ key }) => key), stranger, "203.0.113.7"],
    asked: [...plan.hosts.map(({ address }) => address), stranger, ...open],
  };
}

const withoutAcls = (plan: NetworkPlan): NetworkPlan => ({
  ...plan,
  regions: plan.regions.map((region) => ({ ...region, networkAcls: [] })),
});

function expectNothingLost(plan: NetworkPlan): void {
  const [guarded, open] = [proverOf(plan), proverOf(withoutAcls(plan))];
  const { askers, asked } = ends(plan);
  for (const from of askers) {
    for (const to of asked) {
      const way = `${from} to ${to}`;
      expect([way, knownPassing(guarded, from, to)]).toEqual([way, knownPassing(open, from, to)]);
    }
  }
}

describe("what the groups let through", () => {
  it("passes the ACLs, there and back", () => {
    expectNothingLost(planWith());
    expectNothingLost(planOf("dev"));
  });

  it("passes them in networks that have grown", () => {
    fc.assert(
      fc.property(growth, (change) => {
        expectNothingLost(planNetwork(grown(change), "prod"));
      }),
      { seed, numRuns: 3 },
    );
  });
});

describe("what groups open by mistake", () => {
  /** Every group of the region lets everything in from everywhere; the ACLs were compiled before. */
  const careless = (plan: NetworkPlan): NetworkPlan => ({
    ...plan,
    regions: plan.regions.map((region) => ({
      ...region,
      securityGroups: region.securityGroups.map((group) => ({
        ...group,
        rules: (["ingress", "egress"] as const).map((direction) => ({
          key: `${group.key}/${direction}/mistake`,
          direction,
          protocol: "all",
          ports: undefined,
          peer: { kind: "cidr", cidr: "0.0.0.0/0" },
          description: "mistake",
        })),
      })),
    })),
  });
  const prover = proverOf(careless(planWith()));

  it.each([
    ["a stranger's SSH to a load balancer", stranger, "public us-west/lb-1", "22/tcp", "us-west/public"],
    ["the other region's to a database", "eu-west/api-1", "10.0.20.10", "5432/tcp", "us-west/database"],
    ["a load balancer's to a database", "us-west/lb-1", "10.0.20.10", "5432/tcp", "us-west/database"],
    ["a private host's mail to the world", "us-west/api-1", stranger, "25/tcp", "us-west/private"],
  ])("does not open %s", (_, from, to, traffic, acl) => {
    expect(stopping(prover, from, to, traffic)).toMatch(
      new RegExp(`network ACL ${acl}: no (?:ingress|egress) rule matches$`),
    );
  });

  it("is open to those for whom the tier is there", () => {
    expect(passing(prover, "us-west/api-1", "10.0.20.10", "5432/tcp")).toBe("5432/tcp");
    expect(stopping(prover, "us-west/api-1", "10.0.20.10", "5433/tcp")).toContain("nftables");
  });
});

describe("an ACL in the proof", () => {
  const acl = (change: (rules: NetworkAclPlan["rules"]) => NetworkAclPlan["rules"]): Prover => {
    const plan = planWith();
    return proverOf({
      ...plan,
      regions: plan.regions.map((region) => ({
        ...region,
        networkAcls: region.networkAcls.map((one) => ({ ...one, rules: change(one.rules) })),
      })),
    });
  };

  it("remembers nothing: without a rule for its answers, nothing that is asked is answered", () => {
    const mute = acl((rules) => rules.filter(({ reason }) => !reason.startsWith("answers")));
    expect(passing(mute, "us-west/api-1", stranger, "443/tcp")).toBe("nothing");
    expect(stopping(mute, "us-west/api-1", stranger, "443/tcp")).toContain("no ingress rule matches");
  });

  it("does not stand between two hosts of one subnet", () => {
    const closed = acl(() => []);
    expect(passing(closed, "us-west/hub-1", "10.0.1.20", "22/tcp")).toBe("22/tcp");
    expect(passing(closed, "us-west/hub-1", "10.0.10.11", "22/tcp")).toBe("nothing");
  });
});

describe("the number of a rule", () => {
  it("is moved by no other, and there is room for all", () => {
    const few = stableNumbers(["a", "b", "c"], 100, 900);
    const more = stableNumbers(["a", "aa", "b", "bb", "c", "cc"], 100, 900);
    for (const [key, number] of few) expect(more.get(key)).toBe(number);
    expect(new Set(stableNumbers(["a", "b", "c", "d"], 7, 4).values())).toEqual(new Set([7, 8, 9, 10]));
    expect(() => stableNumbers(["a", "b"], 1, 1)).toThrow("do not fit");
  });

  it("stays where a group is given another rule", () => {
    const rule = { port: 25, protocol: "tcp", source: "192.0.2.0/24" };
    const more = planWith(["securityGroups public ingress 2", rule]);
    const before = aclOf(planWith(), "us-west/public").rules;
    const after = aclOf(more, "us-west/public").rules;
    expect(after.filter(({ number }) => before.every((old) => old.number !== number))).toMatchObject([
      { direction: "ingress", ports: { from: 25, to: 25 }, cidr: "192.0.2.0/24" },
    ]);
    expect(after).toHaveLength(before.length + 1);
  });
});
