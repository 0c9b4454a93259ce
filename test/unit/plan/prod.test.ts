/** Prod's plan, value by value where the source documents state it, and as a whole under snapshot. */
import { describe, expect, it } from "vitest";
import { formatEndpoint, type Endpoint } from "../../../components/config/flows.ts";
import type { RouteTarget } from "../../../components/plan/model.ts";
import { generationText, hostOf, planOf } from "./subject.ts";

const plan = planOf("prod");

function targetName(target: RouteTarget): string {
  switch (target.kind) {
    case "internet-gateway":
      return "igw";
    case "egress-only-gateway":
      return "eigw";
    case "nat-gateway":
      return target.nat;
    case "peering":
      return `pcx ${target.peering}`;
    case "instance":
      return `eni ${target.host}`;
  }
}

describe("prod", () => {
  it("has the network guide's subnets, each in its zone, and the ledger's in the database tier", () => {
    const subnets = plan.regions.flatMap((region) => region.subnets.map(({ key, cidr }) => [key, cidr]));
    expect(Object.fromEntries(subnets)).toEqual({
      "eu-west/database/eu-west-1a": "10.1.20.0/24",
      "eu-west/database/eu-west-1b": "10.1.21.0/24",
      "eu-west/private/eu-west-1a": "10.1.10.0/24",
      "eu-west/private/eu-west-1b": "10.1.11.0/24",
      "eu-west/public/eu-west-1a": "10.1.1.0/24",
      "eu-west/public/eu-west-1b": "10.1.2.0/24",
      "us-west/database/us-west-2a": "10.0.20.0/24",
      "us-west/database/us-west-2b": "10.0.21.0/24",
      "us-west/private/us-west-2a": "10.0.10.0/24",
      "us-west/private/us-west-2b": "10.0.11.0/24",
      "us-west/public/us-west-2a": "10.0.1.0/24",
      "us-west/public/us-west-2b": "10.0.2.0/24",
    });
  });

  it("routes each VPC to the internet, its peer, the VPN and the home through its own gateways", () => {
    const tables = plan.regions.flatMap(({ routeTables }) =>
      routeTables.map(({ key, routes }) => [
        key,
        routes.map(
          ({ destination, target }) =>
            `${typeof destination === "string" ? destination : destination.of} ${targetName(target)}`,
        ),
      ]),
    );
    const usWest = [
      "10.1.0.0/16 pcx us-west/eu-west",
      "10.200.0.0/24 eni us-west/hub-1",
      "10.64.0.0/16 eni us-west/hub-1",
      "192.168.4.0/24 eni us-west/hub-1",
    ];
    const euWest = [
      "10.0.0.0/16 pcx us-west/eu-west",
      "10.200.0.0/24 eni eu-west/hub-1",
      "10.64.0.0/16 eni eu-west/hub-1",
      "192.168.4.0/24 eni eu-west/hub-1",
    ];
    expect(Object.fromEntries(tables)).toEqual({
      "eu-west/public": ["0.0.0.0/0 igw", ...euWest],
      "eu-west/private/eu-west-1a": ["0.0.0.0/0 eu-west/nat/eu-west-1a", ...euWest],
      "eu-west/private/eu-west-1b": ["0.0.0.0/0 eu-west/nat/eu-west-1a", ...euWest],
      "eu-west/database/eu-west-1a": euWest,
      "eu-west/database/eu-west-1b": euWest,
      "us-west/public": ["0.0.0.0/0 igw", ...usWest],
      "us-west/private/us-west-2a": ["0.0.0.0/0 us-west/nat/us-west-2a", ...usWest],
      "us-west/private/us-west-2b": ["0.0.0.0/0 us-west/nat/us-west-2a", ...usWest],
      "us-west/database/us-west-2a": usWest,
      "us-west/database/us-west-2b": usWest,
    });
  });

  it("gives the Pis each region through its own hub, and the hubs the Pis and the home", () => {
    expect(plan.vpn.hubs.map(({ host, endpoint, allowedIps }) => [host, endpoint, allowedIps])).toEqual([
      ["eu-west/hub-1", "vpn-eu.blackroad.io", ["10.1.0.0/16", "10.200.0.2/32"]],
      ["us-west/hub-1", "vpn.blackroad.io", ["10.0.0.0/16", "10.200.0.1/32"]],
    ]);
    expect(plan.vpn.peers.map(({ host, allowedIps }) => [host, allowedIps])).toEqual([
      ["coral-reef/gateway", ["10.200.0.20/32", "10.64.0.0/16"]],
      ["edge-home/blackroad-pi", ["10.200.0.11/32"]],
      ["edge-home/lucidia", ["10.200.0.10/32", "192.168.4.0/24"]],
    ]);
  });

  it("opens 22 to the operator on the hubs alone, and to nobody else but through them", () => {
    const ssh = plan.regions.flatMap(({ securityGroups }) =>
      securityGroups.flatMap(({ key, rules }) =>
        rules
          .filter(
            ({ direction, ports }) =>
              direction === "ingress" && (ports?.from ?? 0) <= 22 && (ports?.to ?? 65535) >= 22,
          )
          .map(({ peer }) => [key, peer.kind === "cidr" ? peer.cidr : `sg-${peer.group}`]),
      ),
    );
    expect(ssh).toEqual([
      ["eu-west/hub", "203.0.113.7/32"],
      ["eu-west/ssh-from-hub", "sg-hub"],
      ["us-west/hub", "203.0.113.7/32"],
      ["us-west/ssh-from-hub", "sg-hub"],
    ]);
  });

  it("reaches every host on its way", () => {
    const symbol = (host: string) => ({ kind: "public-address", host });
    expect(
      plan.hosts.map(({ key, management }) => [key, management.user, management.address, management.via]),
    ).toEqual([
      ["coral-reef/gateway", "admin", "10.200.0.20", "us-west/hub-1"],
      ["coral-reef/node-1", "admin", "10.64.10.10", "us-west/hub-1"],
      ["coral-reef/node-2", "admin", "10.64.10.11", "us-west/hub-1"],
      ["coral-reef/node-3", "admin", "10.64.10.12", "us-west/hub-1"],
      ["coral-reef/storage", "admin", "10.64.10.5", "us-west/hub-1"],
      ["edge-home/blackroad-pi", "pi", "10.200.0.11", "us-west/hub-1"],
      ["edge-home/lucidia", "pi", "10.200.0.10", "us-west/hub-1"],
      ["edge-home/lucidia-alt", "pi", "192.168.4.99", "us-west/hub-1"],
      ["eu-west/api-1", "admin", "10.1.10.11", "eu-west/hub-1"],
      ["eu-west/hub-1", "admin", symbol("eu-west/hub-1"), undefined],
      ["eu-west/lb-1", "admin", "10.1.1.20", "eu-west/hub-1"],
      ["us-west/api-1", "admin", "10.0.10.11", "us-west/hub-1"],
      ["us-west/api-2", "admin", "10.0.10.12", "us-west/hub-1"],
      ["us-west/api-3", "admin", "10.0.10.13", "us-west/hub-1"],
      ["us-west/hub-1", "admin", symbol("us-west/hub-1"), undefined],
      ["us-west/lb-1", "admin", "10.0.1.20", "us-west/hub-1"],
      ["us-west/lb-2", "admin", "10.0.1.30", "us-west/hub-1"],
      ["us-west/ollama-1", "admin", "10.0.10.60", "us-west/hub-1"],
      ["us-west/postgres-1", "admin", "10.0.20.10", "us-west/hub-1"],
      ["us-west/prometheus-1", "admin", "10.0.10.70", "us-west/hub-1"],
      ["us-west/redis-1", "admin", "10.0.10.50", "us-west/hub-1"],
      ["us-west/vault-1", "admin", "10.0.10.100", "us-west/hub-1"],
    ]);
    expect(hostOf(plan, "edge-home/lucidia-alt").management.through).toBe("edge-home/lucidia");
    expect(hostOf(plan, "edge-home/lucidia").firstContact).toMatchObject({
      kind: "lan",
      path: { name: "on-site", user: "pi", address: "192.168.4.38" },
    });
  });

  it("lets hubs and nobody else of the cloud forward", () => {
    const forwarding = plan.hosts.filter(({ instance }) => instance?.sourceDestCheck === false);
    expect(forwarding.map(({ key }) => key)).toEqual(["eu-west/hub-1", "us-west/hub-1"]);
  });

  it("has no private key in any file, and reads each from where the host keeps it", () => {
    for (const host of plan.hosts) {
      expect(generationText(host)).not.toMatch(/^PrivateKey/m);
    }
    expect(generationText(hostOf(plan, "us-west/hub-1"))).toContain(
      '"privateKeyFile": "/etc/wireguard/private.key"',
    );
  });

  it("points names at hosts, and only names at Cloudflare that go through it", () => {
    const [zone] = plan.zones;
    const intoTunnel = [{ kind: "tunnel-id", tunnel: "blackroad-tunnel" }, ".cfargotunnel.com"];
    expect(
      zone?.records.map(({ name, type, proxied, ttlSeconds, content }) => [
        name,
        type,
        proxied,
        ttlSeconds,
        content,
      ]),
    ).toEqual([
      ["blackroad.io", "MX", false, 1, ["mail.blackroad.io"]],
      ["blackroad.io", "TXT", false, 1, ["v=spf1 include:_spf.google.com ~all"]],
      ["dashboard.blackroad.io", "CNAME", true, 1, intoTunnel],
      ["grafana.blackroad.io", "CNAME", true, 1, intoTunnel],
      ["mail.blackroad.io", "A", false, 1, [{ kind: "public-address", host: "us-west/hub-1" }]],
      ["vpn-eu.blackroad.io", "A", false, 300, [{ kind: "public-address", host: "eu-west/hub-1" }]],
      ["vpn.blackroad.io", "A", false, 300, [{ kind: "public-address", host: "us-west/hub-1" }]],
      ["ws.blackroad.io", "A", false, 1, [{ kind: "public-address", host: "us-west/lb-1" }]],
    ]);
  });

  it("is this, apart from what is on the hosts", () => {
    const hosts = plan.hosts.map(({ generation, firstGeneration, ...host }) => ({
      ...host,
      files: generation.files.map(({ path }) => path),
      firstFiles: firstGeneration?.files.map(({ path }) => path),
    }));
    const ends = (each: readonly Endpoint[]): string => each.map(formatEndpoint).join(", ");
    const flows = plan.flows.map(
      ({ kind, from, to, traffic, reason, path }) =>
        `${kind} ${ends(from)} > ${ends(to)}: ${traffic.join(", ")} (${reason}) @ ${path}`,
    );
    expect({ ...plan, hosts, flows }).toMatchSnapshot();
  });

  it.each(plan.hosts.map((host) => ({ host, key: host.key })))("puts this on $key", ({ host }) => {
    expect(generationText(host)).toMatchSnapshot();
  });
});
