/** Monitors, as developers.cloudflare.com/api/resources/load_balancers/subresources/monitors describes them. */
import { refusals } from "./errors.ts";
import { Reader, type Fields } from "./fields.ts";
import type { Store, StoredObject } from "./store.ts";
import { newId, timestamp } from "./zones.ts";

/** What an account below Enterprise may have (load-balancing/reference/limitations). */
export const balancingLimits = {
  loadBalancers: 20,
  pools: 20,
  endpoints: 20,
  monitorIntervalSeconds: 15,
} as const;

export interface Monitor extends StoredObject {
  readonly type: "http" | "https" | "tcp" | "udp_icmp" | "icmp_ping" | "smtp";
  readonly description: string;
  readonly method: string;
  readonly path: string;
  readonly port: number;
  readonly header: Readonly<Record<string, readonly string[]>> | null;
  /** Seconds. */
  readonly interval: number;
  /** Seconds. */
  readonly timeout: number;
  readonly retries: number;
  /** `200`, `2xx`, or several between commas; empty takes any. */
  readonly expected_codes: string;
  readonly expected_body: string;
  readonly follow_redirects: boolean;
  readonly allow_insecure: boolean;
}

const types = ["http", "https", "tcp", "udp_icmp", "icmp_ping", "smtp"] as const;
const codes = /^(?:\d{3}|\dxx)(?:\s*,\s*(?:\d{3}|\dxx))*$/;

function readHeader(reader: Reader): Monitor["header"] {
  const header = reader.object("header");
  if (header === undefined) return null;
  const below = new Reader(header, refusals.balancing);
  return Object.fromEntries(Object.keys(header).map((name) => [name, below.texts(name) ?? []]));
}

function readMonitor(body: Fields): Fields {
  const reader = new Reader(body, refusals.balancing);
  const type = reader.oneOf("type", types, "http");
  const isHttp = type === "http" || type === "https";
  const port = reader.number("port", 0, 65_535, 0);
  if (port === 0 && !isHttp && type !== "icmp_ping") throw refusals.balancing(`port is required for ${type}`);
  const expected = reader.text("expected_codes", "");
  if (expected !== "" && !codes.test(expected)) throw refusals.balancing("expected_codes is invalid");
  const { monitorIntervalSeconds: least } = balancingLimits;
  return {
    type,
    description: reader.text("description", ""),
    method: reader.text("method", isHttp ? "GET" : type === "tcp" ? "connection_established" : ""),
    path: reader.text("path", isHttp ? "/" : ""),
    port,
    header: readHeader(reader),
    interval: reader.number("interval", least, 3_600, 60),
    timeout: reader.number("timeout", 1, 10, 5),
    retries: reader.number("retries", 0, 5, 2),
    consecutive_up: reader.number("consecutive_up", 0, 100, 0),
    consecutive_down: reader.number("consecutive_down", 0, 100, 0),
    expected_codes: expected,
    expected_body: reader.text("expected_body", ""),
    follow_redirects: reader.flag("follow_redirects", false),
    allow_insecure: reader.flag("allow_insecure", false),
    probe_zone: reader.text("probe_zone", ""),
  };
}

export function requireMonitor(store: Store, account: string, id: string): Monitor {
  const monitor = store.object("monitor", account, id);
  if (monitor === undefined) throw refusals.balancingNotFound();
  return monitor as Monitor;
}

export function createMonitor(store: Store, account: string, body: Fields): StoredObject {
  const now = timestamp();
  const monitor = { id: newId(), ...readMonitor(body), created_on: now, modified_on: now };
  return store.putObject("monitor", account, monitor);
}

/** `PUT`: what the body leaves out gets its default. */
export function overwriteMonitor(store: Store, account: string, id: string, body: Fields): StoredObject {
  const { created_on } = requireMonitor(store, account, id);
  return store.putObject("monitor", account, {
    id,
    ...readMonitor(body),
    created_on,
    modified_on: timestamp(),
  });
}

/** A monitor that a pool names stays. */
export function deleteMonitor(store: Store, account: string, id: string): void {
  requireMonitor(store, account, id);
  if (store.objects("pool", account).some((pool) => pool.monitor === id)) throw refusals.referenced();
  store.deleteObject("monitor", account, id);
}
