import * as pulumi from "@pulumi/pulumi";

import { found } from "../lookup.ts";
import type { RoutePlan } from "../plan/model.ts";
import * as regional from "./regional.ts";
import type { Vpc } from "./vpc.ts";

export interface RoutesArgs {
  readonly vpc: Vpc;
  /** Ids of active peering connections, by plan key. */
  readonly peeringIds: ReadonlyMap<string, pulumi.Output<string>>;
  /** Ids of the primary network interfaces of instances that forward, by host key. */
  readonly interfaceIds: ReadonlyMap<string, pulumi.Output<string>>;
}

/** A region's routes to its peers and to the instances that forward for it, each a resource of its own. */
export class Routes extends pulumi.ComponentResource {
  readonly routes: readonly pulumi.Resource[];

  constructor(name: string, args: RoutesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:aws:Routes", name, {}, opts);
    const { plan, routeTableIds } = args.vpc;
    this.routes = plan.routeTables.flatMap((table) =>
      table.routes.flatMap((route) => {
        const target = routeTarget(route, args);
        if (target === undefined) return [];
        return new regional.Route(
          route.key,
          {
            region: plan.awsRegion,
            routeTableId: found(routeTableIds, table.key, "route table"),
            destinationCidrBlock: route.destination,
            ...target,
          },
          { parent: this },
        );
      }),
    );
    this.registerOutputs({});
  }
}

type Target =
  | { readonly vpcPeeringConnectionId: pulumi.Output<string> }
  | { readonly networkInterfaceId: pulumi.Output<string> };

/** `undefined` for a route that the VPC makes itself. */
function routeTarget(route: RoutePlan, args: RoutesArgs): Target | undefined {
  switch (route.target.kind) {
    case "internet-gateway":
    case "nat-gateway":
      return undefined;
    case "peering":
      return { vpcPeeringConnectionId: found(args.peeringIds, route.target.peering, "peering") };
    case "instance":
      return { networkInterfaceId: found(args.interfaceIds, route.target.host, "forwarding instance") };
  }
}
