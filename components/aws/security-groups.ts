import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import { found } from "../lookup.ts";
import { isIpv6 } from "../plan/keys.ts";
import type { RegionPlan, SecurityGroupPlan, SecurityRulePlan } from "../plan/model.ts";
import type { SymbolTable } from "../resolve.ts";
import { networkText } from "./ipv6.ts";
import * as regional from "./regional.ts";
import type { Vpc } from "./vpc.ts";

export interface SecurityGroupsArgs {
  readonly vpc: Vpc;
  /** With the networks of regions that have IPv6. */
  readonly symbols: SymbolTable;
}

/** The security groups of a region and their rules, each rule a resource of its own. */
export class SecurityGroups extends pulumi.ComponentResource {
  /** By plan key. */
  readonly ids: ReadonlyMap<string, pulumi.Output<string>>;
  readonly rules: readonly pulumi.Resource[];

  readonly #symbols: SymbolTable;

  constructor(name: string, args: SecurityGroupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:aws:SecurityGroups", name, {}, opts);
    this.#symbols = args.symbols;
    const { plan } = args.vpc;
    const groups = plan.securityGroups;
    this.ids = new Map(groups.map((group) => [group.key, this.#createGroup(group, args.vpc)]));
    this.#emptyDefault(`${name}/default`, args.vpc);
    this.rules = groups.flatMap((group) =>
      group.rules.map((rule) => this.#createRule(group, rule, args.vpc)),
    );
    this.registerOutputs({ ids: Object.fromEntries(this.ids) });
  }

  /**
   * The group that AWS makes with a VPC lets its members talk to each other and to everyone, and whatever names no
   * group gets it. Said to be empty, and not merely left without rules, it is emptied again when somebody adds one.
   */
  #emptyDefault(name: string, vpc: Vpc): void {
    new regional.DefaultSecurityGroup(
      name,
      {
        region: vpc.plan.awsRegion,
        vpcId: vpc.id,
        ingress: [],
        egress: [],
        tags: { Name: name, site: vpc.plan.key },
      },
      { parent: this },
    );
  }

  #createGroup(group: SecurityGroupPlan, vpc: Vpc): pulumi.Output<string> {
    return new regional.SecurityGroup(
      group.key,
      {
        region: vpc.plan.awsRegion,
        name: physicalName(group),
        description: group.description,
        vpcId: vpc.id,
        tags: { Name: group.key, site: vpc.plan.key },
      },
      { parent: this },
    ).id;
  }

  #createRule(group: SecurityGroupPlan, rule: SecurityRulePlan, vpc: Vpc): pulumi.Resource {
    const args = {
      region: vpc.plan.awsRegion,
      securityGroupId: found(this.ids, group.key, "security group"),
      description: rule.description,
      ...ports(rule),
      ...this.#peer(rule, vpc.plan),
      tags: { Name: rule.key, site: vpc.plan.key },
    };
    return rule.direction === "ingress"
      ? new regional.SecurityGroupIngressRule(rule.key, args, { parent: this })
      : new regional.SecurityGroupEgressRule(rule.key, args, { parent: this });
  }

  #peer(
    rule: SecurityRulePlan,
    region: RegionPlan,
  ):
    | { cidrIpv4: pulumi.Input<string> }
    | { cidrIpv6: pulumi.Input<string> }
    | { referencedSecurityGroupId: pulumi.Output<string> } {
    if (rule.peer.kind === "security-group") {
      const key = `${region.key}/${rule.peer.group}`;
      return { referencedSecurityGroupId: found(this.ids, key, "security group") };
    }
    const network = networkText(rule.peer.cidr, this.#symbols);
    return isIpv6(rule.peer.cidr) ? { cidrIpv6: network } : { cidrIpv4: network };
  }
}

/**
 * AWS takes `-1` for every protocol and then no ports, and for ICMP type and code in place of ports, where -1 means
 * any. A group has IPv4's ICMP alone: there is one rule for each protocol, and members find each other by IPv4 as well.
 */
export function ports(rule: SecurityRulePlan): { ipProtocol: string; fromPort?: number; toPort?: number } {
  switch (rule.protocol) {
    case "all":
      return { ipProtocol: "-1" };
    case "icmp": {
      const ipv6 = rule.peer.kind === "cidr" && isIpv6(rule.peer.cidr);
      return { ipProtocol: ipv6 ? "icmpv6" : "icmp", fromPort: -1, toPort: -1 };
    }
    case "tcp":
    case "udp":
      return {
        ipProtocol: rule.protocol,
        fromPort: rule.ports?.from ?? 0,
        toPort: rule.ports?.to ?? 65535,
      };
  }
}

/**
 * The name in AWS, unique within the VPC. A changed description replaces the group, and the new one must exist
 * beside the old until every instance has changed over, so the name carries a hash of the description.
 */
function physicalName(group: SecurityGroupPlan): string {
  const digest = createHash("sha256").update(group.description, "utf8").digest("hex");
  return `${group.key.replaceAll("/", "-")}-${digest.slice(0, 8)}`;
}
