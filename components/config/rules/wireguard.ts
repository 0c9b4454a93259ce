/** The VPN has one hub in a region, one entry for each peer, and no network that two ends claim. */
import { formatAddress, includes, overlaps, parseCidr } from "../ip.ts";
import { suggestion, type Path } from "../problem.ts";
import {
  addressAt,
  duplicateAddresses,
  entries,
  items,
  lacks,
  lacksHost,
  names,
  networkAt,
  placedHosts,
  placeName,
  type Address,
  type Finding,
  type LooseConfig,
  type Network,
  broken,
} from "./rule.ts";

/** A hub is a host of role hub in a region that exists. */
export function* hubsAreHosts(config: LooseConfig): Iterable<Finding> {
  for (const [region, hub] of entries(config.wireguard?.hubs)) {
    const path = ["wireguard", "hubs", region];
    if (lacks(config.regions, region)) {
      const message = `names no region: there is no regions.${region}; ${suggestion(region, names(config.regions))}`;
      yield { path, message };
      continue;
    }
    if (hub.host === undefined) continue;
    const hosts = config.hosts?.[region];
    const role = hosts?.[hub.host]?.role;
    if (lacksHost(config, `${region}/${hub.host}`)) {
      const message = `names no host: there is no hosts.${region}.${hub.host}; ${suggestion(hub.host, names(hosts))}`;
      yield { path: [...path, "host"], message };
    } else if (role !== undefined && role !== "hub") {
      const message = `names a host of role ${role}: hosts.${region}.${hub.host} must have role hub.`;
      yield { path: [...path, "host"], message };
    }
  }
}

/** A peer is a host of role vpn-peer. */
export function* peersAreHosts(config: LooseConfig): Iterable<Finding> {
  const hosts = placedHosts(config);
  const known = hosts.filter(({ host }) => host.role === "vpn-peer").map(({ key }) => key);
  for (const [key] of entries(config.wireguard?.peers)) {
    const path = ["wireguard", "peers", key];
    const found = hosts.find((placed) => placed.key === key);
    if (lacksHost(config, key)) {
      const message = `names no host: there is no ${placeName(["hosts", ...key.split("/")])}; ${suggestion(key, known)}`;
      yield { path, message };
    } else if (found?.host.role !== undefined && found.host.role !== "vpn-peer") {
      yield {
        path,
        message: `names a host of role ${found.host.role}: ${placeName(found.path)} must have role vpn-peer.`,
      };
    }
  }
}

/** Whoever is a hub or a peer has an entry in the VPN. */
export function* tunnelHostsAreListed(config: LooseConfig): Iterable<Finding> {
  const { hubs, peers } = config.wireguard ?? {};
  for (const { place, name, key, path, host } of placedHosts(config)) {
    const here = [...path, "role"];
    const hub = hubs?.[place]?.host;
    if (host.role === "hub" && lacks(hubs, place)) {
      const message = `is a hub without a tunnel: add wireguard.hubs.${place} with host: ${name}.`;
      yield { path: here, message };
    } else if (
      host.role === "hub" &&
      hub !== undefined &&
      !lacksHost(config, `${place}/${hub}`) &&
      hub !== name
    ) {
      const message = `is a second hub: wireguard.hubs.${place} names ${hub}, and a region has one.`;
      yield { path: here, message };
    } else if (host.role === "vpn-peer" && lacks(peers, key)) {
      const message = `is a VPN peer without a tunnel: add ${placeName(["wireguard", "peers", key])} with its address.`;
      yield { path: here, message };
    }
  }
}

export function* managementHubExists(config: LooseConfig): Iterable<Finding> {
  const { managementHub, hubs } = config.wireguard ?? {};
  if (managementHub === undefined || !lacks(hubs, managementHub)) return;
  const known = names(hubs);
  const message = `names no hub: there is no wireguard.hubs.${managementHub}; ${suggestion(managementHub, known)}`;
  yield { path: ["wireguard", "managementHub"], message };
}

function tunnelAddresses(config: LooseConfig): Address[] {
  const { hubs, peers } = config.wireguard ?? {};
  return [
    ...entries(hubs).flatMap(([region, hub]) =>
      addressAt(["wireguard", "hubs", region, "address"], hub.address),
    ),
    ...entries(peers).flatMap(([host, peer]) =>
      addressAt(["wireguard", "peers", host, "address"], peer.address),
    ),
  ];
}

