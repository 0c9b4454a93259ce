/**
 * Production's network, grown to so many regions with so many hosts each, every region peered with every other: as an
 * engineer would write it, from the file to the plan.
 */
import { parseNetworkConfig } from "../../components/config/parse.ts";
import { slotOfAwsRegion } from "../../components/config/ledger.ts";
import type { NetworkPlan } from "../../components/plan/model.ts";
import { planNetwork } from "../../components/plan/plan.ts";
import { filledNetwork } from "../../test/unit/config/stack.ts";

export interface Size {
  readonly regions: number;
  readonly hostsPerRegion: number;
}

type Written<Value> = Readonly<Record<string, Value>>;

/** What of production's file grows, or is left out. */
interface ProductionNetwork {
  readonly regions: Written<Written<unknown>>;
  readonly securityGroups: Written<Written<unknown>>;
  readonly wireguard: { readonly hubs: Written<unknown> };
  readonly hosts: Written<Written<unknown>>;
  readonly flows: { readonly intended: readonly WrittenFlow[]; readonly accepted: readonly WrittenFlow[] };
}

interface WrittenFlow {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly traffic: readonly string[];
  readonly reason: string;
}

/** AWS's regions of the commercial partition, in the ledger's order; from the 35th on, a region is a second VPC in one. */
const awsRegions = [
  ...["us-west-2", "eu-west-1", "us-east-1", "us-east-2", "us-west-1", "ca-central-1", "ca-west-1"],
  ...["mx-central-1", "sa-east-1", "eu-central-1", "eu-central-2", "eu-west-2", "eu-west-3", "eu-north-1"],
  ...["eu-south-1", "eu-south-2", "il-central-1", "me-central-1", "me-south-1", "af-south-1", "ap-east-1"],
  ...["ap-east-2", "ap-south-1", "ap-south-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3"],
  ...["ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"],
  ...["ap-southeast-6", "ap-southeast-7"],
];

/** Second octets of VPCs that are the second in their AWS region: beside the ledger's, the rack and the VPN. */
const secondVpcOctet = 96;

export const mostRegions = 2 * awsRegions.length;
export const fewestHosts = 10;
/** As many as there are addresses in two zones for the shares below. */
export const mostHosts = 400;

interface Place {
  readonly key: string;
  readonly aws: string;
  readonly octet: number;
}

function placeOf(index: number): Place {
  const aws = awsRegions[index % awsRegions.length] ?? "";
  if (index >= awsRegions.length) {
    return { key: `${aws}-second`, aws, octet: secondVpcOctet + index - awsRegions.length };
  }
  const key = { "us-west-2": "us-west", "eu-west-1": "eu-west" }[aws] ?? aws;
  return { key, aws, octet: slotOfAwsRegion(aws) ?? 0 };
}

function regionOf({ aws, octet }: Place) {
  return {
    awsRegion: aws,
    vpcCidr: `10.${octet}.0.0/16`,
    availabilityZones: [`${aws}a`, `${aws}b`],
    tiers: ["public", "private", "database"],
    nat: "single",
    ami: "ami-0123456789abcdef0",
  };
}

interface Kind {
  readonly name: string;
  readonly role: string;
  /** Share of a region's hosts; one at least. */
  readonly share: number;
  /** Third octets of its tier's subnets in the two zones. */
  readonly subnets: readonly number[];
  readonly firstAddress: number;
  readonly written: Written<unknown>;
}

const everywhere = ["ssh-from-hub", "updates", "monitoring"];

/** Beside the hub: what production has of each, and in both zones. */
const kinds: readonly Kind[] = [
  {
    name: "lb",
    role: "load-balancer",
    share: 0.05,
    subnets: [1, 2],
    firstAddress: 20,
    written: { securityGroups: ["public", "ssh-from-hub", "monitoring"], elasticIp: true },
  },
  {
    name: "postgres",
    role: "database",
    share: 0,
    subnets: [20],
    firstAddress: 10,
    written: {
      sessionManager: false,
      securityGroups: ["database", "ssh-from-hub", "packages", "monitoring"],
    },
  },
  {
    name: "redis",
    role: "redis",
    share: 0,
    subnets: [11],
    firstAddress: 200,
    written: { securityGroups: ["database", ...everywhere] },
  },
  {
    name: "ollama",
    role: "service",
    share: 0.1,
    subnets: [10, 11],
    firstAddress: 205,
    written: {
      software: "blackroad-ollama",
      services: { ollama: 11434 },
      securityGroups: ["internal", ...everywhere, "ollama"],
    },
  },
  {
    name: "vault",
    role: "service",
    share: 0.1,
    subnets: [10, 11],
    firstAddress: 225,
    written: {
      software: "blackroad-vault",
      services: { vault: 8200 },
      securityGroups: ["internal", ...everywhere, "vault"],
    },
  },
  {
    name: "api",
    role: "api",
    share: 0.75,
    subnets: [10, 11],
    firstAddress: 11,
    written: { securityGroups: ["internal", ...everywhere] },
  },
];

