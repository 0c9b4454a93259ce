/** A rack has a gateway, VLANs that lie apart in its network, one storage, and three towers that make a cluster. */
import { contains, formatAddress, includes, overlaps, parseAddress, parseCidr } from "../ip.ts";
import { suggestion, type Path } from "../problem.ts";
import type { RackConfig, SiteConfig } from "../schema.ts";
import {
  addressAt,
  duplicateAddresses,
  entries,
  items,
  lacks,
  networkAt,
  placeName,
  type Finding,
  type Loose,
  type LooseConfig,
  type LooseHost,
  type Network,
} from "./rule.ts";

type LooseSite = Loose<SiteConfig>;
type LooseRack = Loose<RackConfig>;

interface PlacedRack {
  readonly place: string;
  readonly site: LooseSite;
  readonly rack: LooseRack;
  readonly path: Path;
  /** The hosts of its site. */
  readonly hosts: readonly [string, LooseHost][];
}

function racksOf(config: LooseConfig): PlacedRack[] {
  return entries(config.sites).flatMap(([place, site]) =>
    site.rack === undefined
      ? []
      : [
          {
            place,
            site,
            rack: site.rack,
            path: ["sites", place, "rack"],
            hosts: entries(config.hosts?.[place]),
          },
        ],
  );
}

/** What leads into the rack is a VPN peer, with all of the rack behind it. */
export function* racksHaveGateways(config: LooseConfig): Iterable<Finding> {
  for (const { place, site, rack, path, hosts } of racksOf(config)) {
    const name = rack.gateway;
    if (name === undefined) continue;
    const here = [...path, "gateway"];
    const host = config.hosts?.[place]?.[name];
    const known = hosts.filter(([, { role }]) => role === "vpn-peer").map(([peer]) => peer);
    if (lacks(config.hosts?.[place] ?? {}, name) || (host?.role !== undefined && host.role !== "vpn-peer")) {
      const message = `names no VPN peer of ${place}: ${suggestion(name, known)}`;
      yield { path: here, message };
      continue;
    }
    const routes = config.wireguard?.peers?.[`${place}/${name}`]?.routes;
    const [network] = networkAt([], site.network);
    if (routes === undefined || network === undefined) continue;
    const ranges = items(routes).flatMap(([, route]) => parseCidr(route) ?? []);
    if (ranges.some((range) => contains(range, network.range))) continue;
    const message = `has not all of the rack behind it: add ${network.cidr} to wireguard.peers["${place}/${name}"].routes.`;
    yield { path: here, message };
  }
}

function vlanNetworks({ rack, path }: PlacedRack): Network[] {
  return entries(rack.vlans).flatMap(([name, vlan]) =>
    networkAt([...path, "vlans", name, "network"], vlan.network),
  );
}

/** Uplink and VLANs lie in the site's network, apart from each other. */
export function* rackNetworksFit(config: LooseConfig): Iterable<Finding> {
  for (const placed of racksOf(config)) {
    const { site, rack, path } = placed;
    const [whole] = networkAt([], site.network);
    const networks = [
      ...networkAt([...path, "uplink", "network"], rack.uplink?.network),
      ...vlanNetworks(placed),
    ];
    for (const [index, network] of networks.entries()) {
      const other = networks.slice(0, index).find(({ range }) => overlaps(range, network.range));
      if (whole !== undefined && !contains(whole.range, network.range)) {
        const message = `is outside the site: ${network.cidr} must lie within ${whole.cidr}.`;
        yield { path: network.path, message };
      } else if (other !== undefined) {
        const message = `overlaps ${placeName(other.path)}: ${network.cidr} and ${other.cidr} share addresses. Use a range of its own.`;
        yield { path: network.path, message };
      }
    }
  }
}

/**
 * The site's router and the gateway meet in the uplink's network; nodes have their addresses in the management VLAN,
 * and the same place in every other.
 */
export function* rackAddressesFit(config: LooseConfig): Iterable<Finding> {
  for (const { place, site, rack, path } of racksOf(config)) {
    const uplink = [
      ...addressAt(["sites", place, "gateway"], site.gateway),
      ...addressAt([...path, "uplink", "address"], rack.uplink?.address),
    ];
    const nodes = entries(site.nodes).flatMap(([node, text]) =>
      addressAt(["sites", place, "nodes", node], text),
    );
    const management = networkAt([], rack.vlans?.management?.network)[0];
    const others = entries(rack.vlans).flatMap(([, vlan]) => networkAt([], vlan.network));
    for (const { path: here, text, number } of uplink) {
      const [network] = networkAt([], rack.uplink?.network);
      if (network === undefined) continue;
      yield* withinNetwork(here, { text, number, network, what: "the uplink" });
    }
    yield* duplicateAddresses(uplink);
    for (const { path: here, text, number } of management === undefined ? [] : nodes) {
      if (management === undefined) continue;
      yield* withinNetwork(here, { text, number, network: management, what: "the management VLAN" });
      const offset = number - management.range.first;
      const small = others.find(({ range }) => offset >= range.last - range.first);
      if (offset < 0 || number > management.range.last || small === undefined) continue;
      const message = `has no place in ${small.cidr}: a host has the same last part in every VLAN, so ${text} must be among the first ${small.range.last - small.range.first} of ${management.cidr}.`;
      yield { path: here, message };
    }
  }
}

