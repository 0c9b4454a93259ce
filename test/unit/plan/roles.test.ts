/** What roles put on hosts: the network guide's values one by one, and what follows from the rest of the plan. */
import { describe, expect, it } from "vitest";
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import type { ChainPlan } from "../../../components/plan/generation.ts";
import type { NetworkPlan } from "../../../components/plan/model.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { changed, type Change } from "../config/subject.ts";
import { renderTemplate } from "../../../components/plan/render.ts";
import { hostOf, namedSymbol, planOf } from "./subject.ts";

const prod = planOf("prod");
const planWith = (...changes: readonly Change[]): NetworkPlan =>
  planNetwork(parseNetworkConfig(changed(...changes)), "prod");

/** The text of a host's file. */
function fileText(plan: NetworkPlan, host: string, path: string): string {
  const file = hostOf(plan, host).generation.files.find((candidate) => candidate.path === path);
  if (file === undefined) throw new Error(`${host} has no file ${path}`);
  return renderTemplate(file.content, namedSymbol);
}

/** The lines of a text without what indents them. */
const trimmed = (text: string): string[] => text.split("\n").map((line) => line.trim());

/** The text between a line that begins a block and the line that ends it, at the same depth. */
function block(text: string, begin: string, end: RegExp): string[] {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.trim() === begin);
  if (first === -1) throw new Error(`there is no line ${begin}`);
  const length = lines.slice(first + 1).findIndex((line) => end.test(line));
  return trimmed(lines.slice(first + 1, first + 1 + length).join("\n")).filter((line) => line !== "");
}

describe("nginx in front of the API", () => {
  const text = fileText(prod, "us-west/lb-1", "/etc/nginx/nginx.conf");
  const inside = (begin: string): string[] => block(text, begin, /^ {4}\}$|^ {8}\}$/);

  it("has the guide's upstreams, with the plan's hosts", () => {
    expect(inside("upstream blackroad_api {")).toEqual([
      "least_conn;",
      "server 10.0.10.11:8080 weight=5;",
      "server 10.0.10.12:8080 weight=5;",
      "server 10.0.10.13:8080 weight=5;",
      "keepalive 32;",
    ]);
    expect(inside("upstream blackroad_websocket {")).toEqual([
      "ip_hash;  # one client, one server",
      "server 10.0.10.11:8081;",
      "server 10.0.10.12:8081;",
      "server 10.0.10.13:8081;",
    ]);
  });

  it("has the guide's server, headers and time-outs", () => {
    expect(trimmed(text)).toEqual(
      expect.arrayContaining([
        "listen 443 ssl http2 default_server;",
        "server_name api.blackroad.io ws.blackroad.io;",
        "ssl_certificate /etc/ssl/blackroad.crt;",
        "ssl_certificate_key /etc/ssl/blackroad.key;",
        "ssl_protocols TLSv1.2 TLSv1.3;",
        "proxy_http_version 1.1;",
        'proxy_set_header Connection "";',
        "proxy_set_header Host $host;",
        "proxy_set_header X-Real-IP $remote_addr;",
        "proxy_connect_timeout 10s;",
        "proxy_send_timeout 60s;",
        "proxy_read_timeout 300s;",
        "return 301 https://$host$request_uri;",
      ]),
    );
    expect(inside("location /api/ {")).toEqual(["proxy_pass http://blackroad_api;"]);
    expect(inside("location /ws/ {")).toEqual([
      "proxy_pass http://blackroad_websocket;",
      "proxy_set_header Upgrade $http_upgrade;",
      'proxy_set_header Connection "upgrade";',
      "proxy_set_header Host $host;",
      "proxy_set_header X-Real-IP $remote_addr;",
      "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
      "proxy_set_header X-Forwarded-Proto $scheme;",
      "proxy_read_timeout 3600s;",
      "proxy_send_timeout 3600s;",
    ]);
  });
});

