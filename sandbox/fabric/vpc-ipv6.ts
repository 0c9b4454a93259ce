/**
 * A VPC's router as IPv6 sees it. Nothing is translated: an endpoint has one address inside and outside, and its
 * subnet's route table says whether the internet gateway carries it, in both directions, or the egress-only gateway,
 * which lets in what belongs to a connection from inside.
 */
import { familyOf } from "./blocks.ts";
import type { Cloud, Endpoint, Peering, Vpc } from "./cloud.ts";
import { aclGates, chain, groupGates, setOf, type Gate, type Port } from "./gates.ts";
import { doorTo, kernelRoutes, toEndpoint, type ResolvedRoute } from "./routing.ts";
import {
  ANYWHERE_OF,
  MAIN_TABLE,
  ROUTER_LINK_LOCAL,
  type Address,
  type NamespaceState,
  type Route,
  type Rule,
} from "./state.ts";

/** A router's part of a VPC that has IPv6. */
export interface Ipv6Router {
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
  readonly nft6: readonly string[];
  /** Addresses that the internet is to send by each of the gateways. */
  readonly byGateway: Readonly<Record<"igw" | "eigw", readonly string[]>>;
}

export interface Ipv6Surroundings {
  readonly cloud: Cloud;
  readonly ports: readonly Port[];
  readonly peerings: readonly Peering[];
  readonly gates: ReadonlyMap<string, Gate>;
  /** Routes of each described table, by its id. */
  readonly resolved: ReadonlyMap<string, readonly ResolvedRoute[]>;
  /** Numbers of the kernel's tables, by the same. */
  readonly tables: ReadonlyMap<string, number>;
}

/** Who stands in a subnet whose table leads to the gateway. */
function addressesBy(
  gateway: "igw" | "eigw",
  ports: readonly Port[],
  resolved: Ipv6Surroundings["resolved"],
): string[] {
  return ports
    .filter(({ endpoint }) =>
      (resolved.get(endpoint.subnet.routeTable) ?? []).some(
        ({ destination, target }) =>
          familyOf(destination) === "ip6" && typeof target === "object" && target.device === gateway,
      ),
    )
    .flatMap(({ endpoint }) => endpoint.ipv6Addresses);
}

/** How an endpoint and its router find each other's Ethernet addresses. */
const NEIGHBOURS = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit }";

function guards(
  vpc: Vpc,
  { ports, peerings }: Ipv6Surroundings,
  byGateway: Ipv6Router["byGateway"],
): string[] {
  const unchecked = ports.filter((port) => !port.endpoint.sourceDestCheck);
  return [
    ...setOf(
      "bound",
      "ifname . ipv6_addr",
      ports.flatMap(({ device, endpoint }) =>
        endpoint.ipv6Addresses.map((address) => `"${device}" . ${address}`),
      ),
    ),
    ...setOf(
      "unchecked",
      "ifname",
      unchecked.map((port) => `"${port.device}"`),
    ),
    ...setOf("own", "ipv6_addr", vpc.ipv6Cidrs, "interval"),
    ...setOf("open", "ipv6_addr", byGateway.igw),
    ...setOf("outward", "ipv6_addr", byGateway.eigw),
    ...chain("source_check", [
      "type filter hook prerouting priority raw; policy accept;",
      'iifname "igw" ip6 daddr != @open drop',
      'iifname "eigw" ip6 daddr != @outward drop',
      `iifname "e-*" ip6 hoplimit 255 ${NEIGHBOURS} accept`,
      'iifname "e-*" iifname != @unchecked iifname . ip6 saddr != @bound drop',
    ]),
    ...chain("destination_check", [
      "type filter hook forward priority -20; policy accept;",
      'oifname "e-*" oifname != @unchecked oifname . ip6 daddr != @bound drop',
      'oifname "igw" ip6 saddr != @open drop',
      'oifname "eigw" ip6 saddr != @outward drop',
      ...peerings.map((peering) => `oifname "${doorTo(peering)}" ip6 saddr != @own drop`),
    ]),
    ...chain("egress_only", [
      "type filter hook forward priority -15; policy accept;",
      'iifname "eigw" ct state vmap { established : accept, related : accept }',
      'iifname "eigw" drop',
    ]),
    // The router itself is nobody's to talk to.
    ...chain("router", [
      "type filter hook input priority 0; policy drop;",
      `iifname "e-*" ip6 hoplimit 255 ${NEIGHBOURS} accept`,
    ]),
  ];
}

/** `undefined` for a VPC without IPv6. */
export function ipv6Router(vpc: Vpc, around: Ipv6Surroundings, problems: string[]): Ipv6Router | undefined {
  if (vpc.ipv6Cidrs.length === 0) return undefined;
  const { cloud, ports, gates, resolved, tables } = around;
  const byGateway = {
    igw: vpc.internetGateway === undefined ? [] : addressesBy("igw", ports, resolved),
    eigw: vpc.egressOnlyGateway === undefined ? [] : addressesBy("eigw", ports, resolved),
  };
  return {
    addresses: ports
      .filter(({ endpoint }) => endpoint.kind === "instance")
      .map(({ device }) => ({ device, cidr: `${ROUTER_LINK_LOCAL}/64` })),
    routes: [
      ...ports.flatMap((port) => toEndpoint(port, MAIN_TABLE, "ip6")),
      { destination: ANYWHERE_OF.ip6, table: MAIN_TABLE, type: "unreachable" },
      ...[...resolved].flatMap(([id, routes]) =>
        kernelRoutes(routes, ports, tables.get(id) ?? MAIN_TABLE, "ip6"),
      ),
    ],
    rules: ports.map((port) => ({
      family: "ip6",
      priority: 200,
      table: tables.get(port.endpoint.subnet.routeTable) ?? MAIN_TABLE,
      fromDevice: port.device,
    })),
    nft6: [
      ...guards(vpc, around, byGateway),
      ...aclGates(vpc, ports, problems, "ip6"),
      ...groupGates(cloud, ports, gates, "ip6"),
    ],
    byGateway,
  };
}

/** An instance has one address of a subnet, as AWS's DHCPv6 gives it, and sends everything to the router. */
export function instanceIpv6(own: readonly Endpoint[]): Pick<NamespaceState, "addresses" | "routes"> {
  const having = own.filter(({ ipv6Addresses }) => ipv6Addresses.length > 0);
  return {
    addresses: having.flatMap(({ deviceIndex, ipv6Addresses }) =>
      ipv6Addresses.map((address) => ({ device: `eth${deviceIndex}`, cidr: `${address}/128` })),
    ),
    routes: having
      .filter(({ deviceIndex }) => deviceIndex === 0)
      .map(() => ({
        destination: ANYWHERE_OF.ip6,
        table: MAIN_TABLE,
        type: "unicast",
        device: "eth0",
        via: ROUTER_LINK_LOCAL,
      })),
  };
}
