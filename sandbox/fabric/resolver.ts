/**
 * The resolvers of all VPCs: one namespace, in which one service answers for each VPC what that VPC knows.
 *
 * It has a line to the router of each VPC for what hosts ask at the VPC's base plus two, a line for each interface of
 * an outbound endpoint, from which it asks the VPC's own name servers as any other interface of the VPC would, and
 * one to the internet's name server.
 */
import type { Endpoint, Vpc } from "./cloud.ts";
import { chain, deviceOf, setOf } from "./gates.ts";
import type { Customer } from "./internet.ts";
import { formatAddress, parseAddress } from "./ipv4.ts";
import { linkName, stableNumbers } from "./names.ts";
import {
  ANYWHERE,
  MAIN_TABLE,
  NO_IPV6,
  NOT_FORWARDING,
  type Link,
  type NamespaceState,
  type Route,
} from "./state.ts";

export const RESOLVER = "rslv";

/** Reached by link-local address from everywhere in a VPC (VPC user guide, "Understand Amazon DNS"). */
export const LINK_LOCAL_RESOLVER = "169.254.169.253";

/** Whom VPCs' questions come from: shared address space (RFC 6598), which no VPC of ours uses. */
const SOURCES = { base: "100.64.0.0", span: 2 ** 22 };

/** Tables of endpoints' interfaces start above those that the kernel uses itself. */
const FIRST_TABLE = 1000;
const TABLES = 2 ** 30;

/** To the internet's name server. */
const OUTSIDE = "dns";

function allSources(vpcs: readonly string[]): ReadonlyMap<string, number> {
  return stableNumbers([...vpcs, RESOLVER], parseAddress(SOURCES.base), SOURCES.span);
}

/**
 * The address under which a VPC's questions come, by the VPC's id; its own, so that overlapping VPCs are told apart.
 *
 * @param vpcs all that there are
 */
export function resolverSources(vpcs: readonly string[]): ReadonlyMap<string, string> {
  const sources = allSources(vpcs);
  return new Map(vpcs.map((vpc) => [vpc, formatAddress(sources.get(vpc) ?? 0)]));
}

/** Where it asks the internet's name server from. */
function ownSource(vpcs: readonly string[]): string {
  return formatAddress(allSources(vpcs).get(RESOLVER) ?? 0);
}

function lineTo(vpc: string): string {
  return linkName("d", vpc);
}

export function resolverCustomer(vpcs: readonly string[]): Customer {
  return {
    namespace: RESOLVER,
    far: OUTSIDE,
    near: linkName("x", RESOLVER),
    addresses: [ownSource(vpcs)],
  };
}

/** The lines by which the routers of VPCs hand on what hosts ask. */
export function resolverLinks(vpcs: readonly string[]): Link[] {
  return vpcs.map((vpc) => ({
    a: { namespace: RESOLVER, name: lineTo(vpc) },
    b: { namespace: vpc, name: "dns" },
    kind: "line",
  }));
}

/** Of VPCs that overlap, two may have one address; from it nobody asks, lest the question go into the other VPC. */
function endpointsOf(vpcs: readonly Vpc[], problems: string[]): Endpoint[] {
  const endpoints = vpcs.flatMap((vpc) => vpc.endpoints.filter(({ kind }) => kind === "resolver"));
  return endpoints.filter(({ id, privateAddress }) => {
    const twin = endpoints.find((each) => each.privateAddress === privateAddress && each.id !== id);
    if (twin === undefined) return true;
    problems.push(`${id} cannot forward: ${twin.id} of another VPC has its address, ${privateAddress}, too`);
    return false;
  });
}

function gates(sources: ReadonlyMap<string, string>): string[] {
  const asked = `ip daddr ${LINK_LOCAL_RESOLVER}`;
  return [
    ...setOf(
      "owned",
      "ifname . ipv4_addr",
      [...sources].map(([vpc, source]) => `"${lineTo(vpc)}" . ${source}`),
    ),
    ...chain("source", [
      "type filter hook prerouting priority raw; policy accept;",
      'iifname "d-*" iifname . ip saddr != @owned drop',
    ]),
    ...chain("input", [
      "type filter hook input priority 0; policy drop;",
      'iifname "lo" accept',
      // What endpoints and the internet send are answers, and nothing else.
      "ct state established accept",
      "ct state related accept",
      `iifname "d-*" ${asked} udp dport 53 accept`,
      `iifname "d-*" ${asked} tcp dport 53 accept`,
    ]),
    ...chain("forward", ["type filter hook forward priority 0; policy drop;"]),
  ];
}

export function resolverNamespace(vpcs: readonly Vpc[], problems: string[]): NamespaceState {
  const ids = vpcs.map(({ id }) => id);
  const sources = resolverSources(ids);
  const endpoints = endpointsOf(vpcs, problems);
  const tables = stableNumbers(
    endpoints.map(({ id }) => id),
    FIRST_TABLE,
    TABLES,
  );
  const tableOf = (endpoint: Endpoint): number => tables.get(endpoint.id) ?? MAIN_TABLE;
  const way = (destination: string, table: number, device: string): Route => ({
    destination,
    table,
    type: "unicast",
    device,
  });
  return {
    role: RESOLVER,
    exclusive: true,
    sysctls: [...NOT_FORWARDING, ...NO_IPV6],
    bridges: [],
    addresses: [
      { device: "lo", cidr: `${LINK_LOCAL_RESOLVER}/32` },
      { device: OUTSIDE, cidr: `${ownSource(ids)}/32` },
      ...endpoints.map((each) => ({ device: deviceOf(each), cidr: `${each.privateAddress}/32` })),
    ],
    routes: [
      way(ANYWHERE, MAIN_TABLE, OUTSIDE),
      ...[...sources].map(([vpc, source]) => way(`${source}/32`, MAIN_TABLE, lineTo(vpc))),
      ...endpoints.map((each) => way(ANYWHERE, tableOf(each), deviceOf(each))),
    ],
    // What is asked from an endpoint's address goes by its interface into its VPC, wherever it goes then.
    rules: endpoints.map((each) => ({ priority: 200, table: tableOf(each), source: each.privateAddress })),
    nft: gates(sources),
  };
}
