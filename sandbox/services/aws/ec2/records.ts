/**
 * What the simulated EC2 stores: the very objects that `aws ec2 describe-*` prints, by AWS's own field names.
 * Source: the EC2 API reference (docs.aws.amazon.com/AWSEC2/latest/APIReference), one data type per interface.
 */
import type { AttachedPolicies } from "../iam/attached-policies.ts";
import type { InstanceProfile } from "../iam/instance-profiles.ts";
import type { Role, RolePolicies } from "../iam/roles.ts";
import type { TaggedLogGroup } from "../logs/groups.ts";
import type { NameRecordKinds } from "../route53/record-kinds.ts";
import type { DbSubnetGroup } from "../rds/subnet-groups.ts";
import type { EgressOnlyGateway } from "./egress-only-gateways.ts";
import type { FlowLog } from "./flow-logs.ts";
import type { Instance, InstanceAttributes, Volume } from "./instance-records.ts";
import type { SubnetIpv6Association, VpcIpv6Association } from "./ipv6-records.ts";

export interface Tag {
  Key: string;
  Value: string;
}

export interface Vpc {
  CidrBlock: string;
  CidrBlockAssociationSet: {
    AssociationId: string;
    CidrBlock: string;
    CidrBlockState: { State: "associated" };
  }[];
  DhcpOptionsId: string;
  InstanceTenancy: string;
  Ipv6CidrBlockAssociationSet: VpcIpv6Association[];
  IsDefault: boolean;
  OwnerId: string;
  State: "available";
  Tags: Tag[];
  VpcId: string;
}

/** What `describe-vpc-attribute` tells, stored beside the VPC. */
export interface VpcAttributes {
  VpcId: string;
  EnableDnsHostnames: boolean;
  EnableDnsSupport: boolean;
  EnableNetworkAddressUsageMetrics: boolean;
}

export interface Subnet {
  AssignIpv6AddressOnCreation: boolean;
  AvailabilityZone: string;
  AvailabilityZoneId: string;
  AvailableIpAddressCount: number;
  CidrBlock: string;
  DefaultForAz: boolean;
  EnableDns64: boolean;
  Ipv6CidrBlockAssociationSet: SubnetIpv6Association[];
  Ipv6Native: boolean;
  MapCustomerOwnedIpOnLaunch: boolean;
  MapPublicIpOnLaunch: boolean;
  OwnerId: string;
  PrivateDnsNameOptionsOnLaunch: {
    EnableResourceNameDnsAAAARecord: boolean;
    EnableResourceNameDnsARecord: boolean;
    HostnameType: string;
  };
  State: "available";
  SubnetArn: string;
  SubnetId: string;
  Tags: Tag[];
  VpcId: string;
}

export interface InternetGateway {
  Attachments: { State: "available"; VpcId: string }[];
  InternetGatewayId: string;
  OwnerId: string;
  Tags: Tag[];
}

/** Exactly one destination and one target are set. `State` is worked out whenever a table is read. */
export interface Route {
  DestinationCidrBlock?: string;
  DestinationIpv6CidrBlock?: string;
  DestinationPrefixListId?: string;
  EgressOnlyInternetGatewayId?: string;
  GatewayId?: string;
  InstanceId?: string;
  InstanceOwnerId?: string;
  NatGatewayId?: string;
  NetworkInterfaceId?: string;
  VpcPeeringConnectionId?: string;
  Origin: "CreateRouteTable" | "CreateRoute";
  State: "active" | "blackhole";
}

export interface RouteTableAssociation {
  AssociationState: { State: "associated" };
  GatewayId?: string;
  Main: boolean;
  RouteTableAssociationId: string;
  RouteTableId: string;
  SubnetId?: string;
}

export interface RouteTable {
  Associations: RouteTableAssociation[];
  OwnerId: string;
  PropagatingVgws: { GatewayId: string }[];
  RouteTableId: string;
  Routes: Route[];
  Tags: Tag[];
  VpcId: string;
}

