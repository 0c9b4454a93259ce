/**
 * Instances. Each runs at once, with one network interface.
 *
 * A terminated instance is gone at once; AWS shows it as `terminated` for about an hour, which every reader skips.
 */
import { ApiError } from "../errors.ts";
import { profileNamed } from "../iam/instance-profiles.ts";
import { newId, type Ec2, type Tags } from "./account.ts";
import { setAssociation, takePublicAddress, unbindAddress } from "./addresses.ts";
import { createInterface, groupsOf } from "./interfaces.ts";
import { setIpv6AddressCount, setIpv6Addresses } from "./ipv6.ts";
import type { Instance, InstanceAttributes, Volume } from "./instance-records.ts";
import type { NetworkInterface, Subnet } from "./records.ts";
import { takePrivateAddress } from "./subnets.ts";
import { newTags } from "./tags.ts";

export interface RunInstanceInput {
  readonly imageId: string | undefined;
  readonly instanceType: string | undefined;
  readonly subnetId: string | undefined;
  readonly availabilityZone: string | undefined;
  readonly privateIp: string | undefined;
  readonly secondaryPrivateIps: readonly string[];
  readonly ipv6AddressCount: number | undefined;
  readonly ipv6Addresses: readonly string[];
  readonly associatePublicIpAddress: boolean | undefined;
  readonly securityGroupIds: readonly string[];
  readonly keyName: string | undefined;
  readonly iamInstanceProfile: string | undefined;
  readonly userData: string;
  readonly ebsOptimized: boolean;
  readonly enclave: boolean;
  readonly hibernation: boolean;
  readonly monitoring: boolean;
  readonly tenancy: string;
  readonly disableApiStop: boolean;
  readonly disableApiTermination: boolean;
  readonly shutdownBehavior: string;
  readonly cpuCredits: InstanceAttributes["CpuCredits"];
  readonly cpuOptions: Partial<Instance["CpuOptions"]>;
  readonly autoRecovery: string;
  readonly metadata: Partial<Omit<Instance["MetadataOptions"], "State">>;
  readonly privateDns: Partial<Instance["PrivateDnsNameOptions"]>;
  readonly rootVolume: Partial<Volume>;
  readonly sourceDestCheck: boolean;
  readonly tags: Tags;
  readonly volumeTags: Tags;
}

const operation = "RunInstances";
const defaultRootGiB = 8;

export function runInstance(ec2: Ec2, input: RunInstanceInput): Instance {
  const subnet = checkPlacement(ec2, input);
  const imageId = checkImage(input);
  const { iamInstanceProfile } = input;
  const profile =
    iamInstanceProfile === undefined ? undefined : profileFor(ec2, operation, iamInstanceProfile);
  const instanceType = checkInstanceType(input.instanceType);
  const groupIds = checkGroups(ec2, operation, subnet.VpcId, input.securityGroupIds);
  const instanceId = newId("i");
  const networkInterface = createPrimaryInterface(ec2, input, subnet, groupIds, instanceId);
  ec2.put("instance-attributes", instanceId, {
    InstanceId: instanceId,
    CpuCredits: input.cpuCredits,
    DisableApiStop: input.disableApiStop,
    DisableApiTermination: input.disableApiTermination,
    InstanceInitiatedShutdownBehavior: input.shutdownBehavior,
    PrimaryNetworkInterfaceId: networkInterface.NetworkInterfaceId,
    UserData: input.userData,
  });
  createRootVolume(ec2, instanceId, input);
  return ec2.put("instances", instanceId, {
    AmiLaunchIndex: 0,
    Architecture: architectureOf(instanceType),
    CpuOptions: { CoreCount: 1, ThreadsPerCore: 2, ...input.cpuOptions },
    EbsOptimized: input.ebsOptimized,
    EnaSupport: true,
    EnclaveOptions: { Enabled: input.enclave },
    HibernationOptions: { Configured: input.hibernation },
    Hypervisor: "xen",
    ...(profile === undefined ? {} : { IamInstanceProfile: profile }),
    ImageId: imageId,
    InstanceId: instanceId,
    InstanceType: instanceType,
    LaunchTime: new Date().toISOString(),
    MaintenanceOptions: { AutoRecovery: input.autoRecovery },
    MetadataOptions: {
      HttpEndpoint: "enabled",
      HttpProtocolIpv6: "disabled",
      HttpPutResponseHopLimit: 1,
      HttpTokens: "optional",
      InstanceMetadataTags: "disabled",
      ...input.metadata,
      State: "applied",
    },
    Monitoring: { State: input.monitoring ? "enabled" : "disabled" },
    Placement: { AvailabilityZone: subnet.AvailabilityZone, GroupName: "", Tenancy: input.tenancy },
    PrivateDnsNameOptions: { ...subnet.PrivateDnsNameOptionsOnLaunch, ...input.privateDns },
    RootDeviceName: rootDeviceName,
    RootDeviceType: "ebs",
    State: { Code: 16, Name: "running" },
    SubnetId: subnet.SubnetId,
    Tags: newTags(operation, input.tags),
    VirtualizationType: "hvm",
    VpcId: subnet.VpcId,
  });
}

