/** Networks keep out of each other's way: regions, subnets, sites and the VPN. */
import { contains, formatAddress, includes, isPrivate, overlaps, parseCidr } from "../ip.ts";
import { suggestion } from "../problem.ts";
import type { RuleId } from "../sources.ts";
import {
  addressAt,
  duplicateAddresses,
  entries,
  items,
  lacks,
  names,
  networkAt,
  placeName,
  subnetsOf,
  type Finding,
  type LooseConfig,
  type LooseRegion,
  type Network,
} from "./rule.ts";

function* overlapping(
  networks: readonly Network[],
  ruleOf: (network: Network, other: Network) => RuleId | undefined,
): Iterable<Finding> {
  for (const [index, network] of networks.entries()) {
    const other = networks.slice(0, index).find((earlier) => overlaps(earlier.range, network.range));
    if (other === undefined) continue;
    const message = `overlaps ${placeName(other.path)}: ${network.cidr} and ${other.cidr} share addresses. Use a range of its own.`;
    const rule = ruleOf(network, other);
    yield { path: network.path, message, ...(rule === undefined ? {} : { rule }) };
  }
}

/** Whatever the VPN or a peering may join has its own range, even where nothing joins it yet. */
export function* placesDoNotOverlap(config: LooseConfig): Iterable<Finding> {
  const networks = [
    ...entries(config.regions).flatMap(([key, region]) =>
      networkAt(["regions", key, "vpcCidr"], region.vpcCidr),
    ),
    ...entries(config.sites).flatMap(([key, site]) => networkAt(["sites", key, "network"], site.network)),
    ...networkAt(["wireguard", "network"], config.wireguard?.network),
  ];
  yield* overlapping(networks, (network, other) => {
    const [a, b] = [network.path, other.path].map(([kind, key]) => (kind === "regions" ? key : undefined));
    const peered = items(config.peerings).some(
      ([, pair]) => pair.some((region) => region === a) && pair.some((region) => region === b),
    );
    return peered ? "aws/peering-apart" : undefined;
  });
}

/** Services of AWS's own, such as Cloud9, use Docker's default network inside a VPC. */
export function* vpcsSpareDocker(config: LooseConfig): Iterable<Finding> {
  const docker = parseCidr("172.17.0.0/16");
  for (const [key, { vpcCidr }] of entries(config.regions)) {
    for (const { path, range, cidr } of networkAt(["regions", key, "vpcCidr"], vpcCidr)) {
      if (docker === undefined || !overlaps(docker, range)) continue;
      const message = `is Docker's: some of AWS's services use 172.17.0.0/16 themselves, and ${cidr} shares addresses with it. Use another.`;
      yield { path, message, rule: "aws/vpc-docker-range" };
    }
  }
}

/** A place is a region or a site, never both: hosts are found by the place's name. */
export function* placesHaveOneName(config: LooseConfig): Iterable<Finding> {
  for (const [key] of entries(config.sites)) {
    if (config.regions?.[key] !== undefined) {
      yield {
        path: ["sites", key],
        message: `is also a region's name (regions.${key}): a place is one or the other.`,
      };
    }
  }
}

/** Subnets lie in their VPC, apart from each other. */
export function* subnetsFit(config: LooseConfig): Iterable<Finding> {
  for (const [key, region] of entries(config.regions)) {
    const subnets = subnetsOf(key, region);
    const vpc = region.vpcCidr === undefined ? undefined : parseCidr(region.vpcCidr);
    for (const subnet of subnets) {
      if (vpc !== undefined && !contains(vpc, subnet.range)) {
        const message = `is outside the VPC: ${subnet.cidr} must lie within ${region.vpcCidr ?? ""}.`;
        yield { path: subnet.path, message, rule: "aws/subnet-in-vpc" };
      }
    }
    yield* overlapping(subnets, () => "aws/subnets-apart");
  }
}

/** The n-th subnet of a tier stands in the n-th zone, so there are no more of them than zones. */
export function* subnetsHaveZones(config: LooseConfig): Iterable<Finding> {
  for (const [key, region] of entries(config.regions)) {
    const count = region.availabilityZones?.length;
    if (count === undefined) continue;
    for (const { path, tier, index } of subnetsOf(key, region)) {
      if (index < count) continue;
      const message = `has no availability zone: it is ${tier} subnet number ${index + 1}, and the region has ${count} zones. Add a zone to availabilityZones or remove the subnet.`;
      yield { path, message };
    }
  }
}

