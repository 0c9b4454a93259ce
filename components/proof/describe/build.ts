/** From what AWS describes of a network to the network as packets see it. */
import { outsideOf, type Alias, type Aliases } from "../ask/endpoint.ts";
import { isV6Point, neverPublic, parseAddress, SymbolSpace } from "../sets/addresses.ts";
import { has, type Point } from "../sets/intervals.ts";
import { TrafficTable, type EphemeralPorts } from "../sets/traffic.ts";
import { PrefixMap, type PrefixEntry } from "../rules/prefixes.ts";
import type { ClientPorts, Eni, PublicOwner, RegionNode, World } from "../world/model.ts";
import { collect, type Export } from "./collect.ts";
import type { ExportFile } from "./document.ts";
import { hostsOf, widePorts } from "./hosts.ts";
import { interfacesOf, nameOf, type Interface } from "./interfaces.ts";
import { addressesOf, isOfNat, natsOf } from "./nats.ts";
import { ExportError, type NotUnderstood } from "./notes.ts";
import { networksOfVpc, VpcBuilder } from "./vpcs.ts";

export interface DescribeOptions {
  /**
   * Where all clients open connections from, in place of what is known of each: what comes back through network ACLs
   * hangs on it.
   */
  readonly clients?: EphemeralPorts | undefined;
}

export interface DescribedWorld {
  /** What the world was made of. */
  readonly export: Export;
  readonly world: World;
  /** Ids of interfaces, and Name tags. */
  readonly aliases: Aliases;
  readonly notUnderstood: readonly NotUnderstood[];
}

/** Linux's range and Windows' together: what is known of somebody on the internet is no more than that. */
const unknownClients: EphemeralPorts = { from: 32768, to: 65535 };

/** Kinds without which nothing can be answered. */
const needed = ["Vpcs", "Subnets"] as const;

function demand(of: Export): void {
  const missing = needed.filter((kind) => !of.has(kind));
  if (missing.length > 0)
    throw new ExportError(
      `the export has no ${missing.join(" and no ")}: aws ec2 describe-${missing.map((kind) => kind.toLowerCase()).join(", describe-")}`,
    );
  if (of.vpcs.size === 0) throw new ExportError("the export has no VPC");
  for (const { id, value, file } of of.subnets.values()) {
    if (!of.vpcs.has(value.VpcId))
      throw new ExportError(`${file}: ${id} is in ${value.VpcId}, which the export does not have`);
  }
}

/** Kinds whose absence leaves questions open, in the words of what cannot be answered without them. */
const wanted = {
  RouteTables: "what leaves a VPC",
  NetworkAcls: "what crosses a subnet's edge",
  NetworkInterfaces: "what goes to addresses that are no instance's",
  InternetGateways: "what goes to the internet or comes from it",
} as const;

function noteMissing(of: Export): void {
  for (const [kind, what] of Object.entries(wanted)) {
    if (of.has(kind as keyof typeof wanted)) continue;
    of.notes.add({
      file: "",
      object: "",
      field: kind,
      consequence: `the export does not have them: ${what} cannot be answered`,
    });
  }
}

/** Interfaces in VPCs that the export has; of others nothing can be said. */
function placed(of: Export, interfaces: ReadonlyMap<string, Interface>): Map<string, Interface> {
  const found = new Map<string, Interface>();
  for (const [id, one] of interfaces) {
    if (isOfNat(one, of)) continue;
    if (!of.vpcs.has(one.vpc) || !of.subnets.has(one.subnet)) {
      const consequence = `the export does not have ${of.vpcs.has(one.vpc) ? one.subnet : one.vpc}: it is not seen`;
      of.notes.add({ file: one.file, object: id, field: "SubnetId", consequence });
    } else if (one.addresses.length > 0) found.set(id, one);
  }
  return found;
}

function publicOwners(
  of: Export,
  enis: ReadonlyMap<string, Eni>,
  interfaces: ReadonlyMap<string, Interface>,
): Map<Point, PublicOwner> {
  const owners = new Map<Point, PublicOwner>();
  for (const [id, eni] of enis) {
    for (const [inside, outside] of eni.publicAddresses) owners.set(outside, { kind: "eni", eni, inside });
    for (const at of interfaces.get(id)?.addresses ?? []) {
      if (isV6Point(at) && !has(neverPublic, at)) owners.set(at, { kind: "eni-ipv6", eni });
    }
  }
  for (const { id, value } of of.addresses.values()) {
    if (value.PublicIp === undefined) continue;
    const at = parseAddress(value.PublicIp);
    if (owners.has(at)) continue;
    const instance = value.InstanceId === "" ? undefined : value.InstanceId;
    const holder = value.NetworkInterfaceId ?? instance ?? value.AssociationId;
    owners.set(
      at,
      holder === undefined
        ? { kind: "nobody", reason: `the Elastic IP ${id} is at no interface` }
        : { kind: "unknown", reason: `the Elastic IP ${id} is at ${holder}, which the export does not have` },
    );
  }
  return owners;
}

