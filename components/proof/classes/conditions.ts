/**
 * All that the network asks of an address: the networks of routes, AllowedIPs and rules, the members of groups, and
 * what the proof itself asks. Two addresses that are in the same of these sets are treated alike by every table and
 * every gate.
 */
import type { Gate, Side } from "../rules/gate.ts";
import { allV4, allV6, neverPublic, type AddressSet } from "../sets/addresses.ts";
import { has, keyOf, type Point } from "../sets/intervals.ts";
import type { ConnectionState } from "../rules/nft-text.ts";
import type { HostNode, World } from "../world/model.ts";

const states: readonly ConnectionState[] = ["new", "established", "invalid"];

/** Every gate that a packet may meet on the host, whatever its way. */
function hostGates(host: HostNode): Gate[] {
  const links = [...host.links.keys()];
  const outwards = host.forwards ? links : [];
  return states.flatMap((state) => [
    ...links.flatMap((link) => [
      ...host.gates("input", { iif: link, oif: undefined, state }),
      ...host.gates("output", { iif: undefined, oif: link, state }),
    ]),
    ...links.flatMap((iif) =>
      outwards.flatMap((oif) => {
        const hidden = host.masquerade({ iif, oif, state });
        return [...host.gates("forward", { iif, oif, state }), ...(hidden === undefined ? [] : [hidden])];
      }),
    ),
  ]);
}

/** What has conditions on addresses: gates, and tables of prefixes. */
interface Asker {
  readonly sides: readonly Side[];
}

function hostAskers(host: HostNode): Asker[] {
  const tunnels = [...host.links.values()].flatMap(({ attachment }) =>
    attachment.kind === "tunnel" ? [attachment.tunnel.allowed] : [],
  );
  return [host.routes, ...host.answers.values(), ...tunnels, ...hostGates(host)];
}

function askersOf(world: World): Set<Asker> {
  const askers = new Set<Asker | undefined>();
  askers.add(world.publicNetworks);
  for (const { own, gatewayRoutes, delegated, subnets, interfaces } of world.regions.values()) {
    askers.add(own).add(gatewayRoutes).add(delegated);
    for (const { routes, acl } of subnets.values()) askers.add(routes).add(acl.ingress).add(acl.egress);
    for (const { ingress, egress } of interfaces.values()) askers.add(ingress).add(egress);
  }
  const tables = new Set<string>();
  for (const host of world.hosts.values()) {
    // Hosts with one table and links of the same names have the same gates.
    const key = `${identityOf(host.gates)} ${host.forwards} ${[...host.links.keys()].join(" ")}`;
    if (tables.has(key)) askers.add(host.routes);
    else for (const asker of hostAskers(host)) askers.add(asker);
    if (host.links.size === 1 && host.answers.size === 0) tables.add(key);
  }
  askers.delete(undefined);
  return askers as Set<Asker>;
}

const identities = new WeakMap<object, number>();
let identified = 0;

/** A number that the object has to itself. */
export function identityOf(object: object): number {
  const known = identities.get(object);
  if (known !== undefined) return known;
  identities.set(object, ++identified);
  return identified;
}

/** Each of the sets once. */
function distinctSets(world: World): AddressSet[] {
  const seen = new Set<AddressSet>();
  for (const { sides } of askersOf(world)) {
    for (const { addresses, undecided } of sides) seen.add(addresses).add(undecided);
  }
  const segments = [...world.segments.values()].map(({ network }) => world.space.network(network));
  const own = [allV4, allV6, neverPublic, ...segments];
  const byKey = new Map([...seen, ...own].map((set) => [keyOf(set), set]));
  return [...byKey.values()];
}

function ascending(a: Point, b: Point): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Tells of each address which of the sets it is in. */
export class Conditions {
  /** Where membership changes, and of which sets. */
  readonly #changes = new Map<Point, number[]>();
  readonly #boundaries: readonly Point[];
  readonly sets: readonly AddressSet[];

  constructor(world: World) {
    this.sets = distinctSets(world);
    for (const [index, set] of this.sets.entries()) {
      for (const boundary of set) {
        const known = this.#changes.get(boundary);
        if (known === undefined) this.#changes.set(boundary, [index]);
        else known.push(index);
      }
    }
    this.#boundaries = [...this.#changes.keys()].sort(ascending);
  }

  /** For each of the addresses a text that those share which are in the same sets. */
  of(addresses: readonly Point[]): Map<Point, string> {
    const found = new Map<Point, string>();
    const inside = new Set<number>();
    let next = 0;
    let text: string | undefined;
    for (const address of [...addresses].sort(ascending)) {
      for (; ; next++) {
        const boundary = this.#boundaries[next];
        if (boundary === undefined || boundary > address) break;
        for (const set of this.#changes.get(boundary) ?? []) if (!inside.delete(set)) inside.add(set);
        text = undefined;
      }
      text ??= [...inside].sort((a, b) => a - b).join(" ");
      found.set(address, text);
    }
    return found;
  }

  /** The set in as few parts as are treated differently. */
  partsOf(set: AddressSet): AddressSet[] {
    const cuts = [...new Set([...this.#boundaries.filter((boundary) => has(set, boundary)), ...set])];
    cuts.sort(ascending);
    const texts = this.of(cuts.filter((from) => has(set, from)));
    const parts = new Map<string, Point[]>();
    for (const [index, from] of cuts.entries()) {
      const [text, end] = [texts.get(from), cuts[index + 1]];
      if (text === undefined || end === undefined) continue;
      const part = parts.get(text) ?? [];
      // What follows upon its neighbour goes on with it.
      if (part.at(-1) === from) part.pop();
      else part.push(from);
      parts.set(text, part);
      part.push(end);
    }
    return [...parts.values()];
  }
}

const known = new WeakMap<World, Conditions>();

/** The conditions of a world, found out once. */
export function conditionsOf(world: World): Conditions {
  const made = known.get(world) ?? new Conditions(world);
  known.set(world, made);
  return made;
}
