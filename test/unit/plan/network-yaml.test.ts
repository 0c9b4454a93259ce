/** A tower's network.yaml against the Coral-Reef document's own examples, key by key and value by value. */
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { networkYaml, type TowerMode } from "../../../components/plan/host/network-yaml.ts";
import { hostOf, planOf } from "./subject.ts";
import { modes, textOf, towerWith } from "./towers.ts";

/** The document's, as they stand there ("Deployment Modes"). */
const documents = {
  local: `
mode: local
interfaces:
  primary:
    type: usb
    speed: 5gbps
  secondary:
    type: ethernet
    ip: 192.168.1.100
    dhcp: false
firewall:
  enabled: true
  allow_local_only: true
`,
  server: `
mode: server
interfaces:
  primary:
    type: ethernet
    ip: 192.168.1.100
    dhcp: false
    gateway: 192.168.1.1
  management:
    type: ethernet
    ip: 192.168.1.101
    vlan: 10  # Separate management VLAN
api:
  bind: 0.0.0.0
  port: 8080
  tls: true
  cert: /etc/coral-reef/certs/server.crt
rate_limiting:
  requests_per_minute: 60
  burst: 10
`,
  p2p_hub: `
mode: p2p_hub
p2p:
  enabled: true
  stun_server: stun.coral-reef.local:3478
  turn_server: turn.coral-reef.local:3478
  turn_secret: \${TURN_SECRET}
  ice_servers:
    - url: stun:stun.l.google.com:19302
    - url: turn:turn.coral-reef.local:3478
      username: coral
      credential: \${TURN_CREDENTIAL}
share_codes:
  enabled: true
  expiry: 24h
  max_peers: 10
sync:
  memories: true
  conversations: true
  documents: false  # Opt-in for documents
encryption:
  protocol: noise_ik
  key_exchange: x25519
`,
};

const cluster = `
mode: cluster
cluster:
  name: coral-reef-prod
  node_id: node-1
  discovery: etcd://10.0.0.5:2379
  nodes:
    - id: node-1
      ip: 10.0.1.10
    - id: node-2
      ip: 10.0.1.11
    - id: node-3
      ip: 10.0.1.12
interfaces:
  primary:
    type: ethernet
    ip: 10.0.1.10
    speed: 10gbps
  cluster:
    type: ethernet
    ip: 10.0.2.10
    speed: 10gbps
    mtu: 9000  # Jumbo frames
shared_storage:
  type: nfs
  server: 10.0.3.5
  path: /coral-reef/shared
`;

/** Keys and values with their order, which `toEqual` does not look at. */
const ordered = (text: string): string => JSON.stringify(parse(text), null, 1);

const path = "/etc/coral-reef/network.yaml";

describe("network.yaml", () => {
  it.each(["local", "server", "p2p_hub"] as const)("is the document's in %s mode", (mode) => {
    expect(ordered(textOf(towerWith(modes[mode]), path))).toBe(ordered(documents[mode]));
  });

  it("is the document's in cluster mode, given its addresses", () => {
    const mode: TowerMode = {
      mode: "cluster",
      cluster: "coral-reef-prod",
      node: "node-1",
      etcd: ["10.0.0.5:2379"],
      nodes: ["10.0.1.10", "10.0.1.11", "10.0.1.12"].map((address, index) => ({
        name: `node-${index + 1}`,
        address,
      })),
      address: "10.0.1.10",
      clusterAddress: "10.0.2.10",
      clusterMtu: 9000,
      storage: { type: "nfs", server: "10.0.3.5", path: "/coral-reef/shared" },
    };
    expect(ordered(networkYaml(mode))).toBe(ordered(cluster));
  });

  it("has the rack's own addresses in prod, and nothing else that differs", () => {
    const moved = cluster
      .replace("etcd://10.0.0.5:2379", "etcd://10.64.30.10:2379,10.64.30.11:2379,10.64.30.12:2379")
      .replaceAll("10.0.1.", "10.64.20.")
      .replaceAll("10.0.2.", "10.64.30.")
      .replaceAll("10.0.3.", "10.64.40.");
    const plan = planOf("prod");
    for (const [name, last] of [
      ["node-1", "10"],
      ["node-2", "11"],
      ["node-3", "12"],
    ] as const) {
      const own = moved
        .replace("node_id: node-1", `node_id: ${name}`)
        .replace(/(interfaces:[^]*?ip: 10\.64\.20\.)10/, `$1${last}`)
        .replace("ip: 10.64.30.10", `ip: 10.64.30.${last}`);
      expect(ordered(textOf(hostOf(plan, `coral-reef/${name}`), path))).toBe(ordered(own));
    }
  });

  it("has the configuration's values in the places of the document's", () => {
    const rateLimit = { requestsPerMinute: 120, burst: 0 };
    const server = textOf(towerWith({ mode: "server", rateLimit }), path);
    expect(parse(server)).toMatchObject({ rate_limiting: { requests_per_minute: 120, burst: 0 } });
    expect(server).not.toContain("management");
    const p2p = { domain: "reef.example", shareCodes: { expiry: "1h" }, sync: { documents: true } };
    expect(parse(textOf(towerWith({ mode: "p2p_hub", p2p }), path))).toMatchObject({
      p2p: { stun_server: "stun.reef.example:3478", turn_server: "turn.reef.example:3478" },
      share_codes: { expiry: "1h", max_peers: 10 },
      sync: { memories: true, documents: true },
    });
  });
});
