/**
 * Where packets begin and end, as classes that nothing in the network tells apart.
 *
 * Two hosts are of one class if the network stays the same when they change places: they stand in one subnet or
 * segment, have the same groups, routes and tables, and their addresses are in the same sets of every rule and every
 * table ({@link Conditions}). Whatever is found of one of them then holds for all. A host that others name or send
 * through is a class by itself.
 */
import { instanceLink, type Eni, type HostNode, type Link, type World } from "../world/model.ts";
import type { Point } from "../sets/intervals.ts";
import { conditionsOf, identityOf } from "./conditions.ts";

export interface HostClass {
  /** Its first member's. */
  readonly key: string;
  /** Keys of hosts. */
  readonly members: readonly string[];
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
    if (addressesOf(host).some((address) => points.has(address))) named.add(host.key);
  }
  named.delete(undefined);
  return named as Set<string>;
}

function eniOf({ links }: HostNode): Eni | undefined {
  const attachment = links.get(instanceLink)?.attachment;
  return attachment?.kind === "eni" ? attachment.eni : undefined;
}

/** Those on its links, then its public one; of two members of a class, those at one place stand for each other. */
export function addressesOf(host: HostNode): Point[] {
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

/** All hosts, in classes. */
export function hostClasses(world: World): HostClass[] {
  const named = namedHosts(world);
  const members = [...world.hosts.values()].map((host) => ({ host, addresses: addressesOf(host) }));
  const treated = conditionsOf(world).of(members.flatMap(({ addresses }) => addresses));
  const classes = new Map<string, { key: string; members: string[] }>();
  for (const { host, addresses } of members) {
    const shape = named.has(host.key) ? undefined : shapeOf(host);
    const texts = addresses.map((address) => treated.get(address) ?? "");
    const text = shape === undefined ? `itself ${host.key}` : [shape, ...texts].join("; ");
    const made = classes.get(text) ?? { key: host.key, members: [] };
    made.members.push(host.key);
    classes.set(text, made);
  }
  return [...classes.values()];
}
