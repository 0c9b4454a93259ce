/** DNS records with their zones and full names, as the rules look at them. */
import type { Path } from "../problem.ts";
import type { DnsRecordConfig } from "../schema.ts";
import { entries, items, type Loose, type LooseConfig } from "./rule.ts";

export type LooseRecord = Loose<DnsRecordConfig>;

export interface PlacedRecord {
  readonly zone: string;
  readonly path: Path;
  readonly record: LooseRecord;
  /** Fully qualified. */
  readonly name: string | undefined;
}

export function recordsOf(config: LooseConfig): PlacedRecord[] {
  return entries(config.dns?.zones).flatMap(([zone, { records }]) =>
    items(records).map(([index, record]) => ({
      zone,
      path: ["dns", "zones", zone, "records", index],
      record,
      name: record.name === undefined ? undefined : record.name === "@" ? zone : `${record.name}.${zone}`,
    })),
  );
}

/** Whether the record says an address of its name. */
export function isAddress({ record }: Pick<PlacedRecord, "record">): boolean {
  return record.type === "A" || record.type === "AAAA";
}

/** The zone of the configuration that the name belongs to: the longest that it ends in. */
export function zoneOf(config: LooseConfig, name: string): string | undefined {
  return Object.keys(config.dns?.zones ?? {})
    .filter((zone) => name === zone || name.endsWith(`.${zone}`))
    .sort((a, b) => b.length - a.length)[0];
}

/** Whether Cloudflare surely answers with its own addresses for the name: a proxied record or load balancer. */
export function isProxied(config: LooseConfig, name: string): boolean {
  const balancer = config.cloudflare?.loadBalancers?.[name];
  if (balancer !== undefined) return balancer.proxied !== false;
  return recordsOf(config).some((other) => other.name === name && other.record.proxied === true);
}
