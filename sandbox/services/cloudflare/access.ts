/**
 * Access: reusable policies and self-hosted applications, as
 * developers.cloudflare.com/api/resources/zero_trust/subresources/access describes them.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { refusals } from "./errors.ts";
import { Reader, type Fields } from "./fields.ts";
import { isWithin } from "./names.ts";
import type { Store, StoredObject } from "./store.ts";
import { timestamp } from "./zones.ts";

export interface AccessPolicy extends StoredObject {
  readonly name: string;
  readonly decision: "allow" | "deny" | "non_identity" | "bypass";
  /** Whoever is meant by one of these, */
  readonly include: readonly Fields[];
  /** by all of these, */
  readonly require: readonly Fields[];
  /** and by none of these. */
  readonly exclude: readonly Fields[];
  readonly session_duration: string;
}

export interface PolicyReference {
  readonly id: string;
  readonly precedence: number;
}

export interface AccessApp extends StoredObject {
  readonly name: string;
  /** A host name, with or without a path. */
  readonly domain: string;
  readonly self_hosted_domains: readonly string[];
  readonly policies: readonly PolicyReference[];
}

const decisions = ["allow", "deny", "non_identity", "bypass"] as const;
const duration = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;

function readDuration(reader: Reader): string {
  const text = reader.text("session_duration", "24h");
  if (!duration.test(text)) throw refusals.access("session_duration is not a valid duration");
  return text;
}

/** Rules of exactly one selector each. */
function readRules(reader: Reader, name: string): readonly Fields[] {
  const rules = reader.objects(name) ?? [];
  if (rules.some((rule) => Object.keys(rule).length !== 1)) {
    throw refusals.access(`each rule of ${name} must have one selector`);
  }
  return rules;
}

/** Fields that are kept as they were said. */
function kept(body: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(
    names.filter((name) => (body[name] ?? null) !== null).map((name) => [name, body[name]]),
  );
}

const policyOptions = [
  ...["approval_required", "approval_groups", "isolation_required", "purpose_justification_prompt"],
  ...["purpose_justification_required", "connection_rules", "mfa_config"],
];

function readPolicy(body: Fields): Fields {
  const reader = new Reader(body, refusals.access);
  const include = readRules(reader, "include");
  if (include.length === 0) throw refusals.access("include must have a rule");
  return {
    name: reader.text("name"),
    decision: reader.oneOf("decision", decisions),
    include,
    require: readRules(reader, "require"),
    exclude: readRules(reader, "exclude"),
    session_duration: readDuration(reader),
    reusable: true,
    ...kept(body, policyOptions),
  };
}

function appsOf(store: Store, account: string, policy: string): readonly AccessApp[] {
  const apps = store.objects("access_app", account) as readonly AccessApp[];
  return apps.filter(({ policies }) => policies.some(({ id }) => id === policy));
}

export function renderPolicy(store: Store, account: string, policy: StoredObject): Fields {
  return { ...policy, app_count: appsOf(store, account, policy.id).length };
}

export function requirePolicy(store: Store, account: string, id: string): AccessPolicy {
  const policy = store.object("access_policy", account, id);
  if (policy === undefined) throw refusals.accessNotFound("policy");
  return policy as AccessPolicy;
}

export function createPolicy(store: Store, account: string, body: Fields): StoredObject {
  const now = timestamp();
  const policy = { id: randomUUID(), ...readPolicy(body), created_at: now, updated_at: now };
  return store.putObject("access_policy", account, policy);
}

export function overwritePolicy(store: Store, account: string, id: string, body: Fields): StoredObject {
  const { created_at } = requirePolicy(store, account, id);
  return store.putObject("access_policy", account, {
    id,
    ...readPolicy(body),
    created_at,
    updated_at: timestamp(),
  });
}

/** A policy that an application has stays. */
export function deletePolicy(store: Store, account: string, id: string): void {
  requirePolicy(store, account, id);
  if (appsOf(store, account, id).length > 0) throw refusals.access("policy is in use by an application");
  store.deleteObject("access_policy", account, id);
}

function hostOf(domain: string): string {
  return (domain.split("/", 1)[0] ?? "").toLowerCase();
}

