/**
 * Monitors, pools and load balancers, from the schema of the official provider: `schema.go` in
 * `internal/services/load_balancer_monitor`, `load_balancer_pool` and `load_balancer` of
 * terraform-provider-cloudflare v5.22.0.
 *
 * Version 6.22.1 of the SDK lists one property more for a pool than that source: `healthSources`.
 */
import type { Attribute, Attributes, TypeTable } from "./attributes.ts";
import * as schema from "./schema.ts";
import { chosen, computedText, defaulted, either, number, part, ranged, requiredText } from "./schema.ts";
import { flag, text, texts } from "./schema.ts";

export const monitorTable: TypeTable = {
  token: "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor",
  source: "internal/services/load_balancer_monitor/schema.go",
  attributes: {
    id: computedText,
    accountId: schema.accountId,
    consecutiveDown: { ...number, blind: true },
    consecutiveUp: { ...number, blind: true },
    port: { ...number, blind: true },
    header: { type: { mapOf: { listOf: "string" } }, from: "optional" },
    allowInsecure: defaulted("boolean", false),
    description: defaulted("string", ""),
    expectedBody: defaulted("string", ""),
    expectedCodes: defaulted("string", ""),
    followRedirects: defaulted("boolean", false),
    interval: defaulted("number", 60),
    method: either("string"),
    path: either("string"),
    probeZone: defaulted("string", ""),
    retries: defaulted("number", 2),
    timeout: defaulted("number", 5),
    type: chosen(defaulted("string", "http"), ...["http", "https", "tcp", "udp_icmp", "icmp_ping", "smtp"]),
    createdOn: computedText,
    modifiedOn: computedText,
  },
};

const origin: Attributes = {
  address: text,
  disabledAt: computedText,
  enabled: defaulted("boolean", true),
  flattenCname: defaulted("boolean", true),
  header: part({ hosts: { ...texts, api: "Host" } }),
  name: text,
  port: either("number"),
  virtualNetworkId: text,
  weight: ranged(defaulted("number", 1), 0, 1),
};

const percent = ranged(defaulted("number", 0), 0, 100);
const disableAndHealthy = part({ disable: flag, healthy: flag });

export const checkRegions = [
  ...["WNAM", "ENAM", "WEU", "EEU", "NSAM", "SSAM", "OC", "ME", "NAF", "SAF", "SAS", "SEAS", "NEAS"],
  "ALL_REGIONS",
] as const;

export const poolTable: TypeTable = {
  token: "cloudflare:index/loadBalancerPool:LoadBalancerPool",
  source: "internal/services/load_balancer_pool/schema.go",
  attributes: {
    id: computedText,
    accountId: schema.accountId,
    name: requiredText,
    origins: schema.listOf(origin, "required"),
    latitude: number,
    longitude: number,
    monitor: text,
    monitorGroup: text,
    checkRegions: { ...texts, refuse: schema.eachOf(...checkRegions) },
    description: defaulted("string", ""),
    enabled: defaulted("boolean", true),
    healthSources: texts,
    minimumOrigins: defaulted("number", 1),
    notificationEmail: defaulted("string", ""),
    loadShedding: {
      ...part(
        {
          defaultPercent: percent,
          defaultPolicy: chosen(defaulted("string", "random"), "random", "hash"),
          sessionPercent: percent,
          sessionPolicy: chosen(defaulted("string", "hash"), "hash"),
        },
        "computed-optional",
      ),
      stays: true,
    },
    notificationFilter: part({ origin: disableAndHealthy, pool: disableAndHealthy }, "computed-optional"),
    originSteering: part(
      {
        policy: chosen(
          defaulted("string", "random"),
          ...["random", "hash", "least_outstanding_requests", "least_connections"],
        ),
      },
      "computed-optional",
    ),
    createdOn: { ...computedText, stays: true },
    disabledAt: computedText,
    modifiedOn: computedText,
    networks: schema.computedTexts,
  },
};

