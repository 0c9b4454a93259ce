/** Wrong edits about DNS, mail, tunnels, load balancers, Access and the guard. */
import { approvalFor } from "../guard/approval.ts";
import { breach, type Breach, type Edits } from "./stack-file.ts";

const records = "dns zones blackroad.io records";
const at = (index: number, option: string): string =>
  `dns.zones["blackroad.io"].records[${index}]${option === "" ? "" : `.${option}`}`;

/** One record more than the file has. */
const more = (record: object): Edits => ({ [`${records} 8`]: record });
const there = (option: string): string => at(8, option);

const srv = (content: string, port: number): Edits =>
  more({ name: "_sip._tcp", type: "SRV", content, priority: 0, weight: 0, port });

const recordBreaches: readonly Breach[] = [
  breach(
    "settingsAreTheOwners",
    { "dns zones blackroad.io managed": false },
    'dns.zones["blackroad.io"].dnssec',
    'dns.zones["blackroad.io"].tls',
    'dns.zones["blackroad.io"].cache',
  ),
  breach("recordsHaveContent", more({ name: "www", type: "A" }), there("content")),
  breach("recordsHaveContent", more({ name: "www", type: "AAAA", host: "us-west/lb-1" }), there("host")),
  breach(
    "recordsHaveContent",
    { "regions us-west ipv6": "hosts", ...more({ name: "www", type: "AAAA", host: "us-west/api-1" }) },
    there("host"),
  ),
  breach("contentsFitTypes", more({ name: "www", type: "A", content: "api.example.com" }), there("content")),
  breach("contentsFitTypes", { [`${records} 6 content`]: "198.51.100.7" }, [
    at(6, "content"),
    "dns/mx-target",
  ]),
  breach("addressesArePublic", more({ name: "lucidia", type: "A", content: "192.168.4.38" }), [
    there("content"),
    "cloudflare/private-origins",
  ]),
  breach(
    "contentsFitTypes",
    more({ name: "www", type: "AAAA", content: "2606:4700:0:0::7" }),
    there("content"),
  ),
  breach(
    "contentsFitTypes",
    more({ name: "www", type: "AAAA", content: "2606:4700::7%eth0" }),
    there("content"),
  ),
  breach("addressesArePublic", more({ name: "lucidia", type: "A", content: "127.0.0.1" }), [
    there("content"),
    "cloudflare/private-origins",
  ]),
  breach("originsAreNotCloudflare", more({ name: "www", type: "A", content: "104.21.0.1", proxied: true }), [
    there("content"),
    "cloudflare/origin-elsewhere",
  ]),
  breach("addressesArePublic", more({ name: "lucidia", type: "AAAA", content: "fc00::26" }), [
    there("content"),
    "cloudflare/private-origins",
  ]),
  breach("schema", more({ name: "a..b", type: "A", content: "198.51.100.7" }), there("name")),
  breach("schema", more({ name: `${"a".repeat(64)}.b`, type: "A", content: "198.51.100.7" }), there("name")),
  breach("schema", more({ name: "a.-b", type: "A", content: "198.51.100.7" }), there("name")),
  breach("aliasesEnd", more({ name: "www", type: "CNAME", content: "www.blackroad.io" }), there("content")),
  breach(
    "cacheRulesFit",
    { "dns zones blackroad.io cache 1 name": "api" },
    'dns.zones["blackroad.io"].cache[1].name',
  ),
  breach(
    "cacheRulesFit",
    { "dns zones blackroad.io cache 1 hostname": "www.example.com" },
    'dns.zones["blackroad.io"].cache[1].hostname',
  ),
  breach("namesAreBelowZone", { [`${records} 0 name`]: "ws.blackroad.io" }, [
    at(0, "name"),
    "cloudflare/full-names",
  ]),
  breach("proxyingFits", { [`${records} 1 ttl`]: 30 }, [at(1, "ttl"), "cloudflare/ttl-range"]),
  breach("schema", { [`${records} 1 ttl`]: 86_401 }, [at(1, "ttl"), "cloudflare/ttl-range"]),
  breach("proxyingFits", { [`${records} 3 ttl`]: 300 }, [at(3, "ttl"), "cloudflare/proxied-ttl"]),
  breach("proxyingFits", { [`${records} 7 proxied`]: true }, [at(7, "proxied"), "cloudflare/proxied-types"]),
  breach("namesAreProxiedAsAWhole", more({ name: "ws", type: "A", host: "us-west/lb-2", proxied: true }), [
    there("proxied"),
    "cloudflare/proxied-names",
  ]),
  breach("proxiedServicesAreHttp", more({ name: "ssh", type: "A", host: "us-west/hub-1", proxied: true }), [
    there("proxied"),
    "cloudflare/proxied-ports",
  ]),
  breach("proxiedServicesAreHttp", srv("api.blackroad.io", 5060), [
    there("port"),
    "cloudflare/proxied-ports",
  ]),
  breach("optionsFitTypes", { [`${records} 0 priority`]: 10 }, at(0, "priority")),
  breach("recordsAreDistinct", more({ name: "ws", type: "A", host: "us-west/lb-1", ttl: 60 }), there("")),
  breach("recordsAreDistinct", more({ name: "ws", type: "CNAME", content: "www.example.com" }), [
    there(""),
    "cloudflare/cname-alone",
  ]),
  breach("recordsAreDistinct", more({ name: "@", type: "NS", content: "ns.example.com" }), [
    there("name"),
    "cloudflare/ns-at-apex",
  ]),
  breach("recordsAreDistinct", more({ name: "ws", type: "NS", content: "ns.example.com" }), [
    there(""),
    "cloudflare/ns-alone",
  ]),
  breach("targetsResolve", { [`${records} 6 content`]: "mx.blackroad.io" }, [
    at(6, "content"),
    "dns/mx-target",
  ]),
  breach("targetsResolve", { [`${records} 6 content`]: "dashboard.blackroad.io" }, [
    at(6, "content"),
    "dns/mx-target",
  ]),
  breach("targetsResolve", srv("sip.blackroad.io", 5060), [there("content"), "dns/srv-target"]),
  breach("servicesAreAskedFor", { ...srv("ws.blackroad.io", 5060), [`${records} 8 name`]: "sip" }, [
    there("name"),
    "dns/srv-name",
  ]),
  breach("mailPoliciesAreRead", { [`${records} 7 content`]: "v=spf1 include:_spf.google.com" }, [
    at(7, "content"),
    "dns/spf-form",
  ]),
  breach("mailPoliciesAreRead", more({ name: "_dmarc", type: "TXT", content: "p=reject" }), [
    there("content"),
    "dns/dmarc-form",
  ]),
  breach(
    "authoritiesAreNamed",
    more({ name: "@", type: "CAA", tag: "issue", content: "https://letsencrypt.org" }),
    [there("content"), "dns/caa-value"],
  ),
];

