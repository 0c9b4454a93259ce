/** The sandbox's internet: a router that knows single addresses only, and who may send from which. */
import { familyOf, hostBlock, type Family } from "./blocks.ts";
import { chain, setOf } from "./gates.ts";
import { linkName } from "./names.ts";
import { prefixLengthAt } from "./site-networks.ts";
import {
  ANYWHERE_OF,
  FORWARDING,
  FORWARDING_IPV6,
  MAIN_TABLE,
  NO_IPV6,
  NOT_FORWARDING,
  WITH_IPV6,
  type Address,
  type Link,
  type NamespaceState,
  type Route,
} from "./state.ts";
import type { World } from "./world.ts";

export const INTERNET = "inet";
export const OPERATOR = "op";

/** What nobody may send or be sent on the internet (RFC 1918, RFC 1122, RFC 3927). */
const BOGONS = ["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

/** The same of IPv6: unique local addresses (RFC 4193) and those of a link (RFC 4291). */
const BOGONS_IPV6 = ["fc00::/7", "fe80::/10"];

/** Someone on the internet. */
export interface Customer {
  /** Namespace that the link goes to, and the link's name there. */
  readonly namespace: string;
  readonly far: string;
  /** The link's name in the internet's namespace. */
  readonly near: string;
  /** The addresses that are sent to it, and that it may send from. */
  readonly addresses: readonly string[];
}

export function internetGatewayCustomer(vpc: string, addresses: readonly string[]): Customer {
  return { namespace: vpc, far: "igw", near: linkName("i", vpc), addresses };
}

/** The egress-only gateway is a door of its own, so that the VPC's router can tell what comes by it. */
export function egressOnlyCustomer(vpc: string, addresses: readonly string[]): Customer {
  return { namespace: vpc, far: "eigw", near: linkName("o", vpc), addresses };
}

export function internetLinks(customers: readonly Customer[]): Link[] {
  return customers.map((customer) => ({
    a: { namespace: INTERNET, name: customer.near },
    b: { namespace: customer.namespace, name: customer.far },
    kind: "line",
  }));
}

function owned(customers: readonly Customer[], family: Family): string[] {
  return customers.flatMap((customer) =>
    customer.addresses
      .filter((address) => familyOf(address) === family)
      .map((address) => `"${customer.near}" . ${address}`),
  );
}

function ipv6Gates(customers: readonly Customer[]): string[] {
  return [
    ...setOf("owned", "ifname . ipv6_addr", owned(customers, "ip6")),
    ...setOf("bogons", "ipv6_addr", BOGONS_IPV6, "interval"),
    ...chain("source", [
      "type filter hook prerouting priority raw; policy drop;",
      'iifname "lo" accept',
      "ip6 daddr @bogons drop",
      "iifname . ip6 saddr @owned accept",
    ]),
    ...chain("sent", [
      "type filter hook output priority 0; policy accept;",
      'oifname != "lo" ip6 daddr @bogons drop',
    ]),
  ];
}

function internetGates(customers: readonly Customer[]): string[] {
  return [
    ...setOf("owned", "ifname . ipv4_addr", owned(customers, "ip")),
    ...setOf("bogons", "ipv4_addr", BOGONS, "interval"),
    ...chain("source", [
      "type filter hook prerouting priority raw; policy drop;",
      'iifname "lo" accept',
      "ip saddr @bogons drop",
      "ip daddr @bogons drop",
      "iifname . ip saddr @owned accept",
    ]),
    ...chain("sent", [
      "type filter hook output priority 0; policy accept;",
      'oifname != "lo" ip daddr @bogons drop',
    ]),
  ];
}

/** The addresses that services of the internet listen on. */
function internetServiceAddresses(world: World, hasIpv6: boolean): Address[] {
  const { services, edge, ipv6 } = world.internet;
  const own = [...services, ...edge.proxy, ...edge.connectors, ...(hasIpv6 ? ipv6.services : [])];
  return own.map((address) => ({ device: "lo", cidr: hostBlock(address) }));
}

export function internetNamespace(world: World, customers: readonly Customer[]): NamespaceState {
  const hasIpv6 = owned(customers, "ip6").length > 0;
  const toCustomer = (device: string, address: string): Route => ({
    destination: hostBlock(address),
    table: MAIN_TABLE,
    type: "unicast",
    device,
  });
  return {
    role: INTERNET,
    exclusive: true,
    sysctls: [...FORWARDING, ...(hasIpv6 ? FORWARDING_IPV6 : NO_IPV6)],
    bridges: [],
    addresses: internetServiceAddresses(world, hasIpv6),
    routes: customers.flatMap((customer) =>
      customer.addresses.map((each) => toCustomer(customer.near, each)),
    ),
    rules: [],
    nft: internetGates(customers),
    ...(hasIpv6 ? { nft6: ipv6Gates(customers) } : {}),
    resolver: world.internet.resolver,
  };
}

/** A machine with one address of each of these families on the internet, and nothing else. */
export function internetHost(role: string, addresses: readonly string[], world: World): NamespaceState {
  const hasIpv6 = addresses.some((address) => familyOf(address) === "ip6");
  return {
    role,
    exclusive: true,
    sysctls: [...NOT_FORWARDING, ...(hasIpv6 ? WITH_IPV6 : NO_IPV6)],
    bridges: [],
    addresses: addresses.map((address) => ({ device: "wan", cidr: hostBlock(address) })),
    routes: addresses.map((address) => ({
      destination: ANYWHERE_OF[familyOf(address)],
      table: MAIN_TABLE,
      type: "unicast",
      device: "wan",
    })),
    rules: [],
    nft: [],
    resolver: world.internet.resolver,
  };
}

/** The operator: on the internet, and with a leg on each LAN that opens SSH connections and nothing else. */
export function operatorNamespace(world: World): NamespaceState {
  const host = internetHost(OPERATOR, [world.operator], world);
  return {
    ...host,
    addresses: [
      ...host.addresses,
      ...Object.entries(world.sites).map(([site, each]) => ({
        device: linkName("lan", site),
        cidr: `${each.operatorAddress}/${prefixLengthAt(each, each.operatorAddress)}`,
      })),
    ],
    nft: [
      ...chain("sent", [
        "type filter hook output priority 0; policy accept;",
        'oifname "lan-*" tcp dport 22 accept',
        'oifname "lan-*" drop',
      ]),
      ...chain("received", [
        "type filter hook input priority 0; policy accept;",
        'iifname "lan-*" ct state established accept',
        'iifname "lan-*" drop',
      ]),
      ...chain("forward", ["type filter hook forward priority 0; policy drop;"]),
    ],
  };
}
