/** aws_route_table, from internal/service/ec2/vpc_route_table.go. */
import { fromTagList } from "../ec2/account.ts";
import type { RouteTable } from "../ec2/records.ts";
import {
  createRoute,
  createRouteTable,
  deleteRoute,
  deleteRouteTable,
  disassociateRouteTable,
  replaceRoute,
} from "../ec2/route-tables.ts";
import { during, unless } from "../errors.ts";
import { objects, requiredText, text, type Json, type Properties } from "../json.ts";
import type { Context, Property, ResourceType, Table } from "../table.ts";
import { isIpv4Block, isIpv6Block } from "../validators.ts";

const routeTarget = (reason?: string): Property => ({
  kind: "text",
  mode: "optional",
  ...(reason === undefined ? {} : { notSimulated: reason }),
});

const routeProperties: Table = {
  cidrBlock: { kind: "text", mode: "optional", validate: isIpv4Block },
  destinationPrefixListId: { kind: "text", mode: "optional", notSimulated: "prefix lists" },
  ipv6CidrBlock: { kind: "text", mode: "optional", validate: isIpv6Block, notSimulated: "IPv6 in VPCs" },
  carrierGatewayId: routeTarget("carrier gateways"),
  coreNetworkArn: routeTarget("core networks"),
  egressOnlyGatewayId: routeTarget("egress-only gateways"),
  gatewayId: routeTarget(),
  localGatewayId: routeTarget("local gateways"),
  natGatewayId: routeTarget(),
  networkInterfaceId: routeTarget(),
  odbNetworkArn: routeTarget("ODB networks"),
  transitGatewayId: routeTarget("transit gateways"),
  vpcEndpointId: routeTarget("VPC endpoints"),
  vpcPeeringConnectionId: routeTarget(),
};

const targets = ["gatewayId", "natGatewayId", "networkInterfaceId", "vpcPeeringConnectionId"] as const;

function targetOf(route: Record<string, Json>): Partial<Record<(typeof targets)[number], string>> {
  const name = targets.find((candidate) => text(route, candidate) !== undefined);
  return name === undefined ? {} : { [name]: text(route, name) };
}

function addRoutes({ ec2 }: Context, id: string, routes: readonly Record<string, Json>[]): void {
  for (const route of routes) {
    const destination = requiredText(route, "cidrBlock");
    during(`creating Route in Route Table (${id}) with destination (${destination})`, () => {
      createRoute(ec2, id, destination, targetOf(route));
    });
  }
}

function create(context: Context, inputs: Properties): string {
  const table = during("creating Route Table", () =>
    createRouteTable(context.ec2, { vpcId: requiredText(inputs, "vpcId"), tags: context.tags }),
  );
  addRoutes(context, table.RouteTableId, objects(inputs, "routes"));
  return table.RouteTableId;
}

function updateRoutes(context: Context, id: string, before: Properties, after: Properties): void {
  const [old, wanted] = [objects(before, "routes"), objects(after, "routes")];
  const find = (routes: readonly Record<string, Json>[], route: Record<string, Json>) =>
    routes.find((candidate) => candidate.cidrBlock === route.cidrBlock);
  addRoutes(
    context,
    id,
    wanted.filter((route) => find(old, route) === undefined),
  );
  for (const route of wanted) {
    const known = find(old, route);
    if (known !== undefined && JSON.stringify(targetOf(known)) !== JSON.stringify(targetOf(route))) {
      const destination = requiredText(route, "cidrBlock");
      during(`updating Route in Route Table (${id}) with destination (${destination})`, () => {
        replaceRoute(context.ec2, id, destination, targetOf(route));
      });
    }
  }
  for (const route of old.filter((candidate) => find(wanted, candidate) === undefined)) {
    const destination = requiredText(route, "cidrBlock");
    during(`deleting Route in Route Table (${id}) with destination (${destination})`, () =>
      unless(["InvalidRoute.NotFound"], () => {
        deleteRoute(context.ec2, id, destination);
      }),
    );
  }
}

/** The routes that someone made: the local one is AWS's own, and those of an endpoint are the endpoint's. */
export function madeRoutes({ Routes }: RouteTable): RouteTable["Routes"] {
  return Routes.filter(
    ({ GatewayId, DestinationPrefixListId }) =>
      GatewayId !== "local" &&
      !(DestinationPrefixListId !== undefined && (GatewayId ?? "").startsWith("vpce-")),
  );
}

/** A route as the resource and its data source both show it. */
export function showRoute(route: RouteTable["Routes"][number]): Record<string, string> {
  return {
    carrierGatewayId: "",
    cidrBlock: route.DestinationCidrBlock ?? "",
    coreNetworkArn: "",
    destinationPrefixListId: "",
    egressOnlyGatewayId: route.EgressOnlyInternetGatewayId ?? "",
    gatewayId: route.GatewayId ?? "",
    ipv6CidrBlock: route.DestinationIpv6CidrBlock ?? "",
    localGatewayId: "",
    natGatewayId: route.NatGatewayId ?? "",
    networkInterfaceId: route.NetworkInterfaceId ?? "",
    odbNetworkArn: "",
    transitGatewayId: "",
    vpcEndpointId: "",
    vpcPeeringConnectionId: route.VpcPeeringConnectionId ?? "",
  };
}

function read({ ec2 }: Context, id: string): Properties | undefined {
  const table = ec2.get("route-tables", id);
  return (
    table && {
      arn: ec2.arn(`route-table/${id}`),
      ownerId: table.OwnerId,
      propagatingVgws: table.PropagatingVgws.map((gateway) => gateway.GatewayId),
      routes: madeRoutes(table).map(showRoute),
      tagsAll: fromTagList(table.Tags),
      vpcId: table.VpcId,
    }
  );
}

export const routeTable: ResourceType = {
  token: "aws:ec2/routeTable:RouteTable",
  upstream: { resource: "aws_route_table", file: "internal/service/ec2/vpc_route_table.go", sdk: "sdkv2" },
  properties: {
    arn: { kind: "text", mode: "computed" },
    ownerId: { kind: "text", mode: "computed" },
    propagatingVgws: { kind: "set", mode: "optional-computed", notSimulated: "VPN gateways" },
    routes: { kind: "object-set", mode: "optional-computed", properties: routeProperties, upstream: "route" },
    vpcId: { kind: "text", mode: "required", replaces: true },
  },
  tagged: true,
  create,
  read,
  update: (context, id, { before, after, changed }) => {
    if (changed.has("routes")) {
      updateRoutes(context, id, before, after);
    }
    return undefined;
  },
  delete: ({ ec2 }, id) => {
    during(`deleting Route Table (${id})`, () => {
      for (const association of ec2.get("route-tables", id)?.Associations ?? []) {
        disassociateRouteTable(ec2, association.RouteTableAssociationId);
      }
      unless(["InvalidRouteTableID.NotFound"], () => {
        deleteRouteTable(ec2, id);
      });
    });
  },
};
