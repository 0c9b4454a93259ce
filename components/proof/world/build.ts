/** From the plan to the network as packets see it. */
import type { NetworkPlan } from "../../plan/model.ts";
import { buildEdge } from "../edge/build.ts";
import type { EdgeModel } from "../edge/model.ts";
import { lookUpPublic, publicNames } from "../edge/public-dns.ts";
import { SymbolSpace } from "../sets/addresses.ts";
import type { Point } from "../sets/intervals.ts";
import { TrafficTable } from "../sets/traffic.ts";
import { buildHosts } from "./build-hosts.ts";
import { buildRegions } from "./build-regions.ts";
import { buildSites } from "./build-sites.ts";
import { Ipv6Networks } from "./ipv6.ts";
import { hasPublicAddress, publicName, publicV4 } from "./public.ts";
import { unseenAddresses } from "./unseen.ts";
import type { NameTarget, PublicOwner, RegionNode, SiteNode, World } from "./model.ts";

/** Every symbol, before any network is read. */
function makeSymbols(plan: NetworkPlan): SymbolSpace {
  const space = new SymbolSpace();
  for (const host of plan.hosts)
    if (hasPublicAddress(plan, host)) space.symbol(publicName(host.key), publicV4);
  for (const { natGateways } of plan.regions) {
    for (const { key } of natGateways) space.symbol(publicName(key), publicV4);
  }
  for (const { key } of plan.sites) space.symbol(publicName(key), publicV4);
  return space;
}

function publicOwners(
  regions: ReadonlyMap<string, RegionNode>,
  sites: ReadonlyMap<string, SiteNode>,
): Map<Point, PublicOwner> {
  const owners = new Map<Point, PublicOwner>();
  for (const region of regions.values()) {
    for (const eni of region.enis.values()) {
      if (eni.publicAddress !== undefined) {
        owners.set(eni.publicAddress, { kind: "eni", eni, inside: eni.address });
      }
      if (eni.ipv6 !== undefined) owners.set(eni.ipv6, { kind: "eni-ipv6", eni });
    }
  }
  for (const site of sites.values()) owners.set(site.publicAddress, { kind: "site", site: site.key });
  return owners;
}

/** What the names of the public zones lead to, for peers that dial each other. */
function buildNames(edge: EdgeModel): Map<string, NameTarget> {
  const names = new Map<string, NameTarget>();
  for (const name of publicNames(edge)) {
    const { found } = lookUpPublic(edge, name);
    if (found.kind === "addresses") names.set(name, { kind: "addresses", addresses: found.addresses });
    else if (found.kind === "edge") names.set(name, { kind: "proxied" });
  }
  return names;
}

export function buildWorld(plan: NetworkPlan): World {
  const space = makeSymbols(plan);
  const table = new TrafficTable();
  const context = { plan, space, table, ipv6: new Ipv6Networks(plan) };
  const regions = buildRegions(context);
  const { sites, segments } = buildSites(context);
  const { hosts, unread } = buildHosts({ ...context, regions });
  const edge = buildEdge(plan, space, regions);
  return {
    table,
    space,
    hosts,
    regions,
    sites,
    segments,
    publicOwners: publicOwners(regions, sites),
    names: buildNames(edge),
    edge,
    unseen: unseenAddresses(plan),
    operator: plan.operator.cidrs,
    unread,
  };
}
