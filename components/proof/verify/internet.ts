/**
 * The internet in as few parts as the network can tell apart: whoever is in one part is treated like everybody else
 * there by every rule, route and tunnel, so one address speaks for all of it and nothing is left to chance.
 */
import { cloudflareNetworks } from "../../config/cloudflare-networks.ts";
import type { NetworkPlan } from "../../plan/model.ts";
import { allV6, isAddress, parseAddress, parseNetwork, type AddressSet } from "../sets/addresses.ts";
import { difference, has, intersection, isEmpty, lowest, unionAll, type Point } from "../sets/intervals.ts";
import { internetV4 } from "../world/public.ts";

export interface InternetPart {
  /** `internet`, `the operator`, `Cloudflare`, or a network that some rule names. */
  readonly name: string;
  readonly addresses: AddressSet;
  /** Speaks for all of them. */
  readonly address: Point;
  readonly family: 4 | 6;
  readonly isOperator: boolean;
  readonly isCloudflare: boolean;
}

/** Networks in the words of a host's own rules. */
const networkInText =
  /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?=[0-9a-f:]*::)[0-9a-f:]{2,39})(?:\/\d{1,3})?(?![\w.:])/g;

function networksOf(plan: NetworkPlan): string[] {
  const ofRegions = plan.regions.flatMap(({ securityGroups, networkAcls, routeTables }) => [
    ...securityGroups.flatMap(({ rules }) =>
      rules.map(({ peer }) => (peer.kind === "cidr" ? peer.cidr : "")),
    ),
    ...networkAcls.flatMap(({ rules }) => rules.map(({ cidr }) => cidr)),
    ...routeTables.flatMap(({ routes }) => routes.map(({ destination }) => destination)),
  ]);
  const ofHosts = plan.hosts.flatMap(({ generation }) => [
    ...generation.chains.flatMap(({ rules }) => rules.flatMap((rule) => rule.match(networkInText) ?? [])),
    ...generation.tunnels.flatMap(({ peers }) => peers.flatMap(({ allowedIps }) => allowedIps)),
  ]);
  const ofFlows = plan.flows.flatMap(({ from, to }) =>
    [...from, ...to].map((end) => (end.kind === "network" ? end.network : "")),
  );
  const written = [...ofRegions, ...ofHosts, ...ofFlows].filter((text) => typeof text === "string");
  return [...new Set(written)].filter((text) => isAddress(text.split("/")[0] ?? ""));
}

interface Named {
  readonly name: string;
  readonly addresses: AddressSet;
}

function namedNetworks(plan: NetworkPlan): Named[] {
  const named = (name: string, texts: readonly string[]): Named => ({
    name,
    addresses: unionAll(texts.map(parseNetwork)),
  });
  return [
    named("the operator", plan.operator.cidrs),
    named("Cloudflare", cloudflareNetworks),
    ...networksOf(plan).map((text) => named(text, [text])),
  ];
}

/** Cuts a set at a network; of each part is remembered which networks hold it. */
function cut(parts: Map<string, AddressSet>, { addresses }: Named, index: number): Map<string, AddressSet> {
  const finer = new Map<string, AddressSet>();
  for (const [key, set] of parts) {
    const [inside, outside] = [intersection(set, addresses), difference(set, addresses)];
    if (!isEmpty(inside)) finer.set(`${key} ${index}`, inside);
    if (!isEmpty(outside)) finer.set(key, outside);
  }
  return finer;
}

/** Addresses for documentation (RFC 5737, RFC 3849), which a reader takes for nobody's. */
const documentation = ["198.51.100.9", "203.0.113.9", "2001:db8::9"].map(parseAddress);

function partOf(set: AddressSet, rest: string, named: readonly Named[], family: 4 | 6): InternetPart {
  const address = documentation.find((point) => has(set, point)) ?? lowest(set) ?? 0;
  const holding = named.filter(({ addresses }) => has(addresses, address));
  const narrowest = holding.find(({ name }) => !name.endsWith("/0"));
  return {
    name: narrowest?.name ?? rest,
    addresses: set,
    address,
    family,
    isOperator: holding.some(({ name }) => name === "the operator"),
    isCloudflare: holding.some(({ name }) => name === "Cloudflare"),
  };
}

function partition(set: AddressSet, rest: string, named: readonly Named[], family: 4 | 6): InternetPart[] {
  const parts = named.reduce(cut, new Map([["", set]]));
  return [...parts.values()].map((part) => partOf(part, rest, named, family));
}

/** The proof's own networks for VPCs, see Ipv6Networks, are not the internet's. */
const oursV6 = parseNetwork("2000::/32");

/** Unicast addresses that IANA gives out. */
const publicV6 = difference(intersection(allV6, parseNetwork("2000::/3")), oursV6);

/** All parts of the internet; those of IPv6 only where the network has any. */
export function internetParts(plan: NetworkPlan): InternetPart[] {
  const named = namedNetworks(plan);
  const hasIpv6 = plan.regions.some(({ ipv6 }) => ipv6 !== undefined);
  return [
    ...partition(internetV4, "internet", named, 4),
    ...(hasIpv6 ? partition(publicV6, "internet (IPv6)", named, 6) : []),
  ];
}
