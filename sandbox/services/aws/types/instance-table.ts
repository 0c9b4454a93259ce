/** The properties of aws_instance, from internal/service/ec2/ec2_instance.go (resourceInstanceSchema). */
import { createHash } from "node:crypto";
import { isEmpty, type Json } from "../json.ts";
import type { Property, Table } from "../table.ts";
import { between, each, isBase64, isIpv4Address, isIpv6Address, length, oneOf } from "../validators.ts";

const text = (mode: Property["mode"]): Property => ({ kind: "text", mode });
const volumeTypes = oneOf("standard", "io1", "io2", "gp2", "sc1", "st1", "gp3");

/** user_data may be given in clear or in base64: both mean the same. */
function sameUserData(before: Json | undefined, after: Json | undefined): boolean {
  return (
    typeof before === "string" && typeof after === "string" && userDataHash(before) === userDataHash(after)
  );
}

function userDataHash(value: string): string {
  const decoded = Buffer.from(value, "base64");
  const plain = value !== "" && decoded.toString("base64") === value ? decoded : Buffer.from(value);
  return createHash("sha1").update(plain).digest("hex");
}

/** Throughput and IOPS of 0 mean "not set" where the type of volume has none. */
const unsetIsSame: NonNullable<Property["same"]> = (_before, after) => after === 0;

const rootBlockDevice: Table = {
  deleteOnTermination: { kind: "bool", mode: "optional", default: true },
  deviceName: text("computed"),
  encrypted: { kind: "bool", mode: "optional-computed", replaces: true },
  iops: { kind: "int", mode: "optional-computed", same: unsetIsSame },
  kmsKeyId: { ...text("optional-computed"), replaces: true, notSimulated: "KMS keys" },
  tags: { kind: "map", mode: "optional" },
  tagsAll: { kind: "map", mode: "computed" },
  throughput: { kind: "int", mode: "optional-computed", same: unsetIsSame },
  volumeId: text("computed"),
  volumeSize: { kind: "int", mode: "optional-computed" },
  volumeType: { ...text("optional-computed"), validate: volumeTypes },
};

const metadataOptions: Table = {
  httpEndpoint: { ...text("optional"), default: "enabled", validate: oneOf("disabled", "enabled") },
  httpProtocolIpv6: { ...text("optional"), default: "disabled", validate: oneOf("disabled", "enabled") },
  httpPutResponseHopLimit: { kind: "int", mode: "optional-computed", validate: between(1, 64) },
  httpTokens: { ...text("optional-computed"), validate: oneOf("optional", "required") },
  instanceMetadataTags: { ...text("optional-computed"), validate: oneOf("disabled", "enabled") },
};

const cpuOptions: Table = {
  amdSevSnp: { ...text("optional-computed"), replaces: true, notSimulated: "AMD SEV-SNP" },
  coreCount: { kind: "int", mode: "optional-computed" },
  nestedVirtualization: { ...text("optional-computed"), notSimulated: "nested virtualization" },
  threadsPerCore: { kind: "int", mode: "optional-computed" },
};

const privateDnsNameOptions: Table = {
  enableResourceNameDnsARecord: { kind: "bool", mode: "optional-computed" },
  enableResourceNameDnsAaaaRecord: { kind: "bool", mode: "optional-computed" },
  hostnameType: { ...text("optional-computed"), validate: oneOf("ip-name", "resource-name") },
};

/** Properties that the simulator refuses, with what they stand for. */
const refused: Table = {
  capacityReservationSpecification: {
    kind: "object",
    mode: "optional-computed",
    notSimulated: "capacity reservations",
  },
  ebsBlockDevices: {
    kind: "object-set",
    mode: "optional-computed",
    upstream: "ebs_block_device",
    notSimulated: "further volumes",
  },
  enablePrimaryIpv6: { kind: "bool", mode: "optional-computed", notSimulated: "primary IPv6 addresses" },
  ephemeralBlockDevices: {
    kind: "object-set",
    mode: "optional-computed",
    replaces: true,
    upstream: "ephemeral_block_device",
    notSimulated: "instance stores",
  },
  hostId: { ...text("optional-computed"), replaces: true, notSimulated: "dedicated hosts" },
  hostResourceGroupArn: {
    ...text("optional-computed"),
    conflictsWith: ["placementGroup", "placementGroupId"],
    notSimulated: "dedicated hosts",
  },
  instanceMarketOptions: {
    kind: "object",
    mode: "optional-computed",
    replaces: true,
    notSimulated: "spot instances",
  },
  launchTemplate: { kind: "object", mode: "optional", replaces: true, notSimulated: "launch templates" },
  networkInterfaces: {
    kind: "object-set",
    mode: "optional-computed",
    upstream: "network_interface",
    notSimulated: "interfaces made apart from their instance",
  },
  placementGroup: { ...text("optional-computed"), replaces: true, notSimulated: "placement groups" },
  placementGroupId: { ...text("optional-computed"), replaces: true, notSimulated: "placement groups" },
  placementPartitionNumber: {
    kind: "int",
    mode: "optional-computed",
    replaces: true,
    notSimulated: "placement groups",
  },
  secondaryNetworkInterfaces: {
    kind: "object-set",
    mode: "optional-computed",
    upstream: "secondary_network_interface",
    notSimulated: "secondary networks",
  },
  securityGroups: {
    kind: "set",
    mode: "optional-computed",
    replaces: true,
    notSimulated: "groups by name, which only a default VPC has; use vpcSecurityGroupIds",
  },
};

