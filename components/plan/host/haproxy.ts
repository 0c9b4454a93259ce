/** HAProxy in front of the API: the network guide's `/etc/haproxy/haproxy.cfg`. */
import type { GenerationPart, HostFile } from "../generation.ts";
import {
  apiPort,
  balancerListens,
  balancerSysctls,
  ciphers,
  cipherSuites,
  serverCertificate,
  statisticsPort,
  websocketPort,
  websocketSeconds,
  type Balancer,
} from "./balancer.ts";
import { notice, plainFile } from "./file.ts";
import { originPullFiles, originPullPath, type OriginPulls } from "./origin-pulls.ts";

export const haproxyConfigPath = "/etc/haproxy/haproxy.cfg";

/** Where the network guide has the certificate. HAProxy looks for its key in the file of that name with `.key`. */
const tls = { certificatePath: "/etc/ssl/blackroad.pem", keyPath: "/etc/ssl/blackroad.pem.key" };

/** The network guide's. */
const maxConnections = 50000;

/** Two files for each connection, and some for itself: more than every system grants a service. */
const dropIn = `${notice}[Service]
LimitNOFILE=${2 * maxConnections + 10000}
`;

/** What every HAProxy of ours has; its time-outs are those of short requests. */
export const haproxyGlobals = `global
    maxconn ${maxConnections}
    # A system that does not grant the files of so many serves fewer, not none.
    no strict-limits
    log stdout format raw local0
    user haproxy
    group haproxy
    chroot /var/lib/haproxy
    stats socket /run/haproxy/admin.sock mode 600 level admin
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
    ssl-default-bind-ciphers ${ciphers}
    ssl-default-bind-ciphersuites ${cipherSuites}

defaults
    mode http
    log global
    option httplog
    option dontlognull
    option forwardfor
    timeout connect 5s
    timeout client 50s
    timeout server 50s
`;

/** HAProxy reads a certificate on resumed sessions, too (`ssl_c_used`); one that is not Cloudflare's ends the handshake. */
function demandOf({ direct }: OriginPulls): { readonly bind: string; readonly rules: string } {
  const verify = (how: string): string => ` ca-file ${originPullPath} verify ${how}`;
  if (direct.length === 0) return { bind: verify("required"), rules: "" };
  const rules = `    # Names that lead past Cloudflare are for WebSockets alone.
    acl from_cloudflare ssl_c_used
    acl is_direct req.hdr(host),field(1,:) -i ${direct.join(" ")}
    acl is_upgrade hdr(Upgrade) -i websocket
    http-request deny deny_status 403 unless from_cloudflare or is_direct is_upgrade
`;
  return { bind: verify("optional"), rules };
}

/** A port for clients of both families, or of IPv4 alone. A socket of IPv6 that took both would be in the other's way. */
function bind(port: number, options: string, ipv6: boolean): string {
  const ends = [`*:${port}${options}`, ...(ipv6 ? [`:::${port} v6only${options}`] : [])];
  return ends.map((end) => `    bind ${end}\n`).join("");
}

function frontends({ ipv6, originPulls }: Balancer): string {
  const demand = originPulls === undefined ? { bind: "", rules: "" } : demandOf(originPulls);
  const https = ` ssl crt ${tls.certificatePath} alpn h2,http/1.1${demand.bind}`;
  return `frontend http_redirect
${bind(80, "", ipv6)}    http-request redirect scheme https code 301

frontend http_front
${bind(443, https, ipv6)}${demand.rules}    http-request set-header X-Real-IP %[src]
    http-request set-header X-Forwarded-Proto https
    default_backend api_servers

    # Route based on path
    acl is_websocket hdr(Upgrade) -i websocket
    acl is_api path_beg /api

    use_backend websocket_servers if is_websocket
    use_backend api_servers if is_api
`;
}

/**
 * HAProxy's defaults, written down: a server that does not answer three looks is down, one that answers two is up again
 * (docs.haproxy.org/2.6/configuration.html, 5.2). Sessions with a server that is down end, instead of waiting for it.
 */
const checks = "default-server inter 2s fall 3 rise 2 on-marked-down shutdown-sessions";

/** A request that could not be sent to one server is sent to another, and not to the same three times. */
const redispatch = "option redispatch 1";

function backends({ backends: hosts }: Balancer): string {
  const api = hosts.map(({ name, address }) => `    server ${name} ${address}:${apiPort} check weight 100\n`);
  const websocket = hosts.map(
    ({ name, address }) => `    server ${name} ${address}:${websocketPort} check\n`,
  );
  return `backend api_servers
    balance leastconn
    option httpchk GET /health
    ${redispatch}
    ${checks}

${api.join("")}
backend websocket_servers
    balance source  # one client, one server
    option httpchk GET /health
    ${redispatch}
    ${checks}
    # The time-outs above end a request; this one ends a silent WebSocket.
    timeout tunnel ${websocketSeconds}s

${websocket.join("")}`;
}

export function haproxyStatistics({ address }: Pick<Balancer, "address">): string {
  return `# Statistics, for the internal network.
frontend statistics
    bind ${address}:${statisticsPort}
    option dontlog-normal
    http-request use-service prometheus-exporter if { path /metrics }
    stats enable
    stats uri /stats
    stats refresh 10s
`;
}

function configuration(balancer: Balancer): string {
  return `${notice}${[haproxyGlobals, frontends(balancer), backends(balancer), haproxyStatistics(balancer)].join("\n")}`;
}

/** The configuration, and what its service needs for it. */
export function haproxyFiles(text: string): HostFile[] {
  return [
    plainFile(haproxyConfigPath, text),
    plainFile("/etc/systemd/system/haproxy.service.d/blackroad.conf", dropIn),
  ];
}

export function haproxyBalancer(balancer: Balancer): GenerationPart {
  const { certificates = [], files = [] } = serverCertificate(balancer, tls);
  const pulled = originPullFiles(balancer.originPulls);
  return {
    packages: ["haproxy"],
    files: [...haproxyFiles(configuration(balancer)), ...pulled, ...files],
    sysctls: balancerSysctls,
    listens: balancerListens,
    services: [
      {
        unit: "haproxy.service",
        reload: [haproxyConfigPath, tls.certificatePath, tls.keyPath, ...pulled.map(({ path }) => path)],
        restart: [],
      },
    ],
    certificates,
  };
}
