/** Zones: their records, settings and cache rules. */
import { createHash } from "node:crypto";
import type { DnsRecordConfig, NetworkConfig, ZoneConfig } from "../../config/schema.ts";
import { byKey, sortedEntries } from "../keys.ts";
import type { Template } from "../model.ts";
import type { CacheRulePlan, DnsRecordPlan, DnsZonePlan, ZoneSettingPlan } from "./model.ts";
import { tunnelAddress } from "./tunnels.ts";

/** The full name of a record of a zone. Cloudflare takes `@` and answers with the zone's name, which then differs. */
export function fullName(zone: string, name: string): string {
  return name === "@" ? zone : `${name}.${zone}`;
}

/** What the record says, as far as its own fields go. */
function saying({ type, content = "", tag, port }: DnsRecordConfig): string {
  if (type === "CAA") return `${tag ?? ""} ${content}`;
  return type === "SRV" ? `${port ?? ""} ${content}` : content;
}

/** What tells a record from others of its name and type. A name has at most one CNAME. */
function distinction(record: DnsRecordConfig): string {
  if (record.type === "CNAME") return "";
  if (record.host !== undefined) return `/${record.host}`;
  if (record.type === "A" || record.type === "AAAA") return `/${record.content ?? ""}`;
  return `/${createHash("sha256").update(saying(record)).digest("hex").slice(0, 8)}`;
}

function contentOf(record: DnsRecordConfig): Template | undefined {
  if (record.host !== undefined) {
    return [{ kind: record.type === "AAAA" ? "ipv6-address" : "public-address", host: record.host }];
  }
  if (record.tunnel !== undefined) return tunnelAddress(record.tunnel);
  return dataOf(record) === undefined ? [record.content ?? ""] : undefined;
}

function dataOf(record: DnsRecordConfig): DnsRecordPlan["data"] {
  const { type, content = "", flags = 0, tag = "issue", priority = 0, weight = 0, port = 0 } = record;
  if (type === "CAA") return { flags, tag, value: content };
  return type === "SRV" ? { priority, weight, port, target: content } : undefined;
}

function commentOf({ type, host }: DnsRecordConfig): string | undefined {
  if (host === undefined) return undefined;
  return `${type === "AAAA" ? "IPv6" : "public"} address of ${host}`;
}

function planRecord(zone: string, record: DnsRecordConfig): DnsRecordPlan {
  const name = fullName(zone, record.name);
  return {
    key: `${zone}/${name}/${record.type}${distinction(record)}`,
    name,
    type: record.type,
    content: contentOf(record),
    data: dataOf(record),
    ttlSeconds: record.ttl,
    proxied: record.proxied,
    priority: record.priority,
    comment: commentOf(record),
  };
}

function planSettings(zone: string, { tls }: ZoneConfig): ZoneSettingPlan[] {
  if (tls === undefined) return [];
  const setting = (id: ZoneSettingPlan["id"], value: string): ZoneSettingPlan => ({
    key: `${zone}/setting/${id}`,
    id,
    value,
  });
  return [
    setting("always_use_https", tls.redirect ? "on" : "off"),
    setting("min_tls_version", tls.minimumVersion),
    setting("ssl", tls.mode),
    // Said where it is off as well: a setting that leaves the plan stays as it was.
    setting("tls_client_auth", tls.originPulls ? "on" : "off"),
  ];
}

function planCacheRules({ cache }: ZoneConfig): CacheRulePlan[] {
  return cache.map(({ name, path, hostname, edgeSeconds, browserSeconds }) => {
    const onPath = `starts_with(http.request.uri.path, ${JSON.stringify(path)})`;
    const expression =
      hostname === undefined ? `(${onPath})` : `(http.host eq ${JSON.stringify(hostname)} and ${onPath})`;
    return { name, expression, edgeSeconds, browserSeconds };
  });
}

export function planZones(config: NetworkConfig): DnsZonePlan[] {
  return sortedEntries(config.dns.zones).map(([name, zone]) => ({
    name,
    managed: zone.managed,
    records: zone.records.map((record) => planRecord(name, record)).sort(byKey),
    dnssec: zone.dnssec,
    settings: planSettings(name, zone),
    cacheRules: planCacheRules(zone),
  }));
}

/** The full names that lead to the host's public address, by a record or a load balancer, sorted. */
export function namesOf(host: string, config: NetworkConfig): string[] {
  const published = sortedEntries(config.dns.zones).flatMap(([zone, { records }]) =>
    records.filter((record) => record.host === host).map((record) => fullName(zone, record.name)),
  );
  const balanced = sortedEntries(config.cloudflare.loadBalancers).flatMap(([name, { pools }]) =>
    pools.some(({ hosts = [] }) => hosts.includes(host)) ? [name] : [],
  );
  return [...new Set([...published, ...balanced])].sort();
}

/** The zone of the configuration that a name is in: the longest that it ends in. */
export function zoneOf(config: NetworkConfig, name: string): string | undefined {
  return Object.keys(config.dns.zones)
    .filter((zone) => name === zone || name.endsWith(`.${zone}`))
    .sort((a, b) => b.length - a.length)[0];
}

/** Whether whoever asks an origin for the name is Cloudflare, with its certificate. */
export function isPulled(config: NetworkConfig, name: string): boolean {
  const zone = zoneOf(config, name);
  const zoneConfig = zone === undefined ? undefined : config.dns.zones[zone];
  if (zone === undefined || zoneConfig?.tls?.originPulls !== true) return false;
  const balancer = config.cloudflare.loadBalancers[name];
  if (balancer !== undefined) return balancer.proxied;
  return zoneConfig.records.some((record) => record.proxied && fullName(zone, record.name) === name);
}
