/** The interfaces of a tower and its neighbours, and which of them an answer takes. */
import type { GenerationPart, InterfacePlan } from "../generation.ts";
import { libraryFolder, notice, plainFile, program } from "./file.ts";
import { publicResolvers } from "./networks.ts";

export interface AddressedLink {
  readonly name: string;
  readonly address: string;
  /** The network on the link, whose prefix length the address gets. */
  readonly network: string;
  /** Bytes; left as it is where undefined. */
  readonly mtu?: number;
  /** The default route's next hop, on one link of a host at most. */
  readonly gateway?: string | undefined;
  readonly vlan?: InterfacePlan["vlan"];
}

export function prefixLength(network: string): string {
  return network.split("/")[1] ?? "";
}

export function addressedLink({ name, address, network, mtu, gateway, vlan }: AddressedLink): InterfacePlan {
  return {
    name,
    addresses: [`${address}/${prefixLength(network)}`],
    gateway,
    nameservers: gateway === undefined ? [] : publicResolvers,
    mtu,
    vlan,
    routes: [],
  };
}

/** A link without an address of its own, because it carries VLANs; it must take the largest of their packets. */
export function trunk(name: string, mtus: readonly number[]): InterfacePlan {
  return {
    name,
    addresses: [],
    gateway: undefined,
    nameservers: [],
    mtu: Math.max(...mtus),
    vlan: undefined,
    routes: [],
  };
}

/** A link whose answers leave by itself, also where the question came from far away. */
export interface AnsweringLink {
  readonly name: string;
  readonly address: string;
  readonly network: string;
  readonly gateway: string;
  /** Number of its routing table: its VLAN's tag. */
  readonly table: number;
}

const unit = "coral-reef-answers.service";
const scriptPath = `${libraryFolder}/answers`;

/** Behind `local` (0), before `main` (32766). */
const rulePriority = 10_000;

function answerScript(links: readonly AnsweringLink[]): string {
  const lines = links.flatMap(({ name, address, network, gateway, table }) => [
    `ip route replace ${network} dev ${name} src ${address} table ${table}`,
    `ip route replace default via ${gateway} dev ${name} src ${address} table ${table}`,
    `ip rule del priority ${rulePriority + table} 2>/dev/null || :`,
    `ip rule add priority ${rulePriority + table} from ${address} lookup ${table}`,
  ]);
  return `#!/bin/sh
${notice}# Answers leave by the link on which the question came in, so that clients' traffic and management stay apart.
set -eu
${lines.join("\n")}
`;
}

const answerUnit = `${notice}[Unit]
Description=Answers leave by the link on which the question came in
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${scriptPath}
# A link may come later than the network as a whole.
Restart=on-failure
RestartSec=5

[Install]
WantedBy=multi-user.target
`;

/** Daemons of these hosts listen on one link's address each, and are not to wait for it. */
const sysctls = { "net.ipv4.ip_nonlocal_bind": "1" };

/**
 * A host's links. Where two of them have one network, as the document's server mode has, `arp_ignore` and
 * `arp_announce` keep each from answering for the other.
 */
export function links(
  interfaces: readonly InterfacePlan[],
  answering: readonly AnsweringLink[],
): GenerationPart {
  if (answering.length === 0) return { interfaces, sysctls };
  return {
    packages: ["iproute2"],
    interfaces,
    answers: answering.map(({ name, address, network, gateway }) => ({
      from: address,
      interface: name,
      network,
      gateway,
    })),
    sysctls: { ...sysctls, "net.ipv4.conf.all.arp_ignore": "1", "net.ipv4.conf.all.arp_announce": "2" },
    files: [
      program(scriptPath, answerScript(answering)),
      plainFile(`/etc/systemd/system/${unit}`, answerUnit),
    ],
    services: [{ unit, reload: [], restart: [scriptPath] }],
  };
}
