/** A region's route tables: one for the public tier, one for each zone of the private and of the database tier. */
import type { NetworkConfig, RegionConfig } from "../config/schema.ts";
import { byKey, cidrSlug, sortedEntries } from "./keys.ts";
import type { RoutePlan, RouteTablePlan, RouteTarget, SubnetPlan } from "./model.ts";
import { natGatewayOf } from "./subnets.ts";

type Route = Omit<RoutePlan, "key">;

const anywhere = "0.0.0.0/0";
const anywhereIpv6 = "::/0";

/**
 * Peering routes one hop only: every VPC reaches those that it is peered with itself, by IPv6 too where both have it
 * (vpc/latest/peering/vpc-peering-routing.html).
 */
function peeringRoutes(key: string, config: NetworkConfig): Route[] {
  return config.peerings
    .filter((pair) => pair.includes(key))
    .flatMap(([requester, accepter]) => {
      const other = requester === key ? accepter : requester;
      const region = config.regions[other];
      if (region === undefined) return [];
      const target: RouteTarget = { kind: "peering", peering: `${requester}/${accepter}` };
      const way = { target, reason: `peering with ${other}` };
      const ipv4 = { destination: region.vpcCidr, ...way };
      const both = region.ipv6 !== "none" && config.regions[key]?.ipv6 !== "none";
      return both ? [ipv4, { destination: { kind: "ipv6-network", of: other }, ...way }] : [ipv4];
    });
}

/** The VPN and what is behind its peers, by way of the region's own hub. */
function vpnRoutes(key: string, config: NetworkConfig): Route[] {
  const hub = config.wireguard.hubs[key];
  if (hub === undefined) return [];
  const target: RouteTarget = { kind: "instance", host: `${key}/${hub.host}` };
  const behind = sortedEntries(config.wireguard.peers).flatMap(([host, peer]) =>
    peer.routes.map((destination) => ({ destination, target, reason: `what is behind ${host}` })),
  );
  return [{ destination: config.wireguard.network, target, reason: "the VPN" }, ...behind];
}

/** By IPv6 nobody hides behind a NAT gateway; the private tier goes out by a gateway that lets nobody in. */
function ipv6Route(subnet: SubnetPlan): Route[] {
  if (subnet.ipv6Number === undefined || subnet.tier === "database") return [];
  return subnet.tier === "public"
    ? [{ destination: anywhereIpv6, target: { kind: "internet-gateway" }, reason: "the internet" }]
    : [
        {
          destination: anywhereIpv6,
          target: { kind: "egress-only-gateway" },
          reason: "the internet, outwards only",
        },
      ];
}

function defaultRoute(key: string, region: RegionConfig, subnet: SubnetPlan): Route[] {
  if (subnet.tier === "public") {
    return [{ destination: anywhere, target: { kind: "internet-gateway" }, reason: "the internet" }];
  }
  const nat = subnet.tier === "private" ? natGatewayOf(key, region, subnet.zone) : undefined;
  return nat === undefined
    ? []
    : [
        {
          destination: anywhere,
          target: { kind: "nat-gateway", nat },
          reason: "the internet, outwards only",
        },
      ];
}

export function planRouteTables(
  key: string,
  config: NetworkConfig,
  region: RegionConfig,
  subnets: readonly SubnetPlan[],
): RouteTablePlan[] {
  const inside = [...peeringRoutes(key, config), ...vpnRoutes(key, config)];
  const tables = new Map<string, RouteTablePlan>();
  for (const subnet of subnets) {
    const table = subnet.routeTable;
    const outside = [...defaultRoute(key, region, subnet), ...ipv6Route(subnet)];
    const routes = [...outside, ...inside].map((route): RoutePlan => ({
      key: `${table}/${cidrSlug(route.destination)}`,
      ...route,
    }));
    tables.set(table, { key: table, routes: routes.sort(byKey) });
  }
  return [...tables.values()].sort(byKey);
}
