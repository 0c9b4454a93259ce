/** What a rule is: it looks at the whole configuration and tells every place where values do not fit together. */
import { parseAddress, parseCidr, type Range } from "../ip.ts";
import { tiers, type Tier } from "../ledger.ts";
import { formatPath, networkKey, type Path } from "../problem.ts";
import type { RuleId } from "../sources.ts";
import type { LooseConfig, LooseHost, LooseRegion } from "../loose.ts";

export type { Loose, LooseConfig, LooseHost, LooseRegion } from "../loose.ts";

export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** Where the rule is a platform's. */
  readonly rule?: RuleId;
}

/** A finding that breaks a platform's rule. */
export function broken(rule: RuleId, path: Path, message: string): Finding {
  return { path, message, rule };
}

export type Rule = (config: LooseConfig) => Iterable<Finding>;

/** The entries of a map that are there, in the order of their keys. */
export function entries<Value>(map: Record<string, Value | undefined> | undefined): [string, Value][] {
  return Object.entries(map ?? {})
    .filter((entry): entry is [string, Value] => entry[1] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The elements of a list that are there, with their indexes. */
export function items<Value>(values: readonly (Value | undefined)[] | undefined): [number, Value][] {
  return [...(values ?? []).entries()].filter((item): item is [number, Value] => item[1] !== undefined);
}

/** The names of a map, those of malformed values included. */
export function names(map: object | undefined): string[] {
  return Object.keys(map ?? {}).sort();
}

/** Whether the map lacks the name. A malformed map, and a malformed value of that name, say nothing. */
export function lacks(map: object | undefined, name: string): boolean {
  return map !== undefined && !Object.hasOwn(map, name);
}

/** A path as a message names it: from the network's root. */
export function placeName(path: Path): string {
  return formatPath(path).slice(networkKey.length + 1);
}

/** A network of the configuration and where it is written. */
export interface Network {
  readonly path: Path;
  readonly cidr: string;
  readonly range: Range;
}

/** The network that is written at the path; nothing where it is missing or malformed. */
export function networkAt(path: Path, cidr: string | undefined): Network[] {
  const range = cidr === undefined ? undefined : parseCidr(cidr);
  return cidr === undefined || range === undefined ? [] : [{ path, cidr, range }];
}

/** An address of the configuration and where it is written. */
export interface Address {
  readonly path: Path;
  readonly text: string;
  readonly number: number;
}

export function addressAt(path: Path, text: string | undefined): Address[] {
  const number = text === undefined ? undefined : parseAddress(text);
  return text === undefined || number === undefined ? [] : [{ path, text, number }];
}

/** Tells every address that another one before it already has. */
export function* duplicateAddresses(addresses: readonly Address[]): Iterable<Finding> {
  const taken = new Map<number, Path>();
  for (const { path, text, number } of addresses) {
    const owner = taken.get(number);
    if (owner === undefined) taken.set(number, path);
    else yield { path, message: `is taken: ${text} is already ${placeName(owner)}. Use another address.` };
  }
}

/** Every host with its place and path. */
export interface PlacedHost {
  readonly place: string;
  readonly name: string;
  readonly key: string;
  readonly path: Path;
  readonly host: LooseHost;
}

export function placedHosts(config: LooseConfig): PlacedHost[] {
  return entries(config.hosts).flatMap(([place, hosts]) =>
    entries(hosts).map(([name, host]) => ({
      place,
      name,
      key: `${place}/${name}`,
      path: ["hosts", place, name],
      host,
    })),
  );
}

/** Whether a switch that is off by default is surely off. */
export function isOff<Key extends string>(
  map: Readonly<Partial<Record<Key, boolean | undefined>>>,
  key: Key,
): boolean {
  return map[key] === false || lacks(map, key);
}

/** Whether there is surely no such host. */
export function lacksHost(config: LooseConfig, key: string): boolean {
  const [place = "", name = ""] = key.split("/");
  return lacks(config.hosts, place) || lacks(config.hosts?.[place], name);
}

/** The host's address at its place: the site's node, or what the host itself says. */
export function addressOf(config: LooseConfig, { place, name, host }: PlacedHost): string | undefined {
  return config.sites?.[place]?.nodes?.[name] ?? host.address;
}

export interface Subnet extends Network {
  readonly tier: Tier;
  readonly index: number;
}

/** A region's well-formed subnets. */
export function subnetsOf(key: string, region: LooseRegion): Subnet[] {
  return tiers.flatMap((tier) =>
    items(region.subnets?.[tier]).flatMap(([index, cidr]) =>
      networkAt(["regions", key, "subnets", tier, index], cidr).map((network) => ({
        ...network,
        tier,
        index,
      })),
    ),
  );
}
