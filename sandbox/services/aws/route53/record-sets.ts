/** Record sets of hosted zones: what is answered for a name and a type. */
import { parseIpv4 } from "../cidr.ts";
import type { Ec2 } from "../ec2/account.ts";
import { qualified, refuse, zoneIdOf, type HostedZone } from "./hosted-zone.ts";

/** As `list-resource-record-sets` prints it. */
export interface RecordSet {
  /** With a dot at its end. */
  Name: string;
  Type: string;
  TTL: number;
  ResourceRecords: { Value: string }[];
}

/** The name servers of every private zone (Route53/latest/DeveloperGuide/hosted-zones-private.html). */
const nameServers = [
  "ns-0.awsdns-00.com.",
  "ns-512.awsdns-00.net.",
  "ns-1024.awsdns-00.org.",
  "ns-1536.awsdns-00.co.uk.",
];

/** In the order of their names, as the API lists them: from the last label to the first. */
export function recordSetsOf(ec2: Ec2, zoneId: string): RecordSet[] {
  const key = ({ Name, Type }: RecordSet): string => `${Name.split(".").reverse().join(".")} ${Type}`;
  return ec2
    .list("record-sets", ({ ZoneId }) => ZoneId === zoneId)
    .map(({ Name, Type, TTL, ResourceRecords }) => ({ Name, Type, TTL, ResourceRecords }))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function put(ec2: Ec2, zoneId: string, set: RecordSet): void {
  ec2.put("record-sets", `${zoneId}_${set.Name}_${set.Type}`, { ZoneId: zoneId, ...set });
}

/** Route 53 makes these with the zone, and they go with it. */
export function createOwnRecordSets(ec2: Ec2, zone: HostedZone): void {
  const soa = `${nameServers[0] ?? ""} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400`;
  const own: readonly (readonly [type: string, ttl: number, values: readonly string[]])[] = [
    ["NS", 172800, nameServers],
    ["SOA", 900, [soa]],
  ];
  for (const [Type, TTL, values] of own) {
    put(ec2, zoneIdOf(zone), {
      Name: zone.Name,
      Type,
      TTL,
      ResourceRecords: values.map((Value) => ({ Value })),
    });
  }
}

export function isOwnRecordSet(zone: HostedZone, { Name, Type }: Pick<RecordSet, "Name" | "Type">): boolean {
  return Name === zone.Name && (Type === "NS" || Type === "SOA");
}

export function nameServersOf(ec2: Ec2, zone: HostedZone): string[] {
  const own = ec2.get("record-sets", `${zoneIdOf(zone)}_${zone.Name}_NS`);
  return (own?.ResourceRecords ?? []).map(({ Value }) => Value).sort();
}

export function findRecordSet(ec2: Ec2, zoneId: string, name: string, type: string): RecordSet | undefined {
  return ec2.get("record-sets", `${zoneId}_${qualified(name)}_${type}`);
}

const operation = "ChangeResourceRecordSets";

function refuseChange(detail: string): never {
  return refuse(operation, "InvalidChangeBatch", detail);
}

/** What a value of each type that is answered here looks like. */
const valueComplaints: Readonly<Record<string, (value: string) => string | undefined>> = {
  A: (value) =>
    parseIpv4(value) === undefined
      ? `ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '${value}'`
      : undefined,
  CNAME: (value) =>
    /^(?:[a-zA-Z0-9_*-]{1,63}\.)*[a-zA-Z0-9_-]{1,63}\.?$/.test(value)
      ? undefined
      : `DomainNameInvalid encountered with '${value}'`,
};

/** The types that the sandbox's resolvers answer. */
export const simulatedTypes: readonly string[] = Object.keys(valueComplaints);

function requireFitting(ec2: Ec2, zone: HostedZone, set: RecordSet): void {
  const { Name, Type } = set;
  const inZone = `in zone ${zone.Name}`;
  if (Name !== zone.Name && !Name.endsWith(`.${zone.Name}`)) {
    refuseChange(`RRSet with DNS name ${Name} is not permitted ${inZone}`);
  }
  if (Type === "CNAME" && Name === zone.Name) {
    refuseChange(`RRSet of type CNAME with DNS name ${Name} is not permitted at apex ${inZone}`);
  }
  const others = recordSetsOf(ec2, zoneIdOf(zone)).filter((each) => each.Name === Name && each.Type !== Type);
  if (others.some((each) => Type === "CNAME" || each.Type === "CNAME")) {
    refuseChange(
      `RRSet of type ${Type} with DNS name ${Name} is not permitted as it conflicts with other records with the same DNS name ${inZone}`,
    );
  }
  if (Type === "CNAME" && set.ResourceRecords.length > 1) {
    refuseChange(`RRSet of type CNAME with DNS name ${Name} may have one value only`);
  }
  for (const { Value } of set.ResourceRecords) {
    const complaint = valueComplaints[Type]?.(Value);
    if (complaint !== undefined) refuseChange(`Invalid Resource Record: 'FATAL problem: ${complaint}'`);
  }
}

/** @param upsert whether a set of the name and type that is there already is replaced */
export function writeRecordSet(ec2: Ec2, zone: HostedZone, given: RecordSet, upsert: boolean): void {
  const set = { ...given, Name: qualified(given.Name) };
  const id = zoneIdOf(zone);
  const isNew = findRecordSet(ec2, id, set.Name, set.Type) === undefined;
  if (!upsert && !isNew) {
    refuseChange(
      `Tried to create resource record set [name='${set.Name}', type='${set.Type}'] but it already exists`,
    );
  }
  requireFitting(ec2, zone, set);
  if (isNew && recordSetsOf(ec2, id).length >= ec2.quotas.recordsPerHostedZone) {
    refuseChange(`Number of records limit of ${ec2.quotas.recordsPerHostedZone} exceeded.`);
  }
  put(ec2, id, set);
}

export function deleteRecordSet(ec2: Ec2, zone: HostedZone, name: string, type: string): void {
  const key = `${zoneIdOf(zone)}_${qualified(name)}_${type}`;
  if (ec2.get("record-sets", key) === undefined) {
    refuseChange(
      `Tried to delete resource record set [name='${qualified(name)}', type='${type}'] but it was not found`,
    );
  }
  ec2.remove("record-sets", key);
}
