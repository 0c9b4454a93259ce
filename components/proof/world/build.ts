/** From the plan to the network as packets see it. */
import type { DnsRecordPlan } from "../../plan/cloudflare/model.ts";
import type { NetworkPlan } from "../../plan/model.ts";
import { symbolName } from "../../plan/render.ts";
import { isAddress, parseAddress, SymbolSpace } from "../sets/addresses.ts";
import type { Point } from "../sets/intervals.ts";
import { TrafficTable } from "../sets/traffic.ts";
import { buildHosts } from "./build-hosts.ts";
import { buildRegions } from "./build-regions.ts";
import { buildSites } from "./build-sites.ts";
import { Ipv6Networks } from "./ipv6.ts";
import { hasPublicAddress, publicName, publicV4 } from "./public.ts";
import { unseenAddresses } from "./unseen.ts";
import type { NameTarget, NatNode, PublicOwner, RegionNode, SiteNode, World } from "./model.ts";

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
    for (const nat of region.nats.values()) {
      if (nat.publicAddress !== undefined) owners.set(nat.publicAddress, natOwner(region, nat));
    }
  }
  for (const site of sites.values()) owners.set(site.publicAddress, { kind: "site", site: site.key });
  return owners;
}

function natOwner(region: RegionNode, nat: NatNode): PublicOwner {
  return { kind: "nat", region: region.key, nat: nat.key };
}

function nameTarget(record: DnsRecordPlan, space: SymbolSpace): NameTarget | undefined {
  if (record.type !== "A") return undefined;
  if (record.proxied) return { kind: "proxied" };
  const [content, ...more] = record.content ?? [];
  if (content === undefined || more.length > 0) return undefined;
  if (typeof content === "string") {
    return isAddress(content) ? { kind: "address", address: parseAddress(content) } : undefined;
  }
  return content.kind === "public-address"
    ? { kind: "address", address: space.symbol(symbolName(content), publicV4) }
    : undefined;
}

/** Names inside the network; one that leads to several addresses, or to another name outside, leads nowhere. */
function privateNames({ privateZones }: NetworkPlan): Map<string, NameTarget> {
  const sets = privateZones.flatMap(({ recordSets }) => recordSets);
  const found = new Map<string, NameTarget>();
  for (const { name, type, values } of sets) {
    const [value = "", ...more] = values;
    if (type === "A" && more.length === 0 && isAddress(value))
      found.set(name, { kind: "address", address: parseAddress(value) });
  }
  return found;
}

function buildNames(plan: NetworkPlan, space: SymbolSpace): Map<string, NameTarget> {
  const names = privateNames(plan);
  for (const record of plan.zones.flatMap(({ records }) => records)) {
    const target = nameTarget(record, space);
    if (target !== undefined) names.set(record.name, target);
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
  return {
    table,
    space,
    hosts,
    regions,
    sites,
    segments,
    publicOwners: publicOwners(regions, sites),
    names: buildNames(plan, space),
    unseen: unseenAddresses(plan),
    operator: plan.operator.cidrs,
    unread,
  };
}
