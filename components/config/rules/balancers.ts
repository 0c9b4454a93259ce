/** Load balancers, their pools and monitors, and what the account's plan allows of them; Access in front of names. */
import { suggestion } from "../problem.ts";
import type { LoadBalancerConfig } from "../schema.ts";
import { publicHostComplaint } from "./dns.ts";
import { isProxied, recordsOf, zoneOf } from "./records.ts";
import { broken, entries, items, lacks, names, type Finding, type Loose, type LooseConfig } from "./rule.ts";

type Balancer = Loose<LoadBalancerConfig>;

const root = ["cloudflare", "loadBalancers"] as const;

function balancersOf(config: LooseConfig): [string, Balancer][] {
  return entries(config.cloudflare?.loadBalancers);
}

/** A pool has origins: hosts with public addresses, or a tunnel. */
export function* poolsHaveOrigins(config: LooseConfig): Iterable<Finding> {
  for (const [name, balancer] of balancersOf(config)) {
    const seen = new Set<string>();
    for (const [index, pool] of items(balancer.pools)) {
      const path = [...root, name, "pools", index];
      const [hasHosts, hasTunnel] = [!lacks(pool, "hosts"), !lacks(pool, "tunnel")];
      if (hasHosts && hasTunnel) {
        yield { path: [...path, "hosts"], message: "does not go with tunnel: make two pools of it." };
      } else if (!hasHosts && !hasTunnel) {
        yield {
          path: [...path, "hosts"],
          message: "is missing: it must be a list of hosts, or tunnel instead.",
        };
      } else if (pool.hosts?.length === 0) {
        yield { path: [...path, "hosts"], message: "is empty: a pool without origins answers nobody." };
      }
      for (const [position, host] of items(pool.hosts)) {
        const message = publicHostComplaint(config, host);
        if (message !== undefined) yield { path: [...path, "hosts", position], message };
      }
      if (pool.tunnel !== undefined && lacks(config.cloudflare?.tunnels, pool.tunnel)) {
        const known = suggestion(pool.tunnel, names(config.cloudflare?.tunnels));
        yield { path: [...path, "tunnel"], message: `names no tunnel: ${known}` };
      }
      if (pool.name === undefined) continue;
      if (seen.has(pool.name)) {
        yield { path: [...path, "name"], message: `is taken: another pool is called ${pool.name}.` };
      }
      seen.add(pool.name);
    }
  }
}

/** When no pool is healthy, requests must still go somewhere. */
export function* fallbacksArePools(config: LooseConfig): Iterable<Finding> {
  for (const [name, { pools, fallback }] of balancersOf(config)) {
    if (fallback === undefined || pools === undefined) continue;
    const known = items(pools).flatMap(([, pool]) => pool.name ?? []);
    if (known.includes(fallback) || known.length < pools.length) continue;
    const message = `names no pool of the load balancer: ${suggestion(fallback, known)}`;
    yield broken("cloudflare/fallback-pool", [...root, name, "fallback"], message);
  }
}

/** Names of load balancers are in our zones, are exact, and hide no record. */
export function* balancerNamesAreFree(config: LooseConfig): Iterable<Finding> {
  for (const [name] of balancersOf(config)) {
    const path = [...root, name];
    if (config.dns?.zones !== undefined && zoneOf(config, name) === undefined) {
      yield { path, message: `is in no zone of dns.zones. Known: ${names(config.dns.zones).join(", ")}.` };
    }
    const hidden = recordsOf(config).filter((record) => record.name === name);
    for (const { path: where, record } of hidden) {
      if (record.type === "TXT" || record.type === "MX" || record.type === "CAA") continue;
      const message = `is never answered: the load balancer ${name} takes precedence over a record of its name. Remove the record.`;
      yield broken("cloudflare/load-balancer-overrides", where, message);
    }
  }
}

/** A load balancer of `*.zone` would be passed by for every name that has a record; only exact names are taken. */
export function* balancerNamesAreExact(config: LooseConfig): Iterable<Finding> {
  for (const name of names(config.cloudflare?.loadBalancers)) {
    if (!name.startsWith("*.")) continue;
    const message = "must be an exact name: an exact record goes before a load balancer with a wildcard.";
    yield broken("cloudflare/load-balancer-overrides", [...root, name], message);
  }
}

