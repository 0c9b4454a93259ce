/** Within a region: load balancers to api hosts, api hosts to where they keep data; in a rack, its front to its towers. */
import type { HostRole, NetworkConfig } from "../../config/schema.ts";
import { apiPort, websocketPort } from "../host/balancer.ts";
import { apiPort as towerApiPort } from "../host/network-yaml.ts";
import { postgresPort } from "../host/postgres.ts";
import { redisPort } from "../host/redis.ts";
import { sortedEntries } from "../keys.ts";
import type { FlowPlan } from "../model.ts";
import { rackOf } from "../rack.ts";
import { hostEnd, meant } from "./flow.ts";

function membersOf(config: NetworkConfig, place: string, role: HostRole) {
  return sortedEntries(config.hosts[place] ?? {})
    .filter(([, host]) => host.role === role)
    .map(([name]) => hostEnd(`${place}/${name}`));
}

function regionFlows(config: NetworkConfig, place: string): FlowPlan[] {
  const pair = (from: HostRole, to: HostRole, ports: readonly number[], reason: string): FlowPlan[] => {
    const [sources, targets] = [membersOf(config, place, from), membersOf(config, place, to)];
    if (sources.length === 0 || targets.length === 0) return [];
    const traffic = ports.map((port) => `${port}/tcp`);
    return [meant(sources, targets, traffic, { reason, path: `hosts.${place}` })];
  };
  return [
    ...pair("load-balancer", "api", [apiPort, websocketPort], "load balancers to the region's api hosts"),
    ...pair("api", "redis", [redisPort], "api hosts to the region's Redis"),
    ...pair("api", "database", [postgresPort], "api hosts to the region's PostgreSQL"),
  ];
}

/** The gateway stands in front of the rack's towers, which share its storage and their cluster by what they say themselves. */
function rackFlows(config: NetworkConfig, site: string): FlowPlan[] {
  const rack = rackOf(config, site);
  if (rack === undefined || rack.towers.length === 0) return [];
  const towers = rack.towers.map(({ key }) => hostEnd(key));
  return [
    meant([hostEnd(rack.gateway.key)], towers, [`${towerApiPort}/tcp`], {
      reason: "the rack's load balancer to its towers",
      path: `sites.${site}.rack`,
    }),
  ];
}

export function serviceFlows(config: NetworkConfig): FlowPlan[] {
  return [
    ...sortedEntries(config.regions).flatMap(([region]) => regionFlows(config, region)),
    ...sortedEntries(config.sites).flatMap(([site]) => rackFlows(config, site)),
  ];
}
