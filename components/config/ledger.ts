/**
 * The address ledger: which addresses are reserved for what, whether it is there yet or not.
 *
 * Every AWS region has a slot of the stack's address pool, and every tier and zone a slot of its VPC. A slot follows
 * from names alone, never from what else there is or in which order, so nothing that is added, removed or added again
 * moves anything. docs/addresses.md is the ledger as tables. The tables here only ever grow at their free places:
 * an entry that changes renumbers networks that exist.
 */
import { formatRange, parseCidr, rangeOf, type Range } from "./ip.ts";

export type Tier = "public" | "private" | "database";

export const tiers: readonly Tier[] = ["public", "private", "database"];

/** A region's share of the pool: a /16, the largest network that AWS takes for a VPC. */
const regionPrefix = 16;

/** Slots of AWS's regions. Those of the first two are the network guide's; 2 to 7 and from 56 are for free choice. */
const awsRegions: Readonly<Record<string, number>> = {
  "us-west-2": 0,
  "eu-west-1": 1,
  "us-east-1": 8,
  "us-east-2": 9,
  "us-west-1": 10,
  "ca-central-1": 11,
  "ca-west-1": 12,
  "mx-central-1": 13,
  "sa-east-1": 14,
  "eu-central-1": 15,
  "eu-central-2": 16,
  "eu-west-2": 17,
  "eu-west-3": 18,
  "eu-north-1": 19,
  "eu-south-1": 20,
  "eu-south-2": 21,
  "il-central-1": 22,
  "me-central-1": 23,
  "me-south-1": 24,
  "af-south-1": 25,
  "ap-east-1": 26,
  "ap-east-2": 27,
  "ap-south-1": 28,
  "ap-south-2": 29,
  "ap-northeast-1": 30,
  "ap-northeast-2": 31,
  "ap-northeast-3": 32,
  "ap-southeast-1": 33,
  "ap-southeast-2": 34,
  "ap-southeast-3": 35,
  "ap-southeast-4": 36,
  "ap-southeast-5": 37,
  "ap-southeast-6": 38,
  "ap-southeast-7": 39,
  "us-gov-east-1": 40,
  "us-gov-west-1": 41,
  "cn-north-1": 42,
  "cn-northwest-1": 43,
};

/** Slots that no AWS region has or will be given: 2 to 7, and all from 56. */
export function isFreeSlot(slot: number): boolean {
  return (slot >= 2 && slot <= 7) || slot >= 56;
}

/** The slot that is reserved for an AWS region; `undefined` for one that is newer than the table. */
export function slotOfAwsRegion(awsRegion: string): number | undefined {
  return awsRegions[awsRegion];
}

/** How many slots a pool has. */
export function slotsOf(pool: Range): number {
  return 2 ** (regionPrefix - pool.prefix);
}

/** A slot's network; `undefined` beyond the pool's last. */
export function slotNetwork(pool: Range, slot: number): Range | undefined {
  return slot < slotsOf(pool) ? part(pool, regionPrefix, slot) : undefined;
}

/** The AWS region whose reserved slot the network touches. */
export function reservedFor(pool: Range, network: Range): string | undefined {
  return Object.entries(awsRegions).find(([, slot]) => {
    const reserved = slotNetwork(pool, slot);
    return reserved !== undefined && reserved.first <= network.last && network.first <= reserved.last;
  })?.[0];
}

/** Zones that a tier has room for: AWS has at most six in a region, and letters and ids that stop at eight. */
export const zonesPerTier = 8;

/**
 * A zone's number from 0: its letter (`us-west-2b` is 1) or, of an id, its number less one (`usw2-az2` is 1).
 * `undefined` beyond the last that a tier has room for.
 */
export function zoneNumber(zone: string): number | undefined {
  const id = /-az(\d+)$/.exec(zone);
  const number = id === null ? zone.charCodeAt(zone.length - 1) - "a".charCodeAt(0) : Number(id[1]) - 1;
  return number >= 0 && number < zonesPerTier ? number : undefined;
}

/** Where each tier's slots begin among its VPC's 256; 0 stays free, because the VPC's resolver is its third address. */
const tierBase: Readonly<Record<Tier, number>> = { public: 1, private: 10, database: 20 };

