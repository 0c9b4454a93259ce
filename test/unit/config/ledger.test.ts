/** The address ledger: whatever is added, removed and added again, nothing that is there moves. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withAddresses } from "../../../components/config/addresses.ts";
import { contains, overlaps, parseCidr, rangeOf } from "../../../components/config/ip.ts";
import {
  isFreeSlot,
  ledgerVpc,
  reservedSubnets,
  slotOfAwsRegion,
  subnetNetwork,
  subnetNumber,
  tiers,
  zoneNumber,
  type Tier,
} from "../../../components/config/ledger.ts";
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import type { NetworkConfig, WrittenNetwork } from "../../../components/config/schema.ts";
import { planRegions } from "../../../components/plan/regions.ts";
import { filledNetwork } from "./stack.ts";
import { told } from "./subject.ts";

const seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`ledger: ROADNET_SEED=${seed}`);

const prod: WrittenNetwork = parseNetworkConfig(filledNetwork("prod"));

type WrittenRegion = WrittenNetwork["regions"][string];

/** Who may come and go. Two share an AWS region, so one has a slot of its own; one has networks that are written. */
const candidates: Readonly<
  Record<string, Pick<WrittenRegion, "awsRegion" | "slot" | "vpcCidr" | "subnets">>
> = {
  "us-west": {
    awsRegion: "us-west-2",
    vpcCidr: "10.0.0.0/16",
    subnets: { public: ["10.0.1.0/24"], private: ["10.0.10.0/24"], database: ["10.0.20.0/24"] },
  },
  "eu-west": { awsRegion: "eu-west-1" },
  "a-home": { awsRegion: "us-west-2", slot: 2 },
  mumbai: { awsRegion: "ap-south-1" },
  "zz-free": { awsRegion: "ap-south-1", slot: 63 },
  newest: { awsRegion: "aq-south-1", slot: 57 },
  small: { awsRegion: "sa-east-1", vpcCidr: "10.90.16.0/20" },
};

const names = Object.keys(candidates);
const letters = ["a", "b", "c", "d", "e", "f", "g", "h"];

type Step =
  | { readonly kind: "region"; readonly name: string }
  | { readonly kind: "zone"; readonly name: string; readonly letter: string }
  | { readonly kind: "tier"; readonly name: string; readonly tier: Tier };

const name = fc.constantFrom(...names);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("region" as const), name }),
  fc.record({ kind: fc.constant("zone" as const), name, letter: fc.constantFrom(...letters) }),
  fc.record({ kind: fc.constant("tier" as const), name, tier: fc.constantFrom(...tiers) }),
);

interface State {
  readonly zones: string[];
  readonly tiers: Tier[];
}

/** What is there goes, what is not comes. The zone whose subnets are written stays, and new ones follow. */
function toggle(regions: Map<string, State>, { name: key, ...step }: Step): void {
  const region = regions.get(key);
  if (step.kind === "region") {
    if (region === undefined) regions.set(key, { zones: ["a"], tiers: ["public"] });
    else regions.delete(key);
  } else if (region !== undefined && step.kind === "zone") {
    const index = region.zones.indexOf(step.letter);
    if (index < 0) region.zones.push(step.letter);
    else if (step.letter !== "a") region.zones.splice(index, 1);
  } else if (region !== undefined && step.kind === "tier") {
    const index = region.tiers.indexOf(step.tier);
    if (index < 0) region.tiers.push(step.tier);
    else region.tiers.splice(index, 1);
  }
}

