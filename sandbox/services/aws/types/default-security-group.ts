/** aws_default_security_group, from internal/service/ec2/vpc_default_security_group.go. */
import { replaceTags } from "../ec2/tags.ts";
import { ProviderError } from "../errors.ts";
import { text, type Properties } from "../json.ts";
import type { Context, ResourceType, Table } from "../table.ts";
import { applyRules, revokeAllRules, ruleSetProperty, validateRuleSets } from "./inline-rules.ts";
import { readSecurityGroup } from "./security-group.ts";

const properties: Table = {
  arn: { kind: "text", mode: "computed" },
  description: { kind: "text", mode: "computed" },
  egress: ruleSetProperty,
  ingress: ruleSetProperty,
  name: { kind: "text", mode: "computed" },
  namePrefix: { kind: "text", mode: "computed" },
  ownerId: { kind: "text", mode: "computed" },
  revokeRulesOnDelete: { kind: "bool", mode: "optional", default: false },
  vpcId: { kind: "text", mode: "optional-computed", replaces: true },
};

/** Takes over the group that AWS made with the VPC: its rules go, and those of the program come. */
function adopt({ ec2, tags }: Context, inputs: Properties): string {
  const vpcId = text(inputs, "vpcId");
  const [group] = ec2.list(
    "security-groups",
    (candidate) => candidate.GroupName === "default" && candidate.VpcId === vpcId,
  );
  if (group === undefined) {
    throw new ProviderError("reading Default Security Group: couldn't find resource");
  }
  replaceTags(ec2, group.GroupId, tags);
  revokeAllRules(ec2, group.GroupId, false);
  applyRules(ec2, group.GroupId, "ingress", inputs);
  applyRules(ec2, group.GroupId, "egress", inputs);
  return group.GroupId;
}

export const defaultSecurityGroup: ResourceType = {
  token: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
  upstream: {
    resource: "aws_default_security_group",
    file: "internal/service/ec2/vpc_default_security_group.go",
    sdk: "sdkv2",
  },
  properties,
  tagged: true,
  validate: validateRuleSets,
  create: adopt,
  read: readSecurityGroup,
  update: ({ ec2 }, id, { after, changed }) => {
    for (const direction of ["ingress", "egress"] as const) {
      if (changed.has(direction)) {
        applyRules(ec2, id, direction, after);
      }
    }
    return undefined;
  },
  // AWS lets nobody delete the group; upstream only forgets it.
  delete: () => undefined,
};
