/** How hosts without a way to the internet get their packages: through the hub of their region. */
import { cidrIncludes } from "../config/ip.ts";
import type { GenerationPart } from "./generation.ts";
import { plainFile } from "./host/file.ts";
import { packageProxy, packageProxyPort } from "./host/package-proxy.ts";
import { sortedEntries } from "./keys.ts";
import { hubKey, missing, placeAt, placeOf, type Place } from "./place.ts";

export const aptProxyPath = "/etc/apt/apt.conf.d/80blackroad-proxy";

/** The subnets that no route joins to the internet. */
function closedSubnets({ config, site }: Place): string[] {
  return [...(config.regions[site]?.subnets.database ?? [])].sort();
}

const standsClosed = (place: Place): boolean =>
  closedSubnets(place).some((cidr) => cidrIncludes(cidr, place.address));

/**
 * What tells apt of the hub; `undefined` for a host with a way of its own. The host must know it before it has anything
 * else of ours: its first packages come that way.
 */
export function aptProxyOf(place: Place): string | undefined {
  if (!standsClosed(place)) return undefined;
  const { config, site, key } = place;
  const hub = placeAt(config, hubKey(config, site) ?? missing(key, "hub in its region"));
  const proxy = `"http://${hub.address}:${packageProxyPort}/";`;
  return `// Written by blackroad-network.\nAcquire::http::Proxy ${proxy}\nAcquire::https::Proxy ${proxy}\n`;
}

export function aptProxyParts(place: Place): GenerationPart[] {
  const text = aptProxyOf(place);
  return text === undefined ? [] : [{ files: [plainFile(aptProxyPath, text)] }];
}

/** On a hub whose region has a host without a way out. */
export function packageProxyParts(place: Place): GenerationPart[] {
  const { config, site, address } = place;
  const neighbours = sortedEntries(config.hosts[site] ?? {});
  if (!neighbours.some(([name, host]) => standsClosed(placeOf(config, site, name, host)))) return [];
  return [packageProxy({ address, clients: closedSubnets(place), mirrors: config.software.mirrors })];
}
