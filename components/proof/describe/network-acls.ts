/** Network ACLs as AWS describes them: ordered, stateless, and what no entry lets through is dropped. */
import { Gate, type GateRule } from "../rules/gate.ts";
import type { SymbolSpace } from "../sets/addresses.ts";
import type { TrafficTable } from "../sets/traffic.ts";
import type { SubnetGates } from "../world/model.ts";
import type { Export } from "./collect.ts";
import type { AclEntry, NetworkAcl } from "./records.ts";
import { networkSide, rulesOf, somebody } from "./sides.ts";
import { everything, matchOf, trafficWords } from "./traffic.ts";

type Direction = "ingress" | "egress";

export interface AclContext {
  readonly export: Export;
  readonly space: SymbolSpace;
  readonly table: TrafficTable;
}

function entryRules(acl: NetworkAcl, entry: AclEntry, direction: Direction, space: SymbolSpace): GateRule[] {
  const { RuleNumber, RuleAction, Protocol, PortRange, IcmpTypeCode, CidrBlock, Ipv6CidrBlock } = entry;
  const network = CidrBlock ?? Ipv6CidrBlock;
  const isKnown = network !== undefined && entry.unknown.length === 0;
  const { Type: type, Code: code } = IcmpTypeCode ?? {};
  const match = matchOf(Protocol, { from: PortRange?.From, to: PortRange?.To }, { type, code });
  const what = trafficWords(Protocol, PortRange?.From ?? type, PortRange?.To ?? code);
  const towards = direction === "ingress" ? "from" : "to";
  // AWS's own last entry has the number 32767, which its console shows as an asterisk.
  const number = RuleNumber === 32767 ? "*" : String(RuleNumber);
  const rule = `rule ${number}: ${RuleAction} ${direction} ${what} ${towards} ${network ?? "nobody knows whom"}`;
  const side = isKnown ? networkSide(space, network) : somebody;
  const verdict = RuleAction === "allow" ? "accept" : "drop";
  const origin = { where: `network ACL ${acl.NetworkAclId}`, rule, path: acl.NetworkAclId };
  return rulesOf(match, side, { verdict, origin }, direction);
}

function aclGate(acl: NetworkAcl, direction: Direction, context: AclContext): Gate {
  const { space, table } = context;
  if (acl.Entries === undefined) return unknownGate(acl.NetworkAclId, direction, context);
  const rules = acl.Entries.filter(({ Egress }) => Egress === (direction === "egress"))
    .toSorted((a, b) => a.RuleNumber - b.RuleNumber)
    .flatMap((entry) => entryRules(acl, entry, direction, space));
  const id = acl.NetworkAclId;
  const origin = { where: `network ACL ${id}`, rule: `no ${direction} rule matches`, path: id };
  return new Gate({ rules, otherwise: { verdict: "drop", origin } }, table);
}

/** Of a subnet whose ACL the export does not have, or of an ACL without its entries. */
function unknownGate(id: string, direction: Direction, { table }: AclContext): Gate {
  const where = id.startsWith("acl-") ? `network ACL ${id}` : `network ACL of ${id}`;
  const rule = `the export does not have ${id.startsWith("acl-") ? "its entries" : "it"}`;
  const origin = { where, rule, path: id };
  const rules = rulesOf(everything, somebody, { verdict: "accept", origin }, direction);
  return new Gate({ rules, otherwise: { verdict: "drop", origin } }, table);
}

/** The gates of each subnet: its own ACL's, or those of its VPC's default one. */
export function aclsOf(context: AclContext): Map<string, SubnetGates> {
  const { networkAcls, subnets, notes } = context.export;
  const bySubnet = new Map<string, SubnetGates>();
  const defaults = new Map<string, SubnetGates>();
  for (const { id, value, file } of networkAcls.values()) {
    if (value.Entries === undefined) {
      const consequence = "is not there: what crosses its subnets' edges cannot be answered";
      notes.add({ file, object: id, field: "Entries", consequence });
    }
    const gates = {
      ingress: aclGate(value, "ingress", context),
      egress: aclGate(value, "egress", context),
    };
    for (const { SubnetId } of value.Associations) bySubnet.set(SubnetId, gates);
    if (value.IsDefault === true) defaults.set(value.VpcId, gates);
  }
  return new Map(
    [...subnets.values()].map(({ id, value, file }) => {
      const known = bySubnet.get(id) ?? defaults.get(value.VpcId);
      if (known !== undefined) return [id, known];
      const consequence =
        "the export does not have the network ACL: what crosses the subnet's edge cannot be answered";
      notes.add({ file, object: id, field: "NetworkAcls", consequence });
      const gates = {
        ingress: unknownGate(id, "ingress", context),
        egress: unknownGate(id, "egress", context),
      };
      return [id, gates];
    }),
  );
}
