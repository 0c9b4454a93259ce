/** Load balancers, as developers.cloudflare.com/api/resources/load_balancers describes them. */
import { refusals } from "./errors.ts";
import { Reader, type Fields } from "./fields.ts";
import { balancingLimits } from "./monitors.ts";
import { isWithin, normaliseHost } from "./names.ts";
import type { Store, StoredObject, Zone } from "./store.ts";
import { newId, timestamp } from "./zones.ts";

export interface AffinityAttributes {
  readonly headers?: readonly string[];
  readonly require_all_headers?: boolean;
}

export interface BalancerRule {
  readonly name: string;
  readonly condition: string;
  readonly priority: number;
  readonly disabled: boolean;
  readonly overrides: Fields;
}

export interface LoadBalancer extends StoredObject {
  readonly name: string;
  readonly enabled: boolean;
  readonly proxied: boolean;
  /** In the order in which they are used. */
  readonly default_pools: readonly string[];
  /** Used when all others are unhealthy; its own health does not count. */
  readonly fallback_pool: string;
  readonly steering_policy: string;
  readonly session_affinity: string;
  /** Seconds. */
  readonly session_affinity_ttl?: number;
  readonly session_affinity_attributes?: AffinityAttributes;
  readonly rules?: readonly BalancerRule[];
  /** Seconds; of an unproxied one. */
  readonly ttl?: number;
}

const steerings = [
  ...["", "off", "geo", "random", "dynamic_latency", "proximity"],
  ...["least_outstanding_requests", "least_connections"],
] as const;
const affinities = ["none", "cookie", "ip_cookie", "header"] as const;
const poolMaps = ["country_pools", "pop_pools", "region_pools"] as const;

/** Seconds of an affinity: by cookie, by header (load-balancing/understand-basics/session-affinity). */
const affinitySeconds = {
  none: undefined,
  cookie: { least: 1_800, most: 604_800, absent: 82_800 },
  ip_cookie: { least: 1_800, most: 604_800, absent: 82_800 },
  header: { least: 30, most: 3_600, absent: 1_800 },
} as const;

/** Every pool that a load balancer or a rule's overrides name. */
export function poolsOf(fields: Fields): readonly string[] {
  const maps = poolMaps.flatMap((name) => Object.values((fields[name] ?? {}) as Record<string, string[]>));
  const rules = (fields.rules ?? []) as readonly BalancerRule[];
  const own = [...((fields.default_pools ?? []) as readonly string[]), fields.fallback_pool];
  return [...own, ...maps.flat(), ...rules.flatMap(({ overrides }) => poolsOf(overrides))].filter(
    (id): id is string => typeof id === "string",
  );
}

function readPools(reader: Reader): Fields {
  const named = poolMaps.flatMap((name): [string, Fields][] => {
    const map = reader.object(name);
    return map === undefined ? [] : [[name, map]];
  });
  return Object.fromEntries(named);
}

/** How requests stay with an origin, as a load balancer or one of its rules says it. */
function readAffinity(reader: Reader, absent?: "none"): Fields {
  if (!reader.has("session_affinity") && absent === undefined) return {};
  const affinity = reader.oneOf("session_affinity", affinities, absent);
  const range = affinitySeconds[affinity];
  if (range === undefined) return { session_affinity: affinity };
  const attributes = reader.below("session_affinity_attributes");
  const headers = attributes?.texts("headers");
  if (affinity === "header" && (headers === undefined || headers.length < 1 || headers.length > 5)) {
    throw refusals.balancing("session_affinity_attributes.headers must name one to five headers");
  }
  return {
    session_affinity: affinity,
    session_affinity_ttl: reader.number("session_affinity_ttl", range.least, range.most, range.absent),
    session_affinity_attributes: {
      samesite: attributes?.text("samesite", "Auto") ?? "Auto",
      secure: attributes?.text("secure", "Auto") ?? "Auto",
      drain_duration: attributes?.number("drain_duration", 0, 3_600, 0) ?? 0,
      zero_downtime_failover: attributes?.text("zero_downtime_failover", "none") ?? "none",
      ...(headers === undefined
        ? {}
        : { headers, require_all_headers: attributes?.flag("require_all_headers", false) ?? false }),
    },
  };
}

function readOverrides(reader: Reader): Fields {
  const defaults = reader.texts("default_pools");
  return {
    ...(defaults === undefined ? {} : { default_pools: defaults }),
    ...(reader.has("fallback_pool") ? { fallback_pool: reader.text("fallback_pool") } : {}),
    ...(reader.has("steering_policy") ? { steering_policy: reader.oneOf("steering_policy", steerings) } : {}),
    ...(reader.has("ttl") ? { ttl: reader.number("ttl", 10, 86_400) } : {}),
    ...readPools(reader),
    ...readAffinity(reader),
  };
}

