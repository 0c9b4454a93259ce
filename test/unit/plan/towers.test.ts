/** What is on towers, their gateway and their storage: values where the document states them, files under snapshot. */
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { HostPlan } from "../../../components/plan/model.ts";
import { symbolsOf } from "../../../components/plan/render.ts";
import { generationText, hostOf, planOf } from "./subject.ts";
import { modes, planWith, textOf, towerWith } from "./towers.ts";

const prod = planOf("prod");
const node = hostOf(prod, "coral-reef/node-1");
const gateway = hostOf(prod, "coral-reef/gateway");
const storage = hostOf(prod, "coral-reef/storage");
const server = towerWith(modes.server);
const hub = towerWith(modes.p2p_hub);
const local = towerWith(modes.local);

function interfacesOf({ generation }: HostPlan): unknown[] {
  return generation.interfaces.map(({ name, addresses, mtu, vlan, gateway: via }) => [
    name,
    addresses.join(),
    mtu,
    vlan === undefined ? undefined : `${vlan.link}.${vlan.id}`,
    via,
  ]);
}

/** The rules of a chain that name a port or everything, without the words that all have. */
function rulesOf({ generation }: HostPlan, chain: string): string[] {
  return (generation.chains.find(({ name }) => name === chain)?.rules ?? [])
    .filter((rule) => rule.includes("dport") || rule.includes("l4proto udp") || rule.includes("oifname"))
    .map((rule) => rule.replace(/ accept| ct state new/g, ""));
}

const unitsOf = ({ generation }: HostPlan): string[] => generation.services.map(({ unit }) => unit);

describe("links", () => {
  it("are VLANs of the document's tags on a node, with jumbo frames for the cluster", () => {
    expect(interfacesOf(node)).toEqual([
      ["eth0", "", 9000, undefined, undefined],
      ["eth2", "", 1500, undefined, undefined],
      ["vlan10", "10.64.10.10/24", 1500, "eth2.10", "10.64.10.1"],
      ["vlan20", "10.64.20.10/24", 1500, "eth0.20", undefined],
      ["vlan30", "10.64.30.10/24", 9000, "eth0.30", undefined],
      ["vlan40", "10.64.40.10/24", 1500, "eth0.40", undefined],
    ]);
  });

  it("answer clients of a node by the API's VLAN, whatever its default route is", () => {
    const script = textOf(node, "/usr/local/lib/blackroad/answers");
    expect(script).toContain("ip route replace default via 10.64.20.1 dev vlan20 src 10.64.20.10 table 20\n");
    expect(script).toContain("ip rule add priority 10020 from 10.64.20.10 lookup 20\n");
  });

  it("of storage and gateway are in the VLANs that they serve, and in no other", () => {
    expect(interfacesOf(storage)).toEqual([
      ["eth0", "", 1500, undefined, undefined],
      ["vlan10", "10.64.10.5/24", 1500, "eth0.10", "10.64.10.1"],
      ["vlan40", "10.64.40.5/24", 1500, "eth0.40", undefined],
    ]);
    expect(interfacesOf(gateway)).toEqual([
      ["eth0", "10.64.0.2/24", undefined, undefined, "10.64.0.1"],
      ["eth1", "", 1500, undefined, undefined],
      ["vlan10", "10.64.10.1/24", 1500, "eth1.10", undefined],
      ["vlan20", "10.64.20.1/24", 1500, "eth1.20", undefined],
    ]);
  });

  it("keep a server's management apart, although both addresses are of one network", () => {
    expect(interfacesOf(server)).toEqual([
      ["eth1", "192.168.1.100/24", undefined, undefined, "192.168.1.1"],
      ["eth2", "", 1500, undefined, undefined],
      ["vlan10", "192.168.1.101/32", undefined, "eth2.10", undefined],
    ]);
    expect(textOf(server, "/usr/local/lib/blackroad/answers")).toContain(
      "ip route replace 192.168.1.0/24 dev vlan10 src 192.168.1.101 table 10\n",
    );
    expect(server.generation.sysctls).toMatchObject({ "net.ipv4.conf.all.arp_ignore": "1" });
  });

  it("are the cable to the workstation and the console on every tower", () => {
    for (const tower of [node, local, server, hub]) {
      const script = textOf(tower, "/usr/local/lib/blackroad/usb-gadget");
      expect(script).toContain("mkdir -p functions/ncm.usb0 functions/acm.console\n");
      expect(script).toContain('ip address replace 172.30.55.1/24 dev "$link"\n');
      expect(unitsOf(tower)).toContain("coral-reef-usb.target");
    }
  });

  it("are an access point where one is wished for, with a password that the program makes", () => {
    const tower = towerWith({ ...modes.local, wifi: { ssid: "reef", country: "DE" } });
    const file = tower.generation.files.find(({ path }) => path === "/etc/coral-reef/wifi.conf");
    expect(file).toMatchObject({ mode: "0600", secret: true });
    expect(symbolsOf(file?.content ?? [])).toEqual([{ kind: "shared-secret", name: "wifi_password" }]);
    expect(textOf(tower, "/etc/coral-reef/addresses.conf")).toContain("interface=wlan0\n");
    expect(unitsOf(local)).not.toContain("coral-reef-wifi.target");
  });
});

