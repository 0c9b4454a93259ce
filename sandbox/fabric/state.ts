/**
 * What the fabric wants of the kernel: namespaces, the links between them, and what is inside each.
 *
 * Everything here is plain data, computed by pure functions from the describe JSON and `sandbox/world.yaml`
 * (see desired.ts) and made true by apply.ts. Namespaces are named by their role, without the sandbox's prefix.
 */
import type { Machine } from "../hosts/machine.ts";
import type { Family } from "./blocks.ts";
import type { FlowPolicy } from "./flows.ts";

/** One end of a veth pair. */
export interface LinkEnd {
  /** Role of the namespace: `inet`, `vpc-0a…`, `h-lucidia`. */
  readonly namespace: string;
  /** Interface name, at most 15 characters. */
  readonly name: string;
  /** Ethernet address; the kernel chooses where it is undefined. */
  readonly mac?: string | undefined;
  /** Name of the bridge, in the same namespace, that this end is a port of. */
  readonly bridge?: string | undefined;
  /** Whether this end answers ARP for every address that it can forward to. */
  readonly proxyArp?: boolean;
}

export interface Link {
  readonly a: LinkEnd;
  readonly b: LinkEnd;
  /**
   * `ethernet` is a cable on which neighbours are found by ARP. `line` joins two routers and needs no addresses:
   * ARP is off and both ends have one Ethernet address, so whatever is put in at one end is taken at the other.
   */
  readonly kind: "ethernet" | "line";
  /** Bytes of the largest packet, on both ends; the kernel's 1500 where it is undefined. */
  readonly mtu?: number;
}

export interface Address {
  readonly device: string;
  /** `10.0.1.5/24`, `2001:db8::5/128` */
  readonly cidr: string;
}

export interface Route {
  /** `0.0.0.0/0`, `10.0.1.5/32`, `::/0` */
  readonly destination: string;
  /** Number of a kernel routing table; 254 is `main`. */
  readonly table: number;
  readonly type: "unicast" | "blackhole" | "unreachable";
  /** Set for `unicast` only. */
  readonly device?: string;
  /** The neighbour that takes the packet; undefined where the destination itself is the neighbour. */
  readonly via?: string;
}

/** `ip rule`: which table decides. */
export interface Rule {
  /** IPv4's, unless said otherwise. */
  readonly family?: Family;
  readonly priority: number;
  readonly table: number;
  readonly fromDevice?: string;
  /** Address of this namespace that a packet is sent from. */
  readonly source?: string;
  readonly mark?: number;
}

export interface Sysctl {
  /** Path below /proc/sys: `net/ipv4/ip_forward`. */
  readonly path: string;
  readonly value: string;
}

export interface NamespaceState {
  readonly role: string;
  /**
   * Whether addresses, routes and rules that are not listed here are to go. False for a machine's namespace,
   * which the machine itself configures too.
   */
  readonly exclusive: boolean;
  /** Written when the namespace is made; in an exclusive one also when it is repaired. */
  readonly sysctls: readonly Sysctl[];
  /** Names of bridges to make. */
  readonly bridges: readonly string[];
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
  /** Body of the table `ip roadnet`, one statement or set element per line; empty for none. */
  readonly nft: readonly string[];
  /** Body of the table `ip6 roadnet`; without it there is none. */
  readonly nft6?: readonly string[];
  /** Which connections may outlive a change of the gates; all of them where it is undefined. */
  readonly flows?: FlowPolicy;
  /** Name server for what runs by `ip netns exec`. */
  readonly resolver?: string;
}

export interface FabricState {
  readonly revision: number;
  readonly namespaces: readonly NamespaceState[];
  readonly links: readonly Link[];
  /** Machines that are to run, sorted by name. */
  readonly machines: readonly Machine[];
  /** Instances that exist but do not run: their disks are kept. */
  readonly stopped: readonly string[];
  /** What the describe JSON says and the fabric cannot realise; such things are closed, never open. */
  readonly problems: readonly string[];
}

export const MAIN_TABLE = 254;
export const ANYWHERE = "0.0.0.0/0";
export const ANYWHERE_OF: Readonly<Record<Family, string>> = { ip: ANYWHERE, ip6: "::/0" };

/** What a VPC's router is called on every link to an endpoint, beside the address that the kernel makes up. */
export const ROUTER_LINK_LOCAL = "fe80::1";

/** Settings that every namespace which forwards has; `ip_forward` first, because writing it resets others. */
export const FORWARDING: readonly Sysctl[] = [
  { path: "net/ipv4/ip_forward", value: "1" },
  { path: "net/ipv4/conf/all/rp_filter", value: "0" },
  { path: "net/ipv4/conf/default/rp_filter", value: "0" },
  // Packets that leave by the link they came from are normal here (a hub, a hairpin through the IGW).
  { path: "net/ipv4/conf/all/send_redirects", value: "0" },
  { path: "net/ipv4/conf/default/send_redirects", value: "0" },
];

/** A namespace that does not forward, whatever the machine's own settings are: new namespaces inherit those. */
export const NOT_FORWARDING: readonly Sysctl[] = [
  { path: "net/ipv4/ip_forward", value: "0" },
  { path: "net/ipv4/conf/all/rp_filter", value: "0" },
  { path: "net/ipv4/conf/default/rp_filter", value: "0" },
];

/** Off where the fabric routes no IPv6, so that nothing passes beside the gates. */
export const NO_IPV6: readonly Sysctl[] = [
  { path: "net/ipv6/conf/all/disable_ipv6", value: "1" },
  { path: "net/ipv6/conf/default/disable_ipv6", value: "1" },
];

/**
 * A namespace with addresses of IPv6 that are those which are written, and no others: nobody announces any, and none has
 * to wait until it is sure that nobody else has it.
 */
export const WITH_IPV6: readonly Sysctl[] = [
  { path: "net/ipv6/conf/all/disable_ipv6", value: "0" },
  { path: "net/ipv6/conf/default/disable_ipv6", value: "0" },
  { path: "net/ipv6/conf/all/accept_dad", value: "0" },
  { path: "net/ipv6/conf/default/accept_dad", value: "0" },
  { path: "net/ipv6/conf/all/accept_ra", value: "0" },
  { path: "net/ipv6/conf/default/accept_ra", value: "0" },
];

/** As {@link FORWARDING} for IPv6. */
export const FORWARDING_IPV6: readonly Sysctl[] = [
  ...WITH_IPV6,
  { path: "net/ipv6/conf/all/forwarding", value: "1" },
  { path: "net/ipv6/conf/default/forwarding", value: "1" },
];
