/** Tunnels, and what every zone has once. */
import { rulesetTable } from "../../../sandbox/providers/cloudflare/rulesets.ts";
import { tunnelConfigTable, tunnelTable } from "../../../sandbox/providers/cloudflare/tunnels.ts";
import { zoneDnssecTable, zoneSettingTable } from "../../../sandbox/providers/cloudflare/zone-settings.ts";
import type { ValueMap } from "../../../sandbox/providers/shared/values.ts";
import { account, made, other, trial, type Subject } from "./subject.ts";
import { refuse, replace, update } from "./trial.ts";

const secret = Buffer.alloc(32, 1).toString("base64");
const newSecret = Buffer.alloc(32, 2).toString("base64");

const ingress = [
  { hostname: "a.example.com", service: "http://localhost:1" },
  { service: "http_status:404" },
];

export const tunnel: Subject = {
  table: tunnelTable,
  inputs: (own) => ({ accountId: trial.account, name: own, configSrc: "cloudflare", tunnelSecret: secret }),
  path: (id) => account(`/cfd_tunnel/${id}`),
  changes: () => ({
    accountId: replace(other),
    configSrc: replace("local"),
    name: update("renamed", { name: "renamed" }),
    tunnelSecret: update(newSecret),
  }),
  refused: [
    ["configSrc", { configSrc: "elsewhere" }],
    ["status", { status: "healthy" }],
    ["name", { name: null }],
  ],
};

export const tunnelConfig: Subject = {
  table: tunnelConfigTable,
  inputs: () => ({ accountId: trial.account, tunnelId: made.tunnel, config: { ingresses: ingress } }),
  path: (id) => account(`/cfd_tunnel/${id}/configurations`),
  changes: () => ({
    accountId: replace(other),
    tunnelId: replace("00000000-0000-4000-8000-000000000000"),
    config: update(
      { ingresses: [{ service: "http_status:503", originRequest: { noTlsVerify: true } }] },
      { config: { ingress: [{ service: "http_status:503", originRequest: { noTLSVerify: true } }] } },
    ),
    source: update("cloudflare", { source: "cloudflare" }, { source: "local" }),
  }),
  refused: [
    ["config.ingresses[0].service", { config: { ingresses: [{ hostname: "a.example.com" }] } }],
    ["config.ingress", { config: { ingress } }],
    ["source", { source: "elsewhere" }],
  ],
};

export const zoneSetting: Subject = {
  table: zoneSettingTable,
  inputs: () => ({ zoneId: made.zone, settingId: "min_tls_version", value: "1.2" }),
  path: (id) => `/zones/${made.zone}/settings/${id}`,
  changes: () => ({
    zoneId: replace(other),
    settingId: replace("ssl"),
    value: update("1.3", { value: "1.3" }),
    enabled: refuse,
  }),
  refused: [
    ["value", { value: null }],
    ["editable", { editable: true }],
  ],
};

export const zoneDnssec: Subject = {
  table: zoneDnssecTable,
  inputs: () => ({ zoneId: made.zone, status: "active" }),
  path: (id) => `/zones/${id}/dnssec`,
  changes: () => ({
    zoneId: replace(other),
    status: update("disabled", { status: "disabled" }),
    dnssecMultiSigner: update(true, { dnssec_multi_signer: true }),
    dnssecPresigned: update(true, { dnssec_presigned: true }),
    dnssecUseNsec3: update(true, { dnssec_use_nsec3: true }),
  }),
  refused: [
    ["status", { status: "pending" }],
    ["ds", { ds: "x" }],
  ],
};

const cacheRule: ValueMap = {
  ref: "static",
  expression: 'starts_with(http.request.uri.path, "/static/")',
  action: "set_cache_settings",
  actionParameters: { cache: true, edgeTtl: { mode: "override_origin", default: 60 } },
};

export const ruleset: Subject = {
  table: rulesetTable,
  inputs: () => ({
    zoneId: made.zone,
    name: "default",
    kind: "zone",
    phase: "http_request_cache_settings",
    rules: [cacheRule],
  }),
  path: (id) => `/zones/${made.zone}/rulesets/${id}`,
  changes: () => ({
    accountId: refuse,
    zoneId: replace(other),
    kind: replace("root"),
    name: replace("other"),
    phase: { to: "http_ratelimit", effect: "refuse" },
    description: update("why", { description: "why" }),
    rules: update([{ ...cacheRule, ref: "first" }, cacheRule], {
      rules: [
        { ref: "first" },
        { ref: "static", action_parameters: { edge_ttl: { mode: "override_origin", default: 60 } } },
      ],
      version: "2",
    }),
  }),
  refused: [
    ["zoneId", { zoneId: null }],
    ["rules[0].action", { rules: [{ ...cacheRule, action: "block" }] }],
    [
      "rules[0].actionParameters.cacheKey",
      { rules: [{ ...cacheRule, actionParameters: { cacheKey: { cacheByDeviceType: true } } }] },
    ],
    [
      "rules[0].actionParameters.edgeTtl.mode",
      { rules: [{ ...cacheRule, actionParameters: { edgeTtl: { mode: "never" } } }] },
    ],
  ],
};
