/** The rules inside aws_security_group and aws_default_security_group (securityGroupRuleSetNestedBlock). */
import type { Ec2 } from "../ec2/account.ts";
import type { SecurityGroupRule } from "../ec2/records.ts";
import { authorizeRule, canonicalProtocol, revokeRule } from "../ec2/security-group-rules.ts";
import { during, ProviderError } from "../errors.ts";
import {
  canonical,
  flag,
  integer,
  isEmpty,
  objects,
  requiredText,
  text,
  texts,
  type Json,
  type Properties,
} from "../json.ts";
import type { Property, Table } from "../table.ts";
import { each, isIpv4Block, isIpv6Block, length } from "../validators.ts";

const ruleProperties: Table = {
  cidrBlocks: { kind: "list", mode: "optional", validate: each(isIpv4Block) },
  description: { kind: "text", mode: "optional", validate: length(0, 255) },
  fromPort: { kind: "int", mode: "required" },
  ipv6CidrBlocks: { kind: "list", mode: "optional", validate: each(isIpv6Block) },
  prefixListIds: { kind: "list", mode: "optional", notSimulated: "prefix lists" },
  protocol: { kind: "text", mode: "required" },
  securityGroups: { kind: "set", mode: "optional" },
  self: { kind: "bool", mode: "optional", default: false },
  toPort: { kind: "int", mode: "required" },
};

/** `egress` and `ingress` are alike. */
export const ruleSetProperty: Property = {
  kind: "object-set",
  mode: "optional-computed",
  properties: ruleProperties,
  same: (before, after) =>
    Array.isArray(before) &&
    Array.isArray(after) &&
    sameRules(objects({ rules: before }, "rules"), objects({ rules: after }, "rules")),
};

export type Direction = "ingress" | "egress";

/** One rule as AWS has it: one protocol, one range of ports, one peer. */
interface SingleRule {
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly peer: "cidrIpv4" | "cidrIpv6" | "referencedGroupId" | "self";
  readonly value: string;
  readonly description: string;
}

function expand(rules: readonly Record<string, Json>[]): SingleRule[] {
  return rules.flatMap((rule) => {
    const protocol = canonicalProtocol(requiredText(rule, "protocol")) ?? requiredText(rule, "protocol");
    const base = {
      protocol,
      fromPort: integer(rule, "fromPort") ?? 0,
      toPort: integer(rule, "toPort") ?? 0,
      description: text(rule, "description") ?? "",
    };
    if (protocol === "-1" && (base.fromPort !== 0 || base.toPort !== 0)) {
      throw new ProviderError(
        `from_port (${base.fromPort}) and to_port (${base.toPort}) must both be 0 to use the 'ALL' "-1" protocol!`,
      );
    }
    return [
      ...texts(rule, "cidrBlocks").map((value) => ({ ...base, peer: "cidrIpv4" as const, value })),
      ...texts(rule, "ipv6CidrBlocks").map((value) => ({ ...base, peer: "cidrIpv6" as const, value })),
      ...texts(rule, "securityGroups").map((value) => ({
        ...base,
        peer: "referencedGroupId" as const,
        value,
      })),
      ...(flag(rule, "self") === true ? [{ ...base, peer: "self" as const, value: "" }] : []),
    ];
  });
}

const keyOf = (rule: SingleRule): string => canonical({ ...rule });

function sameRules(left: readonly Record<string, Json>[], right: readonly Record<string, Json>[]): boolean {
  const keys = (rules: readonly Record<string, Json>[]): string => expand(rules).map(keyOf).sort().join("\n");
  return keys(left) === keys(right);
}

function fromRecord(rule: SecurityGroupRule): SingleRule {
  const all = rule.IpProtocol === "-1";
  const group = rule.ReferencedGroupInfo?.GroupId;
  const peer =
    rule.CidrIpv4 !== undefined
      ? { peer: "cidrIpv4" as const, value: rule.CidrIpv4 }
      : rule.CidrIpv6 !== undefined
        ? { peer: "cidrIpv6" as const, value: rule.CidrIpv6 }
        : group === rule.GroupId
          ? { peer: "self" as const, value: "" }
          : { peer: "referencedGroupId" as const, value: group ?? "" };
  return {
    protocol: rule.IpProtocol,
    fromPort: all ? 0 : rule.FromPort,
    toPort: all ? 0 : rule.ToPort,
    description: rule.Description ?? "",
    ...peer,
  };
}