describe("HAProxy in front of the API", () => {
  const text = fileText(prod, "us-west/lb-2", "/etc/haproxy/haproxy.cfg");
  const section = (begin: string): string[] => block(text, begin, /^\S/);

  it("has the guide's limits and time-outs", () => {
    expect(section("global")).toEqual(
      expect.arrayContaining(["maxconn 50000", "log stdout format raw local0"]),
    );
    expect(section("defaults")).toEqual(
      expect.arrayContaining(["mode http", "timeout connect 5s", "timeout client 50s", "timeout server 50s"]),
    );
  });

  it("routes as the guide does: upgrades first, then paths", () => {
    expect(section("frontend http_front")).toEqual([
      "bind *:443 ssl crt /etc/ssl/blackroad.pem alpn h2,http/1.1",
      "http-request set-header X-Real-IP %[src]",
      "http-request set-header X-Forwarded-Proto https",
      "default_backend api_servers",
      "# Route based on path",
      "acl is_websocket hdr(Upgrade) -i websocket",
      "acl is_api path_beg /api",
      "use_backend websocket_servers if is_websocket",
      "use_backend api_servers if is_api",
    ]);
  });

  it("has the guide's backends, with the plan's hosts", () => {
    expect(section("backend api_servers")).toEqual([
      "balance leastconn",
      "option httpchk GET /health",
      "option redispatch 1",
      "default-server inter 2s fall 3 rise 2 on-marked-down shutdown-sessions",
      "server api-1 10.0.10.11:8080 check weight 100",
      "server api-2 10.0.10.12:8080 check weight 100",
      "server api-3 10.0.10.13:8080 check weight 100",
    ]);
    expect(section("backend websocket_servers")).toEqual([
      "balance source  # one client, one server",
      "option httpchk GET /health",
      "option redispatch 1",
      "default-server inter 2s fall 3 rise 2 on-marked-down shutdown-sessions",
      "# The time-outs above end a request; this one ends a silent WebSocket.",
      "timeout tunnel 3600s",
      "server api-1 10.0.10.11:8081 check",
      "server api-2 10.0.10.12:8081 check",
      "server api-3 10.0.10.13:8081 check",
    ]);
  });
});

describe("load balancers", () => {
  it("serve all api hosts of their own region, and no others", () => {
    const api = { role: "api", instanceType: "t3.micro", securityGroups: ["internal", "updates"] };
    const plan = planWith(["hosts us-west api-9", { ...api, address: "10.0.11.20" }]);
    expect(fileText(plan, "us-west/lb-1", "/etc/nginx/nginx.conf")).toContain("10.0.11.20:8080 weight=5;");
    expect(fileText(plan, "us-west/lb-2", "/etc/haproxy/haproxy.cfg")).toContain(
      "server api-9 10.0.11.20:8081 check\n",
    );
    expect(fileText(plan, "eu-west/lb-1", "/etc/nginx/nginx.conf")).not.toContain("10.0.");
  });

  it("have certificates for each other's names, so that one can stand in for another", () => {
    const names = (key: string) => hostOf(prod, key).generation.certificates.map(({ dnsNames }) => dnsNames);
    expect(names("us-west/lb-1")).toEqual([["api.blackroad.io", "ws.blackroad.io", "lb-1.us-west"]]);
    expect(names("us-west/lb-2")).toEqual([["api.blackroad.io", "ws.blackroad.io", "lb-2.us-west"]]);
    expect(names("eu-west/lb-1")).toEqual([["api.blackroad.io", "lb-1.eu-west"]]);
  });

  it("take up a new certificate by a reload", () => {
    for (const key of ["us-west/lb-1", "us-west/lb-2"]) {
      const { services, certificates } = hostOf(prod, key).generation;
      const watched = services.flatMap(({ reload }) => reload);
      for (const { certificatePath, keyPath } of certificates) {
        expect(watched).toEqual(expect.arrayContaining([certificatePath, keyPath]));
      }
    }
  });
});

