import { describe, expect, it } from "vitest";
import { EMPTY_DESCRIBE, parseDescribe } from "../../../sandbox/fabric/describe.ts";
import { desiredState } from "../../../sandbox/fabric/desired.ts";
import type { FabricState, NamespaceState, Route } from "../../../sandbox/fabric/state.ts";
import { loadWorld, parseWorld } from "../../../sandbox/fabric/world.ts";
import { ADDRESS, testRegions } from "../../sandbox/fabric-world.ts";
import { addInstance, describeJson, route, type Json, type RegionJson } from "./describe-json.ts";

type Regions = ReturnType<typeof testRegions>;

function stateOf(change: (regions: Regions) => void = () => undefined): FabricState {
  const regions = testRegions();
  change(regions);
  const json: Record<string, RegionJson> = regions;
  return desiredState(parseDescribe(describeJson(json, 7)), loadWorld(), (role) => `rn-abcdef-${role}`);
}

function namespaceOf(state: FabricState, role: string): NamespaceState {
  const found = state.namespaces.find((each) => each.role === role);
  if (found === undefined) {
    throw new Error(`there is no ${role}`);
  }
  return found;
}

/** The routes by which packets from a device are sent on: `destination type device via`. */
function routesFrom(namespace: NamespaceState, device: string): string[] {
  const table = namespace.rules.find((rule) => rule.fromDevice === device)?.table;
  const text = (each: Route) =>
    [each.destination, each.type, each.device, each.via].filter((word) => word !== undefined).join(" ");
  return namespace.routes.filter((each) => each.table === table).map(text);
}

/** The lines of one chain. */
function chainOf(namespace: NamespaceState, name: string): string[] {
  const start = namespace.nft.indexOf(`chain ${name} {`);
  const end = namespace.nft.indexOf("}", start);
  return start < 0 ? [] : namespace.nft.slice(start + 1, end).map((line) => line.trim());
}

function tableOf(regions: Regions, id: string): Json {
  const found = regions["us-west-2"].RouteTables.find((each) => each.RouteTableId === id);
  if (found === undefined) {
    throw new Error(`there is no ${id}`);
  }
  return found;
}

describe("the world alone", () => {
  const state = desiredState(EMPTY_DESCRIBE, loadWorld(), (role) => `rn-abcdef-${role}`);

  it("has the internet, the operator, and the sites with their machines", () => {
    expect(state.namespaces.map((each) => each.role).sort()).toEqual([
      "ctl",
      "gw-coral-reef",
      "gw-edge-home",
      "h-blackroad-pi",
      "h-gateway",
      "h-lucidia",
      "h-lucidia-alt",
      "h-node-1",
      "h-node-2",
      "h-node-3",
      "h-storage",
      "h-visitor",
      "inet",
      "lan-coral-reef",
      "lan-edge-home",
      "op",
      "rslv",
      "stranger",
    ]);
    expect(state.machines.map(({ name, address, gateway }) => [name, address, gateway])).toEqual([
      ["blackroad-pi", "192.168.4.64", "192.168.4.1"],
      ["gateway", "10.64.10.1", "10.64.0.1"],
      ["lucidia", "192.168.4.38", "192.168.4.1"],
      ["lucidia-alt", "192.168.4.99", "192.168.4.1"],
      ["node-1", "10.64.10.10", "10.64.10.1"],
      ["node-2", "10.64.10.11", "10.64.10.1"],
      ["node-3", "10.64.10.12", "10.64.10.1"],
      ["storage", "10.64.10.5", "10.64.10.1"],
    ]);
  });

  it("has what their owner runs on machines, where the world says so", () => {
    const serving = state.machines.filter(({ serves }) => serves !== undefined);
    expect(serving.map(({ name, serves }) => [name, serves])).toEqual([
      ["lucidia", { api: 8080, dashboard: 3000, grafana: 3001, ollama: 11434 }],
    ]);
  });

  it("gives the control namespace no link", () => {
    expect(state.links.filter(({ a, b }) => a.namespace === "ctl" || b.namespace === "ctl")).toEqual([]);
  });
});

