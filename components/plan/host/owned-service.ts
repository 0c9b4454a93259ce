/**
 * A program that is no part of this repository, in a package of the owner's: what is written beside it, and what it is
 * told. Its repository must be among the host's apt sources (docs/configuration.md says what the package has to hold); in
 * the sandbox packages of the defaults' names have a stand-in.
 */
import type { GenerationPart, HostFile, ListenPlan } from "../generation.ts";
import { template } from "../render.ts";
import { notice, plainFile } from "./file.ts";

/** Something that the program keeps its data in, on another host. */
export interface Store {
  /** `redis` */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Name of the shared secret that is its password. */
  readonly secret: string;
}

export interface OwnedService {
  /** The package, the program in /usr/bin that it brings, and the user as which that runs. */
  readonly software: string;
  /** Of the unit. */
  readonly description: string;
  readonly hostname: string;
  /** The host's region. */
  readonly site: string;
  readonly address: string;
  readonly services: readonly { readonly name: string; readonly port: number }[];
  /** Networks that may open connections to them. */
  readonly clients: readonly string[];
  readonly stores: readonly Store[];
}

const folder = "/etc/blackroad";
export const servicesPath = `${folder}/services.json`;

const passwordPath = (store: string): string => `${folder}/${store}.password`;

/** JSON has no place for a notice. */
function configuration({ hostname, site, address, services, stores }: OwnedService): string {
  const told = {
    host: hostname,
    site,
    address,
    services: services.map(({ name, port }) => ({ name, listen: `${address}:${port}` })),
    stores: stores.map((store) => ({
      name: store.name,
      address: `${store.address}:${store.port}`,
      passwordFile: passwordPath(store.name),
    })),
  };
  return `${JSON.stringify(told, undefined, 2)}\n`;
}

/** The address may come later than the program, which then cannot listen: it is started anew until it can. */
function unitFile({ software, description }: OwnedService): string {
  return `${notice}[Unit]
Description=${description}
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

/** Only the program's own user may read it. */
function passwordFile(software: string, { name, secret }: Store): HostFile {
  const content = template({ kind: "shared-secret", name: secret }, "\n");
  return { path: passwordPath(name), mode: "0640", owner: `root:${software}`, content, secret: true };
}

export function ownedService(service: OwnedService): GenerationPart {
  const { software, services, clients, stores } = service;
  const unit = `${software}.service`;
  const passwords = stores.map((store) => passwordFile(software, store));
  return {
    packages: [software],
    users: [{ name: software, system: true, groups: [] }],
    files: [
      plainFile(servicesPath, configuration(service)),
      plainFile(`/etc/systemd/system/${unit}`, unitFile(service)),
      ...passwords,
    ],
    listens: services.map(({ name, port }): ListenPlan => ({
      protocol: "tcp",
      ports: { from: port, to: port },
      from: clients,
      reason: name,
    })),
    services: [{ unit, reload: [], restart: [servicesPath, ...passwords.map(({ path }) => path)] }],
  };
}