function networkOf(regions: ReadonlyMap<string, State>): NetworkConfig {
  const written = [...regions].map(([key, { zones, tiers: listed }]): [string, WrittenRegion] => {
    const candidate = candidates[key];
    if (candidate === undefined) throw new Error(`no candidate ${key}`);
    return [
      key,
      {
        ...candidate,
        availabilityZones: zones.map((letter) => `${candidate.awsRegion}${letter}`),
        tiers: [...listed],
        nat: "single",
        gatewayEndpoints: ["s3", "dynamodb"],
        networkAcls: true,
        sessionManager: false,
        ipv6: "none",
        mapPublicIpOnLaunch: false,
        ami: "ami-0123456789abcdef0",
      },
    ];
  });
  // Peerings and outbound endpoints are between regions and in subnets that all must be there.
  const dns = { ...prod.dns, private: { ...prod.dns.private, outboundEndpoints: {} } };
  return withAddresses({ ...prod, dns, peerings: [], regions: Object.fromEntries(written) });
}

/** Everything with an address: VPCs and subnets by key, and where the NAT gateways stand. */
function placesOf(config: NetworkConfig): [key: string, place: string][] {
  return planRegions(config, "test").flatMap((region): [string, string][] => [
    [region.key, region.cidr],
    ...region.subnets.map(({ key, cidr }): [string, string] => [key, cidr]),
    ...region.natGateways.map(({ key, subnet }): [string, string] => [key, subnet]),
  ]);
}

function expectApart(config: NetworkConfig): void {
  const vpcs = Object.values(config.regions).map(({ vpcCidr }) => rangeOf(vpcCidr));
  for (const [index, vpc] of vpcs.entries())
    expect(vpcs.slice(0, index).some((other) => overlaps(other, vpc))).toBe(false);
  for (const { vpcCidr, subnets } of Object.values(config.regions)) {
    const ranges = tiers.flatMap((tier) => subnets[tier].map(rangeOf));
    for (const [index, range] of ranges.entries()) {
      expect(contains(rangeOf(vpcCidr), range)).toBe(true);
      expect(ranges.slice(0, index).some((other) => overlaps(other, range))).toBe(false);
    }
  }
}

