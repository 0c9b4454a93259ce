/** Forwarding rules of Route 53 Resolver, and the VPCs that they are for. */
import { accountId, type Ec2, type Tags } from "../ec2/account.ts";
import type { Tag } from "../ec2/records.ts";
import { newTags } from "../ec2/tags.ts";
import { findEndpoint, refuse, resolverId } from "./endpoints.ts";

export interface TargetAddress {
  Ip: string;
  Port: number;
  Protocol: "Do53";
}

/** As `list-resolver-rules` prints it. */
export interface DescribedRule {
  Arn: string;
  CreationTime: string;
  CreatorRequestId: string;
  /** With a dot at its end. */
  DomainName: string;
  Id: string;
  ModificationTime: string;
  Name: string;
  OwnerId: string;
  ResolverEndpointId: string;
  RuleType: "FORWARD";
  ShareStatus: "NOT_SHARED";
  Status: "COMPLETE";
  TargetIps: TargetAddress[];
}

/** With the tags, which the API tells by another call. */
export type ResolverRule = DescribedRule & { Tags: Tag[] };

/** As `list-resolver-rule-associations` prints it. */
export interface ResolverRuleAssociation {
  Id: string;
  Name: string;
  ResolverRuleId: string;
  Status: "COMPLETE";
  VPCId: string;
}

export function findRule(ec2: Ec2, operation: string, id: string): ResolverRule {
  const rule = ec2.get("resolver-rules", id);
  const detail = `[RSLVR-00703] Resolver rule with ID '${id}' does not exist.`;
  return rule ?? refuse(operation, "ResourceNotFoundException", detail);
}

export interface RuleInput {
  readonly name: string;
  readonly endpointId: string | undefined;
  readonly targets: readonly TargetAddress[];
}

/** What a rule forwards to, and by which endpoint. */
function requireForwarding(ec2: Ec2, operation: string, input: RuleInput): string {
  const { endpointId, targets } = input;
  if (endpointId === undefined || targets.length === 0) {
    const missing = endpointId === undefined ? "ResolverEndpointId" : "TargetIps";
    refuse(operation, "InvalidRequestException", `${missing} is required for a rule of type FORWARD`);
  }
  findEndpoint(ec2, operation, endpointId);
  const most = ec2.quotas.targetsPerResolverRule;
  if (targets.length > most) {
    refuse(
      operation,
      "LimitExceededException",
      `Cannot have more than ${most} target IP addresses in a rule`,
    );
  }
  return endpointId;
}

export function createRule(ec2: Ec2, domain: string, input: RuleInput, tags: Tags): ResolverRule {
  const operation = "CreateResolverRule";
  if (!/^(?:[a-zA-Z0-9_-]{1,63}\.)*[a-zA-Z0-9_-]{1,63}\.?$/.test(domain)) {
    refuse(operation, "InvalidParameterException", `'${domain}' is not a valid domain name`);
  }
  const endpointId = requireForwarding(ec2, operation, input);
  if (ec2.list("resolver-rules").length >= ec2.quotas.resolverRulesPerRegion) {
    refuse(operation, "LimitExceededException", "The limit of Resolver rules has been reached");
  }
  const id = resolverId("rslvr-rr");
  const now = new Date().toISOString();
  return ec2.put("resolver-rules", id, {
    Arn: `arn:aws:route53resolver:${ec2.region.name}:${accountId}:resolver-rule/${id}`,
    CreationTime: now,
    CreatorRequestId: resolverId("request"),
    DomainName: `${domain.replace(/\.$/, "")}.`,
    Id: id,
    ModificationTime: now,
    Name: input.name,
    OwnerId: accountId,
    ResolverEndpointId: endpointId,
    RuleType: "FORWARD",
    ShareStatus: "NOT_SHARED",
    Status: "COMPLETE",
    Tags: newTags(operation, tags),
    TargetIps: [...input.targets],
  });
}

export function updateRule(ec2: Ec2, id: string, input: RuleInput): void {
  const operation = "UpdateResolverRule";
  const rule = findRule(ec2, operation, id);
  const endpointId = requireForwarding(ec2, operation, input);
  ec2.put("resolver-rules", id, {
    ...rule,
    ModificationTime: new Date().toISOString(),
    Name: input.name,
    ResolverEndpointId: endpointId,
    TargetIps: [...input.targets],
  });
}

export function tagRule(ec2: Ec2, id: string, tags: Tags): void {
  const operation = "TagResource";
  ec2.put("resolver-rules", id, { ...findRule(ec2, operation, id), Tags: newTags(operation, tags) });
}

export function deleteRule(ec2: Ec2, id: string): void {
  const operation = "DeleteResolverRule";
  findRule(ec2, operation, id);
  if (ec2.list("resolver-rule-associations", ({ ResolverRuleId }) => ResolverRuleId === id).length > 0) {
    const detail = "Please disassociate this resolver rule from VPC first before deleting";
    refuse(operation, "ResourceInUseException", detail);
  }
  ec2.remove("resolver-rules", id);
}

export function describeRule(rule: ResolverRule): DescribedRule {
  const described: DescribedRule & { Tags?: unknown } = { ...rule };
  delete described.Tags;
  return described;
}

export function associateRule(
  ec2: Ec2,
  { ruleId, vpcId, name }: { readonly ruleId: string; readonly vpcId: string; readonly name: string },
): ResolverRuleAssociation {
  const operation = "AssociateResolverRule";
  const rule = findRule(ec2, operation, ruleId);
  if (ec2.get("vpcs", vpcId) === undefined) {
    refuse(operation, "InvalidParameterException", `The vpc ID '${vpcId}' does not exist`);
  }
  const other = ec2
    .list("resolver-rule-associations", ({ VPCId }) => VPCId === vpcId)
    .map(({ ResolverRuleId }) => findRule(ec2, operation, ResolverRuleId))
    .find(({ DomainName }) => DomainName === rule.DomainName);
  if (other !== undefined) {
    const detail = `Cannot associate rules with same domain name with same VPC. Conflict with resolver rule '${other.Id}'`;
    refuse(operation, "InvalidRequestException", detail);
  }
  const id = resolverId("rslvr-rrassoc");
  return ec2.put("resolver-rule-associations", id, {
    Id: id,
    Name: name,
    ResolverRuleId: ruleId,
    Status: "COMPLETE",
    VPCId: vpcId,
  });
}

/** By what it joins, as AWS takes it. */
export function disassociateRule(ec2: Ec2, ruleId: string, vpcId: string): void {
  const found = ec2.list(
    "resolver-rule-associations",
    (each) => each.ResolverRuleId === ruleId && each.VPCId === vpcId,
  )[0];
  if (found === undefined) {
    const detail = `[RSLVR-00803] Resolver rule '${ruleId}' is not associated with VPC '${vpcId}'`;
    refuse("DisassociateResolverRule", "ResourceNotFoundException", detail);
  }
  ec2.remove("resolver-rule-associations", found.Id);
}
