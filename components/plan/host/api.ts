/**
 * What answers on an api host: the services of the network guide, by HTTP and WebSockets.
 *
 * They are no part of this program. Their package is the owner's (`software.api`), and its repository must be among the
 * host's apt sources (docs/configuration.md says what it has to hold); in the sandbox a package of that name has a
 * stand-in.
 */
import type { GenerationPart, ListenPlan } from "../generation.ts";
import { apiPort, websocketPort } from "./balancer.ts";
import { notice, plainFile } from "./file.ts";

export interface Api {
  /** The package, and the program in /usr/bin that it brings. */
  readonly software: string;
  readonly hostname: string;
  /** Its region. */
  readonly site: string;
  readonly address: string;
}

/** The network guide's services by their ports. The second is where its load balancers send WebSockets. */
const services = [
  { name: "agent-service", port: apiPort },
  { name: "memory-service", port: websocketPort },
];

/** What the guide's group `internal` opens. */
const clients = ["10.0.0.0/8"];

export const servicesPath = "/etc/blackroad/services.json";

/** What the program is told. JSON has no place for a notice. */
function configuration({ hostname, site, address }: Api): string {
  const listening = services.map(({ name, port }) => ({ name, listen: `${address}:${port}` }));
  return `${JSON.stringify({ host: hostname, site, address, services: listening }, undefined, 2)}\n`;
}

/** The address may come later than the program, which then cannot listen: it is started anew until it can. */
function unitFile(software: string): string {
  return `${notice}[Unit]
Description=The API and its WebSockets
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
User=${software}
ExecStart=/usr/bin/${software} --config ${servicesPath}
Restart=always
RestartSec=1
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`;
}

export function api(host: Api): GenerationPart {
  const { software } = host;
  const unit = `${software}.service`;
  const listens = services.map(({ name, port }): ListenPlan => ({
    protocol: "tcp",
    ports: { from: port, to: port },
    from: clients,
    reason: name,
  }));
  return {
    packages: [software],
    users: [{ name: software, system: true, groups: [] }],
    files: [
      plainFile(servicesPath, configuration(host)),
      plainFile(`/etc/systemd/system/${unit}`, unitFile(software)),
    ],
    listens,
    services: [{ unit, reload: [], restart: [servicesPath] }],
  };
}
