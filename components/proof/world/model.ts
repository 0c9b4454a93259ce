/**
 * The network as packets see it: every place that a packet can be at, and everything there that decides where it goes
 * on. Built from the plan alone, or from what AWS describes of a network (`components/proof/describe`). What only the
 * latter has is optional here; a region is then one VPC.
 */
import type { HostPlan } from "../../plan/model.ts";
import type { EdgeModel } from "../edge/model.ts";
import type { ChainContext } from "../rules/nft.ts";
import type { Gate, Origin } from "../rules/gate.ts";
import type { PrefixMap } from "../rules/prefixes.ts";
import type { SymbolSpace } from "../sets/addresses.ts";
import type { Intervals, Point } from "../sets/intervals.ts";
import type { EphemeralPorts, TrafficTable } from "../sets/traffic.ts";

/** What an instance's only link is called here; the plan never names it. */
export const instanceLink = "eth0";

/** An instance's network interface. */
export interface Eni {
  readonly host: string;
  /** Which of the host's links it is. */
  readonly link: string;
  readonly region: string;
  /** Key of its subnet. */
  readonly subnet: string;
  /** Its primary address. */
  readonly address: Point;
  /** Its IPv6 address, where it has one. */
  readonly ipv6: Point | undefined;
  /** The symbol of its public address, where it has one. */
  readonly publicAddress: Point | undefined;
  /** All that is its own: the addresses above, secondary ones, and networks that were delegated to it. */
  readonly own: Intervals;
  /** The public address of each of its IPv4 addresses that has one. */
  readonly publicAddresses: ReadonlyMap<Point, Point>;
  /** The NAT gateway that it belongs to. */
  readonly nat?: string;
  /** Why internet gateways carry nothing to it or from it. */
  readonly sealed?: string;
  /** AWS's source/destination check: it may then neither send nor get what is not its own. */
  readonly checks: boolean;
  readonly ingress: Gate;
  readonly egress: Gate;
}

/** Machines that reach each other without a router: a LAN, or a VLAN. */
export interface Segment {
  /** `edge-home/192.168.4.0/24` */
  readonly key: string;
  readonly site: string;
  readonly network: string;
  readonly path: string;
  readonly members: ReadonlyMap<Point, Attached>;
  /** The site's own router, where it stands in this segment. */
  readonly router: Point | undefined;
  /** Where devices that nobody manages send what is not for the segment; `undefined` where nothing leads out. */
  readonly gateway: Point | undefined;
  /** An address that no member has, as which such a device may come. */
  readonly free: Point;
}

/** A host's link in a segment. */
export interface Attached {
  readonly host: string;
  readonly link: string;
}

export interface TunnelPeer {
  readonly host: string;
  /** Name and port where this side calls; `undefined` where it waits to be called. */
  readonly endpoint: { readonly name: string; readonly port: number } | undefined;
}

/** A WireGuard interface: AllowedIPs decide both to whom a packet goes and from whom it is taken. */
export interface Tunnel {
  readonly host: string;
  readonly link: string;
  readonly address: Point;
  readonly listenPort: number | undefined;
  readonly allowed: PrefixMap<TunnelPeer>;
  readonly path: string;
}

export interface Link {
  readonly name: string;
  /** The host's own addresses on it; the first is the one that it sends from. */
  readonly addresses: readonly Point[];
  readonly attachment:
    | { readonly kind: "eni"; readonly eni: Eni }
    | { readonly kind: "segment"; readonly segment: string }
    | { readonly kind: "tunnel"; readonly tunnel: Tunnel };
}

export interface HostRoute {
  readonly link: string;
  /** The next hop; `undefined` where the destination is on the link itself. */
  readonly via: Point | undefined;
}

export interface HostNode {
  readonly key: string;
  /** `undefined` where no plan made the host. */
  readonly plan?: HostPlan;
  /** Its place in the stack's configuration, or its id. */
  readonly path: string;
  readonly links: ReadonlyMap<string, Link>;
  readonly addresses: ReadonlyMap<Point, string>;
  readonly routes: PrefixMap<HostRoute>;
  /** Tables for what comes from one of its own addresses, ahead of the others. */
  readonly answers: ReadonlyMap<Point, PrefixMap<HostRoute>>;
  /** `unknown` where only the host itself can tell. */
  readonly forwards: boolean | "unknown";
  /** What decides here and cannot be seen, in words; it is taken for letting everything pass. */
  readonly unseen?: string;
  /** Where it opens connections from, if not by Linux's range. */
  readonly clients?: EphemeralPorts;
  /** The chains of the hook, as gates in the order in which a packet meets them. */
  readonly gates: (at: "input" | "forward" | "output", context: ChainContext) => readonly Gate[];
  /** Which packets the host hides behind its own address on the way out. */
  readonly masquerade: (context: ChainContext) => Gate | undefined;
}

