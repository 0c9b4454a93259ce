/** Rules of security groups, one by one: what may be authorised, changed and revoked. */
import { canonicalBlock, canonicalIpv6Block, parseBlock } from "../cidr.ts";
import { ApiError } from "../errors.ts";
import { accountId, type Ec2, type Tags } from "./account.ts";
import type { SecurityGroup, SecurityGroupRule } from "./records.ts";
import { putRule, requireDescription } from "./security-groups.ts";
import { newTags } from "./tags.ts";

export interface RuleRequest {
  readonly ipProtocol: string;
  readonly fromPort: number | undefined;
  readonly toPort: number | undefined;
  readonly cidrIpv4?: string | undefined;
  readonly cidrIpv6?: string | undefined;
  readonly prefixListId?: string | undefined;
  readonly referencedGroupId?: string | undefined;
  readonly description?: string | undefined;
}

type RuleBody = Pick<
  SecurityGroupRule,
  "IpProtocol" | "FromPort" | "ToPort" | "CidrIpv4" | "CidrIpv6" | "ReferencedGroupInfo" | "Description"
>;

export function authorizeRule(
  ec2: Ec2,
  groupId: string,
  egress: boolean,
  request: RuleRequest,
  tags: Tags,
): SecurityGroupRule {
  const operation = egress ? "AuthorizeSecurityGroupEgress" : "AuthorizeSecurityGroupIngress";
  const group = ec2.find(operation, "security-groups", groupId);
  const body = checkRule(ec2, operation, group, request);
  const siblings = ec2.list(
    "security-group-rules",
    (rule) => rule.GroupId === groupId && rule.IsEgress === egress,
  );
  refuseDuplicate(operation, siblings, body);
  requireRuleQuota(ec2, operation, siblings, body);
  return putRule(ec2, groupId, { IsEgress: egress, ...body, Tags: newTags(operation, tags) });
}

/** A rule keeps its kind of peer: AWS does not turn a CIDR rule into one that names a group. */
export function modifyRule(ec2: Ec2, groupId: string, ruleId: string, request: RuleRequest): void {
  const operation = "ModifySecurityGroupRules";
  const group = ec2.find(operation, "security-groups", groupId);
  const rule = ec2.find(operation, "security-group-rules", ruleId);
  const body = checkRule(ec2, operation, group, request);
  const kindOf = (candidate: RuleBody): string =>
    candidate.CidrIpv4 !== undefined ? "cidr-ipv4" : candidate.CidrIpv6 !== undefined ? "cidr-ipv6" : "group";
  if (kindOf(rule) !== kindOf(body)) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      "You may not modify the source or destination type of a security group rule.",
    );
  }
  const siblings = ec2.list(
    "security-group-rules",
    (candidate) =>
      candidate.GroupId === groupId &&
      candidate.IsEgress === rule.IsEgress &&
      candidate.SecurityGroupRuleId !== ruleId,
  );
  refuseDuplicate(operation, siblings, body);
  ec2.put("security-group-rules", ruleId, {
    GroupId: rule.GroupId,
    GroupOwnerId: rule.GroupOwnerId,
    IsEgress: rule.IsEgress,
    SecurityGroupRuleArn: rule.SecurityGroupRuleArn,
    SecurityGroupRuleId: ruleId,
    Tags: rule.Tags,
    ...body,
  });
}

export function revokeRule(ec2: Ec2, ruleId: string, egress: boolean): void {
  const operation = egress ? "RevokeSecurityGroupEgress" : "RevokeSecurityGroupIngress";
  const rule = ec2.find(operation, "security-group-rules", ruleId);
  if (rule.IsEgress !== egress) {
    throw new ApiError(
      operation,
      "InvalidSecurityGroupRuleId.NotFound",
      `The security group rule ID '${ruleId}' does not exist`,
    );
  }
  ec2.remove("security-group-rules", ruleId);
}

const protocolNumbers: Readonly<Record<string, string>> = {
  "1": "icmp",
  "6": "tcp",
  "17": "udp",
  "58": "icmpv6",
};

/** A protocol as AWS stores it: a name where it has one, `-1` for all, else its number. */
export function canonicalProtocol(protocol: string): string | undefined {
  const lower = protocol.toLowerCase();
  if (lower === "-1" || lower === "all") {
    return "-1";
  }
  if (Object.values(protocolNumbers).includes(lower)) {
    return lower;
  }
  return /^\d{1,3}$/.test(lower) && Number(lower) <= 255 ? (protocolNumbers[lower] ?? lower) : undefined;
}

