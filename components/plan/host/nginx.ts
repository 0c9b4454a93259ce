/** nginx in front of the API: the network guide's `/etc/nginx/nginx.conf`. */
import type { GenerationPart, ServicePlan } from "../generation.ts";
import {
  apiPort,
  balancerListens,
  balancerSysctls,
  ciphers,
  serverCertificate,
  statisticsPort,
  websocketPort,
  websocketSeconds,
  type Balancer,
} from "./balancer.ts";
import { notice, plainFile } from "./file.ts";
import { originPullFiles, originPullPath } from "./origin-pulls.ts";

export const nginxConfigPath = "/etc/nginx/nginx.conf";

/** Where the network guide has them. */
const tls = { certificatePath: "/etc/ssl/blackroad.crt", keyPath: "/etc/ssl/blackroad.key" };

/** Each passed-on connection takes two of them, and one more file where it is logged or buffered. */
const workerConnections = 16384;

/** The whole configuration: Debian's own, with its page on port 80, is not included. */
export function nginxConfiguration(http: string): string {
  const indented = http.replaceAll(/^(?=.)/gm, "    ");
  return `${notice}user www-data;
worker_processes auto;
worker_rlimit_nofile ${2 * workerConnections};
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;

events {
    worker_connections ${workerConnections};
}

http {
    access_log /var/log/nginx/access.log;
    server_tokens off;

${indented}}
`;
}

export const nginxService: ServicePlan = { unit: "nginx.service", reload: ["/etc/nginx/"], restart: [] };

/**
 * Health is what requests find: after one that fails a server gets none for 10 s, and that request goes to another
 * (nginx's defaults: max_fails=1, fail_timeout=10s, proxy_next_upstream error timeout;
 * nginx.org/en/docs/http/ngx_http_upstream_module.html). Each worker finds out by itself.
 */
function upstreams({ backends }: Balancer): string {
  const api = backends.map(({ address }) => `    server ${address}:${apiPort} weight=5;\n`);
  const websocket = backends.map(({ address }) => `    server ${address}:${websocketPort};\n`);
  return `upstream blackroad_api {
    least_conn;

${api.join("")}
    keepalive 32;
}

upstream blackroad_websocket {
    ip_hash;  # one client, one server

${websocket.join("")}}
`;
}

/** Repeated where a location has headers of its own: nginx inherits all of them or none. */
const proxyHeaders = [
  "proxy_set_header Host $host;",
  "proxy_set_header X-Real-IP $remote_addr;",
  "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
  "proxy_set_header X-Forwarded-Proto $scheme;",
];

function lines(indent: number, texts: readonly string[]): string {
  return texts.map((text) => `${" ".repeat(indent)}${text}\n`).join("");
}

const apiLocations = `    location = /health {
        proxy_pass http://blackroad_api;
    }

    # API routes
    location /api/ {
        proxy_pass http://blackroad_api;
    }

`;

const websocketLocations = `    # WebSocket routes
    location /ws/ {
        proxy_pass http://blackroad_websocket;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
${lines(8, proxyHeaders)}
        proxy_read_timeout ${websocketSeconds}s;
        proxy_send_timeout ${websocketSeconds}s;
    }

    location / {
        return 404;
    }
`;

interface HttpsServer {
  readonly names: readonly string[];
  /** Takes whatever is meant for no other server. */
  readonly isDefault: boolean;
  /** Whether only Cloudflare is served. */
  readonly isPulled: boolean;
  readonly ipv6: boolean;
  readonly locations: string;
}

/** nginx answers 421 where a client names one server in its handshake and then asks for one that demands more. */
const demand = `    ssl_client_certificate ${originPullPath};
    ssl_verify_client on;
`;

/** A port for clients of both families, or of IPv4 alone: nginx has a socket for each. */
function listens(port: string, ipv6: boolean): string {
  return lines(4, [`listen ${port};`, ...(ipv6 ? [`listen [::]:${port};`] : [])]);
}

function httpsServer({ names, isDefault, isPulled, ipv6, locations }: HttpsServer): string {
  return `server {
${listens(`443 ssl http2${isDefault ? " default_server" : ""}`, ipv6)}    server_name ${names.length > 0 ? names.join(" ") : "_"};

    ssl_certificate ${tls.certificatePath};
    ssl_certificate_key ${tls.keyPath};
${isPulled ? demand : ""}    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ${ciphers};
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:blackroad:10m;
    ssl_session_timeout 1d;
    ssl_session_tickets off;

    proxy_http_version 1.1;
    proxy_set_header Connection "";
${lines(4, proxyHeaders)}
    proxy_connect_timeout 10s;
    proxy_send_timeout 60s;
    proxy_read_timeout 300s;

${locations}}
`;
}

function httpsServers({ names, ipv6, originPulls }: Balancer): string {
  const direct = originPulls?.direct ?? [];
  const main = httpsServer({
    names: names.filter((name) => !direct.includes(name)),
    isDefault: true,
    isPulled: originPulls !== undefined,
    ipv6,
    locations: apiLocations + websocketLocations,
  });
  if (direct.length === 0) return main;
  const past = { names: direct, isDefault: false, isPulled: false, ipv6, locations: websocketLocations };
  return `${main}\n${httpsServer(past)}`;
}

function servers(balancer: Balancer): string {
  const { address, ipv6 } = balancer;
  return `server {
${listens("80 default_server", ipv6)}    return 301 https://$host$request_uri;
}

${httpsServers(balancer)}
# Statistics, for the internal network.
server {
    listen ${address}:${statisticsPort};
    access_log off;

    location = /stats {
        stub_status;
    }

    location / {
        return 404;
    }
}
`;
}

export function nginxBalancer(balancer: Balancer): GenerationPart {
  const { certificates = [], files = [] } = serverCertificate(balancer, tls);
  const http = `${upstreams(balancer)}\n${servers(balancer)}`;
  const pulled = originPullFiles(balancer.originPulls).map(({ path }) => path);
  return {
    packages: ["nginx"],
    files: [
      plainFile(nginxConfigPath, nginxConfiguration(http)),
      ...originPullFiles(balancer.originPulls),
      ...files,
    ],
    sysctls: balancerSysctls,
    listens: balancerListens,
    services: [
      { ...nginxService, reload: [...nginxService.reload, tls.certificatePath, tls.keyPath, ...pulled] },
    ],
    certificates,
  };
}
