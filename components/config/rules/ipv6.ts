/** Regions with IPv6 have what it needs, and nothing speaks of IPv6 where there is none. */
import { zonesPerTier } from "../ledger.ts";
import { zoneFindings } from "./addresses.ts";
import { quotaOf } from "./quotas.ts";
import { entries, type Finding, type LooseConfig, type LooseRegion } from "./rule.ts";
import { regionsOf, rulesOf } from "./security-groups.ts";

/** Whether the region surely has no IPv6. */
export function lacksIpv6(region: LooseRegion | undefined): boolean {
  return region !== undefined && (region.ipv6 === "none" || !Object.hasOwn(region, "ipv6"));
}

/**
 * Every subnet has a /64 of its own by its zone's number, also where its IPv4 network is written. Where the ledger
 * gives the networks, addresses.zonesHaveSlots tells the same.
 */
export function* zonesHaveIpv6Numbers(config: LooseConfig): Iterable<Finding> {
  for (const [key, region] of entries(config.regions)) {
    if (region.ipv6 === undefined || region.ipv6 === "none" || (region.tiers ?? []).length > 0) continue;
    yield* zoneFindings(key, region, {
      none: `has no IPv6 network: a tier has ${zonesPerTier} of them, for zones a to h or az1 to az8.`,
      shared: (other) => `would share its IPv6 networks with ${other}: name zones either by letter or by id.`,
    });
  }
}

/** A rule for IPv6 alone is of a group that some region with IPv6 has. */
export function* ipv6RulesHaveRegions(config: LooseConfig): Iterable<Finding> {
  for (const [name, group] of entries(config.securityGroups)) {
    const regions = regionsOf(config, group).map((key) => config.regions?.[key]);
    if (!regions.every(lacksIpv6)) continue;
    for (const { path, peer, peerKey } of rulesOf(name, group)) {
      if (peer?.includes(":") !== true) continue;
      const message = `is of no use: no region of the group has IPv6. Set ipv6 of one of them, or remove the rule.`;
      yield { path: [...path, peerKey], message };
    }
  }
}

/** A VPC with private subnets and IPv6 has one egress-only gateway. */
export function* egressOnlyGatewaysAreWithinQuota(config: LooseConfig): Iterable<Finding> {
  const most = quotaOf(config, "egressOnlyGatewaysPerRegion");
  const having = new Map<string, number>();
  for (const [key, region] of entries(config.regions)) {
    const { awsRegion } = region;
    if (awsRegion === undefined || region.ipv6 === undefined || region.ipv6 === "none") continue;
    if ((region.subnets?.private?.length ?? 0) === 0) continue;
    const count = (having.get(awsRegion) ?? 0) + 1;
    having.set(awsRegion, count);
    if (count <= most) continue;
    const message = `is one too many: ${awsRegion} would have ${count} egress-only gateways, and the account's quota is ${most}. Ask AWS for more VPCs and set quotas.egressOnlyGatewaysPerRegion, or use another AWS region.`;
    yield { path: ["regions", key, "ipv6"], message, rule: "aws/quota-egress-only-gateways" };
  }
}
