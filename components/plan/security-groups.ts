/** A region's security groups, with one rule for each peer. */
import { cloudflareNetworks } from "../config/cloudflare-networks.ts";
import type { NetworkConfig, SecurityGroupConfig } from "../config/schema.ts";
import { byKey, cidrSlug, sortedEntries } from "./keys.ts";
import type { Peer, PortRange, SecurityGroupPlan, SecurityRulePlan } from "./model.ts";

type Port = SecurityGroupConfig["ingress"][number]["port"];

/** The ports that a rule's `port` means; `undefined` for all of them. */
export function portRange(port: Port): PortRange | undefined {
  if (port === "all") return undefined;
  if (typeof port === "number") return { from: port, to: port };
  const [from, to] = port.split("-").map(Number);
  if (from === undefined || to === undefined) throw new Error(`${port} is not a range of ports`);
  return { from, to };
}

/** The groups that a region has. */
export function groupsOf(region: string, config: NetworkConfig): [string, SecurityGroupConfig][] {
  return sortedEntries(config.securityGroups).filter(([, group]) => group.regions?.includes(region) ?? true);
}

function peersOf(text: string, config: NetworkConfig): Peer[] {
  if (text === "operator") return config.operator.cidrs.map((cidr) => ({ kind: "cidr", cidr }));
  if (text === "cloudflare") return cloudflareNetworks.map((cidr) => ({ kind: "cidr", cidr }));
  if (text.startsWith("sg-")) return [{ kind: "security-group", group: text.slice("sg-".length) }];
  return [{ kind: "cidr", cidr: text }];
}

function trafficSlug(rule: Pick<SecurityRulePlan, "protocol" | "ports">): string {
  if (rule.ports === undefined) return rule.protocol;
  const { from, to } = rule.ports;
  return from === to ? `${rule.protocol}-${from}` : `${rule.protocol}-${from}-${to}`;
}

function peerSlug(peer: Peer): string {
  return peer.kind === "cidr" ? cidrSlug(peer.cidr) : `sg-${peer.group}`;
}

function planRules(groupKey: string, group: SecurityGroupConfig, config: NetworkConfig): SecurityRulePlan[] {
  const written = [
    ...group.ingress.map((rule) => ({ ...rule, direction: "ingress" as const, peer: rule.source })),
    ...group.egress.map((rule) => ({ ...rule, direction: "egress" as const, peer: rule.destination })),
  ];
  return written
    .flatMap((rule) =>
      peersOf(rule.peer, config).map((peer): SecurityRulePlan => {
        const ports = portRange(rule.port);
        const traffic = trafficSlug({ protocol: rule.protocol, ports });
        return {
          key: `${groupKey}/${rule.direction}/${traffic}/${peerSlug(peer)}`,
          direction: rule.direction,
          protocol: rule.protocol,
          ports,
          peer,
          description: rule.description ?? `${rule.direction} ${traffic} ${peerSlug(peer)}`,
        };
      }),
    )
    .sort(byKey);
}

export function planSecurityGroups(region: string, config: NetworkConfig): SecurityGroupPlan[] {
  return groupsOf(region, config).map(([name, group]) => {
    const key = `${region}/${name}`;
    return { key, name, description: group.description ?? name, rules: planRules(key, group, config) };
  });
}
