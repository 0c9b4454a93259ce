/**
 * The internet in as few parts as the network can tell apart: whoever is in one part is treated like everybody else
 * there by every rule, route and tunnel, so one address speaks for all of it and nothing is left to chance.
 */
import { cloudflareNetworks } from "../../config/cloudflare-networks.ts";
import { formatAddresses, isV6Point, networks, parseAddress, type AddressSet } from "../sets/addresses.ts";
import {
  difference,
  has,
  intersection,
  isEmpty,
  lowest,
  pointsOf,
  runs,
  union,
  unionAll,
} from "../sets/intervals.ts";
import type { Point } from "../sets/intervals.ts";
import type { World } from "../world/model.ts";
import { internetV4, internetV6 } from "../world/public.ts";
import { conditionsOf } from "./conditions.ts";

interface Part {
  readonly addresses: AddressSet;
  /** Speaks for all of them. */
  readonly address: Point;
  readonly family: 4 | 6;
  readonly isOperator: boolean;
  readonly isCloudflare: boolean;
}

export interface InternetPart extends Part {
  /** `internet`, `the operator`, `Cloudflare`, or a network that some rule names. */
  readonly name: string;
}

/** Everything that is routed on the internet and that nobody of ours has. */
function outsideOf({ regions, publicOwners, publicNetworks }: World): AddressSet {
  const own = [...[...regions.values()].map((region) => region.own), publicNetworks].flatMap((map) =>
    (map?.sides ?? []).flatMap(({ addresses, undecided }) => [addresses, undecided]),
  );
  // A symbol is no address of anybody else's either.
  const owned = pointsOf([...publicOwners.keys()].filter((address) => address >= 0));
  return difference(union(internetV4, internetV6), unionAll([...own, owned]));
}

function cut(parts: readonly AddressSet[], by: AddressSet): AddressSet[] {
  return parts.flatMap((part) =>
    [intersection(part, by), difference(part, by)].filter((piece) => !isEmpty(piece)),
  );
}

/** Addresses for documentation (RFC 5737, RFC 3849), which a reader takes for nobody's. */
const documentation = ["198.51.100.9", "203.0.113.9", "192.0.2.9", "2001:db8::9"].map(parseAddress);

/** How many addresses there are, roughly where they are very many. */
export function sizeOf(set: AddressSet): number {
  return [...runs(set)].reduce((sum, [first, last]) => sum + Number(last) - Number(first) + 1, 0);
}

interface Named {
  readonly name: string;
  readonly addresses: AddressSet;
}

/** The smallest of the networks that a rule sets apart from all others. */
function narrowest(address: Point, conditions: readonly AddressSet[]): string | undefined {
  const named = conditions.flatMap((condition): Named[] => {
    // A network holds symbols too, which are no part of its name.
    const addresses = condition.length === 2 ? condition : condition.filter((boundary) => boundary >= 0);
    if (addresses.length !== 2 || !has(addresses, address)) return [];
    const name = formatAddresses(addresses);
    return name.includes(",") || name.endsWith("/0") ? [] : [{ name, addresses }];
  });
  const [smallest] = named.sort((a, b) => sizeOf(a.addresses) - sizeOf(b.addresses));
  return smallest?.name;
}

/** A part of so few networks is called by them. */
const fewNetworks = 3;

/** The largest part of each family, the operator's and Cloudflare's apart, is the internet at large. */
function largest(parts: readonly Part[], wanted: 4 | 6): Part | undefined {
  const others = parts.filter(({ family, isOperator, isCloudflare }) => {
    return family === wanted && !isOperator && !isCloudflare;
  });
  return others.sort((a, b) => sizeOf(b.addresses) - sizeOf(a.addresses))[0];
}

function nameOf({ addresses, address, isOperator, isCloudflare }: Part, sets: readonly AddressSet[]): string {
  if (isOperator) return "the operator";
  if (isCloudflare) return "Cloudflare";
  const own = formatAddresses(addresses).split(", ");
  const [first = "", ...others] = own;
  if (own.length <= fewNetworks) return own.join(", ");
  return narrowest(address, sets) ?? `${first} and ${others.length} other networks`;
}

/**
 * All parts of the internet, of IPv4 and then of IPv6, in a fixed order.
 * @param asked networks that are asked about besides, such as flows' ends
 */
export function internetParts(world: World, asked: readonly string[] = []): InternetPart[] {
  const conditions = conditionsOf(world);
  const [operator, cloudflare] = [networks(world.operator), networks(cloudflareNetworks)];
  const wanted = asked.map((text) => networks([text]));
  const sets = [operator, cloudflare, ...wanted].reduce(cut, conditions.partsOf(outsideOf(world)));
  const parts = sets.map((addresses): Part => {
    const address = documentation.find((point) => has(addresses, point)) ?? lowest(addresses) ?? 0;
    const [isOperator, isCloudflare] = [has(operator, address), has(cloudflare, address)];
    return { addresses, address, family: isV6Point(address) ? 6 : 4, isOperator, isCloudflare };
  });
  const [v4, v6] = [largest(parts, 4), largest(parts, 6)];
  const named = [...wanted, ...conditions.sets];
  const rank = (part: Part): number =>
    part.isOperator ? 0 : part.isCloudflare ? 1 : part === v4 || part === v6 ? 3 : 2;
  return parts
    .sort((a, b) => a.family - b.family || rank(a) - rank(b) || (a.address < b.address ? -1 : 1))
    .map((part) => {
      const name = part === v4 ? "internet" : part === v6 ? "internet (IPv6)" : nameOf(part, named);
      return { ...part, name };
    });
}
