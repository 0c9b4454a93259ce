/** Tunnels, load balancers and Access that break a requirement, each with one that does not. */
import {
  a,
  account,
  at,
  balanced,
  balancers,
  catchAll,
  pools,
  proxied,
  records,
  tunnel,
  zone,
  type Demand,
} from "./cloudflare-subject.ts";
import type { Change } from "./subject.ts";

/** A zone whose name leads to the host, which takes it from Cloudflare alone. */
const pulledBy = (host: string): Change => [
  zone,
  {
    managed: true,
    records: [{ name: "www", type: "A", host, proxied: true }],
    tls: { originPulls: true },
  },
];

/** The other zone that the region's load balancers have names of. */
const alsoPulled: Change = ["dns zones blackroad.io tls", { originPulls: true }];

export const accountCases: readonly Demand[] = [
  {
    rule: "ingress without a last rule for everything",
    demands: "cloudflare/ingress-catch-all",
    wrong: [records(), account(tunnel([{ hostname: "api.example.test", service: "http://localhost:8080" }]))],
    says: [
      [
        "cloudflare.tunnels.way.ingress[0]",
        "must take everything, as the last rule: put { service: http_status:404 } behind it.",
      ],
    ],
    right: [
      records(),
      account(tunnel([{ hostname: "api.example.test", service: "http://localhost:8080" }, catchAll])),
    ],
  },
  {
    rule: "ingress that ends too early",
    demands: "cloudflare/ingress-catch-all",
    wrong: [records(), account(tunnel([catchAll, catchAll]))],
    says: [
      [
        "cloudflare.tunnels.way.ingress[0]",
        "takes everything, so the rules behind it are never used: make it the last.",
      ],
    ],
    right: [records(), account(tunnel([{ path: "^/x", service: "bastion" }, catchAll]))],
  },
  {
    rule: "no ingress at all",
    demands: "cloudflare/ingress-catch-all",
    wrong: [account(tunnel([]))],
    says: [
      [
        "cloudflare.tunnels.way.ingress",
        "must end with a rule that takes everything, such as { service: http_status:404 }.",
      ],
    ],
    right: [account(tunnel([catchAll]))],
  },
  {
    rule: "UDP through a tunnel",
    demands: "cloudflare/ingress-services",
    wrong: [
      records(),
      account(tunnel([{ hostname: "a.example.test", service: "udp://localhost:53" }, catchAll])),
    ],
    says: [
      [
        "cloudflare.tunnels.way.ingress[0].service",
        "is not to be had: a tunnel's public names carry no UDP.",
      ],
    ],
    right: [
      records(),
      account(tunnel([{ hostname: "a.example.test", service: "tcp://localhost:53" }, catchAll])),
    ],
  },
  {
    rule: "a service of an unknown kind",
    demands: "cloudflare/ingress-services",
    wrong: [account(tunnel([{ service: "localhost:8080" }]))],
    says: [
      [
        "cloudflare.tunnels.way.ingress[0].service",
        "must be one of http://, https://, tcp://, ssh://, rdp://, smb:// with a host, unix: with a path, http_status: with a code, or bastion.",
      ],
    ],
    right: [account(tunnel([{ service: "unix:/run/app.sock" }]))],
  },
  {
    rule: "a tunnel's own name written out",
    demands: "cloudflare/tunnel-account",
    wrong: [
      records({
        name: "www",
        type: "CNAME",
        content: "6ff42ae2-765d-4adf-8112-31c55c1551ef.cfargotunnel.com",
        proxied: true,
      }),
    ],
    says: [
      [
        at("records[0].content"),
        "works within the account of the tunnel only: write tunnel and its name instead of content.",
      ],
    ],
    right: [
      records({ name: "www", type: "CNAME", tunnel: "way", proxied: true }),
      account(tunnel([catchAll])),
    ],
  },
  {
    rule: "a tunnel that is not proxied",
    demands: "cloudflare/tunnel-account",
    wrong: [records({ name: "www", type: "CNAME", tunnel: "way" }), account(tunnel([catchAll]))],
    says: [
      [
        at("records[0].proxied"),
        "must be true: a tunnel has no address of its own that anybody else could connect to.",
      ],
    ],
    right: [
      records({ name: "www", type: "CNAME", tunnel: "way", proxied: true }),
      account(tunnel([catchAll])),
    ],
  },
  {
    rule: "a tunnel behind a load balancer that is not proxied",
    demands: "cloudflare/tunnel-account",
    wrong: balanced({ pools: [{ name: "far", tunnel: "way" }], proxied: false }, tunnel([catchAll])),
    says: [
      [
        `${balancers}.pools[0].tunnel`,
        "needs a proxied load balancer: an unproxied one answers with the tunnel's own name, which nobody else could connect to.",
      ],
    ],
    right: balanced({ pools: [{ name: "far", tunnel: "way" }] }, tunnel([catchAll])),
  },
  {
    rule: "a connector that cannot dial out",
    demands: "cloudflare/tunnel-egress",
    wrong: [account(tunnel([catchAll], "us-west/api-1"))],
    says: [
      [
        "cloudflare.tunnels.way.host",
        "names a host that may not open 7844 over TCP and UDP, where the connector dials Cloudflare.",
      ],
    ],
    right: [account(tunnel([catchAll], "us-west/hub-1"))],
  },
  {
    rule: "too many load balancers",
    demands: "cloudflare/load-balancer-quota",
    wrong: balanced({}, { limits: { loadBalancers: 0 } }),
    says: [
      [
        "cloudflare.loadBalancers",
        "has 1 load balancers, and the account may have 0: remove some, or set cloudflare.limits.loadBalancers to what its plan allows.",
      ],
    ],
    right: balanced({}, { limits: { loadBalancers: 1 } }),
  },
  {
    rule: "21 pools, and 21 endpoints in them",
    demands: "cloudflare/pool-quota",
    wrong: balanced(
      {
        pools: [
          ...pools,
          ...Array.from({ length: 19 }, (_, i) => ({ name: `p${i}`, hosts: ["us-west/lb-1"] })),
        ],
      },
      { limits: { endpoints: 21 } },
    ),
    says: [
      [
        "cloudflare.loadBalancers",
        "has 21 pools, and the account may have 20: remove some, or set cloudflare.limits.pools to what its plan allows.",
      ],
    ],
    right: balanced({
      pools: [
        ...pools,
        ...Array.from({ length: 18 }, (_, i) => ({ name: `p${i}`, hosts: ["us-west/lb-1"] })),
      ],
    }),
  },
  {
    rule: "more endpoints than the account has",
    demands: "cloudflare/endpoint-quota",
    wrong: balanced({}, { limits: { endpoints: 1 } }),
    says: [
      [
        "cloudflare.loadBalancers",
        "has 2 endpoints, and the account may have 1: remove some, or set cloudflare.limits.endpoints to what its plan allows.",
      ],
    ],
    right: balanced({}, { limits: { endpoints: 2 } }),
  },
  {
    rule: "a monitor that looks too often",
    demands: "cloudflare/monitor-interval",
    wrong: balanced({ monitor: { intervalSeconds: 5 } }),
    says: [
      [
        `${balancers}.monitor.intervalSeconds`,
        "must be from 15 to 3600 seconds, but is 5: a shorter one needs another plan, and cloudflare.limits.monitorIntervalSeconds that says so.",
      ],
    ],
    right: balanced({ monitor: { intervalSeconds: 5 } }, { limits: { monitorIntervalSeconds: 5 } }),
  },
  {
    rule: "a monitor that looks once a day",
    demands: "cloudflare/monitor-interval",
    wrong: balanced({ monitor: { intervalSeconds: 86_400 } }),
    says: [
      [
        `${balancers}.monitor.intervalSeconds`,
        "must be seconds, a whole number from 1 to 3600, but is 86400.",
      ],
    ],
    right: balanced({ monitor: { intervalSeconds: 3600 } }),
  },
  {
    rule: "a steering that Cloudflare does not have",
    demands: "cloudflare/steering-policy",
    wrong: balanced({ steering: "round_robin" }),
    says: [
      [
        `${balancers}.steering`,
        'must be one of off, geo, random, dynamic_latency, proximity, least_outstanding_requests, least_connections, but is "round_robin".',
      ],
    ],
    right: balanced({ steering: "least_outstanding_requests" }),
  },
  {
    rule: "no fallback",
    demands: "cloudflare/fallback-pool",
    wrong: balanced({ fallback: undefined }),
    says: [[`${balancers}.fallback`, "is missing: it must be the name of one of its pools."]],
    right: balanced({ fallback: "near" }),
  },
  {
    rule: "a fallback that is no pool",
    demands: "cloudflare/fallback-pool",
    wrong: balanced({ fallback: "fra" }),
    says: [
      [`${balancers}.fallback`, "names no pool of the load balancer: did you mean far? Known: near, far."],
    ],
    right: balanced({ fallback: "near" }),
  },
  {
    rule: "a proxied load balancer's own time to live",
    demands: "cloudflare/load-balancer-ttl",
    wrong: balanced({ ttl: 30 }),
    says: [
      [
        `${balancers}.ttl`,
        "is for unproxied load balancers: Cloudflare sets it by itself where it proxies. Remove it.",
      ],
    ],
    right: balanced({ ttl: 30, proxied: false }),
  },
  {
    rule: "a cookie that lasts ten minutes",
    demands: "cloudflare/affinity-seconds",
    wrong: balanced({ affinity: { cookieSeconds: 600 } }),
    says: [[`${balancers}.affinity.cookieSeconds`, "must be from 1800 to 604800 seconds, but is 600."]],
    right: balanced({ affinity: { cookieSeconds: 604_800 } }),
  },
  {
    rule: "a header that counts for a day",
    demands: "cloudflare/affinity-seconds",
    wrong: balanced({ affinity: { header: "X-Session-ID", headerSeconds: 86_400 } }),
    says: [[`${balancers}.affinity.headerSeconds`, "must be from 30 to 3600 seconds, but is 86400."]],
    right: balanced({ affinity: { header: "X-Session-ID", headerSeconds: 30 } }),
  },
  {
    rule: "affinity of an unproxied load balancer",
    demands: "cloudflare/affinity-proxied",
    wrong: balanced({ proxied: false, affinity: {} }),
    says: [
      [
        `${balancers}.affinity`,
        "is for proxied load balancers: Cloudflare sees no request of an unproxied one.",
      ],
    ],
    right: balanced({ affinity: {} }),
  },
  {
    rule: "a record that a load balancer hides",
    demands: "cloudflare/load-balancer-overrides",
    wrong: [...balanced(), records({ ...a, name: "api" })],
    says: [
      [
        at("records[0]"),
        "is never answered: the load balancer api.example.test takes precedence over a record of its name. Remove the record.",
      ],
    ],
    right: [...balanced(), records({ name: "api", type: "TXT", content: "hello" })],
  },
  {
    rule: "a load balancer with a wildcard",
    demands: "cloudflare/load-balancer-overrides",
    wrong: [records(), account({ loadBalancers: { "*.example.test": { pools, fallback: "far" } } })],
    says: [
      [
        'cloudflare.loadBalancers["*.example.test"]',
        'must be a full host name in lower case without a trailing dot, such as vpn.blackroad.io, but is "*.example.test".',
      ],
      [
        'cloudflare.loadBalancers["*.example.test"]',
        "must be an exact name: an exact record goes before a load balancer with a wildcard.",
      ],
    ],
    right: balanced(),
  },
  {
    rule: "Access in front of a name that goes around Cloudflare",
    demands: "cloudflare/access-proxied",
    wrong: [records(a), account({ access: { "www.example.test": { emails: ["a@example.test"] } } })],
    says: [
      [
        'cloudflare.access["www.example.test"]',
        "protects nothing: www.example.test has no proxied record and no proxied load balancer.",
      ],
    ],
    right: [records(proxied), account({ access: { "www.example.test": { emails: ["a@example.test"] } } })],
  },
  {
    rule: "a certificate for origins without TLS to them",
    demands: "cloudflare/origin-pulls-mode",
    wrong: [[zone, { managed: true, tls: { mode: "flexible", originPulls: true } }]],
    says: [
      [at("tls.originPulls"), "needs TLS to origins, and the mode is flexible: set mode to full or strict."],
    ],
    right: [[zone, { managed: true, tls: { mode: "strict", originPulls: true } }]],
  },
  {
    rule: "HTTP to load balancers, which redirect it",
    demands: "cloudflare/mode-redirects",
    wrong: [...balanced(), [`${zone} tls`, { mode: "flexible" }]],
    says: [
      [
        at("tls.mode"),
        "would never answer api.example.test: Cloudflare asks by HTTP, and load balancers redirect that to HTTPS. Set it to full.",
      ],
    ],
    // What leads elsewhere, or past Cloudflare, may be asked for as it likes.
    right: [
      records(proxied, { name: "lb", type: "A", host: "us-west/lb-1" }),
      [`${zone} tls`, { mode: "flexible" }],
    ],
  },
  {
    rule: "an origin that only Cloudflare asks, open to everybody",
    demands: "cloudflare/origin-pulls-sources",
    wrong: [alsoPulled, pulledBy("us-west/lb-2")],
    says: [
      [
        "hosts.us-west.lb-2.securityGroups[0]",
        "opens the web's ports to everybody, and www.example.test is asked for by Cloudflare alone: use a group whose source is cloudflare.",
      ],
    ],
    // Clients reach the first one past Cloudflare, too.
    right: [alsoPulled, pulledBy("us-west/lb-1")],
  },
];