const tunnel = "cloudflare tunnels blackroad-tunnel";
const tunnelPath = "cloudflare.tunnels.blackroad-tunnel";

const tunnelBreaches: readonly Breach[] = [
  breach("connectorsCanDial", { [`${tunnel} host`]: "edge-home/lucida" }, `${tunnelPath}.host`),
  breach("connectorsCanDial", { [`${tunnel} host`]: "us-west/api-1" }, [
    `${tunnelPath}.host`,
    "cloudflare/tunnel-egress",
  ]),
  breach("ingressFits", { [`${tunnel} ingress 3`]: undefined }, [
    `${tunnelPath}.ingress[2]`,
    "cloudflare/ingress-catch-all",
  ]),
  breach("ingressFits", { [`${tunnel} ingress 0 service`]: "udp://localhost:51820" }, [
    `${tunnelPath}.ingress[0].service`,
    "cloudflare/ingress-services",
  ]),
  breach("ingressFits", { [`${tunnel} ingress 0 service`]: "http://localhost:99999" }, [
    `${tunnelPath}.ingress[0].service`,
    "cloudflare/ingress-services",
  ]),
  breach(
    "ingressNamesAreOurs",
    { [`${tunnel} ingress 1 hostname`]: "dashboard.example.com" },
    `${tunnelPath}.ingress[1].hostname`,
  ),
  breach(
    "tunnelNamesStayInside",
    more({ name: "old", type: "CNAME", content: "6ff42ae2.cfargotunnel.com", proxied: true }),
    [there("content"), "cloudflare/tunnel-account"],
  ),
  breach("tunnelNamesStayInside", more({ name: "old", type: "CNAME", tunnel: "blackroad-tunnel" }), [
    there("proxied"),
    "cloudflare/tunnel-account",
  ]),
];

