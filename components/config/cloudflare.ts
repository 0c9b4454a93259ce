/** The part of the schema that is about Cloudflare: zones and their records, tunnels, load balancers and Access. */
import { X509Certificate } from "node:crypto";
import { z } from "zod";
import * as leaf from "./leaf.ts";

const recordTypes = ["A", "AAAA", "CNAME", "MX", "TXT", "CAA", "SRV", "NS"] as const;

const dnsRecord = leaf.record("a DNS record's options", {
  /** Below the zone (`api`, `vpn.dev`), or `@` for the zone itself. */
  name: leaf.recordName,
  type: z.enum(recordTypes, { error: leaf.expected("A, AAAA, CNAME, MX, TXT, CAA, SRV or NS") }),
  /**
   * The record's literal content; of CAA the value, of SRV the target. Instead of it may stand `host` (of A and AAAA) or
   * `tunnel` (of CNAME).
   */
  content: leaf
    .text("the record's content", (value) => (value === "" ? "must not be empty." : undefined))
    .optional(),
  /** Of an A record: the host whose public address is its content; of AAAA, the instance whose IPv6 address is. */
  host: leaf.hostKey.optional(),
  /** Of a CNAME record: the tunnel that its name leads into. */
  tunnel: leaf.name.optional(),
  /** Whether Cloudflare answers with its own addresses and passes HTTP on. */
  proxied: leaf.boolean.default(false),
  /** Seconds a resolver may keep it: 60 to 86400, or 1 for Cloudflare's automatic, which proxied records must have. */
  ttl: leaf.integer("seconds (1 is automatic)", 1, 86400, "cloudflare/ttl-range").default(1),
  /** Of an MX or SRV record: the lower is tried first. */
  priority: leaf.integer("a priority", 0, 65535).optional(),
  /** Of an SRV record: its share among those of its priority. */
  weight: leaf.integer("a weight", 0, 65535).optional(),
  /** Of an SRV record: where the service listens. */
  port: leaf.integer("a port", 1, 65535).optional(),
  /** Of a CAA record: what its value is about. */
  tag: z
    .enum(["issue", "issuewild", "iodef"], { error: leaf.expected("issue, issuewild or iodef") })
    .optional(),
  /** Of a CAA record: 128 makes a tag that an authority does not know a reason to issue nothing. */
  flags: leaf.integer("flags", 0, 255).optional(),
});

const tls = leaf.record("mode, minimumVersion, redirect and originPulls", {
  /**
   * How Cloudflare speaks to origins: `off` and `flexible` in clear text, `full` by TLS with any certificate,
   * `strict` by TLS with one that public authorities or Cloudflare have signed.
   */
  mode: z
    .enum(["off", "flexible", "full", "strict"], { error: leaf.expected("off, flexible, full or strict") })
    .default("full"),
  /** The oldest TLS that clients may speak. */
  minimumVersion: z
    .enum(["1.0", "1.1", "1.2", "1.3"], { error: leaf.expected('"1.0", "1.1", "1.2" or "1.3"') })
    .default("1.2"),
  /** Whether Cloudflare answers HTTP with a redirect to HTTPS. */
  redirect: leaf.boolean.default(true),
  /**
   * Whether load balancers take requests for the zone's proxied names from Cloudflare alone: it shows them its client
   * certificate (authenticated origin pulls), and by their other names they serve WebSockets only.
   */
  originPulls: leaf.boolean.default(false),
});

const cacheRule = leaf.record("a cache rule's options", {
  /** What names the rule among those of its zone. */
  name: leaf.name,
  /** What paths begin with: `/static/`. */
  path: leaf.pattern("a path such as /static/", /^\/[A-Za-z0-9._~/-]{0,200}$/),
  /** The one name that it is about; without it, all of the zone. */
  hostname: leaf.hostname.optional(),
  /** Seconds for which Cloudflare keeps an answer; 0 keeps none. */
  edgeSeconds: leaf.integer("seconds", 0, 31_536_000),
  /** Seconds for which browsers may keep it; without it, what the origin says. */
  browserSeconds: leaf.integer("seconds", 0, 31_536_000).optional(),
});

export const zone = leaf.record("a zone's options", {
  /** Whether this stack owns the zone itself, or only adds records to it. */
  managed: leaf.boolean,
  records: leaf.list("a list of records", dnsRecord).default([]),
  /** Whether the zone is signed; the registrar must be given the DS record that the stack's outputs show. */
  dnssec: leaf.boolean.optional(),
  /** TLS between clients, Cloudflare and origins; without it, as it is set at Cloudflare. */
  tls: tls.optional(),
  /** What Cloudflare keeps of the zone's answers; the last rule that fits a request counts. */
  cache: leaf.list("a list of cache rules", cacheRule).default([]),
});

const ingressRule = leaf.record("an ingress rule's hostname, path and service", {
  /** The name that it is about; only the last rule has none. */
  hostname: leaf.hostname.optional(),
  /** A regular expression that the request's path must match. */
  path: leaf.text("a path's regular expression", () => undefined).optional(),
  /** Where the connector passes it on: `http://localhost:8080`, or `http_status:404`. */
  service: leaf.text("a service such as http://localhost:8080, or http_status:404", () => undefined),
});

const tunnel = leaf.record("a tunnel's host and ingress", {
  /** The host on which the connector runs; it dials out, so nothing needs to be open to it. */
  host: leaf.hostKey,
  /** What comes in, in the order in which it is compared; the last rule takes everything. */
  ingress: leaf.list("a list of ingress rules", ingressRule),
});

