/** Who asks, and about whom: the proof's places, each with where it stands in the sandbox. */
import type { Prover } from "../../components/proof/prover.ts";
import { formatAddress, isV6Point, parseAddress } from "../../components/proof/sets/addresses.ts";
import { nowhere, type Point } from "../../components/proof/sets/intervals.ts";
import type { HostNode, Segment } from "../../components/proof/world/model.ts";
import { publicName } from "../../components/proof/world/public.ts";
import type { Source } from "../../components/proof/world/source.ts";
import type { World as SandboxWorld } from "../../sandbox/fabric/world.ts";
import { SandboxError } from "../../sandbox/mode.ts";
import type { Device } from "../../sandbox/prove/devices.ts";
import type { Place } from "../../sandbox/prove/places.ts";

/** Someone whose packets are asked about. */
export interface Asker {
  /** `us-west/api-1`, `device edge-home/192.168.4.0/24`, `stranger`, `operator` */
  readonly name: string;
  readonly source: Source;
  readonly families: readonly ("ipv4" | "ipv6")[];
}

/** An address that is asked about. */
export interface Target {
  /** Whose it is: an asker's name, `router of edge-home` or `NAT gateway us-west/nat`. */
  readonly owner: string;
  /** What kind of address it is, in a word: `private`, `public`, `tunnel`, `ipv6`. */
  readonly kind: "private" | "public" | "tunnel" | "ipv6";
  /** As the proof has it, a symbol included. */
  readonly point: Point;
  /** As packets have it. */
  readonly address: string;
}

export interface Subjects {
  readonly askers: readonly Asker[];
  readonly targets: readonly Target[];
  readonly devices: readonly Device[];
}

/** What of the sandbox the subjects are bound to. */
export interface Ground {
  readonly world: SandboxWorld;
  readonly places: ReadonlyMap<string, Place>;
  readonly nats: ReadonlyMap<string, string>;
}

export const stranger = "stranger";
export const operator = "operator";

export function deviceName({ key }: Segment): string {
  return `device ${key}`;
}

function placeOf({ places }: Ground, host: string): Place {
  const place = places.get(host);
  if (place === undefined) {
    throw new SandboxError(`The sandbox has no machine ${host}: bring the stack up first.`, 2);
  }
  return place;
}

function hostTargets(node: HostNode, ground: Ground): Target[] {
  const place = placeOf(ground, node.key);
  return [...node.links.values()].flatMap(({ addresses, attachment }) => {
    const own = addresses.map((point): Target => {
      if (isV6Point(point)) {
        return { owner: node.key, kind: "ipv6", point, address: place.ipv6Address ?? "" };
      }
      const kind = attachment.kind === "tunnel" ? "tunnel" : "private";
      return { owner: node.key, kind, point, address: formatAddress(point) };
    });
    const outside = attachment.kind === "eni" ? attachment.eni.publicAddress : undefined;
    if (outside === undefined) return own;
    return [
      ...own,
      { owner: node.key, kind: "public", point: outside, address: place.publicAddress ?? "" } as const,
    ];
  });
}

function hostAsker({ key, addresses }: HostNode): Asker {
  const families = [...addresses.keys()].some(isV6Point) ? (["ipv4", "ipv6"] as const) : (["ipv4"] as const);
  return { name: key, source: { kind: "host", host: key }, families };
}

function device(segment: Segment): Device {
  return {
    name: deviceName(segment),
    site: segment.site,
    network: segment.network,
    address: formatAddress(segment.free),
    gateway: segment.gateway === undefined ? undefined : formatAddress(segment.gateway),
  };
}

function outsiders({ world }: Ground): { askers: Asker[]; targets: Target[] } {
  const { hosts, ipv6 } = world.internet;
  const people = [
    { name: stranger, address: hosts[stranger], ipv6: ipv6.hosts[stranger] },
    { name: operator, address: world.operator, ipv6: undefined },
  ];
  const askers: Asker[] = [];
  const targets: Target[] = [];
  for (const { name, address, ipv6: sixth } of people) {
    if (address === undefined) continue;
    const point = parseAddress(address);
    askers.push({
      name,
      source: { kind: "internet", address: point },
      families: sixth === undefined ? ["ipv4"] : ["ipv4", "ipv6"],
    });
    targets.push({ owner: name, kind: "public", point, address });
    if (sixth !== undefined)
      targets.push({ owner: name, kind: "ipv6", point: parseAddress(sixth), address: sixth });
  }
  return { askers, targets };
}

function gatewayTargets({ world: { regions, sites, space } }: Prover, ground: Ground): Target[] {
  const nats = [...regions.values()].flatMap(({ nats }) => [...nats.values()]);
  const symbol = (name: string): Point => space.symbol(publicName(name), nowhere);
  return [
    ...nats.map(({ key }): Target => {
      const address = ground.nats.get(key);
      if (address === undefined) throw new SandboxError(`The sandbox has no NAT gateway ${key}.`, 2);
      return { owner: `NAT gateway ${key}`, kind: "public", point: symbol(key), address };
    }),
    ...[...sites.keys()].map((key): Target => {
      const address = ground.world.sites[key]?.publicAddress;
      if (address === undefined) throw new SandboxError(`The sandbox has no site ${key}.`, 2);
      return { owner: `router of ${key}`, kind: "public", point: symbol(key), address };
    }),
  ];
}

/** Everybody and every address of a network, bound to the sandbox. */
export function subjectsOf(prover: Prover, ground: Ground): Subjects {
  const { hosts, segments } = prover.world;
  const nodes = [...hosts.values()];
  const lans = [...segments.values()];
  const outside = outsiders(ground);
  const targets: Target[] = [
    ...nodes.flatMap((node) => hostTargets(node, ground)),
    ...lans.map((segment): Target => {
      const address = formatAddress(segment.free);
      return { owner: deviceName(segment), kind: "private", point: segment.free, address };
    }),
    ...gatewayTargets(prover, ground),
    ...outside.targets,
  ];
  const nameless = targets.find(({ address }) => address === "");
  if (nameless !== undefined) {
    throw new SandboxError(
      `The plan gives ${nameless.owner} an address (${nameless.kind}) that the sandbox's machine has not: bring the stack up first.`,
      2,
    );
  }
  const devices = lans.map(device);
  return {
    askers: [
      ...nodes.map(hostAsker),
      ...lans.map((segment): Asker => {
        const source: Source = { kind: "device", segment: segment.key };
        return { name: deviceName(segment), source, families: ["ipv4"] };
      }),
      ...outside.askers,
    ],
    targets,
    devices,
  };
}

/**
 * Whether the pair is one that packets can answer as the network would. The operator of the sandbox has a leg on every
 * LAN, by which it comes to private addresses past the network that is asked about.
 */
export function isAskable(asker: Asker, target: Target): boolean {
  if (asker.name === target.owner) return false;
  if (!asker.families.includes(target.kind === "ipv6" ? "ipv6" : "ipv4")) return false;
  return asker.name !== operator || target.kind === "public" || target.kind === "ipv6";
}
