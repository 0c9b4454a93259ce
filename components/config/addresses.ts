/** Fills in, from the ledger, the networks that a stack's file leaves out. */
import { ledgerTiers, ledgerVpc, slotOf, subnetsOfTier, type Tier } from "./ledger.ts";
import { parseCidr } from "./ip.ts";
import type { Loose, LooseConfig } from "./loose.ts";
import { defaultAddressPool, type NetworkConfig, type RegionConfig, type WrittenNetwork } from "./schema.ts";

type LooseWritten = Loose<WrittenNetwork>;
type LooseWrittenRegion = Loose<WrittenNetwork["regions"][string]>;

/** The regions that leave their network to the ledger and ask for the same slot, by that slot. */
export function sharedSlots(regions: LooseWritten["regions"]): ReadonlyMap<number, readonly string[]> {
  const asking = new Map<number, string[]>();
  for (const [key, region] of Object.entries(regions ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const slot = region === undefined || Object.hasOwn(region, "vpcCidr") ? undefined : slotOf(region);
    if (slot !== undefined) asking.set(slot, [...(asking.get(slot) ?? []), key]);
  }
  return new Map([...asking].filter(([, keys]) => keys.length > 1));
}

interface Networks {
  readonly vpcCidr: string | undefined;
  readonly tiers: Tier[];
  readonly subnets: Record<Tier, (string | undefined)[]>;
}

function networksOf(pool: string, region: LooseWrittenRegion): Networks {
  const vpcCidr = Object.hasOwn(region, "vpcCidr") ? region.vpcCidr : ledgerVpc(pool, region);
  const subnets = (tier: Tier): (string | undefined)[] =>
    vpcCidr === undefined || parseCidr(vpcCidr) === undefined
      ? [...(region.subnets?.[tier] ?? [])]
      : subnetsOfTier(vpcCidr, region, tier);
  return {
    vpcCidr,
    tiers: [...ledgerTiers(region)],
    subnets: { public: subnets("public"), private: subnets("private"), database: subnets("database") },
  };
}

/** What the rules look at. A network that the ledger cannot give stays missing, which a rule then tells. */
export function fillIn(config: LooseWritten): LooseConfig {
  const pool = config.addressPool ?? defaultAddressPool;
  const shared = new Set([...sharedSlots(config.regions).values()].flat());
  const regions = Object.entries(config.regions ?? {}).map(([key, region]): [string, LooseRegion] => {
    if (region === undefined) return [key, undefined];
    // Whoever shares a slot has no network: which of them should have it is for the owner to say.
    if (shared.has(key)) return [key, region];
    const { vpcCidr, tiers, subnets } = networksOf(pool, region);
    const network = vpcCidr === undefined ? {} : { vpcCidr };
    return [key, { ...region, ...network, tiers, ...malformedSubnets(region, subnets) }];
  });
  return { ...config, ...(config.regions === undefined ? {} : { regions: Object.fromEntries(regions) }) };
}

type LooseRegion = Loose<RegionConfig> | undefined;

/** Subnets that are malformed as a whole stay so; those of the ledger would hide it. */
function malformedSubnets(
  region: LooseWrittenRegion,
  subnets: Networks["subnets"],
): Pick<Loose<RegionConfig>, "subnets"> {
  return Object.hasOwn(region, "subnets") && region.subnets === undefined ? {} : { subnets };
}

/**
 * The configuration with every network in it.
 * @throws where the ledger has none for a region or subnet; the rules refuse such a configuration before.
 */
export function withAddresses(config: WrittenNetwork): NetworkConfig {
  const regions = Object.entries(config.regions).map(([key, region]): [string, RegionConfig] => {
    const { vpcCidr, tiers, subnets } = networksOf(config.addressPool, region);
    if (vpcCidr === undefined) throw new Error(`the ledger has no network for ${key}`);
    const known = (tier: Tier): string[] =>
      subnets[tier].map((cidr) => {
        if (cidr === undefined) throw new Error(`the ledger has no ${tier} subnet for a zone of ${key}`);
        return cidr;
      });
    const all = { public: known("public"), private: known("private"), database: known("database") };
    return [key, { ...region, vpcCidr, tiers, subnets: all }];
  });
  return { ...config, regions: Object.fromEntries(regions) };
}