/** What belongs to VPCs on the internet beyond single addresses: IPv6 that was delegated, and IPv6 that nobody has. */
function publicNetworks(
  of: Export,
  regions: ReadonlyMap<string, RegionNode>,
  space: SymbolSpace,
): PrefixMap<PublicOwner> {
  const entries: PrefixEntry<PublicOwner>[] = [];
  for (const { id, value } of of.vpcs.values()) {
    for (const { network, value: eni } of regions.get(id)?.delegated?.entries ?? []) {
      if (network.includes(":")) entries.push({ network, value: { kind: "eni-ipv6", eni } });
    }
    const reason = `nobody in ${id} has the address`;
    for (const network of networksOfVpc(value)) {
      if (network.includes(":")) entries.push({ network, value: { kind: "nobody", reason } });
    }
  }
  return new PrefixMap(entries, space);
}

/** Ids of NAT gateways and of their interfaces: what has an address, and is no host. */
function* natAliases({ natGateways }: Export): Iterable<[string, Alias]> {
  for (const { id, value } of natGateways.values()) {
    if ((value.State ?? "available") !== "available") continue;
    for (const { NetworkInterfaceId, inside, outside } of addressesOf(value)) {
      const alias = { host: id, address: inside, outside };
      yield [id, alias];
      if (NetworkInterfaceId !== undefined) yield [NetworkInterfaceId, alias];
    }
  }
}

/** Ids of interfaces, and the Name tags of instances and interfaces. */
function aliasesOf(
  of: Export,
  interfaces: ReadonlyMap<string, Interface>,
  enis: ReadonlyMap<string, Eni>,
): Map<string, Alias[]> {
  const names = new Map<string, Alias[]>();
  // The primary address comes first, and stands for the gateway.
  for (const [name, alias] of natAliases(of)) if (!names.has(name)) names.set(name, [alias]);
  const add = (name: string | undefined, host: string): void => {
    if (name === undefined || name === host) return;
    const known = names.get(name) ?? [];
    if (!known.some((one) => one.host === host)) names.set(name, [...known, { host }]);
  };
  for (const [id, { nameTag }] of interfaces) {
    const eni = enis.get(id);
    if (eni === undefined) continue;
    const { host, address } = eni;
    if (id !== host) names.set(id, [{ host, address, outside: outsideOf(eni) ?? eni.ipv6 }]);
    add(nameTag, host);
  }
  for (const instance of of.instances.values()) add(nameOf(instance), instance.id);
  return names;
}

/**
 * The network that the files describe.
 * @throws {ExportError} where they cannot be read, contradict each other, or describe no VPC
 */
export function describeWorld(files: readonly ExportFile[], options: DescribeOptions = {}): DescribedWorld {
  return worldOfExport(collect(files), options);
}

/**
 * The network that an export describes.
 * @throws {ExportError} where it contradicts itself, or describes no VPC
 */
export function worldOfExport(of: Export, options: DescribeOptions = {}): DescribedWorld {
  demand(of);
  noteMissing(of);
  const space = new SymbolSpace();
  const table = new TrafficTable();
  const interfaces = placed(of, interfacesOf(of));
  const nats = natsOf(of, table);
  const builder = new VpcBuilder({ export: of, space, table, interfaces, nats });
  const enis = new Map([...interfaces].map(([id, one]) => [id, builder.eni(one)]));
  const all = new Map(enis);
  for (const { key, eni } of nats.values()) all.set(key, eni);
  const regions = builder.regions(all);
  const hosts = hostsOf(interfaces, enis, { export: of, space, table, clients: options.clients });
  const clients: ClientPorts = {
    others: options.clients ?? unknownClients,
    natGateways: options.clients ?? widePorts,
  };
  const world: World = {
    table,
    space,
    hosts,
    regions,
    sites: new Map(),
    segments: new Map(),
    publicOwners: publicOwners(of, all, interfaces),
    publicNetworks: publicNetworks(of, regions, space),
    names: new Map(),
    operator: [],
    unread: [],
    clients,
  };
  return { export: of, world, aliases: aliasesOf(of, interfaces, enis), notUnderstood: of.notes.all };
}