const rootDeviceName = "/dev/sda1";

/** Instance types with Arm processors: a family letter, a generation and a `g` (`t4g.small`, `m7gd.large`), and A1. */
export function architectureOf(instanceType: string): Instance["Architecture"] {
  return /^([a-z]+\d+g|a1\.)/.test(instanceType) ? "arm64" : "x86_64";
}

function checkPlacement(ec2: Ec2, input: RunInstanceInput): Subnet {
  if (input.subnetId === undefined) {
    throw new ApiError(
      operation,
      "VPCIdNotSpecified",
      "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.",
    );
  }
  const subnet = ec2.find(operation, "subnets", input.subnetId);
  if (input.availabilityZone !== undefined && input.availabilityZone !== subnet.AvailabilityZone) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `The specified Availability Zone (${input.availabilityZone}) is not the one of the subnet ` +
        `${subnet.SubnetId} (${subnet.AvailabilityZone}).`,
    );
  }
  return subnet;
}

/** Images are not modelled: any id of the right form exists in every region. */
function checkImage(input: RunInstanceInput): string {
  const { imageId, keyName } = input;
  if (imageId === undefined) {
    throw new ApiError(operation, "MissingParameter", "The request must contain the parameter ImageId");
  }
  if (!/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(imageId)) {
    throw new ApiError(
      operation,
      "InvalidAMIID.Malformed",
      `Invalid id: "${imageId}"${imageId.startsWith("ami-") ? "" : ' (expecting "ami-...")'}`,
    );
  }
  if (keyName !== undefined) {
    throw new ApiError(operation, "InvalidKeyPair.NotFound", `The key pair '${keyName}' does not exist`);
  }
  if (Buffer.byteLength(input.userData, "base64") > maximumUserDataBytes) {
    throw new ApiError(operation, "InvalidParameterValue", "User data is limited to 16384 bytes");
  }
  return imageId;
}

/** What an instance shows of its profile. EC2 takes only one that has a role. */
function profileFor(ec2: Ec2, call: string, name: string): NonNullable<Instance["IamInstanceProfile"]> {
  const profile = profileNamed(ec2, name);
  const code = "InvalidParameterValue";
  if (profile === undefined) {
    const detail = `Value (${name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`;
    throw new ApiError(call, code, detail);
  }
  if (profile.RoleNames.length === 0) {
    throw new ApiError(call, code, `IAM Instance Profile "${profile.Arn}" has no associated IAM Roles`);
  }
  return { Arn: profile.Arn, Id: profile.InstanceProfileId };
}

/** Gives a running instance a profile, in place of the one that it has; its credentials follow within minutes. */
export function giveInstanceProfile(ec2: Ec2, instanceId: string, name: string): void {
  const { IamInstanceProfile: old } = ec2.find("DescribeInstances", "instances", instanceId);
  const call = old === undefined ? "AssociateIamInstanceProfile" : "ReplaceIamInstanceProfileAssociation";
  modifyInstance(ec2, instanceId, { IamInstanceProfile: profileFor(ec2, call, name) });
}

const maximumUserDataBytes = 16_384;

