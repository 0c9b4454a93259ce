/**
 * aws_vpc_security_group_ingress_rule and aws_vpc_security_group_egress_rule, from
 * internal/service/ec2/vpc_security_group_ingress_rule.go, which holds what both share.
 */
import { fromTagList } from "../ec2/account.ts";
import {
  authorizeRule,
  canonicalProtocol,
  modifyRule,
  revokeRule,
  type RuleRequest,
} from "../ec2/security-group-rules.ts";
import { during, unless } from "../errors.ts";
import { integer, requiredText, text, type Properties } from "../json.ts";
import type { Change, ResourceType, Table } from "../table.ts";
import { between, isIpv4Block, isIpv6Block } from "../validators.ts";

const peers = ["cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"] as const;

const properties: Table = {
  arn: { kind: "text", mode: "computed" },
  cidrIpv4: { kind: "text", mode: "optional", validate: isIpv4Block, exactlyOneOf: peers },
  cidrIpv6: { kind: "text", mode: "optional", validate: isIpv6Block, exactlyOneOf: peers },
  description: { kind: "text", mode: "optional" },
  fromPort: { kind: "int", mode: "optional", validate: between(-1, 65535) },
  ipProtocol: {
    kind: "text",
    mode: "required",
    same: (before, after) =>
      typeof before === "string" &&
      typeof after === "string" &&
      (canonicalProtocol(before) ?? before) === (canonicalProtocol(after) ?? after),
  },
  prefixListId: { kind: "text", mode: "optional", exactlyOneOf: peers, notSimulated: "prefix lists" },
  referencedSecurityGroupId: { kind: "text", mode: "optional", exactlyOneOf: peers },
  securityGroupId: { kind: "text", mode: "required", replaces: true },
  securityGroupRuleId: { kind: "text", mode: "computed" },
  toPort: { kind: "int", mode: "optional", validate: between(-1, 65535) },
};

function requestFrom(inputs: Properties): RuleRequest {
  return {
    ipProtocol: requiredText(inputs, "ipProtocol"),
    fromPort: integer(inputs, "fromPort"),
    toPort: integer(inputs, "toPort"),
    cidrIpv4: text(inputs, "cidrIpv4"),
    cidrIpv6: text(inputs, "cidrIpv6"),
    referencedGroupId: text(inputs, "referencedSecurityGroupId"),
    description: text(inputs, "description"),
  };
}

/** ModifyPlan: "When you modify a rule, you cannot change the rule's source type." */
function replaces({ before, after }: Change): string[] {
  const kindOf = (values: Properties): string | undefined =>
    peers.find((name) => values[name] !== undefined && values[name] !== null);
  const [old, wanted] = [kindOf(before), kindOf(after)];
  return old === wanted ? [] : [old, wanted].filter((name) => name !== undefined);
}

const ruleFields = ["cidrIpv4", "cidrIpv6", "description", "fromPort", "ipProtocol", "toPort"];

function ruleType(direction: "ingress" | "egress"): ResourceType {
  const egress = direction === "egress";
  const title = egress ? "Egress" : "Ingress";
  return {
    token: `aws:vpc/securityGroup${title}Rule:SecurityGroup${title}Rule`,
    upstream: {
      resource: `aws_vpc_security_group_${direction}_rule`,
      file: `internal/service/ec2/vpc_security_group_${direction}_rule.go`,
      sdk: "framework",
    },
    properties,
    tagged: true,
    replaces,
    create: ({ ec2, tags }, inputs) =>
      during("creating VPC Security Group Rule", () =>
        authorizeRule(ec2, requiredText(inputs, "securityGroupId"), egress, requestFrom(inputs), tags),
      ).SecurityGroupRuleId,
    read: ({ ec2 }, id, prior) => {
      const rule = ec2.get("security-group-rules", id);
      if (rule?.IsEgress !== egress) {
        return undefined;
      }
      // Ports that nobody asked for and that AWS reports as "every one" are no ports.
      const port = (name: "fromPort" | "toPort", value: number): number | undefined =>
        value === -1 && integer(prior, name) === undefined ? undefined : value;
      const stored = text(prior, "ipProtocol");
      return {
        arn: rule.SecurityGroupRuleArn,
        cidrIpv4: rule.CidrIpv4,
        cidrIpv6: rule.CidrIpv6,
        description: rule.Description,
        fromPort: port("fromPort", rule.FromPort),
        ipProtocol:
          stored !== undefined && canonicalProtocol(stored) === rule.IpProtocol ? stored : rule.IpProtocol,
        referencedSecurityGroupId: rule.ReferencedGroupInfo?.GroupId,
        securityGroupId: rule.GroupId,
        securityGroupRuleId: id,
        tagsAll: fromTagList(rule.Tags),
        toPort: port("toPort", rule.ToPort),
      };
    },
    update: ({ ec2 }, id, { after, changed }) => {
      if ([...ruleFields, "referencedSecurityGroupId"].some((name) => changed.has(name))) {
        during(`updating VPC Security Group Rule (${id})`, () => {
          modifyRule(ec2, requiredText(after, "securityGroupId"), id, requestFrom(after));
        });
      }
      return undefined;
    },
    delete: ({ ec2 }, id) => {
      during(`deleting VPC Security Group Rule (${id})`, () =>
        unless(["InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound"], () => {
          revokeRule(ec2, id, egress);
        }),
      );
    },
  };
}

export const securityGroupIngressRule = ruleType("ingress");
export const securityGroupEgressRule = ruleType("egress");
