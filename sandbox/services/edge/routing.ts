/**
 * Where requests for a host name go. Pure: what the edge knows in, a destination out.
 *
 * Sources: dns/proxy-status (one proxied record proxies its name), load-balancing/load-balancers/dns-records (an enabled
 * load balancer goes before a record that is as specific, an exact record before a wildcard), RFC 4592 (wildcards).
 */
import { isIP } from "node:net";
import type { Balancer, EdgeState, EdgeZone, ZoneRecord } from "./state.ts";

/** Who gets a request in the end: an address or name with a port of its own or the request's, or a tunnel. */
export type Target =
  | { readonly kind: "address"; readonly address: string; readonly port: number | undefined }
  | { readonly kind: "tunnel"; readonly tunnel: string };

export type Destination =
  | { readonly kind: "balancer"; readonly zone: EdgeZone; readonly balancer: Balancer }
  | { readonly kind: "records"; readonly zone: EdgeZone; readonly targets: readonly Target[] }
  /** The host is an address: nobody is asked for by it. */
  | { readonly kind: "direct" }
  /** No name that is proxied here. */
  | { readonly kind: "unknown" };

const tunnelSuffix = ".cfargotunnel.com";

export function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** A `Host` header as names are compared: without port, in lower case, without a last dot. */
export function hostName(header: string | undefined): string {
  const host = (header ?? "").trim().toLowerCase();
  const bare = host.startsWith("[") ? host.slice(1, host.indexOf("]")) : host.replace(/:\d*$/, "");
  return bare.replace(/\.$/, "");
}

/** An origin's address, which may be the name of a tunnel. */
export function targetOf(address: string, port?: number): Target {
  const name = address.toLowerCase().replace(/\.$/, "");
  if (name.endsWith(tunnelSuffix)) return { kind: "tunnel", tunnel: name.slice(0, -tunnelSuffix.length) };
  return { kind: "address", address: name, port: port === 0 ? undefined : port };
}

export function zoneOf(state: EdgeState, host: string): EdgeZone | undefined {
  return state.zones.find((zone) => isWithin(host, zone.name));
}

/** What a zone has under exactly one name, wildcards included; the records are all of them, proxied or not. */
interface Found {
  readonly balancer: Balancer | undefined;
  readonly records: readonly ZoneRecord[];
}

function under(zone: EdgeZone, name: string): Found | undefined {
  const balancer = zone.load_balancers.find((each) => each.enabled && each.name === name);
  const records = zone.dns_records.filter((each) => each.name === name);
  return balancer === undefined && records.length === 0 ? undefined : { balancer, records };
}

function exists(zone: EdgeZone, name: string): boolean {
  const names = [...zone.dns_records, ...zone.load_balancers].map((each) => each.name);
  return names.some((each) => each === name || each.endsWith(`.${name}`));
}

/** The name's own, or that of the wildcard beside the closest name above it that exists. */
function find(zone: EdgeZone, host: string): Found | undefined {
  const own = under(zone, host);
  if (own !== undefined || host === zone.name || exists(zone, host)) return own;
  for (let above = host; above !== zone.name;) {
    above = above.slice(above.indexOf(".") + 1);
    const wild = under(zone, `*.${above}`);
    if (wild !== undefined) return wild;
    if (above === zone.name || exists(zone, above)) return undefined;
  }
  return undefined;
}

const proxiable: readonly string[] = ["A", "AAAA", "CNAME"];

/** @param host as {@link hostName} makes it */
export function route(state: EdgeState, host: string): Destination {
  if (isIP(host) !== 0) return { kind: "direct" };
  const zone = zoneOf(state, host);
  if (zone === undefined || zone.paused) return { kind: "unknown" };
  const found = find(zone, host);
  if (found === undefined) return { kind: "unknown" };
  const { balancer, records } = found;
  if (balancer !== undefined)
    return balancer.proxied ? { kind: "balancer", zone, balancer } : { kind: "unknown" };
  const addresses = records.filter(({ type }) => proxiable.includes(type));
  if (!addresses.some(({ proxied }) => proxied)) return { kind: "unknown" };
  return { kind: "records", zone, targets: addresses.map(({ content }) => targetOf(content)) };
}
