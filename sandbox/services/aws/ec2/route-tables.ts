/** Route tables, their associations and routes. */
import { ApiError } from "../errors.ts";
import { accountId, newId, type Ec2, type Tags } from "./account.ts";
import { destinationOf, destinationText, isWithin } from "./destinations.ts";
import type { Route, RouteTable, RouteTableAssociation } from "./records.ts";
import { newTags } from "./tags.ts";

export interface CreateRouteTableInput {
  readonly vpcId: string;
  readonly tags: Tags;
  /** The table that serves every subnet without one of its own; made with the VPC. */
  readonly main?: boolean;
}

export function createRouteTable(ec2: Ec2, input: CreateRouteTableInput): RouteTable {
  const operation = "CreateRouteTable";
  const vpc = ec2.find(operation, "vpcs", input.vpcId);
  if (
    ec2.list("route-tables", (table) => table.VpcId === input.vpcId).length >= ec2.quotas.routeTablesPerVpc
  ) {
    throw new ApiError(
      operation,
      "RouteTableLimitExceeded",
      "The maximum number of route tables has been reached.",
    );
  }
  const id = newId("rtb");
  return ec2.put("route-tables", id, {
    Associations: input.main === true ? [newAssociation(id, {}, true)] : [],
    OwnerId: accountId,
    PropagatingVgws: [],
    RouteTableId: id,
    Routes: [
      {
        DestinationCidrBlock: vpc.CidrBlock,
        GatewayId: "local",
        Origin: "CreateRouteTable",
        State: "active",
      },
      ...vpc.Ipv6CidrBlockAssociationSet.map(({ Ipv6CidrBlock }): Route => ({
        DestinationIpv6CidrBlock: Ipv6CidrBlock,
        GatewayId: "local",
        Origin: "CreateRouteTable",
        State: "active",
      })),
    ],
    Tags: newTags(operation, input.tags),
    VpcId: input.vpcId,
  });
}

function newAssociation(
  routeTableId: string,
  target: { SubnetId?: string; GatewayId?: string },
  main = false,
): RouteTableAssociation {
  return {
    AssociationState: { State: "associated" },
    Main: main,
    RouteTableAssociationId: newId("rtbassoc"),
    RouteTableId: routeTableId,
    ...target,
  };
}

export function deleteRouteTable(ec2: Ec2, routeTableId: string): void {
  const operation = "DeleteRouteTable";
  const table = ec2.find(operation, "route-tables", routeTableId);
  if (table.Associations.length > 0) {
    throw new ApiError(
      operation,
      "DependencyViolation",
      `The routeTable '${routeTableId}' has dependencies and cannot be deleted.`,
    );
  }
  for (const endpoint of ec2.list("vpc-endpoints", (each) => each.RouteTableIds.includes(routeTableId))) {
    endpoint.RouteTableIds = endpoint.RouteTableIds.filter((id) => id !== routeTableId);
    ec2.put("vpc-endpoints", endpoint.VpcEndpointId, endpoint);
  }
  ec2.remove("route-tables", routeTableId);
}

export interface AssociationTarget {
  readonly subnetId?: string | undefined;
  readonly gatewayId?: string | undefined;
}

export function associateRouteTable(ec2: Ec2, routeTableId: string, target: AssociationTarget): string {
  const operation = "AssociateRouteTable";
  const table = ec2.find(operation, "route-tables", routeTableId);
  const { subnetId, gatewayId } = target;
  if (subnetId !== undefined) {
    const subnet = ec2.find(operation, "subnets", subnetId);
    if (subnet.VpcId !== table.VpcId) {
      throw new ApiError(
        operation,
        "InvalidParameterValue",
        `route table ${routeTableId} and subnet ${subnetId} belong to different networks`,
      );
    }
  }
  if (gatewayId !== undefined) {
    const gateway = ec2.find(operation, "internet-gateways", gatewayId);
    requireSameNetwork(operation, table, gateway.Attachments[0]?.VpcId, `network gateway ${gatewayId}`);
  }
  const taken = ec2
    .list("route-tables", (candidate) => candidate.VpcId === table.VpcId)
    .flatMap((candidate) => candidate.Associations)
    .some(
      (association) =>
        (subnetId !== undefined && association.SubnetId === subnetId) ||
        (gatewayId !== undefined && association.GatewayId === gatewayId),
    );
  if (taken) {
    throw new ApiError(
      operation,
      "Resource.AlreadyAssociated",
      `the specified association for route table ${routeTableId} conflicts with an existing association`,
    );
  }
  const association = newAssociation(routeTableId, {
    ...(subnetId === undefined ? {} : { SubnetId: subnetId }),
    ...(gatewayId === undefined ? {} : { GatewayId: gatewayId }),
  });
  table.Associations.push(association);
  ec2.put("route-tables", routeTableId, table);
  return association.RouteTableAssociationId;
}

