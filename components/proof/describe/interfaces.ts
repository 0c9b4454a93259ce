/** Network interfaces: those of instances, as both answers that have them tell of them, and all others. */
import { parseAddress, parseNetwork, isV6Point } from "../sets/addresses.ts";
import { pointsOf, unionAll, type Intervals, type Point } from "../sets/intervals.ts";
import { contradicting, contradiction, type Described, type Export } from "./collect.ts";
import { ExportError } from "./notes.ts";
import type { ElasticAddress, Instance, NetworkInterface } from "./records.ts";

/** An interface, wherever it was described. */
export interface Interface {
  readonly id: string;
  readonly file: string;
  readonly vpc: string;
  readonly subnet: string;
  /** All IPv4 addresses, the primary one first, then all of IPv6. */
  readonly addresses: readonly Point[];
  /** Networks that were delegated to it. */
  readonly delegated: readonly string[];
  readonly own: Intervals;
  /** The public address of each private one that has one. */
  readonly publicAddresses: ReadonlyMap<Point, Point>;
  readonly groups: readonly string[];
  readonly checks: boolean;
  readonly status: string | undefined;
  readonly type: string;
  readonly description: string;
  readonly requester: string | undefined;
  readonly isManaged: boolean;
  readonly instance: string | undefined;
  readonly deviceIndex: number;
  readonly deniesInternet: boolean;
  readonly nameTag: string | undefined;
}

type OfInstance = Instance["NetworkInterfaces"][number];

/** What both answers say of an interface, and must say alike. */
const common = ["SubnetId", "SourceDestCheck", "PrivateIpAddresses", "Ipv6Addresses", "Groups"] as const;

/** An instance without a list of interfaces has one, of which it says itself what there is to know. */
function impliedInterface(instance: Instance): OfInstance[] {
  const { InstanceId, SubnetId, VpcId, PrivateIpAddress, PublicIpAddress, Ipv6Address, SourceDestCheck } =
    instance;
  if (instance.NetworkInterfaces.length > 0) return instance.NetworkInterfaces;
  if (SubnetId === undefined || PrivateIpAddress === undefined) return [];
  const one: OfInstance = {
    NetworkInterfaceId: InstanceId,
    VpcId,
    SubnetId,
    Status: "in-use",
    InterfaceType: "interface",
    Description: undefined,
    SourceDestCheck,
    PrivateIpAddress,
    PrivateIpAddresses: [],
    Association:
      PublicIpAddress === undefined
        ? undefined
        : { PublicIp: PublicIpAddress, CarrierIp: undefined, CustomerOwnedIp: undefined, unknown: [] },
    Ipv6Addresses: Ipv6Address === undefined ? [] : [{ Ipv6Address, unknown: [] }],
    Ipv4Prefixes: [],
    Ipv6Prefixes: [],
    Groups: instance.SecurityGroups,
    Attachment: undefined,
    unknown: [],
  };
  return [one];
}

type Tags = Instance["Tags"];

function tagOf(tags: Tags | undefined): string | undefined {
  const name = tags?.find(({ Key }) => Key === "Name")?.Value ?? "";
  return name === "" ? undefined : name;
}

/** Private addresses with their public ones; an association at the interface itself is the primary address's. */
function pairsOf({
  PrivateIpAddress,
  PrivateIpAddresses,
  Association,
}: OfInstance): Map<Point, Point | undefined> {
  const pairs = new Map<Point, Point | undefined>();
  const add = (own: string | undefined, outside: string | undefined): void => {
    if (own === undefined) return;
    const at = parseAddress(own);
    pairs.set(at, outside === undefined ? pairs.get(at) : parseAddress(outside));
  };
  add(PrivateIpAddress, Association?.PublicIp);
  for (const { PrivateIpAddress: own, Association: its } of PrivateIpAddresses.toSorted((a, b) =>
    a.Primary === b.Primary ? 0 : a.Primary === true ? -1 : 1,
  )) {
    add(own, its?.PublicIp);
  }
  return pairs;
}

function definedOf<Key, Value>(map: ReadonlyMap<Key, Value | undefined>): Map<Key, Value> {
  const found = new Map<Key, Value>();
  for (const [key, value] of map) if (value !== undefined) found.set(key, value);
  return found;
}

interface Raw {
  readonly value: OfInstance & Partial<NetworkInterface>;
  readonly file: string;
  readonly instance: string | undefined;
  /** The public address that its instance says it has itself, by its first interface. */
  readonly outside?: string | undefined;
}