export interface NetworkAclEntry {
  CidrBlock?: string;
  IcmpTypeCode?: { Code: number; Type: number };
  Ipv6CidrBlock?: string;
  Egress: boolean;
  PortRange?: { From: number; To: number };
  Protocol: string;
  RuleAction: "allow" | "deny";
  RuleNumber: number;
}

export interface NetworkAcl {
  Associations: { NetworkAclAssociationId: string; NetworkAclId: string; SubnetId: string }[];
  Entries: NetworkAclEntry[];
  IsDefault: boolean;
  NetworkAclId: string;
  OwnerId: string;
  Tags: Tag[];
  VpcId: string;
}

export interface IpPermission {
  FromPort?: number;
  ToPort?: number;
  IpProtocol: string;
  IpRanges: { CidrIp: string; Description?: string }[];
  Ipv6Ranges: { CidrIpv6: string; Description?: string }[];
  PrefixListIds: { PrefixListId: string; Description?: string }[];
  UserIdGroupPairs: { GroupId: string; UserId: string; Description?: string }[];
}

/** As stored; `describe-security-groups` adds the permissions, which follow from the rules. */
export interface SecurityGroup {
  Description: string;
  GroupId: string;
  GroupName: string;
  OwnerId: string;
  SecurityGroupArn: string;
  Tags: Tag[];
  VpcId: string;
}

export interface SecurityGroupRule {
  CidrIpv4?: string;
  CidrIpv6?: string;
  Description?: string;
  /** -1 where the protocol has no ports or every one is meant; for ICMP the type. */
  FromPort: number;
  GroupId: string;
  GroupOwnerId: string;
  IpProtocol: string;
  IsEgress: boolean;
  PrefixListId?: string;
  ReferencedGroupInfo?: { GroupId: string; UserId: string; VpcId?: string; VpcPeeringConnectionId?: string };
  SecurityGroupRuleArn: string;
  SecurityGroupRuleId: string;
  Tags: Tag[];
  ToPort: number;
}

export interface Address {
  AllocationId: string;
  AssociationId?: string;
  Domain: "vpc";
  InstanceId?: string;
  NetworkBorderGroup: string;
  NetworkInterfaceId?: string;
  NetworkInterfaceOwnerId?: string;
  PrivateIpAddress?: string;
  PublicIp: string;
  PublicIpv4Pool: "amazon";
  Tags: Tag[];
}

export interface InterfaceAssociation {
  AllocationId?: string;
  AssociationId?: string;
  /** `amazon` for an address that was assigned at launch, else the account that owns the Elastic IP. */
  IpOwnerId: string;
  PublicDnsName: string;
  PublicIp: string;
}

export interface PrivateAddress {
  Association?: InterfaceAssociation;
  Primary: boolean;
  PrivateDnsName?: string;
  PrivateIpAddress: string;
}

export interface NetworkInterface {
  Association?: InterfaceAssociation;
  Attachment?: {
    AttachTime: string;
    AttachmentId: string;
    DeleteOnTermination: boolean;
    DeviceIndex: number;
    InstanceId?: string;
    InstanceOwnerId: string;
    NetworkCardIndex: number;
    Status: "attached";
  };
  AvailabilityZone: string;
  Description: string;
  Groups: { GroupId: string; GroupName: string }[];
  InterfaceType: "interface" | "nat_gateway";
  Ipv6Addresses: { IsPrimaryIpv6: boolean; Ipv6Address: string }[];
  MacAddress: string;
  NetworkInterfaceId: string;
  OwnerId: string;
  PrivateDnsName?: string;
  PrivateIpAddress: string;
  PrivateIpAddresses: PrivateAddress[];
  RequesterManaged: boolean;
  SourceDestCheck: boolean;
  Status: "in-use";
  SubnetId: string;
  TagSet: Tag[];
  VpcId: string;
}