/** Bits by which a subnet of the ledger is smaller than its VPC: 256 of them. */
const subnetBits = 8;

/** A VPC smaller than this has no room for the ledger's subnets, which AWS takes down to /28. */
export const smallestLedgerPrefix = 28 - subnetBits;

/** The number of a tier's subnet in a zone among the 256 of its VPC, and among the 256 /64 of its IPv6 network. */
export function subnetNumber(tier: Tier, zone: string): number | undefined {
  const number = zoneNumber(zone);
  return number === undefined ? undefined : tierBase[tier] + number;
}

/** The reserved network of a tier in a zone; `undefined` where VPC or tier have no room for it. */
export function subnetNetwork(vpc: Range, tier: Tier, zone: string): Range | undefined {
  const number = subnetNumber(tier, zone);
  if (number === undefined || vpc.prefix > smallestLedgerPrefix) return undefined;
  return part(vpc, vpc.prefix + subnetBits, number);
}

/**
 * The address that every public subnet keeps for a NAT gateway, whether it has one or not: the last that AWS does not
 * keep itself. Left to choose, AWS takes any that is free, and so perhaps one that a host is still to have.
 */
export function natAddress(subnet: Range): number {
  return subnet.last - 1;
}

/** Every reserved network of a VPC, with what it is reserved for. */
export function reservedSubnets(vpc: Range): { tier: Tier; zone: number; range: Range }[] {
  if (vpc.prefix > smallestLedgerPrefix) return [];
  return tiers.flatMap((tier) =>
    Array.from({ length: zonesPerTier }, (_, zone) => ({
      tier,
      zone,
      range: part(vpc, vpc.prefix + subnetBits, tierBase[tier] + zone),
    })),
  );
}

/** The n-th part of a network, in parts of the prefix. */
function part(whole: Range, prefix: number, index: number): Range {
  const size = 2 ** (32 - prefix);
  const first = whole.first + index * size;
  return { first, last: first + size - 1, prefix };
}

/** What of a region's options its addresses follow from, as far as it is known. */
export interface Addressed {
  readonly awsRegion?: string | undefined;
  readonly slot?: number | undefined;
  readonly vpcCidr?: string | undefined;
  readonly availabilityZones?: readonly (string | undefined)[] | undefined;
  readonly tiers?: readonly (Tier | undefined)[] | undefined;
  readonly subnets?: Readonly<Partial<Record<Tier, readonly (string | undefined)[] | undefined>>> | undefined;
}

/** The slot that a region asks for: the one it names, or its AWS region's. */
export function slotOf(region: Addressed): number | undefined {
  if (region.slot !== undefined) return region.slot;
  return region.awsRegion === undefined ? undefined : slotOfAwsRegion(region.awsRegion);
}

/** The network of a region that names none. */
export function ledgerVpc(pool: string, region: Addressed): string | undefined {
  const [range, slot] = [parseCidr(pool), slotOf(region)];
  const network = range === undefined || slot === undefined ? undefined : slotNetwork(range, slot);
  return network === undefined ? undefined : formatRange(network);
}

/** The tiers that have subnets of the ledger: those that are listed, or all where no subnet is written either. */
export function ledgerTiers(region: Addressed): readonly Tier[] {
  const listed = region.tiers?.filter((tier) => tier !== undefined);
  return listed ?? (region.subnets === undefined ? tiers : []);
}

/** A tier's subnets by zone: the n-th that is written for the n-th zone, and after those the ledger's. */
export function subnetsOfTier(vpcCidr: string, region: Addressed, tier: Tier): (string | undefined)[] {
  const written = region.subnets?.[tier] ?? [];
  if (!ledgerTiers(region).includes(tier)) return [...written];
  const vpc = rangeOf(vpcCidr);
  const reserved = (region.availabilityZones ?? []).slice(written.length).map((zone) => {
    const network = zone === undefined ? undefined : subnetNetwork(vpc, tier, zone);
    return network === undefined ? undefined : formatRange(network);
  });
  return [...written, ...reserved];
}
