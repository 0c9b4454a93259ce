/** Private zones, what is forwarded, and who answers until the mesh does. */
import { describe, expect, it } from "vitest";
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import type { NetworkPlan } from "../../../components/plan/model.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { domainsInside } from "../../../components/plan/private-dns.ts";
import { renderTemplate } from "../../../components/plan/render.ts";
import { changed, type Change } from "../config/subject.ts";
import { hostOf, namedSymbol } from "./subject.ts";

const plan = (stack: string, ...changes: readonly Change[]): NetworkPlan =>
  planNetwork(parseNetworkConfig(changed(...changes)), stack);

const internal = (homeRegion: string, ...records: readonly object[]): Change => [
  "dns private zones",
  { "blackroad.internal": { homeRegion, records } },
];
const none: Change = ["dns private", {}];
const endpoints: Change = [
  "dns private outboundEndpoints",
  { "us-west": ["10.0.11.4", "10.0.10.4"], "eu-west": ["10.1.10.4", "10.1.11.4"] },
];
const rules = (more: object): Change => ["dns private forwardingRules", more];
const consul = { consul: { targets: ["10.0.10.12", "10.0.10.11"], port: 8600 } };

describe("a private zone", () => {
  it("has one set for the records of a name and a type, sorted, with hosts' addresses at their place", () => {
    const records = [
      { name: "api", type: "A", host: "us-west/api-1", ttl: 60 },
      { name: "api", type: "A", content: "10.0.1.20", ttl: 60 },
      { name: "home", type: "A", host: "edge-home/lucidia" },
      { name: "@", type: "A", content: "10.0.10.50" },
      { name: "agents", type: "CNAME", content: "agents.consul" },
    ];
    const [zone] = plan("prod", none, internal("us-west", ...records)).privateZones;
    const sets = zone?.recordSets.map(({ key, values, ttlSeconds }) => [key, values, ttlSeconds]);
    expect(sets).toEqual([
      ["blackroad.internal/agents.blackroad.internal/CNAME", ["agents.consul"], 300],
      ["blackroad.internal/api.blackroad.internal/A", ["10.0.1.20", "10.0.10.11"], 60],
      ["blackroad.internal/blackroad.internal/A", ["10.0.10.50"], 300],
      ["blackroad.internal/home.blackroad.internal/A", ["192.168.4.38"], 300],
    ]);
  });

  it("is made in its home, which a further region does not change, whatever it is called", () => {
    const africa = {
      awsRegion: "af-south-1",
      availabilityZones: ["af-south-1a"],
      ami: "ami-0123456789abcdef0",
    };
    const home = (...more: readonly Change[]) => {
      const { privateZones } = plan("prod", none, internal("us-west"), ...more);
      return privateZones.map(({ homeRegion, joiningRegions }) => [homeRegion, joiningRegions]);
    };
    expect(home()).toEqual([["us-west", ["eu-west"]]]);
    expect(home(["regions africa", { ...africa, tiers: ["public"] }])).toEqual([
      ["us-west", ["africa", "eu-west"]],
    ]);
  });
});

