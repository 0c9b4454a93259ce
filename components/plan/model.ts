/**
 * The vocabulary of the plan: everything the program will create, known before anything is created.
 *
 * A plan is plain, immutable data. It imports nothing of Pulumi, so it can be computed, compared, proven and
 * printed anywhere. What only the platform can tell is a {@link PlanSymbol}; `components/resolve.ts` is the one
 * place where symbols become Pulumi outputs.
 *
 * Keys (`key`) are stable identities made of names, never of list positions: `us-west`, `us-west/private/us-west-2a`,
 * `us-west/api-1`. They name resources, so a key that changes replaces a resource.
 */

import type { Tier } from "../config/ledger.ts";
import type { HostRole } from "../config/schema.ts";
import type { CloudflarePlan, DnsZonePlan } from "./cloudflare/model.ts";
import type { GenerationPlan } from "./generation.ts";

export type { Tier };

/** A value that exists only after the platform or a host has made it. */
export type PlanSymbol =
  /** The public IPv4 address of an instance: its Elastic IP, or the address its subnet assigned at launch. */
  | { readonly kind: "public-address"; readonly host: string }
  /** The IPv6 network that Amazon gave a VPC (by its region's key, a /56), or a subnet's part of it (by its key, a /64). */
  | { readonly kind: "ipv6-network"; readonly of: string }
  /** The IPv6 address of an instance, in its subnet's network. */
  | { readonly kind: "ipv6-address"; readonly host: string }
  /** The WireGuard public key (base64, 44 characters) that the host derived from a private key only it holds. */
  | { readonly kind: "wireguard-public-key"; readonly host: string }
  /** A certificate of the host (PEM, with its chain), signed by the program's CA; named as in the host's plan. */
  | { readonly kind: "certificate"; readonly host: string; readonly name: string }
  /** The certificate of the program's CA (PEM). */
  | { readonly kind: "ca-certificate" }
  /** A secret that the program makes and keeps, encrypted, in its state: 64 letters and digits. */
  | { readonly kind: "shared-secret"; readonly name: string }
  /** The UUID that Cloudflare gave a tunnel. */
  | { readonly kind: "tunnel-id"; readonly tunnel: string }
  /** What a tunnel's connector and Cloudflare both know: 32 bytes in base64. */
  | { readonly kind: "tunnel-secret"; readonly tunnel: string }
  /** The Cloudflare account that the stack works in: 32 hexadecimal digits. */
  | { readonly kind: "cloudflare-account" };

/** Text with symbols in it: pieces are concatenated, symbols resolved. A template without symbols is one string. */
export type Template = readonly (string | PlanSymbol)[];

/** A network: literal (`10.0.0.0/8`, `::/0`), or one that only Amazon can tell. */
export type NetworkName = string | Ipv6NetworkSymbol;

export type Ipv6NetworkSymbol = Extract<PlanSymbol, { kind: "ipv6-network" }>;

/** Lower-case protocol names as AWS and nftables spell them; `all` is AWS's `-1`, and with IPv6 `icmp` is ICMPv6. */
export type Protocol = "tcp" | "udp" | "icmp" | "all";

/** An inclusive range of ports; `undefined` where the protocol has none or every port is meant. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** Who is on the other side of a security-group rule. */
export type Peer =
  | { readonly kind: "cidr"; readonly cidr: NetworkName }
  /** Another group of the same region: AWS cannot reference a group across regions. */
  | { readonly kind: "security-group"; readonly group: string };

export interface SecurityRulePlan {
  /** `us-west/public/ingress/tcp-443/0.0.0.0-0`: direction, protocol, ports and peer, so order never matters. */
  readonly key: string;
  readonly direction: "ingress" | "egress";
  readonly protocol: Protocol;
  readonly ports: PortRange | undefined;
  readonly peer: Peer;
  /** Why the rule exists; becomes its description in AWS (at most 255 characters of AWS's alphabet). */
  readonly description: string;
}

export interface SecurityGroupPlan {
  /** `us-west/public` */
  readonly key: string;
  /** `public`, the name used in the stack's configuration. */
  readonly name: string;
  readonly description: string;
  readonly rules: readonly SecurityRulePlan[];
}

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

export interface PeeringPlan {
  /** `us-west/eu-west`: requester, then accepter, in the order of the configuration. */
  readonly key: string;
  readonly requester: string;
  readonly accepter: string;
  /**
   * The peering that must be accepted before this one is asked for, so that never more wait for acceptance than the
   * account may have; `undefined` where there is no such number in front of it.
   */
  readonly after: string | undefined;
}

/** A place whose machines are not ours to create: a home LAN, a rack. */
export interface SitePlan {
  readonly key: string;
  readonly network: string;
  readonly gateway: string;
}

/** A way on which the program reaches a host over SSH once the host has been met. */
export interface ManagementPath {
  /**
   * `direct`, `hub`, `tunnel`, `lan` (through a neighbour) or `on-site` (from the LAN itself); unique on the host.
   */
  readonly name: string;
  readonly user: string;
  /** A literal address, or the host's own public address. */
  readonly address: string | PlanSymbol;
  /** The host's own address on this way: the destination that its SSH server sees. */
  readonly localAddress: string;
  /** Key of the hub that serves as bastion; `undefined` where the operator connects directly. */
  readonly via: string | undefined;
  /** Key of the VPN peer that the way crosses after the hub, to the LAN behind it. */
  readonly through: string | undefined;
}

