/** aws_security_group, from internal/service/ec2/vpc_security_group.go. */
import { fromTagList, type Ec2 } from "../ec2/account.ts";
import { createSecurityGroup, deleteSecurityGroup } from "../ec2/security-groups.ts";
import { apiCode, during, unless } from "../errors.ts";
import { flag, requiredText, text, type Properties } from "../json.ts";
import type { Context, ResourceType, Table } from "../table.ts";
import { all, doesNotMatch, length } from "../validators.ts";
import { applyRules, readRules, revokeAllRules, ruleSetProperty, validateRuleSets } from "./inline-rules.ts";
import { prefixOf, uniqueName, uniqueSuffixLength } from "./names.ts";

const noId = doesNotMatch(/^sg-/, "cannot begin with sg-");

const properties: Table = {
  arn: { kind: "text", mode: "computed" },
  description: {
    kind: "text",
    mode: "optional",
    replaces: true,
    default: "Managed by Pulumi",
    validate: length(0, 255),
  },
  egress: ruleSetProperty,
  ingress: ruleSetProperty,
  name: {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    conflictsWith: ["namePrefix"],
    validate: all(length(0, 255), noId),
  },
  namePrefix: {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    conflictsWith: ["name"],
    validate: all(length(0, 255 - uniqueSuffixLength), noId),
  },
  ownerId: { kind: "text", mode: "computed" },
  revokeRulesOnDelete: { kind: "bool", mode: "optional", default: false },
  vpcId: { kind: "text", mode: "optional-computed", replaces: true },
};

function create({ ec2, tags }: Context, inputs: Properties): string {
  const prefix = text(inputs, "namePrefix");
  const name = prefix === undefined ? requiredText(inputs, "name") : uniqueName(prefix);
  const group = during(`creating Security Group (${name})`, () =>
    createSecurityGroup(ec2, {
      vpcId: text(inputs, "vpcId"),
      name,
      description: text(inputs, "description") ?? "",
      tags,
    }),
  );
  // AWS gives each new group a rule that lets everything out; upstream takes it away so that none is unseen.
  revokeAllRules(ec2, group.GroupId, false);
  applyRules(ec2, group.GroupId, "ingress", inputs);
  applyRules(ec2, group.GroupId, "egress", inputs);
  return group.GroupId;
}

export function readSecurityGroup({ ec2 }: Context, id: string, prior: Properties): Properties | undefined {
  const group = ec2.get("security-groups", id);
  return (
    group && {
      arn: group.SecurityGroupArn,
      description: group.Description,
      egress: readRules(ec2, id, "egress", prior),
      ingress: readRules(ec2, id, "ingress", prior),
      name: group.GroupName,
      namePrefix: prefixOf(group.GroupName),
      ownerId: group.OwnerId,
      tagsAll: fromTagList(group.Tags),
      vpcId: group.VpcId,
    }
  );
}

function remove(ec2: Ec2, id: string, revoke: boolean): void {
  if (revoke) {
    revokeAllRules(ec2, id, false);
  }
  try {
    deleteSecurityGroup(ec2, id);
  } catch (error) {
    if (!revoke || apiCode(error) !== "DependencyViolation") {
      throw error;
    }
    revokeAllRules(ec2, id, true);
    deleteSecurityGroup(ec2, id);
  }
}

export const securityGroup: ResourceType = {
  token: "aws:ec2/securityGroup:SecurityGroup",
  upstream: {
    resource: "aws_security_group",
    file: "internal/service/ec2/vpc_security_group.go",
    sdk: "sdkv2",
  },
  properties,
  tagged: true,
  autoName: "name",
  validate: validateRuleSets,
  create,
  read: readSecurityGroup,
  update: ({ ec2 }, id, { after, changed }) => {
    for (const direction of ["ingress", "egress"] as const) {
      if (changed.has(direction)) {
        applyRules(ec2, id, direction, after);
      }
    }
    return undefined;
  },
  delete: ({ ec2 }, id, state) => {
    during(`deleting Security Group (${id})`, () =>
      unless(["InvalidGroup.NotFound"], () => {
        remove(ec2, id, flag(state, "revokeRulesOnDelete") ?? false);
      }),
    );
  },
  retriesDelete: ["DependencyViolation"],
};
