/**
 * coturn: STUN, TURN and TURN over TLS for peers that find no direct way to each other. Debian's package.
 *
 * Credentials are good for a time: the user's name begins with the second at which it ends, and the password is
 * base64(HMAC-SHA1(secret, name)). Whoever knows the secret can issue them; nobody is written down anywhere.
 */
import type { TowerConfig } from "../../config/schema.ts";
import { formatAddress, rangeOf } from "../../config/ip.ts";
import type { GenerationPart, HostFile, ListenPlan } from "../generation.ts";
import { template } from "../render.ts";
import { certificate } from "./certificate.ts";
import { notice, plainFile } from "./file.ts";
import { turnPort, turnSecret } from "./network-yaml.ts";

const turnsPort = 5349;

export interface Coturn {
  /** Key of the host. */
  readonly key: string;
  readonly hostname: string;
  readonly address: string;
  readonly p2p: TowerConfig["p2p"];
}

const configPath = "/etc/turnserver.conf";
const tls = { certificatePath: "/etc/coral-reef/certs/turn.crt", keyPath: "/etc/coral-reef/certs/turn.key" };
const unit = "coturn.service";

/**
 * What no peer of the internet can be (RFC 6890): whoever could relay there would be inside. Addresses for
 * documentation and for measurements are left out, since nothing of ours answers on them.
 */
const inside = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "240.0.0.0/4",
];

/** As coturn takes it: `10.0.0.0-10.255.255.255`. */
function span(network: string): string {
  const { first, last } = rangeOf(network);
  return `${formatAddress(first)}-${formatAddress(last)}`;
}

export function relayPorts({ relayPorts: text }: TowerConfig["p2p"]): { from: number; to: number } {
  const [from = 0, to = 0] = text.split("-").map(Number);
  return { from, to };
}

function configuration({ address, p2p }: Coturn): string {
  const { from, to } = relayPorts(p2p);
  return `listening-ip=${address}
listening-port=${turnPort}
tls-listening-port=${turnsPort}
relay-ip=${address}
${p2p.publicAddress === undefined ? "" : `external-ip=${p2p.publicAddress}/${address}\n`}min-port=${from}
max-port=${to}
realm=${p2p.domain}
server-name=turn.${p2p.domain}
fingerprint
stale-nonce=600

cert=${tls.certificatePath}
pkey=${tls.keyPath}
no-tlsv1
no-tlsv1_1

# One client's share.
user-quota=16
total-quota=1200

# Relaying leads out of the house only, but for the networks that are meant.
no-multicast-peers
${inside.map((network) => `denied-peer-ip=${span(network)}\n`).join("")}${p2p.relayTo
    .map((network) => `allowed-peer-ip=${span(network)}\n`)
    .join("")}
no-cli
no-rfc5780
syslog
simple-log

use-auth-secret
`;
}

/** Only coturn's own user may read it: it has the secret. */
function configurationFile(args: Coturn): HostFile {
  const secret = { kind: "shared-secret", name: turnSecret } as const;
  const content = template(notice, configuration(args), "static-auth-secret=", secret, "\n");
  return { path: configPath, mode: "0640", owner: "root:turnserver", content, secret: true };
}

function listens(p2p: TowerConfig["p2p"]): ListenPlan[] {
  const listen = (protocol: "tcp" | "udp", port: number, reason: string): ListenPlan => ({
    protocol,
    ports: { from: port, to: port },
    from: [],
    reason,
  });
  return [
    listen("udp", turnPort, "STUN and TURN (P2P)"),
    listen("tcp", turnPort, "TURN (P2P relay)"),
    listen("tcp", turnsPort, "TURNS (TLS relay)"),
    listen("udp", turnsPort, "TURNS (DTLS relay)"),
    { protocol: "udp", ports: relayPorts(p2p), from: [], reason: "TURN's relay ports" },
  ];
}

export function coturn(args: Coturn): GenerationPart {
  const { key, hostname, address, p2p } = args;
  const signed = certificate(key, {
    name: "turn",
    ...tls,
    keyOwner: "root:turnserver",
    dnsNames: [`turn.${p2p.domain}`, `stun.${p2p.domain}`, hostname],
    addresses: [...new Set([address, ...(p2p.publicAddress === undefined ? [] : [p2p.publicAddress])])],
    usages: ["server"],
  });
  return {
    packages: ["coturn"],
    files: [
      configurationFile(args),
      plainFile(
        `/etc/systemd/system/${unit}.d/blackroad.conf`,
        notice,
        "[Service]\nRestart=always\nRestartSec=5\n",
      ),
      ...(signed.files ?? []),
    ],
    certificates: signed.certificates ?? [],
    listens: listens(p2p),
    services: [{ unit, reload: [], restart: [configPath, tls.certificatePath, tls.keyPath] }],
  };
}
