/** Names inside the network: private zones, and what regions forward to other name servers. */
import { cidrIncludes, formatAddress, rangeOf } from "../config/ip.ts";
import { outboundEndpointGroup } from "../config/private-dns.ts";
import type { NetworkConfig, PrivateRecordConfig } from "../config/schema.ts";
import type { DomainStandIn } from "./host/names-stand-in.ts";
import { byKey, cutName, sortedEntries } from "./keys.ts";
import type {
  ForwardingRulePlan,
  OutboundEndpointPlan,
  PrivateRecordSetPlan,
  PrivateZonePlan,
  SecurityGroupPlan,
  SecurityRulePlan,
  SubnetPlan,
} from "./model.ts";
import { missing, placeAt, type Place } from "./place.ts";

/** The longest name that Route 53 Resolver takes for an endpoint or a rule. */
const resolverNameLength = 64;

/** Of letters, digits, hyphens and underscores; a stack's name may also have dots, as a domain has. */
function resolverName(...parts: readonly string[]): string {
  return cutName(parts.join("-").replaceAll(".", "-"), resolverNameLength);
}

/** Where the resolver of a VPC answers: AWS keeps the address at its base plus two for it. */
export function vpcResolver(cidr: string): string {
  return formatAddress(rangeOf(cidr).first + 2);
}

function valueOf(config: NetworkConfig, { content, host }: PrivateRecordConfig): string {
  return content ?? placeAt(config, host ?? missing("a private record", "content")).address;
}

/** Records of one name and type are one set, which Route 53 keeps and answers as a whole. */
function planRecordSets(
  config: NetworkConfig,
  zone: string,
  records: readonly PrivateRecordConfig[],
): PrivateRecordSetPlan[] {
  const sets = new Map<string, PrivateRecordSetPlan>();
  for (const record of records) {
    const name = record.name === "@" ? zone : `${record.name}.${zone}`;
    const key = `${zone}/${name}/${record.type}`;
    const values = [...(sets.get(key)?.values ?? []), valueOf(config, record)].sort();
    sets.set(key, { key, name, type: record.type, values, ttlSeconds: record.ttl });
  }
  return [...sets.values()].sort(byKey);
}

export function planPrivateZones(config: NetworkConfig, stack: string): PrivateZonePlan[] {
  const regions = Object.keys(config.regions).sort();
  return sortedEntries(config.dns.private.zones).map(([name, { homeRegion, records }]) => ({
    name,
    comment: `${stack}: names inside the network`,
    homeRegion,
    joiningRegions: regions.filter((region) => region !== homeRegion),
    recordSets: planRecordSets(config, name, records),
  }));
}

function planForwardingRules(key: string, stack: string, config: NetworkConfig): ForwardingRulePlan[] {
  return sortedEntries(config.dns.private.forwardingRules).map(([domain, { targets, port }]) => ({
    key: `${key}/${outboundEndpointGroup}/${domain}`,
    name: resolverName(stack, key, domain),
    domain,
    targets: [...targets].sort().map((address) => ({ address, port })),
  }));
}

/** `undefined` where the region forwards nothing. */
export function planOutboundEndpoint(
  key: string,
  stack: string,
  config: NetworkConfig,
  subnets: readonly SubnetPlan[],
): OutboundEndpointPlan | undefined {
  const addresses = config.dns.private.outboundEndpoints[key];
  if (addresses === undefined) return undefined;
  return {
    key: `${key}/${outboundEndpointGroup}`,
    name: resolverName(stack, key, outboundEndpointGroup),
    securityGroup: `${key}/${outboundEndpointGroup}`,
    addresses: [...addresses].sort().map((address) => {
      const subnet = subnets.find(({ cidr }) => cidrIncludes(cidr, address));
      return { address, subnet: subnet?.key ?? missing(address, "subnet") };
    }),
    rules: planForwardingRules(key, stack, config),
  };
}

/** What an endpoint may send, which is its questions; their answers belong to them. */
export function planEndpointGroup({ securityGroup, rules }: OutboundEndpointPlan): SecurityGroupPlan {
  const opened = rules.flatMap(({ domain, targets }) =>
    targets.flatMap(({ address, port }) =>
      // Answers that do not fit into a datagram are asked for anew over TCP.
      (["tcp", "udp"] as const).map((protocol): SecurityRulePlan => ({
        key: `${securityGroup}/egress/${protocol}-${port}/${address}-32`,
        direction: "egress",
        protocol,
        ports: { from: port, to: port },
        peer: { kind: "cidr", cidr: `${address}/32` },
        description: `Names of ${domain}`,
      })),
    ),
  );
  // Two domains may have one name server, which then has one rule.
  const distinct = new Map(opened.reverse().map((rule) => [rule.key, rule]));
  return {
    key: securityGroup,
    name: outboundEndpointGroup,
    description: "Questions that the resolver of the VPC forwards",
    rules: [...distinct.values()].sort(byKey),
  };
}

/** What the host answers in place of name servers that are still to come. */
export function standInsOf({ config, address }: Place): DomainStandIn[] {
  return sortedEntries(config.dns.private.forwardingRules)
    .filter(([, { targets }]) => targets.includes(address))
    .flatMap(([domain, { port, standIn }]) => {
      if (standIn === undefined) return [];
      const names = sortedEntries(standIn).map(([name, hosts]) => ({
        name,
        addresses: hosts.map((host) => placeAt(config, host).address).sort(),
      }));
      return [{ domain, port, names }];
    });
}

/** A domain, with all below it, and the name servers that are asked about it. */
export interface ForwardedDomain {
  readonly name: string;
  readonly servers: readonly { readonly address: string; readonly port: number }[];
}

/**
 * Whom the hub of a region asks about names inside the network: the resolver of its VPC, which knows the private zones
 * and forwards; where its region has no endpoint, the name servers of a forwarded domain themselves.
 */
export function domainsInside(config: NetworkConfig, region: string): ForwardedDomain[] {
  const { zones, forwardingRules, outboundEndpoints } = config.dns.private;
  const cidr = config.regions[region]?.vpcCidr ?? missing(region, "VPC");
  const resolver = { address: vpcResolver(cidr), port: 53 };
  const forwarded = sortedEntries(forwardingRules).map(([name, { targets, port }]) => ({
    name,
    servers:
      outboundEndpoints[region] === undefined
        ? [...targets].sort().map((address) => ({ address, port }))
        : [resolver],
  }));
  const known = Object.keys(zones).map((name) => ({ name, servers: [resolver] }));
  return [...known, ...forwarded].sort((a, b) => (a.name < b.name ? -1 : 1));
}
