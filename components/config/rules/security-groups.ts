/** Security groups say what AWS can carry out. */
import { cloudflareNetworks } from "../cloudflare-networks.ts";
import { outboundEndpointGroup } from "../private-dns.ts";
import { suggestion, type Path } from "../problem.ts";
import type { SecurityGroupConfig } from "../schema.ts";
import { quotaOf } from "./quotas.ts";
import { entries, items, lacks, names, type Finding, type Loose, type LooseConfig } from "./rule.ts";

type Group = Loose<SecurityGroupConfig>;

export interface WrittenRule {
  readonly path: Path;
  readonly direction: "ingress" | "egress";
  readonly peerKey: "source" | "destination";
  readonly port: string | number | undefined;
  readonly protocol: string | undefined;
  readonly peer: string | undefined;
}

export function rulesOf(name: string, group: Group): WrittenRule[] {
  const base = ["securityGroups", name];
  return [
    ...items(group.ingress).map(([index, { port, protocol, source }]) => ({
      path: [...base, "ingress", index],
      direction: "ingress" as const,
      peerKey: "source" as const,
      port,
      protocol,
      peer: source,
    })),
    ...items(group.egress).map(([index, { port, protocol, destination }]) => ({
      path: [...base, "egress", index],
      direction: "egress" as const,
      peerKey: "destination" as const,
      port,
      protocol,
      peer: destination,
    })),
  ];
}

/** The regions that have a group: those that it names, or all. */
export function regionsOf(config: LooseConfig, group: Group): string[] {
  return group.regions === undefined
    ? names(config.regions)
    : items(group.regions).map(([, region]) => region);
}

/** AWS keeps `sg-` for its own ids, and the name `default` for the group that every VPC has. */
export function* groupNamesAreFree(config: LooseConfig): Iterable<Finding> {
  for (const [name] of entries(config.securityGroups)) {
    const path = ["securityGroups", name];
    if (name.startsWith("sg-")) {
      yield {
        path,
        message: "begins with sg-, as AWS's own ids do: leave the prefix out; only references have it.",
      };
    } else if (name === "default") {
      yield { path, message: "is the name of the group that every VPC has: use another." };
    } else if (name === outboundEndpointGroup) {
      yield { path, message: "is the name of the group of Resolver endpoints: use another." };
    }
  }
}

export function* groupRegionsExist(config: LooseConfig): Iterable<Finding> {
  for (const [name, group] of entries(config.securityGroups)) {
    for (const [index, region] of items(group.regions)) {
      if (!lacks(config.regions, region)) continue;
      const message = `names no region: there is no regions.${region}; ${suggestion(region, names(config.regions))}`;
      yield { path: ["securityGroups", name, "regions", index], message };
    }
  }
}

/** Ports go with TCP and UDP only, and a range runs upwards. */
export function* portsFitProtocols(config: LooseConfig): Iterable<Finding> {
  for (const [name, group] of entries(config.securityGroups)) {
    for (const { path, port, protocol } of rulesOf(name, group)) {
      if (port === undefined || port === "all") continue;
      if (protocol === "icmp" || protocol === "all") {
        const message = `does not go with protocol ${protocol}, which has no ports: write port: all, or protocol tcp or udp.`;
        yield { path: [...path, "port"], message };
      }
      const [from = 0, to = 0] = typeof port === "number" ? [port, port] : port.split("-").map(Number);
      if (from < 1 || to > 65535 || from > to) {
        const message = `is no range of ports: ${port} must run upwards, within 1-65535.`;
        yield { path: [...path, "port"], message };
      }
    }
  }
}

