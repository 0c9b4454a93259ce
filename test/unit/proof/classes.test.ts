import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HostPlan, NetworkPlan, SecurityRulePlan } from "../../../components/plan/model.ts";
import {
  addressesOf,
  endpointClasses,
  sourceOf,
  type EndpointClass,
} from "../../../components/proof/classes/endpoints.ts";
import { allPairs } from "../../../components/proof/classes/pairs.ts";
import { formatAddress, formatAddresses, parseNetwork } from "../../../components/proof/sets/addresses.ts";
import { has, runs, type Point } from "../../../components/proof/sets/intervals.ts";
import type { Prover } from "../../../components/proof/prover.ts";
import type { Source } from "../../../components/proof/world/walk.ts";
import { holds } from "./seeded.ts";
import { planWith, proverOf } from "./subject.ts";

/** A class' member, as a source and by its addresses. */
interface Member {
  readonly name: string;
  readonly source: Source;
  readonly addresses: readonly Point[];
}

/** All members of a class; of the internet's, both ends of each of its networks. */
function membersOf(endpoint: EndpointClass): Member[] {
  switch (endpoint.kind) {
    case "host":
      return endpoint.members.map(({ host, addresses }) => ({
        name: host,
        source: { kind: "host", host },
        addresses,
      }));
    case "device":
      return [{ name: endpoint.key, source: sourceOf(endpoint), addresses: addressesOf(endpoint) }];
    case "internet":
      return [...runs(endpoint.set)].flat().map((address) => ({
        name: formatAddress(address),
        source: { kind: "internet", address },
        addresses: [address],
      }));
  }
}

/** What the classes say that is not so if one asks for every pair by itself; and how many were asked for. */
function disagreements(prover: Prover): { readonly wrong: string[]; readonly asked: Set<string> } {
  const members = new Map(endpointClasses(prover.world).map((each) => [each.key, membersOf(each)]));
  const wrong: string[] = [];
  const asked = new Set<string>();
  for (const { from, to, itself, place, traffic } of allPairs(prover)) {
    for (const a of members.get(from.key) ?? []) {
      for (const b of members.get(to.key) ?? []) {
        if (from === to && (a.name === b.name) !== itself) continue;
        const address = b.addresses[place];
        if (address === undefined) throw new Error(`${b.name} has no address at ${place}`);
        asked.add(`${a.name} ${formatAddress(address)}`);
        if (prover.ask(a.source, address).traffic !== traffic) wrong.push(`${a.name} to ${b.name}`);
      }
    }
  }
  return { wrong, asked };
}

/** More hosts like one, at the addresses behind its own. */
function withMore(key: string, count: number): (plan: NetworkPlan) => NetworkPlan {
  return (plan) => {
    const model = plan.hosts.find((host) => host.key === key);
    if (model === undefined) throw new Error(`no host ${key}`);
    const [, start = "", last = ""] = /^(.*\.)(\d+)$/.exec(model.address) ?? [];
    const more = Array.from({ length: count }, (_, index): HostPlan => {
      const name = `more-${index}`;
      const address = `${start}${Number(last) + 100 + index}`;
      const interfaces = model.generation.interfaces.map((one) => ({
        ...one,
        addresses: one.addresses.map((text) => text.replace(model.address, address)),
      }));
      const generation = { ...model.generation, interfaces };
      return { ...model, key: `${key}-${name}`, name, address, generation };
    });
    return { ...plan, hosts: [...plan.hosts, ...more] };
  };
}

/** A host in the other zone's subnet of its tier. */
function moved(key: string, address: string): (plan: NetworkPlan) => NetworkPlan {
  return (plan) => ({
    ...plan,
    hosts: plan.hosts.map((host) => {
      if (host.key !== key || host.instance === undefined) return host;
      const subnet = host.instance.subnet.replace(/a$/, "b");
      return { ...host, address, instance: { ...host.instance, subnet } };
    }),
  });
}

const grown = [
  withMore("us-west/api-2", 4),
  withMore("us-west/lb-1", 3),
  withMore("eu-west/api-1", 3),
  withMore("edge-home/lucidia-alt", 2),
  moved("us-west/api-2-more-2", "10.0.11.112"),
  moved("us-west/api-2-more-3", "10.0.11.113"),
].reduce((plan, more) => more(plan), planWith());

/** Changes behind the plan's back, of every part of a network that decides. */
type Mutation = (plan: NetworkPlan) => NetworkPlan;

const networks = fc
  .tuple(
    fc.constantFrom("10.0.10.0", "10.0.10.112", "10.0.1.120", "10.1.10.0", "192.168.4.192", "0.0.0.0"),
    fc.integer({ min: 0, max: 7 }),
    fc.integer({ min: 24, max: 32 }),
  )
  .map(([base, step, length]) => {
    if (base === "0.0.0.0") return "0.0.0.0/0";
    const size = 2 ** (32 - length);
    const [first = 0] = parseNetwork(base) as number[];
    const start = first + step;
    return `${formatAddress(start - (start % size))}/${length}`;
  });

const ports = fc.constantFrom(
  undefined,
  { from: 22, to: 22 },
  { from: 8080, to: 8081 },
  { from: 1, to: 65535 },
);

const groupRule = fc
  .record({
    direction: fc.constantFrom("ingress" as const, "egress" as const),
    protocol: fc.constantFrom("tcp" as const, "udp" as const),
    ports,
    peer: fc.oneof(
      networks.map((cidr) => ({ kind: "cidr" as const, cidr })),
      fc
        .constantFrom("internal", "hub", "public")
        .map((group) => ({ kind: "security-group" as const, group })),
    ),
  })
  .map((rule): SecurityRulePlan => ({ ...rule, key: "mutant", description: "" }));

