/** Six regions, peered as listed: a ring, and both of prod's with a hub. */
import { describe, expect, it } from "vitest";
import type { NetworkPlan } from "../../../components/plan/model.ts";
import type { Change } from "../config/subject.ts";
import { passing, planWith, proverOf } from "../proof/subject.ts";

/** In the order of the ring, with their second octets in the ledger. */
const added = [
  ["us-east", "us-east-1", 8],
  ["sa-east", "sa-east-1", 14],
  ["eu-central", "eu-central-1", 15],
  ["ap-south", "ap-south-1", 28],
] as const;

const ring = ["us-west", ...added.map(([key]) => key), "eu-west"];

const regions = added.flatMap(([key, awsRegion, second]): Change[] => [
  [
    `regions ${key}`,
    {
      awsRegion,
      availabilityZones: [`${awsRegion}a`, `${awsRegion}c`],
      nat: "perZone",
      ami: "ami-0123456789abcdef0",
    },
  ],
  [
    `hosts ${key}`,
    {
      "hub-1": {
        role: "hub",
        address: `10.${second}.1.10`,
        instanceType: "t3.micro",
        securityGroups: ["hub"],
        elasticIp: true,
      },
      "api-1": {
        role: "api",
        address: `10.${second}.10.11`,
        instanceType: "t3.medium",
        securityGroups: ["internal", "ssh-from-hub", "updates", "monitoring"],
      },
    },
  ],
  [
    `wireguard hubs ${key}`,
    { host: "hub-1", address: `10.200.0.${100 + second}`, endpoint: `vpn-${key}.blackroad.io` },
  ],
]);

/** After the five that prod has. */
const names = added.map(([key], index): Change => [
  `dns zones blackroad.io records ${5 + index}`,
  { name: `vpn-${key}`, type: "A", host: `${key}/hub-1`, ttl: 300 },
]);

const peerings: Change = ["peerings", ring.map((key, index) => [key, ring[(index + 1) % ring.length] ?? ""])];

function plan(): NetworkPlan {
  return planWith(...regions, ...names, peerings);
}

describe("six regions in a ring", () => {
  const six = plan();
  const prover = proverOf(six);
  const apis = six.hosts.filter(({ key }) => key.endsWith("/api-1"));

  it("have networks of their own, and routes to their two neighbours in every table", () => {
    expect(six.regions.map(({ key, cidr }) => `${key} ${cidr}`)).toEqual([
      "ap-south 10.28.0.0/16",
      "eu-central 10.15.0.0/16",
      "eu-west 10.1.0.0/16",
      "sa-east 10.14.0.0/16",
      "us-east 10.8.0.0/16",
      "us-west 10.0.0.0/16",
    ]);
    for (const { key, routeTables } of six.regions) {
      const at = ring.indexOf(key);
      const neighbours = [at + 1, at + ring.length - 1].map((index) => ring[index % ring.length]);
      for (const { routes } of routeTables) {
        const to = routes.flatMap(({ target }) =>
          target.kind === "peering" ? target.peering.split("/") : [],
        );
        expect(to.filter((end) => end !== key).sort()).toEqual([...neighbours].sort());
      }
    }
  });

  it("reach their neighbours, and through them nobody", () => {
    expect(apis).toHaveLength(6);
    for (const from of apis) {
      for (const to of apis) {
        if (from === to) continue;
        const apart = Math.abs(ring.indexOf(from.site) - ring.indexOf(to.site));
        const isNeighbour = apart === 1 || apart === ring.length - 1;
        const way = `${from.key} to ${to.key}`;
        const passes = passing(prover, from.key, to.address, "8080/tcp");
        expect([way, passes]).toEqual([way, isNeighbour ? "8080/tcp" : "nothing"]);
      }
    }
  });

  it("are all reached from the VPN, each through its own hub", () => {
    for (const { address } of apis) {
      expect(passing(prover, "edge-home/lucidia", address, "8080/tcp")).toBe("8080/tcp");
    }
  });

  it("keep prod's two as they were, but for their routes to new neighbours", () => {
    const before = planWith().regions;
    for (const region of before) {
      const after = six.regions.find(({ key }) => key === region.key);
      expect({ ...after, routeTables: [] }).toEqual({ ...region, routeTables: [] });
    }
  });
});