describe("etcd", () => {
  it("has three members that trust each other's certificates alone", () => {
    const config = parse(textOf(node, "/etc/etcd/etcd.yml")) as Record<string, unknown>;
    const trust = {
      "cert-file": "/etc/etcd/etcd.crt",
      "key-file": "/etc/etcd/etcd.key",
      "trusted-ca-file": "/etc/etcd/ca.crt",
      "client-cert-auth": true,
    };
    expect(config).toMatchObject({
      name: "node-1",
      "initial-cluster":
        "node-1=https://10.64.30.10:2380,node-2=https://10.64.30.11:2380,node-3=https://10.64.30.12:2380",
      "client-transport-security": trust,
      "peer-transport-security": trust,
    });
    expect(JSON.stringify(config)).not.toContain("http://10.64.30.");
    expect(node.generation.certificates.find(({ name }) => name === "etcd")).toEqual({
      name: "etcd",
      keyPath: "/etc/etcd/etcd.key",
      keyOwner: "root:etcd",
      certificatePath: "/etc/etcd/etcd.crt",
      dnsNames: ["node-1.coral-reef"],
      addresses: ["10.64.30.10", "127.0.0.1"],
      usages: ["server", "client"],
    });
  });

  it("is on no tower of another mode", () => {
    for (const tower of [local, server, hub]) expect(tower.generation.packages).not.toContain("etcd-server");
  });
});

describe("HAProxy in front of the cluster", () => {
  const text = textOf(gateway, "/etc/haproxy/haproxy.cfg");

  it("has the document's weights, algorithm, health check and affinities", () => {
    const servers = [...text.matchAll(/^ +server (\S+) (\S+) check weight (\d+) cookie (\S+)$/gm)];
    expect(servers.map((match) => match.slice(1))).toEqual([
      ["node-1", "10.64.20.10:8080", "100", "node-1"],
      ["node-2", "10.64.20.11:8080", "100", "node-2"],
      ["node-3", "10.64.20.12:8080", "50", "node-3"],
    ]);
    for (const line of [
      "balance leastconn",
      "option httpchk GET /health",
      "default-server inter 5s fall 3 rise 2",
      "cookie CORAL_REEF_NODE insert indirect nocache httponly",
      "stick on req.hdr(X-Session-ID)",
    ]) {
      expect(text).toContain(`    ${line}\n`);
    }
  });

  it("speaks TLS 1.3 alone, with the document's suites in its order", () => {
    expect(text).toContain(
      "ssl-min-ver TLSv1.3 ciphersuites TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256\n",
    );
  });
});