const balancer = "cloudflare loadBalancers api.blackroad.io";
const balancerPath = 'cloudflare.loadBalancers["api.blackroad.io"]';
const plain = { pools: [{ name: "spare", hosts: ["us-west/lb-1"] }], fallback: "spare" };

const balancerBreaches: readonly Breach[] = [
  breach("poolsHaveOrigins", { [`${balancer} pools 1 hosts`]: [] }, `${balancerPath}.pools[1].hosts`),
  breach("fallbacksArePools", { [`${balancer} fallback`]: "hom" }, [
    `${balancerPath}.fallback`,
    "cloudflare/fallback-pool",
  ]),
  breach("schema", { [`${balancer} fallback`]: undefined }, [
    `${balancerPath}.fallback`,
    "cloudflare/fallback-pool",
  ]),
  breach("schema", { [`${balancer} steering`]: "round_robin" }, [
    `${balancerPath}.steering`,
    "cloudflare/steering-policy",
  ]),
  breach(
    "balancerNamesAreFree",
    { "cloudflare loadBalancers api.example.com": plain },
    'cloudflare.loadBalancers["api.example.com"]',
  ),
  breach("balancerNamesAreFree", more({ name: "api", type: "A", host: "us-west/lb-1" }), [
    there(""),
    "cloudflare/load-balancer-overrides",
  ]),
  breach(
    "balancerNamesAreExact",
    { "cloudflare loadBalancers *.blackroad.io": plain },
    'cloudflare.loadBalancers["*.blackroad.io"]',
    ['cloudflare.loadBalancers["*.blackroad.io"]', "cloudflare/load-balancer-overrides"],
  ),
  breach("balancersFitProxying", { [`${balancer} ttl`]: 60 }, [
    `${balancerPath}.ttl`,
    "cloudflare/load-balancer-ttl",
  ]),
  breach(
    "balancersFitProxying",
    {
      [`${balancer} proxied`]: false,
      [`${balancer} pools 2`]: undefined,
      [`${balancer} fallback`]: "eu-west",
    },
    [`${balancerPath}.affinity`, "cloudflare/affinity-proxied"],
  ),
  breach("tunnelNamesStayInside", { [`${balancer} proxied`]: false, [`${balancer} affinity`]: undefined }, [
    `${balancerPath}.pools[2].tunnel`,
    "cloudflare/tunnel-account",
  ]),
  breach("balancersFitProxying", { [`${balancer} affinity cookieSeconds`]: 1799 }, [
    `${balancerPath}.affinity.cookieSeconds`,
    "cloudflare/affinity-seconds",
  ]),
  breach("balancersFitProxying", { [`${balancer} affinity headerSeconds`]: 3601 }, [
    `${balancerPath}.affinity.headerSeconds`,
    "cloudflare/affinity-seconds",
  ]),
  breach("balancersAreWithinLimits", { "cloudflare limits": { loadBalancers: 0 } }, [
    "cloudflare.loadBalancers",
    "cloudflare/load-balancer-quota",
  ]),
  breach("balancersAreWithinLimits", { "cloudflare limits": { pools: 2 } }, [
    "cloudflare.loadBalancers",
    "cloudflare/pool-quota",
  ]),
  breach("balancersAreWithinLimits", { "cloudflare limits": { endpoints: 3 } }, [
    "cloudflare.loadBalancers",
    "cloudflare/endpoint-quota",
  ]),
  breach("balancersAreWithinLimits", { [`${balancer} monitor`]: { intervalSeconds: 14 } }, [
    `${balancerPath}.monitor.intervalSeconds`,
    "cloudflare/monitor-interval",
  ]),
  breach("schema", { [`${balancer} monitor`]: { intervalSeconds: 3601 } }, [
    `${balancerPath}.monitor.intervalSeconds`,
    "cloudflare/monitor-interval",
  ]),
  breach("accessIsInTheWay", { "cloudflare access ws.blackroad.io": { emails: ["a@blackroad.io"] } }, [
    'cloudflare.access["ws.blackroad.io"]',
    "cloudflare/access-proxied",
  ]),
  breach(
    "accessIsInTheWay",
    { "cloudflare access grafana.blackroad.io": {} },
    'cloudflare.access["grafana.blackroad.io"]',
  ),
];

