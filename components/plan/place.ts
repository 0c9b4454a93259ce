/** A host of the configuration with what its place adds to it. */
import type { HostConfig, NetworkConfig } from "../config/schema.ts";

export interface Place {
  readonly config: NetworkConfig;
  /** The region or site. */
  readonly site: string;
  readonly name: string;
  readonly key: string;
  readonly host: HostConfig;
  readonly address: string;
  readonly hostname: string;
}

/** A configuration that was not checked; `parseNetworkConfig` would have told more. */
export function missing(key: string, what: string): never {
  throw new Error(`${key} has no ${what}`);
}

export function placeOf(config: NetworkConfig, site: string, name: string, host: HostConfig): Place {
  const key = `${site}/${name}`;
  const address = config.sites[site]?.nodes[name] ?? host.address ?? missing(key, "address");
  return { config, site, name, key, host, address, hostname: `${name}.${site}` };
}

/** The host of that key. */
export function placeAt(config: NetworkConfig, key: string): Place {
  const [site = "", name = ""] = key.split("/");
  return placeOf(config, site, name, config.hosts[site]?.[name] ?? missing(key, "entry among the hosts"));
}

/** The network in which the host stands: its site's LAN, or its region's VPC. */
export function networkOf({ config, site, key }: Place): string {
  return config.sites[site]?.network ?? config.regions[site]?.vpcCidr ?? missing(key, "network");
}

/** Key of a region's hub. */
export function hubKey(config: NetworkConfig, region: string): string | undefined {
  const hub = config.wireguard.hubs[region];
  return hub === undefined ? undefined : `${region}/${hub.host}`;
}

/** The host's address in the VPN. */
export function tunnelAddressOf({ config, site, key, host }: Place): string | undefined {
  return host.role === "hub" ? config.wireguard.hubs[site]?.address : config.wireguard.peers[key]?.address;
}

/** Whether the host passes on packets that are not for itself. */
export function forwards({ config, key, host }: Place): boolean {
  return host.role === "hub" || (config.wireguard.peers[key]?.routes.length ?? 0) > 0;
}
