/** A tower has the options of its mode, stands where that mode can, and gets in nobody's way. */
import { overlaps, parseCidr } from "../ip.ts";
import { type Path } from "../problem.ts";
import type { TowerConfig } from "../schema.ts";
import { addressIn } from "./racks.ts";
import {
  addressOf,
  entries,
  items,
  lacks,
  networkAt,
  placedHosts,
  placeName,
  type Finding,
  type Loose,
  type LooseConfig,
  type Network,
  type PlacedHost,
} from "./rule.ts";

interface PlacedTower extends PlacedHost {
  readonly tower: Loose<TowerConfig>;
  readonly here: Path;
}

function towersOf(config: LooseConfig): PlacedTower[] {
  return placedHosts(config).flatMap((placed) =>
    placed.host.role === "tower" && placed.host.tower !== undefined
      ? [{ ...placed, tower: placed.host.tower, here: [...placed.path, "tower"] }]
      : [],
  );
}

/** Who is a tower says of what kind, and nobody else does; what is for one mode stands in no other. */
export function* towersAreComplete(config: LooseConfig): Iterable<Finding> {
  for (const { path, host } of placedHosts(config)) {
    const here = [...path, "tower"];
    if (host.role === "tower" && lacks(host, "tower")) {
      const message =
        "is missing: it must be a map with the tower's mode (local, server, cluster or p2p_hub).";
      yield { path: here, message };
    } else if (host.role !== undefined && host.role !== "tower" && host.tower !== undefined) {
      yield { path: here, message: `is for a tower, and this host is a ${host.role}: remove it.` };
    }
  }
  const modes = [
    ["management", "server"],
    ["weight", "cluster"],
  ] as const;
  for (const { tower, here } of towersOf(config)) {
    for (const [option, mode] of modes) {
      if (tower.mode === undefined || tower.mode === mode || tower[option] === undefined) continue;
      const message = `is for ${mode} mode, and this tower is in ${tower.mode} mode: remove it.`;
      yield { path: [...here, option], message };
    }
  }
}

/** A cluster's towers stand in a rack, and no others do; none stands in a region. */
export function* towersStandWhereTheyCan(config: LooseConfig): Iterable<Finding> {
  for (const { place, path, host } of placedHosts(config)) {
    if (host.role !== "tower" && host.role !== "storage") continue;
    if (config.regions?.[place] === undefined) continue;
    const message = `cannot be ${host.role}: ${place} is a region of AWS, and towers stand at sites.`;
    yield { path: [...path, "role"], message };
  }
  for (const { place, tower, here } of towersOf(config)) {
    const site = config.sites?.[place];
    if (site === undefined || tower.mode === undefined) continue;
    const path = [...here, "mode"];
    if (tower.mode === "cluster" && lacks(site, "rack")) {
      const message = `needs a rack with its VLANs, storage and two further towers: add sites.${place}.rack, or choose another mode.`;
      yield { path, message };
    } else if (tower.mode !== "cluster" && site.rack !== undefined) {
      const message = `must be cluster, but is ${tower.mode}: ${place} is a rack, whose towers make one cluster.`;
      yield { path, message };
    }
  }
}

export function* towerPortsAreDistinct(config: LooseConfig): Iterable<Finding> {
  for (const { tower, here } of towersOf(config)) {
    const seen = new Map<string, string>();
    const used = { primary: "eth0", secondary: "eth1", management: "eth2", ...tower.ports };
    const all = [
      ...entries<string>(used).map(([name, port]) => [name, port, [...here, "ports", name]] as const),
      ...(tower.wifi === undefined
        ? []
        : [["wifi", tower.wifi.port ?? "wlan0", [...here, "wifi", "port"]] as const]),
    ];
    for (const [name, port, path] of all) {
      const earlier = seen.get(port);
      if (earlier === undefined) seen.set(port, name);
      else
        yield {
          path,
          message: `is taken: ${port} is the tower's ${earlier} already. Name another interface.`,
        };
    }
  }
}