function checkRule(ec2: Ec2, operation: string, group: SecurityGroup, request: RuleRequest): RuleBody {
  const protocol = canonicalProtocol(request.ipProtocol);
  if (protocol === undefined) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Invalid value '${request.ipProtocol}' for ip protocol. Unknown protocol.`,
    );
  }
  requireDescription(operation, request.description);
  return {
    IpProtocol: protocol,
    ...checkPorts(operation, protocol, request),
    ...checkPeer(ec2, operation, group, request),
    ...(request.description === undefined || request.description === ""
      ? {}
      : { Description: request.description }),
  };
}

function checkPorts(
  operation: string,
  protocol: string,
  request: RuleRequest,
): { FromPort: number; ToPort: number } {
  const { fromPort, toPort } = request;
  if (protocol === "tcp" || protocol === "udp") {
    if (fromPort === undefined || toPort === undefined) {
      throw new ApiError(
        operation,
        "InvalidParameterValue",
        `Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.`,
      );
    }
    if (fromPort < 0 || toPort > 65535 || fromPort > toPort) {
      throw new ApiError(
        operation,
        "InvalidParameterValue",
        `Invalid ${protocol.toUpperCase()} port range ${fromPort}-${toPort}`,
      );
    }
    return { FromPort: fromPort, ToPort: toPort };
  }
  if (protocol === "icmp" || protocol === "icmpv6") {
    if (fromPort === undefined || toPort === undefined) {
      throw new ApiError(
        operation,
        "InvalidParameterValue",
        "Invalid value 'Must specify both type and code with ICMP.' for portRange.",
      );
    }
    return { FromPort: fromPort, ToPort: toPort };
  }
  // Every other protocol has no ports, and AWS ignores what it is given.
  return { FromPort: -1, ToPort: -1 };
}

function checkPeer(
  ec2: Ec2,
  operation: string,
  group: SecurityGroup,
  request: RuleRequest,
): Pick<SecurityGroupRule, "CidrIpv4" | "CidrIpv6" | "ReferencedGroupInfo"> {
  if (request.cidrIpv4 !== undefined) {
    const block = parseBlock(request.cidrIpv4);
    if (block === undefined) {
      throw new ApiError(operation, "InvalidParameterValue", `CIDR block ${request.cidrIpv4} is malformed`);
    }
    return { CidrIpv4: canonicalBlock(block) };
  }
  if (request.cidrIpv6 !== undefined) {
    const block = canonicalIpv6Block(request.cidrIpv6);
    if (block === undefined) {
      throw new ApiError(operation, "InvalidParameterValue", `CIDR block ${request.cidrIpv6} is malformed`);
    }
    return { CidrIpv6: block };
  }
  if (request.prefixListId !== undefined) {
    throw new ApiError(
      operation,
      "InvalidPrefixListID.NotFound",
      `The prefix list ID '${request.prefixListId}' does not exist`,
    );
  }
  if (request.referencedGroupId === undefined) {
    throw new ApiError(
      operation,
      "MissingParameter",
      "The request must contain exactly one source or destination",
    );
  }
  return { ReferencedGroupInfo: referenceGroup(ec2, operation, group, request.referencedGroupId) };
}

/** A group of the same VPC, or of a VPC of the same region that is peered with it. Other regions are out of reach. */
function referenceGroup(
  ec2: Ec2,
  operation: string,
  group: SecurityGroup,
  reference: string,
): NonNullable<SecurityGroupRule["ReferencedGroupInfo"]> {
  const [owner, id] = reference.includes("/") ? reference.split("/") : [accountId, reference];
  const other = owner === accountId && id !== undefined ? ec2.get("security-groups", id) : undefined;
  if (other === undefined) {
    throw new ApiError(
      operation,
      "InvalidGroup.NotFound",
      `The security group '${id ?? reference}' does not exist`,
    );
  }
  const base = { GroupId: other.GroupId, UserId: accountId, VpcId: other.VpcId };
  if (other.VpcId === group.VpcId) {
    return base;
  }
  const [peering] = ec2.list("vpc-peering-connections", (candidate) => {
    const sides = [candidate.RequesterVpcInfo, candidate.AccepterVpcInfo];
    return (
      candidate.Status.Code === "active" &&
      sides.every((side) => side.Region === ec2.region.name) &&
      sides.some((side) => side.VpcId === group.VpcId) &&
      sides.some((side) => side.VpcId === other.VpcId)
    );
  });
  if (peering === undefined) {
    throw new ApiError(
      operation,
      "InvalidGroup.NotFound",
      `You have specified two resources that belong to different networks: ` +
        `the security group '${other.GroupId}' is in ${other.VpcId}, '${group.GroupId}' in ${group.VpcId}`,
    );
  }
  return { ...base, VpcPeeringConnectionId: peering.VpcPeeringConnectionId };
}

function peerText(rule: RuleBody): string {
  return rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.ReferencedGroupInfo?.GroupId ?? "";
}

function refuseDuplicate(operation: string, siblings: readonly SecurityGroupRule[], body: RuleBody): void {
  const same = siblings.some(
    (rule) =>
      rule.IpProtocol === body.IpProtocol &&
      rule.FromPort === body.FromPort &&
      rule.ToPort === body.ToPort &&
      peerText(rule) === peerText(body),
  );
  if (same) {
    const protocol = body.IpProtocol === "-1" ? "ALL" : body.IpProtocol.toUpperCase();
    const ports = body.IpProtocol === "-1" ? "" : `, from port: ${body.FromPort}, to port: ${body.ToPort}`;
    throw new ApiError(
      operation,
      "InvalidPermission.Duplicate",
      `the specified rule "peer: ${peerText(body)}, ${protocol}${ports}, ALLOW" already exists`,
    );
  }
}

/** IPv4 and IPv6 count apart; a rule that names a group counts towards both. */
function requireRuleQuota(
  ec2: Ec2,
  operation: string,
  siblings: readonly SecurityGroupRule[],
  body: RuleBody,
): void {
  const countsFor = (rule: RuleBody, family: "CidrIpv4" | "CidrIpv6"): boolean =>
    rule.ReferencedGroupInfo !== undefined || rule[family] !== undefined;
  for (const family of ["CidrIpv4", "CidrIpv6"] as const) {
    const count = siblings.filter((rule) => countsFor(rule, family)).length;
    if (countsFor(body, family) && count >= ec2.quotas.rulesPerSecurityGroup) {
      throw new ApiError(
        operation,
        "RulesPerSecurityGroupLimitExceeded",
        "The maximum number of rules per security group has been reached.",
      );
    }
  }
}
