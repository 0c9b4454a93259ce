/** Traffic and addresses as rules spell them. */
import type { NetworkPlan, Protocol } from "../../../plan/model.ts";
import { formatAddress, isV6Point } from "../../sets/addresses.ts";
import {
  difference,
  intersection,
  isEmpty,
  keyOf,
  runs,
  unionAll,
  type Point,
} from "../../sets/intervals.ts";
import { allIcmp, allTcp, allTraffic, allUdp, type TrafficSet } from "../../sets/traffic.ts";
import type { World } from "../../world/model.ts";
import { strangers } from "../strangers.ts";

/** One rule's worth of traffic. */
export interface Spelled {
  readonly protocol: Protocol;
  /** `undefined` for every port. */
  readonly ports: { readonly from: number; readonly to: number } | undefined;
}

/** More rules than these for one question nobody wants: one wider rule then. */
const mostRules = 4;

/** The traffic as rules say it; what is in too many pieces as one rule for everything. */
export function spellTraffic(set: TrafficSet): readonly Spelled[] {
  const everything: Spelled[] = [{ protocol: "all", ports: undefined }];
  if (keyOf(set) === keyOf(allTraffic)) return everything;
  const spelled: Spelled[] = [];
  for (const [protocol, whole] of [
    ["tcp", allTcp],
    ["udp", allUdp],
  ] as const) {
    const part = intersection(set, whole);
    const start = Number(whole[0] ?? 0);
    for (const [first, last] of runs(part)) {
      const ports = { from: Number(first) - start, to: Number(last) - start };
      const isWhole = keyOf([first, Number(last) + 1]) === keyOf(whole);
      spelled.push({ protocol, ports: isWhole ? undefined : { ...ports, from: Math.max(ports.from, 1) } });
    }
  }
  const icmp = intersection(set, allIcmp);
  if (!isEmpty(icmp)) spelled.push({ protocol: "icmp", ports: undefined });
  const others = difference(set, unionAll([allTcp, allUdp, allIcmp]));
  return !isEmpty(others) || spelled.length > mostRules ? everything : spelled;
}

/** `443`, `8080-8090`, `all` as the stack's file has them. */
export function portOption({ ports }: Spelled): number | string | undefined {
  if (ports === undefined) return undefined;
  return ports.from === ports.to ? ports.from : `${ports.from}-${ports.to}`;
}

/** Whether the address stands for anybody's. */
function isAnybody(world: World, point: Point): boolean {
  const { v4, v6 } = strangers(world);
  return point === v4 || point === v6;
}

/** The network of one address, as narrow as it can be written; a symbol can only be written as everything. */
export function networkOf(world: World, point: Point): string {
  if (isV6Point(point)) return isAnybody(world, point) ? "::/0" : `${formatAddress(point)}/128`;
  if (point < 0 || isAnybody(world, point)) return "0.0.0.0/0";
  for (const { network, free } of world.segments.values()) if (free === point) return network;
  return `${formatAddress(point)}/32`;
}

/** The same in the words of a security group's rule: what has a name there goes by it. */
export function peerOf(world: World, plan: NetworkPlan, point: Point): string {
  const network = networkOf(world, point);
  if (plan.operator.cidrs.some((cidr) => cidr === network || cidr.split("/")[0] === network.split("/")[0]))
    return "operator";
  if (!isV6Point(point)) return network;
  // IPv6 networks of VPCs are Amazon's, and nobody can write them down.
  for (const { key, own } of world.regions.values()) if (own.find(point) !== undefined) return `vpc-${key}`;
  return network;
}

/** An nftables rule that takes the traffic in, or passes it on. */
export function nftRules(
  world: World,
  { from, to }: { readonly from: Point; readonly to: Point | undefined },
  traffic: TrafficSet,
): string[] {
  const side = (word: string, point: Point | undefined): string => {
    if (point === undefined) return "";
    const network = networkOf(world, point);
    if (network === "0.0.0.0/0" || network === "::/0") return "";
    return `${isV6Point(point) ? "ip6" : "ip"} ${word} ${network.replace(/\/(?:32|128)$/, "")} `;
  };
  const sides = side("saddr", from) + side("daddr", to);
  return spellTraffic(traffic).map(({ protocol, ports }) => {
    const range =
      ports === undefined ? "" : ports.from === ports.to ? `${ports.from}` : `${ports.from}-${ports.to}`;
    if (protocol === "all") return `${sides}accept`;
    if (protocol === "icmp") return `${sides}meta l4proto ${isV6Point(from) ? "icmpv6" : "icmp"} accept`;
    return range === ""
      ? `${sides}meta l4proto ${protocol} accept`
      : `${sides}${protocol} dport ${range} accept`;
  });
}