const pool = leaf.record("a pool's name and hosts or tunnel", {
  name: leaf.name,
  /** Hosts with a public address, all of which get requests as long as they are healthy. */
  hosts: leaf.list("a list of hosts", leaf.hostKey).optional(),
  /** Instead of hosts: the tunnel by which requests go to its connector. */
  tunnel: leaf.name.optional(),
});

const monitor = leaf.record("a monitor's path, interval, time-out and retries", {
  path: leaf.pattern("a path such as /health", /^\/[A-Za-z0-9._~/-]{0,200}$/).default("/health"),
  /** Seconds between two looks at an origin. */
  intervalSeconds: leaf.integer("seconds", 1, 3600, "cloudflare/monitor-interval").default(60),
  /** Seconds until an origin that has not answered counts as silent. */
  timeoutSeconds: leaf.integer("seconds", 1, 10).default(5),
  /** How often a look that failed is repeated at once, before the origin counts as unhealthy. */
  retries: leaf.integer("a number of repetitions", 0, 5).default(2),
});

const affinity = leaf.record("the session affinity's cookieSeconds, header and headerSeconds", {
  /** Seconds for which a web client stays with an origin, by cookie. */
  cookieSeconds: leaf.integer("seconds", 1, 31_536_000).default(82_800),
  /** The header by which clients of the API stay with one, where they send it. */
  header: leaf.pattern("a header such as X-Session-ID", /^[A-Za-z0-9_-]{1,100}$/).optional(),
  /** Seconds for which they may be silent in between. */
  headerSeconds: leaf.integer("seconds", 1, 31_536_000).default(1800),
});

const steering = [
  "off",
  "geo",
  "random",
  "dynamic_latency",
  "proximity",
  "least_outstanding_requests",
  "least_connections",
] as const;

const loadBalancer = leaf.record("a load balancer's options", {
  /** In the order in which they are used: the second while the first is unhealthy. */
  pools: leaf.list("a list of pools", pool),
  /** The pool that is used when all are unhealthy. */
  fallback: leaf.demanded("the name of one of its pools", "cloudflare/fallback-pool", leaf.name),
  monitor: monitor.prefault({}),
  /** How a pool is chosen; `off` takes the first healthy one. */
  steering: leaf.choice(steering, "cloudflare/steering-policy").default("off"),
  /** Without it, every request is on its own. */
  affinity: affinity.optional(),
  /** Whether requests pass through Cloudflare; otherwise it only answers with an origin's address. */
  proxied: leaf.boolean.default(true),
  /** Of an unproxied one: seconds a resolver may keep the answer. */
  ttl: leaf.integer("seconds", 10, 86400).optional(),
});

const accessApplication = leaf.record("who is let in: emails and emailDomains", {
  /** People who are let in, by the address that they prove to have. */
  emails: leaf
    .list("a list of e-mail addresses", leaf.pattern("an e-mail address", /^[^\s@]{1,64}@[a-z0-9.-]{3,253}$/))
    .default([]),
  /** Everybody with an address in one of these domains. */
  emailDomains: leaf.list("a list of domains", leaf.hostname).default([]),
  /** Hours until they must prove it again. */
  sessionHours: leaf.integer("hours", 1, 720).default(24),
});

const limits = leaf.record("loadBalancers, pools, endpoints and monitorIntervalSeconds", {
  /** How many load balancers the account may have. */
  loadBalancers: leaf.integer("a number", 0, 100_000).default(20),
  pools: leaf.integer("a number", 0, 100_000).default(20),
  endpoints: leaf.integer("a number", 0, 100_000).default(20),
  /** The shortest interval of a monitor, in seconds. */
  monitorIntervalSeconds: leaf.integer("seconds", 1, 3600).default(15),
});

/** Whether the text is one certificate of an authority, in PEM. */
function isAuthority(text: string): boolean {
  try {
    return text.split("-----BEGIN ").length === 2 && new X509Certificate(text).ca;
  } catch {
    return false;
  }
}

const authority = leaf.text("an authority's certificate in PEM", (value) =>
  isAuthority(value) ? undefined : "must be the certificate of one authority, in PEM.",
);

/** What belongs to a Cloudflare account and not to one zone alone. */
export const cloudflare = leaf.record("tunnels, loadBalancers, access, originPullAuthority and limits", {
  /** Tunnels by name; a name is an account's. */
  tunnels: leaf.named("a map from names to tunnels", leaf.name, tunnel).default({}),
  /** Load balancers by their full names. */
  loadBalancers: leaf.named("a map from names to load balancers", leaf.hostname, loadBalancer).default({}),
  /** Who may see what is behind a name, by full names that are proxied. */
  access: leaf.named("a map from names to Access applications", leaf.hostname, accessApplication).default({}),
  /** The authority of the certificate that Cloudflare shows to origins; without it, Cloudflare's own. */
  originPullAuthority: authority.optional(),
  /** What the account's plan allows; the defaults are those below Enterprise. */
  limits: limits.prefault({}),
});

export type ZoneConfig = z.output<typeof zone>;
export type DnsRecordConfig = z.output<typeof dnsRecord>;
export type CloudflareConfig = z.output<typeof cloudflare>;
export type LoadBalancerConfig = CloudflareConfig["loadBalancers"][string];
