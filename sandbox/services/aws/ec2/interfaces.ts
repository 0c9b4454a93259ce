/** Network interfaces: those of instances, of NAT gateways, and of Resolver endpoints. */
import { createHash } from "node:crypto";
import { accountId, newId, type Ec2 } from "./account.ts";
import type { NetworkInterface, Subnet } from "./records.ts";

export interface CreateInterfaceInput {
  readonly subnet: Subnet;
  readonly privateAddress: string;
  readonly secondaryAddresses?: readonly string[];
  readonly groupIds: readonly string[];
  readonly description: string;
  readonly type: NetworkInterface["InterfaceType"];
  /** Absent for the interface of a NAT gateway or a Resolver endpoint, which belongs to AWS. */
  readonly instanceId?: string;
  readonly sourceDestCheck?: boolean;
}

export function createInterface(ec2: Ec2, input: CreateInterfaceInput): NetworkInterface {
  const id = newId("eni");
  const addresses = [input.privateAddress, ...(input.secondaryAddresses ?? [])];
  const isNat = input.type === "nat_gateway";
  const isAmazons = input.instanceId === undefined;
  return ec2.put("network-interfaces", id, {
    Attachment: {
      AttachTime: new Date().toISOString(),
      AttachmentId: newId("eni-attach"),
      DeleteOnTermination: !isAmazons,
      DeviceIndex: isAmazons ? 1 : 0,
      ...(input.instanceId === undefined ? {} : { InstanceId: input.instanceId }),
      InstanceOwnerId: isAmazons ? "amazon-aws" : accountId,
      NetworkCardIndex: 0,
      Status: "attached",
    },
    AvailabilityZone: input.subnet.AvailabilityZone,
    Description: input.description,
    Groups: groupsOf(ec2, input.groupIds),
    InterfaceType: input.type,
    Ipv6Addresses: [],
    MacAddress: macAddress(id),
    NetworkInterfaceId: id,
    OwnerId: accountId,
    PrivateDnsName: ec2.privateDnsName(input.privateAddress),
    PrivateIpAddress: input.privateAddress,
    PrivateIpAddresses: addresses.map((address, position) => ({
      Primary: position === 0,
      PrivateDnsName: ec2.privateDnsName(address),
      PrivateIpAddress: address,
    })),
    RequesterManaged: isAmazons,
    SourceDestCheck: input.sourceDestCheck ?? !isNat,
    Status: "in-use",
    SubnetId: input.subnet.SubnetId,
    TagSet: [],
    VpcId: input.subnet.VpcId,
  });
}

export function groupsOf(ec2: Ec2, groupIds: readonly string[]): NetworkInterface["Groups"] {
  return groupIds.map((groupId) => ({
    GroupId: groupId,
    GroupName: ec2.find("DescribeSecurityGroups", "security-groups", groupId).GroupName,
  }));
}

/** A locally administered address that follows from the interface's id. */
function macAddress(id: string): string {
  const hash = createHash("sha256").update(id).digest("hex");
  return ["02", ...[0, 2, 4, 6, 8].map((start) => hash.slice(start, start + 2))].join(":");
}
