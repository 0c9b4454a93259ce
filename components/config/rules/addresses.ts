/** Networks that are written keep off what the address ledger reserves, and the ledger has what is asked of it. */
import { sharedSlots } from "../addresses.ts";
import { formatAddress, formatRange, overlaps, parseAddress, parseCidr, type Range } from "../ip.ts";
import {
  isFreeSlot,
  ledgerVpc,
  natAddress,
  reservedFor,
  reservedSubnets,
  slotNetwork,
  slotOf,
  slotOfAwsRegion,
  slotsOf,
  smallestLedgerPrefix,
  zoneNumber,
  zonesPerTier,
} from "../ledger.ts";
import type { Path } from "../problem.ts";
import { defaultAddressPool } from "../schema.ts";
import { instancesOf, subnetOf } from "./instances.ts";
import {
  entries,
  items,
  lacks,
  subnetsOf,
  type Finding,
  type LooseConfig,
  type LooseRegion,
} from "./rule.ts";

interface Pool {
  readonly cidr: string;
  readonly range: Range;
}

function poolOf(config: LooseConfig): Pool | undefined {
  const cidr = lacks(config, "addressPool") ? defaultAddressPool : config.addressPool;
  const range = cidr === undefined ? undefined : parseCidr(cidr);
  return cidr === undefined || range === undefined ? undefined : { cidr, range };
}

const freeSlots = (pool: Pool): string => {
  const last = slotsOf(pool.range) - 1;
  const [low, high] = [`2 to ${Math.min(7, last)}`, `56 to ${last}`];
  return last < 2 ? "none" : last < 56 ? low : `${low}, ${high}`;
};

/** A region that writes no network has a slot of its own within the pool. */
export function* regionsHaveSlots(config: LooseConfig): Iterable<Finding> {
  const pool = poolOf(config);
  if (pool === undefined) return;
  const shared = new Map(
    [...sharedSlots(config.regions)].flatMap(([slot, keys]) => keys.map((key) => [key, { slot, keys }])),
  );
  for (const [key, region] of entries(config.regions)) {
    const path = ["regions", key, "slot"];
    const sharing = shared.get(key);
    if (sharing !== undefined) {
      const others = sharing.keys.filter((other) => other !== key).join(", ");
      const message = `is not alone: ${others} would have slot ${sharing.slot} as well. Give one of them a free slot (${freeSlots(pool)}), or a vpcCidr.`;
      yield { path, message };
    } else yield* slotProblems(pool, region, path);
  }
}

function* slotProblems(pool: Pool, region: LooseRegion, path: Path): Iterable<Finding> {
  const slot = slotOf(region);
  if (slot === undefined) {
    if (!lacks(region, "vpcCidr") || region.awsRegion === undefined) return;
    const message = `is missing: the address ledger does not know ${region.awsRegion}. Give it a free slot (${freeSlots(pool)}), or a vpcCidr.`;
    yield { path, message };
    return;
  }
  const written = region.slot !== undefined;
  const inLedger = slotNetwork(pool.range, slot);
  if (written && !lacks(region, "vpcCidr") && region.vpcCidr !== ledgerVpc(pool.cidr, region)) {
    yield { path, message: "does not go with vpcCidr: leave one of the two out." };
  } else if (inLedger === undefined && (written || lacks(region, "vpcCidr"))) {
    const message = `is beyond the pool: ${pool.cidr} has slots 0 to ${slotsOf(pool.range) - 1}, and this is ${slot}. Use a free one (${freeSlots(pool)}), a vpcCidr, or a larger addressPool.`;
    yield { path, message };
  } else if (written && !isFreeSlot(slot) && slotOfAwsRegion(region.awsRegion ?? "") !== slot) {
    const message = `is not free: slot ${slot} is reserved for another AWS region. Use a free one (${freeSlots(pool)}).`;
    yield { path, message };
  }
}

/** A VPC that is written keeps off what is reserved for other AWS regions, so that they can still be added. */
export function* vpcsSpareSlots(config: LooseConfig): Iterable<Finding> {
  const pool = poolOf(config);
  for (const [key, { vpcCidr, awsRegion }] of entries(config.regions)) {
    const range = vpcCidr === undefined ? undefined : parseCidr(vpcCidr);
    if (pool === undefined || range === undefined || awsRegion === undefined) continue;
    const owner = reservedFor(pool.range, range);
    if (owner === undefined || owner === awsRegion) continue;
    const message = `is reserved for ${owner} (docs/addresses.md): leave it out, or use a free slot (${freeSlots(pool)}) or a network outside ${pool.cidr}.`;
    yield { path: ["regions", key, "vpcCidr"], message };
  }
}