/**
 * How the program reaches a host the very first time. The path is the host's management path, but for what is reached
 * through a tunnel that does not exist before the host is configured: that is met at its public address, or by an
 * operator who stands on its LAN.
 */
export type FirstContact =
  /** An instance: pinned to the throw-away ECDSA host key from its user data. */
  | { readonly kind: "user-data"; readonly path: ManagementPath }
  /** A machine that stands on a LAN: pinned to the host key it was imaged with. */
  | { readonly kind: "lan"; readonly path: ManagementPath; readonly hostKey: string };

export interface InstancePlan {
  /** Pinned AMI of the host's region. */
  readonly ami: string;
  readonly instanceType: string;
  readonly subnet: string;
  readonly securityGroups: readonly string[];
  readonly elasticIp: boolean;
  /** Of its IPv6 address, counted from its subnet's first; `undefined` where it has none. */
  readonly ipv6Number: number | undefined;
  /** Off for an instance that forwards. */
  readonly sourceDestCheck: boolean;
  readonly rootVolumeGiB: number;
  /** From where the instance installs Systems Manager's agent at its first boot; `undefined` for not at all. */
  readonly ssmAgent: string | undefined;
}

export type { HostRole };

export interface HostPlan {
  /** `us-west/api-1`, `edge-home/lucidia` */
  readonly key: string;
  /** The last part of the key: `api-1`. */
  readonly name: string;
  /** What the host calls itself: `api-1.us-west`. */
  readonly hostname: string;
  readonly role: HostRole;
  /** Key of the region or site it stands in. */
  readonly site: string;
  /** Its own IPv4 address at its site. */
  readonly address: string;
  /** Its address in the VPN, where it has one. */
  readonly tunnelAddress: string | undefined;
  /** Set for instances, which the program creates; `undefined` for machines, which it finds. */
  readonly instance: InstancePlan | undefined;
  readonly firstContact: FirstContact;
  /** By which the program configures the host. */
  readonly management: ManagementPath;
  /** On which a change of the host must be confirmed as well, before it stays. */
  readonly otherPaths: readonly ManagementPath[];
  /** Seconds within which a change must be confirmed on every path, else the host goes back by itself. */
  readonly confirmSeconds: number;
  /** What apt must be told before the host has its first packages; `undefined` where it finds them by itself. */
  readonly aptProxy: string | undefined;
  /** What makes the management path lead to it, where first contact has another one. */
  readonly firstGeneration: GenerationPlan | undefined;
  /** What is on it. */
  readonly generation: GenerationPlan;
}

export interface VpnPeerPlan {
  readonly host: string;
  readonly tunnelAddress: string;
  /** What the peer's side of the tunnel may send and receive: AllowedIPs at the hub. */
  readonly allowedIps: readonly string[];
}

export interface HubPlan {
  readonly host: string;
  readonly region: string;
  /** `10.200.0.1` */
  readonly tunnelAddress: string;
  /** `vpn.blackroad.io` */
  readonly endpoint: string;
  /** What peers send to this hub: AllowedIPs at the peers. */
  readonly allowedIps: readonly string[];
}

export interface VpnPlan {
  readonly network: string;
  readonly port: number;
  readonly mtu: number;
  readonly keepaliveSeconds: number;
  readonly hubs: readonly HubPlan[];
  readonly peers: readonly VpnPeerPlan[];
}

export interface OperatorPlan {
  /** From where the operator reaches the hubs. */
  readonly cidrs: readonly string[];
  /** OpenSSH public keys that may log in everywhere. */
  readonly authorizedKeys: readonly string[];
}

/** How a change reaches the hosts. */
export interface RolloutPlan {
  /**
   * Groups of host keys, each begun when the one before is done. A group holds hosts that are changed at the same
   * time, and what is reached through a host never comes before it. The canary's group is the first that has the
   * canary in it.
   */
  readonly batches: readonly (readonly string[])[];
  readonly canary: string | undefined;
  readonly soakSeconds: number;
}

/** The AWS account, and how the program works in it. */
export interface AccountPlan {
  readonly id: string;
  /** ARN of the role that is assumed; `undefined` for none. */
  readonly role: string | undefined;
  readonly externalId: string | undefined;
  /** As which the role is assumed: what CloudTrail shows beside each call. */
  readonly session: string;
}

export interface NetworkPlan {
  readonly stack: string;
  readonly owner: string;
  /** `undefined` where the credentials alone say which account it is. */
  readonly account: AccountPlan | undefined;
  readonly operator: OperatorPlan;
  readonly regions: readonly RegionPlan[];
  readonly peerings: readonly PeeringPlan[];
  readonly sites: readonly SitePlan[];
  readonly vpn: VpnPlan;
  readonly zones: readonly DnsZonePlan[];
  readonly privateZones: readonly PrivateZonePlan[];
  readonly cloudflare: CloudflarePlan;
  readonly hosts: readonly HostPlan[];
  readonly rollout: RolloutPlan;
}