interface Placed {
  readonly text: string;
  readonly number: number;
  readonly network: Network;
  readonly what: string;
}

function* withinNetwork(path: Path, { text, number, network, what }: Placed): Iterable<Finding> {
  const { range, cidr } = network;
  if (!includes(range, number)) {
    yield { path, message: `is outside ${what}: ${text} must lie within ${cidr}.` };
  } else if (number === range.first || number === range.last) {
    const message = `is the network's own: ${text} is its network or broadcast address. Use one from ${formatAddress(range.first + 1)} to ${formatAddress(range.last - 1)}.`;
    yield { path, message };
  }
}

export function* vlansHaveOneId(config: LooseConfig): Iterable<Finding> {
  for (const { rack, path } of racksOf(config)) {
    const seen = new Map<number, string>();
    for (const [name, { id }] of entries(rack.vlans)) {
      if (id === undefined) continue;
      const earlier = seen.get(id);
      const here = [...path, "vlans", name, "id"];
      if (earlier === undefined) seen.set(id, name);
      else yield { path: here, message: `is taken: the VLAN ${earlier} has the tag ${id} already.` };
    }
  }
}

/** The towers share one storage, and it is where the rack says. */
export function* racksHaveOneStorage(config: LooseConfig): Iterable<Finding> {
  for (const [place, hosts] of entries(config.hosts)) {
    const rack = config.sites?.[place]?.rack;
    const stores = entries(hosts).filter(([, { role }]) => role === "storage");
    for (const [name] of stores) {
      const path = ["hosts", place, name, "role"];
      const site = config.sites?.[place];
      if (rack === undefined && (site === undefined || !lacks(site, "rack"))) continue;
      if (rack === undefined) {
        yield { path, message: `is for a rack's storage, and ${place} is none: add sites.${place}.rack.` };
      } else if (rack.storage?.host !== undefined && rack.storage.host !== name) {
        const message = `is a second storage: sites.${place}.rack.storage names ${rack.storage.host}, and a rack has one.`;
        yield { path, message };
      }
    }
    const named = rack?.storage?.host;
    const role = named === undefined ? undefined : hosts[named]?.role;
    if (named === undefined || (role === undefined && !lacks(hosts, named)) || role === "storage") continue;
    const known = stores.map(([name]) => name);
    const message = `names no host of role storage: ${suggestion(named, known)}`;
    yield { path: ["sites", place, "rack", "storage", "host"], message };
  }
}

/** etcd's smallest cluster that can lose a member, and the only size that this program sets up. */
const clusterSize = 3;

export function* clustersHaveThreeNodes(config: LooseConfig): Iterable<Finding> {
  for (const { place, path, hosts } of racksOf(config)) {
    const roles = hosts.map(([, { role }]) => role);
    if (config.hosts === undefined || roles.includes(undefined)) continue;
    const count = roles.filter((role) => role === "tower").length;
    if (count === clusterSize) continue;
    const message = `has ${count} towers, and etcd needs ${clusterSize}: with fewer none may fail, with an even number no more may. Change hosts.${place}.`;
    yield { path, message };
  }
}

/** What a rack's gateway runs in front of the towers. */
const frontPorts = new Map([
  [8080, "the API"],
  [8443, "the API over TLS"],
  [8404, "the load balancer's statistics"],
]);

/** Services that others run on the gateway leave its own ports alone. */
export function* gatewayServicesHaveFreePorts(config: LooseConfig): Iterable<Finding> {
  for (const { place, rack } of racksOf(config)) {
    if (rack.gateway === undefined) continue;
    for (const [name, port] of entries(config.hosts?.[place]?.[rack.gateway]?.services)) {
      const own = frontPorts.get(port);
      const path = ["hosts", place, rack.gateway, "services", name];
      const message = `is taken: ${own ?? ""} has port ${port} on a rack's gateway. Use another port.`;
      if (own !== undefined) yield { path, message };
    }
  }
}

/** Whether an address is one of a network that holds its own host part; used by rules about towers. */
export function addressIn(cidr: string | undefined, text: string | undefined): boolean | undefined {
  const range = cidr === undefined ? undefined : parseCidr(cidr);
  const number = text === undefined ? undefined : parseAddress(text);
  return range === undefined || number === undefined ? undefined : includes(range, number);
}