/** Proxied answers have Cloudflare's own time to live; affinity is kept where requests pass through it. */
export function* balancersFitProxying(config: LooseConfig): Iterable<Finding> {
  for (const [name, { ttl, proxied, affinity }] of balancersOf(config)) {
    if (ttl !== undefined && proxied !== false) {
      const message =
        "is for unproxied load balancers: Cloudflare sets it by itself where it proxies. Remove it.";
      yield broken("cloudflare/load-balancer-ttl", [...root, name, "ttl"], message);
    }
    if (affinity === undefined) continue;
    const path = [...root, name, "affinity"];
    if (proxied === false) {
      const message = "is for proxied load balancers: Cloudflare sees no request of an unproxied one.";
      yield broken("cloudflare/affinity-proxied", path, message);
    }
    const { cookieSeconds, headerSeconds } = affinity;
    if (cookieSeconds !== undefined && (cookieSeconds < 1800 || cookieSeconds > 604_800)) {
      const message = `must be from 1800 to 604800 seconds, but is ${cookieSeconds}.`;
      yield broken("cloudflare/affinity-seconds", [...path, "cookieSeconds"], message);
    }
    if (headerSeconds !== undefined && (headerSeconds < 30 || headerSeconds > 3600)) {
      const message = `must be from 30 to 3600 seconds, but is ${headerSeconds}.`;
      yield broken("cloudflare/affinity-seconds", [...path, "headerSeconds"], message);
    }
  }
}

/** The defaults are those below Enterprise; `cloudflare.limits` says what the account has. */
export function* balancersAreWithinLimits(config: LooseConfig): Iterable<Finding> {
  const limits = config.cloudflare?.limits;
  const balancers = balancersOf(config);
  const pools = balancers.flatMap(([, balancer]) => items(balancer.pools));
  const endpoints = pools.flatMap(([, { hosts }]) => hosts ?? [undefined]);
  const counts = [
    ["loadBalancers", "load balancers", balancers.length, "cloudflare/load-balancer-quota"],
    ["pools", "pools", pools.length, "cloudflare/pool-quota"],
    ["endpoints", "endpoints", endpoints.length, "cloudflare/endpoint-quota"],
  ] as const;
  for (const [key, what, count, requirement] of counts) {
    const limit = limits?.[key] ?? 20;
    if (count <= limit) continue;
    const message = `has ${count} ${what}, and the account may have ${limit}: remove some, or set cloudflare.limits.${key} to what its plan allows.`;
    yield broken(requirement, root, message);
  }
  const least = limits?.monitorIntervalSeconds ?? 15;
  for (const [name, { monitor }] of balancers) {
    const seconds = monitor?.intervalSeconds;
    if (seconds === undefined || seconds >= least) continue;
    const message = `must be from ${least} to 3600 seconds, but is ${seconds}: a shorter one needs another plan, and cloudflare.limits.monitorIntervalSeconds that says so.`;
    yield broken("cloudflare/monitor-interval", [...root, name, "monitor", "intervalSeconds"], message);
  }
}

/** Access stands in Cloudflare's proxy, so whoever goes around it is not asked. */
export function* accessIsInTheWay(config: LooseConfig): Iterable<Finding> {
  for (const [name, application] of entries(config.cloudflare?.access)) {
    const path = ["cloudflare", "access", name];
    if (config.dns?.zones !== undefined && !isProxied(config, name)) {
      const message = `protects nothing: ${name} has no proxied record and no proxied load balancer.`;
      yield broken("cloudflare/access-proxied", path, message);
    }
    const { emails, emailDomains } = application;
    if (emails?.length !== 0 && !lacks(application, "emails")) continue;
    if (emailDomains?.length !== 0 && !lacks(application, "emailDomains")) continue;
    yield { path, message: "lets nobody in: name them in emails or emailDomains." };
  }
}
