import * as pulumi from "@pulumi/pulumi";

import { Instance, type InstanceArgs } from "../aws/instance.ts";
import type { HubPlan } from "../plan/model.ts";

export interface HubArgs extends InstanceArgs {
  readonly plan: HubPlan;
}

/**
 * The instance under a WireGuard hub. What runs on it is its `Host`, like everyone's; the VPC's routes to it are the
 * region's `Routes`. This component holds what a hub needs of AWS: an address that peers can rely on and a network
 * interface that may forward what is not its own.
 */
export class Hub extends pulumi.ComponentResource {
  readonly instance: Instance;
  readonly publicAddress: pulumi.Output<string>;

  constructor(name: string, args: HubArgs, opts?: pulumi.ComponentResourceOptions) {
    if (!args.instance.elasticIp) {
      throw new Error(`the hub ${name} has no Elastic IP; peers could not find it again after a restart.`);
    }
    if (args.instance.sourceDestCheck) {
      throw new Error(`the hub ${name} has source/destination check on; AWS would drop what it forwards.`);
    }
    super("blackroad:wireguard:Hub", name, {}, opts);
    this.instance = new Instance(name, args, { parent: this });
    const { publicAddress } = this.instance;
    if (publicAddress === undefined) throw new Error(`the hub ${name} has no public address.`);
    this.publicAddress = publicAddress;
    this.registerOutputs({
      endpoint: args.plan.endpoint,
      publicAddress,
      tunnelAddress: args.plan.tunnelAddress,
    });
  }
}
