/** Regions and what joins them. */
import type { NetworkConfig, RegionConfig } from "../config/schema.ts";
import { byKey, sortedEntries } from "./keys.ts";
import type { PeeringPlan, RegionIpv6Plan, SitePlan, SubnetPlan } from "./model.ts";
import type { AclRegion } from "./network-acls.ts";
import { planEndpointGroup, planOutboundEndpoint } from "./private-dns.ts";
import { planRouteTables } from "./routes.ts";
import { planSecurityGroups } from "./security-groups.ts";
import {
  planDatabaseSubnetGroup,
  planFlowLog,
  planGatewayEndpoints,
  planSessionManager,
} from "./services.ts";
import { planNatGateways, planSubnets } from "./subnets.ts";

function planIpv6(
  key: string,
  region: RegionConfig,
  subnets: readonly SubnetPlan[],
): RegionIpv6Plan | undefined {
  if (region.ipv6 === "none") return undefined;
  const hasPrivate = subnets.some(({ tier }) => tier === "private");
  return { egressOnlyGateway: hasPrivate ? `${key}/egress-only-gateway` : undefined };
}

/** Everything of the regions but the ACLs, which follow from the hosts as well. */
export function planRegions(config: NetworkConfig, stack: string): AclRegion[] {
  return sortedEntries(config.regions).map(([key, region]) => {
    const subnets = planSubnets(key, region);
    const outboundEndpoint = planOutboundEndpoint(key, stack, config, subnets);
    const ofEndpoint = outboundEndpoint === undefined ? [] : [planEndpointGroup(outboundEndpoint)];
    return {
      key,
      awsRegion: region.awsRegion,
      cidr: region.vpcCidr,
      ipv6: planIpv6(key, region, subnets),
      subnets,
      routeTables: planRouteTables(key, config, region, subnets),
      natGateways: planNatGateways(key, region),
      gatewayEndpoints: planGatewayEndpoints(key, region, subnets),
      flowLog: planFlowLog(key, stack, region),
      sessionManager: planSessionManager(key, stack, region),
      databaseSubnetGroup: planDatabaseSubnetGroup(key, stack, subnets),
      securityGroups: [...planSecurityGroups(key, config), ...ofEndpoint].sort(byKey),
      outboundEndpoint,
    };
  });
}

/**
 * The peerings, each asked for only when the one is accepted that stands a quota's length before it among those of the
 * same AWS region. No more of them can then wait for acceptance at once, however many the engine makes side by side.
 */
export function planPeerings(config: NetworkConfig): PeeringPlan[] {
  const pairs = config.peerings.map(([requester, accepter]) => ({
    key: `${requester}/${accepter}`,
    requester,
    accepter,
  }));
  const asked = new Map<string, string[]>();
  return pairs.sort(byKey).map((pair) => {
    const awsRegion = config.regions[pair.requester]?.awsRegion ?? "";
    const before = asked.get(awsRegion) ?? [];
    asked.set(awsRegion, [...before, pair.key]);
    return { ...pair, after: before.at(-config.quotas.outstandingPeeringsPerRegion) };
  });
}

export function planSites(config: NetworkConfig): SitePlan[] {
  return sortedEntries(config.sites).map(([key, site]) => ({
    key,
    network: site.network,
    gateway: site.gateway,
  }));
}
