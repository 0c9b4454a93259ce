/** IPv6 in prod: numbers that nothing moves, routes, gates of both families, and what packets make of them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tiers } from "../../../components/config/ledger.ts";
import type { NetworkName, NetworkPlan, RegionPlan } from "../../../components/plan/model.ts";
import { formatAddress } from "../../../components/proof/sets/addresses.ts";
import type { Prover } from "../../../components/proof/prover.ts";
import type { Change } from "../config/subject.ts";
import { passing, planWith, proverOf, stopping } from "../proof/subject.ts";

const both: readonly Change[] = [
  ["regions us-west ipv6", "hosts"],
  ["regions eu-west ipv6", "hosts"],
  ["securityGroups public ingress 0 source", "anywhere"],
  ["securityGroups public ingress 1 source", "anywhere"],
];

function regionOf(plan: NetworkPlan, key: string): RegionPlan {
  const region = plan.regions.find((each) => each.key === key);
  if (region === undefined) throw new Error(`there is no ${key}`);
  return region;
}

const text = (network: NetworkName): string =>
  typeof network === "string" ? network : `IPv6 of ${network.of}`;

function numbers(plan: NetworkPlan, key: string): Record<string, number | undefined> {
  return Object.fromEntries(regionOf(plan, key).subnets.map((subnet) => [subnet.key, subnet.ipv6Number]));
}

/** Of IPv6 alone. */
function ipv6Routes(plan: NetworkPlan, key: string): Record<string, string[]> {
  return Object.fromEntries(
    regionOf(plan, key).routeTables.map((table) => [
      table.key,
      table.routes
        .filter(({ destination }) => text(destination).includes(":") || typeof destination !== "string")
        .map(({ destination, target }) => `${text(destination)} ${target.kind}`),
    ]),
  );
}

describe("without IPv6", () => {
  it("a plan says nothing of it", () => {
    const plan = planWith();
    expect(plan.regions.map(({ ipv6 }) => ipv6)).toEqual([undefined, undefined]);
    expect(JSON.stringify(plan)).not.toMatch(/ipv6-(?:network|address)|::\/0|egress-only|"ipv6Number"/);
  });
});

describe("networks", () => {
  const plan = planWith(...both);

  it("are the ledger's by tier and zone, whatever the IPv4 networks are", () => {
    expect(numbers(plan, "us-west")).toEqual({
      "us-west/database/us-west-2a": 20,
      "us-west/database/us-west-2b": 21,
      "us-west/private/us-west-2a": 10,
      "us-west/private/us-west-2b": 11,
      "us-west/public/us-west-2a": 1,
      "us-west/public/us-west-2b": 2,
    });
  });

  it("stay when zones and tiers come and go", () => {
    const letters = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const subsets = fc.subarray([...tiers], { minLength: 1 });
    fc.assert(
      fc.property(fc.shuffledSubarray(letters, { minLength: 2 }), subsets, (chosen, some) => {
        const zones = chosen.map((letter) => `ap-south-1${letter}`);
        const far = (names: readonly string[], having: readonly string[]): Change => [
          "regions far",
          {
            awsRegion: "ap-south-1",
            ami: "ami-0123456789abcdef0",
            ipv6: "networks",
            availabilityZones: [...names],
            tiers: [...having],
          },
        ];
        const whole = numbers(
          planWith(
            far(
              letters.map((letter) => `ap-south-1${letter}`),
              tiers,
            ),
          ),
          "far",
        );
        const part = numbers(planWith(far(zones, some)), "far");
        for (const [key, number] of Object.entries(part)) expect([key, number]).toEqual([key, whole[key]]);
      }),
      { numRuns: 15 },
    );
  });

  it("give a host the number that it has in its IPv4 subnet", () => {
    const host = plan.hosts.find(({ key }) => key === "us-west/lb-1");
    expect(host?.address).toBe("10.0.1.20");
    expect(host?.instance?.ipv6Number).toBe(20);
    const networksOnly = planWith(["regions us-west ipv6", "networks"]);
    expect(networksOnly.hosts.some(({ instance }) => instance?.ipv6Number !== undefined)).toBe(false);
    expect(regionOf(networksOnly, "us-west").ipv6).toBeDefined();
  });
});