describe("the rack's gateway", () => {
  it("passes on management, clients and updates, and nothing else", () => {
    const forward = gateway.generation.chains.find(({ name }) => name === "forward");
    expect(forward?.hook?.policy).toBe("drop");
    expect(forward?.rules.map((rule) => rule.replace(/ accept.*/, "")).sort()).toEqual([
      "ct state established,related",
      'iifname "vlan10" oifname "eth0" ip saddr 10.64.10.0/24',
      'iifname "wg0" oifname != "wg0" ip saddr { 10.0.0.0/16, 10.1.0.0/16, 10.200.0.0/24 } ip daddr 10.64.20.0/24',
      'iifname "wg0" oifname != "wg0" ip saddr { 10.200.0.1, 10.200.0.2 } ip daddr 10.64.10.0/24',
    ]);
  });
});

describe("coturn", () => {
  const text = textOf(hub, "/etc/turnserver.conf");

  it("takes credentials for a time only, made from the secret that it shares with the gateway", () => {
    const file = hub.generation.files.find(({ path }) => path === "/etc/turnserver.conf");
    expect(file).toMatchObject({ mode: "0640", owner: "root:turnserver", secret: true });
    expect(text).toContain("\nuse-auth-secret\nstatic-auth-secret=<shared secret turn_secret>\n");
    expect(text).not.toMatch(/^user=/m);
    expect(textOf(hub, "/etc/coral-reef/environment")).toContain("TURN_SECRET=<shared secret turn_secret>\n");
  });

  it("relays to no private network but those that are meant", () => {
    const denied = [...text.matchAll(/^denied-peer-ip=(\S+)$/gm)].map((match) => match[1]);
    for (const range of [
      "10.0.0.0-10.255.255.255",
      "172.16.0.0-172.31.255.255",
      "192.168.0.0-192.168.255.255",
      "127.0.0.0-127.255.255.255",
      "169.254.0.0-169.254.255.255",
      "100.64.0.0-100.127.255.255",
    ]) {
      expect(denied).toContain(range);
    }
    expect(text).not.toContain("allowed-peer-ip");
    const open = towerWith({ mode: "p2p_hub", p2p: { relayTo: ["192.168.1.0/24"] } });
    expect(textOf(open, "/etc/turnserver.conf")).toContain("allowed-peer-ip=192.168.1.0-192.168.1.255\n");
  });

  it("names its public address where its router forwards to it", () => {
    const forwarded = towerWith({ mode: "p2p_hub", p2p: { publicAddress: "203.0.113.9" } });
    expect(textOf(forwarded, "/etc/turnserver.conf")).toContain(
      "external-ip=203.0.113.9/192.168.1.100\nmin-port=49152\nmax-port=65535\n",
    );
    expect(text).not.toContain("external-ip");
  });
});