function remoteRules(ec2: Ec2, groupId: string, direction: Direction): SecurityGroupRule[] {
  return ec2.list(
    "security-group-rules",
    (rule) => rule.GroupId === groupId && rule.IsEgress === (direction === "egress"),
  );
}

/** Rules with the same protocol, ports and description together, as securityGroupIPPermGather groups them. */
function gather(rules: readonly SingleRule[]): Record<string, Json>[] {
  const groups = new Map<string, SingleRule[]>();
  for (const rule of rules) {
    const key = [rule.protocol, rule.fromPort, rule.toPort, rule.description].join("\n");
    groups.set(key, [...(groups.get(key) ?? []), rule]);
  }
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    const values = (peer: SingleRule["peer"]): string[] =>
      members.filter((member) => member.peer === peer).map((member) => member.value);
    return first === undefined
      ? []
      : [
          {
            cidrBlocks: values("cidrIpv4"),
            description: first.description,
            fromPort: first.fromPort,
            ipv6CidrBlocks: values("cidrIpv6"),
            prefixListIds: [],
            protocol: first.protocol,
            securityGroups: values("referencedGroupId").sort(),
            self: values("self").length > 0,
            toPort: first.toPort,
          },
        ];
  });
}

/** The rules in the grouping that the state already has, if they still are the same rules. */
export function readRules(ec2: Ec2, groupId: string, direction: Direction, prior: Properties): Json {
  const remote = gather(remoteRules(ec2, groupId, direction).map(fromRecord));
  const known = objects(prior, direction);
  return known.length > 0 && sameRules(known, remote) ? known.map(complete) : remote;
}

/** A rule with every field, as state has it. */
function complete(rule: Record<string, Json>): Record<string, Json> {
  const empty = {
    cidrBlocks: [],
    description: "",
    ipv6CidrBlocks: [],
    prefixListIds: [],
    securityGroups: [],
    self: false,
  };
  return { ...empty, ...rule };
}

/** Makes the group's rules exactly those that are given; nothing if the property was left out. */
export function applyRules(ec2: Ec2, groupId: string, direction: Direction, inputs: Properties): void {
  if (inputs[direction] === undefined) {
    return;
  }
  const egress = direction === "egress";
  during(`updating Security Group (${groupId}) ${direction} rules`, () => {
    const wanted = new Map(expand(objects(inputs, direction)).map((rule) => [keyOf(rule), rule]));
    for (const record of remoteRules(ec2, groupId, direction)) {
      if (!wanted.delete(keyOf(fromRecord(record)))) {
        revokeRule(ec2, record.SecurityGroupRuleId, egress);
      }
    }
    for (const rule of wanted.values()) {
      const { protocol, fromPort, toPort, description, peer, value } = rule;
      const target = peer === "self" ? { referencedGroupId: groupId } : { [peer]: value };
      authorizeRule(
        ec2,
        groupId,
        egress,
        { ipProtocol: protocol, fromPort, toPort, description, ...target },
        {},
      );
    }
  });
}

/** Removes a group's own rules, and with `everywhere` those of other groups that name it. */
export function revokeAllRules(ec2: Ec2, groupId: string, everywhere: boolean): void {
  const touching = ec2.list(
    "security-group-rules",
    (rule) => rule.GroupId === groupId || (everywhere && rule.ReferencedGroupInfo?.GroupId === groupId),
  );
  for (const rule of touching) {
    revokeRule(ec2, rule.SecurityGroupRuleId, rule.IsEgress);
  }
}

/** A rule without any peer authorises nothing; upstream refuses it when it sends the rule. */
export function validateRuleSets(inputs: Properties): string[] {
  return (["ingress", "egress"] as const).flatMap((direction) =>
    objects(inputs, direction)
      .filter((rule) =>
        [rule.cidrBlocks, rule.ipv6CidrBlocks, rule.prefixListIds, rule.securityGroups, rule.self].every(
          isEmpty,
        ),
      )
      .map(
        () =>
          `One of ['cidr_blocks', 'ipv6_cidr_blocks', 'self', 'security_groups', 'prefix_list_ids'] must be set to ` +
          `create an AWS Security Group Rule`,
      ),
  );
}