describe("the ledger", () => {
  it("moves nothing, whatever comes, goes and comes again", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 40 }), (steps) => {
        const regions = new Map<string, State>();
        const ever = new Map<string, string>();
        for (const one of steps) {
          toggle(regions, one);
          const config = networkOf(regions);
          expectApart(config);
          for (const [key, place] of placesOf(config)) {
            expect([key, place]).toEqual([key, ever.get(key) ?? place]);
            ever.set(key, place);
          }
        }
      }),
      { seed, numRuns: 2000 },
    );
  }, 120_000);

  it("depends on no order", () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 5, maxLength: 30 }),
        fc.array(fc.nat(), { minLength: 7, maxLength: 7 }),
        (steps, order) => {
          const regions = new Map<string, State>();
          for (const one of steps) toggle(regions, one);
          const shuffled = [...regions]
            .map((entry, index) => ({ entry, key: order[index] ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ entry: [key, { zones, tiers: listed }] }): [string, State] => [
              key,
              // The first zone is that of the written subnets and of the NAT gateway.
              { zones: [...zones.slice(0, 1), ...zones.slice(1).reverse()], tiers: [...listed].reverse() },
            ]);
          expect(placesOf(networkOf(new Map(shuffled))).sort()).toEqual(placesOf(networkOf(regions)).sort());
        },
      ),
      { seed, numRuns: 300 },
    );
  }, 60_000);

  it("is the network guide's, continued", () => {
    const region = (awsRegion: string): string | undefined => ledgerVpc("10.0.0.0/10", { awsRegion });
    expect(region("us-west-2")).toBe("10.0.0.0/16");
    expect(region("eu-west-1")).toBe("10.1.0.0/16");
    expect(region("us-east-1")).toBe("10.8.0.0/16");
    const written = filledNetwork("prod") as { regions: Record<string, Record<string, unknown>> };
    const guide = prod.regions["us-west"]?.subnets;
    const { vpcCidr, subnets, ...unwritten } = written.regions["us-west"] ?? {};
    expect(vpcCidr).toBe("10.0.0.0/16");
    expect(subnets).toMatchObject({ database: ["10.0.20.0/24"] });
    const filled = parseNetworkConfig({ ...written, regions: { ...written.regions, "us-west": unwritten } });
    expect(filled.regions["us-west"]?.subnets).toEqual(guide);
    expect(guide?.database).toEqual(["10.0.20.0/24", "10.0.21.0/24"]);
  });

  it("gives no two AWS regions one slot, and none of those for free choice", () => {
    const regions = [
      "us-west-2",
      "eu-west-1",
      "us-east-1",
      "cn-northwest-1",
      "ap-southeast-7",
      "il-central-1",
    ];
    const slots = regions.map(slotOfAwsRegion);
    expect(slots).not.toContain(undefined);
    expect(new Set(slots).size).toBe(slots.length);
    expect(slots.some((slot) => slot !== undefined && isFreeSlot(slot))).toBe(false);
    expect(slotOfAwsRegion("aq-south-1")).toBeUndefined();
  });

  it("has eight zones for a tier, by letter or by id, and none beyond", () => {
    expect(zoneNumber("us-west-2a")).toBe(0);
    expect(zoneNumber("usw2-az4")).toBe(3);
    expect(zoneNumber("us-west-2h")).toBe(7);
    expect(zoneNumber("us-west-2i")).toBeUndefined();
    expect(zoneNumber("usw2-az9")).toBeUndefined();
    expect(subnetNumber("database", "us-west-2h")).toBe(27);
  });

  it("has nothing reserved twice, and leaves the resolver's network alone", () => {
    const vpc = rangeOf("10.0.0.0/16");
    const reserved = reservedSubnets(vpc);
    expect(reserved).toHaveLength(24);
    for (const [index, { range }] of reserved.entries()) {
      expect(reserved.slice(0, index).some((other) => overlaps(other.range, range))).toBe(false);
      expect(contains(rangeOf("10.0.0.0/24"), range)).toBe(false);
    }
  });

  it("has no subnets for a VPC whose parts would be too small for AWS", () => {
    expect(subnetNetwork(rangeOf("10.0.0.0/20"), "public", "us-west-2a")).toEqual(parseCidr("10.0.0.16/28"));
    expect(subnetNetwork(rangeOf("10.0.0.0/21"), "public", "us-west-2a")).toBeUndefined();
  });
});

