/** Monitors, pools and load balancers. */
import {
  loadBalancerTable,
  monitorTable,
  poolTable,
} from "../../../sandbox/providers/cloudflare/load-balancing-tables.ts";
import type { ValueMap } from "../../../sandbox/providers/shared/values.ts";
import { account, made, other, trial, type Subject } from "./subject.ts";
import { replace, update } from "./trial.ts";

export const monitor: Subject = {
  table: monitorTable,
  inputs: (own) => ({ accountId: trial.account, description: own, type: "https", expectedCodes: "200" }),
  path: (id) => account(`/load_balancers/monitors/${id}`),
  changes: () => ({
    accountId: replace(other),
    consecutiveDown: update(2, { consecutive_down: 2 }),
    consecutiveUp: update(2, { consecutive_up: 2 }),
    port: update(8443, { port: 8443 }),
    header: update({ Host: ["a.example.com"] }, { header: { Host: ["a.example.com"] } }),
    allowInsecure: update(true, { allow_insecure: true }),
    description: update("why", { description: "why" }),
    expectedBody: update("alive", { expected_body: "alive" }),
    expectedCodes: update("2xx", { expected_codes: "2xx" }),
    followRedirects: update(true, { follow_redirects: true }),
    interval: update(90, { interval: 90 }),
    method: update("HEAD", { method: "HEAD" }),
    path: update("/health", { path: "/health" }),
    probeZone: update("example.com", { probe_zone: "example.com" }),
    retries: update(1, { retries: 1 }),
    timeout: update(3, { timeout: 3 }),
    type: update("http", { type: "http" }),
  }),
  refused: [
    ["type", { type: "gopher" }],
    ["interval", { interval: "60" }],
    ["header.Host", { header: { Host: "a.example.com" } }],
  ],
};

const origin: ValueMap = { name: "o", address: "198.18.1.1" };

export const pool: Subject = {
  table: poolTable,
  inputs: (own) => ({ accountId: trial.account, name: own, origins: [origin] }),
  path: (id) => account(`/load_balancers/pools/${id}`),
  changes: () => ({
    accountId: replace(other),
    name: update("renamed", { name: "renamed" }),
    origins: update(
      [
        { ...origin, header: { hosts: ["a.example.com"] } },
        { name: "p", address: "a.test" },
      ],
      {
        origins: [
          { name: "o", address: "198.18.1.1", header: { Host: ["a.example.com"] }, weight: 1, enabled: true },
          { name: "p", address: "a.test" },
        ],
      },
    ),
    latitude: update(1, { latitude: 1 }, { latitude: 0, longitude: 0 }),
    longitude: update(1, { longitude: 1 }, { latitude: 0, longitude: 0 }),
    monitor: update(made.monitor, { monitor: made.monitor }),
    monitorGroup: update(other, { monitor_group: other }),
    checkRegions: update(["WEU"], { check_regions: ["WEU"] }),
    description: update("why", { description: "why" }),
    enabled: update(false, { enabled: false }),
    healthSources: update(["x"], { health_sources: ["x"] }),
    minimumOrigins: update(0, { minimum_origins: 0 }),
    notificationEmail: update("a@example.com", { notification_email: "a@example.com" }),
    loadShedding: update({ defaultPercent: 5 }, { load_shedding: { default_percent: 5 } }),
    notificationFilter: update(
      { pool: { disable: true } },
      { notification_filter: { pool: { disable: true } } },
    ),
    originSteering: update({ policy: "hash" }, { origin_steering: { policy: "hash" } }),
  }),
  refused: [
    ["origins", { origins: null }],
    ["origins[0].weight", { origins: [{ ...origin, weight: 2 }] }],
    ["origins[0].header.host", { origins: [{ ...origin, header: { host: ["a"] } }] }],
    ["checkRegions", { checkRegions: ["MOON"] }],
    ["originSteering.policy", { originSteering: { policy: "luck" } }],
  ],
};

export const loadBalancer: Subject = {
  table: loadBalancerTable,
  inputs: (own) => ({
    zoneId: made.zone,
    name: `${own}.example.com`,
    defaultPools: [made.pools[0] ?? ""],
    fallbackPool: made.pools[0] ?? "",
  }),
  path: (id) => `/zones/${made.zone}/load_balancers/${id}`,
  changes: () => {
    const [one = "", two = ""] = made.pools;
    const headers = { headers: ["X-Id"], requireAllHeaders: true };
    return {
      zoneId: replace(other),
      fallbackPool: update(two, { fallback_pool: two }),
      name: update("moved.example.com", { name: "moved.example.com" }),
      defaultPools: update([two, one], { default_pools: [two, one] }),
      description: update("why", { description: "why" }),
      sessionAffinityTtl: update(3_600, { session_affinity_ttl: 3_600 }, { sessionAffinity: "cookie" }),
      ttl: update(60, { ttl: 60 }),
      countryPools: update({ DE: [two] }, { country_pools: { DE: [two] } }),
      networks: update(["cloudflare"], { networks: ["cloudflare"] }),
      popPools: update({ FRA: [two] }, { pop_pools: { FRA: [two] } }),
      regionPools: update({ WEU: [two] }, { region_pools: { WEU: [two] } }),
      enabled: update(false, { enabled: false }),
      proxied: update(true, { proxied: true }),
      sessionAffinity: update("cookie", { session_affinity: "cookie", session_affinity_ttl: 82_800 }),
      steeringPolicy: update("random", { steering_policy: "random" }),
      adaptiveRouting: update(
        { failoverAcrossPools: true },
        { adaptive_routing: { failover_across_pools: true } },
      ),
      locationStrategy: update({ mode: "resolver_ip" }, { location_strategy: { mode: "resolver_ip" } }),
      randomSteering: update({ defaultWeight: 0.5 }, { random_steering: { default_weight: 0.5 } }),
      rules: update(
        [
          {
            name: "r",
            condition: "true",
            overrides: { sessionAffinity: "header", sessionAffinityAttributes: headers },
          },
        ],
        {
          rules: [
            {
              name: "r",
              condition: "true",
              overrides: {
                session_affinity: "header",
                session_affinity_ttl: 1_800,
                session_affinity_attributes: { headers: ["X-Id"], require_all_headers: true },
              },
            },
          ],
        },
      ),
      sessionAffinityAttributes: update(
        { secure: "Always" },
        { session_affinity_attributes: { secure: "Always" } },
        { sessionAffinity: "cookie" },
      ),
    };
  },
  refused: [
    ["fallbackPool", { fallbackPool: null }],
    ["defaultPools", { defaultPools: null }],
    ["steeringPolicy", { steeringPolicy: "luck" }],
    ["sessionAffinity", { sessionAffinity: "love" }],
    ["rules[0].overrides.sessionAffinity", { rules: [{ overrides: { sessionAffinity: "love" } }] }],
    ["randomSteering.defaultWeight", { randomSteering: { defaultWeight: 2 } }],
  ],
};
