/** Prod's plan with one thing wrong in it, behind its own back. */
import type { GenerationPlan } from "../../../../components/plan/generation.ts";
import type { HostPlan, NetworkPlan, RegionPlan } from "../../../../components/plan/model.ts";

export type Fault = (plan: NetworkPlan) => NetworkPlan;

export const onRegions =
  (change: (region: RegionPlan) => RegionPlan): Fault =>
  (plan) => ({ ...plan, regions: plan.regions.map(change) });

/** No route table has a route to it. */
export const withoutRoute = (destination: string): Fault =>
  onRegions((region) => ({
    ...region,
    routeTables: region.routeTables.map((table) => ({
      ...table,
      routes: table.routes.filter((route) => route.destination !== destination),
    })),
  }));

/** No group has a rule of that direction for the port. */
export const withoutGroupRules = (direction: "ingress" | "egress", port: number): Fault =>
  onRegions((region) => ({
    ...region,
    securityGroups: region.securityGroups.map((group) => ({
      ...group,
      rules: group.rules.filter(
        (rule) =>
          rule.direction !== direction ||
          (rule.ports !== undefined && (rule.ports.from > port || rule.ports.to < port)),
      ),
    })),
  }));

/** The ACLs of a tier have no rule of that direction. */
export const withoutAclRules = (tier: string, direction: "ingress" | "egress"): Fault =>
  onRegions((region) => ({
    ...region,
    networkAcls: region.networkAcls.map((acl) =>
      acl.tier === tier ? { ...acl, rules: acl.rules.filter((rule) => rule.direction !== direction) } : acl,
    ),
  }));

export const onHost =
  (key: string, change: (host: HostPlan) => HostPlan): Fault =>
  (plan) => ({ ...plan, hosts: plan.hosts.map((host) => (host.key === key ? change(host) : host)) });

export const onGeneration = (
  key: string,
  change: (generation: GenerationPlan) => Partial<GenerationPlan>,
): Fault =>
  onHost(key, (host) => ({ ...host, generation: { ...host.generation, ...change(host.generation) } }));

/** The host's chain begins with that rule. */
export const withRule = (key: string, chain: string, rule: string): Fault =>
  onGeneration(key, ({ chains }) => ({
    chains: chains.map((one) => (one.name === chain ? { ...one, rules: [rule, ...one.rules] } : one)),
  }));

/** The host has a chain for what it sends, with that rule. */
export const withOutputRule = (key: string, rule: string): Fault =>
  onGeneration(key, ({ chains }) => {
    const hook = { type: "filter", at: "output", priority: "filter", policy: "accept" } as const;
    return { chains: [...chains, { name: "output", hook, rules: [rule] }] };
  });

/** No peer of the host has that network. */
export const withoutAllowed = (key: string, network: string): Fault =>
  onGeneration(key, ({ tunnels }) => ({
    tunnels: tunnels.map((tunnel) => ({
      ...tunnel,
      peers: tunnel.peers.map((peer) => ({
        ...peer,
        allowedIps: peer.allowedIps.filter((one) => one !== network),
      })),
    })),
  }));
