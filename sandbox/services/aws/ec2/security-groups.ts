/** Security groups. Their rules are in security-group-rules.ts. */
import { ApiError } from "../errors.ts";
import { accountId, newId, type Ec2, type Tags } from "./account.ts";
import type { IpPermission, SecurityGroup, SecurityGroupRule } from "./records.ts";
import { newTags } from "./tags.ts";

export interface CreateSecurityGroupInput {
  readonly vpcId: string | undefined;
  readonly name: string;
  readonly description: string;
  readonly tags: Tags;
}

/** The alphabet of names and descriptions, from the EC2 API's CreateSecurityGroup. */
const allowedText = /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]*$/;

export function createSecurityGroup(ec2: Ec2, input: CreateSecurityGroupInput): SecurityGroup {
  const operation = "CreateSecurityGroup";
  if (input.vpcId === undefined) {
    throw new ApiError(operation, "VPCIdNotSpecified", "No default VPC for this user");
  }
  const { vpcId } = input;
  ec2.find(operation, "vpcs", vpcId);
  if (!allowedText.test(input.name) || input.name.length > 255 || input.name === "") {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Value (${input.name}) for parameter GroupName is invalid. Character sets beyond ASCII are not supported.`,
    );
  }
  if (input.name === "default") {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      "Cannot use reserved security group name: default",
    );
  }
  requireDescription(operation, input.description);
  if (
    ec2.list("security-groups", (group) => group.VpcId === vpcId && group.GroupName === input.name).length > 0
  ) {
    throw new ApiError(
      operation,
      "InvalidGroup.Duplicate",
      `The security group '${input.name}' already exists for VPC '${vpcId}'`,
    );
  }
  if (ec2.list("security-groups").length >= ec2.quotas.securityGroupsPerRegion) {
    throw new ApiError(
      operation,
      "SecurityGroupLimitExceeded",
      "The maximum number of security groups has been reached.",
    );
  }
  const group = putGroup(ec2, vpcId, input.name, input.description, newTags(operation, input.tags));
  putRule(ec2, group.GroupId, { IsEgress: true, IpProtocol: "-1", CidrIpv4: "0.0.0.0/0" });
  return group;
}

export function requireDescription(operation: string, description: string | undefined): void {
  if (description !== undefined && (!allowedText.test(description) || description.length > 255)) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      "Invalid security group description. Valid descriptions are strings less than 256 characters " +
        "from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
    );
  }
}

/** The group that a VPC is born with: its members talk to one another and to everyone. */
export function createDefaultSecurityGroup(ec2: Ec2, vpcId: string): SecurityGroup {
  const group = putGroup(ec2, vpcId, "default", "default VPC security group", []);
  putRule(ec2, group.GroupId, {
    IsEgress: false,
    IpProtocol: "-1",
    ReferencedGroupInfo: { GroupId: group.GroupId, UserId: accountId, VpcId: vpcId },
  });
  putRule(ec2, group.GroupId, { IsEgress: true, IpProtocol: "-1", CidrIpv4: "0.0.0.0/0" });
  return group;
}

function putGroup(
  ec2: Ec2,
  vpcId: string,
  name: string,
  description: string,
  tags: SecurityGroup["Tags"],
): SecurityGroup {
  const id = newId("sg");
  return ec2.put("security-groups", id, {
    Description: description,
    GroupId: id,
    GroupName: name,
    OwnerId: accountId,
    SecurityGroupArn: ec2.arn(`security-group/${id}`),
    Tags: tags,
    VpcId: vpcId,
  });
}

/** Stores a rule that was checked before, or that AWS makes itself. */
export function putRule(
  ec2: Ec2,
  groupId: string,
  rule: Pick<SecurityGroupRule, "IsEgress" | "IpProtocol"> & Partial<SecurityGroupRule>,
): SecurityGroupRule {
  const id = newId("sgr");
  return ec2.put("security-group-rules", id, {
    FromPort: -1,
    GroupId: groupId,
    GroupOwnerId: accountId,
    SecurityGroupRuleArn: ec2.arn(`security-group-rule/${id}`),
    SecurityGroupRuleId: id,
    Tags: [],
    ToPort: -1,
    ...rule,
  });
}

export function deleteSecurityGroup(ec2: Ec2, groupId: string): void {
  const operation = "DeleteSecurityGroup";
  const group = ec2.find(operation, "security-groups", groupId);
  if (group.GroupName === "default") {
    throw new ApiError(
      operation,
      "CannotDelete",
      `the specified group: "${groupId}" name: "default" cannot be deleted by a user`,
    );
  }
  const used =
    ec2.list("network-interfaces", (candidate) =>
      candidate.Groups.some((member) => member.GroupId === groupId),
    ).length > 0 ||
    ec2.list(
      "security-group-rules",
      (rule) => rule.GroupId !== groupId && rule.ReferencedGroupInfo?.GroupId === groupId,
    ).length > 0;
  if (used) {
    throw new ApiError(operation, "DependencyViolation", `resource ${groupId} has a dependent object`);
  }
  for (const rule of ec2.list("security-group-rules", (candidate) => candidate.GroupId === groupId)) {
    ec2.remove("security-group-rules", rule.SecurityGroupRuleId);
  }
  ec2.remove("security-groups", groupId);
}

/** The rules of one direction in the form of `describe-security-groups`: one entry per protocol and ports. */
export function permissionsOf(ec2: Ec2, groupId: string, egress: boolean): IpPermission[] {
  const permissions = new Map<string, IpPermission>();
  const rules = ec2.list(
    "security-group-rules",
    (rule) => rule.GroupId === groupId && rule.IsEgress === egress,
  );
  for (const rule of rules) {
    const key = `${rule.IpProtocol}/${rule.FromPort}/${rule.ToPort}`;
    const permission = permissions.get(key) ?? {
      ...(rule.IpProtocol === "-1" ? {} : { FromPort: rule.FromPort, ToPort: rule.ToPort }),
      IpProtocol: rule.IpProtocol,
      IpRanges: [],
      Ipv6Ranges: [],
      PrefixListIds: [],
      UserIdGroupPairs: [],
    };
    permissions.set(key, permission);
    const description = rule.Description === undefined ? {} : { Description: rule.Description };
    if (rule.CidrIpv4 !== undefined) {
      permission.IpRanges.push({ CidrIp: rule.CidrIpv4, ...description });
    } else if (rule.CidrIpv6 !== undefined) {
      permission.Ipv6Ranges.push({ CidrIpv6: rule.CidrIpv6, ...description });
    } else if (rule.ReferencedGroupInfo !== undefined) {
      const { GroupId, UserId } = rule.ReferencedGroupInfo;
      permission.UserIdGroupPairs.push({ GroupId, UserId, ...description });
    }
  }
  return [...permissions.values()];
}