const widened = fc
  .tuple(
    fc.constantFrom("us-west", "eu-west"),
    fc.constantFrom("internal", "public", "ssh-from-hub"),
    groupRule,
  )
  .map(([region, name, rule]): Mutation => (plan) => ({
    ...plan,
    regions: plan.regions.map((each) => ({
      ...each,
      securityGroups: each.securityGroups.map((group) =>
        each.key === region && group.name === name ? { ...group, rules: [...group.rules, rule] } : group,
      ),
    })),
  }));

const rerouted = fc.tuple(fc.nat(), fc.nat()).map(([table, at]): Mutation => (plan) => ({
  ...plan,
  regions: plan.regions.map((region) => ({
    ...region,
    routeTables: region.routeTables.map((one, index) =>
      index === table % region.routeTables.length
        ? { ...one, routes: one.routes.filter((_, route) => route !== at % one.routes.length) }
        : one,
    ),
  })),
}));

const screened = fc.tuple(fc.nat(), networks).map(([at, cidr]): Mutation => (plan) => ({
  ...plan,
  regions: plan.regions.map((region) => ({
    ...region,
    networkAcls: region.networkAcls.map((acl) => ({
      ...acl,
      rules: acl.rules.map((rule, index) => (index === at % acl.rules.length ? { ...rule, cidr } : rule)),
    })),
  })),
}));

const guarded = fc
  .tuple(
    fc.nat(),
    fc.boolean(),
    networks,
    fc.constantFrom("saddr", "daddr"),
    fc.constantFrom("drop", "accept"),
  )
  .map(([at, isWhole, network, side, verdict]): Mutation => (plan) => ({
    ...plan,
    hosts: plan.hosts
      .map((host, index) => (isWhole ? host.role === "api" : index === at % plan.hosts.length))
      .reduce<HostPlan[]>((hosts, isMeant, index) => {
        const host = plan.hosts[index];
        if (host === undefined) return hosts;
        const chains = host.generation.chains.map((chain) =>
          chain.hook === undefined
            ? chain
            : { ...chain, rules: [`ip ${side} ${network} ${verdict}`, ...chain.rules] },
        );
        return [...hosts, isMeant ? { ...host, generation: { ...host.generation, chains } } : host];
      }, []),
  }));

const regrouped = fc.nat().map((at): Mutation => (plan) => ({
  ...plan,
  hosts: plan.hosts.map((host, index) =>
    index === at % plan.hosts.length && host.instance !== undefined
      ? { ...host, instance: { ...host.instance, securityGroups: host.instance.securityGroups.slice(1) } }
      : host,
  ),
}));

const mutations = fc.array(fc.oneof(widened, rerouted, screened, guarded, regrouped), { maxLength: 6 });

describe("classes", () => {
  it("answer for every pair of prod's as if one had asked for each", () => {
    const { wrong, asked } = disagreements(proverOf(planWith()));
    expect(wrong).toEqual([]);
    expect(asked.size).toBeGreaterThan(1600);
  });

  it("put hosts together that nothing tells apart, and nobody else", () => {
    const together = endpointClasses(proverOf(grown).world)
      .flatMap((each) => (each.kind === "host" ? [each.members.map(({ host }) => host)] : []))
      .filter(({ length }) => length > 1);
    expect(together).toEqual([
      ["edge-home/lucidia-alt", "edge-home/lucidia-alt-more-0", "edge-home/lucidia-alt-more-1"],
      ["eu-west/api-1", "eu-west/api-1-more-0", "eu-west/api-1-more-1", "eu-west/api-1-more-2"],
      ["us-west/api-2", "us-west/api-3", "us-west/api-2-more-0", "us-west/api-2-more-1"],
      ["us-west/lb-2", "us-west/lb-1-more-0", "us-west/lb-1-more-1", "us-west/lb-1-more-2"],
      ["us-west/api-2-more-2", "us-west/api-2-more-3"],
    ]);
  });

  it("count every ordered pair of hosts and addresses once", () => {
    const prover = proverOf(grown);
    const { hosts } = prover.world;
    const counted = [...allPairs(prover)]
      .filter(({ from, to }) => from.kind === "host" && to.kind === "host")
      .reduce((sum, { pairs }) => sum + pairs, 0);
    const addresses = endpointClasses(prover.world)
      .filter(({ kind }) => kind === "host")
      .flatMap(membersOf)
      .reduce((sum, member) => sum + member.addresses.length, 0);
    expect(counted).toBe(hosts.size * addresses);
  });

  it("part the internet by what rules name", () => {
    const parts = endpointClasses(proverOf(planWith()).world).flatMap((each) =>
      each.kind === "internet" ? [each.set] : [],
    );
    const [operator = 0] = parseNetwork("203.0.113.7");
    expect(parts.filter((set) => has(set, operator)).map(formatAddresses)).toEqual(["203.0.113.7"]);
  });

  it("answer for every pair of random networks", () => {
    let members = 0;
    holds(
      fc.property(mutations, (changes) => {
        const prover = proverOf(changes.reduce((plan, change) => change(plan), grown));
        const { wrong, asked } = disagreements(prover);
        expect(wrong).toEqual([]);
        members += asked.size;
      }),
      Number(process.env.ROADNET_PROOF_NETWORKS ?? 60),
    );
    expect(members).toBeGreaterThan(0);
  });
});
