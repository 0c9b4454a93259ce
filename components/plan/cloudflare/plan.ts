/** What belongs to the Cloudflare account: tunnels, load balancers and Access. */
import type { LoadBalancerConfig, NetworkConfig } from "../../config/schema.ts";
import { sortedEntries } from "../keys.ts";
import { missing } from "../place.ts";
import type { AccessPlan, CloudflarePlan, LoadBalancerPlan, PoolOriginPlan, PoolPlan } from "./model.ts";
import { planTunnels, tunnelAddress } from "./tunnels.ts";
import { isPulled, zoneOf } from "./zones.ts";

type PoolConfig = LoadBalancerConfig["pools"][number];

/** A tunnel's rules know requests by their host name, which an address of another name would hide from them. */
function planOrigins(balancer: string, { hosts = [], tunnel }: PoolConfig): PoolOriginPlan[] {
  if (tunnel !== undefined) {
    return [{ name: tunnel, address: tunnelAddress(tunnel), hostHeader: balancer }];
  }
  return hosts.map((host) => ({
    name: host.replace("/", "-"),
    address: [{ kind: "public-address", host }],
    hostHeader: undefined,
  }));
}

function planPool(balancer: string, pool: PoolConfig): PoolPlan {
  return {
    key: `${balancer}/${pool.name}`,
    name: `${balancer.replaceAll(".", "-")}-${pool.name}`,
    origins: planOrigins(balancer, pool),
  };
}

function planLoadBalancer(
  config: NetworkConfig,
  name: string,
  balancer: LoadBalancerConfig,
): LoadBalancerPlan {
  const zone = zoneOf(config, name);
  const tls = zone === undefined ? undefined : config.dns.zones[zone]?.tls;
  const { affinity, monitor } = balancer;
  return {
    name,
    zone: zone ?? missing(name, "zone"),
    pools: balancer.pools.map((pool) => planPool(name, pool)),
    fallback: `${name}/${balancer.fallback}`,
    monitor: {
      ...monitor,
      hostHeader: name,
      allowInsecure: tls?.mode !== "strict",
      asZone: isPulled(config, name) ? zone : undefined,
    },
    steering: balancer.steering,
    proxied: balancer.proxied,
    ttlSeconds: balancer.ttl,
    cookieSeconds: affinity?.cookieSeconds,
    header:
      affinity?.header === undefined ? undefined : { name: affinity.header, seconds: affinity.headerSeconds },
  };
}

export function planCloudflare(config: NetworkConfig): CloudflarePlan {
  const { loadBalancers, access } = config.cloudflare;
  return {
    tunnels: planTunnels(config),
    loadBalancers: sortedEntries(loadBalancers).map(([name, balancer]) =>
      planLoadBalancer(config, name, balancer),
    ),
    access: sortedEntries(access).map(([name, application]): AccessPlan => ({ name, ...application })),
  };
}