/** Tunnel addresses lie in the VPN's network, each with one owner. */
export function* tunnelAddressesFit(config: LooseConfig): Iterable<Finding> {
  const addresses = tunnelAddresses(config);
  const [network] = networkAt([], config.wireguard?.network);
  for (const { path, text, number } of network === undefined ? [] : addresses) {
    if (network === undefined) continue;
    const { range, cidr } = network;
    if (!includes(range, number)) {
      yield { path, message: `is outside the VPN: ${text} must lie within ${cidr}.` };
    } else if (number === range.first || number === range.last) {
      const message = `is the VPN's own: ${text} is its network or broadcast address. Use one from ${formatAddress(range.first + 1)} to ${formatAddress(range.last - 1)}.`;
      yield { path, message };
    }
  }
  yield* duplicateAddresses(addresses);
}

interface Route extends Network {
  readonly host: string;
}

function peerRoutes(config: LooseConfig): Route[] {
  return entries(config.wireguard?.peers).flatMap(([host, peer]) =>
    items(peer.routes).flatMap(([index, cidr]) =>
      networkAt(["wireguard", "peers", host, "routes", index], cidr).map((network) => ({ ...network, host })),
    ),
  );
}

/** WireGuard gives an exact duplicate to the last peer without a word, and splits what overlaps. */
export function* routesAreDistinct(config: LooseConfig): Iterable<Finding> {
  const routes = peerRoutes(config);
  for (const [index, route] of routes.entries()) {
    const other = routes.slice(0, index).find((earlier) => overlaps(earlier.range, route.range));
    if (other === undefined) continue;
    const message =
      other.cidr === route.cidr
        ? `is a duplicate: ${placeName(other.path)} sends ${route.cidr} to ${other.host} already, and WireGuard keeps one owner.`
        : `overlaps ${placeName(other.path)}: ${other.cidr} goes to ${other.host}. Each network has one peer.`;
    yield { path: route.path, message };
  }
}

/** The networks of the configuration besides the peer's own place. */
function foreignNetworks(config: LooseConfig, place: string | undefined): Network[] {
  return [
    ...entries(config.regions)
      .filter(([key]) => key !== place)
      .flatMap(([key, region]) => networkAt(["regions", key, "vpcCidr"], region.vpcCidr)),
    ...entries(config.sites)
      .filter(([key]) => key !== place)
      .flatMap(([key, site]) => networkAt(["sites", key, "network"], site.network)),
    ...networkAt(["wireguard", "network"], config.wireguard?.network),
  ];
}

/** What is behind a peer belongs to the peer's place, or to nobody else. */
export function* routesLeadHome(config: LooseConfig): Iterable<Finding> {
  for (const { path, cidr, range, host } of peerRoutes(config)) {
    const other = foreignNetworks(config, host.split("/")[0]).find((network) =>
      overlaps(network.range, range),
    );
    if (other === undefined) continue;
    const message = `is not behind ${host}: ${cidr} overlaps ${placeName(other.path)} (${other.cidr}), which is reached another way.`;
    yield { path, message };
  }
}

/**
 * A peer sends its hubs' VPCs into the tunnel. Where that includes the network it stands in, it would send its
 * neighbours' packets into the tunnel too.
 */
export function* tunnelsSpareOwnLan(config: LooseConfig): Iterable<Finding> {
  for (const [key] of entries(config.wireguard?.peers)) {
    const [place = ""] = key.split("/");
    const lan = config.regions?.[place]?.vpcCidr ?? config.sites?.[place]?.network;
    const lanRange = lan === undefined ? undefined : parseCidr(lan);
    if (lanRange === undefined) continue;
    for (const [region] of entries(config.wireguard?.hubs)) {
      const [vpc] = networkAt(["regions", region, "vpcCidr"], config.regions?.[region]?.vpcCidr);
      if (vpc === undefined || !overlaps(vpc.range, lanRange)) continue;
      const message = `stands in ${lan ?? ""}, and sends ${vpc.cidr} of ${region} into the tunnel, its own LAN included: keep peers out of regions with a hub.`;
      yield { path: ["wireguard", "peers", key], message };
    }
  }
}