const affinities = ["none", "cookie", "ip_cookie", "header"] as const;
const steerings = [
  ...["off", "geo", "random", "dynamic_latency", "proximity"],
  ...["least_outstanding_requests", "least_connections", ""],
] as const;
const poolsByPlace: Attribute = either({ mapOf: { listOf: "string" } });
const modes = ["pop", "resolver_ip"] as const;
const ecs = ["always", "never", "proximity", "geo"] as const;
const weights: Attribute = { type: { mapOf: "number" }, from: "optional" };

/** A rule's attributes have defaults where the load balancer's own have none, and the other way around. */
function affinityAttributes(withDefaults: boolean): Attribute {
  const or = (type: "string" | "boolean", value: string | boolean) =>
    withDefaults ? defaulted(type, value) : either(type);
  return part(
    {
      drainDuration: either("number"),
      headers: texts,
      requireAllHeaders: or("boolean", false),
      samesite: chosen(or("string", "Auto"), "Auto", "Lax", "None", "Strict"),
      secure: chosen(or("string", "Auto"), "Auto", "Always", "Never"),
      zeroDowntimeFailover: chosen(or("string", "none"), "none", "temporary", "sticky"),
    },
    "computed-optional",
  );
}

const overrides: Attributes = {
  adaptiveRouting: part({ failoverAcrossPools: either("boolean") }, "computed-optional"),
  countryPools: poolsByPlace,
  defaultPools: texts,
  fallbackPool: text,
  locationStrategy: part(
    { mode: chosen(either("string"), ...modes), preferEcs: chosen(either("string"), ...ecs) },
    "computed-optional",
  ),
  popPools: poolsByPlace,
  randomSteering: part(
    { defaultWeight: ranged(either("number"), 0, 1), poolWeights: weights },
    "computed-optional",
  ),
  regionPools: poolsByPlace,
  sessionAffinity: chosen(either("string"), ...affinities),
  sessionAffinityAttributes: affinityAttributes(true),
  sessionAffinityTtl: either("number"),
  steeringPolicy: chosen(either("string"), ...steerings),
  ttl: either("number"),
};

const rule: Attributes = {
  condition: text,
  disabled: defaulted("boolean", false),
  fixedResponse: part({ contentType: text, location: text, messageBody: text, statusCode: number }),
  name: text,
  overrides: part(overrides, "computed-optional"),
  priority: ranged(defaulted("number", 0), 0),
  terminates: flag,
};

export const loadBalancerTable: TypeTable = {
  token: "cloudflare:index/loadBalancer:LoadBalancer",
  source: "internal/services/load_balancer/schema.go",
  attributes: {
    id: computedText,
    zoneId: schema.zoneId,
    fallbackPool: requiredText,
    name: requiredText,
    defaultPools: schema.requiredTexts,
    description: either("string"),
    sessionAffinityTtl: either("number"),
    ttl: either("number"),
    countryPools: poolsByPlace,
    networks: either({ listOf: "string" }),
    popPools: poolsByPlace,
    regionPools: poolsByPlace,
    enabled: defaulted("boolean", true),
    proxied: defaulted("boolean", false),
    sessionAffinity: chosen(defaulted("string", "none"), ...affinities),
    steeringPolicy: chosen(defaulted("string", ""), ...steerings),
    adaptiveRouting: part({ failoverAcrossPools: defaulted("boolean", false) }, "computed-optional"),
    locationStrategy: part(
      {
        mode: chosen(defaulted("string", "pop"), ...modes),
        preferEcs: chosen(defaulted("string", "proximity"), ...ecs),
      },
      "computed-optional",
    ),
    randomSteering: part(
      { defaultWeight: ranged(defaulted("number", 1), 0, 1), poolWeights: weights },
      "computed-optional",
    ),
    rules: { ...schema.listOf(rule, "computed-optional"), blind: true },
    sessionAffinityAttributes: affinityAttributes(false),
    createdOn: computedText,
    modifiedOn: computedText,
    zoneName: computedText,
  },
};
