/** Zones, as developers.cloudflare.com/api/resources/zones describes them. */
import { createHash, randomBytes } from "node:crypto";
import type { Credentials } from "./credentials.ts";
import { refusals } from "./errors.ts";
import type { Fields } from "./fields.ts";
import { isWithin, normaliseZoneName } from "./names.ts";
import type { Store, Zone, ZonePlan, ZoneStatus, ZoneType } from "./store.ts";

const zoneTypes: readonly string[] = ["full", "partial", "secondary", "internal"] satisfies ZoneType[];
const zoneStatuses: readonly string[] = ["initializing", "pending", "active", "moved"] satisfies ZoneStatus[];

/** Plans by their old names, with what the API says of them and the quotas that hang on them. */
const plans: Readonly<Record<ZonePlan, { id: string; name: string; price: number; pageRules: number }>> = {
  free: { id: "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", name: "Free Website", price: 0, pageRules: 3 },
  pro: { id: "1bcb3c8d5d3c4fb5b8d9bd4c2f4d1f0a", name: "Pro Website", price: 20, pageRules: 20 },
  business: { id: "2c1f6d2b0a8e4f3f9d7b5c1e8a6f4d2b", name: "Business Website", price: 200, pageRules: 50 },
  enterprise: {
    id: "94f3b7b768b0458b56d2cac4fe5ec0f9",
    name: "Enterprise Website",
    price: 0,
    pageRules: 125,
  },
};

/** What a zone's plan allows its records. dns/manage-dns-records/reference/record-attributes, dns/manage-dns-records/ */
export function quotas(zone: Zone): {
  readonly records: number;
  readonly tags: number;
  readonly comment: number;
} {
  if (zone.plan === "free") return { records: 200, tags: 0, comment: 100 };
  return { records: 3_500, tags: 20, comment: 500 };
}

/** Now, in the API's form: ISO 8601 with six digits after the point. */
export function timestamp(): string {
  return new Date().toISOString().replace("Z", "000Z");
}

export function newId(): string {
  return randomBytes(16).toString("hex");
}

const givenNames = ["ada", "bob", "cora", "dan", "elma", "fred", "gina", "hal", "iris", "jim", "kate", "lee"];

/** Two name servers, the same whenever a zone of this name is made. */
function assignNameServers(name: string): readonly string[] {
  const digest = createHash("sha256").update(name).digest();
  const half = givenNames.length / 2;
  const pick = (byte: number, offset: number) => givenNames[offset + ((digest[byte] ?? 0) % half)] ?? "ada";
  return [pick(0, 0), pick(1, half)].map((given) => `${given}.ns.cloudflare.com`);
}

/** A zone as the API shows it. */
export function renderZone(zone: Zone, credentials: Credentials): Fields {
  const plan = plans[zone.plan];
  return {
    id: zone.id,
    name: zone.name,
    status: zone.status,
    paused: zone.paused,
    type: zone.type,
    development_mode: 0,
    name_servers: zone.nameServers,
    original_name_servers: null,
    original_registrar: null,
    original_dnshost: null,
    modified_on: zone.modifiedOn,
    created_on: zone.createdOn,
    activated_on: zone.activatedOn ?? null,
    ...(zone.vanityNameServers.length > 0 ? { vanity_name_servers: zone.vanityNameServers } : {}),
    ...(zone.verificationKey === undefined ? {} : { verification_key: zone.verificationKey }),
    ...(zone.type === "partial" ? { cname_suffix: "cdn.cloudflare.net" } : {}),
    meta: {
      step: 2,
      custom_certificate_quota: zone.plan === "free" || zone.plan === "pro" ? 0 : 1,
      page_rule_quota: plan.pageRules,
      phishing_detected: false,
    },
    owner: { id: null, type: "user", email: null },
    account: { id: credentials.accountId, name: credentials.accountName },
    tenant: { id: null, name: null },
    tenant_unit: { id: null },
    permissions: ["#dns_records:edit", "#dns_records:read", "#zone:edit", "#zone:read"],
    plan: {
      id: plan.id,
      name: plan.name,
      price: plan.price,
      currency: "USD",
      frequency: zone.plan === "free" ? "" : "monthly",
      is_subscribed: zone.plan !== "free",
      can_subscribe: false,
      legacy_id: zone.plan,
      legacy_discount: false,
      externally_managed: false,
    },
  };
}

