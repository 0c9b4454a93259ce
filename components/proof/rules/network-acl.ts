/** Network ACLs as gates: ordered, stateless, and what no rule lets through is dropped. */
import { cidrSlug, isIpv6 } from "../../plan/keys.ts";
import type { NetworkAclPlan, NetworkAclRulePlan, RegionPlan } from "../../plan/model.ts";
import type { SymbolSpace } from "../sets/addresses.ts";
import {
  allIcmp,
  allTraffic,
  icmpTraffic,
  portTraffic,
  protocolTraffic,
  type TrafficSet,
} from "../sets/traffic.ts";
import type { Ipv6Networks } from "../world/ipv6.ts";
import type { GateRule, GateRules } from "./gate.ts";

/** What tells addresses from networks' names. */
export interface AclSpace {
  readonly space: SymbolSpace;
  readonly ipv6: Ipv6Networks;
}

function trafficOf({ protocol, ports, icmpType, cidr }: NetworkAclRulePlan): TrafficSet {
  if (protocol === "all") return allTraffic;
  // No packet carries the other family's ICMP: with it in, the set is whole, and so are the answers to it.
  if (protocol === "icmp") {
    return icmpType === undefined ? allIcmp : icmpTraffic(isIpv6(cidr) ? "icmpv6" : "icmp", icmpType);
  }
  return ports === undefined ? protocolTraffic(protocol) : portTraffic(protocol, ports.from, ports.to);
}

function words({ number, direction, protocol, ports, icmpType, cidr }: NetworkAclRulePlan): string {
  const last = ports === undefined || ports.from === ports.to ? "" : `-${ports.to}`;
  const range = ports === undefined ? (icmpType ?? "") : `${ports.from}${last}`;
  const what = `${protocol} ${range}`.trimEnd();
  return `rule ${number}: ${direction} ${what} ${direction === "ingress" ? "from" : "to"} ${typeof cidr === "string" ? cidr : cidrSlug(cidr)}`;
}

/** One direction of the ACL around a subnet. */
export function aclGate(
  region: RegionPlan,
  acl: NetworkAclPlan,
  direction: "ingress" | "egress",
  { space, ipv6 }: AclSpace,
): GateRules {
  const where = `network ACL ${acl.key}`;
  const path = `regions.${region.key}.subnets.${acl.tier}`;
  const rules = acl.rules
    .filter((rule) => rule.direction === direction)
    .sort((a, b) => a.number - b.number)
    .map((rule): GateRule => {
      const network = ipv6.text(rule.cidr);
      const side = { addresses: space.network(network), undecided: space.undecided(network) };
      return {
        from: direction === "ingress" ? side : undefined,
        to: direction === "egress" ? side : undefined,
        traffic: trafficOf(rule),
        verdict: "accept",
        origin: { where, rule: words(rule), path },
      };
    });
  return {
    rules,
    otherwise: { verdict: "drop", origin: { where, rule: `no ${direction} rule matches`, path } },
  };
}
