/** What answers on an api host until the services are there: a text that says who it is. */
import type { GenerationPart, ListenPlan } from "../generation.ts";
import { apiPort, websocketPort } from "./balancer.ts";
import { plainFile } from "./file.ts";
import { nginxConfigPath, nginxConfiguration, nginxService } from "./nginx.ts";

export interface Api {
  readonly hostname: string;
  /** Its region. */
  readonly site: string;
  readonly address: string;
}

/** The network guide's services by their ports. The second is where its load balancers send WebSockets. */
const services = [
  { service: "agent-service", port: apiPort },
  { service: "memory-service", port: websocketPort },
];

/** What the guide's group `internal` opens. */
const clients = ["10.0.0.0/8"];

function server({ hostname, site, address }: Api, { service, port }: (typeof services)[number]): string {
  const answer = JSON.stringify({ service, host: hostname, site, address });
  return `
server {
    listen ${port} default_server;

    location = /health {
        return 200 '{"status":"ok"}\\n';
    }

    location / {
        return 200 '${answer}\\n';
    }
}
`;
}

export function api(host: Api): GenerationPart {
  const http = `default_type application/json;\n${services.map((service) => server(host, service)).join("")}`;
  const listens = services.map(({ service, port }): ListenPlan => ({
    protocol: "tcp",
    ports: { from: port, to: port },
    from: clients,
    reason: service,
  }));
  return {
    packages: ["nginx"],
    files: [plainFile(nginxConfigPath, nginxConfiguration(http))],
    listens,
    services: [nginxService],
  };
}