/** RDS fails over between zones, and takes no group of subnets within one, not even for a database that never does. */
export function* databaseTiersSpanZones(config: LooseConfig): Iterable<Finding> {
  for (const [key, region] of entries(config.regions)) {
    // Those that the ledger gives count also where it cannot, because the VPC's network is malformed.
    const given = region.tiers?.includes("database") === true ? (region.availabilityZones?.length ?? 2) : 0;
    if (Math.max(region.subnets?.database?.length ?? 0, given) !== 1) continue;
    const message = `is the only database subnet: AWS takes a group of database subnets with two zones or more. Name a second zone in availabilityZones, or leave the database tier out (tiers: [public, private]).`;
    yield { path: ["regions", key, "subnets", "database", 0], message, rule: "aws/database-zones" };
  }
}

/** Periods for which CloudWatch keeps records, in days. */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export function* retentionsExist(config: LooseConfig): Iterable<Finding> {
  for (const [key, region] of entries(config.regions)) {
    const days = region.flowLogs?.retentionDays;
    if (days === undefined || retentions.includes(days)) continue;
    const path = ["regions", key, "flowLogs", "retentionDays"];
    const message = `is no period that CloudWatch keeps records for: use one of ${retentions.join(", ")}, not ${days}.`;
    yield { path, message, rule: "aws/log-retention" };
  }
}

/** An endpoint is named once. */
export function* endpointsAreDistinct(config: LooseConfig): Iterable<Finding> {
  for (const [key, region] of entries(config.regions)) {
    const services = items(region.gatewayEndpoints);
    for (const [index, service] of services) {
      if (services.findIndex(([, other]) => other === service) === index) continue;
      const path = ["regions", key, "gatewayEndpoints", index];
      yield { path, message: `is named twice: ${service} is in the list already.` };
    }
  }
}

export function* zonesBelongToRegion(config: LooseConfig): Iterable<Finding> {
  for (const [key, region] of entries(config.regions)) {
    const seen = new Set<string>();
    for (const [index, zone] of items(region.availabilityZones)) {
      const path = ["regions", key, "availabilityZones", index];
      const instead = region.awsRegion === undefined ? undefined : zoneInstead(zone, region.awsRegion);
      if (seen.has(zone))
        yield { path, message: `is named twice: ${zone} stands for one subnet of each tier.` };
      else if (instead !== undefined) {
        const message = `is not a zone of ${region.awsRegion ?? ""}: it must be one such as ${instead}.`;
        yield { path, message, rule: "aws/zone-of-region" };
      }
      seen.add(zone);
    }
  }
}

/** How ids of zones shorten the middle of a region's name: us-west-2 is usw2, ap-southeast-1 is apse1. */
const directions: Readonly<Record<string, string>> = {
  central: "c",
  east: "e",
  north: "n",
  northeast: "ne",
  northwest: "nw",
  south: "s",
  southeast: "se",
  southwest: "sw",
  west: "w",
};

/** What the ids of a region's zones begin with; `undefined` for a region of another form. */
function zoneIdPrefix(awsRegion: string): string | undefined {
  const [, area, government, direction, number] = /^([a-z]{2})-(gov-)?([a-z]+)-(\d)$/.exec(awsRegion) ?? [];
  const short = directions[direction ?? ""];
  if (area === undefined || number === undefined || short === undefined) return undefined;
  return area + (government === undefined ? "" : "g") + short + number;
}

/** Of a zone that is surely not the region's: one that is, by name or by id as that one. */
function zoneInstead(zone: string, awsRegion: string): string | undefined {
  const isId = zone.includes("-az");
  const prefix = isId ? zoneIdPrefix(awsRegion) : awsRegion;
  if (prefix === undefined) return undefined;
  const fits = zone.startsWith(prefix) && (isId ? /^-az\d+$/ : /^[a-z]$/).test(zone.slice(prefix.length));
  return fits ? undefined : `${prefix}${isId ? "-az1" : "a"}`;
}

/** What comes from elsewhere comes through a tunnel, and not as itself. */
export function* operatorsStandOnSite(config: LooseConfig): Iterable<Finding> {
  for (const [key, site] of entries(config.sites)) {
    const lan = site.network === undefined ? undefined : parseCidr(site.network);
    for (const [index, cidr] of items(site.operators)) {
      for (const { path, range } of networkAt(["sites", key, "operators", index], cidr)) {
        if (lan === undefined || contains(lan, range)) continue;
        yield { path, message: `is not on the site's LAN: ${cidr} must lie within ${site.network ?? ""}.` };
      }
    }
  }
}