export function findAssociation(
  ec2: Ec2,
  associationId: string,
): { table: RouteTable; association: RouteTableAssociation } | undefined {
  for (const table of ec2.list("route-tables")) {
    const association = table.Associations.find(
      (candidate) => candidate.RouteTableAssociationId === associationId,
    );
    if (association !== undefined) {
      return { table, association };
    }
  }
  return undefined;
}

function requireAssociation(
  ec2: Ec2,
  operation: string,
  associationId: string,
): { table: RouteTable; association: RouteTableAssociation } {
  const found = findAssociation(ec2, associationId);
  if (found === undefined) {
    throw new ApiError(
      operation,
      "InvalidAssociationID.NotFound",
      `The association ID '${associationId}' does not exist`,
    );
  }
  return found;
}

/** Moves an association to another table of the same VPC; the association gets a new id. */
export function replaceRouteTableAssociation(ec2: Ec2, associationId: string, routeTableId: string): string {
  const operation = "ReplaceRouteTableAssociation";
  const { table, association } = requireAssociation(ec2, operation, associationId);
  const target = ec2.find(operation, "route-tables", routeTableId);
  requireSameNetwork(operation, target, table.VpcId, `route table ${table.RouteTableId}`);
  table.Associations = table.Associations.filter((candidate) => candidate !== association);
  ec2.put("route-tables", table.RouteTableId, table);
  const moved = { ...association, RouteTableAssociationId: newId("rtbassoc"), RouteTableId: routeTableId };
  const stored = ec2.find(operation, "route-tables", routeTableId);
  stored.Associations.push(moved);
  ec2.put("route-tables", routeTableId, stored);
  return moved.RouteTableAssociationId;
}

export function disassociateRouteTable(ec2: Ec2, associationId: string): void {
  const operation = "DisassociateRouteTable";
  const { table, association } = requireAssociation(ec2, operation, associationId);
  if (association.Main) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `cannot disassociate the main route table association ${associationId}`,
    );
  }
  table.Associations = table.Associations.filter((candidate) => candidate !== association);
  ec2.put("route-tables", table.RouteTableId, table);
}

export interface RouteTarget {
  readonly egressOnlyGatewayId?: string | undefined;
  readonly gatewayId?: string | undefined;
  readonly natGatewayId?: string | undefined;
  readonly networkInterfaceId?: string | undefined;
  readonly vpcPeeringConnectionId?: string | undefined;
}

export function createRoute(ec2: Ec2, routeTableId: string, destination: string, target: RouteTarget): void {
  const operation = "CreateRoute";
  const table = ec2.find(operation, "route-tables", routeTableId);
  const to = destinationOf(operation, destination);
  const cidr = destinationText(to) ?? "";
  if (table.Routes.some((route) => destinationText(route) === cidr)) {
    throw new ApiError(operation, "RouteAlreadyExists", `The route identified by ${cidr} already exists.`);
  }
  const ofFamily = table.Routes.filter(
    (route) =>
      route.Origin === "CreateRoute" &&
      (route.DestinationIpv6CidrBlock === undefined) === (to.DestinationIpv6CidrBlock === undefined),
  );
  if (ofFamily.length >= ec2.quotas.routesPerTable) {
    throw new ApiError(operation, "RouteLimitExceeded", "The maximum number of routes has been reached.");
  }
  const vpc = ec2.find(operation, "vpcs", table.VpcId);
  if (isWithin(vpc, to) && target.networkInterfaceId === undefined) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `The destination CIDR block ${cidr} is equal to or more specific than one of this VPC's CIDR blocks. ` +
        "This route can target only an interface or an instance.",
    );
  }
  table.Routes.push({
    ...to,
    ...resolveTarget(ec2, operation, table, target),
    Origin: "CreateRoute",
    State: "active",
  });
  ec2.put("route-tables", routeTableId, table);
}

export function replaceRoute(ec2: Ec2, routeTableId: string, destination: string, target: RouteTarget): void {
  const operation = "ReplaceRoute";
  const table = ec2.find(operation, "route-tables", routeTableId);
  const to = destinationOf(operation, destination);
  const position = table.Routes.findIndex((route) => destinationText(route) === destinationText(to));
  const old = table.Routes[position];
  if (old === undefined) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `There is no route defined for '${destination}' in the route table. Use CreateRoute instead.`,
    );
  }
  table.Routes[position] = {
    ...to,
    ...resolveTarget(ec2, operation, table, target),
    Origin: old.Origin,
    State: "active",
  };
  ec2.put("route-tables", routeTableId, table);
}