function checkInstanceType(instanceType: string | undefined): string {
  if (instanceType === undefined || !/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(instanceType)) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Invalid value '${instanceType ?? ""}' for InstanceType.`,
    );
  }
  return instanceType;
}

/** The groups of an interface; the VPC's default group where none is named. */
function checkGroups(ec2: Ec2, call: string, vpcId: string, groupIds: readonly string[]): string[] {
  const unique = [...new Set(groupIds)];
  for (const groupId of unique) {
    if (ec2.find(call, "security-groups", groupId).VpcId !== vpcId) {
      throw new ApiError(
        call,
        "InvalidParameter",
        `Security group ${groupId} and the interface's subnet belong to different networks.`,
      );
    }
  }
  if (unique.length > ec2.quotas.securityGroupsPerInterface) {
    throw new ApiError(
      call,
      "SecurityGroupsPerInterfaceLimitExceeded",
      "The maximum number of security groups per interface has been reached.",
    );
  }
  return unique.length > 0
    ? unique
    : ec2
        .list("security-groups", (group) => group.VpcId === vpcId && group.GroupName === "default")
        .map((group) => group.GroupId);
}

function createPrimaryInterface(
  ec2: Ec2,
  input: RunInstanceInput,
  subnet: Subnet,
  groupIds: string[],
  instanceId: string,
): NetworkInterface {
  const privateAddress = takePrivateAddress(ec2, operation, subnet, input.privateIp);
  const created = createInterface(ec2, {
    subnet,
    privateAddress,
    secondaryAddresses: input.secondaryPrivateIps.map((address) =>
      takePrivateAddress(ec2, operation, subnet, address),
    ),
    groupIds,
    description: "",
    type: "interface",
    instanceId,
    sourceDestCheck: input.sourceDestCheck,
  });
  // A subnet may give an address to whoever asks for none.
  const count = input.ipv6AddressCount ?? (subnet.AssignIpv6AddressOnCreation ? 1 : 0);
  if (input.ipv6Addresses.length > 0) setIpv6Addresses(ec2, created, input.ipv6Addresses);
  else if (count > 0) setIpv6AddressCount(ec2, created, count);
  const target = ec2.find(operation, "network-interfaces", created.NetworkInterfaceId);
  if (input.associatePublicIpAddress ?? subnet.MapPublicIpOnLaunch) {
    assignPublicAddress(ec2, target);
  }
  return target;
}

/** The address that an instance gets from Amazon's pool, and loses when it stops. It is not an Elastic IP. */
function assignPublicAddress(ec2: Ec2, target: NetworkInterface): void {
  const address = takePublicAddress(ec2, operation);
  setAssociation(ec2, target, target.PrivateIpAddress, {
    IpOwnerId: "amazon",
    PublicDnsName: ec2.publicDnsName(address),
    PublicIp: address,
  });
}

function createRootVolume(ec2: Ec2, instanceId: string, input: RunInstanceInput): void {
  const id = newId("vol");
  const type = input.rootVolume.VolumeType ?? "gp3";
  ec2.put("volumes", id, {
    DeleteOnTermination: true,
    DeviceName: rootDeviceName,
    Encrypted: false,
    InstanceId: instanceId,
    Iops: type === "gp3" ? 3000 : 100,
    KmsKeyId: "",
    Size: defaultRootGiB,
    SnapshotId: newId("snap"),
    Throughput: type === "gp3" ? 125 : 0,
    VolumeType: type,
    ...input.rootVolume,
    Tags: newTags(operation, input.volumeTags),
    VolumeId: id,
  });
}

export function primaryInterface(ec2: Ec2, instanceId: string): NetworkInterface {
  const attributes = ec2.find("DescribeInstances", "instance-attributes", instanceId);
  return ec2.find("DescribeInstances", "network-interfaces", attributes.PrimaryNetworkInterfaceId);
}

export function rootVolume(ec2: Ec2, instanceId: string): Volume | undefined {
  return ec2.list("volumes", (volume) => volume.InstanceId === instanceId)[0];
}

export function modifyInstance(ec2: Ec2, instanceId: string, change: Partial<Instance>): void {
  const instance = ec2.find("ModifyInstanceAttribute", "instances", instanceId);
  ec2.put("instances", instanceId, { ...instance, ...change });
}