function hostsOf({ octet }: Place, count: number): Written<unknown> {
  const hub = {
    role: "hub",
    address: `10.${octet}.1.10`,
    instanceType: "t3.micro",
    securityGroups: ["hub"],
    elasticIp: true,
  };
  const hosts: [string, unknown][] = [["hub-1", hub]];
  for (const [at, { name, role, share, subnets, firstAddress, written }] of kinds.entries()) {
    const isLast = at === kinds.length - 1;
    const number = isLast ? count - hosts.length : Math.max(1, Math.floor(count * share));
    for (let index = 0; index < number; index++) {
      const subnet = subnets[index % subnets.length] ?? 0;
      const address = `10.${octet}.${subnet}.${firstAddress + Math.floor(index / subnets.length)}`;
      hosts.push([`${name}-${index + 1}`, { role, address, instanceType: "t3.small", ...written }]);
    }
  }
  return Object.fromEntries(hosts);
}

/** Without `regions`, a group is in every region. */
function everywhereGroups(groups: ProductionNetwork["securityGroups"]): Written<unknown> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, group]) => [name, { ...group, regions: undefined }]),
  );
}

/** Production's flows, those about single hosts of its regions apart, and in their place the same for each region. */
function flowsOf(
  { flows, regions }: ProductionNetwork,
  places: readonly Place[],
): ProductionNetwork["flows"] {
  const isOfRegion = (end: string): boolean =>
    Object.keys(regions).some((region) => end.startsWith(`${region}/`) || end.endsWith(` of ${region}`));
  const others = (written: readonly WrittenFlow[]): WrittenFlow[] =>
    written.filter(({ from, to }) => ![...from, ...to].some(isOfRegion));
  return {
    intended: [
      ...others(flows.intended),
      ...places.flatMap(({ key }): WrittenFlow[] => [
        {
          from: [`role-api of ${key}`],
          to: [`sg-vault of ${key}`],
          traffic: ["8200/tcp"],
          reason: "Secrets",
        },
        {
          from: [`role-api of ${key}`],
          to: [`sg-ollama of ${key}`],
          traffic: ["11434/tcp"],
          reason: "Models",
        },
      ]),
    ],
    accepted: [
      ...others(flows.accepted),
      {
        from: ["internet"],
        to: ["role-load-balancer"],
        traffic: ["80/tcp", "443/tcp"],
        reason: "public is open to everybody",
      },
      ...places.map(({ key }): WrittenFlow => ({
        from: [`sg-internal of ${key}`],
        to: ["database", "vault", "ollama"].map((group) => `sg-${group} of ${key}`),
        traffic: ["5432/tcp", "6379/tcp", "8200/tcp", "11434/tcp"],
        reason: "The data layer is open to the whole group internal",
      })),
    ],
  };
}

function written(production: ProductionNetwork, { regions, hostsPerRegion }: Size): unknown {
  const places = Array.from({ length: regions }, (_, index) => placeOf(index));
  const each = (one: (place: Place, index: number) => unknown): Written<unknown> =>
    Object.fromEntries(places.map((place, index) => [place.key, one(place, index)]));
  const sites = Object.entries(production.hosts).filter(([site]) => production.regions[site] === undefined);
  const endpoint = ({ key }: Place): string => `vpn-${key}.blackroad.io`;
  const records = places.map((place) => ({
    name: `vpn-${place.key}`,
    type: "A",
    host: `${place.key}/hub-1`,
  }));
  return {
    ...production,
    quotas: { elasticIpsPerRegion: 2 * mostHosts },
    regions: each(regionOf),
    peerings: places.flatMap(({ key }, index) => places.slice(index + 1).map((other) => [key, other.key])),
    securityGroups: everywhereGroups(production.securityGroups),
    wireguard: {
      ...production.wireguard,
      hubs: each((place, index) => ({
        host: "hub-1",
        address: `10.200.0.${100 + index}`,
        endpoint: endpoint(place),
      })),
    },
    hosts: { ...Object.fromEntries(sites), ...each((place) => hostsOf(place, hostsPerRegion)) },
    dns: { zones: { "blackroad.io": { managed: true, records } } },
    cloudflare: undefined,
    flows: flowsOf(production, places),
  };
}

/** @throws ConfigError where the network breaks a rule of a platform */
export function networkOf(size: Size): NetworkPlan {
  const production = filledNetwork("prod") as ProductionNetwork;
  return planNetwork(parseNetworkConfig(written(production, size)), "prod");
}

/** Production's own, as it is. */
export function productionNetwork(): NetworkPlan {
  return planNetwork(parseNetworkConfig(filledNetwork("prod")), "prod");
}
