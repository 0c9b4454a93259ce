/** The network interface of a NAT gateway, which has no security groups and forwards what is not its own. */
import { Gate } from "../rules/gate.ts";
import { pointsOf, type Point } from "../sets/intervals.ts";
import type { TrafficTable } from "../sets/traffic.ts";
import { instanceLink, type NatNode } from "./model.ts";

export interface NatAddress {
  readonly inside: Point;
  /** `undefined` where it is private. */
  readonly outside: Point | undefined;
}

/**
 * @param key the gateway's, by which its interface goes too
 * @param addresses the primary one first
 */
export function natNode(
  { key, region, subnet }: { readonly key: string; readonly region: string; readonly subnet: string },
  addresses: readonly [NatAddress, ...NatAddress[]],
  table: TrafficTable,
): NatNode {
  const origin = { where: key, rule: "", path: key };
  const open = new Gate({ rules: [], otherwise: { verdict: "accept", origin } }, table);
  const outside = addresses.flatMap((one): [Point, Point][] =>
    one.outside === undefined ? [] : [[one.inside, one.outside]],
  );
  return {
    key,
    subnet,
    eni: {
      host: key,
      link: instanceLink,
      region,
      subnet,
      address: addresses[0].inside,
      ipv6: undefined,
      publicAddress: outside[0]?.[1],
      own: pointsOf(addresses.map(({ inside }) => inside)),
      publicAddresses: new Map(outside),
      nat: key,
      checks: false,
      ingress: open,
      egress: open,
    },
  };
}
