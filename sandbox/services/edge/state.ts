/**
 * What the edge knows: the describe JSON of the simulated Cloudflare, as far as requests depend on it.
 *
 * Field names are those of Cloudflare's API. Unknown fields are ignored; a missing or malformed one that requests depend
 * on is an error, because an edge that guesses would prove nothing.
 */
import { z } from "zod";

const text = z.string();

const record = z.object({ id: text, name: text, type: text, content: text, proxied: z.boolean() });

const overrides = z.object({
  default_pools: z.array(text).optional(),
  fallback_pool: text.optional(),
  steering_policy: text.optional(),
  session_affinity: text.optional(),
  /** Seconds. */
  session_affinity_ttl: z.number().optional(),
  session_affinity_attributes: z
    .object({
      headers: z.array(text).optional(),
      require_all_headers: z.boolean().optional(),
      zero_downtime_failover: text.optional(),
      samesite: text.optional(),
      secure: text.optional(),
    })
    .optional(),
});

const rule = z.object({
  name: text,
  condition: text,
  priority: z.number(),
  disabled: z.boolean(),
  terminates: z.boolean().optional(),
  overrides,
});

const balancer = overrides.extend({
  id: text,
  /** A host name, whose first label may be `*`. */
  name: text,
  enabled: z.boolean(),
  proxied: z.boolean(),
  default_pools: z.array(text),
  fallback_pool: text,
  steering_policy: text,
  session_affinity: text,
  rules: z.array(rule).default([]),
});

const settings = z.object({
  ssl: z.enum(["off", "flexible", "full", "strict"]),
  always_use_https: text,
  min_tls_version: z.enum(["1.0", "1.1", "1.2", "1.3"]),
  websockets: text,
  tls_client_auth: text,
  ip_geolocation: text,
});

const zone = z.object({
  id: text,
  name: text,
  paused: z.boolean(),
  dns_records: z.array(record),
  settings,
  load_balancers: z.array(balancer),
});

const origin = z.object({
  name: text,
  address: text,
  enabled: z.boolean(),
  weight: z.number(),
  port: z.number().optional(),
  header: z.object({ Host: z.array(text).optional() }).optional(),
});

const pool = z.object({
  id: text,
  name: text,
  enabled: z.boolean(),
  origins: z.array(origin),
  minimum_origins: z.number(),
  monitor: text.optional(),
  origin_steering: z.object({ policy: text }).optional(),
});

const monitor = z.object({
  id: text,
  type: text,
  method: text,
  path: text,
  /** 0 is the default port of the type. */
  port: z.number(),
  header: z.record(text, z.array(text)).nullable(),
  /** Seconds. */
  interval: z.number(),
  timeout: z.number(),
  retries: z.number(),
  consecutive_up: z.number(),
  consecutive_down: z.number(),
  expected_codes: text,
  expected_body: text,
  follow_redirects: z.boolean(),
  allow_insecure: z.boolean(),
  /** The name of the zone as which it asks; empty for none. */
  probe_zone: text,
});

const tunnel = z.object({
  id: text,
  name: text,
  remote_config: z.boolean(),
  configuration: z.object({ version: z.number(), config: z.record(text, z.unknown()).nullable() }),
});

const selector = z.record(text, z.record(text, z.unknown()));

const policy = z.object({
  name: text,
  decision: z.enum(["allow", "deny", "non_identity", "bypass"]),
  include: z.array(selector),
  require: z.array(selector),
  exclude: z.array(selector),
});

const application = z.object({
  id: text,
  name: text,
  aud: text,
  /** Host names with or without paths. */
  self_hosted_domains: z.array(text),
  /** By their precedence. */
  policies: z.array(policy),
});

const description = z.object({
  zones: z.array(zone),
  account: z.object({
    id: text,
    pools: z.array(pool),
    monitors: z.array(monitor),
    tunnels: z.array(tunnel),
    access_apps: z.array(application),
  }),
});

export type ZoneRecord = z.infer<typeof record>;
export type Overrides = z.infer<typeof overrides>;
export type Balancer = z.infer<typeof balancer>;
export type ZoneSettings = z.infer<typeof settings>;
export type EdgeZone = z.infer<typeof zone>;
export type Origin = z.infer<typeof origin>;
export type Pool = z.infer<typeof pool>;
export type Monitor = z.infer<typeof monitor>;
export type Tunnel = z.infer<typeof tunnel>;
export type Policy = z.infer<typeof policy>;
export type Application = z.infer<typeof application>;

export interface EdgeState {
  readonly account: string;
  /** The longest names first, so that the first that a host lies in is the one that has it. */
  readonly zones: readonly EdgeZone[];
  readonly pools: ReadonlyMap<string, Pool>;
  readonly monitors: ReadonlyMap<string, Monitor>;
  readonly tunnels: ReadonlyMap<string, Tunnel>;
  readonly applications: readonly Application[];
}

export const emptyState: EdgeState = {
  account: "",
  zones: [],
  pools: new Map(),
  monitors: new Map(),
  tunnels: new Map(),
  applications: [],
};

function byId<T extends { readonly id: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.id, item]));
}

/** @throws with the path of what is missing or malformed */
export function readState(json: unknown): EdgeState {
  const { zones, account } = description.parse(json);
  return {
    account: account.id,
    zones: zones.toSorted((a, b) => b.name.length - a.name.length),
    pools: byId(account.pools),
    monitors: byId(account.monitors),
    tunnels: byId(account.tunnels),
    applications: account.access_apps,
  };
}
