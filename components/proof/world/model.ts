/**
 * The network as packets see it: every place that a packet can be at, and everything there that decides where it goes
 * on. Built from the plan alone.
 */
import type { HostPlan } from "../../plan/model.ts";
import type { ChainContext } from "../rules/nft.ts";
import type { Gate, Origin } from "../rules/gate.ts";
import type { PrefixMap } from "../rules/prefixes.ts";
import type { SymbolSpace } from "../sets/addresses.ts";
import type { Point } from "../sets/intervals.ts";
import type { TrafficTable } from "../sets/traffic.ts";

/** What an instance's only link is called here; the plan never names it. */
export const instanceLink = "eth0";

/** An instance's network interface. */
export interface Eni {
  readonly host: string;
  readonly region: string;
  /** Key of its subnet. */
  readonly subnet: string;
  readonly address: Point;
  /** Its IPv6 address, where it has one. */
  readonly ipv6: Point | undefined;
  /** The symbol of its public address, where it has one. */
  readonly publicAddress: Point | undefined;
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
  readonly plan: HostPlan;
  /** Its place in the stack's configuration. */
  readonly path: string;
  readonly links: ReadonlyMap<string, Link>;
  readonly addresses: ReadonlyMap<Point, string>;
  readonly routes: PrefixMap<HostRoute>;
  /** Tables for what comes from one of its own addresses, ahead of the others. */
  readonly answers: ReadonlyMap<Point, PrefixMap<HostRoute>>;
  readonly forwards: boolean;
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
  | { readonly kind: "instance"; readonly host: string };

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
}

export interface NatNode {
  readonly key: string;
  readonly subnet: string;
  /** The symbol of its Elastic IP. */
  readonly publicAddress: Point;
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
  | { readonly kind: "eni"; readonly eni: Eni }
  /** By its IPv6 address, which is the same inside and outside. */
  | { readonly kind: "eni-ipv6"; readonly eni: Eni }
  | { readonly kind: "nat"; readonly region: string; readonly nat: string }
  | { readonly kind: "site"; readonly site: string };

/** What a DNS name leads to, for those who dial it. */
export type NameTarget =
  | { readonly kind: "address"; readonly address: Point }
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
  readonly names: ReadonlyMap<string, NameTarget>;
  /** What has an address and is not followed, in a few words. */
  readonly unseen?: ReadonlyMap<Point, string>;
  /** Networks of the operator, on the internet. */
  readonly operator: readonly string[];
  /** What could not be read, and is therefore taken for impassable. */
  readonly unread: readonly Origin[];
}
