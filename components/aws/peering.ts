import * as pulumi from "@pulumi/pulumi";

import type { PeeringPlan } from "../plan/model.ts";
import * as regional from "./regional.ts";
import type { Vpc } from "./vpc.ts";

export interface PeeringArgs {
  readonly plan: PeeringPlan;
  readonly requester: Vpc;
  readonly accepter: Vpc;
  /** What must be there before it is asked for: an earlier peering, accepted. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * A peering of two VPCs, accepted, with DNS resolution on both sides. The routes are {@link Routes}, one set per
 * region.
 */
export class Peering extends pulumi.ComponentResource {
  /** Known once the accepter has accepted, so whoever uses it finds the connection active. */
  readonly id: pulumi.Output<string>;
  /** Depend on it where the connection must be active. */
  readonly accepted: pulumi.Resource;

  constructor(name: string, args: PeeringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:aws:Peering", name, {}, opts);
    const requester = args.requester.plan;
    const accepter = args.accepter.plan;
    // Across regions AWS does not let the requester accept, so the accepter is a resource in its own region.
    const connection = new regional.VpcPeeringConnection(
      name,
      {
        region: requester.awsRegion,
        vpcId: args.requester.id,
        peerVpcId: args.accepter.id,
        peerRegion: accepter.awsRegion,
        tags: { Name: name, site: requester.key },
      },
      { parent: this, dependsOn: [...args.after] },
    );
    const accepted = new regional.VpcPeeringConnectionAccepter(
      name,
      {
        region: accepter.awsRegion,
        vpcPeeringConnectionId: connection.id,
        autoAccept: true,
        tags: { Name: name, site: accepter.key },
      },
      { parent: this },
    );
    this.id = accepted.vpcPeeringConnectionId;
    this.accepted = accepted;
    // Options can be set on an active connection only, and each side may set its own only.
    new regional.PeeringConnectionOptions(
      `${name}/requester`,
      {
        region: requester.awsRegion,
        vpcPeeringConnectionId: this.id,
        requester: { allowRemoteVpcDnsResolution: true },
      },
      { parent: this, dependsOn: [accepted] },
    );
    new regional.PeeringConnectionOptions(
      `${name}/accepter`,
      {
        region: accepter.awsRegion,
        vpcPeeringConnectionId: this.id,
        accepter: { allowRemoteVpcDnsResolution: true },
      },
      { parent: this, dependsOn: [accepted] },
    );
    this.registerOutputs({ id: this.id });
  }
}
