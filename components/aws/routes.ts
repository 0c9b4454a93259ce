import * as pulumi from "@pulumi/pulumi";

import { found } from "../lookup.ts";
import { isIpv6 } from "../plan/keys.ts";
import type { RoutePlan } from "../plan/model.ts";
import type { SymbolTable } from "../resolve.ts";
import { networkText } from "./ipv6.ts";
import * as regional from "./regional.ts";
import type { Vpc } from "./vpc.ts";

export interface RoutesArgs {
  readonly vpc: Vpc;
  /** With the networks of regions that have IPv6. */
  readonly symbols: SymbolTable;
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
            ...destinationOf(route, args.symbols),
            ...target,
          },
          { parent: this },
        );
      }),
    );
    this.registerOutputs({});
  }
}

function destinationOf({ destination }: RoutePlan, symbols: SymbolTable) {
  const network = networkText(destination, symbols);
  return isIpv6(destination) ? { destinationIpv6CidrBlock: network } : { destinationCidrBlock: network };
}

type Target =
  | { readonly vpcPeeringConnectionId: pulumi.Output<string> }
  | { readonly networkInterfaceId: pulumi.Output<string> };

/** `undefined` for a route that the VPC makes itself. */
function routeTarget(route: RoutePlan, args: RoutesArgs): Target | undefined {
  switch (route.target.kind) {
    case "internet-gateway":
    case "egress-only-gateway":
    case "nat-gateway":
      return undefined;
    case "peering":
      return { vpcPeeringConnectionId: found(args.peeringIds, route.target.peering, "peering") };
    case "instance":
      return { networkInterfaceId: found(args.interfaceIds, route.target.host, "forwarding instance") };
  }
}
