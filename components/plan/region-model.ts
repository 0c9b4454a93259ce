/** The plan's vocabulary of a region: its VPC with subnets, routes, gates and gateways, and what answers names in it. */
import type { Tier } from "../config/ledger.ts";
import type { NetworkName, PortRange, Protocol, SecurityGroupPlan } from "./model.ts";

export interface SubnetPlan {
  /** `us-west/public/us-west-2a` */
  readonly key: string;
  readonly tier: Tier;
  /** An availability zone's name (`us-west-2a`) or, to pin it across accounts, its id (`usw2-az1`). */
  readonly zone: string;
  readonly cidr: string;
  /** Of the 256 /64 in its VPC's IPv6 network, the subnet's; `undefined` where the region has no IPv6. */
  readonly ipv6Number: number | undefined;
  /** Key of the route table that serves the subnet. */
  readonly routeTable: string;
  /** Whether an instance gets a public address at launch (only where the stack asks for it). */
  readonly mapPublicIpOnLaunch: boolean;
}

export type RouteTarget =
  | { readonly kind: "internet-gateway" }
  /** The region's way to the internet for IPv6, outwards only. */
  | { readonly kind: "egress-only-gateway" }
  | { readonly kind: "nat-gateway"; readonly nat: string }
  | { readonly kind: "peering"; readonly peering: string }
  /** The primary network interface of an instance, which forwards (source/destination check off). */
  | { readonly kind: "instance"; readonly host: string };

export interface RoutePlan {
  /** `us-west/public/10.1.0.0-16` */
  readonly key: string;
  readonly destination: NetworkName;
  readonly target: RouteTarget;
  /** Why the route exists, in one phrase, for whoever reads a plan: AWS has no place for it. */
  readonly reason: string;
}

export interface RouteTablePlan {
  /** `us-west/public`, or `us-west/private/us-west-2a` where each zone has its own. */
  readonly key: string;
  readonly routes: readonly RoutePlan[];
}

export interface NatGatewayPlan {
  /** `us-west/nat/us-west-2a` */
  readonly key: string;
  /** Key of the public subnet it stands in. */
  readonly subnet: string;
  /** Its private address there, reserved for it. */
  readonly address: string;
}

/** One entry of a network ACL. All of them allow: what none allows is denied by AWS's own last entry. */
export interface NetworkAclRulePlan {
  readonly direction: "ingress" | "egress";
  /** 1 to 32766; follows from what the rule says, so that no other rule moves it. */
  readonly number: number;
  readonly protocol: Protocol;
  /** Destination ports. */
  readonly ports: PortRange | undefined;
  /** Of ICMP, where not every type is meant. */
  readonly icmpType: number | undefined;
  /** Who sends, or who is sent to. */
  readonly cidr: NetworkName;
  /** Why the rule exists, for whoever reads a plan: AWS has no place for it. */
  readonly reason: string;
}

/** What may cross the edge of a tier's subnets; stateless, so that answers have rules of their own. */
export interface NetworkAclPlan {
  /** `us-west/database` */
  readonly key: string;
  readonly tier: Tier;
  /** Keys of the subnets that it stands around. */
  readonly subnets: readonly string[];
  /** By direction, then by number. */
  readonly rules: readonly NetworkAclRulePlan[];
}

/** A way to a service of AWS's own that leads past NAT and costs nothing. */
export interface GatewayEndpointPlan {
  /** `us-west/endpoint/s3` */
  readonly key: string;
  /** AWS's name of the service: `com.amazonaws.us-west-2.s3`. */
  readonly service: string;
  /** Keys of the route tables that lead to the service by it. */
  readonly routeTables: readonly string[];
}

/** Records of what passes a VPC, or is refused, in a log group of CloudWatch. */
export interface FlowLogPlan {
  /** `us-west/flow-logs` */
  readonly key: string;
  /** `/blackroad/prod/us-west/flow-logs`; of the stack, as several may share an account. */
  readonly logGroup: string;
  /** The role by which AWS writes there; one for each region. */
  readonly role: string;
  readonly traffic: "ACCEPT" | "REJECT" | "ALL";
  readonly retentionDays: number;
}