describe("the firewall", () => {
  it("has the document's inbound table on a hub, and its relay ports", () => {
    expect(rulesOf(hub, "input")).toEqual([
      "ip saddr { 10.200.0.1, 10.200.0.2, 172.30.55.0/24, 192.168.1.0/24 } tcp dport 22 goto ssh",
      'udp dport 67 comment "DHCP: who asks for an address has none"',
      'tcp dport 3478 comment "TURN (P2P relay)"',
      'udp dport 3478 comment "STUN and TURN (P2P)"',
      'tcp dport 5349 comment "TURNS (TLS relay)"',
      'udp dport 5349 comment "TURNS (DTLS relay)"',
      'ip saddr { 10.0.0.0/16, 10.1.0.0/16, 10.200.0.0/24, 172.30.55.0/24, 192.168.1.0/24 } tcp dport 8080 comment "API (HTTP/WS)"',
      'ip saddr { 10.0.0.0/16, 10.1.0.0/16, 10.200.0.0/24, 172.30.55.0/24, 192.168.1.0/24 } tcp dport 8443 comment "API (HTTPS/WSS)"',
      'ip saddr { 10.200.0.1, 10.200.0.2, 172.30.55.0/24, 192.168.1.0/24 } tcp dport 9090 comment "Prometheus metrics"',
      'ip saddr { 10.0.0.0/8, 192.168.0.0/16 } tcp dport 9100 comment "node exporter"',
      'udp dport 49152-65535 comment "TURN\'s relay ports"',
    ]);
  });

  it("has the document's outbound table, and WebRTC's row on a hub alone", () => {
    const table = [
      'oifname "lo"',
      'tcp dport 443 comment "HTTPS (updates, APIs)"',
      'tcp dport 80 comment "Debian packages"',
      'ip daddr { 1.1.1.1, 8.8.8.8 } udp dport 53 comment "DNS resolution"',
      'ip daddr { 1.1.1.1, 8.8.8.8 } tcp dport 53 comment "DNS resolution"',
      'udp dport 123 comment "Time sync"',
    ];
    const webRtc = 'meta l4proto udp comment "WebRTC (dynamic)"';
    expect(rulesOf(hub, "output").slice(0, 7)).toEqual([...table, webRtc]);
    expect(rulesOf(node, "output").slice(0, 6)).toEqual(table);
    for (const tower of [node, local, server]) expect(rulesOf(tower, "output")).not.toContain(webRtc);
    const output = node.generation.chains.find(({ name }) => name === "output");
    expect(output?.hook?.policy).toBe("drop");
    expect(output?.rules.at(-1)).toBe("reject with icmpx admin-prohibited");
  });

  it("lets a node reach what the plan has for it, each at its address", () => {
    expect(rulesOf(node, "output")).toContain(
      'ip daddr { 10.64.30.11, 10.64.30.12 } tcp dport 2379-2380 comment "etcd\'s other members"',
    );
    expect(rulesOf(node, "output")).toContain('ip daddr 10.64.40.5 tcp dport 2049 comment "NFS"');
    expect(rulesOf(storage, "input")).toContain(
      'ip saddr { 10.64.40.10, 10.64.40.11, 10.64.40.12 } tcp dport 2049 comment "NFS"',
    );
  });

  it("is open to nobody but the cable and the LAN in local mode", () => {
    expect(rulesOf(local, "input")).toContain(
      'ip saddr { 172.30.55.0/24, 192.168.1.0/24 } tcp dport 8080 comment "API (HTTP/WS)"',
    );
  });
});

describe("Prometheus", () => {
  interface Config {
    readonly scrape_configs: readonly {
      readonly job_name: string;
      readonly scheme?: string;
      readonly static_configs: readonly { readonly targets: readonly string[] }[];
    }[];
  }

  const targetsOf = (host: HostPlan): Record<string, string[]> => {
    const config = parse(textOf(host, "/etc/prometheus/prometheus.yml")) as Config;
    return Object.fromEntries(
      config.scrape_configs.map(({ job_name: job, static_configs: configs }) => [
        job,
        configs.flatMap(({ targets }) => targets),
      ]),
    );
  };

  const listensAt = (plan: typeof prod): Set<string> =>
    new Set(
      plan.hosts
        .filter(({ site }) => site === "coral-reef")
        .flatMap(({ generation }) => generation.listens.map(({ ports }) => String(ports.from))),
    );

  it("watches everything of the rack, on ports on which something listens", () => {
    const targets = targetsOf(node);
    expect(targets).toEqual({
      etcd: ["10.64.10.10:2381", "10.64.10.11:2381", "10.64.10.12:2381"],
      gateway: ["10.64.20.10:8080", "10.64.20.11:8080", "10.64.20.12:8080"],
      haproxy: ["10.64.10.1:8404"],
      node: [
        "10.64.10.10:9100",
        "10.64.10.11:9100",
        "10.64.10.12:9100",
        "10.64.10.5:9100",
        "10.200.0.20:9100",
      ],
      prometheus: ["10.64.10.10:9090", "10.64.10.11:9090", "10.64.10.12:9090"],
    });
    const ports = Object.values(targets)
      .flat()
      .map((target) => target.split(":")[1]);
    for (const port of ports) expect(listensAt(prod)).toContain(port);
  });

  it("watches a tower that stands alone, over TLS where its API speaks nothing else", () => {
    expect(targetsOf(server)).toEqual({
      gateway: ["192.168.1.100:8080"],
      node: ["192.168.1.101:9100"],
      prometheus: ["192.168.1.101:9090"],
    });
    const { scrape_configs: jobs } = parse(textOf(server, "/etc/prometheus/prometheus.yml")) as Config;
    expect(jobs.find(({ job_name: job }) => job === "gateway")?.scheme).toBe("https");
  });

  it("complains about the cluster on its nodes alone", () => {
    const path = "/etc/prometheus/coral-reef.rules.yml";
    expect(textOf(node, path)).toContain("alert: EtcdHasNoLeader");
    expect(textOf(node, path)).toContain('host=~"node-1|node-2|node-3"');
    expect(textOf(server, path)).not.toMatch(/Etcd|SharedStorage/);
    expect(textOf(hub, path)).toContain("alert: RelayedSyncStands");
  });
});

