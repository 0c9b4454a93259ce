/** Where the services of a region keep their data, and who watches its hosts. */
import { hostAlerts } from "./host/alerts.ts";
import { statisticsPort } from "./host/balancer.ts";
import { exporterPort } from "./host/exporter.ts";
import { internalNetworks } from "./host/networks.ts";
import type { Store } from "./host/owned-service.ts";
import { postgres, postgresPort } from "./host/postgres.ts";
import { prometheus, type ScrapeTarget } from "./host/prometheus.ts";
import { redis, redisPort } from "./host/redis.ts";
import type { GenerationPart } from "./generation.ts";
import { sortedEntries } from "./keys.ts";
import { networkOf, placeOf, tunnelAddressOf, type Place } from "./place.ts";

/** Its password: who knows the host knows the secret's name. */
const secretOf = ({ key }: Place): string => key;

const ports = { redis: redisPort, database: postgresPort } as const;
const names = { redis: "redis", database: "postgres" } as const;

/** What the api hosts of a place have to keep data in. */
export function storesOf({ config, site }: Place): Store[] {
  return sortedEntries(config.hosts[site] ?? {}).flatMap(([name, host]) => {
    if (host.role !== "redis" && host.role !== "database") return [];
    const place = placeOf(config, site, name, host);
    return [
      {
        name: names[host.role],
        address: place.address,
        port: ports[host.role],
        secret: secretOf(place),
      },
    ];
  });
}

export function redisParts(place: Place): GenerationPart[] {
  const { address } = place;
  return [redis({ address, clients: [networkOf(place)], secret: secretOf(place) })];
}

export function databaseParts(place: Place): GenerationPart[] {
  const { key, hostname, address } = place;
  return [postgres({ key, hostname, address, clients: [networkOf(place)], secret: secretOf(place) })];
}

/** Regions to which the host's own has a way. */
function regionsInReach({ config, site }: Place): string[] {
  const peered = config.peerings.filter((pair) => pair.includes(site)).flat();
  return [...new Set([site, ...peered])].sort();
}

/**
 * Every instance in reach. Hubs and VPN peers answer at their tunnels' addresses, which belong to those inside the VPN.
 */
function instancesInReach(place: Place): Place[] {
  return regionsInReach(place).flatMap((region) =>
    sortedEntries(place.config.hosts[region] ?? {})
      .map(([name, host]) => placeOf(place.config, region, name, host))
      .filter((other) => tunnelAddressOf(other) === undefined && other.host.role !== "lan-member"),
  );
}

function targetsOf({ host, hostname, address }: Place): ScrapeTarget[] {
  const target = (job: string, port: number): ScrapeTarget => ({
    job,
    host: hostname,
    address,
    port,
    scheme: "http",
  });
  const isHaproxy = host.role === "load-balancer" && host.balancer === "haproxy";
  return [target("node", exporterPort), ...(isHaproxy ? [target("haproxy", statisticsPort)] : [])];
}

export function prometheusParts(place: Place): GenerationPart[] {
  return [
    prometheus({
      address: place.address,
      site: place.site,
      name: "blackroad",
      targets: instancesInReach(place).flatMap(targetsOf),
      alerts: hostAlerts,
      monitors: internalNetworks,
    }),
  ];
}
