/** Subnets and the addresses in them. */
import {
  blockContains,
  blockHolds,
  blocksOverlap,
  blockSize,
  canonicalBlock,
  formatIpv4,
  networkOf,
  parseBlock,
  parseIpv4,
  storedBlock,
} from "../cidr.ts";
import { ApiError } from "../errors.ts";
import type { Zone } from "../regions.ts";
import { accountId, newId, type Ec2, type Tags } from "./account.ts";
import { checkSubnetIpv6, ipv6BlockOf, subnetAssociation } from "./ipv6.ts";
import { associateDefaultNetworkAcl } from "./network-acls.ts";
import type { Subnet } from "./records.ts";
import { newTags } from "./tags.ts";

export interface CreateSubnetInput {
  readonly vpcId: string;
  readonly cidrBlock: string | undefined;
  readonly ipv6CidrBlock: string | undefined;
  readonly availabilityZone: string | undefined;
  readonly availabilityZoneId: string | undefined;
  readonly tags: Tags;
}

/** The first four addresses and the last: network, router, DNS, reserve and broadcast. */
const reservedAddresses = 5;

export function createSubnet(ec2: Ec2, input: CreateSubnetInput): Subnet {
  const operation = "CreateSubnet";
  const vpc = ec2.find(operation, "vpcs", input.vpcId);
  if (input.cidrBlock === undefined) {
    throw new ApiError(operation, "MissingParameter", "The request must contain the parameter cidrBlock");
  }
  const block = parseBlock(input.cidrBlock);
  if (block === undefined) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Value (${input.cidrBlock}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
    );
  }
  if (block.bits < 16 || block.bits > 28 || !blockContains(storedBlock(vpc.CidrBlock), block)) {
    throw new ApiError(operation, "InvalidSubnet.Range", `The CIDR '${input.cidrBlock}' is invalid.`);
  }
  const siblings = ec2.list("subnets", (subnet) => subnet.VpcId === input.vpcId);
  if (siblings.some((subnet) => blocksOverlap(storedBlock(subnet.CidrBlock), block))) {
    throw new ApiError(
      operation,
      "InvalidSubnet.Conflict",
      `The CIDR '${input.cidrBlock}' conflicts with another subnet`,
    );
  }
  if (siblings.length >= ec2.quotas.subnetsPerVpc) {
    throw new ApiError(operation, "SubnetLimitExceeded", "The maximum number of subnets has been reached.");
  }
  const ipv6 =
    input.ipv6CidrBlock === undefined ? undefined : checkSubnetIpv6(ec2, operation, vpc, input.ipv6CidrBlock);
  const zone = chooseZone(ec2, operation, input);
  const subnetId = newId("subnet");
  associateDefaultNetworkAcl(ec2, input.vpcId, subnetId);
  return ec2.put("subnets", subnetId, {
    ...newSubnet(ec2, subnetId, zone),
    AvailableIpAddressCount: blockSize(block) - reservedAddresses,
    CidrBlock: canonicalBlock(block),
    Ipv6CidrBlockAssociationSet: ipv6 === undefined ? [] : [subnetAssociation(ipv6)],
    Tags: newTags(operation, input.tags),
    VpcId: input.vpcId,
  });
}

function newSubnet(
  ec2: Ec2,
  subnetId: string,
  zone: Zone,
): Omit<Subnet, "AvailableIpAddressCount" | "CidrBlock" | "Ipv6CidrBlockAssociationSet" | "Tags" | "VpcId"> {
  return {
    AssignIpv6AddressOnCreation: false,
    AvailabilityZone: zone.name,
    AvailabilityZoneId: zone.id,
    DefaultForAz: false,
    EnableDns64: false,
    Ipv6Native: false,
    MapCustomerOwnedIpOnLaunch: false,
    MapPublicIpOnLaunch: false,
    OwnerId: accountId,
    PrivateDnsNameOptionsOnLaunch: {
      EnableResourceNameDnsAAAARecord: false,
      EnableResourceNameDnsARecord: false,
      HostnameType: "ip-name",
    },
    State: "available",
    SubnetArn: ec2.arn(`subnet/${subnetId}`),
    SubnetId: subnetId,
  };
}

