/** What is forwarded leaves by endpoints that Route 53 can make, and arrives. */
import { cidrIncludes, formatAddress, isPrivate, parseAddress } from "../ip.ts";
import { suggestion, type Path } from "../problem.ts";
import { mostTargetsPerForwardingRule } from "../quotas.ts";
import { quotaOf } from "./quotas.ts";
import {
  addressAt,
  broken,
  duplicateAddresses,
  entries,
  items,
  lacks,
  lacksHost,
  names,
  placedHosts,
  subnetsOf,
  type Address,
  type Finding,
  type LooseConfig,
  type LooseRegion,
  type Subnet,
} from "./rule.ts";

/** AWS takes an endpoint with no less (API_route53resolver_CreateResolverEndpoint.html, "IpAddresses"). */
const leastAddresses = 2;

interface Endpoint {
  readonly key: string;
  readonly path: Path;
  readonly region: LooseRegion | undefined;
  readonly addresses: readonly Address[];
  /** How many there are, the malformed included. */
  readonly count: number;
}

function endpointsOf(config: LooseConfig): Endpoint[] {
  return entries(config.dns?.private?.outboundEndpoints).map(([key, addresses]) => {
    const path = ["dns", "private", "outboundEndpoints", key];
    return {
      key,
      path,
      region: config.regions?.[key],
      addresses: items(addresses).flatMap(([index, text]) => addressAt([...path, index], text)),
      count: addresses.length,
    };
  });
}

/** Endpoints and rules need each other: one without the other costs or promises something for nothing. */
export function* forwardingIsComplete(config: LooseConfig): Iterable<Finding> {
  const { forwardingRules, outboundEndpoints } = config.dns?.private ?? {};
  const [rules, endpoints] = [names(forwardingRules), names(outboundEndpoints)];
  if (rules.length > 0 && endpoints.length === 0 && outboundEndpoints !== undefined) {
    const message = "has nothing to leave by: give at least one region its dns.private.outboundEndpoints.";
    yield { path: ["dns", "private", "forwardingRules"], message };
  }
  if (endpoints.length > 0 && rules.length === 0 && forwardingRules !== undefined) {
    const message =
      "cost by the hour and forward nothing: remove them, or write dns.private.forwardingRules.";
    yield { path: ["dns", "private", "outboundEndpoints"], message };
  }
  for (const key of endpoints.filter((each) => lacks(config.regions, each))) {
    const message = `names no region: there is no regions.${key}; ${suggestion(key, names(config.regions))}`;
    yield { path: ["dns", "private", "outboundEndpoints", key], message };
  }
}

/** How many addresses AWS takes. */
export function* endpointsHaveAddresses(config: LooseConfig): Iterable<Finding> {
  const most = quotaOf(config, "addressesPerResolverEndpoint");
  for (const { path, count } of endpointsOf(config)) {
    if (count < leastAddresses) {
      const message = `has ${count === 1 ? "one address" : "no address"}, and AWS takes no endpoint with less than two: name one in each of two zones.`;
      yield broken("aws/endpoint-addresses", path, message);
    } else if (count > most) {
      const message = `has ${count} addresses, and the account's quota is ${most}. Ask AWS for more and set quotas.addressesPerResolverEndpoint.`;
      yield broken("aws/quota-endpoint-addresses", path, message);
    }
  }
}

const subnetAt = (subnets: readonly Subnet[], { number }: Address): Subnet | undefined =>
  subnets.find(({ range }) => range.first <= number && number <= range.last);

function* addressFits(key: string, subnets: readonly Subnet[], address: Address): Iterable<Finding> {
  const { path, text, number } = address;
  const subnet = subnetAt(subnets, address);
  if (subnet === undefined) {
    const known = subnets.filter(({ tier }) => tier === "private").map(({ cidr }) => cidr);
    const message = `is outside every subnet of ${key}: ${text} must lie within one of ${known.join(", ")}.`;
    if (subnets.length > 0) yield { path, message };
    return;
  }
  const { first, last } = subnet.range;
  if (number <= first + 3 || number === last) {
    const message = `is reserved by AWS: ${text} is one of the first four or the last of ${subnet.cidr}. Use one from ${formatAddress(first + 4)} to ${formatAddress(last - 1)}.`;
    yield broken("aws/reserved-addresses", path, message);
  }
  if (subnet.tier === "database") {
    const message = `lies in the database tier, which is open to its region's private tier alone: use a private or public subnet.`;
    yield { path, message };
  }
}

/** An endpoint's addresses lie in subnets from which its questions get out, and survive the loss of a zone. */
export function* endpointAddressesFit(config: LooseConfig): Iterable<Finding> {
  for (const { key, path, region, addresses, count } of endpointsOf(config)) {
    if (region === undefined) continue;
    const subnets = subnetsOf(key, region);
    for (const address of addresses) yield* addressFits(key, subnets, address);
    const places = addresses.map((address) => subnetAt(subnets, address)?.index);
    const isWhole = count >= leastAddresses && places.length === count && !places.includes(undefined);
    if (isWhole && new Set(places).size === 1) {
      const zone = region.availabilityZones?.[places[0] ?? 0] ?? "one zone";
      const message = `stands in ${zone} alone, with which every forwarded name would be lost: move one address into another zone.`;
      yield { path, message };
    }
  }
}