describe("rules about the ledger", () => {
  const region = {
    awsRegion: "ap-south-1",
    availabilityZones: ["ap-south-1a", "ap-south-1b"],
    ami: "ami-0123456789abcdef0",
  };
  const added = (options: object): readonly [string, unknown] => ["regions far", { ...region, ...options }];

  it("take a region that writes no network", () => {
    expect(told(added({}))).toEqual([]);
    expect(told(added({ slot: 5 }))).toEqual([]);
    expect(
      told(added({ awsRegion: "us-west-2", availabilityZones: ["us-west-2a"], slot: 2, tiers: ["public"] })),
    ).toEqual([]);
    expect(told(added({ vpcCidr: "10.28.0.0/16" }))).toEqual([]);
    expect(told(added({ availabilityZones: ["ap-south-1a", "aps1-az2"] }))).toEqual([]);
  });

  const cases: readonly (readonly [string, object, path: string, message: string])[] = [
    [
      "an AWS region that the ledger does not know",
      { awsRegion: "aq-south-1", availabilityZones: [] },
      "slot",
      "is missing: the address ledger does not know aq-south-1. Give it a free slot (2 to 7, 56 to 63), or a vpcCidr.",
    ],
    [
      "a slot of another AWS region",
      { slot: 8 },
      "slot",
      "is not free: slot 8 is reserved for another AWS region. Use a free one (2 to 7, 56 to 63).",
    ],
    [
      "a slot beyond the pool",
      { slot: 64 },
      "slot",
      "is beyond the pool: 10.0.0.0/10 has slots 0 to 63, and this is 64. Use a free one (2 to 7, 56 to 63), a vpcCidr, or a larger addressPool.",
    ],
    [
      "a slot beside a network",
      { slot: 5, vpcCidr: "10.6.0.0/16" },
      "slot",
      "does not go with vpcCidr: leave one of the two out.",
    ],
    [
      "another region's reserved network",
      { vpcCidr: "10.8.0.0/16" },
      "vpcCidr",
      "is reserved for us-east-1 (docs/addresses.md): leave it out, or use a free slot (2 to 7, 56 to 63) or a network outside 10.0.0.0/10.",
    ],
    [
      "a VPC without room for the ledger's subnets",
      { vpcCidr: "10.99.0.0/21" },
      "tiers",
      "cannot have the ledger's subnets: 10.99.0.0/21 is smaller than /20. Write the subnets, and set tiers to [].",
    ],
    [
      "a tier twice",
      { tiers: ["public", "public"] },
      "tiers[1]",
      "is named twice: the region has the public tier already.",
    ],
    [
      "a zone beyond the last",
      { availabilityZones: ["ap-south-1i"] },
      "availabilityZones[0]",
      "has no slot: a tier has room for 8 zones (a to h, az1 to az8). Write the subnets, and set tiers to [].",
    ],
    [
      "two zones with one slot",
      { availabilityZones: ["ap-south-1b", "aps1-az2"] },
      "availabilityZones[1]",
      "has the same slot as ap-south-1b: name zones either by letter or by id.",
    ],
    [
      "a subnet in another's place",
      { tiers: ["public"], subnets: { public: ["10.28.2.0/24"] } },
      "subnets.public[0]",
      "is reserved: 10.28.2.0/24 shares addresses with 10.28.2.0/24, which is for the public tier in zone b (docs/addresses.md). Use ap-south-1a's own, or one that is reserved for nothing.",
    ],
    [
      "a NAT gateway's zone without one",
      { natZone: "ap-south-1a" },
      "natZone",
      "is for a single NAT gateway, and nat is none: remove it.",
    ],
    [
      "a NAT gateway in a zone elsewhere",
      { nat: "single", natZone: "ap-south-1c" },
      "natZone",
      "is no zone of the region: use one of ap-south-1a, ap-south-1b.",
    ],
    [
      "a NAT gateway in a zone without a public subnet",
      {
        availabilityZones: ["ap-south-1a", "ap-south-1b"],
        subnets: { public: ["10.28.1.0/24"], private: ["10.28.10.0/24"] },
        nat: "single",
        natZone: "ap-south-1b",
      },
      "natZone",
      "has no public subnet for the NAT gateway to stand in: add one, or use another zone.",
    ],
  ];

  it.each(cases)("refuse %s", (_, options, path, message) => {
    expect(told(added(options))).toContainEqual([`regions.far.${path}`, message]);
  });

  it("refuse a subnet list that has slipped by a zone", () => {
    const zones = ["us-west-2b", "us-west-2a"];
    const messages = told(["regions us-west availabilityZones", zones]).map(([path]) => path);
    expect(messages).toContain("regions.us-west.subnets.public[0]");
  });

  it("refuse two regions with one slot, both, and say nothing else about them", () => {
    expect(told(added({ slot: 5 }), ["regions near", { ...region, slot: 5 }])).toEqual([
      [
        "regions.far.slot",
        "is not alone: near would have slot 5 as well. Give one of them a free slot (2 to 7, 56 to 63), or a vpcCidr.",
      ],
      [
        "regions.near.slot",
        "is not alone: far would have slot 5 as well. Give one of them a free slot (2 to 7, 56 to 63), or a vpcCidr.",
      ],
    ]);
  });

  it("refuse a pool that is public or has no room for a region", () => {
    expect(told(["addressPool", "10.0.0.0/17"])[0]?.[0]).toBe("addressPool");
    expect(told(["addressPool", "8.0.0.0/8"])[0]?.[0]).toBe("addressPool");
    expect(told(["addressPool", "172.16.0.0/12"])).toEqual([]);
  });
});