export type VpcTarget =
  | { readonly kind: "internet-gateway" }
  | { readonly kind: "egress-only-gateway" }
  | { readonly kind: "nat-gateway"; readonly nat: string }
  | { readonly kind: "peering"; readonly peering: string }
  | { readonly kind: "instance"; readonly host: string }
  /** The VPC itself. */
  | { readonly kind: "local" }
  | { readonly kind: "gateway-endpoint"; readonly endpoint: string }
  | { readonly kind: "blackhole"; readonly reason: string }
  /** Where it leads cannot be told; the reason says of what. */
  | { readonly kind: "unknown"; readonly reason: string };

/** A stateless gate around a subnet: what comes back is judged like anything else. */
export interface SubnetGates {
  readonly ingress: Gate | undefined;
  readonly egress: Gate | undefined;
}

export interface SubnetNode {
  readonly key: string;
  readonly routes: PrefixMap<VpcTarget>;
  readonly path: string;
  readonly acl: SubnetGates;
  /** What AWS's block of public access keeps internet gateways from: all, or what comes in and what is no NAT gateway's. */
  readonly blocked?: "bidirectional" | "ingress";
}

export interface NatNode {
  readonly key: string;
  readonly subnet: string;
  /** Behind its address goes on what the gateway hides, by the routes of its subnet. */
  readonly eni: Eni;
}

export interface RegionNode {
  readonly key: string;
  readonly path: string;
  readonly own: PrefixMap<true>;
  readonly subnets: ReadonlyMap<string, SubnetNode>;
  readonly nats: ReadonlyMap<string, NatNode>;
  /** By each of their addresses. */
  readonly enis: ReadonlyMap<Point, Eni>;
  /** The same by host. */
  readonly interfaces: ReadonlyMap<string, Eni>;
  /** The other region of each of its peerings, by the peering's key. */
  readonly peerings: ReadonlyMap<string, string>;
  /** Whether the internet gateway is there that lets packets in; it is unless said otherwise. */
  readonly gateway?: "attached" | "none" | "unknown";
  /** The internet gateway's own route table. */
  readonly gatewayRoutes?: PrefixMap<VpcTarget>;
  /** Networks that were delegated to interfaces. */
  readonly delegated?: PrefixMap<Eni>;
  /** Why more interfaces may be in it than are known. */
  readonly incomplete?: string;
  /** Addresses of AWS's own in the VPC, such as its resolver's. */
  readonly reserved?: Intervals;
}

export interface SiteNode {
  readonly key: string;
  readonly path: string;
  readonly segments: readonly Segment[];
  /** Segment of the site's router. */
  readonly uplink: string | undefined;
  /** The symbol of the router's address on the internet. */
  readonly publicAddress: Point;
}

/** Who has a public address. */
export type PublicOwner =
  | { readonly kind: "eni"; readonly eni: Eni; readonly inside: Point }
  /** By its IPv6 address, which is the same inside and outside. */
  | { readonly kind: "eni-ipv6"; readonly eni: Eni }
  | { readonly kind: "site"; readonly site: string }
  /** An address of the network's that is at no interface. */
  | { readonly kind: "nobody"; readonly reason: string }
  /** An address of the network's of which nobody can tell where it is. */
  | { readonly kind: "unknown"; readonly reason: string };

/** What a DNS name leads to, for those who dial it. */
export type NameTarget =
  | { readonly kind: "addresses"; readonly addresses: readonly Point[] }
  /** Cloudflare answers with its own addresses, and passes on HTTP alone. */
  | { readonly kind: "proxied" };

export interface World {
  readonly table: TrafficTable;
  readonly space: SymbolSpace;
  readonly hosts: ReadonlyMap<string, HostNode>;
  readonly regions: ReadonlyMap<string, RegionNode>;
  readonly sites: ReadonlyMap<string, SiteNode>;
  readonly segments: ReadonlyMap<string, Segment>;
  readonly publicOwners: ReadonlyMap<Point, PublicOwner>;
  /** The same for networks, where no single address is named. */
  readonly publicNetworks?: PrefixMap<PublicOwner>;
  readonly names: ReadonlyMap<string, NameTarget>;
  /** Names, resolvers and Cloudflare's edge; `undefined` where nothing is known of them. */
  readonly edge?: EdgeModel | undefined;
  /** What has an address and is not followed, in a few words. */
  readonly unseen?: ReadonlyMap<Point, string>;
  /** Networks of the operator, on the internet. */
  readonly operator: readonly string[];
  /** What could not be read, and is therefore taken for impassable. */
  readonly unread: readonly Origin[];
  /** Where clients open connections from, where it is not Linux's range. */
  readonly clients?: ClientPorts;
}

export interface ClientPorts {
  /** Hosts of which nothing else is known, and the internet. */
  readonly others: EphemeralPorts;
  readonly natGateways: EphemeralPorts;
}
