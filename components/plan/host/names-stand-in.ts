/**
 * Stands where the name servers of a forwarded domain will: answers on their port with what the stack's file says, and
 * says what it is. When the mesh is built, its `standIn` goes from the configuration, and these go with it.
 */
import type { GenerationPart, ListenPlan } from "../generation.ts";
import { notice, plainFile } from "./file.ts";
import { internalNetworks } from "./networks.ts";

/** What is answered about one domain. */
export interface DomainStandIn {
  /** `consul` */
  readonly domain: string;
  readonly port: number;
  /** Addresses by the names below the domain that lead to them. */
  readonly names: readonly { readonly name: string; readonly addresses: readonly string[] }[];
}

const unit = "unbound.service";
const path = "/etc/unbound/unbound.conf";

/** Short, so that nobody keeps what the mesh will answer otherwise. */
const ttlSeconds = 10;

function zone({ domain, names }: DomainStandIn): string {
  const records = [
    `${domain}. ${ttlSeconds} IN TXT "a stand-in of blackroad-network, until the mesh answers"`,
    ...names.flatMap(({ name, addresses }) =>
      addresses.map((address) => `${name}.${domain}. ${ttlSeconds} IN A ${address}`),
    ),
  ];
  const lines = [`local-zone: "${domain}." static`, ...records.map((record) => `local-data: '${record}'`)];
  return lines.map((line) => `    ${line}\n`).join("");
}

/** It answers from the file alone, and asks nobody: whoever is not asked about the domain is refused. */
function configuration(address: string, domains: readonly DomainStandIn[]): string {
  const ports = [...new Set(domains.map(({ port }) => port))].sort((a, b) => a - b);
  return `${notice}# A stand-in, until the mesh is built.
server:
    directory: "/etc/unbound"
    username: "unbound"
    do-ip6: no
${ports.map((port) => `    interface: ${address}@${port}\n`).join("")}    # The address may not be there yet.
    ip-freebind: yes
    access-control: 0.0.0.0/0 refuse
${internalNetworks.map((network) => `    access-control: ${network} allow\n`).join("")}    module-config: "iterator"
    hide-identity: yes
    hide-version: yes
    local-zone: "." refuse
${domains.map(zone).join("")}
remote-control:
    control-enable: no
`;
}

/**
 * @param address the host's own
 * @param domains at least one
 */
export function namesStandIn(address: string, domains: readonly DomainStandIn[]): GenerationPart {
  const listens = domains.flatMap(({ domain, port }) =>
    (["tcp", "udp"] as const).map((protocol): ListenPlan => ({
      protocol,
      ports: { from: port, to: port },
      from: internalNetworks,
      reason: `names of ${domain}`,
    })),
  );
  return {
    packages: ["unbound"],
    files: [plainFile(path, configuration(address, domains))],
    listens,
    services: [{ unit, reload: [], restart: [path] }],
  };
}