/** Server mode's second address: on the site's network, and nobody else's. */
export function* managementAddressesFit(config: LooseConfig): Iterable<Finding> {
  const taken = new Map<string, Path>();
  for (const placed of placedHosts(config)) {
    const address = addressOf(config, placed);
    if (address !== undefined) taken.set(`${placed.place} ${address}`, placed.path);
  }
  for (const { place, tower, here } of towersOf(config)) {
    const text = tower.management?.address;
    const site = config.sites?.[place];
    if (text === undefined || site === undefined) continue;
    const path = [...here, "management", "address"];
    const owner = taken.get(`${place} ${text}`);
    taken.set(`${place} ${text}`, path);
    if (addressIn(site.network, text) === false) {
      yield { path, message: `is outside the site: ${text} must lie within ${site.network ?? ""}.` };
    } else if (owner !== undefined || site.gateway === text) {
      const whose = owner === undefined ? `sites.${place}.gateway` : placeName(owner);
      yield { path, message: `is taken: ${text} is already ${whose}. Use another address.` };
    }
  }
}

function everybodysNetworks(config: LooseConfig): Network[] {
  return [
    ...entries(config.regions).flatMap(([key, { vpcCidr }]) =>
      networkAt(["regions", key, "vpcCidr"], vpcCidr),
    ),
    ...entries(config.sites).flatMap(([key, { network }]) => networkAt(["sites", key, "network"], network)),
    ...networkAt(["wireguard", "network"], config.wireguard?.network),
  ];
}

/** The USB cable and the access point are networks of the tower's own. Two towers may use the same: they never meet. */
export function* towerNetworksAreFree(config: LooseConfig): Iterable<Finding> {
  for (const { tower, here } of towersOf(config)) {
    const own = [
      ...networkAt([...here, "usbNetwork"], tower.usbNetwork),
      ...networkAt([...here, "wifi", "network"], tower.wifi?.network),
    ];
    for (const [index, network] of own.entries()) {
      const others = [...everybodysNetworks(config), ...own.slice(0, index)];
      const other = others.find(({ range }) => overlaps(range, network.range));
      if (other === undefined) continue;
      const message = `overlaps ${placeName(other.path)}: ${network.cidr} and ${other.cidr} share addresses. Use a range of its own.`;
      yield { path: network.path, message };
    }
  }
}

/** What a hub listens on by itself, in the range from which it may relay. */
const ownPorts: readonly (readonly [port: number, what: string])[] = [
  [3478, "TURN"],
  [5349, "TURN over TLS"],
  [8080, "the API"],
  [8443, "the API over TLS"],
  [9090, "Prometheus"],
  [9100, "the node exporter"],
];

const leastRelayPort = 1024;

/** Relay ports run upwards, above the well-known, and leave the tower's own alone. */
export function* relaysFit(config: LooseConfig): Iterable<Finding> {
  for (const { tower, here } of towersOf(config)) {
    if (tower.mode !== "p2p_hub") continue;
    const { relayPorts, relayTo } = tower.p2p ?? {};
    const path = [...here, "p2p", "relayPorts"];
    const [from = 0, to = 0] = (relayPorts ?? "").split("-").map(Number);
    const clash = ownPorts.find(([port]) => from <= port && port <= to);
    if (relayPorts !== undefined && (from < leastRelayPort || to > 65535 || from >= to)) {
      const message = `is no range of relay ports: ${relayPorts} must run upwards, within ${leastRelayPort}-65535.`;
      yield { path, message };
    } else if (relayPorts !== undefined && clash !== undefined) {
      const message = `clashes with ${clash[1]} on ${clash[0]}: leave the hub's own ports out, as 49152-65535 does.`;
      yield { path, message };
    }
    for (const [index, cidr] of items(relayTo)) {
      if ((parseCidr(cidr)?.prefix ?? 32) >= 8) continue;
      const message = `is too wide: relaying to ${cidr} would open everything behind the hub. Name the networks that are meant.`;
      yield { path: [...here, "p2p", "relayTo", index], message };
    }
  }
}

/** A realm's names (stun, turn) lead to one hub. */
export function* realmsAreDistinct(config: LooseConfig): Iterable<Finding> {
  const seen = new Map<string, string>();
  for (const { tower, here, key } of towersOf(config)) {
    const domain = tower.p2p?.domain;
    if (tower.mode !== "p2p_hub" || domain === undefined) continue;
    const earlier = seen.get(domain);
    if (earlier === undefined) seen.set(domain, key);
    else {
      const message = `is taken: ${domain} is the realm of ${earlier} already. Give each hub a domain of its own.`;
      yield { path: [...here, "p2p", "domain"], message };
    }
  }
}
