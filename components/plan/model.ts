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

import type { Endpoint } from "../config/flows.ts";
import type { Tier } from "../config/ledger.ts";
import type { HostRole } from "../config/schema.ts";
import type { CloudflarePlan, DnsZonePlan } from "./cloudflare/model.ts";
import type { GenerationPlan } from "./generation.ts";
import type { PrivateZonePlan, RegionPlan } from "./region-model.ts";

export type { Tier };
export type * from "./region-model.ts";

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
  /** Where the stack's configuration says so: `securityGroups.public.ingress[0]`; absent where the program makes it. */
  readonly path?: string;
}

export interface SecurityGroupPlan {
  /** `us-west/public` */
  readonly key: string;
  /** `public`, the name used in the stack's configuration. */
  readonly name: string;
  readonly description: string;
  readonly rules: readonly SecurityRulePlan[];
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

/** Who is meant to open what to whom, or does so knowingly; the measure of all rules, and compiled into none. */
export interface FlowPlan {
  /** `intended` must pass. `accepted` passes although nobody means it to, and may. */
  readonly kind: "intended" | "accepted";
  readonly from: readonly Endpoint[];
  readonly to: readonly Endpoint[];
  /** As the stack's file writes it: `443/tcp`, `8080-8090/tcp`, `icmp`, `all`. */
  readonly traffic: readonly string[];
  readonly reason: string;
  /** What it follows from in the stack's configuration: `flows.intended[2]`, `wireguard.peers`. */
  readonly path: string;
  /** Whether the stack's file says it, or the rest of the description. */
  readonly isWritten: boolean;
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
  readonly flows: readonly FlowPlan[];
  /** Whether the flows are all that is meant; a stack that writes none of its own does not say so. */
  readonly isMeasured: boolean;
}
