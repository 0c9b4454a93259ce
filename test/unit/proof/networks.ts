/** Random networks: production's with more hosts of a kind, and changes behind its back of every part that decides. */
import fc from "fast-check";
import type { HostPlan, NetworkPlan, SecurityRulePlan } from "../../../components/plan/model.ts";
import { formatAddress, parseNetwork } from "../../../components/proof/sets/addresses.ts";
import { planWith } from "./subject.ts";

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

/** Production with more hosts like some of its own, also in other zones. */
export const grown = [
  withMore("us-west/api-2", 4),
  withMore("us-west/lb-1", 3),
  withMore("eu-west/api-1", 3),
  withMore("edge-home/lucidia-alt", 2),
  moved("us-west/api-2-more-2", "10.0.11.112"),
  moved("us-west/api-2-more-3", "10.0.11.113"),
].reduce((plan, more) => more(plan), planWith());

/** Changes behind the plan's back, of every part of a network that decides. */
export type Mutation = (plan: NetworkPlan) => NetworkPlan;

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

/** A few changes one after the other. */
export const mutations = fc.array(fc.oneof(widened, rerouted, screened, guarded, regrouped), {
  maxLength: 6,
});