function readType(value: unknown): ZoneType {
  if (typeof value !== "string" || !zoneTypes.includes(value)) throw refusals.invalidBody();
  return value as ZoneType;
}

function readServers(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string")) throw refusals.invalidBody();
  return value as string[];
}

export function requireZone(store: Store, id: string): Zone {
  const zone = store.zone(id);
  if (zone === undefined) throw refusals.zoneNotFound();
  return zone;
}

/** `POST /zones`. A zone starts out `pending`, until an activation check finds that it is delegated. */
export function createZone(store: Store, credentials: Credentials, body: Fields): Zone {
  if (typeof body.name !== "string") throw refusals.missingField("name");
  const name = normaliseZoneName(body.name);
  if (name === undefined) throw refusals.zoneName(body.name);
  const account = (body.account ?? { id: credentials.accountId }) as { id?: unknown };
  if (account.id !== credentials.accountId) throw refusals.zonePermission();
  const zones = store.zones();
  if (zones.some((zone) => zone.name === name)) throw refusals.zoneExists(name);
  if (zones.some((zone) => isWithin(name, zone.name) && zone.plan !== "enterprise")) {
    throw refusals.zoneSubdomain(name);
  }
  const type = readType(body.type ?? "full");
  const now = timestamp();
  const zone: Zone = {
    id: newId(),
    name,
    status: "pending",
    paused: false,
    type,
    plan: "free",
    nameServers: assignNameServers(name),
    vanityNameServers: [],
    verificationKey: type === "partial" ? randomBytes(8).toString("hex") : undefined,
    createdOn: now,
    modifiedOn: now,
    activatedOn: undefined,
  };
  store.putZone(zone);
  return zone;
}

/** `PATCH /zones/ID`: what the body names is changed. */
export function editZone(store: Store, id: string, body: Fields): Zone {
  const zone = requireZone(store, id);
  if (body.paused !== undefined && typeof body.paused !== "boolean") throw refusals.invalidBody();
  const changed: Zone = {
    ...zone,
    paused: body.paused ?? zone.paused,
    type: body.type === undefined ? zone.type : readType(body.type),
    vanityNameServers:
      body.vanity_name_servers === undefined
        ? zone.vanityNameServers
        : readServers(body.vanity_name_servers ?? []),
    modifiedOn: timestamp(),
  };
  store.putZone(changed);
  return changed;
}

/** `DELETE /zones/ID`, with all its records. */
export function deleteZone(store: Store, id: string): void {
  store.deleteZone(requireZone(store, id).id);
}

/** `PUT /zones/ID/activation_check`: in the sandbox every zone is delegated, so the check succeeds. */
export function activateZone(store: Store, id: string): Zone {
  const zone = requireZone(store, id);
  if (zone.status === "active") return zone;
  const now = timestamp();
  const active: Zone = { ...zone, status: "active", activatedOn: now, modifiedOn: now };
  store.putZone(active);
  return active;
}

/** What only Cloudflare itself can change of a zone; for drift. */
export function forceZone(store: Store, id: string, set: Fields): Zone {
  const { status, plan, ...editable } = set;
  const zone = Object.keys(editable).length > 0 ? editZone(store, id, editable) : requireZone(store, id);
  if (status !== undefined && (typeof status !== "string" || !zoneStatuses.includes(status))) {
    throw refusals.invalidBody();
  }
  if (plan !== undefined && (typeof plan !== "string" || !(plan in plans))) throw refusals.invalidBody();
  const changed: Zone = {
    ...zone,
    status: (status as ZoneStatus | undefined) ?? zone.status,
    plan: (plan as ZonePlan | undefined) ?? zone.plan,
    modifiedOn: timestamp(),
  };
  store.putZone(changed);
  return changed;
}
