/**
 * The describe JSON of the simulated AWS, as far as packets depend on it.
 *
 * Field names are those of `aws ec2 describe-*`. Unknown fields are ignored; a missing or malformed one that packets
 * depend on is an error, because a fabric that guesses would prove nothing.
 */
import { z } from "zod";

const tags = z.array(z.object({ Key: z.string(), Value: z.string() })).default([]);
const state = z.object({ Code: z.string() });
const text = z.string();
const optional = z.string().nullish();

const ipv6Blocks = z
  .array(z.object({ Ipv6CidrBlock: text, Ipv6CidrBlockState: z.object({ State: text }) }))
  .default([]);

const vpc = z.object({
  VpcId: text,
  CidrBlock: text,
  CidrBlockAssociationSet: z
    .array(z.object({ CidrBlock: text, CidrBlockState: z.object({ State: text }).nullish() }))
    .nullish(),
  Ipv6CidrBlockAssociationSet: ipv6Blocks,
  Tags: tags,
});

const subnet = z.object({ SubnetId: text, VpcId: text, CidrBlock: text });

const route = z.object({
  DestinationCidrBlock: optional,
  DestinationIpv6CidrBlock: optional,
  DestinationPrefixListId: optional,
  EgressOnlyInternetGatewayId: optional,
  GatewayId: optional,
  NatGatewayId: optional,
  VpcPeeringConnectionId: optional,
  NetworkInterfaceId: optional,
  InstanceId: optional,
  State: optional,
});

const routeTable = z.object({
  RouteTableId: text,
  VpcId: text,
  Routes: z.array(route),
  Associations: z.array(z.object({ Main: z.boolean().nullish(), SubnetId: optional })).default([]),
});

const internetGateway = z.object({
  InternetGatewayId: text,
  Attachments: z.array(z.object({ VpcId: text, State: text })).default([]),
});

const egressOnlyGateway = z.object({
  EgressOnlyInternetGatewayId: text,
  Attachments: z.array(z.object({ VpcId: text, State: text })).default([]),
});

const natGateway = z.object({
  NatGatewayId: text,
  VpcId: text,
  SubnetId: text,
  State: text,
  NatGatewayAddresses: z.array(z.object({ PrivateIp: optional, PublicIp: optional })).default([]),
});

const networkAclEntry = z.object({
  RuleNumber: z.number(),
  Egress: z.boolean(),
  RuleAction: z.enum(["allow", "deny"]),
  Protocol: text,
  CidrBlock: optional,
  Ipv6CidrBlock: optional,
  PortRange: z.object({ From: z.number(), To: z.number() }).nullish(),
  IcmpTypeCode: z.object({ Type: z.number(), Code: z.number() }).nullish(),
});

const networkAcl = z.object({
  NetworkAclId: text,
  VpcId: text,
  Entries: z.array(networkAclEntry),
  Associations: z.array(z.object({ SubnetId: text })).default([]),
});

const securityGroup = z.object({ GroupId: text, VpcId: optional });

const securityGroupRule = z.object({
  SecurityGroupRuleId: text,
  GroupId: text,
  IsEgress: z.boolean(),
  IpProtocol: text,
  FromPort: z.number().nullish(),
  ToPort: z.number().nullish(),
  CidrIpv4: optional,
  CidrIpv6: optional,
  PrefixListId: optional,
  ReferencedGroupInfo: z.object({ GroupId: text }).nullish(),
});

const instance = z.object({
  InstanceId: text,
  State: z.object({ Name: text }),
  PrivateDnsName: optional,
  Tags: tags,
});

const networkInterface = z.object({
  NetworkInterfaceId: text,
  SubnetId: text,
  VpcId: text,
  PrivateIpAddress: text,
  Ipv6Addresses: z.array(z.object({ Ipv6Address: text })).default([]),
  MacAddress: optional,
  InterfaceType: optional,
  Description: optional,
  SourceDestCheck: z.boolean(),
  Groups: z.array(z.object({ GroupId: text })).default([]),
  Association: z.object({ PublicIp: optional }).nullish(),
  Attachment: z.object({ InstanceId: optional, DeviceIndex: z.number().nullish() }).nullish(),
});

const address = z.object({
  PublicIp: text,
  NetworkInterfaceId: optional,
  InstanceId: optional,
  PrivateIpAddress: optional,
});

const peeringSide = z.object({ VpcId: text });

const peering = z.object({
  VpcPeeringConnectionId: text,
  Status: state,
  RequesterVpcInfo: peeringSide,
  AccepterVpcInfo: peeringSide,
});

const prefixList = z.object({ PrefixListId: text, Cidrs: z.array(text) });

const region = z.object({
  vpcs: z.object({ Vpcs: z.array(vpc) }),
  subnets: z.object({ Subnets: z.array(subnet) }),
  "route-tables": z.object({ RouteTables: z.array(routeTable) }),
  "internet-gateways": z.object({ InternetGateways: z.array(internetGateway) }),
  "egress-only-internet-gateways": z.object({ EgressOnlyInternetGateways: z.array(egressOnlyGateway) }),
  "nat-gateways": z.object({ NatGateways: z.array(natGateway) }),
  "network-acls": z.object({ NetworkAcls: z.array(networkAcl) }),
  "security-groups": z.object({ SecurityGroups: z.array(securityGroup) }),
  "security-group-rules": z.object({ SecurityGroupRules: z.array(securityGroupRule) }),
  instances: z.object({ Reservations: z.array(z.object({ Instances: z.array(instance) })) }),
  "network-interfaces": z.object({ NetworkInterfaces: z.array(networkInterface) }),
  addresses: z.object({ Addresses: z.array(address) }),
  "vpc-peering-connections": z.object({ VpcPeeringConnections: z.array(peering) }),
  "prefix-lists": z.object({ PrefixLists: z.array(prefixList) }),
  "user-data": z.record(z.string(), z.object({ UserData: z.object({ Value: optional }).nullish() })),
});

const describe = z.object({ revision: z.number(), regions: z.record(z.string(), region) });

export type Describe = z.infer<typeof describe>;
export type DescribedRegion = z.infer<typeof region>;
export type DescribedRouteTable = z.infer<typeof routeTable>;
export type DescribedRoute = z.infer<typeof route>;
export type DescribedGroupRule = z.infer<typeof securityGroupRule>;
export type DescribedAclEntry = z.infer<typeof networkAclEntry>;

/** @throws with the path of every field that is missing or malformed. */
export function parseDescribe(json: unknown): Describe {
  const result = describe.safeParse(json);
  if (!result.success) {
    const faults = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The describe JSON cannot be read:\n  ${faults.slice(0, 20).join("\n  ")}`);
  }
  return result.data;
}

/** A cloud in which nothing exists yet. */
export const EMPTY_DESCRIBE: Describe = { revision: 0, regions: {} };