describe("shared storage", () => {
  const iscsi = planWith(["sites coral-reef rack storage type", "iscsi"]);

  it("is exported by NFS to the towers alone, in the storage's VLAN", () => {
    const text = textOf(storage, "/etc/ganesha/ganesha.conf");
    expect(text).toContain("    Bind_addr = 10.64.40.5;\n");
    expect(text).toContain("        Clients = 10.64.40.10, 10.64.40.11, 10.64.40.12;\n");
    expect(textOf(node, "/etc/systemd/system/srv-shared.mount")).toContain(
      "What=10.64.40.5:/coral-reef/shared\nWhere=/srv/shared\nType=nfs4\n",
    );
  });

  it("does not fail a host's change when the storage does not answer", () => {
    expect(unitsOf(node)).toContain("coral-reef-storage.target");
    expect(unitsOf(node)).not.toContain("srv-shared.mount");
    expect(textOf(node, "/etc/systemd/system/coral-reef-storage.target")).toContain(
      "\nWants=srv-shared.mount\n",
    );
  });

  it("is a disk of each tower's own by iSCSI", () => {
    const text = textOf(hostOf(iscsi, "coral-reef/storage"), "/etc/tgt/conf.d/coral-reef.conf");
    expect([...text.matchAll(/^<target (\S+)>$/gm)].map((match) => match[1])).toEqual(
      ["node-1", "node-2", "node-3"].map((name) => `iqn.2026-01.io.blackroad:coral-reef-prod.${name}`),
    );
    const mount = textOf(hostOf(iscsi, "coral-reef/node-2"), "/etc/systemd/system/srv-shared.mount");
    expect(mount).toContain(
      "What=/dev/disk/by-path/ip-10.64.40.5:3260-iscsi-iqn.2026-01.io.blackroad:coral-reef-prod.node-2-lun-1\n",
    );
  });
});

describe("the stand-in", () => {
  const path = "/etc/nginx/nginx.conf";

  it("says on every tower that it is one", () => {
    for (const tower of [node, local, server, hub]) {
      const text = textOf(tower, path);
      expect(text).toContain(`"service":"coral-reef gateway","standIn":true,"host":"${tower.hostname}"`);
      expect(text).toContain("coral_reef_stand_in 1");
    }
  });

  it("keeps to the rate limit in server mode, and speaks TLS on 8080 there", () => {
    expect(textOf(server, path)).toContain("rate=60r/m;");
    expect(textOf(server, path)).toContain("limit_req zone=clients burst=10 nodelay;");
    expect(textOf(server, path)).toContain("listen 8080 ssl http2 default_server;");
    for (const tower of [node, local, hub]) {
      expect(textOf(tower, path)).not.toContain("limit_req");
      expect(textOf(tower, path)).toContain("listen 8080 default_server;");
    }
  });
});

describe("a tower that stands alone", () => {
  it.each([
    ["local", local],
    ["server", server],
    ["p2p_hub", hub],
  ] as const)("has this on it in %s mode", (_, tower) => {
    expect(generationText(tower)).toMatchSnapshot();
  });

  it("by iSCSI, node and storage have this on them", () => {
    const iscsi = planWith(["sites coral-reef rack storage type", "iscsi"]);
    for (const key of ["coral-reef/node-1", "coral-reef/storage"]) {
      expect(generationText(hostOf(iscsi, key))).toMatchSnapshot();
    }
  });
});