function chainOf(plan: NetworkPlan, host: string, name: string): ChainPlan {
  const chain = hostOf(plan, host).generation.chains.find((candidate) => candidate.name === name);
  if (chain === undefined) throw new Error(`${host} has no chain ${name}`);
  return chain;
}

/** The ports that a host's table opens to others than the host itself. */
function openPorts(plan: NetworkPlan, host: string): string[] {
  return chainOf(plan, host, "input").rules.flatMap((rule) => {
    const [, sources, protocol, port] = /^(?:ip saddr (.*) )?(tcp|udp) dport (\S+) accept/.exec(rule) ?? [];
    return protocol === undefined ? [] : [`${port ?? ""}/${protocol} from ${sources ?? "all"}`];
  });
}

const internal = "{ 10.0.0.0/8, 192.168.0.0/16 }";

describe("the firewall", () => {
  it.each(prod.hosts.map(({ key }) => key))("of %s drops what it does not know", (key) => {
    for (const name of ["input", "forward"]) {
      expect(chainOf(prod, key, name).hook).toMatchObject({ type: "filter", at: name, policy: "drop" });
    }
  });

  it("opens what is on each host, to whom it is meant for", () => {
    expect(openPorts(prod, "us-west/hub-1")).toEqual([
      "53/tcp from 10.200.0.0/24",
      "53/udp from 10.200.0.0/24",
      "68/udp from 10.0.0.0/16",
      "8888/tcp from { 10.0.20.0/24, 10.0.21.0/24 }",
      `9100/tcp from ${internal}`,
      "51820/udp from all",
    ]);
    expect(openPorts(prod, "us-west/lb-2")).toEqual([
      "68/udp from 10.0.0.0/16",
      "80/tcp from all",
      "443/tcp from all",
      `8404/tcp from ${internal}`,
      `9100/tcp from ${internal}`,
    ]);
    expect(openPorts(prod, "us-west/api-1")).toEqual([
      "68/udp from 10.0.0.0/16",
      "8080/tcp from 10.0.0.0/8",
      "8081/tcp from 10.0.0.0/8",
      `8600/tcp from ${internal}`,
      `8600/udp from ${internal}`,
      `9100/tcp from ${internal}`,
    ]);
    expect(openPorts(prod, "edge-home/lucidia")).toEqual([
      "53/tcp from 192.168.4.0/24",
      "53/udp from 192.168.4.0/24",
      ...[3000, 3001, 8080, 9100, 11434].map((port) => `${port}/tcp from ${internal}`),
    ]);
    expect(openPorts(prod, "edge-home/blackroad-pi")).toEqual([
      "53/tcp from 192.168.4.0/24",
      "53/udp from 192.168.4.0/24",
      `9100/tcp from ${internal}`,
    ]);
  });

  it("opens what units listen on: no port twice, none without a program", () => {
    for (const { key, generation } of prod.hosts) {
      const ports = generation.listens.map(
        ({ protocol, ports: { from, to } }) => `${protocol} ${from}-${to}`,
      );
      expect([key, new Set(ports).size]).toEqual([key, ports.length]);
    }
  });

  it("lets the program in as often as it comes, from wherever each of its paths ends", () => {
    const management = (key: string) => chainOf(prod, key, "ssh").rules[0];
    const accepts = (sources: string) => `ip saddr ${sources} accept comment "management"`;
    expect(management("us-west/hub-1")).toBe(accepts("203.0.113.7/32"));
    expect(management("us-west/api-1")).toBe(accepts("10.0.1.10"));
    expect(management("eu-west/lb-1")).toBe(accepts("10.1.1.10"));
    expect(management("edge-home/lucidia")).toBe(accepts("{ 10.200.0.1, 10.200.0.2 }"));
    // On its other path, and on the way to what has no tunnel, lucidia hides the hubs behind its own address.
    expect(management("edge-home/blackroad-pi")).toBe(accepts("{ 10.200.0.1, 10.200.0.2, 192.168.4.38 }"));
    expect(management("edge-home/lucidia-alt")).toBe(accepts("192.168.4.38"));
    const unmasked = planWith(["wireguard peers edge-home/lucidia masquerade", false]);
    expect(chainOf(unmasked, "edge-home/lucidia-alt", "ssh").rules[0]).toBe(
      accepts("{ 10.200.0.1, 10.200.0.2 }"),
    );
  });

  it("lets in whoever stands on the LAN as well, where the site says so", () => {
    const onSite = planWith(
      ["sites edge-home operators", ["192.168.4.250/32"]],
      ["sites coral-reef operators", ["10.64.10.0/24"]],
    );
    const management = (key: string) => chainOf(onSite, key, "ssh").rules[0];
    expect(management("edge-home/lucidia")).toContain("{ 10.200.0.1, 10.200.0.2, 192.168.4.250/32 } accept");
    expect(management("edge-home/lucidia-alt")).toContain("{ 192.168.4.250/32, 192.168.4.38 } accept");
    expect(management("coral-reef/node-1")).toContain("10.64.10.0/24");
    expect(management("us-west/hub-1")).toBe(chainOf(prod, "us-west/hub-1", "ssh").rules[0]);
  });

  it("names networks that lie within others once, as nft wants it", () => {
    const cidrs = ["203.0.113.0/24", "203.0.113.7/32", "198.51.100.4/32"];
    const plan = planWith(["operator cidrs", cidrs]);
    expect(chainOf(plan, "us-west/hub-1", "ssh").rules[0]).toBe(
      'ip saddr { 198.51.100.4/32, 203.0.113.0/24 } accept comment "management"',
    );
  });

  it("passes on between the VPN and the region or the LAN, and nothing else", () => {
    expect(chainOf(prod, "us-west/hub-1", "forward").rules).toEqual([
      "ct state established,related accept",
      'iifname "wg0" oifname != "wg0" ip saddr { 10.200.0.10/32, 10.200.0.11/32, 10.200.0.20/32, 10.64.0.0/16, 192.168.4.0/24 } ip daddr 10.0.0.0/16 accept comment "the VPN to the region"',
      'iifname != "wg0" oifname "wg0" ip saddr 10.0.0.0/16 ip daddr { 10.200.0.10/32, 10.200.0.11/32, 10.200.0.20/32, 10.64.0.0/16, 192.168.4.0/24 } accept comment "the region to the VPN"',
    ]);
    const inwards =
      'iifname "wg0" oifname != "wg0" ip saddr { 10.0.0.0/16, 10.1.0.0/16, 10.200.0.1/32, 10.200.0.2/32 } ip daddr 192.168.4.0/24 accept comment "the VPN to the LAN"';
    expect(chainOf(prod, "edge-home/lucidia", "forward").rules).toEqual([
      "ct state established,related accept",
      inwards,
    ]);
    const unmasked = planWith(["wireguard peers edge-home/lucidia masquerade", false]);
    expect(chainOf(unmasked, "edge-home/lucidia", "forward").rules).toHaveLength(3);
    for (const key of ["edge-home/blackroad-pi", "us-west/api-1", "us-west/lb-1"]) {
      expect([key, chainOf(prod, key, "forward").rules]).toEqual([key, []]);
    }
  });
});

