/** The simulated Cloudflare's describe JSON, made short: what a test does not say is as the API has it for new things. */
import { readState, type EdgeState } from "../../../sandbox/services/edge/state.ts";

type Fields = Readonly<Record<string, unknown>>;

export const settings = {
  ssl: "full",
  always_use_https: "off",
  min_tls_version: "1.0",
  websockets: "on",
  ip_geolocation: "on",
  tls_client_auth: "off",
};

export function record(name: string, type: string, content: string, proxied = true): Fields {
  return { id: `${name} ${type} ${content}`, name, type, content, proxied };
}

export function balancer(name: string, pools: readonly string[], more: Fields = {}): Fields {
  return {
    id: `lb-${name}`,
    name,
    enabled: true,
    proxied: true,
    default_pools: pools,
    fallback_pool: pools.at(-1),
    steering_policy: "off",
    session_affinity: "none",
    ...more,
  };
}

export function origin(name: string, address: string, more: Fields = {}): Fields {
  return { name, address, enabled: true, weight: 1, ...more };
}

/** A pool whose id is its name. */
export function pool(name: string, origins: readonly Fields[], more: Fields = {}): Fields {
  return { id: name, name, enabled: true, minimum_origins: 1, origins, ...more };
}

/** A monitor whose id is its name. */
export function monitor(name: string, more: Fields = {}): Fields {
  return {
    id: name,
    type: "http",
    method: "GET",
    path: "/health",
    port: 0,
    header: null,
    interval: 60,
    timeout: 5,
    retries: 2,
    consecutive_up: 0,
    consecutive_down: 0,
    expected_codes: "200",
    expected_body: "",
    follow_redirects: false,
    allow_insecure: false,
    probe_zone: "",
    ...more,
  };
}

export interface ZoneFields {
  readonly records?: readonly Fields[];
  readonly balancers?: readonly Fields[];
  readonly settings?: Fields;
  readonly paused?: boolean;
}

export interface Described {
  /** By their names. */
  readonly zones?: Readonly<Record<string, ZoneFields>>;
  readonly pools?: readonly Fields[];
  readonly monitors?: readonly Fields[];
  readonly tunnels?: readonly Fields[];
  readonly applications?: readonly Fields[];
}

export function describeJson({ zones = {}, pools, monitors, tunnels, applications }: Described): unknown {
  return {
    zones: Object.entries(zones).map(([name, zone]) => ({
      id: `zone-${name}`,
      name,
      paused: zone.paused ?? false,
      dns_records: zone.records ?? [],
      settings: { ...settings, ...zone.settings },
      load_balancers: zone.balancers ?? [],
    })),
    account: {
      id: "account",
      pools: pools ?? [],
      monitors: monitors ?? [],
      tunnels: tunnels ?? [],
      access_apps: applications ?? [],
    },
  };
}

export function stateOf(described: Described): EdgeState {
  return readState(describeJson(described));
}