export function deleteRoute(ec2: Ec2, routeTableId: string, destination: string): void {
  const operation = "DeleteRoute";
  const table = ec2.find(operation, "route-tables", routeTableId);
  const route = table.Routes.find((candidate) => destinationText(candidate) === destination);
  if (route === undefined) {
    throw new ApiError(
      operation,
      "InvalidRoute.NotFound",
      `no route with destination-cidr-block ${destination} in route table ${routeTableId}`,
    );
  }
  if (route.GatewayId === "local") {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `cannot remove local route ${destination} in route table ${routeTableId}`,
    );
  }
  table.Routes = table.Routes.filter((candidate) => candidate !== route);
  ec2.put("route-tables", routeTableId, table);
}

function requireSameNetwork(
  operation: string,
  table: RouteTable,
  vpcId: string | undefined,
  other: string,
): void {
  if (vpcId !== table.VpcId) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `route table ${table.RouteTableId} and ${other} belong to different networks`,
    );
  }
}

/** The fields of a route that name its target, after checking that the table can reach it. */
function resolveTarget(ec2: Ec2, operation: string, table: RouteTable, target: RouteTarget): Partial<Route> {
  const { egressOnlyGatewayId, gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId } = target;
  if (egressOnlyGatewayId !== undefined) {
    const gateway = ec2.find(operation, "egress-only-internet-gateways", egressOnlyGatewayId);
    const other = `network gateway ${egressOnlyGatewayId}`;
    requireSameNetwork(operation, table, gateway.Attachments[0]?.VpcId, other);
    return { EgressOnlyInternetGatewayId: egressOnlyGatewayId };
  }
  if (gatewayId !== undefined) {
    const gateway = ec2.get("internet-gateways", gatewayId);
    if (gateway === undefined) {
      throw new ApiError(
        operation,
        gatewayId.startsWith("igw-") ? "InvalidInternetGatewayID.NotFound" : "InvalidGatewayID.NotFound",
        gatewayId.startsWith("igw-")
          ? `The internetGateway ID '${gatewayId}' does not exist`
          : `The gateway ID '${gatewayId}' does not exist`,
      );
    }
    requireSameNetwork(operation, table, gateway.Attachments[0]?.VpcId, `network gateway ${gatewayId}`);
    return { GatewayId: gatewayId };
  }
  if (natGatewayId !== undefined) {
    const nat = ec2.get("nat-gateways", natGatewayId);
    if (nat === undefined) {
      throw new ApiError(
        operation,
        "InvalidNatGatewayID.NotFound",
        `The natGateway ID '${natGatewayId}' does not exist`,
      );
    }
    requireSameNetwork(operation, table, nat.VpcId, `nat gateway ${natGatewayId}`);
    return { NatGatewayId: natGatewayId };
  }
  if (networkInterfaceId !== undefined) {
    const found = ec2.find(operation, "network-interfaces", networkInterfaceId);
    requireSameNetwork(operation, table, found.VpcId, `interface ${networkInterfaceId}`);
    const instanceId = found.Attachment?.InstanceId;
    return {
      NetworkInterfaceId: networkInterfaceId,
      ...(instanceId === undefined ? {} : { InstanceId: instanceId, InstanceOwnerId: accountId }),
    };
  }
  if (vpcPeeringConnectionId !== undefined) {
    const peering = ec2.find(operation, "vpc-peering-connections", vpcPeeringConnectionId);
    const mine = [peering.RequesterVpcInfo, peering.AccepterVpcInfo].find(
      (side) => side.VpcId === table.VpcId && side.Region === ec2.region.name,
    );
    requireSameNetwork(operation, table, mine?.VpcId, `peering connection ${vpcPeeringConnectionId}`);
    return { VpcPeeringConnectionId: vpcPeeringConnectionId };
  }
  throw new ApiError(operation, "MissingParameter", "The request must contain exactly one route target");
}

/** `blackhole` where what a route points to is gone or not (yet) usable. */
export function routeState(ec2: Ec2, table: RouteTable, route: Route): Route["State"] {
  let alive = true;
  if (route.DestinationPrefixListId !== undefined) {
    alive = ec2.get("vpc-endpoints", route.GatewayId ?? "") !== undefined;
  } else if (route.GatewayId !== undefined && route.GatewayId !== "local") {
    const gateway = ec2.get("internet-gateways", route.GatewayId);
    alive = gateway?.Attachments.some((attachment) => attachment.VpcId === table.VpcId) ?? false;
  } else if (route.EgressOnlyInternetGatewayId !== undefined) {
    alive = ec2.get("egress-only-internet-gateways", route.EgressOnlyInternetGatewayId) !== undefined;
  } else if (route.NatGatewayId !== undefined) {
    alive = ec2.get("nat-gateways", route.NatGatewayId)?.State === "available";
  } else if (route.NetworkInterfaceId !== undefined) {
    alive = ec2.get("network-interfaces", route.NetworkInterfaceId) !== undefined;
  } else if (route.VpcPeeringConnectionId !== undefined) {
    alive = ec2.get("vpc-peering-connections", route.VpcPeeringConnectionId)?.Status.Code === "active";
  }
  return alive ? "active" : "blackhole";
}
