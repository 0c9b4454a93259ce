/** AWS's default quotas of an account, and the part of the schema by which a stack says that its own differ. */
import { z } from "zod";
import * as leaf from "./leaf.ts";

/** Of 2025; an account can ask for more of each. */
export const defaultQuotas = {
  vpcsPerRegion: 5,
  subnetsPerVpc: 200,
  internetGatewaysPerRegion: 5,
  egressOnlyGatewaysPerRegion: 5,
  natGatewaysPerZone: 5,
  elasticIpsPerRegion: 5,
  routesPerTable: 500,
  activePeeringsPerVpc: 50,
  outstandingPeeringsPerRegion: 25,
  rulesPerSecurityGroup: 60,
  securityGroupsPerInterface: 5,
  rulesPerNetworkAcl: 20,
  vpcsPerHostedZone: 300,
  resolverEndpointsPerRegion: 4,
  addressesPerResolverEndpoint: 6,
} as const;

export type QuotaName = keyof typeof defaultQuotas;

/** What AWS grants nobody more of: groups of an interface, and those times the rules of one. */
export const mostGroupsPerInterface = 16;
export const mostRulesPerInterface = 1000;

/** Active peerings of a VPC: on request, and no further (amazon-vpc-limits.html, "VPC peering connections"). */
export const mostPeeringsPerVpc = 125;

/** Of each direction of a network ACL (amazon-vpc-limits.html, "Network ACLs"). */
export const mostRulesPerNetworkAcl = 40;

/** Of one forwarding rule (Route53/latest/DeveloperGuide/DNSLimitations.html, "Quotas on Route 53 Resolver"). */
export const mostTargetsPerForwardingRule = 6;

const quota = leaf.integer("a quota", 1, 100_000);

export const quotas = leaf.record("AWS's quotas that differ from the default", {
  vpcsPerRegion: quota.default(defaultQuotas.vpcsPerRegion),
  subnetsPerVpc: quota.default(defaultQuotas.subnetsPerVpc),
  internetGatewaysPerRegion: quota.default(defaultQuotas.internetGatewaysPerRegion),
  egressOnlyGatewaysPerRegion: quota.default(defaultQuotas.egressOnlyGatewaysPerRegion),
  natGatewaysPerZone: quota.default(defaultQuotas.natGatewaysPerZone),
  elasticIpsPerRegion: quota.default(defaultQuotas.elasticIpsPerRegion),
  routesPerTable: quota.default(defaultQuotas.routesPerTable),
  activePeeringsPerVpc: quota.default(defaultQuotas.activePeeringsPerVpc),
  /**
   * Peerings that an account has asked for in a region and nobody has accepted yet. No rule counts them: how many there
   * are at once depends on the order of the work, so the plan makes the order such that there are no more
   * (`plan/regions.ts`). AWS's page of quotas counts the account's requests, its error of that name those of a VPC;
   * an account's in a region are never fewer.
   */
  outstandingPeeringsPerRegion: quota.default(defaultQuotas.outstandingPeeringsPerRegion),
  /** Of each direction, IPv4 and IPv6 apart. */
  rulesPerSecurityGroup: quota.default(defaultQuotas.rulesPerSecurityGroup),
  securityGroupsPerInterface: quota.default(defaultQuotas.securityGroupsPerInterface),
  /** Of each direction. */
  rulesPerNetworkAcl: leaf
    .integer("a quota", 1, mostRulesPerNetworkAcl)
    .default(defaultQuotas.rulesPerNetworkAcl),
  vpcsPerHostedZone: quota.default(defaultQuotas.vpcsPerHostedZone),
  resolverEndpointsPerRegion: quota.default(defaultQuotas.resolverEndpointsPerRegion),
  addressesPerResolverEndpoint: quota.default(defaultQuotas.addressesPerResolverEndpoint),
});

export type Quotas = z.output<typeof quotas>;