describe("machines at a site", () => {
  it("have the guide's static address on the interface that the configuration names", () => {
    const [lan] = hostOf(prod, "edge-home/lucidia").generation.interfaces;
    expect(lan).toMatchObject({
      name: "eth0",
      addresses: ["192.168.4.38/24"],
      gateway: "192.168.4.1",
      nameservers: ["1.1.1.1", "8.8.8.8"],
    });
    const plan = planWith(["hosts edge-home lucidia interface", "end0"]);
    expect(hostOf(plan, "edge-home/lucidia").generation.interfaces[0]?.name).toBe("end0");
    expect(hostOf(prod, "us-west/hub-1").generation.interfaces).toEqual([]);
  });

  it("ask for the time through that interface alone, which is not the tunnel's", () => {
    for (const { key, generation, instance } of prod.hosts) {
      const text = fileText(prod, key, "/etc/chrony/chrony.conf");
      const bound = /^bindacqdevice (\S+)$/m.exec(text)?.[1];
      const outwards = generation.interfaces.find(({ gateway }) => gateway !== undefined);
      expect([key, bound]).toEqual([key, outwards?.name]);
      expect([key, text.includes("169.254.169.123")]).toEqual([key, instance !== undefined]);
    }
  });

  it("ask the hubs for names, but the public resolvers for those without which there is no tunnel", () => {
    const zones = (key: string): unknown =>
      fileText(prod, key, "/etc/unbound/unbound.conf")
        .split("forward-zone:\n")
        .slice(1)
        .map((zone) =>
          [...zone.matchAll(/(?:name: |forward-addr: )"?([^"\n]+)"?\n/g)].map((match) => match[1]),
        );
    const outside = ["debian.pool.ntp.org", "vpn-eu.blackroad.io", "vpn.blackroad.io"].map((name) => [
      name,
      "1.1.1.1",
      "8.8.8.8",
    ]);
    expect(zones("edge-home/lucidia")).toEqual([...outside, [".", "10.200.0.2", "10.200.0.1"]]);
    expect(zones("edge-home/lucidia-alt")).toEqual([...outside, [".", "192.168.4.38"]]);
    const own = [".", "1.1.1.1", "8.8.8.8"];
    // Names inside the network are the VPC's resolver's.
    expect(zones("us-west/hub-1")).toEqual([["blackroad.internal", "10.0.0.2"], ["consul", "10.0.0.2"], own]);
    expect(zones("eu-west/hub-1")).toEqual([["blackroad.internal", "10.1.0.2"], ["consul", "10.1.0.2"], own]);
  });
});

