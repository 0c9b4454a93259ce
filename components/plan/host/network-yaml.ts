/**
 * A tower's `network.yaml`: what the gateway on it reads. Keys, their order and what is literal are the Coral-Reef
 * document's ("Deployment Modes"); docs/towers.md has what differs.
 */
import { stringify } from "yaml";
import type { TowerConfig } from "../../config/schema.ts";
import type { GenerationPart } from "../generation.ts";
import { notice, plainFile, rootFile } from "./file.ts";

export const configurationFolder = "/etc/coral-reef";

/** Where the gateway finds the values of `${…}` in network.yaml, as its unit's environment. */
export const environmentPath = `${configurationFolder}/environment`;

/** Name of the secret that TURN and the gateway share. */
export const turnSecret = "turn_secret";

export const apiPort = 8080;

/** The document's path; the key lies beside it. */
export const certificatePath = `${configurationFolder}/certs/server.crt`;
export const keyPath = `${configurationFolder}/certs/server.key`;

export interface LocalMode {
  readonly mode: "local";
  readonly address: string;
}

export interface ServerMode {
  readonly mode: "server";
  readonly address: string;
  readonly gateway: string;
  readonly management: TowerConfig["management"];
  readonly rateLimit: TowerConfig["rateLimit"];
}

export interface ClusterMode {
  readonly mode: "cluster";
  readonly cluster: string;
  /** Its own name. */
  readonly node: string;
  /** `host:port` of each member of etcd. */
  readonly etcd: readonly string[];
  /** Names, and addresses on which they serve clients. */
  readonly nodes: readonly { readonly name: string; readonly address: string }[];
  readonly address: string;
  readonly clusterAddress: string;
  readonly clusterMtu: number;
  readonly storage: { readonly type: string; readonly server: string; readonly path: string };
}

export interface HubMode {
  readonly mode: "p2p_hub";
  readonly p2p: TowerConfig["p2p"];
}

export type TowerMode = LocalMode | ServerMode | ClusterMode | HubMode;

function local({ address }: LocalMode): object {
  return {
    mode: "local",
    interfaces: {
      primary: { type: "usb", speed: "5gbps" },
      secondary: { type: "ethernet", ip: address, dhcp: false },
    },
    firewall: { enabled: true, allow_local_only: true },
  };
}

function server({ address, gateway, management, rateLimit }: ServerMode): object {
  return {
    mode: "server",
    interfaces: {
      primary: { type: "ethernet", ip: address, dhcp: false, gateway },
      ...(management === undefined
        ? {}
        : { management: { type: "ethernet", ip: management.address, vlan: management.vlan } }),
    },
    api: { bind: "0.0.0.0", port: apiPort, tls: true, cert: certificatePath },
    rate_limiting: { requests_per_minute: rateLimit.requestsPerMinute, burst: rateLimit.burst },
  };
}

function cluster(args: ClusterMode): object {
  return {
    mode: "cluster",
    cluster: {
      name: args.cluster,
      node_id: args.node,
      discovery: `etcd://${args.etcd.join(",")}`,
      nodes: args.nodes.map(({ name, address }) => ({ id: name, ip: address })),
    },
    interfaces: {
      primary: { type: "ethernet", ip: args.address, speed: "10gbps" },
      cluster: { type: "ethernet", ip: args.clusterAddress, speed: "10gbps", mtu: args.clusterMtu },
    },
    shared_storage: { type: args.storage.type, server: args.storage.server, path: args.storage.path },
  };
}

export const turnPort = 3478;

function hub({ p2p }: HubMode): object {
  const turn = `turn.${p2p.domain}:${turnPort}`;
  return {
    mode: "p2p_hub",
    p2p: {
      enabled: true,
      stun_server: `stun.${p2p.domain}:${turnPort}`,
      turn_server: turn,
      turn_secret: "${TURN_SECRET}",
      ice_servers: [
        ...p2p.stunServers.map((name) => ({ url: `stun:${name}` })),
        { url: `turn:${turn}`, username: "coral", credential: "${TURN_CREDENTIAL}" },
      ],
    },
    share_codes: { enabled: true, expiry: p2p.shareCodes.expiry, max_peers: p2p.shareCodes.maxPeers },
    sync: p2p.sync,
    encryption: { protocol: "noise_ik", key_exchange: "x25519" },
  };
}

/** The text of network.yaml. */
export function networkYaml(mode: TowerMode): string {
  return stringify(contentOf(mode), { lineWidth: 0 });
}

function contentOf(mode: TowerMode): object {
  switch (mode.mode) {
    case "local":
      return local(mode);
    case "server":
      return server(mode);
    case "cluster":
      return cluster(mode);
    case "p2p_hub":
      return hub(mode);
  }
}

/** network.yaml, and beside it the one secret that it names. */
export function networkConfiguration(mode: TowerMode): GenerationPart {
  const file = plainFile(`${configurationFolder}/network.yaml`, notice, networkYaml(mode));
  if (mode.mode !== "p2p_hub") return { files: [file] };
  const secret = { kind: "shared-secret", name: turnSecret } as const;
  const environment = rootFile(environmentPath, notice, "TURN_SECRET=", secret, "\n");
  return { files: [file, { ...environment, secret: true }] };
}
