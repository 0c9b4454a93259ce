/** A region's subnets and NAT gateways. */
import type { RegionConfig } from "../config/schema.ts";
import { formatAddress, rangeOf } from "../config/ip.ts";
import { natAddress, subnetNumber, tiers, type Tier } from "../config/ledger.ts";
import { byKey } from "./keys.ts";
import type { NatGatewayPlan, SubnetPlan } from "./model.ts";

/** The key of the route table of a tier in a zone: all public subnets of a region share one, the others do not. */
function routeTableKey(region: string, tier: Tier, zone: string): string {
  return tier === "public" ? `${region}/public` : `${region}/${tier}/${zone}`;
}

/** By the ledger's number alone, whatever the subnet's IPv4 network is: what is added later moves nothing. */
function ipv6Number(key: string, region: RegionConfig, tier: Tier, zone: string): number | undefined {
  if (region.ipv6 === "none") return undefined;
  const number = subnetNumber(tier, zone);
  if (number === undefined) throw new Error(`${key} has no IPv6 network for ${zone}`);
  return number;
}

export function planSubnets(key: string, region: RegionConfig): SubnetPlan[] {
  return tiers
    .flatMap((tier) =>
      region.subnets[tier].map((cidr, index): SubnetPlan => {
        const zone = region.availabilityZones[index];
        if (zone === undefined) throw new Error(`${key} has more ${tier} subnets than availability zones`);
        return {
          key: `${key}/${tier}/${zone}`,
          tier,
          zone,
          cidr,
          ipv6Number: ipv6Number(key, region, tier, zone),
          routeTable: routeTableKey(key, tier, zone),
          mapPublicIpOnLaunch: tier === "public" && region.mapPublicIpOnLaunch,
        };
      }),
    )
    .sort(byKey);
}

const natKey = (region: string, zone: string): string => `${region}/nat/${zone}`;

/** The zones that get a NAT gateway: none, one, or each that has private subnets. */
function natZones(region: RegionConfig): readonly string[] {
  switch (region.nat) {
    case "none":
      return [];
    case "single":
      return region.natZone === undefined ? region.availabilityZones.slice(0, 1) : [region.natZone];
    case "perZone":
      return region.availabilityZones.slice(0, region.subnets.private.length);
  }
}

export function planNatGateways(key: string, region: RegionConfig): NatGatewayPlan[] {
  const subnets = new Map(planSubnets(key, region).map((subnet) => [subnet.key, subnet.cidr]));
  return natZones(region)
    .flatMap((zone): NatGatewayPlan[] => {
      const subnet = `${key}/public/${zone}`;
      const cidr = subnets.get(subnet);
      // The configuration's rules demand one.
      if (cidr === undefined) return [];
      return [{ key: natKey(key, zone), subnet, address: formatAddress(natAddress(rangeOf(cidr))) }];
    })
    .sort(byKey);
}

/** The NAT gateway that serves a zone's private subnet; `undefined` where the region has none. */
export function natGatewayOf(key: string, region: RegionConfig, zone: string): string | undefined {
  const zones = natZones(region);
  const serving = region.nat === "single" ? zones[0] : zones.find((candidate) => candidate === zone);
  return serving === undefined ? undefined : natKey(key, serving);
}
