/** Prod as it is, with its names and its Cloudflare side, and changed ones, as subjects of questions by name. */
import { parseNetworkConfig } from "../../../../components/config/parse.ts";
import type { DnsZonePlan } from "../../../../components/plan/cloudflare/model.ts";
import type { GenerationPlan } from "../../../../components/plan/generation.ts";
import type { NetworkPlan } from "../../../../components/plan/model.ts";
import { planNetwork } from "../../../../components/plan/plan.ts";
import { askName, type NameAnswer, type NameOptions } from "../../../../components/proof/edge/ask.ts";
import type { Leg } from "../../../../components/proof/edge/legs.ts";
import { resolve } from "../../../../components/proof/edge/resolve.ts";
import { Prover } from "../../../../components/proof/prover.ts";
import { formatKind, parseTraffic } from "../../../../components/proof/sets/traffic.ts";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import { absent, changed, type Change } from "../../config/subject.ts";
import { filledNetwork } from "../../config/stack.ts";
import { sourceOf } from "../subject.ts";

interface Names {
  readonly dns: { readonly zones: unknown; readonly private: unknown };
  readonly cloudflare: unknown;
}

const known = new Map<string, NetworkPlan>();

/** The plan of prod, names and all, with the changes made to its configuration. */
export function namedPlan(...changes: readonly Change[]): NetworkPlan {
  const key = JSON.stringify(changes, (_, value: unknown) => (value === absent ? "absent" : value));
  const plan = known.get(key) ?? makePlan(changes);
  known.set(key, plan);
  return plan;
}

function makePlan(changes: readonly Change[]): NetworkPlan {
  const { dns, cloudflare } = filledNetwork("prod") as Names;
  const own: readonly Change[] = [
    ["dns zones", dns.zones],
    ["dns private", dns.private],
    ["cloudflare", cloudflare],
  ];
  return planNetwork(parseNetworkConfig(changed(...own, ...changes)), "prod");
}

export function named(...changes: readonly Change[]): Prover {
  return new Prover(buildWorld(namedPlan(...changes)));
}

/** Changes behind the configuration's back, which its rules would refuse. */
export function spoiled(spoil: (plan: NetworkPlan) => NetworkPlan, ...changes: readonly Change[]): Prover {
  return new Prover(buildWorld(spoil(namedPlan(...changes))));
}

export const web = "443/tcp";

/** @param from a host's key, `device SEGMENT`, or an address of the internet */
export function ask(
  prover: Prover,
  from: string,
  name: string,
  traffic = web,
  options: NameOptions = {},
): NameAnswer {
  const [point = 0] = parseTraffic(traffic);
  return askName(prover, sourceOf(from), name, point, options);
}

/** The verdict with what stops it, in one line. */
export function verdict({ verdict: word, stop }: NameAnswer): string {
  return stop === undefined ? word : `${word}: ${stop.place}: ${stop.reason}`;
}

/** Who answers, in order: `us-west/us-west-lb-1 by us-west/lb-1`. */
export function serving({ servers }: Pick<NameAnswer, "servers">): string[] {
  return servers.map(
    ({ pool, endpoint, by }) => `${pool === undefined ? "" : `${pool}/`}${endpoint} by ${by}`,
  );
}

/** The connections in words: `internet → Cloudflare's edge 443/tcp`. */
export function connections(legs: readonly Leg[]): string[] {
  return legs.flatMap((leg) =>
    leg.kind === "connection" ? [`${leg.from} → ${leg.to} ${formatKind(leg.traffic)}`] : [],
  );
}

/** What was decided on the way, in words. */
export function decisions(legs: readonly Leg[]): string[] {
  return legs.flatMap((leg) => (leg.kind === "decision" ? [`${leg.place}: ${leg.what}`] : []));
}

/** What the name leads to, in words. */
export function resolved(prover: Prover, from: string, name: string): string {
  const { found } = resolve(prover, sourceOf(from), name);
  switch (found.kind) {
    case "addresses":
      return found.addresses.map((at) => prover.world.space.textOf(at)).join(", ");
    case "edge":
      return `edge, ${found.route.to.kind}`;
    case "balancer":
      return `balancer ${found.balancer.name}`;
    case "none":
    case "unknown":
      return `${found.kind}: ${found.stop.place}: ${found.stop.reason}`;
  }
}

/** Rules of a chain that the plan's hosts do not have: what they send is not filtered. */
export function withOutput(plan: NetworkPlan, key: string, rules: readonly string[]): NetworkPlan {
  const hook = { type: "filter", at: "output", priority: "filter", policy: "accept" } as const;
  return {
    ...plan,
    hosts: plan.hosts.map((host) =>
      host.key === key
        ? {
            ...host,
            generation: {
              ...host.generation,
              chains: [...host.generation.chains, { name: "output", hook, rules }],
            },
          }
        : host,
    ),
  };
}

/** Changes to one host's generation. */
export function withGeneration(
  plan: NetworkPlan,
  key: string,
  change: (generation: GenerationPlan) => GenerationPlan,
): NetworkPlan {
  return {
    ...plan,
    hosts: plan.hosts.map((host) =>
      host.key === key ? { ...host, generation: change(host.generation) } : host,
    ),
  };
}

/** Rules put before all others of a host's chain. */
export function withRules(
  plan: NetworkPlan,
  key: string,
  chain: string,
  rules: readonly string[],
): NetworkPlan {
  return withGeneration(plan, key, (generation) => ({
    ...generation,
    chains: generation.chains.map((one) =>
      one.name === chain ? { ...one, rules: [...rules, ...one.rules] } : one,
    ),
  }));
}

/** The tunnel's rules, behind the configuration's back. */
export function withIngress(
  plan: NetworkPlan,
  ...rules: readonly (readonly [hostname: string | undefined, service: string, path?: string])[]
): NetworkPlan {
  const ingress = rules.map(([hostname, service, path]) => ({ hostname, path, service }));
  const tunnels = plan.cloudflare.tunnels.map((tunnel) => ({ ...tunnel, ingress }));
  return { ...plan, cloudflare: { ...plan.cloudflare, tunnels } };
}

/** One setting of a zone: what the configuration's rules refuse, somebody may set by hand. */
export function withSetting(plan: NetworkPlan, zone: string, id: string, value: string): NetworkPlan {
  const changed = (settings: DnsZonePlan["settings"]): DnsZonePlan["settings"] =>
    settings.map((setting) => (setting.id === id ? { ...setting, value } : setting));
  return {
    ...plan,
    zones: plan.zones.map((each) =>
      each.name === zone ? { ...each, settings: changed(each.settings) } : each,
    ),
  };
}

/** What the record of a name leads to. */
export function withContent(plan: NetworkPlan, name: string, content: string): NetworkPlan {
  return {
    ...plan,
    zones: plan.zones.map((zone) => ({
      ...zone,
      records: zone.records.map((each) => (each.name === name ? { ...each, content: [content] } : each)),
    })),
  };
}

/** A group's rules about one network, said about another instead; the ACLs stay as they were. */
export function withGroup(plan: NetworkPlan, name: string, from: string, to: string): NetworkPlan {
  return {
    ...plan,
    regions: plan.regions.map((region) => ({
      ...region,
      securityGroups: region.securityGroups.map((group) =>
        group.name === name
          ? {
              ...group,
              rules: group.rules.map((rule) =>
                rule.peer.kind === "cidr" && rule.peer.cidr === from
                  ? { ...rule, peer: { ...rule.peer, cidr: to } }
                  : rule,
              ),
            }
          : group,
      ),
    })),
  };
}
