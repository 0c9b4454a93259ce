/** One region of the simulated account, as the operations of the EC2 API see it. */
import { randomBytes } from "node:crypto";
import { ApiError } from "../errors.ts";
import type { Quotas } from "../quotas.ts";
import { findRegion, homeOfGlobals, type Region } from "../regions.ts";
import type { Records } from "../store.ts";
import type { RecordKind, RecordKinds, Tag } from "./records.ts";

/** AWS's own example account. */
export const accountId = "111122223333";

export type Tags = Readonly<Record<string, string>>;

export class Ec2 {
  readonly region: Region;
  readonly quotas: Quotas;
  readonly #records: Records;

  constructor(records: Records, region: Region, quotas: Quotas) {
    this.#records = records;
    this.region = region;
    this.quotas = quotas;
  }

  /** The same account in another region; `undefined` if there is no such region. */
  in(region: string): Ec2 | undefined {
    const found = findRegion(region);
    return found === undefined ? undefined : new Ec2(this.#records, found, this.quotas);
  }

  get<K extends RecordKind>(kind: K, id: string): RecordKinds[K] | undefined {
    return this.#records.get(kind, this.region.name, id);
  }

  list<K extends RecordKind>(
    kind: K,
    keep: (record: RecordKinds[K]) => boolean = () => true,
  ): RecordKinds[K][] {
    return this.#records.list(kind, this.region.name).filter(keep);
  }

  put<K extends RecordKind>(kind: K, id: string, record: RecordKinds[K]): RecordKinds[K] {
    this.#records.put(kind, this.region.name, id, record);
    return record;
  }

  remove(kind: RecordKind, id: string): void {
    this.#records.remove(kind, this.region.name, id);
  }

  /** A record that an operation names; `InvalidVpcID.NotFound: The vpc ID 'vpc-1' does not exist` without it. */
  find<K extends RecordKind>(operation: string, kind: K, id: string): RecordKinds[K] {
    const record = this.get(kind, id);
    if (record === undefined) {
      const [code, message] = notFound(kind, id);
      throw new ApiError(operation, code, message);
    }
    return record;
  }

  arn(resource: string): string {
    return `arn:aws:ec2:${this.region.name}:${accountId}:${resource}`;
  }

  privateDnsName(address: string): string {
    const suffix = this.region.name === "us-east-1" ? "ec2.internal" : `${this.region.name}.compute.internal`;
    return `ip-${address.replaceAll(".", "-")}.${suffix}`;
  }

  publicDnsName(address: string): string {
    const suffix = this.region.name === "us-east-1" ? "compute-1" : `${this.region.name}.compute`;
    return `ec2-${address.replaceAll(".", "-")}.${suffix}.amazonaws.com`;
  }
}

/** Where what has no region is kept. */
export function homeOf(records: Records, quotas: Quotas): Ec2 {
  const home = findRegion(homeOfGlobals);
  if (home === undefined) throw new Error(`there is no ${homeOfGlobals}`);
  return new Ec2(records, home, quotas);
}

const notFoundCodes: Readonly<Partial<Record<RecordKind, readonly [string, string]>>> = {
  vpcs: ["InvalidVpcID.NotFound", "vpc"],
  "vpc-attributes": ["InvalidVpcID.NotFound", "vpc"],
  subnets: ["InvalidSubnetID.NotFound", "subnet"],
  "internet-gateways": ["InvalidInternetGatewayID.NotFound", "internetGateway"],
  "egress-only-internet-gateways": ["InvalidGatewayID.NotFound", "gateway"],
  "route-tables": ["InvalidRouteTableID.NotFound", "routeTable"],
  "network-acls": ["InvalidNetworkAclID.NotFound", "networkAcl"],
  addresses: ["InvalidAllocationID.NotFound", "allocation"],
  "network-interfaces": ["InvalidNetworkInterfaceID.NotFound", "networkInterface"],
  "vpc-peering-connections": ["InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection"],
  instances: ["InvalidInstanceID.NotFound", "instance"],
  "instance-attributes": ["InvalidInstanceID.NotFound", "instance"],
  volumes: ["InvalidVolume.NotFound", "volume"],
  "flow-logs": ["InvalidFlowLogId.NotFound", "flowLog"],
  "vpc-endpoints": ["InvalidVpcEndpointId.NotFound", "vpcEndpoint"],
  "security-group-rules": ["InvalidSecurityGroupRuleId.NotFound", "security group rule"],
};

function notFound(kind: RecordKind, id: string): [string, string] {
  if (kind === "security-groups") {
    return ["InvalidGroup.NotFound", `The security group '${id}' does not exist`];
  }
  if (kind === "nat-gateways") {
    return ["NatGatewayNotFound", `The Nat Gateway ${id} was not found`];
  }
  const [code, noun] = notFoundCodes[kind] ?? ["InvalidID", kind];
  return [code, `The ${noun} ID '${id}' does not exist`];
}

/** A fresh id of the form that AWS gives since 2018: a prefix and 17 hex digits, the first of them 0. */
export function newId(prefix: string): string {
  return `${prefix}-0${randomBytes(8).toString("hex")}`;
}

export function toTagList(tags: Tags): Tag[] {
  return Object.keys(tags)
    .sort()
    .map((key) => ({ Key: key, Value: tags[key] ?? "" }));
}

export function fromTagList(list: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(list.map((tag) => [tag.Key, tag.Value]));
}