describe("every host", () => {
  it("tells Prometheus how it is at its tunnel's address, or its own", () => {
    const listens = prod.hosts.map(({ key }) => {
      const text = fileText(prod, key, "/etc/default/prometheus-node-exporter");
      return [key, /--web\.listen-address=(\S+)/.exec(text)?.[1]];
    });
    expect(Object.fromEntries(listens)).toMatchObject({
      "us-west/hub-1": "10.200.0.1:9100",
      "us-west/lb-2": "10.0.1.30:9100",
      "edge-home/lucidia": "10.200.0.10:9100",
      "edge-home/lucidia-alt": "192.168.4.99:9100",
    });
  });

  it("has the packages of the units that it runs", () => {
    const packages: Readonly<Record<string, string>> = {
      "chrony.service": "chrony",
      "etcd.service": "etcd-server",
      "haproxy.service": "haproxy",
      "nfs-ganesha.service": "nfs-ganesha",
      "nginx.service": "nginx",
      "postgresql@15-main.service": "postgresql-15",
      "prometheus.service": "prometheus",
      "prometheus-node-exporter.service": "prometheus-node-exporter",
      "redis-server.service": "redis-server",
      "tinyproxy.service": "tinyproxy",
      "unbound.service": "unbound",
    };
    // Every image has it.
    const ofImage = ["ssh.service"];
    for (const { generation } of prod.hosts) {
      const written = generation.files.map(({ path }) => path);
      const ours = generation.services.filter(
        ({ unit }) => !ofImage.includes(unit) && !written.includes(`/etc/systemd/system/${unit}`),
      );
      const wanted = ours.map(({ unit }) => packages[unit] ?? `the package of ${unit}`);
      expect(generation.packages).toEqual(expect.arrayContaining(wanted));
    }
  });
});