function readRules(reader: Reader): readonly BalancerRule[] | undefined {
  return reader.objects("rules")?.map((fields): BalancerRule => {
    const rule = new Reader(fields, refusals.balancing);
    if (rule.has("fixed_response")) throw refusals.notSimulated("fixed responses of load balancers");
    const overrides = rule.below("overrides");
    return {
      name: rule.text("name"),
      condition: rule.text("condition"),
      priority: rule.number("priority", 0, 2 ** 31, 0),
      disabled: rule.flag("disabled", false),
      overrides: overrides === undefined ? {} : readOverrides(overrides),
      ...(rule.has("terminates") ? { terminates: rule.flag("terminates", false) } : {}),
    };
  });
}

/** Where no policy is said, the API takes that of the pools' places. */
function readSteering(reader: Reader): string {
  const said = reader.oneOf("steering_policy", steerings, "");
  if (said !== "") return said;
  return poolMaps.some((name) => reader.has(name)) ? "geo" : "off";
}

function readBalancer(store: Store, zone: Zone, account: string, body: Fields, id: string): LoadBalancer {
  const reader = new Reader(body, refusals.balancing);
  const said = reader.text("name");
  const name = normaliseHost(said.replace(/^\*\./, ""));
  if (name === undefined || !isWithin(name, zone.name)) throw refusals.balancing(`invalid hostname: ${said}`);
  const others = store.objects("load_balancer", zone.id).filter((other) => other.id !== id);
  if (others.some((other) => other.name === said.toLowerCase())) throw refusals.notUnique();
  const defaults = reader.texts("default_pools") ?? [];
  if (defaults.length === 0) throw refusals.balancing("default_pools must name a pool");
  const proxied = reader.flag("proxied", false);
  const rules = readRules(reader);
  const balancer: LoadBalancer = {
    id,
    name: said.toLowerCase(),
    description: reader.text("description", ""),
    enabled: reader.flag("enabled", true),
    proxied,
    default_pools: defaults,
    fallback_pool: reader.text("fallback_pool"),
    steering_policy: readSteering(reader),
    // The edge's own addresses live as long as Cloudflare likes.
    ...(proxied ? {} : { ttl: reader.number("ttl", 10, 86_400, 30) }),
    ...(rules === undefined ? {} : { rules }),
    ...optionsOf(reader),
    ...readPools(reader),
    ...(readAffinity(reader, "none") as { session_affinity: string }),
  };
  const missing = poolsOf(balancer).find((pool) => store.object("pool", account, pool) === undefined);
  if (missing !== undefined) throw refusals.balancing(`pool ${missing} does not exist`);
  return balancer;
}

/** What the sandbox keeps without acting on it, as it was said. */
function optionsOf(reader: Reader): Fields {
  const names = ["adaptive_routing", "location_strategy", "random_steering"] as const;
  const said = names.flatMap((name): [string, Fields][] => {
    const value = reader.object(name);
    return value === undefined ? [] : [[name, value]];
  });
  const networks = reader.texts("networks");
  return { ...Object.fromEntries(said), ...(networks === undefined ? {} : { networks }) };
}

export function renderBalancer(balancer: StoredObject, zone: Zone): Fields {
  return { ...balancer, zone_name: zone.name };
}

export function requireBalancer(store: Store, zone: Zone, id: string): LoadBalancer {
  const balancer = store.object("load_balancer", zone.id, id);
  if (balancer === undefined) throw refusals.balancingNotFound();
  return balancer as LoadBalancer;
}

export function createBalancer(store: Store, zone: Zone, account: string, body: Fields): StoredObject {
  const balancer = readBalancer(store, zone, account, body, newId());
  const { loadBalancers: most } = balancingLimits;
  if (store.objects("load_balancer").length >= most) {
    throw refusals.balancing(`the account's limit of ${most} load balancers is reached`);
  }
  const now = timestamp();
  return store.putObject("load_balancer", zone.id, { ...balancer, created_on: now, modified_on: now });
}

/** `PUT`: what the body leaves out gets its default. */
export function overwriteBalancer(
  store: Store,
  zone: Zone,
  account: string,
  id: string,
  body: Fields,
): StoredObject {
  const { created_on } = requireBalancer(store, zone, id);
  const balancer = readBalancer(store, zone, account, body, id);
  return store.putObject("load_balancer", zone.id, { ...balancer, created_on, modified_on: timestamp() });
}

export function deleteBalancer(store: Store, zone: Zone, id: string): void {
  store.deleteObject("load_balancer", zone.id, requireBalancer(store, zone, id).id);
}