export function modifyInstanceAttributes(
  ec2: Ec2,
  instanceId: string,
  change: Partial<InstanceAttributes>,
): void {
  const attributes = ec2.find("ModifyInstanceAttribute", "instance-attributes", instanceId);
  ec2.put("instance-attributes", instanceId, { ...attributes, ...change });
}

export function modifyRootVolume(ec2: Ec2, instanceId: string, change: Partial<Volume>): void {
  const [volume] = ec2.list("volumes", (candidate) => candidate.InstanceId === instanceId);
  if (volume === undefined) {
    throw new ApiError(
      "ModifyVolume",
      "InvalidVolume.NotFound",
      `The volume of '${instanceId}' does not exist.`,
    );
  }
  if (change.Size !== undefined && change.Size < volume.Size) {
    throw new ApiError(
      "ModifyVolume",
      "InvalidParameterValue",
      "New size cannot be smaller than existing size",
    );
  }
  ec2.put("volumes", volume.VolumeId, { ...volume, ...change });
}

/** Changes what only a stopped instance can change; stopping costs it the address from Amazon's pool. */
export function restartInstance(ec2: Ec2, instanceId: string): void {
  const attributes = ec2.find("StopInstances", "instance-attributes", instanceId);
  if (attributes.DisableApiStop) {
    throw new ApiError(
      "StopInstances",
      "OperationNotPermitted",
      `The instance '${instanceId}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.`,
    );
  }
  const target = primaryInterface(ec2, instanceId);
  if (target.Association !== undefined && target.Association.AllocationId === undefined) {
    assignPublicAddress(ec2, target);
  }
  modifyInstance(ec2, instanceId, { LaunchTime: new Date().toISOString() });
}

export function modifyInterface(
  ec2: Ec2,
  instanceId: string,
  change: { sourceDestCheck?: boolean; groupIds?: readonly string[] },
): void {
  const call = "ModifyNetworkInterfaceAttribute";
  const target = primaryInterface(ec2, instanceId);
  if (change.sourceDestCheck !== undefined) {
    target.SourceDestCheck = change.sourceDestCheck;
  }
  if (change.groupIds !== undefined) {
    target.Groups = groupsOf(ec2, checkGroups(ec2, call, target.VpcId, change.groupIds));
  }
  ec2.put("network-interfaces", target.NetworkInterfaceId, target);
}

export function setSecondaryAddresses(ec2: Ec2, instanceId: string, wanted: readonly string[]): void {
  const call = "AssignPrivateIpAddresses";
  const target = primaryInterface(ec2, instanceId);
  const subnet = ec2.find(call, "subnets", target.SubnetId);
  const kept = target.PrivateIpAddresses.filter(
    (address) => address.Primary || wanted.includes(address.PrivateIpAddress),
  );
  const added = wanted.filter((address) => !kept.some((held) => held.PrivateIpAddress === address));
  target.PrivateIpAddresses = [
    ...kept,
    ...added.map((address) => ({
      Primary: false,
      PrivateDnsName: ec2.privateDnsName(address),
      PrivateIpAddress: takePrivateAddress(ec2, call, subnet, address),
    })),
  ];
  ec2.put("network-interfaces", target.NetworkInterfaceId, target);
}

export function terminateInstance(ec2: Ec2, instanceId: string): void {
  const call = "TerminateInstances";
  const attributes = ec2.find(call, "instance-attributes", instanceId);
  if (attributes.DisableApiTermination) {
    throw new ApiError(
      call,
      "OperationNotPermitted",
      `The instance '${instanceId}' may not be terminated. ` +
        "Modify its 'disableApiTermination' instance attribute and try again.",
    );
  }
  const target = ec2.find(call, "network-interfaces", attributes.PrimaryNetworkInterfaceId);
  for (const address of ec2.list(
    "addresses",
    (candidate) => candidate.NetworkInterfaceId === target.NetworkInterfaceId,
  )) {
    unbindAddress(ec2, address, target);
  }
  ec2.remove("network-interfaces", target.NetworkInterfaceId);
  for (const volume of ec2.list("volumes", (candidate) => candidate.InstanceId === instanceId)) {
    ec2.remove("volumes", volume.VolumeId);
  }
  ec2.remove("instance-attributes", instanceId);
  ec2.remove("instances", instanceId);
}