describe("a VPC's router", () => {
  it("sends each subnet's packets by the subnet's own table", () => {
    const router = namespaceOf(stateOf(), "vpc-west");
    expect(routesFrom(router, "e-eni-api")).toEqual([
      "10.0.10.11/32 unicast e-eni-api",
      "10.0.10.12/32 unicast e-eni-database",
      "10.0.1.20/32 unicast e-eni-hub",
      "10.0.1.10/32 unicast e-eni-web",
      "10.0.1.30/32 unicast n-nat-west",
      "10.0.0.0/16 unreachable",
      "0.0.0.0/0 unicast n-nat-west",
      "10.1.0.0/16 unicast p-pcx-west-east",
      "10.2.0.0/16 unicast p-pcx-west-east",
      "10.200.0.0/24 unicast e-eni-hub 10.0.1.20",
    ]);
    expect(routesFrom(router, "e-eni-web").slice(5)).toEqual([
      "10.0.0.0/16 unreachable",
      "0.0.0.0/0 unicast igw",
      "10.1.0.0/16 unicast p-pcx-west-east",
    ]);
  });

  it("drops what no route matches, and what leads to something that is gone", () => {
    const gone = stateOf((regions) => {
      regions["us-west-2"].NatGateways = [];
      regions["us-west-2"].Instances = regions["us-west-2"].Instances.filter(
        (each) => each.InstanceId !== "i-hub",
      );
    });
    const routes = routesFrom(namespaceOf(gone, "vpc-west"), "e-eni-api");
    expect(routes).toContain("0.0.0.0/0 blackhole");
    expect(routes).toContain("10.200.0.0/24 blackhole");
    expect(routesFrom(namespaceOf(gone, "vpc-far"), "e-eni-far")).toContain("0.0.0.0/0 blackhole");
  });

  it("takes what a gateway endpoint serves away from the way to the internet", () => {
    const state = stateOf((regions) => {
      regions["us-west-2"].PrefixLists = [{ PrefixListId: "pl-s3", Cidrs: ["198.19.0.0/25"] }];
      (tableOf(regions, "rtb-private").Routes as Json[]).push(
        { DestinationPrefixListId: "pl-s3", GatewayId: "vpce-s3", State: "active" },
        { DestinationPrefixListId: "pl-other", GatewayId: "vpce-other", State: "active" },
      );
    });
    const router = namespaceOf(state, "vpc-west");
    expect(routesFrom(router, "e-eni-api")).toContain("198.19.0.0/25 blackhole");
    expect(routesFrom(router, "e-eni-web")).not.toContain("198.19.0.0/25 blackhole");
    expect(state.problems).toEqual([
      "rtb-private: nobody knows the prefix list pl-other, so its route is left out",
    ]);
  });

  it("asks a subnet's ACL in the order of its numbers, for what leaves or enters the subnet", () => {
    const entry = (RuleNumber: number, more: Json): Json => ({
      RuleNumber,
      Egress: false,
      RuleAction: "allow",
      Protocol: "6",
      CidrBlock: "0.0.0.0/0",
      ...more,
    });
    const state = stateOf((regions) => {
      const [acl] = regions["us-west-2"].NetworkAcls;
      if (acl === undefined) throw new Error("there is no ACL");
      acl.Entries = [
        entry(32767, { RuleAction: "deny", Protocol: "-1" }),
        entry(20_494, { PortRange: { From: 1024, To: 65535 } }),
        entry(100, { Protocol: "-1", CidrBlock: "10.0.0.0/16" }),
        entry(15_000, { Protocol: "1", IcmpTypeCode: { Type: 3, Code: -1 } }),
        entry(7, { Egress: true, PortRange: { From: 443, To: 443 } }),
      ];
    });
    const router = namespaceOf(state, "vpc-west");
    const chain = (direction: string) => chainOf(router, `acl_${direction}_subnet_private`);
    expect(chain("ingress")).toEqual([
      "ip saddr 10.0.0.0/16 return",
      "icmp type 3 return",
      "tcp dport 1024-65535 return",
      "drop",
      "drop",
    ]);
    expect(chain("egress")).toEqual(["tcp dport 443 return", "drop"]);
    const devices = "@devices_subnet_private";
    expect(chainOf(router, "acl_ingress")).toContain(
      `oifname ${devices} iifname != ${devices} jump acl_ingress_subnet_private`,
    );
  });

  it("hands what comes through a door to endpoints only", () => {
    const router = namespaceOf(stateOf(), "vpc-east");
    expect(router.rules.map((rule) => rule.fromDevice)).toEqual([undefined, "e-eni-east"]);
    const main = router.routes.filter((each) => each.table === 254);
    expect(main.map((each) => [each.destination, each.type])).toEqual([
      ["10.1.10.11/32", "unicast"],
      ["0.0.0.0/0", "unreachable"],
    ]);
  });

  it("prefers a more specific route to a middlebox over its own", () => {
    const state = stateOf((regions) => {
      (tableOf(regions, "rtb-private").Routes as Json[]).push(
        route("10.0.1.0/24", { NetworkInterfaceId: "eni-hub" }),
      );
    });
    const routes = routesFrom(namespaceOf(state, "vpc-west"), "e-eni-api");
    expect(routes).toContain("10.0.1.0/24 unicast e-eni-hub 10.0.1.20");
    expect(routes.filter((each) => each.startsWith("10.0.1.10"))).toEqual([]);
    expect(routes).toContain("10.0.10.12/32 unicast e-eni-database");
  });

  it("uses the main table for a subnet without one of its own", () => {
    const state = stateOf((regions) => {
      tableOf(regions, "rtb-public").Associations = [];
    });
    expect(routesFrom(namespaceOf(state, "vpc-west"), "e-eni-web").slice(5)).toEqual([
      "10.0.0.0/16 unreachable",
      "0.0.0.0/0 blackhole",
    ]);
    expect(namespaceOf(state, "vpc-west").flows?.translated).toEqual({});
  });
});

