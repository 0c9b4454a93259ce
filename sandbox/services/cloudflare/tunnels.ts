/**
 * Tunnels and their configurations, as developers.cloudflare.com/api/resources/zero_trust/subresources/tunnels
 * describes them.
 */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { refusals } from "./errors.ts";
import { Reader, omit, type Fields } from "./fields.ts";
import type { Store, StoredObject } from "./store.ts";
import { timestamp } from "./zones.ts";

export interface Tunnel extends StoredObject {
  readonly name: string;
  readonly config_src: "local" | "cloudflare";
  /** What the connector's secret must hash to; the secret itself is nowhere. */
  readonly secret_sha256: string;
  readonly created_at: string;
  readonly deleted_at: string | null;
}

export interface IngressRule {
  readonly hostname?: string;
  readonly path?: string;
  readonly service: string;
}

export interface TunnelConfiguration extends StoredObject {
  /** Rises with every change, by which a connector knows whether it has the latest. */
  readonly version: number;
  readonly config: { readonly ingress: readonly IngressRule[] } & Fields;
}

const sources = ["local", "cloudflare"] as const;
const leastSecretBytes = 32;

export function hashSecret(base64: string): string {
  return createHash("sha256").update(Buffer.from(base64, "base64")).digest("hex");
}

/** A secret of at least 32 bytes in base64; where none is said, the API makes one. */
function readSecret(reader: Reader): string {
  const secret = reader.optionalText("tunnel_secret") ?? randomBytes(leastSecretBytes).toString("base64");
  const bytes = Buffer.from(secret, "base64");
  if (bytes.toString("base64").replace(/=+$/, "") !== secret.replace(/=+$/, ""))
    throw refusals.tunnelSecret();
  if (bytes.length < leastSecretBytes) throw refusals.tunnelSecret();
  return hashSecret(secret);
}

/** Names are unique among the tunnels that were not deleted. */
function readName(store: Store, account: string, reader: Reader, id: string | undefined): string {
  const name = reader.text("name");
  const isTaken = (store.objects("tunnel", account) as readonly Tunnel[]).some(
    (other) => other.name === name && other.deleted_at === null && other.id !== id,
  );
  if (isTaken) throw refusals.tunnelNameTaken();
  return name;
}

/** A tunnel as the API shows it. Connectors call the edge, whose status shows them: to the API none is ever connected. */
export function renderTunnel(tunnel: StoredObject, account: string): Fields {
  return {
    ...omit(tunnel, "secret_sha256"),
    account_tag: account,
    tun_type: "cfd_tunnel",
    remote_config: tunnel.config_src === "cloudflare",
    status: "inactive",
    conns_active_at: null,
    conns_inactive_at: null,
    // The field is deprecated and empty: connections have an endpoint of their own.
    connections: [],
    metadata: {},
  };
}

export function requireTunnel(store: Store, account: string, id: string): Tunnel {
  const tunnel = store.object("tunnel", account, id);
  if (tunnel === undefined) throw refusals.tunnelNotFound();
  return tunnel as Tunnel;
}

/** A tunnel that can still be changed. */
function requireLive(store: Store, account: string, id: string): Tunnel {
  const tunnel = requireTunnel(store, account, id);
  if (tunnel.deleted_at !== null) throw refusals.tunnelNotFound();
  return tunnel;
}

/** `is_deleted`, `name` and `uuid` of the query; without the first, deleted ones are listed too. */
export function listTunnels(store: Store, account: string, query: URLSearchParams): readonly Tunnel[] {
  const [deleted, name, uuid] = ["is_deleted", "name", "uuid"].map((key) => query.get(key) ?? "");
  return (store.objects("tunnel", account) as readonly Tunnel[]).filter(
    (tunnel) =>
      (deleted === "" || deleted === String(tunnel.deleted_at !== null)) &&
      (name === "" || tunnel.name === name) &&
      (uuid === "" || tunnel.id === uuid),
  );
}

export function createTunnel(store: Store, account: string, body: Fields): Tunnel {
  const reader = new Reader(body, refusals.tunnelInput);
  return store.putObject("tunnel", account, {
    id: randomUUID(),
    name: readName(store, account, reader, undefined),
    config_src: reader.oneOf("config_src", sources, "local"),
    secret_sha256: readSecret(reader),
    created_at: timestamp(),
    deleted_at: null,
  });
}

