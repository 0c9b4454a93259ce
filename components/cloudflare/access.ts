import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";

import type { AccessPlan } from "../plan/cloudflare/model.ts";

export interface AccessArgs {
  readonly plan: AccessPlan;
  readonly accountId: string;
}

/** An Access application in front of a name, and the one policy that says who is let in. */
export class Access extends pulumi.ComponentResource {
  constructor(name: string, { plan, accountId }: AccessArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:cloudflare:Access", name, {}, opts);
    const sessionDuration = `${plan.sessionHours}h`;
    const policy = new cloudflare.ZeroTrustAccessPolicy(
      `${name}/policy`,
      {
        accountId,
        name: plan.name,
        decision: "allow",
        includes: [
          ...plan.emails.map((email) => ({ email: { email } })),
          ...plan.emailDomains.map((domain) => ({ emailDomain: { domain } })),
        ],
        sessionDuration,
      },
      { parent: this },
    );
    new cloudflare.ZeroTrustAccessApplication(
      name,
      {
        accountId,
        name: plan.name,
        type: "self_hosted",
        domain: plan.name,
        policies: [{ id: policy.id, precedence: 1 }],
        sessionDuration,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