/** A VPC's route tables have one way to a network: the peering's or the tunnel's. */
export function* routesDoNotCrossPeerings(config: LooseConfig): Iterable<Finding> {
  const hubs = entries(config.wireguard?.hubs).map(([region]) => region);
  for (const { path, cidr, range } of peerRoutes(config)) {
    for (const [, pair] of items(config.peerings)) {
      for (const [near, far] of [pair, [...pair].reverse()]) {
        const vpc = far === undefined ? undefined : config.regions?.[far]?.vpcCidr;
        const vpcRange = vpc === undefined ? undefined : parseCidr(vpc);
        if (near === undefined || far === undefined || vpcRange === undefined) continue;
        if (!hubs.includes(near) || !overlaps(vpcRange, range)) continue;
        const message = `would lead ${near} to ${cidr} through the tunnel, and its peering with ${far} already leads there: remove one of the two.`;
        yield { path, message };
      }
    }
  }
}

/** Bytes of a packet that pass the internet gateway, and what WireGuard adds to each (over IPv6, the larger). */
const internetMtu = 1500;
const wireguardOverhead = 80;

/** AWS carries jumbo frames within a VPC and 8500 bytes between regions, but tunnels cross the internet. */
export function* tunnelsFitPath(config: LooseConfig): Iterable<Finding> {
  const mtu = config.wireguard?.mtu;
  const most = internetMtu - wireguardOverhead;
  if (mtu === undefined || mtu <= most) return;
  const message = `must be at most ${most}, but is ${mtu}: WireGuard adds ${wireguardOverhead} bytes, and ${internetMtu} pass the internet.`;
  yield { path: ["wireguard", "mtu"], message, rule: "aws/path-mtu" };
}

export function* masqueradeHasRoutes(config: LooseConfig): Iterable<Finding> {
  for (const [host, peer] of entries(config.wireguard?.peers)) {
    if (peer.masquerade !== true || (peer.routes ?? []).length > 0) continue;
    const message = "has no effect: nothing is behind the peer. Add routes, or remove it.";
    yield { path: ["wireguard", "peers", host, "masquerade"], message };
  }
}

interface Endpoint {
  readonly path: Path;
  readonly name: string;
  readonly host: string | undefined;
}

/** Peers find a hub by a name that DNS publishes with the hub's address, unproxied. */
export function* endpointsResolve(config: LooseConfig): Iterable<Finding> {
  const seen = new Map<string, Path>();
  for (const [region, hub] of entries(config.wireguard?.hubs)) {
    if (hub.endpoint === undefined) continue;
    const path = ["wireguard", "hubs", region, "endpoint"];
    const earlier = seen.get(hub.endpoint);
    seen.set(hub.endpoint, path);
    if (earlier !== undefined) {
      yield { path, message: `is taken: ${placeName(earlier)} has the same name. Give each hub its own.` };
      continue;
    }
    const host = hub.host === undefined ? undefined : `${region}/${hub.host}`;
    yield* endpointResolves(config, { path, name: hub.endpoint, host });
  }
}

function* endpointResolves(config: LooseConfig, { path, name, host }: Endpoint): Iterable<Finding> {
  if (host === undefined || config.dns?.zones === undefined || lacksHost(config, host)) return;
  const records = entries(config.dns.zones).flatMap(([zone, { records: list }]) =>
    items(list)
      .filter(([, record]) => (record.name === "@" ? zone : `${record.name ?? ""}.${zone}`) === name)
      .map(([index, record]) => ({ record, where: ["dns", "zones", zone, "records", index] })),
  );
  const found = records.find(({ record }) => record.host === host && record.type !== "AAAA");
  if (found === undefined) {
    const message = `resolves to nothing: dns.zones must have an A record for ${name} with host: ${host}.`;
    yield { path, message };
    return;
  }
  if (found.record.proxied === true) {
    const message = `must not be proxied: ${name} is dialled over UDP, which Cloudflare does not pass on.`;
    yield broken("cloudflare/proxied-ports", [...found.where, "proxied"], message);
  }
  // A peer takes whichever address its resolver puts first.
  for (const { record, where } of records) {
    if (record === found.record || (record.type !== "A" && record.type !== "AAAA")) continue;
    const why = record.type === "A" ? "away from the hub" : "to IPv6, which the VPN is not dialled by";
    const message = `leads peers ${why}: ${name} must have the address of ${host} and no other. Use another name.`;
    yield { path: where, message };
  }
}
