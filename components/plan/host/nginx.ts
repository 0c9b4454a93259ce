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

const locations = `    location = /health {
        proxy_pass http://blackroad_api;
    }

    # API routes
    location /api/ {
        proxy_pass http://blackroad_api;
    }

    # WebSocket routes
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

function servers({ address, names }: Balancer): string {
  return `server {
    listen 80 default_server;
    return 301 https://$host$request_uri;
}

server {
    listen 443 ssl http2 default_server;
    server_name ${names.length > 0 ? names.join(" ") : "_"};

    ssl_certificate ${tls.certificatePath};
    ssl_certificate_key ${tls.keyPath};
    ssl_protocols TLSv1.2 TLSv1.3;
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
  return {
    packages: ["nginx"],
    files: [plainFile(nginxConfigPath, nginxConfiguration(http)), ...files],
    sysctls: balancerSysctls,
    listens: balancerListens,
    services: [{ ...nginxService, reload: [...nginxService.reload, tls.certificatePath, tls.keyPath] }],
    certificates,
  };
}
