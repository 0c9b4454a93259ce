/** Addresses in VPCs that have an owner whom the proof does not follow. */
import type { NetworkPlan, RegionPlan } from "../../plan/model.ts";
import { parseAddress, parseNetwork } from "../sets/addresses.ts";
import type { Point } from "../sets/intervals.ts";

/** What AWS keeps of a subnet (vpc/latest/userguide/subnet-sizing.html, "Subnet CIDR blocks"). */
const reserved: readonly (readonly [offset: number, what: string])[] = [
  [1, "the VPC's router"],
  [2, "Amazon's DNS server"],
];

function* ofRegion({ cidr, subnets, natGateways, outboundEndpoint }: RegionPlan): Iterable<[Point, string]> {
  for (const network of [cidr, ...subnets.map((subnet) => subnet.cidr)]) {
    const [first = 0] = parseNetwork(network);
    for (const [offset, what] of reserved) yield [Number(first) + offset, what];
  }
  for (const { key, address } of natGateways) yield [parseAddress(address), `the NAT gateway ${key}`];
  for (const { address } of outboundEndpoint?.addresses ?? []) {
    yield [parseAddress(address), "an address by which Route 53 Resolver asks"];
  }
}

/** What each of them is, in a few words. */
export function unseenAddresses({ regions }: NetworkPlan): Map<Point, string> {
  return new Map(regions.flatMap((region) => [...ofRegion(region)]));
}