describe("what is forwarded", () => {
  it("leaves by addresses in the region's subnets, and is told from other stacks' by its names", () => {
    const [, west] = plan("my.prod", none, endpoints, rules(consul)).regions;
    expect(west?.outboundEndpoint).toEqual({
      key: "us-west/dns-outbound",
      name: "my-prod-us-west-dns-outbound",
      securityGroup: "us-west/dns-outbound",
      addresses: [
        { address: "10.0.10.4", subnet: "us-west/private/us-west-2a" },
        { address: "10.0.11.4", subnet: "us-west/private/us-west-2b" },
      ],
      rules: [
        {
          key: "us-west/dns-outbound/consul",
          name: "my-prod-us-west-consul",
          domain: "consul",
          targets: [
            { address: "10.0.10.11", port: 8600 },
            { address: "10.0.10.12", port: 8600 },
          ],
        },
      ],
    });
    const long = plan("s".repeat(70), none, endpoints, rules(consul)).regions[0]?.outboundEndpoint;
    expect(long?.name).toMatch(/^s{55}-[0-9a-f]{8}$/);
  });

  it("may go to the name servers alone, once where two domains have the same", () => {
    const both = { ...consul, mesh: { targets: ["10.0.10.11"], port: 8600 } };
    const [east] = plan("prod", none, endpoints, rules(both)).regions;
    const group = east?.securityGroups.find(({ name }) => name === "dns-outbound");
    expect(group?.rules.map(({ key, description }) => [key, description])).toEqual([
      ["eu-west/dns-outbound/egress/tcp-8600/10.0.10.11-32", "Names of consul"],
      ["eu-west/dns-outbound/egress/tcp-8600/10.0.10.12-32", "Names of consul"],
      ["eu-west/dns-outbound/egress/udp-8600/10.0.10.11-32", "Names of consul"],
      ["eu-west/dns-outbound/egress/udp-8600/10.0.10.12-32", "Names of consul"],
    ]);
  });

  it("passes the ACL around the tier that it leaves, even where no host's group lets it", () => {
    const alone: readonly Change[] = [
      none,
      endpoints,
      rules({ consul: { targets: ["203.0.113.9"] } }),
      ["securityGroups internal egress", []],
      ["securityGroups updates egress", []],
      ["regions us-west sessionManager", false],
      ["regions eu-west sessionManager", false],
    ];
    const egress = (...changes: readonly Change[]) => {
      const [east] = plan("prod", ...changes).regions;
      const acl = east?.networkAcls.find(({ tier }) => tier === "private");
      return acl?.rules
        .filter(({ direction, cidr }) => direction === "egress" && cidr === "203.0.113.9/32")
        .map(({ protocol, ports }) => `${protocol} ${ports?.from ?? ""}`)
        .sort();
    };
    expect(egress(...alone)).toEqual(["tcp 53", "udp 53"]);
    expect(egress(none, ...alone.slice(3))).toEqual([]);
  });
});

describe("names inside, for those behind the VPN", () => {
  const inside = (region: string, ...changes: readonly Change[]) =>
    domainsInside(parseNetworkConfig(changed(none, ...changes)), region);

  it("are the VPC's resolver's, which forwards", () => {
    const both = [internal("us-west"), endpoints, rules(consul)];
    expect(inside("eu-west", ...both)).toEqual([
      { name: "blackroad.internal", servers: [{ address: "10.1.0.2", port: 53 }] },
      { name: "consul", servers: [{ address: "10.1.0.2", port: 53 }] },
    ]);
  });

  it("are the name servers' themselves, where the region's resolver does not forward", () => {
    const west: Change = ["dns private outboundEndpoints", { "us-west": ["10.0.10.4", "10.0.11.4"] }];
    expect(inside("eu-west", west, rules(consul))).toEqual([
      {
        name: "consul",
        servers: [
          { address: "10.0.10.11", port: 8600 },
          { address: "10.0.10.12", port: 8600 },
        ],
      },
    ]);
  });
});

describe("a stand-in", () => {
  const withStandIn = {
    consul: { ...consul.consul, standIn: { agents: ["us-west/api-1", "eu-west/api-1"] } },
  };
  const fileOf = (made: NetworkPlan, key: string): string | undefined => {
    const { files } = hostOf(made, key).generation;
    const file = files.find(({ path }) => path === "/etc/unbound/unbound.conf");
    return file && renderTemplate(file.content, namedSymbol);
  };

  it("answers on the api host that is a target, names what it is, and knows nothing else", () => {
    const text = fileOf(plan("prod", none, endpoints, rules(withStandIn)), "us-west/api-1") ?? "";
    const lines = text.split("\n").map((line) => line.trim());
    expect(lines.filter((line) => /^(?:interface|local-)/.test(line))).toEqual([
      "interface: 10.0.10.11@8600",
      'local-zone: "." refuse',
      'local-zone: "consul." static',
      `local-data: 'consul. 10 IN TXT "a stand-in of blackroad-network, until the mesh answers"'`,
      "local-data: 'agents.consul. 10 IN A 10.0.10.11'",
      "local-data: 'agents.consul. 10 IN A 10.1.10.11'",
    ]);
    expect(text).not.toContain("forward-zone");
  });

  it("is on no other host, and nowhere once it is taken out", () => {
    const made = plan("prod", none, endpoints, rules(withStandIn));
    expect(fileOf(made, "eu-west/api-1")).toBeUndefined();
    expect(fileOf(plan("prod", none, endpoints, rules(consul)), "us-west/api-1")).toBeUndefined();
  });
});
