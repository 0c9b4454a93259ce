import * as pulumi from "@pulumi/pulumi";

import { found } from "../lookup.ts";
import type { PrivateZonePlan } from "../plan/model.ts";
import * as regional from "./regional.ts";
import type { Vpc } from "./vpc.ts";

export interface PrivateZoneArgs {
  readonly plan: PrivateZonePlan;
  /** By the key of their region. */
  readonly vpcs: ReadonlyMap<string, Vpc>;
}

/**
 * A private hosted zone, known to the VPCs of all regions. It is made with the VPC of its home; each other joins by a
 * resource of its own, so that a further region adds one and changes none.
 */
export class PrivateZone extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;

  constructor(name: string, args: PrivateZoneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:aws:PrivateZone", name, {}, opts);
    const { plan, vpcs } = args;
    const home = found(vpcs, plan.homeRegion, "VPC");
    const zone = new regional.Zone(
      name,
      {
        name: plan.name,
        comment: plan.comment,
        vpcs: [{ vpcId: home.id, vpcRegion: home.plan.awsRegion }],
        tags: { Name: name, site: home.plan.key },
      },
      {
        parent: this,
        // The provider tells all VPCs of the zone, and would take those away that joined by the resources below.
        ignoreChanges: ["vpcs"],
      },
    );
    this.id = zone.zoneId;
    for (const region of plan.joiningRegions) this.#join(region, found(vpcs, region, "VPC"), name);
    for (const set of plan.recordSets) {
      new regional.Record(
        set.key,
        { zoneId: this.id, name: set.name, type: set.type, ttl: set.ttlSeconds, records: [...set.values] },
        { parent: this },
      );
    }
    this.registerOutputs({ id: this.id });
  }

  #join(region: string, vpc: Vpc, name: string): void {
    new regional.ZoneAssociation(
      `${name}/${region}`,
      { zoneId: this.id, vpcId: vpc.id, vpcRegion: vpc.plan.awsRegion },
      { parent: this },
    );
  }
}
