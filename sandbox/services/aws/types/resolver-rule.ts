/** aws_route53_resolver_rule and its association, from internal/service/route53resolver/rule.go and rule_association.go. */
import { fromTagList } from "../ec2/account.ts";
import { during, unless } from "../errors.ts";
import { integer, objects, requiredText, text, type Json, type Properties } from "../json.ts";
import {
  associateRule,
  createRule,
  deleteRule,
  disassociateRule,
  tagRule,
  updateRule,
  type RuleInput,
} from "../route53resolver/rules.ts";
import type { Context, ResourceType, Table } from "../table.ts";
import { between, isIpv4Address, length, oneOf } from "../validators.ts";
import { isResolverName, withoutDot } from "./names.ts";

const ruleProperties: Table = {
  arn: { kind: "text", mode: "computed" },
  domainName: { kind: "text", mode: "required", replaces: true, validate: length(1, 256), same: sameDomain },
  name: { kind: "text", mode: "optional", validate: isResolverName },
  ownerId: { kind: "text", mode: "computed" },
  resolverEndpointId: { kind: "text", mode: "optional" },
  ruleType: {
    kind: "text",
    mode: "required",
    replaces: true,
    validate: (value, name) =>
      oneOf("FORWARD", "SYSTEM", "RECURSIVE", "DELEGATE")(value, name) ??
      (value === "FORWARD" ? undefined : "the sandbox's AWS has no rules that do not forward"),
  },
  shareStatus: { kind: "text", mode: "computed" },
  targetIps: {
    kind: "object-set",
    mode: "optional",
    upstream: "target_ip",
    properties: {
      ip: { kind: "text", mode: "optional", validate: isIpv4Address },
      ipv6: { kind: "text", mode: "optional", notSimulated: "IPv6 in VPCs" },
      port: { kind: "int", mode: "optional", default: 53, validate: between(1, 65535) },
      protocol: {
        kind: "text",
        mode: "optional",
        default: "Do53",
        validate: (value, name) =>
          oneOf("Do53", "DoH", "DoH-FIPS")(value, name) ??
          (value === "Do53" ? undefined : "the sandbox's AWS forwards by plain DNS only"),
      },
    },
  },
};

function sameDomain(before: Json | undefined, after: Json | undefined): boolean {
  return typeof before === "string" && typeof after === "string" && before === withoutDot(after);
}

function inputOf(inputs: Properties): RuleInput {
  return {
    name: text(inputs, "name") ?? "",
    endpointId: text(inputs, "resolverEndpointId"),
    targets: objects(inputs, "targetIps").map((each) => ({
      Ip: requiredText(each, "ip"),
      Port: integer(each, "port") ?? 53,
      Protocol: "Do53",
    })),
  };
}

function readRule({ ec2 }: Context, id: string): Properties | undefined {
  const rule = ec2.get("resolver-rules", id);
  return (
    rule && {
      arn: rule.Arn,
      domainName: withoutDot(rule.DomainName),
      name: rule.Name,
      ownerId: rule.OwnerId,
      resolverEndpointId: rule.ResolverEndpointId,
      ruleType: rule.RuleType,
      shareStatus: rule.ShareStatus,
      tagsAll: fromTagList(rule.Tags),
      targetIps: rule.TargetIps.map(({ Ip, Port, Protocol }) => ({
        ip: Ip,
        port: Port,
        protocol: Protocol,
      })),
    }
  );
}

export const resolverRule: ResourceType = {
  token: "aws:route53/resolverRule:ResolverRule",
  upstream: {
    resource: "aws_route53_resolver_rule",
    file: "internal/service/route53resolver/rule.go",
    sdk: "sdkv2",
  },
  properties: ruleProperties,
  tagged: true,
  setTags: ({ ec2, tags }, id) => {
    tagRule(ec2, id, tags);
  },
  autoName: "name",
  // An update cannot take the endpoint away.
  replaces: ({ after, changed }) =>
    changed.has("resolverEndpointId") && text(after, "resolverEndpointId") === undefined
      ? ["resolverEndpointId"]
      : [],
  create: ({ ec2, tags }, inputs) =>
    during("creating Route53 Resolver Rule", () =>
      createRule(ec2, requiredText(inputs, "domainName"), inputOf(inputs), tags),
    ).Id,
  read: readRule,
  update: ({ ec2 }, id, { after, changed }) => {
    if (["name", "resolverEndpointId", "targetIps"].some((name) => changed.has(name))) {
      during(`updating Route53 Resolver Rule (${id})`, () => {
        updateRule(ec2, id, inputOf(after));
      });
    }
    return undefined;
  },
  delete: ({ ec2 }, id) => {
    during(`deleting Route53 Resolver Rule (${id})`, () =>
      unless(["ResourceNotFoundException"], () => {
        deleteRule(ec2, id);
      }),
    );
  },
};

export const resolverRuleAssociation: ResourceType = {
  token: "aws:route53/resolverRuleAssociation:ResolverRuleAssociation",
  upstream: {
    resource: "aws_route53_resolver_rule_association",
    file: "internal/service/route53resolver/rule_association.go",
    sdk: "sdkv2",
  },
  properties: {
    name: { kind: "text", mode: "optional", replaces: true, validate: isResolverName },
    resolverRuleId: { kind: "text", mode: "required", replaces: true, validate: length(1, 64) },
    vpcId: { kind: "text", mode: "required", replaces: true, validate: length(1, 64) },
  },
  tagged: false,
  autoName: "name",
  create: ({ ec2 }, inputs) => {
    const ruleId = requiredText(inputs, "resolverRuleId");
    const input = { ruleId, vpcId: requiredText(inputs, "vpcId"), name: text(inputs, "name") ?? "" };
    return during("creating Route53 Resolver Rule Association", () => associateRule(ec2, input)).Id;
  },
  read: ({ ec2 }, id) => {
    const found = ec2.get("resolver-rule-associations", id);
    return found && { name: found.Name, resolverRuleId: found.ResolverRuleId, vpcId: found.VPCId };
  },
  delete: ({ ec2 }, id, state) => {
    during(`deleting Route53 Resolver Rule Association (${id})`, () =>
      unless(["ResourceNotFoundException"], () => {
        disassociateRule(ec2, requiredText(state, "resolverRuleId"), requiredText(state, "vpcId"));
      }),
    );
  },
};
