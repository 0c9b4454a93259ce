/**
 * Hosts that AWS described and that nothing in the network tells apart: in the same subnets with the same groups, and
 * with addresses that every rule and every route treats alike ({@link Conditions}). An account has thousands of hosts and
 * few kinds of them; what is found of one holds for its twins.
 */
import { Conditions, identityOf } from "../classes/conditions.ts";
import type { Point } from "../sets/intervals.ts";
import type { Eni, HostNode, World } from "../world/model.ts";

/** What must be the same of two interfaces. */
function shapeOf(
  { link, subnet, checks, sealed, ingress, egress, publicAddresses }: Eni,
  at: string,
): string {
  const is = [checks, sealed !== undefined, publicAddresses.size].join(" ");
  return `${link} in ${subnet}: ${is} ${identityOf(ingress)} ${identityOf(egress)} ${at}`;
}

/** Interfaces that routes lead to; whoever has one is like nobody else. */
function namedIn({ regions }: World): Set<string> {
  const named = new Set<string>();
  const add = (value: { readonly kind: string; readonly host?: string }, region: string): void => {
    if (value.kind === "instance" && value.host !== undefined)
      named.add(regions.get(region)?.interfaces.get(value.host)?.host ?? value.host);
  };
  for (const [key, { subnets, gatewayRoutes }] of regions) {
    for (const { value } of gatewayRoutes?.entries ?? []) add(value, key);
    for (const { routes } of subnets.values()) for (const { value } of routes.entries) add(value, key);
  }
  return named;
}

class Shapes {
  readonly #world: World;
  readonly #named: ReadonlySet<string>;
  readonly #treated: ReadonlyMap<Point, string>;

  constructor(world: World) {
    this.#world = world;
    this.#named = namedIn(world);
    const addresses = [...world.hosts.values()].flatMap((host) => [
      ...host.addresses.keys(),
      ...[...host.links.values()].flatMap(({ attachment }) =>
        attachment.kind === "eni" ? [...attachment.eni.publicAddresses.values()] : [],
      ),
    ]);
    this.#treated = new Conditions(world).of(addresses);
  }

  /** `undefined` for a host that is like nobody else. */
  of({ key, plan, links, gates, forwards, unseen, clients }: HostNode): string | undefined {
    if (plan !== undefined || forwards !== false || this.#named.has(key)) return undefined;
    const shapes = [...links.values()].map(({ addresses, attachment }) => {
      if (attachment.kind !== "eni") return undefined;
      const { eni } = attachment;
      return shapeOf(eni, addresses.map((at) => this.#treatment(eni, at)).join("; "));
    });
    if (shapes.includes(undefined)) return undefined;
    const says = [identityOf(gates), unseen, clients?.from, clients?.to].join(" ");
    return [says, ...shapes].join("\n");
  }

  /** How an address, and the public one that it has, are treated, by the internet gateway too. */
  #treatment({ region, publicAddresses }: Eni, at: Point): string {
    const outside = publicAddresses.get(at);
    const entry = this.#world.regions.get(region)?.gatewayRoutes?.find(at);
    const way = entry === undefined || entry === "undecided" ? entry : entry.network;
    return [this.#treated.get(at), outside === undefined ? "" : this.#treated.get(outside), way].join(" | ");
  }
}

/** All hosts, each with its twins; of two twins, addresses at one place stand for each other. */
export function twinsOf(world: World): HostNode[][] {
  const shapes = new Shapes(world);
  const twins = new Map<string, HostNode[]>();
  for (const host of world.hosts.values()) {
    const shape = shapes.of(host) ?? `itself ${host.key}`;
    const known = twins.get(shape);
    if (known === undefined) twins.set(shape, [host]);
    else known.push(host);
  }
  return [...twins.values()];
}