/** A NAT gateway stands in a public subnet of its zone and serves private ones. */
export function* natHasSubnets(config: LooseConfig): Iterable<Finding> {
  for (const [key, region] of entries(config.regions)) {
    const path = ["regions", key, "nat"];
    if (region.nat === undefined || region.nat === "none") continue;
    const [publicCount, privateCount] = [countOf(region, "public"), countOf(region, "private")];
    if (privateCount === 0) {
      yield { path, message: "serves nothing: the region has no private subnet. Use none." };
    } else if (publicCount === 0) {
      const message = "needs a public subnet to stand in: add one to subnets.public, or use none.";
      yield { path, message, rule: "aws/nat-in-public-subnet" };
    } else if (region.nat === "perZone" && publicCount < privateCount) {
      const message = `needs a public subnet in each zone with a private one: there are ${publicCount} public and ${privateCount} private subnets. Add public ones, or use single.`;
      yield { path, message, rule: "aws/nat-in-public-subnet" };
    }
  }
}

function countOf(region: LooseRegion, tier: "public" | "private"): number {
  return region.subnets?.[tier]?.length ?? 0;
}

/** A peering joins two regions that exist, once. */
export function* peeringsJoinRegions(config: LooseConfig): Iterable<Finding> {
  const known = names(config.regions);
  const seen = new Map<string, number>();
  for (const [index, pair] of items(config.peerings)) {
    for (const [side, region] of items(pair)) {
      if (!lacks(config.regions, region)) continue;
      const message = `names no region: there is no regions.${region}; ${suggestion(region, known)}`;
      yield { path: ["peerings", index, side], message };
    }
    const [requester, accepter] = pair;
    if (requester === undefined || accepter === undefined) continue;
    const path = ["peerings", index];
    const pairKey = [requester, accepter].sort().join(" ");
    const earlier = seen.get(pairKey);
    if (requester === accepter) {
      yield { path, message: `joins ${requester} to itself: name two different regions.` };
    } else if (earlier !== undefined) {
      const message = `is there already: peerings[${earlier}] joins ${requester} and ${accepter} in both directions.`;
      yield { path, message };
    } else seen.set(pairKey, index);
  }
}

/** Nodes and gateway of a site have different addresses on its LAN. */
export function* siteAddressesFit(config: LooseConfig): Iterable<Finding> {
  for (const [key, site] of entries(config.sites)) {
    const addresses = [
      ...addressAt(["sites", key, "gateway"], site.gateway),
      ...entries(site.nodes).flatMap(([node, text]) => addressAt(["sites", key, "nodes", node], text)),
    ];
    for (const { range, cidr } of networkAt([], site.network)) {
      for (const { path, text, number } of addresses) {
        if (!includes(range, number)) {
          yield { path, message: `is outside the site: ${text} must lie within ${cidr}.` };
        } else if (number === range.first || number === range.last) {
          const message = `is the LAN's own: ${text} is its network or broadcast address. Use one from ${formatAddress(range.first + 1)} to ${formatAddress(range.last - 1)}.`;
          yield { path, message };
        }
      }
    }
    yield* duplicateAddresses(addresses);
  }
}

/** The hubs see the operator's public address; who names a private or the whole network did not mean it. */
export function* operatorIsNarrow(config: LooseConfig): Iterable<Finding> {
  const operator = config.operator;
  const seen = new Set<string>();
  for (const [index, cidr] of items(operator?.cidrs)) {
    const path = ["operator", "cidrs", index];
    const range = parseCidr(cidr);
    if (range === undefined) continue;
    if (range.prefix < 8) {
      const message = `is too wide: ${cidr} would open SSH on the hubs to much of the internet. Name the operator's own addresses.`;
      yield { path, message };
    } else if (isPrivate(range)) {
      const message = `is private: the hubs see the public address from which ${cidr} goes out. Put in that one.`;
      yield { path, message };
    } else if (seen.has(cidr)) yield { path, message: `is named twice: ${cidr} is in the list already.` };
    seen.add(cidr);
  }
}

/** A key is the same whatever its comment says: who takes one line away means that the key is gone. */
export function* operatorKeysAreDistinct(config: LooseConfig): Iterable<Finding> {
  const taken = new Map<string, number>();
  for (const [index, line] of items(config.operator?.authorizedKeys)) {
    const key = line.split(" ").slice(0, 2).join(" ");
    const other = taken.get(key);
    if (other === undefined) taken.set(key, index);
    else {
      const message = `is the same key as ${placeName(["operator", "authorizedKeys", other])}. Leave one of them out.`;
      yield { path: ["operator", "authorizedKeys", index], message };
    }
  }
}

/** Without an operator nobody could reach any host, the program included. */
export function* operatorExists(config: LooseConfig): Iterable<Finding> {
  if (config.operator?.cidrs?.length === 0) {
    const message = "is empty, so nobody could reach the hubs: name the operator's public networks.";
    yield { path: ["operator", "cidrs"], message };
  }
  if (config.operator?.authorizedKeys?.length === 0) {
    const message =
      "is empty, so nobody could log in to any host: add the operator's OpenSSH public key (`ssh-add -L` prints it).";
    yield { path: ["operator", "authorizedKeys"], message };
  }
}