/** The application's names, by whichever of its three fields says them. */
function readDomains(store: Store, reader: Reader): readonly string[] {
  const said = reader.optionalText("domain");
  const uris = (reader.objects("destinations") ?? []).flatMap(({ uri }) =>
    typeof uri === "string" ? [uri] : [],
  );
  const others = reader.texts("self_hosted_domains") ?? [];
  const domains = [...new Set([...(said === undefined ? [] : [said]), ...uris, ...others])];
  if (domains.length === 0) throw refusals.access("domain is required");
  const zones = store.zones();
  const foreign = domains.find(
    (domain) => !zones.some(({ name }) => isWithin(hostOf(domain).replace(/^\*\.?/, ""), name)),
  );
  if (foreign !== undefined)
    throw refusals.access(`domain ${foreign} does not belong to a zone of the account`);
  return domains;
}

function readReferences(store: Store, account: string, reader: Reader): readonly PolicyReference[] {
  const references = (reader.objects("policies") ?? []).map((fields, index): PolicyReference => {
    const policy = new Reader(fields, refusals.access);
    if (!policy.has("id")) throw refusals.notSimulated("policies that belong to one application");
    const id = policy.text("id");
    if (store.object("access_policy", account, id) === undefined) {
      throw refusals.access(`policies[${index}]: policy ${id} does not exist`);
    }
    return { id, precedence: policy.number("precedence", 1, 1_000, index + 1) };
  });
  if (new Set(references.map(({ precedence }) => precedence)).size < references.length) {
    throw refusals.access("policy precedences must be unique");
  }
  return references.toSorted((a, b) => a.precedence - b.precedence);
}

const appOptions = [
  ...["allow_authenticate_via_warp", "allow_iframe", "custom_deny_message", "custom_deny_url"],
  ...["custom_non_identity_deny_url", "logo_url", "read_service_tokens_from_header"],
  ...["same_site_cookie_attribute", "service_auth_401_redirect", "skip_interstitial", "custom_pages"],
  ...["path_cookie_attribute", "mfa_config"],
];

function readApp(store: Store, account: string, body: Fields, id: string): StoredObject {
  const reader = new Reader(body, refusals.access);
  const type = reader.text("type", "self_hosted");
  if (type !== "self_hosted") throw refusals.notSimulated(`applications of type ${type}`);
  const domains = readDomains(store, reader);
  const domain = domains[0] ?? "";
  const others = (store.objects("access_app", account) as readonly AccessApp[]).filter(
    (app) => app.id !== id,
  );
  if (others.some((app) => app.self_hosted_domains.some((taken) => domains.includes(taken)))) {
    throw refusals.applicationExists();
  }
  return {
    id,
    type,
    name: reader.text("name", domain),
    domain,
    self_hosted_domains: domains,
    destinations: domains.map((uri) => ({ type: "public", uri })),
    policies: readReferences(store, account, reader),
    session_duration: readDuration(reader),
    app_launcher_visible: reader.flag("app_launcher_visible", true),
    http_only_cookie_attribute: reader.flag("http_only_cookie_attribute", true),
    auto_redirect_to_identity: reader.flag("auto_redirect_to_identity", false),
    enable_binding_cookie: reader.flag("enable_binding_cookie", false),
    options_preflight_bypass: reader.flag("options_preflight_bypass", false),
    allowed_idps: reader.texts("allowed_idps") ?? [],
    tags: reader.texts("tags") ?? [],
    ...kept(body, appOptions),
  };
}

/** An application as the API shows it: with its policies in full. */
export function renderApp(store: Store, account: string, app: StoredObject): Fields {
  const policies = (app as AccessApp).policies.map(({ id, precedence }) => ({
    ...store.object("access_policy", account, id),
    id,
    precedence,
  }));
  return { ...app, policies };
}

export function requireApp(store: Store, account: string, id: string): AccessApp {
  const app = store.object("access_app", account, id);
  if (app === undefined) throw refusals.accessNotFound("application");
  return app as AccessApp;
}

export function createApp(store: Store, account: string, body: Fields): StoredObject {
  const app = readApp(store, account, body, randomUUID());
  const now = timestamp();
  const aud = randomBytes(32).toString("hex");
  return store.putObject("access_app", account, { ...app, aud, created_at: now, updated_at: now });
}

export function overwriteApp(store: Store, account: string, id: string, body: Fields): StoredObject {
  const { aud, created_at } = requireApp(store, account, id);
  const app = readApp(store, account, body, id);
  return store.putObject("access_app", account, { ...app, aud, created_at, updated_at: timestamp() });
}

export function deleteApp(store: Store, account: string, id: string): void {
  store.deleteObject("access_app", account, requireApp(store, account, id).id);
}
