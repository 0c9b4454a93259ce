/** Every host: where it stands, how it is reached, and what is on it. */
import { cidrIncludes, parseAddress, rangeOf } from "../config/ip.ts";
import type { NetworkConfig, RegionConfig } from "../config/schema.ts";
import { neighbouringPeers } from "./access.ts";
import { combine } from "./generation.ts";
import { byKey, sortedEntries } from "./keys.ts";
import type { FirstContact, HostPlan, InstancePlan, ManagementPath, PlanSymbol } from "./model.ts";
import { forwards, hubKey, missing, placeOf, tunnelAddressOf, type Place } from "./place.ts";
import { aptProxyOf } from "./packages.ts";
import { partsOf, reachabilityParts } from "./roles.ts";
import { ssmAgentOf } from "./services.ts";
import { planSubnets } from "./subnets.ts";

const defaultRootVolumeGiB = 8;

const publicAddress = (host: string): PlanSymbol => ({ kind: "public-address", host });

/**
 * The operator reaches hubs directly, instances through the hub of their region, VPN peers by their tunnel address
 * and what is behind them by its own, both through the management hub.
 */
function managementOf(place: Place): ManagementPath {
  const { config, key, host, address, site } = place;
  const user = host.bootstrap?.user ?? config.operator.user;
  const own = { user, address, localAddress: address, through: undefined };
  switch (host.role) {
    case "hub":
      return { ...own, name: "direct", address: publicAddress(key), via: undefined };
    case "vpn-peer": {
      const tunnel = config.wireguard.peers[key]?.address ?? missing(key, "tunnel address");
      return { ...own, name: "tunnel", address: tunnel, localAddress: tunnel, via: managementHub(config) };
    }
    case "lan-member":
    case "tower":
    case "storage":
      return lanPath(place, host.behind ?? missing(key, "VPN peer that it is behind"));
    case "load-balancer":
    case "api":
    case "redis":
    case "database":
    case "prometheus":
    case "service":
      return { ...own, name: "hub", via: hubKey(config, site) ?? missing(key, "hub in its region") };
  }
}

function managementHub(config: NetworkConfig): string | undefined {
  return hubKey(config, config.wireguard.managementHub);
}

/** The way to a host's address on the LAN behind a VPN peer of its place. */
function lanPath({ config, host, site, address }: Place, peer: string): ManagementPath {
  const user = host.bootstrap?.user ?? config.operator.user;
  const via = managementHub(config);
  return { name: "lan", user, address, localAddress: address, via, through: `${site}/${peer}` };
}

/** A VPN peer's LAN is a way of its own where another peer of the place forwards to it. */
function otherPathsOf(place: Place): ManagementPath[] {
  if (place.host.role !== "vpn-peer") return [];
  const [neighbour] = neighbouringPeers(place);
  return neighbour === undefined ? [] : [lanPath(place, neighbour.slice(place.site.length + 1))];
}

const directly = { via: undefined, through: undefined };

function firstContactOf({ host, key, address }: Place, management: ManagementPath): FirstContact {
  const { bootstrap, role } = host;
  if (bootstrap !== undefined) {
    const { user, hostKey } = bootstrap;
    const met = bootstrap.address ?? address;
    const path = { name: "on-site", user, address: met, localAddress: met, ...directly };
    return { kind: "lan", path, hostKey };
  }
  if (role !== "vpn-peer") return { kind: "user-data", path: management };
  const { user } = management;
  const path = { name: "direct", user, address: publicAddress(key), localAddress: address, ...directly };
  return { kind: "user-data", path };
}

/**
 * An instance has the same number in its IPv6 network as in its IPv4 one, so that its address outlives it, and keeps
 * off those that AWS reserves, which are the same in both (vpc/latest/userguide/subnet-sizing.html).
 */
function ipv6NumberOf({ ipv6 }: RegionConfig, subnetCidr: string, address: string): number | undefined {
  return ipv6 === "hosts" ? (parseAddress(address) ?? 0) - rangeOf(subnetCidr).first : undefined;
}

function instanceOf(place: Place): InstancePlan | undefined {
  const { config, site, host, address, key } = place;
  const region = config.regions[site];
  if (region === undefined) return undefined;
  const subnet = planSubnets(site, region).find(({ cidr }) => cidrIncludes(cidr, address));
  const { key: subnetKey, cidr } = subnet ?? missing(key, "subnet");
  return {
    ami: region.ami,
    instanceType: host.instanceType ?? missing(key, "instance type"),
    subnet: subnetKey,
    securityGroups: (host.securityGroups ?? []).map((group) => `${site}/${group}`).sort(),
    elasticIp: host.elasticIp ?? false,
    ipv6Number: ipv6NumberOf(region, cidr, address),
    sourceDestCheck: !forwards(place),
    rootVolumeGiB: host.rootVolumeGiB ?? defaultRootVolumeGiB,
    ssmAgent: host.sessionManager === false ? undefined : ssmAgentOf(region),
  };
}

function planHost(place: Place): HostPlan {
  const { key, name, hostname, host, site, address } = place;
  const management = managementOf(place);
  const firstContact = firstContactOf(place, management);
  return {
    key,
    name,
    hostname,
    role: host.role,
    site,
    address,
    tunnelAddress: tunnelAddressOf(place),
    instance: instanceOf(place),
    firstContact,
    management,
    otherPaths: otherPathsOf(place),
    confirmSeconds: place.config.rollout.confirmSeconds,
    aptProxy: aptProxyOf(place),
    firstGeneration:
      firstContact.path.name === management.name ? undefined : combine(key, reachabilityParts(place)),
    generation: combine(key, partsOf(place)),
  };
}

export function planHosts(config: NetworkConfig): HostPlan[] {
  return sortedEntries(config.hosts)
    .flatMap(([site, hosts]) =>
      sortedEntries(hosts).map(([name, host]) => planHost(placeOf(config, site, name, host))),
    )
    .sort(byKey);
}