describe("routes", () => {
  it("lead out of the public tier and in, out of the private one alone, and nowhere from databases", () => {
    expect(ipv6Routes(planWith(...both), "us-west")).toEqual({
      "us-west/database/us-west-2a": ["IPv6 of eu-west peering"],
      "us-west/database/us-west-2b": ["IPv6 of eu-west peering"],
      "us-west/private/us-west-2a": ["::/0 egress-only-gateway", "IPv6 of eu-west peering"],
      "us-west/private/us-west-2b": ["::/0 egress-only-gateway", "IPv6 of eu-west peering"],
      "us-west/public": ["::/0 internet-gateway", "IPv6 of eu-west peering"],
    });
  });

  it("lead to a peer only where both have IPv6", () => {
    const plan = planWith(["regions us-west ipv6", "networks"]);
    expect(ipv6Routes(plan, "us-west")["us-west/public"]).toEqual(["::/0 internet-gateway"]);
    expect(ipv6Routes(plan, "eu-west")["eu-west/public"]).toEqual([]);
  });
});

describe("security groups", () => {
  const peersOf = (plan: NetworkPlan, group: string): string[] =>
    plan.regions
      .flatMap(({ securityGroups }) => securityGroups)
      .filter(({ key }) => key === group)
      .flatMap(({ rules }) => rules)
      .filter(({ direction }) => direction === "ingress")
      .map(({ peer, ports }) => `${peer.kind === "cidr" ? text(peer.cidr) : "group"} ${ports?.from ?? ""}`);

  it("mean IPv6 where they say anywhere, and 0.0.0.0/0 means IPv4", () => {
    const plan = planWith(...both.slice(0, 3));
    expect(peersOf(plan, "us-west/public").sort()).toEqual(["0.0.0.0/0 443", "0.0.0.0/0 80", "::/0 443"]);
    const western = planWith(
      ["regions us-west ipv6", "hosts"],
      ["securityGroups public ingress 0 source", "anywhere"],
    );
    expect(peersOf(western, "eu-west/public").sort()).toEqual(["0.0.0.0/0 443", "0.0.0.0/0 80"]);
  });

  it("know a region's VPC by both of its networks", () => {
    const plan = planWith(...both, ["securityGroups internal ingress 0 source", "vpc-eu-west"]);
    const peers = peersOf(plan, "us-west/internal").map((peer) => peer.replace(/ \d*$/, ""));
    expect(peers).toContain("10.1.0.0/16");
    expect(peers).toContain("IPv6 of eu-west");
  });
});

describe("network ACLs", () => {
  it("have rules of both families, and no more than AWS takes", () => {
    const plan = planWith(...both);
    const blocksOf = (region: string, reason: RegExp): string[] => {
      const acl = regionOf(plan, region).networkAcls.find(({ tier }) => tier === "database");
      const rules =
        acl?.rules.filter((rule) => rule.direction === "ingress" && reason.test(rule.reason)) ?? [];
      return rules.map(({ cidr }) => text(cidr)).sort();
    };
    // Nobody stands in eu-west's: what is there is for databases to come.
    expect(blocksOf("eu-west", /./)).toEqual([
      "0.0.0.0/0",
      "10.1.10.0/24",
      "10.1.11.0/24",
      "::/0",
      "IPv6 of eu-west/private/eu-west-1a",
      "IPv6 of eu-west/private/eu-west-1b",
    ]);
    expect(blocksOf("us-west", /^SSH/)).toEqual([
      "10.0.1.0/24",
      "10.0.2.0/24",
      "IPv6 of us-west/public/us-west-2a",
      "IPv6 of us-west/public/us-west-2b",
    ]);
    for (const { rules } of plan.regions.flatMap(({ networkAcls }) => networkAcls)) {
      for (const direction of ["ingress", "egress"]) {
        expect(rules.filter((rule) => rule.direction === direction).length).toBeLessThanOrEqual(18);
      }
    }
  });
});

