import * as pulumi from "@pulumi/pulumi";

import { found } from "../lookup.ts";
import type { ForwardingRulePlan, OutboundEndpointPlan } from "../plan/model.ts";
import * as regional from "./regional.ts";
import type { SecurityGroups } from "./security-groups.ts";
import type { Vpc } from "./vpc.ts";

export interface ForwardingArgs {
  readonly vpc: Vpc;
  readonly plan: OutboundEndpointPlan;
  readonly securityGroups: SecurityGroups;
}

/** What the resolver of a region's VPC asks other name servers about, and the endpoint from which it does. */
export class Forwarding extends pulumi.ComponentResource {
  constructor(name: string, args: ForwardingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:aws:Forwarding", name, {}, opts);
    const { plan, vpc, securityGroups } = args;
    const endpoint = new regional.ResolverEndpoint(
      plan.key,
      {
        region: vpc.plan.awsRegion,
        name: plan.name,
        direction: "OUTBOUND",
        // Said and not chosen by AWS: name servers' rules may go by them.
        ipAddresses: plan.addresses.map(({ address, subnet }) => ({
          ip: address,
          subnetId: found(vpc.subnetIds, subnet, "subnet"),
        })),
        securityGroupIds: [found(securityGroups.ids, plan.securityGroup, "security group")],
        tags: { Name: plan.key, site: vpc.plan.key },
      },
      // AWS deletes none that rules go by. Only another VPC replaces it, in which its addresses are free.
      { parent: this, deleteBeforeReplace: false },
    );
    for (const rule of plan.rules) this.#createRule(rule, endpoint.id, vpc);
    this.registerOutputs({});
  }

  #createRule(rule: ForwardingRulePlan, endpointId: pulumi.Output<string>, vpc: Vpc): void {
    const region = vpc.plan.awsRegion;
    const created = new regional.ResolverRule(
      rule.key,
      {
        region,
        name: rule.name,
        domainName: rule.domain,
        ruleType: "FORWARD",
        resolverEndpointId: endpointId,
        targetIps: rule.targets.map(({ address, port }) => ({ ip: address, port })),
        tags: { Name: rule.key, site: vpc.plan.key },
      },
      { parent: this },
    );
    new regional.ResolverRuleAssociation(
      rule.key,
      { region, name: rule.name, resolverRuleId: created.id, vpcId: vpc.id },
      { parent: this },
    );
  }
}