/** `PATCH`: what the body leaves out stays. */
export function editTunnel(store: Store, account: string, id: string, body: Fields): Tunnel {
  const before = requireLive(store, account, id);
  const reader = new Reader(body, refusals.tunnelInput);
  return store.putObject("tunnel", account, {
    ...before,
    ...(reader.has("name") ? { name: readName(store, account, reader, id) } : {}),
    ...(reader.has("tunnel_secret") ? { secret_sha256: readSecret(reader) } : {}),
  });
}

/** A deleted tunnel can still be read, with the time of its end; it takes no connector and its name is free. */
export function deleteTunnel(store: Store, account: string, id: string): Tunnel {
  const tunnel = requireLive(store, account, id);
  return store.putObject("tunnel", account, { ...tunnel, deleted_at: timestamp() });
}

/** Why a connector is not taken that says this of itself; nothing if its tunnel exists and has its secret. */
export function authenticateConnector(
  store: Store,
  account: string,
  { accountTag, tunnelId, tunnelSecret }: Fields,
): string | undefined {
  const refused = "Unauthorized: Invalid tunnel secret";
  if (accountTag !== account || typeof tunnelId !== "string" || typeof tunnelSecret !== "string")
    return refused;
  const tunnel = store.object("tunnel", account, tunnelId) as Tunnel | undefined;
  if (tunnel === undefined) return "Unauthorized: Tunnel not found";
  if (tunnel.deleted_at !== null) return "Unauthorized: Tunnel was deleted";
  const [said, known] = [hashSecret(tunnelSecret), tunnel.secret_sha256].map((text) =>
    Buffer.from(text, "hex"),
  );
  if (said?.length !== known?.length || said === undefined || known === undefined) return refused;
  return timingSafeEqual(said, known) ? undefined : refused;
}

const services =
  /^(?:(?:https?|tcp|ssh|rdp|smb):\/\/[^\s/]+(?:\/\S*)?|unix(?:\+tls)?:\/?\S+|http_status:[1-5]\d\d|bastion|hello_world)$/;

function readRule(fields: Fields, index: number, last: number): IngressRule {
  const rule = new Reader(fields, refusals.tunnelConfiguration);
  const [hostname, path] = [rule.optionalText("hostname"), rule.optionalText("path")];
  const takesAll = (hostname ?? "") === "" && (path ?? "") === "";
  if (index === last && !takesAll) {
    throw refusals.tunnelConfiguration(
      "The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)",
    );
  }
  if (index < last && takesAll) {
    throw refusals.tunnelConfiguration(
      `Rule #${index + 1} is matching the hostname '', but this will match every hostname, meaning the rules which follow it will never be triggered.`,
    );
  }
  const service = rule.text("service");
  if (!services.test(service)) {
    throw refusals.tunnelConfiguration(
      `${service} is an invalid address, please make sure it has a scheme and a hostname`,
    );
  }
  const request = rule.object("originRequest");
  return {
    ...(hostname === undefined ? {} : { hostname }),
    ...(path === undefined ? {} : { path }),
    service,
    ...(request === undefined ? {} : { originRequest: request }),
  };
}

export function readConfiguration(store: Store, account: string, id: string): Fields {
  const { created_at } = requireTunnel(store, account, id);
  const { id: tunnel_id, ...found } = store.object("tunnel_configuration", account, id) ?? {
    id,
    version: 0,
    config: null,
    source: "cloudflare",
    created_at,
  };
  return { tunnel_id, account_id: account, ...found };
}

/** `PUT`: the whole configuration in a new version; whoever writes it writes all of it. */
export function writeConfiguration(store: Store, account: string, id: string, body: Fields): Fields {
  requireLive(store, account, id);
  const reader = new Reader(body, refusals.tunnelConfiguration);
  const config = reader.below("config");
  const rules = config?.objects("ingress") ?? [];
  if (config === undefined || rules.length === 0) {
    throw refusals.tunnelConfiguration("The config must have an ingress rule");
  }
  const request = config.object("originRequest");
  const before = store.object("tunnel_configuration", account, id) as TunnelConfiguration | undefined;
  store.putObject("tunnel_configuration", account, {
    id,
    version: (before?.version ?? 0) + 1,
    config: {
      ingress: rules.map((rule, index) => readRule(rule, index, rules.length - 1)),
      ...(request === undefined ? {} : { originRequest: request }),
    },
    source: reader.oneOf("source", sources, "cloudflare"),
    created_at: timestamp(),
  });
  return readConfiguration(store, account, id);
}
