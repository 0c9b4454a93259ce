/** Changes of gates in the cloud: rules of security groups and of network ACLs. */
import type {
  NetworkAclRulePlan,
  NetworkName,
  PortRange,
  SecurityRulePlan,
} from "../../components/plan/model.ts";
import { aclEntries, describedRule, isOfIpv6, networkText } from "./described-names.ts";
import { anywhere, anywhereIpv6, pickOfFamily, withRegion, type Draw, type Mutation } from "./mutation.ts";

/** Networks for documentation, from which nobody comes. */
const nobody = "203.0.113.254/32";
const nobodyIpv6 = "2001:db8:fffe::/64";

/** The same rule for nobody, or for everybody. */
function otherNetworks(network: NetworkName): string[] {
  const all = isOfIpv6(network) ? [nobodyIpv6, anywhereIpv6] : [nobody, anywhere];
  return all.filter((each) => each !== network);
}

function widened({ from, to }: PortRange): PortRange {
  return { from: Math.max(1, from - 2), to: Math.min(65535, to + 3) };
}

/** What AWS tells rules of a group apart by. */
function identity({ direction, protocol, ports, peer }: SecurityRulePlan): string {
  return JSON.stringify([direction, protocol, ports?.from, ports?.to, peer]);
}

/**
 * One of a group's rules for other networks or other ports: for nobody, for everybody, or for a few more. AWS takes no
 * rule that the group has already.
 */
function changedRule(
  rules: readonly SecurityRulePlan[],
  rule: SecurityRulePlan,
  pick: Draw["pick"],
): SecurityRulePlan | undefined {
  const { peer, ports } = rule;
  const networks = peer.kind === "cidr" ? otherNetworks(peer.cidr) : [];
  const ranges = ports === undefined || rule.protocol === "icmp" ? [] : [{ from: 1, to: 1 }, widened(ports)];
  const changes: SecurityRulePlan[] = [
    ...networks.map((cidr) => ({ ...rule, peer: { kind: "cidr", cidr } as const })),
    ...ranges.map((range) => ({ ...rule, ports: range })),
  ];
  const known = new Set(rules.map(identity));
  return pick(changes.filter((change) => !known.has(identity(change))));
}

/** What of a rule differs from another, by Pulumi's properties. */
function ruleSet(
  { peer, ports }: SecurityRulePlan,
  other: SecurityRulePlan,
  text: (network: NetworkName) => string,
): Record<string, string | number> {
  if (peer !== other.peer && peer.kind === "cidr") {
    return { [isOfIpv6(peer.cidr) ? "cidrIpv6" : "cidrIpv4"]: text(peer.cidr) };
  }
  return ports === undefined ? {} : { fromPort: ports.from, toPort: ports.to };
}

export function groupRule({ plan, pick }: Draw): Mutation | undefined {
  const region = pick(plan.regions);
  const used = new Set(plan.hosts.flatMap(({ instance }) => instance?.securityGroups ?? []));
  const groups = region?.securityGroups.filter(({ key }) => used.has(key)) ?? [];
  const all = groups.flatMap((group) => group.rules.map((rule) => ({ group, rule })));
  const picked = pickOfFamily(pick, all, ({ rule: { peer } }) => peer.kind === "cidr" && isOfIpv6(peer.cidr));
  if (region === undefined || picked === undefined) return undefined;
  const { group, rule } = picked;
  const changed = changedRule(group.rules, rule, pick);
  if (changed === undefined) return undefined;
  const words = ruleSet(changed, rule, (network) => (typeof network === "string" ? network : network.of));
  return {
    words: `${rule.key} becomes ${JSON.stringify(words)}`,
    plan: withRegion(plan, region.key, (one) => ({
      ...one,
      securityGroups: one.securityGroups.map((each) =>
        each.key === group.key
          ? { ...each, rules: each.rules.map((old) => (old.key === rule.key ? changed : old)) }
          : each,
      ),
    })),
    apply: async ({ drift, describe }) => {
      const description = await describe();
      const text = (network: NetworkName): string => networkText(description, plan, network);
      const id = describedRule(description, plan, region, group.key, rule);
      const modify = { region: region.awsRegion, action: "modify", id } as const;
      await drift({ ...modify, set: ruleSet(changed, rule, text) });
      return async () => {
        await drift({ ...modify, set: ruleSet(rule, changed, text) });
      };
    },
  };
}

/** An ACL's rule for everybody, or for a few more ports; `undefined` where it is gone. */
function changedEntry(rule: NetworkAclRulePlan, pick: Draw["pick"]): NetworkAclRulePlan | undefined {
  const everybody = isOfIpv6(rule.cidr) ? anywhereIpv6 : anywhere;
  return pick<NetworkAclRulePlan | undefined>([
    undefined,
    ...(rule.cidr === everybody ? [] : [{ ...rule, cidr: everybody }]),
    ...(rule.ports === undefined ? [] : [{ ...rule, ports: widened(rule.ports) }]),
  ]);
}

function entryWords(rule: NetworkAclRulePlan, changed: NetworkAclRulePlan | undefined): string {
  if (changed === undefined) return "is gone";
  const { from = 0, to = 0 } = changed.ports ?? {};
  return changed.cidr === rule.cidr ? `is for ports ${from}-${to}` : "is for everybody";
}

/** An ACL's rule is gone, for everybody, or for a few more ports. */
export function aclRule({ plan, pick }: Draw): Mutation | undefined {
  const region = pick(plan.regions);
  const acl = pick(region?.networkAcls ?? []);
  const rule = pickOfFamily(pick, acl?.rules ?? [], ({ cidr }) => isOfIpv6(cidr));
  if (region === undefined || acl === undefined || rule === undefined) return undefined;
  const changed = changedEntry(rule, pick);
  const { direction, number } = rule;
  return {
    words: `rule ${number} (${direction}) of ${acl.key} ${entryWords(rule, changed)}`,
    plan: withRegion(plan, region.key, (one) => ({
      ...one,
      networkAcls: one.networkAcls.map((each) =>
        each.key === acl.key
          ? { ...each, rules: each.rules.flatMap((old) => (old === rule ? (changed ?? []) : old)) }
          : each,
      ),
    })),
    apply: async ({ drift, describe }) => {
      const { id, ingress, egress } = aclEntries(await describe(), region, acl.key);
      const entries = direction === "ingress" ? ingress : egress;
      const modify = { region: region.awsRegion, action: "modify", id } as const;
      const set = {
        ...(changed === undefined || changed.cidr === rule.cidr
          ? {}
          : { [isOfIpv6(rule.cidr) ? "ipv6CidrBlock" : "cidrBlock"]: changed.cidr as string }),
        ...(changed?.ports === undefined ? {} : { fromPort: changed.ports.from, toPort: changed.ports.to }),
      };
      const altered = entries.flatMap((entry) =>
        entry.ruleNo !== number ? [entry] : changed === undefined ? [] : [{ ...entry, ...set }],
      );
      await drift({ ...modify, set: { ingress, egress, [direction]: altered } });
      return async () => {
        await drift({ ...modify, set: { ingress, egress } });
      };
    },
  };
}
