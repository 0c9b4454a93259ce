/** Security groups as gates: stateful, all rules of all groups of an interface together, nothing else passes. */
import { cidrSlug, isIpv6 } from "../../plan/keys.ts";
import type { SecurityGroupPlan, SecurityRulePlan } from "../../plan/model.ts";
import type { SymbolSpace } from "../sets/addresses.ts";
import { nowhere, type Intervals } from "../sets/intervals.ts";
import { allTraffic, portTraffic, protocolTraffic, type TrafficSet } from "../sets/traffic.ts";
import type { Ipv6Networks } from "../world/ipv6.ts";
import type { GateRule, GateRules, Side } from "./gate.ts";

/** Addresses of the interfaces in each group, by the group's key. */
export type GroupMembers = ReadonlyMap<string, Intervals>;

/** What tells addresses from the names of groups and networks. */
export interface GroupSpace {
  readonly members: GroupMembers;
  readonly space: SymbolSpace;
  readonly ipv6: Ipv6Networks;
}

function trafficOf({ protocol, ports, peer }: SecurityRulePlan): TrafficSet {
  if (protocol === "all") return allTraffic;
  if (protocol === "icmp") {
    return protocolTraffic(peer.kind === "cidr" && isIpv6(peer.cidr) ? "icmpv6" : "icmp");
  }
  return ports === undefined ? protocolTraffic(protocol) : portTraffic(protocol, ports.from, ports.to);
}

function peerSide(region: string, { peer }: SecurityRulePlan, { members, space, ipv6 }: GroupSpace): Side {
  if (peer.kind === "security-group") {
    return { addresses: members.get(`${region}/${peer.group}`) ?? nowhere, undecided: nowhere };
  }
  const network = ipv6.text(peer.cidr);
  return { addresses: space.network(network), undecided: space.undecided(network) };
}

/** `ingress tcp 443 from 0.0.0.0/0` */
export function groupRuleText({ direction, protocol, ports, peer }: SecurityRulePlan): string {
  const range =
    ports === undefined ? "" : ports.from === ports.to ? ` ${ports.from}` : ` ${ports.from}-${ports.to}`;
  const network = peer.kind === "cidr" && typeof peer.cidr === "string" ? peer.cidr : undefined;
  const other = peer.kind === "cidr" ? (network ?? cidrSlug(peer.cidr)) : `sg-${peer.group}`;
  return `${direction} ${protocol}${range} ${direction === "ingress" ? "from" : "to"} ${other}`;
}

/** One direction of an interface's groups. */
export function groupGate(
  region: string,
  groups: readonly SecurityGroupPlan[],
  direction: "ingress" | "egress",
  space: GroupSpace,
): GateRules {
  const rules = groups.flatMap((group) =>
    group.rules
      .filter((rule) => rule.direction === direction)
      .map((rule): GateRule => {
        const side = peerSide(region, rule, space);
        return {
          from: direction === "ingress" ? side : undefined,
          to: direction === "egress" ? side : undefined,
          traffic: trafficOf(rule),
          verdict: "accept",
          origin: {
            where: `security group ${group.key}`,
            rule: groupRuleText(rule),
            path: rule.path ?? `securityGroups.${group.name}.${direction}`,
          },
        };
      }),
  );
  const names = groups.map(({ name }) => name);
  const where = names.length === 0 ? `no security group` : `security groups ${names.join(", ")} of ${region}`;
  const path = names.length === 1 ? `securityGroups.${names.join("")}.${direction}` : "securityGroups";
  const rule = `no ${direction} rule matches`;
  // Rules that are sure come first: all of them accept, so the order of a group's rules does not count.
  const sure = rules.filter(({ from, to }) =>
    [from, to].every((side) => (side?.undecided ?? nowhere).length === 0),
  );
  const rest = rules.filter((one) => !sure.includes(one));
  return { rules: [...sure, ...rest], otherwise: { verdict: "drop", origin: { where, rule, path } } };
}