describe("hosts", () => {
  it("take clients by IPv6 on load balancers, and the answers of DHCPv6", () => {
    const plan = planWith(...both);
    const file = (host: string, path: string): string => {
      const files = plan.hosts.find(({ key }) => key === host)?.generation.files ?? [];
      return (
        files
          .find((each) => each.path === path)
          ?.content.map(String)
          .join("") ?? ""
      );
    };
    expect(file("us-west/lb-1", "/etc/nginx/nginx.conf")).toContain(
      "        listen 443 ssl http2 default_server;\n        listen [::]:443 ssl http2 default_server;\n",
    );
    expect(file("us-west/lb-2", "/etc/haproxy/haproxy.cfg")).toContain(
      "    bind *:80\n    bind :::80 v6only\n",
    );
    const input = plan.hosts
      .find(({ key }) => key === "us-west/api-1")
      ?.generation.chains.find(({ name }) => name === "input");
    expect(input?.rules.filter((rule) => rule.includes("ip6 saddr"))).toEqual([
      'ip6 saddr fe80::/10 udp dport 546 accept comment "DHCPv6: an answer to a multicast belongs to no connection"',
    ]);
  });
});

describe("names", () => {
  it("lead to hosts by AAAA", () => {
    const plan = planWith(...both, [
      "dns zones blackroad.io records 5",
      { name: "www", type: "AAAA", host: "us-west/lb-1" },
    ]);
    const record = plan.zones.flatMap(({ records }) => records).find(({ type }) => type === "AAAA");
    expect(record).toMatchObject({
      key: "blackroad.io/www.blackroad.io/AAAA/us-west/lb-1",
      content: [{ kind: "ipv6-address", host: "us-west/lb-1" }],
      comment: "IPv6 address of us-west/lb-1",
    });
  });
});

describe("the proof", () => {
  /** The proof's own address of a host. */
  function addressOf(prover: Prover, host: string): string {
    const [region = ""] = host.split("/");
    const eni = prover.world.regions.get(region)?.interfaces.get(host);
    if (eni?.ipv6 === undefined) throw new Error(`${host} has no IPv6 address`);
    return formatAddress(eni.ipv6);
  }
  const stranger = "2001:db8:ffff::66";
  const open: readonly Change[] = [
    ...both,
    ["securityGroups internal ingress 0 source", "anywhere"],
    ["securityGroups internal egress 0 destination", "anywhere"],
  ];

  it("lets the internet in to load balancers, where a group says anywhere", () => {
    const prover = proverOf(planWith(...both));
    expect(prover.world.unread).toEqual([]);
    expect(passing(prover, stranger, addressOf(prover, "us-west/lb-1"), "443/tcp")).toBe("443/tcp");
    const closed = proverOf(planWith(...both.slice(0, 2)));
    expect(passing(closed, stranger, addressOf(closed, "us-west/lb-1"), "443/tcp")).toBe("nothing");
    expect(stopping(closed, stranger, addressOf(closed, "us-west/lb-1"), "443/tcp")).toContain("network ACL");
  });

  it("lets hosts of the private tier out, and nobody in to them, whatever groups and ACLs say", () => {
    const prover = proverOf(
      planWith(...open, ["regions us-west networkAcls", false], ["regions eu-west networkAcls", false]),
    );
    expect(passing(prover, "us-west/api-1", stranger, "443/tcp")).toBe("443/tcp");
    expect(stopping(prover, stranger, addressOf(prover, "us-west/api-1"), "8080/tcp")).toBe(
      "egress-only gateway of us-west: lets nothing in that nobody inside asked for",
    );
  });

  it("crosses a peering between the VPCs' own networks, and no two families", () => {
    const prover = proverOf(planWith(...open));
    const api = addressOf(prover, "eu-west/api-1");
    expect(stopping(prover, "us-west/api-1", api, "9999/tcp")).not.toContain("no route");
    expect(stopping(prover, "198.51.100.9", addressOf(prover, "us-west/lb-1"), "443/tcp")).toBe(
      "internet: sender and receiver are of two families",
    );
  });
});