const network: Table = {
  associatePublicIpAddress: { kind: "bool", mode: "optional-computed", replaces: true },
  availabilityZone: { ...text("optional-computed"), replaces: true },
  ipv6AddressCount: { kind: "int", mode: "optional-computed", conflictsWith: ["ipv6Addresses"] },
  ipv6Addresses: {
    kind: "list",
    mode: "optional-computed",
    validate: each(isIpv6Address),
    conflictsWith: ["ipv6AddressCount"],
  },
  primaryNetworkInterface: {
    kind: "object",
    mode: "optional-computed",
    conflictsWith: [
      "associatePublicIpAddress",
      "privateIp",
      "secondaryPrivateIps",
      "subnetId",
      "vpcSecurityGroupIds",
    ],
    notSimulated: "interfaces made apart from their instance",
  },
  primaryNetworkInterfaceId: text("computed"),
  privateDns: text("computed"),
  privateDnsNameOptions: {
    kind: "object",
    mode: "optional-computed",
    replaces: true,
    properties: privateDnsNameOptions,
  },
  privateIp: { ...text("optional-computed"), replaces: true, validate: isIpv4Address },
  publicDns: text("computed"),
  publicIp: text("computed"),
  secondaryPrivateIps: { kind: "set", mode: "optional-computed", validate: each(isIpv4Address) },
  sourceDestCheck: { kind: "bool", mode: "optional", default: true },
  subnetId: { ...text("optional-computed"), replaces: true },
  vpcSecurityGroupIds: { kind: "set", mode: "optional-computed" },
};

export const instanceProperties: Table = {
  ...refused,
  ...network,
  ami: { ...text("optional-computed"), replaces: true, atLeastOneOf: ["ami", "launchTemplate"] },
  arn: text("computed"),
  cpuOptions: { kind: "object", mode: "optional-computed", properties: cpuOptions },
  creditSpecification: {
    kind: "object",
    mode: "optional",
    properties: { cpuCredits: { ...text("optional"), validate: oneOf("standard", "unlimited") } },
    // A missing block, or a missing value in it, changes nothing about a running instance.
    same: (before, after) => !isEmpty(before) && isEmpty(after),
  },
  disableApiStop: { kind: "bool", mode: "optional-computed" },
  disableApiTermination: { kind: "bool", mode: "optional-computed" },
  ebsOptimized: { kind: "bool", mode: "optional-computed", replaces: true },
  enclaveOptions: {
    kind: "object",
    mode: "optional-computed",
    properties: { enabled: { kind: "bool", mode: "optional-computed", replaces: true } },
  },
  forceDestroy: { kind: "bool", mode: "optional", default: false },
  getPasswordData: { kind: "bool", mode: "optional", default: false },
  hibernation: { kind: "bool", mode: "optional", replaces: true },
  iamInstanceProfile: text("optional-computed"),
  instanceInitiatedShutdownBehavior: text("optional-computed"),
  instanceLifecycle: text("computed"),
  instanceState: text("computed"),
  instanceType: { ...text("optional-computed"), atLeastOneOf: ["instanceType", "launchTemplate"] },
  keyName: { ...text("optional-computed"), replaces: true },
  maintenanceOptions: {
    kind: "object",
    mode: "optional-computed",
    properties: { autoRecovery: { ...text("optional-computed"), validate: oneOf("disabled", "default") } },
  },
  metadataOptions: { kind: "object", mode: "optional-computed", properties: metadataOptions },
  monitoring: { kind: "bool", mode: "optional-computed" },
  outpostArn: text("computed"),
  passwordData: text("computed"),
  rootBlockDevice: { kind: "object", mode: "optional-computed", properties: rootBlockDevice },
  spotInstanceRequestId: text("computed"),
  tenancy: {
    ...text("optional-computed"),
    replaces: true,
    validate: oneOf("default", "dedicated", "host"),
  },
  userData: {
    ...text("optional"),
    conflictsWith: ["userDataBase64"],
    validate: length(0, 16384),
    same: sameUserData,
  },
  userDataBase64: {
    ...text("optional-computed"),
    conflictsWith: ["userData"],
    validate: isBase64,
    upstream: "user_data_base64",
  },
  userDataReplaceOnChange: { kind: "bool", mode: "optional", default: false },
  volumeTags: { kind: "map", mode: "optional" },
};
