/** Pools, as developers.cloudflare.com/api/resources/load_balancers/subresources/pools describes them. */
import { isIP } from "node:net";
import { refusals } from "./errors.ts";
import { Reader, type Fields } from "./fields.ts";
import { poolsOf } from "./load-balancers.ts";
import { balancingLimits } from "./monitors.ts";
import { isWithin, normaliseHost } from "./names.ts";
import type { Store, StoredObject } from "./store.ts";
import { newId, timestamp } from "./zones.ts";

export interface Origin {
  readonly name: string;
  /** An address, or a name that is resolved when it is asked. */
  readonly address: string;
  readonly enabled: boolean;
  /** From 0 to 1: its share of the pool's requests. */
  readonly weight: number;
  readonly header?: { readonly Host?: readonly string[] };
  /** 0 is the port of the request. */
  readonly port?: number;
}

export interface Pool extends StoredObject {
  readonly name: string;
  readonly enabled: boolean;
  readonly origins: readonly Origin[];
  /** How many must be healthy for the pool to be. */
  readonly minimum_origins: number;
  readonly monitor?: string;
}

const steerings = ["random", "hash", "least_outstanding_requests", "least_connections"] as const;

/** A Host header of another name is allowed for names of the account's own zones only. */
function readHostHeader(store: Store, reader: Reader, address: string): Origin["header"] {
  const header = reader.below("header");
  if (header === undefined) return undefined;
  const hosts = header.texts("Host");
  if (hosts === undefined) return undefined;
  const zones = store.zones();
  const foreign = hosts.find((host) => !zones.some((zone) => isWithin(host.toLowerCase(), zone.name)));
  if (foreign !== undefined) {
    throw refusals.balancing(
      `Host header ${JSON.stringify(foreign)} not allowed for origin domain ${JSON.stringify(address)}`,
    );
  }
  return { Host: hosts };
}

function readOrigin(store: Store, fields: Fields): Origin {
  const reader = new Reader(fields, refusals.balancing);
  const address = reader.text("address");
  if (isIP(address) === 0 && normaliseHost(address) === undefined) {
    throw refusals.balancing(`origin address ${JSON.stringify(address)} is invalid`);
  }
  const header = readHostHeader(store, reader, address);
  const port = reader.optionalNumber("port", 0, 65_535);
  const network = reader.optionalText("virtual_network_id");
  return {
    name: reader.text("name"),
    address,
    enabled: reader.flag("enabled", true),
    weight: reader.number("weight", 0, 1, 1),
    ...{ flatten_cname: reader.flag("flatten_cname", true) },
    ...(header === undefined ? {} : { header }),
    ...(port === undefined ? {} : { port }),
    ...(network === undefined ? {} : { virtual_network_id: network }),
  };
}

function readOrigins(store: Store, reader: Reader): readonly Origin[] {
  const items = reader.objects("origins") ?? [];
  const { endpoints: most } = balancingLimits;
  if (items.length < 1 || items.length > most) {
    throw refusals.balancing(`the origin list length must be in range [1, ${most}]`);
  }
  const origins = items.map((item) => readOrigin(store, item));
  if (new Set(origins.map(({ name }) => name)).size < origins.length) {
    throw refusals.balancing("origin names must be unique in their pool");
  }
  return origins;
}

/** What is said of the pool besides its origins; what is left out is left out of the answer as well. */
function readOptions(reader: Reader): Fields {
  const place = ["latitude", "longitude"].filter((name) => reader.has(name));
  if (place.length === 1) throw refusals.balancing("latitude and longitude must both be set");
  const steering = reader.below("origin_steering");
  return {
    ...(place.length === 0
      ? {}
      : { latitude: reader.number("latitude", -90, 90), longitude: reader.number("longitude", -180, 180) }),
    check_regions: reader.texts("check_regions") ?? null,
    ...(reader.has("monitor_group") ? { monitor_group: reader.text("monitor_group") } : {}),
    ...(reader.has("health_sources") ? { health_sources: reader.texts("health_sources") } : {}),
    ...(reader.has("load_shedding") ? { load_shedding: reader.object("load_shedding") } : {}),
    ...(reader.has("notification_filter")
      ? { notification_filter: reader.object("notification_filter") }
      : {}),
    ...(steering === undefined
      ? {}
      : { origin_steering: { policy: steering.oneOf("policy", steerings, "random") } }),
  };
}

function readPool(store: Store, account: string, body: Fields, id: string): Pool {
  const reader = new Reader(body, refusals.balancing);
  const name = reader.text("name");
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(name)) {
    throw refusals.balancing("name may only contain letters, digits, hyphens and underscores");
  }
  if (store.objects("pool", account).some((other) => other.name === name && other.id !== id)) {
    throw refusals.notUnique();
  }
  const origins = readOrigins(store, reader);
  const monitor = reader.optionalText("monitor");
  if (monitor !== undefined && store.object("monitor", account, monitor) === undefined) {
    throw refusals.balancing(`monitor ${monitor} does not exist`);
  }
  return {
    id,
    name,
    description: reader.text("description", ""),
    enabled: reader.flag("enabled", true),
    minimum_origins: reader.number("minimum_origins", 0, origins.length, 1),
    notification_email: reader.text("notification_email", ""),
    origins,
    ...(monitor === undefined ? {} : { monitor }),
    ...readOptions(reader),
  };
}

/** Endpoints are counted in the whole account. */
function refuseTooMany(store: Store, account: string, pool: Pool): void {
  const others = (store.objects("pool", account) as readonly Pool[]).filter(({ id }) => id !== pool.id);
  if (others.length + 1 > balancingLimits.pools) {
    throw refusals.balancing(`the account's limit of ${balancingLimits.pools} pools is reached`);
  }
  const endpoints = [...others, pool].reduce((sum, { origins }) => sum + origins.length, 0);
  if (endpoints > balancingLimits.endpoints) {
    throw refusals.balancing(`the account's limit of ${balancingLimits.endpoints} endpoints is reached`);
  }
}

export function requirePool(store: Store, account: string, id: string): Pool {
  const pool = store.object("pool", account, id);
  if (pool === undefined) throw refusals.balancingNotFound();
  return pool as Pool;
}

export function createPool(store: Store, account: string, body: Fields): StoredObject {
  const pool = readPool(store, account, body, newId());
  refuseTooMany(store, account, pool);
  const now = timestamp();
  return store.putObject("pool", account, { ...pool, created_on: now, modified_on: now });
}

/** `PUT`: what the body leaves out gets its default. */
export function overwritePool(store: Store, account: string, id: string, body: Fields): StoredObject {
  const { created_on } = requirePool(store, account, id);
  const pool = readPool(store, account, body, id);
  refuseTooMany(store, account, pool);
  return store.putObject("pool", account, { ...pool, created_on, modified_on: timestamp() });
}

/** A pool that a load balancer names, in whatever place, stays. */
export function deletePool(store: Store, account: string, id: string): void {
  requirePool(store, account, id);
  if (store.objects("load_balancer").some((balancer) => poolsOf(balancer).includes(id))) {
    throw refusals.referenced();
  }
  store.deleteObject("pool", account, id);
}