/** Origins that only Cloudflare asks, with a group that lets nobody else in. */
const pulled: Edits = {
  "dns zones blackroad.io tls originPulls": true,
  "securityGroups public ingress 0 source": "cloudflare",
  "securityGroups public ingress 1 source": "cloudflare",
};

const pullBreaches: readonly Breach[] = [
  breach(
    "schema",
    { "cloudflare originPullAuthority": "-----BEGIN CERTIFICATE-----" },
    "cloudflare.originPullAuthority",
  ),
  breach("modesFitRedirects", { "dns zones blackroad.io tls mode": "off" }, [
    'dns.zones["blackroad.io"].tls.mode',
    "cloudflare/mode-redirects",
  ]),
  breach(
    "originPullsSpeakTls",
    { ...pulled, "dns zones blackroad.io tls mode": "flexible" },
    ['dns.zones["blackroad.io"].tls.mode', "cloudflare/mode-redirects"],
    ['dns.zones["blackroad.io"].tls.originPulls', "cloudflare/origin-pulls-mode"],
  ),
  breach(
    "originPullsAreWhole",
    {
      ...pulled,
      "dns zones other.test": {
        managed: true,
        records: [{ name: "www", type: "A", host: "us-west/lb-2", proxied: true }],
      },
    },
    'dns.zones["other.test"]',
  ),
  breach(
    "originsAreOpenToCloudflare",
    { "dns zones blackroad.io tls originPulls": true },
    ["hosts.eu-west.lb-1.securityGroups[0]", "cloudflare/origin-pulls-sources"],
    ["hosts.us-west.lb-2.securityGroups[0]", "cloudflare/origin-pulls-sources"],
  ),
  breach(
    "originsAreOpenToCloudflare",
    { ...pulled, "securityGroups public ingress 1 source": "anywhere" },
    ["hosts.eu-west.lb-1.securityGroups[0]", "cloudflare/origin-pulls-sources"],
    ["hosts.us-west.lb-2.securityGroups[0]", "cloudflare/origin-pulls-sources"],
  ),
];

const guardBreaches: readonly Breach[] = [
  breach(
    "approvalsEnd",
    { "guard approvals": [approvalFor("vpc us-west", { expires: "2026-07-01" })] },
    "guard.approvals[0].expires",
  ),
  breach(
    "approvalsAreDistinct",
    { "guard approvals": [approvalFor("vpc us-west"), approvalFor("vpc us-west")] },
    "guard.approvals[1].resource",
  ),
];

export const nameBreaches: readonly Breach[] = [
  ...recordBreaches,
  ...tunnelBreaches,
  ...balancerBreaches,
  ...pullBreaches,
  ...guardBreaches,
];
