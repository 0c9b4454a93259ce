/** The sandbox's internet: a router that knows single addresses only, and who may send from which. */
import { chain, setOf } from "./gates.ts";
import { linkName } from "./names.ts";
import { prefixLengthAt } from "./site-networks.ts";
import {
  ANYWHERE,
  FORWARDING,
  MAIN_TABLE,
  NO_IPV6,
  NOT_FORWARDING,
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

export function internetLinks(customers: readonly Customer[]): Link[] {
  return customers.map((customer) => ({
    a: { namespace: INTERNET, name: customer.near },
    b: { namespace: customer.namespace, name: customer.far },
    kind: "line",
  }));
}

function internetGates(customers: readonly Customer[]): string[] {
  return [
    ...setOf(
      "owned",
      "ifname . ipv4_addr",
      customers.flatMap((customer) => customer.addresses.map((each) => `"${customer.near}" . ${each}`)),
    ),
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
function internetServiceAddresses(world: World): Address[] {
  const { services, edge } = world.internet;
  return [...services, ...edge.proxy, ...edge.connectors].map((address) => ({
    device: "lo",
    cidr: `${address}/32`,
  }));
}

export function internetNamespace(world: World, customers: readonly Customer[]): NamespaceState {
  const toCustomer = (device: string, address: string): Route => ({
    destination: `${address}/32`,
    table: MAIN_TABLE,
    type: "unicast",
    device,
  });
  return {
    role: INTERNET,
    exclusive: true,
    sysctls: [...FORWARDING, ...NO_IPV6],
    bridges: [],
    addresses: internetServiceAddresses(world),
    routes: customers.flatMap((customer) =>
      customer.addresses.map((each) => toCustomer(customer.near, each)),
    ),
    rules: [],
    nft: internetGates(customers),
    resolver: world.internet.resolver,
  };
}

/** A machine with one address on the internet and nothing else. */
export function internetHost(role: string, address: string, world: World): NamespaceState {
  return {
    role,
    exclusive: true,
    sysctls: [...NOT_FORWARDING, ...NO_IPV6],
    bridges: [],
    addresses: [{ device: "wan", cidr: `${address}/32` }],
    routes: [{ destination: ANYWHERE, table: MAIN_TABLE, type: "unicast", device: "wan" }],
    rules: [],
    nft: [],
    resolver: world.internet.resolver,
  };
}

/** The operator: on the internet, and with a leg on each LAN that opens SSH connections and nothing else. */
export function operatorNamespace(world: World): NamespaceState {
  const host = internetHost(OPERATOR, world.operator, world);
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