describe("gates", () => {
  it("stand in chains of their own, by direction and interface", () => {
    const router = namespaceOf(stateOf(), "vpc-west");
    expect(chainOf(router, "egress")).toEqual([
      "type filter hook forward priority 0; policy drop;",
      "meta mark 83 accept",
      "ct state vmap { established : accept, related : accept, invalid : drop }",
      'iifname != "e-*" accept',
      'iifname "e-eni-api" jump egress_e_eni_api',
      'iifname "e-eni-database" jump egress_e_eni_database',
      'iifname "e-eni-hub" jump egress_e_eni_hub',
      'iifname "e-eni-web" jump egress_e_eni_web',
    ]);
    expect(chainOf(router, "ingress")[0]).toBe("type filter hook forward priority 10; policy drop;");
    expect(chainOf(router, "egress_e_eni_api")).toEqual([
      "ip daddr @sg_database tcp dport 5432 accept",
      "tcp dport 80 accept",
      "ip daddr 10.0.0.0/8 tcp dport 8080 accept",
      "icmp type 8 accept",
    ]);
    expect(chainOf(router, "ingress_e_eni_api")).toEqual([
      "ip saddr @sg_web tcp dport 8080 accept",
      "ip saddr 10.0.0.0/8 icmp type 8 accept",
      "ip saddr 10.200.0.0/24 tcp dport 8080 accept",
    ]);
    expect(chainOf(router, "egress_e_eni_database")).toEqual([]);
  });

  it("open nothing for what they do not understand, and say so", () => {
    const state = stateOf(({ "us-west-2": region }) => {
      region.SecurityGroupRules = [
        { SecurityGroupRuleId: "sgr-1", GroupId: "sg-api", IsEgress: false, IpProtocol: "quic" },
        {
          SecurityGroupRuleId: "sgr-2",
          GroupId: "sg-api",
          IsEgress: false,
          IpProtocol: "-1",
          PrefixListId: "pl-1",
        },
        {
          SecurityGroupRuleId: "sgr-3",
          GroupId: "sg-api",
          IsEgress: false,
          IpProtocol: "-1",
          CidrIpv6: "::/0",
        },
      ];
    });
    expect(chainOf(namespaceOf(state, "vpc-west"), "ingress_e_eni_api")).toEqual([]);
    expect(state.problems).toEqual([
      'sgr-1: unknown protocol "quic"; the rule opens nothing',
      "sgr-2: its other side is neither a block nor a security group; the rule opens nothing",
    ]);
  });
});

