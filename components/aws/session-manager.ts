import * as pulumi from "@pulumi/pulumi";

import type { SessionManagerPlan } from "../plan/model.ts";
import * as regional from "./regional.ts";
import type { Vpc } from "./vpc.ts";

export interface SessionManagerArgs {
  readonly vpc: Vpc;
  readonly plan: SessionManagerPlan;
}

/**
 * The role that a region's instances have, so that Systems Manager's agent on them may report to AWS: the way in when
 * SSH is lost. It gives an instance nothing else.
 */
export class SessionManager extends pulumi.ComponentResource {
  /** Name of the instance profile; known once the role in it may do what it is for. */
  readonly profile: pulumi.Output<string>;

  constructor(name: string, args: SessionManagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:aws:SessionManager", name, {}, opts);
    const { plan, vpc } = args;
    const tags = { Name: plan.key, site: vpc.plan.key };
    const role = new regional.Role(
      plan.key,
      { name: plan.name, assumeRolePolicy: trust(plan.trusted), tags },
      { parent: this },
    );
    const attachment = new regional.RolePolicyAttachment(
      plan.key,
      { role: role.name, policyArn: plan.policy },
      { parent: this },
    );
    this.profile = new regional.InstanceProfile(
      plan.key,
      { name: plan.name, role: role.name, tags },
      { parent: this, dependsOn: [attachment] },
    ).name;
    this.registerOutputs({ profile: this.profile });
  }
}

function trust(service: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  });
}
