/** From a configuration to the plan of everything that will be made of it. */
import type { NetworkConfig } from "../config/schema.ts";
import { planAccount } from "./account.ts";
import { planCloudflare } from "./cloudflare/plan.ts";
import { planZones } from "./cloudflare/zones.ts";
import { planHosts } from "./hosts.ts";
import { planFlows } from "./flows.ts";
import type { NetworkPlan } from "./model.ts";
import { planNetworkAcls } from "./network-acls.ts";
import { planPrivateZones } from "./private-dns.ts";
import { planPeerings, planRegions, planSites } from "./regions.ts";
import { refuseBeyondQuota } from "./quotas.ts";
import { planRollout } from "./rollout.ts";
import { planVpn } from "./vpn.ts";

/**
 * Plans the network of a stack. Pure: equal configurations yield equal plans, whatever the order of their maps.
 * @param config as `parseNetworkConfig` accepted it; nothing that it refuses is handled here
 * @param stack the stack's name, which sets apart what several stacks create in one account
 * @throws {ConfigError} where what is compiled from it is more than AWS takes
 */
export function planNetwork(config: NetworkConfig, stack: string): NetworkPlan {
  const hosts = planHosts(config);
  const regions = planRegions(config, stack).map((region) => ({
    ...region,
    networkAcls: config.regions[region.key]?.networkAcls === false ? [] : planNetworkAcls(region, hosts),
  }));
  refuseBeyondQuota(config, regions);
  return {
    stack,
    owner: config.owner,
    account: planAccount(config.account, stack),
    operator: { cidrs: config.operator.cidrs, authorizedKeys: config.operator.authorizedKeys },
    regions,
    peerings: planPeerings(config),
    sites: planSites(config),
    vpn: planVpn(config),
    zones: planZones(config),
    privateZones: planPrivateZones(config, stack),
    cloudflare: planCloudflare(config),
    hosts,
    rollout: planRollout(config, hosts),
    flows: planFlows(config, hosts),
    isMeasured: config.flows !== undefined,
  };
}
