/**
 * Stands where a tower's gateway will: answers on its ports, keeps to its rate limit, and says that it is not the
 * gateway. When that is there, this file goes, with the two lines of components/plan/towers.ts that name it.
 */
import type { GenerationPart, ListenPlan } from "../generation.ts";
import { certificate } from "./certificate.ts";
import { plainFile } from "./file.ts";
import { apiPort, certificatePath, keyPath, type TowerMode } from "./network-yaml.ts";
import { nginxConfigPath, nginxConfiguration, nginxService } from "./nginx.ts";

export const apiTlsPort = 8443;

export interface StandIn {
  /** Key of the host. */
  readonly key: string;
  readonly hostname: string;
  readonly mode: TowerMode;
  /** Addresses on which clients find it. */
  readonly addresses: readonly string[];
  /** Networks of its clients. */
  readonly clients: readonly string[];
}

/** In server mode network.yaml says `tls: true` for the port that is clear text otherwise. */
export function apiScheme(mode: TowerMode["mode"]): "http" | "https" {
  return mode === "server" ? "https" : "http";
}

interface Limit {
  readonly zone: string;
  readonly use: string;
}

function limitOf(mode: TowerMode): Limit | undefined {
  if (mode.mode !== "server") return undefined;
  const { requestsPerMinute, burst } = mode.rateLimit;
  return {
    zone: `limit_req_zone $binary_remote_addr zone=clients:10m rate=${requestsPerMinute}r/m;
limit_req_status 429;
`,
    use: `        limit_req zone=clients${burst === 0 ? "" : ` burst=${burst} nodelay`};\n`,
  };
}

function http({ hostname, mode }: StandIn): string {
  const limit = limitOf(mode);
  const says = { service: "coral-reef gateway", standIn: true, host: hostname, mode: mode.mode };
  const tls = apiScheme(mode.mode) === "https";
  return `default_type application/json;
${limit?.zone ?? ""}
server {
    listen ${apiPort}${tls ? " ssl http2" : ""} default_server;
    listen ${apiTlsPort} ssl http2 default_server;

    ssl_certificate ${certificatePath};
    ssl_certificate_key ${keyPath};
    ssl_protocols TLSv1.3;

    location = /health {
        return 200 '{"status":"ok","standIn":true}\\n';
    }

    location = /metrics {
        default_type text/plain;
        return 200 '# HELP coral_reef_stand_in Whether a stand-in answers instead of the TPU gateway.\\n# TYPE coral_reef_stand_in gauge\\ncoral_reef_stand_in 1\\n';
    }

    location = /api/v1/status {
${limit?.use ?? ""}        try_files /nothing @says;
    }

    location / {
${limit?.use ?? ""}        try_files /nothing @isMissing;
    }

    location @says {
        return 200 '${JSON.stringify(says)}\\n';
    }

    location @isMissing {
        return 501 '{"error":"a stand-in answers here until the gateway is installed","standIn":true}\\n';
    }
}
`;
}

function listens(clients: readonly string[]): ListenPlan[] {
  return [apiPort, apiTlsPort].map((port) => ({
    protocol: "tcp",
    ports: { from: port, to: port },
    from: clients,
    reason: port === apiPort ? "API (HTTP/WS)" : "API (HTTPS/WSS)",
  }));
}

export function towerStandIn(args: StandIn): GenerationPart {
  const signed = certificate(args.key, {
    name: "gateway",
    certificatePath,
    keyPath,
    keyOwner: "root:root",
    dnsNames: [args.hostname],
    addresses: args.addresses,
    usages: ["server"],
  });
  return {
    packages: ["nginx"],
    files: [plainFile(nginxConfigPath, nginxConfiguration(http(args))), ...(signed.files ?? [])],
    certificates: signed.certificates ?? [],
    listens: listens(args.clients),
    services: [{ ...nginxService, reload: [...nginxService.reload, certificatePath, keyPath] }],
  };
}