function made(
  { value, file, instance, outside }: Raw,
  vpcOf: (subnet: string) => string | undefined,
): Interface {
  const { NetworkInterfaceId: id, SubnetId: subnet } = value;
  if (subnet === undefined) throw new ExportError(`${file}: ${id} has no SubnetId`);
  const vpc = value.VpcId ?? vpcOf(subnet);
  if (vpc === undefined) throw new ExportError(`${file}: ${id} has no VpcId`);
  const pairs = pairsOf(value);
  const [first] = pairs.keys();
  const isToldOf = [...pairs.values()].some((one) => one !== undefined);
  if (first !== undefined && outside !== undefined && !isToldOf) pairs.set(first, parseAddress(outside));
  const sixth = value.Ipv6Addresses.map(({ Ipv6Address }) => parseAddress(Ipv6Address));
  const addresses = [...pairs.keys(), ...sixth];
  const delegated = [
    ...value.Ipv4Prefixes.map(({ Ipv4Prefix }) => Ipv4Prefix),
    ...value.Ipv6Prefixes.map(({ Ipv6Prefix }) => Ipv6Prefix),
  ];
  return {
    id,
    file,
    vpc,
    subnet,
    addresses,
    delegated,
    own: unionAll([pointsOf(addresses), ...delegated.map(parseNetwork)]),
    publicAddresses: definedOf(pairs),
    groups: value.Groups.map(({ GroupId }) => GroupId),
    checks: value.SourceDestCheck ?? true,
    status: value.Status,
    type: value.InterfaceType ?? "interface",
    description: value.Description ?? "",
    requester: value.RequesterId,
    isManaged: value.RequesterManaged ?? false,
    instance: value.Attachment?.InstanceId ?? instance,
    deviceIndex: (value.Attachment?.NetworkCardIndex ?? 0) * 100 + (value.Attachment?.DeviceIndex ?? 0),
    deniesInternet: value.DenyAllIgwTraffic ?? false,
    nameTag: tagOf(value.TagSet),
  };
}

/** Where an interface is, for answers that name no interface. */
function seatOf({ SubnetId, PrivateIpAddress }: OfInstance | Instance): string {
  return `${SubnetId ?? ""} ${PrivateIpAddress ?? ""}`;
}

/** Interfaces by id. What an instance's own answer says counts where `describe-network-interfaces` does not have it. */
function rawOf({ instances, networkInterfaces }: Export): Map<string, Raw> {
  const raw = new Map<string, Raw>();
  const attached = new Set<string | undefined>();
  const seats = new Map<string, string>();
  for (const { id, value, file } of networkInterfaces.values()) {
    raw.set(id, { value, file, instance: undefined });
    attached.add(value.Attachment?.InstanceId);
    seats.set(seatOf(value), id);
  }
  for (const { id: instance, value, file } of instances.values()) {
    if (value.State?.Name === "terminated") continue;
    const own = attached.has(instance) ? value.NetworkInterfaces : impliedInterface(value);
    for (const one of own) {
      const isImplied = one.NetworkInterfaceId === instance;
      const known = raw.get((isImplied ? seats.get(seatOf(value)) : undefined) ?? one.NetworkInterfaceId);
      const isFirst = (one.Attachment?.DeviceIndex ?? 0) === 0;
      const outside = isFirst ? value.PublicIpAddress : undefined;
      if (known === undefined) {
        raw.set(one.NetworkInterfaceId, { value: one, file, instance, outside });
        continue;
      }
      const field = contradiction(
        known.value,
        one,
        common.filter((name) => isTold(known.value, one, name)),
      );
      const { NetworkInterfaceId: id } = known.value;
      if (field !== undefined) throw contradicting(id, field, known.file, file);
      raw.set(id, { ...known, instance, outside });
    }
  }
  return raw;
}

/** Whether both say something of it. */
function isTold(a: OfInstance, b: OfInstance, field: (typeof common)[number]): boolean {
  return [a[field], b[field]].every((value) =>
    Array.isArray(value) ? value.length > 0 : value !== undefined,
  );
}

/** Elastic IPs say themselves where they are; an interface's own answer may be silent about it. */
function withElastic(one: Interface, elastic: readonly Described<ElasticAddress>[]): Interface {
  if (elastic.length === 0) return one;
  const publicAddresses = new Map(one.publicAddresses);
  for (const { id, value, file } of elastic) {
    if (value.PublicIp === undefined) continue;
    const inside =
      value.PrivateIpAddress === undefined ? one.addresses[0] : parseAddress(value.PrivateIpAddress);
    if (inside === undefined || isV6Point(inside)) continue;
    const outside = parseAddress(value.PublicIp);
    const known = publicAddresses.get(inside);
    if (known !== undefined && known !== outside)
      throw contradicting(one.id, `PublicIp (${id})`, one.file, file);
    publicAddresses.set(inside, outside);
  }
  return { ...one, publicAddresses };
}

/**
 * All interfaces.
 * @throws {ExportError} where answers contradict each other, or two interfaces of a VPC have one address
 */
export function interfacesOf(of: Export): Map<string, Interface> {
  const vpcOf = (subnet: string): string | undefined => of.subnets.get(subnet)?.value.VpcId;
  const found = new Map<string, Interface>();
  const owners = new Map<string, Interface>();
  const elastic = Map.groupBy(of.addresses.values(), ({ value }) => value.NetworkInterfaceId);
  for (const [id, raw] of rawOf(of)) {
    const one = withElastic(made(raw, vpcOf), elastic.get(id) ?? []);
    for (const at of one.addresses) {
      const key = `${one.vpc} ${at}`;
      const other = owners.get(key);
      if (other !== undefined) {
        const where = other.file === one.file ? one.file : `${other.file} and ${one.file}`;
        throw new ExportError(`${where}: ${other.id} and ${id} have one address in ${one.vpc}`);
      }
      owners.set(key, one);
    }
    found.set(id, one);
  }
  return found;
}

/** The Name tag of a thing. */
export function nameOf({ value }: Described<{ readonly Tags: Tags }>): string | undefined {
  return tagOf(value.Tags);
}