export interface NatGatewayAddress {
  AllocationId?: string;
  AssociationId?: string;
  IsPrimary: boolean;
  NetworkInterfaceId?: string;
  PrivateIp?: string;
  PublicIp?: string;
  Status: "succeeded" | "failed";
}

export interface NatGateway {
  AvailabilityMode: "zonal";
  ConnectivityType: "public" | "private";
  CreateTime: string;
  FailureCode?: string;
  FailureMessage?: string;
  NatGatewayAddresses: NatGatewayAddress[];
  NatGatewayId: string;
  State: "available" | "failed";
  SubnetId: string;
  Tags: Tag[];
  VpcId: string;
}

/** A gateway endpoint: routes to a service of AWS's own, by its prefix list, without an interface anywhere. */
export interface VpcEndpoint {
  CreationTimestamp: string;
  DnsEntries: never[];
  Groups: never[];
  IpAddressType: "ipv4";
  NetworkInterfaceIds: never[];
  OwnerId: string;
  PolicyDocument: string;
  PrivateDnsEnabled: false;
  RequesterManaged: false;
  RouteTableIds: string[];
  ServiceName: string;
  ServiceRegion: string;
  State: "available";
  SubnetIds: never[];
  Tags: Tag[];
  VpcEndpointId: string;
  VpcEndpointType: "Gateway";
  VpcId: string;
}

/** The addresses of a service of AWS's own; AWS keeps it, and nobody else can change it. */
export interface PrefixList {
  Cidrs: string[];
  PrefixListId: string;
  PrefixListName: string;
}

export interface PeeringVpcInfo {
  CidrBlock?: string;
  CidrBlockSet?: { CidrBlock: string }[];
  OwnerId: string;
  PeeringOptions?: {
    AllowDnsResolutionFromRemoteVpc: boolean;
    AllowEgressFromLocalClassicLinkToRemoteVpc: false;
    AllowEgressFromLocalVpcToRemoteClassicLink: false;
  };
  Region: string;
  VpcId: string;
}

export interface VpcPeeringConnection {
  AccepterVpcInfo: PeeringVpcInfo;
  ExpirationTime?: string;
  RequesterVpcInfo: PeeringVpcInfo;
  Status: { Code: "pending-acceptance" | "active" | "failed"; Message: string };
  Tags: Tag[];
  VpcPeeringConnectionId: string;
}

/** The kinds of records, named as the files of `roadnet sandbox describe` where there is such a file. */
export interface RecordKinds extends NameRecordKinds {
  vpcs: Vpc;
  "vpc-attributes": VpcAttributes;
  subnets: Subnet;
  "internet-gateways": InternetGateway;
  "egress-only-internet-gateways": EgressOnlyGateway;
  "route-tables": RouteTable;
  "network-acls": NetworkAcl;
  "security-groups": SecurityGroup;
  "security-group-rules": SecurityGroupRule;
  addresses: Address;
  "network-interfaces": NetworkInterface;
  "nat-gateways": NatGateway;
  "vpc-peering-connections": VpcPeeringConnection;
  "vpc-endpoints": VpcEndpoint;
  /** With the tags, which RDS tells by another call (`list-tags-for-resource`). */
  "db-subnet-groups": DbSubnetGroup & { Tags: Tag[] };
  "flow-logs": FlowLog;
  "log-groups": TaggedLogGroup;
  "iam-roles": Role;
  "iam-role-policies": RolePolicies;
  "iam-attached-policies": AttachedPolicies;
  "iam-instance-profiles": InstanceProfile;
  instances: Instance;
  "instance-attributes": InstanceAttributes;
  volumes: Volume & { InstanceId: string };
  /** Which resource a request with a client token made, so that the same request makes no second one. */
  "client-tokens": { Token: string; Id: string };
}

export type RecordKind = keyof RecordKinds;