/** The role of a region's instances, by which Systems Manager is a second way in. */
export interface SessionManagerPlan {
  /** `us-west/session-manager` */
  readonly key: string;
  /** Of the role and of the instance profile that it is in. */
  readonly name: string;
  /** The service that may use the role: EC2, by its name in the account's partition. */
  readonly trusted: string;
  /** ARN of AWS's own policy. */
  readonly policy: string;
}

/** Where RDS may put databases: it takes no less than two zones. */
export interface DatabaseSubnetGroupPlan {
  /** `us-west/database` */
  readonly key: string;
  /** Its name in AWS, unique among the account's groups in the region. */
  readonly name: string;
  /** Keys of the database tier's subnets. */
  readonly subnets: readonly string[];
}

/** What Route 53 answers for a name and a type. */
export interface PrivateRecordSetPlan {
  /** `blackroad.internal/redis.blackroad.internal/A` */
  readonly key: string;
  /** Fully qualified, without a trailing dot. */
  readonly name: string;
  readonly type: "A" | "CNAME";
  /** Sorted. */
  readonly values: readonly string[];
  readonly ttlSeconds: number;
}

/** A private hosted zone, which the VPCs of all regions know. */
export interface PrivateZonePlan {
  /** `blackroad.internal` */
  readonly name: string;
  readonly comment: string;
  /** Key of the region whose VPC the zone is made with. */
  readonly homeRegion: string;
  /** Keys of all others, sorted. */
  readonly joiningRegions: readonly string[];
  readonly recordSets: readonly PrivateRecordSetPlan[];
}

/** A domain about which the resolver of a region's VPC asks other name servers. */
export interface ForwardingRulePlan {
  /** `us-west/dns-outbound/consul` */
  readonly key: string;
  /** Its name in AWS. */
  readonly name: string;
  readonly domain: string;
  readonly targets: readonly { readonly address: string; readonly port: number }[];
}

/** From where the resolver of a region's VPC asks them. */
export interface OutboundEndpointPlan {
  /** `us-west/dns-outbound` */
  readonly key: string;
  /** Its name in AWS, of the stack, as several may share an account. */
  readonly name: string;
  /** Key of its security group, which is among those of the region. */
  readonly securityGroup: string;
  /** With the key of the subnet that each lies in. */
  readonly addresses: readonly { readonly subnet: string; readonly address: string }[];
  readonly rules: readonly ForwardingRulePlan[];
}

/** A VPC's IPv6, beside which its IPv4 stays as it is. */
export interface RegionIpv6Plan {
  /** `us-west/egress-only-gateway`; `undefined` where no subnet is private. */
  readonly egressOnlyGateway: string | undefined;
}

export interface RegionPlan {
  /** The name in the configuration: `us-west`. */
  readonly key: string;
  /** The AWS region: `us-west-2`. */
  readonly awsRegion: string;
  readonly cidr: string;
  /** `undefined` where the region has no IPv6. */
  readonly ipv6: RegionIpv6Plan | undefined;
  readonly subnets: readonly SubnetPlan[];
  readonly routeTables: readonly RouteTablePlan[];
  readonly natGateways: readonly NatGatewayPlan[];
  readonly gatewayEndpoints: readonly GatewayEndpointPlan[];
  /** `undefined` where the region has no database tier. */
  readonly databaseSubnetGroup: DatabaseSubnetGroupPlan | undefined;
  /** `undefined` where the region keeps none. */
  readonly flowLog: FlowLogPlan | undefined;
  /** `undefined` where instances are reached by SSH alone. */
  readonly sessionManager: SessionManagerPlan | undefined;
  /** One for each tier that has subnets; none where the region keeps to AWS's default. */
  readonly networkAcls: readonly NetworkAclPlan[];
  readonly securityGroups: readonly SecurityGroupPlan[];
  /** `undefined` where the region forwards nothing. */
  readonly outboundEndpoint: OutboundEndpointPlan | undefined;
}
