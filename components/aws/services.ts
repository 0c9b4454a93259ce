import * as pulumi from "@pulumi/pulumi";

import { found } from "../lookup.ts";
import type { DatabaseSubnetGroupPlan, GatewayEndpointPlan } from "../plan/model.ts";
import * as regional from "./regional.ts";
import type { Vpc } from "./vpc.ts";

export interface ServicesArgs {
  readonly vpc: Vpc;
}

/** What a region has for AWS's own services: gateway endpoints in its route tables, and the subnets of databases. */
export class Services extends pulumi.ComponentResource {
  /** Name of the group of database subnets; `undefined` where the region has no database tier. */
  readonly databaseSubnetGroup: pulumi.Output<string> | undefined;

  readonly #vpc: Vpc;

  constructor(name: string, args: ServicesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:aws:Services", name, {}, opts);
    this.#vpc = args.vpc;
    for (const endpoint of args.vpc.plan.gatewayEndpoints) this.#createEndpoint(endpoint);
    const group = args.vpc.plan.databaseSubnetGroup;
    this.databaseSubnetGroup = group === undefined ? undefined : this.#createSubnetGroup(group);
    this.registerOutputs({ databaseSubnetGroup: this.databaseSubnetGroup });
  }

  #createEndpoint(endpoint: GatewayEndpointPlan): void {
    const { plan, id: vpcId, routeTableIds } = this.#vpc;
    const region = plan.awsRegion;
    const created = new regional.VpcEndpoint(
      endpoint.key,
      {
        region,
        vpcId,
        serviceName: endpoint.service,
        vpcEndpointType: "Gateway",
        tags: { Name: endpoint.key, site: plan.key },
      },
      { parent: this },
    );
    // Each table by a resource of its own, so that a further zone adds one and changes none.
    for (const table of endpoint.routeTables) {
      new regional.VpcEndpointRouteTableAssociation(
        `${endpoint.key}/${table.slice(plan.key.length + 1)}`,
        { region, vpcEndpointId: created.id, routeTableId: found(routeTableIds, table, "route table") },
        { parent: this },
      );
    }
  }

  #createSubnetGroup(group: DatabaseSubnetGroupPlan): pulumi.Output<string> {
    const { plan, subnetIds } = this.#vpc;
    return new regional.SubnetGroup(
      group.key,
      {
        region: plan.awsRegion,
        name: group.name,
        description: `Database tier of ${plan.key}`,
        subnetIds: group.subnets.map((key) => found(subnetIds, key, "subnet")),
        tags: { Name: group.key, site: plan.key },
      },
      { parent: this },
    ).name;
  }
}
