/** unbound: a resolver on a hub for the VPN, and on a machine for its LAN. */
import type { GenerationPart, ListenPlan } from "../generation.ts";
import type { ForwardedDomain } from "../private-dns.ts";
import { notice, plainFile } from "./file.ts";
import { publicResolvers } from "./networks.ts";

export interface Resolver {
  /** Where it listens besides 127.0.0.1. */
  readonly address: string;
  /** Who may ask. */
  readonly clients: string;
  /** Whom it asks. */
  readonly forwardTo: readonly string[];
  /**
   * Whether it looks for itself where none of those answers. A machine's LAN can resolve names while the tunnel is
   * down; a hub asks the public resolvers alone, as the network guide has it.
   */
  readonly forwardFirst: boolean;
  /** Names, with all below them, that the public resolvers are asked for: what it takes to bring the tunnel up. */
  readonly outsideTunnel: readonly string[];
  /** Domains about which others are asked than about the rest: names inside the network. */
  readonly inside: readonly ForwardedDomain[];
}

const unit = "unbound.service";
const port = 53;

interface Zone {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly first: boolean;
}

function forwardZone({ name, addresses, first }: Zone): string {
  const lines = [
    `name: "${name}"`,
    ...addresses.map((address) => `forward-addr: ${address}`),
    ...(first ? ["forward-first: yes"] : []),
  ];
  return `\nforward-zone:\n${lines.map((line) => `    ${line}\n`).join("")}`;
}

/** As unbound spells it: `10.0.10.11@8600`. */
function serverAddress({ address, port: at }: ForwardedDomain["servers"][number]): string {
  return at === port ? address : `${address}@${at}`;
}

/**
 * The whole configuration: Debian's folder is not included, so that nothing else listens or answers.
 *
 * It does not validate DNSSEC itself: the public resolvers do, and a validator without the right time, which a
 * Raspberry Pi does not have when it starts, would refuse every name, its time servers' too.
 */
function configuration(resolver: Resolver): string {
  const { address, clients, forwardTo, forwardFirst, outsideTunnel, inside } = resolver;
  const zones = [
    ...outsideTunnel.map((name) => ({ name, addresses: publicResolvers, first: false })),
    ...inside.map(({ name, servers }) => ({ name, addresses: servers.map(serverAddress), first: false })),
    { name: ".", addresses: forwardTo, first: forwardFirst },
  ];
  return `${notice}server:
    directory: "/etc/unbound"
    username: "unbound"
    do-ip6: no
    interface: 127.0.0.1
    interface: ${address}
    # The address may not be there yet.
    ip-freebind: yes
    access-control: 0.0.0.0/0 refuse
    access-control: 127.0.0.0/8 allow
    access-control: ${clients} allow
    module-config: "iterator"
    hide-identity: yes
    hide-version: yes
    prefetch: yes

remote-control:
    control-enable: no
${zones.map(forwardZone).join("")}`;
}

export function resolver(args: Resolver): GenerationPart {
  const listens = (["tcp", "udp"] as const).map((protocol): ListenPlan => ({
    protocol,
    ports: { from: port, to: port },
    from: [args.clients],
    reason: "DNS",
  }));
  const path = "/etc/unbound/unbound.conf";
  return {
    packages: ["unbound"],
    files: [plainFile(path, configuration(args))],
    listens,
    services: [{ unit, reload: [], restart: [path] }],
  };
}