function chooseZone(ec2: Ec2, operation: string, input: CreateSubnetInput): Zone {
  const { availabilityZone: name, availabilityZoneId: id } = input;
  const zones = ec2.region.zones;
  const zone = zones.find((candidate) =>
    name === undefined ? id === undefined || candidate.id === id : candidate.name === name,
  );
  if (zone === undefined) {
    const parameter = name === undefined ? "availabilityZoneId" : "availabilityZone";
    const known = zones.map((candidate) => (name === undefined ? candidate.id : candidate.name)).join(", ");
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Value (${name ?? id ?? ""}) for parameter ${parameter} is invalid. ` +
        `Subnets can currently only be created in the following availability zones: ${known}.`,
    );
  }
  return zone;
}

export function modifySubnetAttribute(ec2: Ec2, subnetId: string, change: Partial<Subnet>): void {
  const operation = "ModifySubnetAttribute";
  const subnet = ec2.find(operation, "subnets", subnetId);
  if (change.AssignIpv6AddressOnCreation === true && ipv6BlockOf(subnet) === undefined) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Invalid value 'true' for assignIpv6AddressOnCreation. The subnet ${subnetId} has no IPv6 CIDR block.`,
    );
  }
  ec2.put("subnets", subnetId, { ...subnet, ...change });
}

export function deleteSubnet(ec2: Ec2, subnetId: string): void {
  const operation = "DeleteSubnet";
  const subnet = ec2.find(operation, "subnets", subnetId);
  if (ec2.list("network-interfaces", (candidate) => candidate.SubnetId === subnetId).length > 0) {
    throw new ApiError(
      operation,
      "DependencyViolation",
      `The subnet '${subnetId}' has dependencies and cannot be deleted.`,
    );
  }
  for (const acl of ec2.list("network-acls", (candidate) => candidate.VpcId === subnet.VpcId)) {
    acl.Associations = acl.Associations.filter((association) => association.SubnetId !== subnetId);
    ec2.put("network-acls", acl.NetworkAclId, acl);
  }
  for (const table of ec2.list("route-tables", (candidate) => candidate.VpcId === subnet.VpcId)) {
    table.Associations = table.Associations.filter((association) => association.SubnetId !== subnetId);
    ec2.put("route-tables", table.RouteTableId, table);
  }
  ec2.remove("subnets", subnetId);
}

/** Every private address that an interface of the subnet holds. */
function addressesInUse(ec2: Ec2, subnetId: string): Set<string> {
  return new Set(
    ec2
      .list("network-interfaces", (candidate) => candidate.SubnetId === subnetId)
      .flatMap((candidate) => candidate.PrivateIpAddresses.map((address) => address.PrivateIpAddress)),
  );
}

/** How many addresses of a subnet are free. */
export function freeAddresses(ec2: Ec2, subnet: Subnet): number {
  return (
    blockSize(storedBlock(subnet.CidrBlock)) - reservedAddresses - addressesInUse(ec2, subnet.SubnetId).size
  );
}

/** Checks that an interface may have this address, or finds the lowest free one. */
export function takePrivateAddress(ec2: Ec2, operation: string, subnet: Subnet, wanted?: string): string {
  const block = storedBlock(subnet.CidrBlock);
  const first = networkOf(block);
  const last = first + blockSize(block) - 1;
  const taken = addressesInUse(ec2, subnet.SubnetId);
  if (wanted === undefined) {
    for (let address = first + 4; address < last; address++) {
      if (!taken.has(formatIpv4(address))) {
        return formatIpv4(address);
      }
    }
    throw new ApiError(
      operation,
      "InsufficientFreeAddressesInSubnet",
      "The specified subnet does not have enough free addresses to satisfy the request.",
    );
  }
  const address = parseIpv4(wanted);
  if (address === undefined || !blockHolds(block, address)) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Address ${wanted} does not fall within the subnet's address range`,
    );
  }
  if (address < first + 4 || address === last) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Address ${wanted} is in subnet's reserved address range`,
    );
  }
  if (taken.has(wanted)) {
    throw new ApiError(operation, "InvalidIPAddress.InUse", `Address ${wanted} is in use.`);
  }
  return wanted;
}
