/**
 * What `aws ec2 describe-*` prints of each kind of thing, as far as it decides where packets go. Fields that AWS
 * documents and that decide nothing are named, so that only those stand out which nobody has thought of
 * (docs.aws.amazon.com/AWSEC2/latest/APIReference).
 */
import { z } from "zod";
import { canonicalNetwork, isAddress } from "../sets/addresses.ts";

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether the value says nothing: what is not set is left out, or empty. */
function isVoid(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/**
 * An object with these fields. What else has a value is in `unknown`.
 * @param silent other fields that AWS has and that decide nothing, with spaces between
 */
function record<Shape extends z.ZodRawShape>(shape: Shape, silent = "") {
  const known = new Set([...Object.keys(shape), ...silent.split(" ")]);
  const prepare = (value: unknown): unknown => {
    if (!isObject(value)) return value;
    const present = Object.entries(value).filter(([, field]) => field !== null);
    const unknown = present.filter(([key, field]) => !known.has(key) && !isVoid(field)).map(([key]) => key);
    return { ...Object.fromEntries(present), unknown };
  };
  return z.preprocess(prepare, z.object({ ...shape, unknown: z.array(z.string()) }));
}

const text = z.string().min(1);
const textOr = text.optional();
const flag = z.boolean().optional();
const list = <Item extends z.ZodType>(item: Item) => z.array(item).default([]);

/** AWS sets no bits behind the prefix, and takes them away where it is given some (API_CreateVpc and others). */
const network = z.string().transform((value, context) => {
  const canonical = canonicalNetwork(value);
  if (canonical !== undefined) return canonical;
  context.addIssue({ code: "custom", message: "must be a network such as 10.0.0.0/16 or 2001:db8::/56" });
  return z.NEVER;
});
const address = z.string().refine(isAddress, "must be an address such as 10.0.0.4 or 2001:db8::4");
const number = z.int().min(-1).max(65535);

const tags = list(z.object({ Key: z.string(), Value: z.string().nullish() }));

const ipv6Networks = list(
  record(
    {
      Ipv6CidrBlock: network.optional(),
      Ipv6CidrBlockState: record({ State: textOr }, "StatusMessage").optional(),
    },
    "AssociationId NetworkBorderGroup Ipv6Pool Ipv6AddressAttribute IpSource",
  ),
);

const publicAccess = record({
  InternetGatewayBlockMode: z.enum(["off", "block-bidirectional", "block-ingress"]).optional(),
}).optional();

export const vpc = record(
  {
    VpcId: text,
    OwnerId: textOr,
    CidrBlock: network.optional(),
    CidrBlockAssociationSet: list(
      record(
        { CidrBlock: network, CidrBlockState: record({ State: textOr }, "StatusMessage").optional() },
        "AssociationId",
      ),
    ),
    Ipv6CidrBlockAssociationSet: ipv6Networks,
    BlockPublicAccessStates: publicAccess,
    Tags: tags,
  },
  "InstanceTenancy IsDefault State DhcpOptionsId EncryptionControl",
);

export const subnet = record(
  {
    SubnetId: text,
    VpcId: text,
    CidrBlock: network.optional(),
    Ipv6CidrBlockAssociationSet: ipv6Networks,
    BlockPublicAccessStates: publicAccess,
    Tags: tags,
  },
  "AvailabilityZone AvailabilityZoneId EnableLniAtDeviceIndex MapCustomerOwnedIpOnLaunch CustomerOwnedIpv4Pool OwnerId AssignIpv6AddressOnCreation SubnetArn OutpostArn EnableDns64 Ipv6Native PrivateDnsNameOptionsOnLaunch Type State AvailableIpAddressCount DefaultForAz MapPublicIpOnLaunch",
);

export const route = record(
  {
    DestinationCidrBlock: network.optional(),
    DestinationIpv6CidrBlock: network.optional(),
    DestinationPrefixListId: textOr,
    GatewayId: textOr,
    EgressOnlyInternetGatewayId: textOr,
    NatGatewayId: textOr,
    VpcPeeringConnectionId: textOr,
    NetworkInterfaceId: textOr,
    InstanceId: textOr,
    TransitGatewayId: textOr,
    LocalGatewayId: textOr,
    CarrierGatewayId: textOr,
    CoreNetworkArn: textOr,
    OdbNetworkArn: textOr,
    Origin: textOr,
    State: textOr,
  },
  "InstanceOwnerId IpAddress",
);

export const routeTable = record(
  {
    RouteTableId: text,
    VpcId: text,
    Associations: list(
      record(
        {
          Main: flag,
          SubnetId: textOr,
          GatewayId: textOr,
          AssociationState: record({ State: textOr }, "StatusMessage").optional(),
        },
        "RouteTableAssociationId RouteTableId PublicIpv4Pool",
      ),
    ),
    Routes: z.array(route).optional(),
    Tags: tags,
  },
  "PropagatingVgws OwnerId",
);

const attachments = list(record({ VpcId: textOr, State: textOr }));

export const internetGateway = record(
  { InternetGatewayId: text, Attachments: attachments, Tags: tags },
  "OwnerId",
);

export const egressOnlyGateway = record(
  { EgressOnlyInternetGatewayId: text, Attachments: attachments, Tags: tags },
  "OwnerId",
);

export const natGateway = record(
  {
    NatGatewayId: text,
    VpcId: text,
    SubnetId: textOr,
    State: textOr,
    ConnectivityType: textOr,
    AvailabilityMode: textOr,
    NatGatewayAddresses: list(
      record(
        {
          PrivateIp: address.optional(),
          PublicIp: address.optional(),
          NetworkInterfaceId: textOr,
          IsPrimary: flag,
          Status: textOr,
        },
        "AllocationId AssociationId FailureMessage AvailabilityZone AvailabilityZoneId",
      ),
    ),
    Tags: tags,
  },
  "CreateTime DeleteTime FailureCode FailureMessage ProvisionedBandwidth AutoScalingIps AutoProvisionZones RouteTableId",
);

export const aclEntry = record({
  RuleNumber: z.int(),
  Egress: z.boolean(),
  RuleAction: z.enum(["allow", "deny"]),
  Protocol: text,
  CidrBlock: network.optional(),
  Ipv6CidrBlock: network.optional(),
  PortRange: record({ From: number, To: number }).optional(),
  IcmpTypeCode: record({
    Type: z.int().min(-1).max(255).optional(),
    Code: z.int().min(-1).max(255).optional(),
  }).optional(),
});

export const networkAcl = record(
  {
    NetworkAclId: text,
    VpcId: text,
    IsDefault: flag,
    Associations: list(record({ SubnetId: text }, "NetworkAclAssociationId NetworkAclId")),
    Entries: z.array(aclEntry).optional(),
    Tags: tags,
  },
  "OwnerId",
);

const groupPair = record(
  { GroupId: textOr, VpcId: textOr, UserId: textOr, VpcPeeringConnectionId: textOr, PeeringStatus: textOr },
  "Description GroupName",
);

export const permission = record({
  IpProtocol: text,
  FromPort: number.optional(),
  ToPort: number.optional(),
  IpRanges: list(record({ CidrIp: network }, "Description")),
  Ipv6Ranges: list(record({ CidrIpv6: network }, "Description")),
  PrefixListIds: list(record({ PrefixListId: text }, "Description")),
  UserIdGroupPairs: list(groupPair),
});

export const securityGroup = record(
  {
    GroupId: text,
    GroupName: textOr,
    VpcId: textOr,
    OwnerId: textOr,
    IpPermissions: z.array(permission).optional(),
    IpPermissionsEgress: z.array(permission).optional(),
    Tags: tags,
  },
  "SecurityGroupArn Description",
);

export const securityGroupRule = record(
  {
    SecurityGroupRuleId: text,
    GroupId: text,
    IsEgress: z.boolean(),
    IpProtocol: text,
    FromPort: number.optional(),
    ToPort: number.optional(),
    CidrIpv4: network.optional(),
    CidrIpv6: network.optional(),
    PrefixListId: textOr,
    ReferencedGroupInfo: groupPair.optional(),
    Tags: tags,
  },
  "GroupOwnerId Description SecurityGroupRuleArn",
);

const association = record(
  { PublicIp: address.optional(), CarrierIp: textOr, CustomerOwnedIp: textOr },
  "AllocationId AssociationId IpOwnerId PublicDnsName",
).optional();

const interfaceFields = {
  NetworkInterfaceId: text,
  VpcId: textOr,
  SubnetId: textOr,
  Status: textOr,
  InterfaceType: textOr,
  Description: z.string().optional(),
  SourceDestCheck: flag,
  PrivateIpAddress: address.optional(),
  PrivateIpAddresses: list(
    record({ PrivateIpAddress: address, Primary: flag, Association: association }, "PrivateDnsName"),
  ),
  Association: association,
  Ipv6Addresses: list(record({ Ipv6Address: address }, "IsPrimaryIpv6 PublicIpv6DnsName")),
  Ipv4Prefixes: list(record({ Ipv4Prefix: network })),
  Ipv6Prefixes: list(record({ Ipv6Prefix: network })),
  Groups: list(record({ GroupId: text }, "GroupName")),
  Attachment: record(
    { InstanceId: textOr, DeviceIndex: z.int().optional(), NetworkCardIndex: z.int().optional() },
    "AttachTime AttachmentId DeleteOnTermination InstanceOwnerId Status EnaSrdSpecification EnaQueueCount",
  ).optional(),
};

const silentOfInterfaces =
  "MacAddress OwnerId PrivateDnsName ConnectionTrackingConfiguration Operator Ipv6Address Ipv6Native";

export const networkInterface = record(
  {
    ...interfaceFields,
    DenyAllIgwTraffic: flag,
    RequesterManaged: flag,
    RequesterId: textOr,
    TagSet: tags,
  },
  `${silentOfInterfaces} AvailabilityZone AvailabilityZoneId OutpostArn PublicDnsName PublicIpDnsNameOptions AssociatedSubnets`,
);

export const instance = record(
  {
    InstanceId: text,
    State: record({ Name: textOr }, "Code").optional(),
    Platform: textOr,
    VpcId: textOr,
    SubnetId: textOr,
    SourceDestCheck: flag,
    PrivateIpAddress: address.optional(),
    PublicIpAddress: address.optional(),
    Ipv6Address: address.optional(),
    SecurityGroups: list(record({ GroupId: text }, "GroupName")),
    NetworkInterfaces: list(
      record(interfaceFields, `${silentOfInterfaces} AvailabilityZone RequesterManaged`),
    ),
    Tags: tags,
  },
  "AmiLaunchIndex Architecture BlockDeviceMappings BootMode CapacityBlockId CapacityReservationId CapacityReservationSpecification ClientToken CpuOptions CurrentInstanceBootMode EbsOptimized ElasticGpuAssociations ElasticInferenceAcceleratorAssociations EnaSupport EnclaveOptions HibernationOptions Hypervisor IamInstanceProfile ImageId InstanceLifecycle InstanceType KernelId KeyName LaunchTime Licenses MaintenanceOptions MetadataOptions Monitoring NetworkPerformanceOptions Operator OutpostArn Placement PlatformDetails PrivateDnsName PrivateDnsNameOptions ProductCodes PublicDnsName RamdiskId RootDeviceName RootDeviceType SpotInstanceRequestId SriovNetSupport StateReason StateTransitionReason TpmSupport UsageOperation UsageOperationUpdateTime VirtualizationType",
);

export const elasticAddress = record(
  {
    PublicIp: address.optional(),
    AllocationId: textOr,
    AssociationId: textOr,
    NetworkInterfaceId: textOr,
    InstanceId: z.string().optional(),
    PrivateIpAddress: address.optional(),
    CarrierIp: textOr,
    Tags: tags,
  },
  "Domain NetworkInterfaceOwnerId PublicIpv4Pool NetworkBorderGroup CustomerOwnedIp CustomerOwnedIpv4Pool SubnetId ServiceManaged",
);

const peer = record(
  {
    VpcId: textOr,
    OwnerId: textOr,
    Region: textOr,
    CidrBlock: network.optional(),
    CidrBlockSet: list(record({ CidrBlock: network })),
    Ipv6CidrBlockSet: list(record({ Ipv6CidrBlock: network })),
  },
  "PeeringOptions",
);

export const peering = record(
  {
    VpcPeeringConnectionId: text,
    Status: record({ Code: textOr }, "Message").optional(),
    AccepterVpcInfo: peer.optional(),
    RequesterVpcInfo: peer.optional(),
    Tags: tags,
  },
  "ExpirationTime",
);

export const prefixList = record(
  {
    PrefixListId: text,
    PrefixListName: textOr,
    OwnerId: textOr,
    Cidrs: z.array(network).optional(),
    Entries: z.array(record({ Cidr: network }, "Description")).optional(),
    Tags: tags,
  },
  "AddressFamily State StateMessage PrefixListArn MaxEntries Version IpamPrefixListResolverTargetId IpamPrefixListResolverSyncEnabled",
);

export const endpoint = record(
  {
    VpcEndpointId: text,
    VpcEndpointType: textOr,
    VpcId: textOr,
    ServiceName: textOr,
    State: textOr,
    Tags: tags,
  },
  "PolicyDocument RouteTableIds SubnetIds Groups IpAddressType DnsOptions PrivateDnsEnabled RequesterManaged NetworkInterfaceIds DnsEntries CreationTimestamp OwnerId LastError Ipv4Prefixes Ipv6Prefixes FailureReason ServiceNetworkArn ResourceConfigurationArn ServiceRegion",
);

export type Vpc = z.infer<typeof vpc>;
export type Subnet = z.infer<typeof subnet>;
export type Route = z.infer<typeof route>;
export type RouteTable = z.infer<typeof routeTable>;
export type NatGateway = z.infer<typeof natGateway>;
export type AclEntry = z.infer<typeof aclEntry>;
export type NetworkAcl = z.infer<typeof networkAcl>;
export type Permission = z.infer<typeof permission>;
export type SecurityGroup = z.infer<typeof securityGroup>;
export type SecurityGroupRule = z.infer<typeof securityGroupRule>;
export type NetworkInterface = z.infer<typeof networkInterface>;
export type Instance = z.infer<typeof instance>;
export type ElasticAddress = z.infer<typeof elasticAddress>;
export type Peering = z.infer<typeof peering>;
export type Peer = z.infer<typeof peer>;
export type PrefixList = z.infer<typeof prefixList>;
export type Endpoint = z.infer<typeof endpoint>;
