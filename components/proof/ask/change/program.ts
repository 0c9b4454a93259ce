/**
 * Changes of what the program compiles by itself: host tables, AllowedIPs, routes, network ACLs. The stack's file has
 * no option for them, so they name what the program would have to be taught.
 */
import type { GenerationPlan, ChainPlan } from "../../../plan/generation.ts";
import type {
  HostPlan,
  NetworkAclRulePlan,
  NetworkPlan,
  RegionPlan,
  RouteTarget,
} from "../../../plan/model.ts";
import type { Origin } from "../../rules/gate.ts";
import { groupRuleText } from "../../rules/security-group.ts";
import type { Patch } from "./model.ts";

const same = <Value>(value: Value): Value => value;

function patch(edit: Omit<Patch["edit"], "level">, plan: Patch["plan"]): Patch {
  return { edit: { level: "program", ...edit }, network: same, plan };
}

function changeHost(plan: NetworkPlan, key: string, change: (host: HostPlan) => HostPlan): NetworkPlan {
  return { ...plan, hosts: plan.hosts.map((host) => (host.key === key ? change(host) : host)) };
}

function changeGeneration(
  plan: NetworkPlan,
  key: string,
  change: (generation: GenerationPlan) => Partial<GenerationPlan>,
): NetworkPlan {
  return changeHost(plan, key, (host) => ({
    ...host,
    generation: { ...host.generation, ...change(host.generation) },
  }));
}

function changeRegion(
  plan: NetworkPlan,
  key: string,
  change: (region: RegionPlan) => Partial<RegionPlan>,
): NetworkPlan {
  return {
    ...plan,
    regions: plan.regions.map((region) => (region.key === key ? { ...region, ...change(region) } : region)),
  };
}

function changeChains(plan: NetworkPlan, host: string, change: (chain: ChainPlan) => ChainPlan): NetworkPlan {
  return changeGeneration(plan, host, ({ chains }) => ({ chains: chains.map(change) }));
}

/** Rules at the beginning of the host's chains of a hook. */
export function addRules(
  host: string,
  hook: "input" | "forward" | "output",
  rules: readonly string[],
): Patch[] {
  return rules.map((rule) =>
    patch({ action: "add", path: `${host}: nftables, chain ${hook}`, value: rule }, (plan) =>
      changeChains(plan, host, (chain) =>
        chain.hook?.at === hook && chain.hook.type === "filter"
          ? { ...chain, rules: [rule, ...chain.rules] }
          : chain,
      ),
    ),
  );
}

/** Without rules of the host's chains; one rule may stand in several. */
export function removeRules(
  host: string,
  rules: readonly { readonly chain: string; readonly rule: string }[],
): Patch[] {
  return rules.map(({ chain: name, rule }) =>
    patch({ action: "remove", path: `${host}: nftables, chain ${name}`, value: rule }, (plan) =>
      changeChains(plan, host, (chain) =>
        chain.name === name ? { ...chain, rules: chain.rules.filter((one) => one !== rule) } : chain,
      ),
    ),
  );
}

/** Without rules of security groups in AWS, whatever in the configuration they come from. */
export function removeGroupRules(origins: readonly Origin[]): Patch[] {
  return origins.map(({ where, rule }) => {
    const group = where.replace("security group ", "");
    return patch({ action: "remove", path: where, value: rule }, (plan) => ({
      ...plan,
      regions: plan.regions.map((region) => ({
        ...region,
        securityGroups: region.securityGroups.map((one) =>
          one.key === group
            ? { ...one, rules: one.rules.filter((each) => groupRuleText(each) !== rule) }
            : one,
        ),
      })),
    }));
  });
}

export function addAllowedIps(host: string, peer: string, network: string): Patch {
  return patch({ action: "add", path: `${host}: WireGuard, AllowedIPs of ${peer}`, value: network }, (plan) =>
    changeGeneration(plan, host, ({ tunnels }) => ({
      tunnels: tunnels.map((tunnel) => ({
        ...tunnel,
        peers: tunnel.peers.map((one) =>
          one.name === peer ? { ...one, allowedIps: [...one.allowedIps, network] } : one,
        ),
      })),
    })),
  );
}

export function addAclRules(
  region: string,
  subnet: string,
  rules: readonly Omit<NetworkAclRulePlan, "number" | "reason">[],
): Patch[] {
  return rules.map((rule) => {
    const { direction, protocol, ports, cidr } = rule;
    const range = ports === undefined ? "" : ` ${ports.from}-${ports.to}`;
    const side = direction === "ingress" ? "from" : "to";
    const value = `${direction} ${protocol}${range} ${side} ${typeof cidr === "string" ? cidr : cidr.of}`;
    return patch({ action: "add", path: `network ACL around ${subnet}`, value }, (plan) =>
      changeRegion(plan, region, ({ networkAcls }) => ({
        networkAcls: networkAcls.map((acl) =>
          acl.subnets.includes(subnet)
            ? {
                ...acl,
                rules: [...acl.rules, { ...rule, number: freeNumber(acl.rules, direction), reason: value }],
              }
            : acl,
        ),
      })),
    );
  });
}

function freeNumber(rules: readonly NetworkAclRulePlan[], direction: string): number {
  const taken = new Set(rules.filter((rule) => rule.direction === direction).map(({ number }) => number));
  let number = 1;
  while (taken.has(number)) number++;
  return number;
}

export function addVpcRoute(region: string, subnet: string, destination: string, target: RouteTarget): Patch {
  const to = target.kind === "instance" ? target.host : target.kind;
  return patch(
    { action: "add", path: `route table of ${subnet}`, value: `${destination} to ${to}` },
    (plan) =>
      changeRegion(plan, region, ({ subnets, routeTables }) => {
        const table = subnets.find(({ key }) => key === subnet)?.routeTable;
        const route = {
          key: `${table ?? ""}/${destination.replace("/", "-")}`,
          destination,
          target,
          reason: "added",
        };
        return {
          routeTables: routeTables.map((one) =>
            one.key === table ? { ...one, routes: [...one.routes, route] } : one,
          ),
        };
      }),
  );
}

/** A route of a machine at a site, by a neighbour. */
export function addHostRoute(host: string, link: string, destination: string, via: string): Patch {
  return patch(
    { action: "add", path: `${host}: routes of ${link}`, value: `${destination} via ${via}` },
    (plan) =>
      changeGeneration(plan, host, ({ interfaces }) => ({
        interfaces: interfaces.map((one) =>
          one.name === link ? { ...one, routes: [...one.routes, { destination, via }] } : one,
        ),
      })),
  );
}

export function allowForwarding(host: string): Patch {
  return patch({ action: "set", path: `${host}: kernel setting net.ipv4.ip_forward`, value: "1" }, (plan) =>
    changeGeneration(plan, host, ({ sysctls }) => ({ sysctls: { ...sysctls, "net.ipv4.ip_forward": "1" } })),
  );
}

export function dropAddressCheck(host: string): Patch {
  return patch({ action: "set", path: `${host}: source/destination check`, value: "off" }, (plan) =>
    changeHost(plan, host, (one) => ({
      ...one,
      instance: one.instance && { ...one.instance, sourceDestCheck: false },
    })),
  );
}
