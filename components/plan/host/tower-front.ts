/** HAProxy in front of a cluster of towers: the Coral-Reef document's "Multi-Node Load Balancing". */
import type { GenerationPart, ListenPlan } from "../generation.ts";
import { statisticsPort, websocketSeconds } from "./balancer.ts";
import { certificate } from "./certificate.ts";
import { notice } from "./file.ts";
import { haproxyConfigPath, haproxyFiles, haproxyGlobals, haproxyStatistics } from "./haproxy.ts";
import { apiPort } from "./network-yaml.ts";
import { apiTlsPort } from "./tower-stand-in.ts";

export interface FrontTower {
  readonly name: string;
  /** In the API's VLAN. */
  readonly address: string;
  readonly weight: number;
}

export interface TowerFront {
  /** Key of the host. */
  readonly key: string;
  readonly hostname: string;
  /** In the API's VLAN. */
  readonly address: string;
  /** In the management VLAN, where its statistics are. */
  readonly managementAddress: string;
  readonly towers: readonly FrontTower[];
  /** Networks of the clients. */
  readonly clients: readonly string[];
  /** Networks that may ask for statistics. */
  readonly monitors: readonly string[];
}

/** HAProxy looks for the key in the file of that name with `.key`. */
const tls = { certificatePath: "/etc/ssl/coral-reef.pem", keyPath: "/etc/ssl/coral-reef.pem.key" };

/** The document's, in its order; TLS 1.3 has no others. */
const suites = ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"];

/** The header by which API clients, which keep no cookies, say which session they belong to. */
const sessionHeader = "X-Session-ID";

/** How long a tower keeps what it has computed of a session that is silent. */
const affinityMinutes = 30;

/** A session that has begun on a tower stays there, where its KV cache is; a new one goes where least is open. */
function backend({ towers }: TowerFront): string {
  const servers = towers.map(
    ({ name, address, weight }) =>
      `    server ${name} ${address}:${apiPort} check weight ${weight} cookie ${name}\n`,
  );
  return `backend towers
    balance leastconn
    option httpchk GET /health
    http-check expect status 200
    default-server inter 5s fall 3 rise 2
    # Inference takes longer than a web page, and streams may be silent for long.
    timeout server 300s
    timeout tunnel ${websocketSeconds}s

    # Session affinity: by cookie for web clients, by header for API clients.
    cookie CORAL_REEF_NODE insert indirect nocache httponly
    stick-table type string len 64 size 100k expire ${affinityMinutes}m
    stick on req.hdr(${sessionHeader})

${servers.join("")}`;
}

function frontend({ address }: TowerFront): string {
  return `frontend coral_reef
    bind ${address}:${apiPort}
    bind ${address}:${apiTlsPort} ssl crt ${tls.certificatePath} alpn h2,http/1.1 ssl-min-ver TLSv1.3 ciphersuites ${suites.join(":")}
    timeout client 300s
    http-request set-header X-Real-IP %[src]
    http-request set-header X-Forwarded-Proto https if { ssl_fc }
    default_backend towers
`;
}

function listens({ clients, monitors }: TowerFront): ListenPlan[] {
  const listen = (port: number, from: readonly string[], reason: string): ListenPlan => ({
    protocol: "tcp",
    ports: { from: port, to: port },
    from,
    reason,
  });
  return [
    listen(apiPort, clients, "API (HTTP/WS)"),
    listen(apiTlsPort, clients, "API (HTTPS/WSS)"),
    listen(statisticsPort, monitors, "load balancer statistics"),
  ];
}

export function towerFront(args: TowerFront): GenerationPart {
  const { key, hostname, address, managementAddress } = args;
  const text = [
    haproxyGlobals,
    frontend(args),
    backend(args),
    haproxyStatistics({ address: managementAddress }),
  ].join("\n");
  const signed = certificate(key, {
    name: "front",
    ...tls,
    keyOwner: "root:root",
    dnsNames: [hostname],
    addresses: [address],
    usages: ["server"],
  });
  return {
    packages: ["haproxy"],
    files: [...haproxyFiles(`${notice}${text}`), ...(signed.files ?? [])],
    certificates: signed.certificates ?? [],
    listens: listens(args),
    services: [
      {
        unit: "haproxy.service",
        reload: [haproxyConfigPath, tls.certificatePath, tls.keyPath],
        restart: [],
      },
    ],
  };
}
