/** Random networks that grow out of prod's, for property tests. */
import fc from "fast-check";
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import type { NetworkConfig } from "../../../components/config/schema.ts";
import { hostKey } from "../config/stack.ts";
import { configOf } from "./subject.ts";

/** A region that is added. */
export interface NewRegion {
  readonly zones: number;
  readonly privateSubnets: number;
  readonly databaseSubnets: number;
  readonly nat: "none" | "single" | "perZone";
  readonly hub: boolean;
  readonly peeredWith: readonly string[];
}

/** What is added to prod. */
export interface Growth {
  readonly regions: readonly NewRegion[];
  /** Zones added to eu-west, each with a subnet of every tier. */
  readonly zones: number;
  /** api hosts added to us-west. */
  readonly apis: number;
  /** Raspberry Pis added to edge-home, each with a tunnel. */
  readonly pis: number;
  /** DNS records added, each as a further one of the apex's type. */
  readonly texts: number;
}

const newRegion: fc.Arbitrary<NewRegion> = fc
  .record({
    zones: fc.integer({ min: 1, max: 3 }),
    privateSubnets: fc.integer({ min: 0, max: 3 }),
    databaseSubnets: fc.integer({ min: 0, max: 3 }),
    nat: fc.constantFrom("none" as const, "single" as const, "perZone" as const),
    hub: fc.boolean(),
    peeredWith: fc.uniqueArray(fc.constantFrom("us-west", "eu-west"), { maxLength: 2 }),
  })
  .map((region) => ({
    ...region,
    privateSubnets: Math.min(region.privateSubnets, region.zones),
    // One would be refused: a database tier spans zones.
    databaseSubnets:
      region.databaseSubnets < 2 || region.zones < 2 ? 0 : Math.min(region.databaseSubnets, region.zones),
    nat: region.privateSubnets === 0 ? "none" : region.nat,
  }));

export const growth: fc.Arbitrary<Growth> = fc.record({
  regions: fc.array(newRegion, { maxLength: 3 }),
  zones: fc.integer({ min: 0, max: 3 }),
  apis: fc.integer({ min: 0, max: 3 }),
  pis: fc.integer({ min: 0, max: 3 }),
  texts: fc.integer({ min: 0, max: 2 }),
});

const count = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** Names that sort before and between prod's, so that whatever depends on order shows. */
const regionNames = ["ap-south", "mid-east", "zz-north"];

function addRegion(config: NetworkConfig, index: number, region: NewRegion): void {
  const key = regionNames[index] ?? `region-${index}`;
  const second = 2 + index;
  const subnets = (from: number, length: number): string[] =>
    count(length).map((zone) => `10.${second}.${from + zone}.0/24`);
  config.regions[key] = {
    awsRegion: "ap-south-1",
    vpcCidr: `10.${second}.0.0/16`,
    availabilityZones: ["a", "b", "c"].slice(0, region.zones).map((letter) => `ap-south-1${letter}`),
    subnets: {
      public: subnets(1, region.zones),
      private: subnets(10, region.privateSubnets),
      database: subnets(20, region.databaseSubnets),
    },
    tiers: [],
    nat: region.nat,
    gatewayEndpoints: ["s3", "dynamodb"],
    networkAcls: true,
    sessionManager: false,
    ipv6: "none",
    mapPublicIpOnLaunch: false,
    ami: "ami-0123456789abcdef0",
  };
  for (const other of region.peeredWith) config.peerings.push([key, other]);
  if (!region.hub) return;
  config.hosts[key] = {
    "hub-1": {
      role: "hub",
      address: `10.${second}.1.10`,
      instanceType: "t3.micro",
      securityGroups: ["hub"],
      elasticIp: true,
    },
  };
  const endpoint = `vpn-${key}.blackroad.io`;
  config.wireguard.hubs[key] = { host: "hub-1", address: `10.200.0.${3 + index}`, endpoint };
  recordsOf(config).push({ name: `vpn-${key}`, type: "A", host: `${key}/hub-1`, proxied: false, ttl: 300 });
}

type Records = NetworkConfig["dns"]["zones"][string]["records"];

function recordsOf(config: NetworkConfig): Records {
  const zone = config.dns.zones["blackroad.io"];
  if (zone === undefined) throw new Error("prod has no zone blackroad.io");
  return zone.records;
}

/** Prod's network, grown; accepted by the parser like any other. */
export function grown({ regions, zones, apis, pis, texts }: Growth): NetworkConfig {
  const config = structuredClone(configOf("prod"));
  config.quotas.elasticIpsPerRegion = 20;
  for (const [index, region] of regions.entries()) addRegion(config, index, region);
  const europe = config.regions["eu-west"];
  const home = config.sites["edge-home"];
  if (europe === undefined || home === undefined) throw new Error("prod has lost a place");
  for (const index of count(zones)) {
    const letter = ["c", "d", "e"][index] ?? "f";
    europe.availabilityZones.push(`eu-west-1${letter}`);
    europe.subnets.public.push(`10.1.${3 + index}.0/24`);
    europe.subnets.private.push(`10.1.${12 + index}.0/24`);
  }
  for (const index of count(apis)) {
    const host = {
      address: `10.0.11.${20 + index}`,
      instanceType: "t3.micro",
      securityGroups: ["internal", "updates"],
    };
    config.hosts["us-west"] = { ...config.hosts["us-west"], [`api-${10 + index}`]: { role: "api", ...host } };
  }
  for (const index of count(pis)) {
    // "a-pi" sorts before every host of prod's.
    const name = index === 0 ? "a-pi" : `pi-${index}`;
    home.nodes[name] = `192.168.4.${110 + index}`;
    config.hosts["edge-home"] = {
      ...config.hosts["edge-home"],
      [name]: { role: "vpn-peer", bootstrap: { user: "pi", hostKey } },
    };
    config.wireguard.peers[`edge-home/${name}`] = {
      address: `10.200.0.${40 + index}`,
      routes: [],
      masquerade: false,
    };
  }
  for (const index of count(texts)) {
    recordsOf(config).unshift({ name: "@", type: "TXT", content: `text ${index}`, proxied: false, ttl: 1 });
  }
  return parseNetworkConfig(config);
}

/** The same configuration with every map's keys in another order. */
export function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reordered(inner)]),
  );
}