/** AWS can reference a group of the same region only. */
export function* groupReferencesExist(config: LooseConfig): Iterable<Finding> {
  for (const [name, group] of entries(config.securityGroups)) {
    for (const { path, peer, peerKey } of rulesOf(name, group)) {
      if (peer?.startsWith("vpc-") === true) yield* regionExists(config, [...path, peerKey], peer);
      if (peer?.startsWith("sg-") !== true) continue;
      const reference = peer.slice("sg-".length);
      const target = config.securityGroups?.[reference];
      if (lacks(config.securityGroups, reference)) {
        const message = `names no group: there is no securityGroups.${reference}; ${suggestion(reference, names(config.securityGroups))}`;
        yield { path: [...path, peerKey], message };
      }
      if (target === undefined) continue;
      const there = regionsOf(config, target);
      const absent = regionsOf(config, group).filter((region) => !there.includes(region));
      if (absent.length === 0) continue;
      const message = `names a group that ${absent.join(", ")} does not have, and AWS references groups within a region only: give ${reference} the same regions as ${name}, or use a network.`;
      yield { path: [...path, peerKey], message, rule: "aws/groups-within-region" };
    }
  }
}

function* regionExists(config: LooseConfig, path: Path, peer: string): Iterable<Finding> {
  const region = peer.slice("vpc-".length);
  if (!lacks(config.regions, region)) return;
  const message = `names no VPC: there is no regions.${region}; ${suggestion(region, names(config.regions))}`;
  yield { path, message };
}

/** The networks that a peer stands for, as far as they are known here; a group is one thing of its own. */
function networksOfPeer(config: LooseConfig, peer: string): string[] {
  if (peer === "operator") return items(config.operator?.cidrs).map(([, cidr]) => cidr);
  if (peer === "cloudflare") return [...cloudflareNetworks];
  if (peer === "anywhere") return ["0.0.0.0/0", "::/0"];
  const vpc = peer.startsWith("vpc-") ? config.regions?.[peer.slice("vpc-".length)]?.vpcCidr : undefined;
  return vpc === undefined ? [peer] : [vpc, peer];
}

/** AWS refuses a rule that is there already. */
export function* rulesAreDistinct(config: LooseConfig): Iterable<Finding> {
  for (const [name, group] of entries(config.securityGroups)) {
    const seen = new Map<string, Path>();
    for (const { path, direction, port, protocol, peer } of rulesOf(name, group)) {
      if (protocol === undefined || peer === undefined) continue;
      const range =
        typeof port === "string" && /^(\d+)-\1$/.test(port) ? port.split("-")[0] : String(port ?? "all");
      const keys = networksOfPeer(config, peer).map((one) => [direction, protocol, range, one].join(" "));
      const earlier = keys.map((key) => seen.get(key)).find((found) => found !== undefined);
      if (earlier === undefined) for (const key of keys) seen.set(key, path);
      else {
        const message = `says the same as ${direction}[${earlier.at(-1) ?? ""}], and AWS refuses duplicates: remove one.`;
        yield { path, message };
      }
    }
  }
}

/** How many rules the peer makes for IPv4 and for IPv6; a group counts as one of each, and a VPC is one of each. */
function rulesOfPeer(config: LooseConfig, peer: string | undefined): { v4: number; v6: number } {
  if (peer === undefined || /^(?:sg|vpc)-/.test(peer)) return { v4: 1, v6: 1 };
  const cidrs = networksOfPeer(config, peer);
  const v6 = cidrs.filter((cidr) => cidr.includes(":")).length;
  return { v4: cidrs.length - v6, v6 };
}

export function* groupsAreWithinQuota(config: LooseConfig): Iterable<Finding> {
  const most = quotaOf(config, "rulesPerSecurityGroup");
  for (const [name, group] of entries(config.securityGroups)) {
    for (const direction of ["ingress", "egress"] as const) {
      const counts = rulesOf(name, group)
        .filter((rule) => rule.direction === direction)
        .map(({ peer }) => rulesOfPeer(config, peer));
      for (const [family, protocol] of [
        ["v4", "IPv4"],
        ["v6", "IPv6"],
      ] as const) {
        const count = counts.reduce((sum, one) => sum + one[family], 0);
        if (count <= most) continue;
        const message = `makes ${count} rules for ${protocol} (one for each network of operator and of cloudflare), and AWS takes ${most}: join networks, split the group, or set quotas.rulesPerSecurityGroup.`;
        yield { path: ["securityGroups", name, direction], message, rule: "aws/quota-group-rules" };
      }
    }
  }
}