/** A tier is listed once, in a VPC with room for the ledger's subnets. */
export function* tiersHaveRoom(config: LooseConfig): Iterable<Finding> {
  for (const [key, region] of entries(config.regions)) {
    const path = ["regions", key, "tiers"];
    const listed = items(region.tiers);
    for (const [index, tier] of listed) {
      if (!listed.some(([earlier, other]) => earlier < index && other === tier)) continue;
      yield { path: [...path, index], message: `is named twice: the region has the ${tier} tier already.` };
    }
    const vpc = region.vpcCidr === undefined ? undefined : parseCidr(region.vpcCidr);
    if (listed.length === 0 || vpc === undefined) continue;
    if (vpc.prefix > smallestLedgerPrefix) {
      const message = `cannot have the ledger's subnets: ${region.vpcCidr ?? ""} is smaller than /${smallestLedgerPrefix}. Write the subnets, and set tiers to [].`;
      yield { path, message };
    }
  }
}

/** What is said of a zone that has no number, and of one that has another's. */
interface ZoneWords {
  readonly none: string;
  readonly shared: (other: string) => string;
}

/** Zones that differ have different numbers, and none is beyond the last. */
export function zoneFindings(key: string, region: LooseRegion, { none, shared }: ZoneWords): Finding[] {
  const seen = new Map<number, string>();
  return items(region.availabilityZones).flatMap(([index, zone]) => {
    const path = ["regions", key, "availabilityZones", index];
    const number = zoneNumber(zone);
    const other = number === undefined ? undefined : seen.get(number);
    if (number === undefined) return [{ path, message: none }];
    if (other !== undefined && other !== zone) return [{ path, message: shared(other) }];
    seen.set(number, zone);
    return [];
  });
}

/** Every zone has a slot of its own, where the ledger gives the networks. */
export function* zonesHaveSlots(config: LooseConfig): Iterable<Finding> {
  for (const [key, region] of entries(config.regions)) {
    if ((region.tiers ?? []).length === 0) continue;
    yield* zoneFindings(key, region, {
      none: `has no slot: a tier has room for ${zonesPerTier} zones (a to h, az1 to az8). Write the subnets, and set tiers to [].`,
      shared: (other) => `has the same slot as ${other}: name zones either by letter or by id.`,
    });
  }
}

/** A subnet that is written has its own reserved network or one that is reserved for nothing. */
export function* subnetsSpareSlots(config: LooseConfig): Iterable<Finding> {
  for (const [key, region] of entries(config.regions)) {
    const vpc = region.vpcCidr === undefined ? undefined : parseCidr(region.vpcCidr);
    if (vpc === undefined || (region.tiers ?? []).length === 0) continue;
    for (const { path, tier, index, cidr, range } of subnetsOf(key, region)) {
      const zone = region.availabilityZones?.[index];
      if (zone === undefined) continue;
      const number = zoneNumber(zone);
      const taken = reservedSubnets(vpc).find(
        (slot) => overlaps(slot.range, range) && !(slot.tier === tier && slot.zone === number),
      );
      if (taken === undefined) continue;
      const message = `is reserved: ${cidr} shares addresses with ${formatRange(taken.range)}, which is for the ${taken.tier} tier in zone ${String.fromCharCode(97 + taken.zone)} (docs/addresses.md). Use ${zone}'s own, or one that is reserved for nothing.`;
      yield { path, message };
    }
  }
}

/** A single NAT gateway stands in a zone of its region, with a public subnet there. */
export function* natZonesExist(config: LooseConfig): Iterable<Finding> {
  for (const [key, region] of entries(config.regions)) {
    const zone = region.natZone;
    if (zone === undefined) continue;
    const path = ["regions", key, "natZone"];
    const index = region.availabilityZones?.indexOf(zone);
    if (region.nat !== undefined && region.nat !== "single") {
      yield { path, message: `is for a single NAT gateway, and nat is ${region.nat}: remove it.` };
    } else if (index === -1) {
      const message = `is no zone of the region: use one of ${items(region.availabilityZones)
        .map(([, known]) => known)
        .join(", ")}.`;
      yield { path, message };
    } else if (index !== undefined && index >= (region.subnets?.public?.length ?? Infinity)) {
      const message = `has no public subnet for the NAT gateway to stand in: add one, or use another zone.`;
      yield { path, message, rule: "aws/nat-in-public-subnet" };
    }
  }
}

/** Every public subnet keeps an address for a NAT gateway, so that one that is added later finds it free. */
export function* hostsSpareNatAddress(config: LooseConfig): Iterable<Finding> {
  for (const instance of instancesOf(config)) {
    const subnet = subnetOf(instance);
    if (subnet?.tier !== "public" || instance.host.address === undefined) continue;
    const { first, last } = subnet.range;
    if (parseAddress(instance.host.address) !== natAddress(subnet.range)) continue;
    const message = `is kept for a NAT gateway: ${instance.host.address} is the last usable one of the public subnet ${subnet.cidr}. Use one from ${formatAddress(first + 4)} to ${formatAddress(last - 2)}.`;
    yield { path: [...instance.path, "address"], message };
  }
}
