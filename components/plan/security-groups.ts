/** A region's security groups, with one rule for each peer. */
import { cloudflareNetworks } from "../config/cloudflare-networks.ts";
import type { NetworkConfig, SecurityGroupConfig } from "../config/schema.ts";
import { byKey, cidrSlug, isIpv6, sortedEntries } from "./keys.ts";
import type { NetworkName, Peer, PortRange, SecurityGroupPlan, SecurityRulePlan } from "./model.ts";

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

function networksOf(text: string, config: NetworkConfig): readonly NetworkName[] {
  if (text === "operator") return config.operator.cidrs;
  if (text === "cloudflare") return cloudflareNetworks;
  if (text === "anywhere") return ["0.0.0.0/0", "::/0"];
  if (!text.startsWith("vpc-")) return [text];
  const key = text.slice("vpc-".length);
  const region = config.regions[key];
  if (region === undefined) throw new Error(`there is no region ${key}`);
  return region.ipv6 === "none" ? [region.vpcCidr] : [region.vpcCidr, { kind: "ipv6-network", of: key }];
}

/** A region without IPv6 has no rules for it. */
function peersOf(text: string, here: string, config: NetworkConfig): Peer[] {
  if (text.startsWith("sg-")) return [{ kind: "security-group", group: text.slice("sg-".length) }];
  const hasIpv6 = config.regions[here]?.ipv6 !== "none";
  return networksOf(text, config)
    .filter((cidr) => hasIpv6 || !isIpv6(cidr))
    .map((cidr) => ({ kind: "cidr", cidr }));
}

function trafficSlug(rule: Pick<SecurityRulePlan, "protocol" | "ports">): string {
  if (rule.ports === undefined) return rule.protocol;
  const { from, to } = rule.ports;
  return from === to ? `${rule.protocol}-${from}` : `${rule.protocol}-${from}-${to}`;
}

function peerSlug(peer: Peer): string {
  return peer.kind === "cidr" ? cidrSlug(peer.cidr) : `sg-${peer.group}`;
}

function planRules(
  region: string,
  name: string,
  group: SecurityGroupConfig,
  config: NetworkConfig,
): SecurityRulePlan[] {
  const groupKey = `${region}/${name}`;
  const place = (
    direction: "ingress" | "egress",
    index: number,
  ): { direction: typeof direction; path: string } => ({
    direction,
    path: `securityGroups.${name}.${direction}[${index}]`,
  });
  const written = [
    ...group.ingress.map((rule, index) => ({ ...rule, ...place("ingress", index), peer: rule.source })),
    ...group.egress.map((rule, index) => ({ ...rule, ...place("egress", index), peer: rule.destination })),
  ];
  return written
    .flatMap((rule) =>
      peersOf(rule.peer, region, config).map((peer): SecurityRulePlan => {
        const ports = portRange(rule.port);
        const traffic = trafficSlug({ protocol: rule.protocol, ports });
        return {
          key: `${groupKey}/${rule.direction}/${traffic}/${peerSlug(peer)}`,
          direction: rule.direction,
          protocol: rule.protocol,
          ports,
          peer,
          description: rule.description ?? `${rule.direction} ${traffic} ${peerSlug(peer)}`,
          path: rule.path,
        };
      }),
    )
    .sort(byKey);
}

export function planSecurityGroups(region: string, config: NetworkConfig): SecurityGroupPlan[] {
  return groupsOf(region, config).map(([name, group]) => {
    const key = `${region}/${name}`;
    return {
      key,
      name,
      description: group.description ?? name,
      rules: planRules(region, name, group, config),
    };
  });
}
