/** Networks of so many regions, grown from the sandbox's own: a region more is an entry more, as an engineer adds it. */
import { slotOfAwsRegion } from "../../components/config/ledger.ts";
import { regions as awsRegions, type Region } from "../../sandbox/services/aws/regions.ts";

type Map<Value> = Readonly<Record<string, Value>>;

/** What of a network's configuration grows with its regions. */
export interface WrittenNetwork {
  readonly quotas?: Map<number>;
  readonly regions: Map<{ readonly awsRegion: string }>;
  readonly wireguard: { readonly hubs: Map<unknown> };
  readonly hosts: Map<unknown>;
  readonly dns: { readonly zones: Map<{ readonly records: readonly unknown[] }> };
}

/** The zone in which hubs have their names. */
const zone = "blackroad.io";

/** Two VPCs in an AWS region: four Elastic IPs of us-west's, and three of the second one's. */
const elasticIpsPerRegion = 7;
/**
 * What the simulated AWS grants: as many addresses, and as many peerings that are asked for and not yet accepted as a
 * hub has neighbours, where AWS's default is 25 (vpc/latest/userguide/amazon-vpc-limits.html, "VPC peering"). Our own
 * program would wait, but the flat one beside it does not.
 */
export const accountQuotas = { elasticIpsPerRegion, outstandingPeeringsPerRegion: 2 * awsRegions.length };

/** Second octets of VPCs that are the second in their AWS region: beside the ledger's pool, the rack and the VPN. */
const secondVpcOctet = 96;
/** Last parts of the tunnel addresses of hubs that are added. */
const firstHubAddress = 100;

export const mostRegions = 2 * awsRegions.length;

interface Added {
  readonly key: string;
  readonly aws: Region;
  /** Second octet of its VPC. */
  readonly octet: number;
  /** Where it is no ledger's network. */
  readonly vpcCidr?: string;
}

/** Regions beside the first two, in the order in which they are added: every AWS region once, then each once more. */
function addedRegions(count: number): Added[] {
  const firsts = awsRegions.slice(2).map((aws): Added => {
    const slot = slotOfAwsRegion(aws.name);
    if (slot === undefined) throw new Error(`the ledger does not know ${aws.name}`);
    return { key: aws.name, aws, octet: slot };
  });
  const seconds = awsRegions.map((aws, index): Added => {
    const octet = secondVpcOctet + index;
    return { key: `${aws.name}-second`, aws, octet, vpcCidr: `10.${octet}.0.0/16` };
  });
  return [...firsts, ...seconds].slice(0, Math.max(0, count - 2));
}

/** As eu-west is in the sandbox's own file. */
function regionOf({ aws, vpcCidr }: Added) {
  return {
    awsRegion: aws.name,
    ...(vpcCidr === undefined ? {} : { vpcCidr }),
    availabilityZones: aws.zones.slice(0, 2).map(({ name }) => name),
    nat: "single",
    flowLogs: { traffic: "rejected", retentionDays: 30 },
    ami: "ami-0deb1a12000000002",
  };
}

function hostsOf({ octet }: Added) {
  return {
    "hub-1": {
      role: "hub",
      address: `10.${octet}.1.10`,
      instanceType: "t3.micro",
      securityGroups: ["hub"],
      elasticIp: true,
    },
    "lb-1": {
      role: "load-balancer",
      address: `10.${octet}.1.20`,
      instanceType: "t3.small",
      securityGroups: ["public", "ssh-from-hub", "monitoring"],
      elasticIp: true,
    },
    "api-1": {
      role: "api",
      address: `10.${octet}.10.11`,
      instanceType: "t3.medium",
      securityGroups: ["internal", "ssh-from-hub", "updates", "monitoring"],
    },
  };
}

/** A ring of all, and the first two, which production's hubs are in, with everybody. */
export function peeringsOf(keys: readonly string[]): (readonly [string, string])[] {
  const [west = "", east = ""] = keys;
  const ring = keys.map((key, index) => [key, keys[(index + 1) % keys.length] ?? ""] as const);
  const toHubs = [west, east].flatMap((hub) => keys.map((key) => [hub, key] as const));
  const seen = new Set<string>();
  return [...ring, ...toHubs].filter(([a, b]) => {
    const pair = [a, b].sort().join(" ");
    if (a === b || seen.has(pair)) return false;
    seen.add(pair);
    return true;
  });
}

function grow<Value>(map: Map<Value>, added: readonly Added[], one: (region: Added) => Value): Map<Value> {
  return { ...map, ...Object.fromEntries(added.map((region) => [region.key, one(region)])) };
}

/**
 * The network with so many regions, each with its hub, load balancer and API host.
 *
 * @param base the sandbox's own, which has two
 * @throws where the simulated AWS has not as many
 */
export function networkOf<Network extends WrittenNetwork>(base: Network, count: number): Network {
  if (count < 2 || count > mostRegions)
    throw new Error(`there are 2 to ${mostRegions} regions, not ${count}`);
  const added = addedRegions(count);
  const keys = [...Object.keys(base.regions), ...added.map(({ key }) => key)];
  const hub = (region: Added) => ({
    host: "hub-1",
    address: `10.200.0.${firstHubAddress + added.indexOf(region)}`,
    endpoint: `vpn-${region.key}.${zone}`,
  });
  const names = added.map(({ key }) => ({ name: `vpn-${key}`, type: "A", host: `${key}/hub-1`, ttl: 300 }));
  const zones = Object.entries(base.dns.zones).map(([name, written]) => [
    name,
    name === zone ? { ...written, records: [...written.records, ...names] } : written,
  ]);
  return {
    ...base,
    quotas: { ...base.quotas, ...accountQuotas },
    regions: grow<unknown>(base.regions, added, regionOf),
    peerings: peeringsOf(keys),
    wireguard: { ...base.wireguard, hubs: grow(base.wireguard.hubs, added, hub) },
    hosts: grow(base.hosts, added, hostsOf),
    dns: { ...base.dns, zones: Object.fromEntries(zones) as unknown },
    // They say what is meant of two regions, every pair of which is peered.
    flows: undefined,
  };
}
