/**
 * Where packets begin and end, as classes that nothing in the network tells apart.
 *
 * Two hosts are of one class if the network stays the same when they change places: they stand in one subnet or
 * segment, have the same groups, routes and tables, and their addresses are in the same sets of every rule and every
 * table ({@link Conditions}). Whatever is found of one of them then holds for all. A host that others name or send
 * through is a class by itself.
 */
import { publicV4 } from "../world/public.ts";
import { instanceLink, type Eni, type HostNode, type Link, type World } from "../world/model.ts";
import { formatAddress, type AddressSet } from "../sets/addresses.ts";
import { difference, lowest, point, interval, union, unionAll, type Point } from "../sets/intervals.ts";
import type { Source } from "../world/walk.ts";
import { Conditions, identityOf } from "./conditions.ts";

export interface HostClass {
  readonly kind: "host";
  /** Its first member's. */
  readonly key: string;
  readonly members: readonly HostMember[];
}

export interface HostMember {
  readonly host: string;
  /** Those on its links, then its public one; of two members, those at one place stand for each other. */
  readonly addresses: readonly Point[];
}

/** Devices of a LAN or VLAN that nobody manages: all are alike. */
export interface DeviceClass {
  readonly kind: "device";
  /** Its segment's. */
  readonly key: string;
  readonly addresses: readonly [Point];
}

/** Addresses of the internet that every rule treats alike. */
export interface InternetClass {
  readonly kind: "internet";
  readonly key: string;
  readonly set: AddressSet;
  /** One of them. */
  readonly addresses: readonly [Point];
}

export type EndpointClass = HostClass | DeviceClass | InternetClass;

/** Addresses of the class, as which its first member is reached. */
export function addressesOf(endpoint: EndpointClass): readonly Point[] {
  return endpoint.kind === "host" ? (endpoint.members[0]?.addresses ?? []) : endpoint.addresses;
}

/** The class as a source, by its first member. */
export function sourceOf(endpoint: EndpointClass): Source {
  switch (endpoint.kind) {
    case "host":
      return { kind: "host", host: endpoint.key };
    case "device":
      return { kind: "device", segment: endpoint.key };
    case "internet":
      return { kind: "internet", address: endpoint.addresses[0] };
  }
}

/** Hosts that others name: next hops, routers, targets of routes, whom names lead to. */
function namedHosts(world: World): Set<string> {
  const points = new Set<Point | undefined>();
  const named = new Set<string | undefined>();
  for (const { routes, answers } of world.hosts.values()) {
    for (const map of [routes, ...answers.values()])
      for (const { value } of map.entries) points.add(value.via);
  }
  for (const { router, gateway } of world.segments.values()) points.add(router).add(gateway);
  for (const target of world.names.values()) {
    if (target.kind === "addresses") for (const address of target.addresses) points.add(address);
  }
  for (const { subnets } of world.regions.values()) {
    for (const { routes } of subnets.values()) {
      for (const { value } of routes.entries) if (value.kind === "instance") named.add(value.host);
    }
  }
  for (const host of world.hosts.values()) {
    if (addressesOfHost(host).some((address) => points.has(address))) named.add(host.key);
  }
  named.delete(undefined);
  return named as Set<string>;
}

function eniOf({ links }: HostNode): Eni | undefined {
  const attachment = links.get(instanceLink)?.attachment;
  return attachment?.kind === "eni" ? attachment.eni : undefined;
}

function addressesOfHost(host: HostNode): Point[] {
  const eni = eniOf(host);
  return [...host.addresses.keys(), ...(eni?.publicAddress === undefined ? [] : [eni.publicAddress])];
}

/** What must be the same of two hosts' link for them to be of one class. */
function linkShape({ name, addresses, attachment }: Link): string | undefined {
  switch (attachment.kind) {
    case "eni": {
      const { subnet, checks, ingress, egress, ipv6, publicAddress } = attachment.eni;
      const has = [checks, ipv6 !== undefined, publicAddress !== undefined].join(" ");
      return `${name} in ${subnet}: ${has} ${identityOf(ingress)} ${identityOf(egress)}`;
    }
    case "segment":
      return `${name} in ${attachment.segment}: ${addresses.length}`;
    case "tunnel":
      return undefined;
  }
}

/** `undefined` for a host that is a class by itself. */
function shapeOf(host: HostNode): string | undefined {
  const links = [...host.links.values()].map(linkShape);
  if (host.forwards || host.answers.size > 0 || links.includes(undefined)) return undefined;
  const tables = [host.routes, host.gates, host.masquerade].map(identityOf);
  return [...tables, ...links].join(", ");
}

function hostClasses(world: World, conditions: Conditions): HostClass[] {
  const named = namedHosts(world);
  const members = [...world.hosts.values()].map((host) => ({ host, addresses: addressesOfHost(host) }));
  const treated = conditions.of(members.flatMap(({ addresses }) => addresses));
  const classes = new Map<string, { kind: "host"; key: string; members: HostMember[] }>();
  for (const { host, addresses } of members) {
    const shape = named.has(host.key) ? undefined : shapeOf(host);
    const texts = addresses.map((address) => treated.get(address) ?? "");
    const text = shape === undefined ? `itself ${host.key}` : [shape, ...texts].join("; ");
    const made = classes.get(text) ?? { kind: "host", key: host.key, members: [] };
    made.members.push({ host: host.key, addresses });
    classes.set(text, made);
  }
  return [...classes.values()];
}

/** Global unicast addresses (RFC 4291, section 2.5.4; IANA gives out 2000::/3 alone). */
const publicV6 = "2000::/3";

/** Everything that is routed on the internet and that nobody of ours has. */
function strangers(world: World): AddressSet {
  const own = [...world.regions.values()].flatMap(({ own: networks }) =>
    networks.sides.map(({ addresses }) => addresses),
  );
  const owned = [...world.publicOwners.keys()].map((at) => interval(at, point(BigInt(at) + 1n)));
  return difference(union(publicV4, world.space.network(publicV6)), unionAll([...own, ...owned]));
}

function internetClasses(world: World, conditions: Conditions): InternetClass[] {
  return conditions.partsOf(strangers(world)).map((set): InternetClass => {
    const address = lowest(set) ?? 0;
    return { kind: "internet", key: `internet ${formatAddress(address)}`, set, addresses: [address] };
  });
}

/** All classes of the network: hosts, devices of each segment, and the internet. */
export function endpointClasses(world: World): EndpointClass[] {
  const conditions = new Conditions(world);
  const devices = [...world.segments.values()].map(({ key, free }): DeviceClass => ({
    kind: "device",
    key,
    addresses: [free],
  }));
  return [...hostClasses(world, conditions), ...devices, ...internetClasses(world, conditions)];
}