describe("instances", () => {
  it("with user data are machines; stopped and terminated ones have no namespace", () => {
    const state = stateOf(({ "us-west-2": region }) => {
      const place = { vpc: "vpc-west", subnet: "subnet-private", groups: ["sg-api"] };
      addInstance(region, "run", { ...place, address: "10.0.10.21", userData: "#cloud-config\n" });
      addInstance(region, "off", { ...place, address: "10.0.10.22", userData: "x", state: "stopped" });
      addInstance(region, "gone", { ...place, address: "10.0.10.23", userData: "x", state: "terminated" });
    });
    expect(state.machines.filter(({ kind }) => kind === "instance")).toEqual([
      {
        name: "i-run",
        namespace: "rn-abcdef-h-i-run",
        kind: "instance",
        hostname: "ip-10-0-10-21",
        address: "10.0.10.21",
        gateway: "10.0.10.1",
        prefixLength: 24,
        dns: ["10.0.0.2"],
        userData: "#cloud-config\n",
        instanceId: "i-run",
      },
    ]);
    expect(state.stopped).toEqual(["i-off"]);
    const roles = state.namespaces.map(({ role }) => role);
    expect(roles).toContain("h-i-run");
    expect(roles).not.toContain("h-i-off");
    expect(roles).not.toContain("h-i-gone");
  });

  it("have the address that an Elastic IP's own description gives them", () => {
    const moved = stateOf(({ "us-west-2": region }) => {
      region.Addresses = [{ PublicIp: ADDRESS.webPublic }];
    });
    // The interface still names the address, but the address is associated with nobody.
    expect(namespaceOf(moved, "vpc-west").flows?.translated).toEqual({ "10.0.1.30": ADDRESS.natPublic });
  });
});

describe("internet", () => {
  it("sends each public address to its owner, and takes it from nobody else", () => {
    const inet = namespaceOf(stateOf(), "inet");
    const routes = inet.routes.filter(({ destination }) => destination.startsWith("198.18."));
    expect(routes.map(({ destination, device }) => [destination, device])).toEqual([
      ["198.18.1.20/32", "i-vpc-west"],
      ["198.18.1.10/32", "i-vpc-west"],
      ["198.18.1.30/32", "i-vpc-west"],
    ]);
    expect(inet.nft.filter((line) => line.includes("198.18.")).map((line) => line.trim())).toEqual([
      '"i-vpc-west" . 198.18.1.20,',
      '"i-vpc-west" . 198.18.1.10,',
      '"i-vpc-west" . 198.18.1.30,',
    ]);
  });
});

describe("what cannot be realised", () => {
  it("is refused as a whole where packets depend on a missing field", () => {
    const regions = testRegions();
    delete regions["us-west-2"].Subnets[0]?.CidrBlock;
    expect(() => parseDescribe(describeJson(regions))).toThrow(
      "regions.us-west-2.subnets.Subnets.0.CidrBlock",
    );
  });

  it("is refused where two things have one name", () => {
    expect(() => stateOf(({ "us-west-2": region }) => region.Vpcs.push(...region.Vpcs))).toThrow(
      'two parts of the fabric are called "vpc-west"',
    );
  });

  it("is told in a world with an address outside of its LAN, or with an unknown key", () => {
    const text = (gateway: string, more: string) => `
internet: { resolver: 1.1.1.1, services: [], edge: { proxy: [192.0.2.5], connectors: [192.0.2.6] }, hosts: {} }
operator: 192.0.2.10
${more}
sites:
  home:
    { network: 192.168.4.0/24, gateway: ${gateway}, publicAddress: 192.0.2.20, operatorAddress: 192.168.4.2, machines: {} }`;
    expect(Object.keys(parseWorld(text("192.168.4.1", "")).sites)).toEqual(["home"]);
    expect(() => parseWorld(text("192.168.5.1", ""))).toThrow("192.168.5.1 is not in 192.168.4.0/24");
    expect(() => parseWorld(text("192.168.4.1", "gate: 1"))).toThrow("gate");
  });
});
