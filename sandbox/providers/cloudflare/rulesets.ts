/**
 * Rulesets, of which the sandbox's Cloudflare has the cache rules of a zone.
 *
 * Source: terraform-provider-cloudflare v5.22.0, `internal/services/ruleset/schema.go` and `resource.go`.
 */
import { Unknown, isList, isMap } from "../shared/values.ts";
import type { Value, ValueMap } from "../shared/values.ts";
import type { Attributes, TypeTable } from "./attributes.ts";
import { resourceOf } from "./endpoint.ts";
import * as schema from "./schema.ts";
import {
  chosen,
  computedText,
  defaulted,
  flag,
  listOf,
  notSimulated,
  number,
  part,
  ranged,
} from "./schema.ts";
import { requiredText } from "./schema.ts";

const origins = ["respect_origin", "bypass_by_default", "override_origin"] as const;
const code = ranged(number, 100, 999);

const cacheParameters: Attributes = {
  cache: flag,
  edgeTtl: part({
    default: ranged(number, 0),
    mode: chosen(requiredText, ...origins),
    statusCodeTtls: {
      ...listOf({
        statusCode: code,
        statusCodeRange: part({ from: code, to: code }),
        value: { type: "number", from: "required" },
      }),
      api: "status_code_ttl",
    },
  }),
  browserTtl: part({ default: ranged(number, 0), mode: chosen(requiredText, ...origins, "bypass") }),
  respectStrongEtags: flag,
  originErrorPagePassthru: flag,
  serveStale: part({ disableStaleWhileUpdating: flag }),
};

/** Parameters of other actions, and those of caching that nothing in the sandbox would heed. */
const otherParameters = [
  ...["additionalCacheablePorts", "algorithms", "assetName", "automaticHttpsRewrites", "autominify", "bic"],
  ...["cacheKey", "cacheReserve", "content", "contentConverter", "contentType", "cookieFields"],
  ...["disableApps", "disableRum", "disableZaraz", "emailObfuscation", "expression", "fonts", "fromList"],
  ...["fromValue", "headers", "hostHeader", "hotlinkProtection", "id", "immutable", "increment"],
  ...["matchedData", "maxAge", "mirage", "mustRevalidate", "mustUnderstand", "noCache", "noStore"],
  ...["noTransform", "operation", "opportunisticEncryption", "origin", "originCacheControl"],
  ...["originRangeRequests", "overrides", "phases", "polish", "private", "products", "proxyRevalidate"],
  ...["public", "rawResponseFields", "readTimeout", "redirectsForAiTraining", "requestBodyBuffering"],
  ...["requestFields", "response", "responseBodyBuffering", "responseFields", "rocketLoader", "rules"],
  ...["ruleset", "rulesets", "sMaxage", "securityLevel", "serverSideExcludes", "sni", "ssl", "staleIfError"],
  ...["staleWhileRevalidate", "statusCode", "stripEtags", "stripLastModified", "stripSetCookie", "sxg"],
  ...["transformedRequestFields", "uri", "values", "vary"],
] as const;

const actionParameters: Attributes = {
  ...cacheParameters,
  ...Object.fromEntries(
    otherParameters.map((name) => [name, notSimulated(`the action parameter ${name}`)] as const),
  ),
};

const rule: Attributes = {
  id: computedText,
  action: {
    ...requiredText,
    refuse: schema.onlySimulated("action", "set_cache_settings"),
  },
  actionParameters: defaulted({ object: actionParameters }, {}),
  description: defaulted("string", ""),
  enabled: defaulted("boolean", true),
  exposedCredentialCheck: notSimulated("exposed credential checks"),
  expression: requiredText,
  logging: part({ enabled: schema.either("boolean") }, "computed-optional"),
  ratelimit: notSimulated("rate limits"),
  ref: schema.either("string"),
};

export const rulesetTable: TypeTable = {
  token: "cloudflare:index/ruleset:Ruleset",
  source: "internal/services/ruleset/schema.go",
  attributes: {
    id: computedText,
    accountId: notSimulated("rulesets of accounts"),
    zoneId: { ...schema.zoneId, from: "optional" },
    kind: { ...chosen(requiredText, "managed", "custom", "root", "zone"), replaces: true },
    name: { ...requiredText, replaces: true },
    phase: {
      ...requiredText,
      replaces: true,
      refuse: schema.onlySimulated("phase", "http_request_cache_settings"),
    },
    description: defaulted("string", ""),
    rules: { ...listOf(rule, "computed-optional"), default: [] },
    lastUpdated: computedText,
    version: computedText,
  },
};

function rulesOf(state: ValueMap | undefined): readonly ValueMap[] {
  const rules = state?.rules ?? null;
  return isList(rules) ? rules.filter(isMap) : [];
}

/** A rule keeps its identifier by its `ref`, wherever it goes in the list. */
function keepRuleIds(planned: ValueMap, before: ValueMap | undefined): ValueMap {
  if (!isList(planned.rules ?? null)) return planned;
  const known = new Map(rulesOf(before).map((old) => [old.ref ?? null, old]));
  const rules = rulesOf(planned).map((planRule): Value => {
    const old = typeof planRule.ref === "string" ? known.get(planRule.ref) : undefined;
    if (old === undefined) return planRule;
    const keepsLogging = planRule.logging instanceof Unknown && old.action === planRule.action;
    return {
      ...planRule,
      ...(planRule.id instanceof Unknown ? { id: old.id ?? null } : {}),
      ...(keepsLogging ? { logging: old.logging ?? null } : {}),
    };
  });
  return { ...planned, rules };
}

const rulesets = "/zones/:zoneId/rulesets";

export const rulesetType = resourceOf({
  table: rulesetTable,
  schemaVersion: 500,
  collection: rulesets,
  item: `${rulesets}/:id`,
  create: "POST",
  update: "PUT",
  importPrefix: "zones",
  importId: [
    ["zone_id", "zoneId"],
    ["ruleset_id", "id"],
  ],
  check: schema.ownedBy("zoneId"),
  modifyPlan: keepRuleIds,
});