export function* endpointAddressesAreDistinct(config: LooseConfig): Iterable<Finding> {
  const hosts = placedHosts(config).flatMap(({ path, host }) =>
    addressAt([...path, "address"], host.address),
  );
  const endpoints = endpointsOf(config).flatMap(({ addresses }) => addresses);
  const isEndpoint = new Set(endpoints.map(({ path }) => path));
  for (const finding of duplicateAddresses([...hosts, ...endpoints])) {
    // Of two hosts, another rule speaks.
    if (isEndpoint.has(finding.path)) yield finding;
  }
}

/** Regions of ours that are in one AWS region share the account's quota there. */
export function* endpointsAreWithinQuota(config: LooseConfig): Iterable<Finding> {
  const most = quotaOf(config, "resolverEndpointsPerRegion");
  const seen = new Map<string, number>();
  for (const { path, region } of endpointsOf(config)) {
    const awsRegion = region?.awsRegion;
    if (awsRegion === undefined) continue;
    const count = (seen.get(awsRegion) ?? 0) + 1;
    seen.set(awsRegion, count);
    if (count <= most) continue;
    const message = `is one too many: ${awsRegion} would have ${count} Resolver endpoints, and the account's quota is ${most}. Ask AWS for more and set quotas.resolverEndpointsPerRegion.`;
    yield broken("aws/quota-resolver-endpoints", path, message);
  }
}

/** Networks that a region's subnets have a route to, besides the internet: its own, its peers', and by its hub the VPN's. */
function reachable(config: LooseConfig, key: string): string[] {
  const peers = items(config.peerings).flatMap(([, pair]) => (pair.includes(key) ? pair : []));
  const vpcs = [key, ...peers].map((name) =>
    name === undefined ? undefined : config.regions?.[name]?.vpcCidr,
  );
  const hasHub = config.wireguard?.hubs?.[key] !== undefined;
  const behind = entries(config.wireguard?.peers).flatMap(([, { routes }]) => routes ?? []);
  const networks = [...vpcs, ...(hasHub ? [config.wireguard?.network, ...behind] : [])];
  return networks.filter((network): network is string => network !== undefined);
}

/** A rule asks one to six name servers, each of which every endpoint reaches. */
export function* forwardingTargetsFit(config: LooseConfig): Iterable<Finding> {
  for (const [domain, { targets }] of entries(config.dns?.private?.forwardingRules)) {
    if (targets === undefined) continue;
    const path = ["dns", "private", "forwardingRules", domain, "targets"];
    if (targets.length === 0) yield { path, message: "is empty: name at least one name server." };
    if (targets.length > mostTargetsPerForwardingRule) {
      const message = `has ${targets.length} addresses, and AWS grants nobody more than ${mostTargetsPerForwardingRule}.`;
      yield broken("aws/quota-rule-targets", path, message);
    }
    const addresses = items(targets).flatMap(([index, text]) => addressAt([...path, index], text));
    yield* duplicateAddresses(addresses);
    for (const address of addresses) yield* targetIsReached(config, address);
  }
}

/** Stand-ins answer on api hosts, for hosts that are there. */
export function* standInsHaveHosts(config: LooseConfig): Iterable<Finding> {
  const hosts = placedHosts(config);
  const apis = hosts.flatMap(({ host }) => (host.role === "api" ? [host.address] : []));
  for (const [domain, { standIn, targets }] of entries(config.dns?.private?.forwardingRules)) {
    const path = ["dns", "private", "forwardingRules", domain, "standIn"];
    if (standIn !== undefined && targets !== undefined && !targets.some((each) => apis.includes(each))) {
      const message = `has nobody to answer: no target of ${domain} is the address of a host of role api. Name one among the targets, or remove it.`;
      yield { path, message };
    }
    for (const [name, keys] of entries(standIn)) {
      for (const [index, key] of items(keys)) {
        if (!lacksHost(config, key)) continue;
        const message = `names no host: ${suggestion(
          key,
          hosts.map((host) => host.key),
        )}`;
        yield { path: [...path, name, index], message };
      }
    }
  }
}

function* targetIsReached(config: LooseConfig, { path, text }: Address): Iterable<Finding> {
  const number = parseAddress(text) ?? 0;
  if (!isPrivate({ first: number, last: number, prefix: 32 })) return;
  for (const { key, region } of endpointsOf(config)) {
    if (region === undefined || reachable(config, key).some((network) => cidrIncludes(network, text)))
      continue;
    const message = `is out of reach of ${key}, whose resolver would ask in vain: peer ${key} with the region of ${text}, or take it out of dns.private.outboundEndpoints.`;
    yield { path, message };
  }
}
