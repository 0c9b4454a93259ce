/** aws_route, from internal/service/ec2/vpc_route.go. */
import { crc32 } from "node:zlib";
import { canonicalIpv6Block } from "../cidr.ts";
import { destinationText } from "../ec2/destinations.ts";
import { createRoute, deleteRoute, replaceRoute, routeState, type RouteTarget } from "../ec2/route-tables.ts";
import { ApiError, during, ProviderError, unless } from "../errors.ts";
import { requiredText, text, type Properties } from "../json.ts";
import type { Context, Property, ResourceType, Table } from "../table.ts";
import { isIpv4Block, isIpv6Block, sameIpv6Block } from "../validators.ts";

const destinations = ["destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"] as const;

const targets = [
  "carrierGatewayId",
  "coreNetworkArn",
  "egressOnlyGatewayId",
  "gatewayId",
  "localGatewayId",
  "natGatewayId",
  "networkInterfaceId",
  "odbNetworkArn",
  "transitGatewayId",
  "vpcEndpointId",
  "vpcPeeringConnectionId",
] as const;

const target: Property = { kind: "text", mode: "optional", exactlyOneOf: targets };

const properties: Table = {
  carrierGatewayId: {
    ...target,
    conflictsWith: ["destinationIpv6CidrBlock"],
    notSimulated: "carrier gateways",
  },
  coreNetworkArn: { ...target, notSimulated: "core networks" },
  destinationCidrBlock: {
    kind: "text",
    mode: "optional",
    replaces: true,
    validate: isIpv4Block,
    exactlyOneOf: destinations,
  },
  destinationIpv6CidrBlock: {
    kind: "text",
    mode: "optional",
    replaces: true,
    validate: isIpv6Block,
    exactlyOneOf: destinations,
    same: sameIpv6Block,
  },
  destinationPrefixListId: {
    kind: "text",
    mode: "optional",
    replaces: true,
    exactlyOneOf: destinations,
    notSimulated: "prefix lists",
  },
  egressOnlyGatewayId: { ...target, conflictsWith: ["destinationCidrBlock"] },
  gatewayId: target,
  instanceId: { kind: "text", mode: "computed" },
  instanceOwnerId: { kind: "text", mode: "computed" },
  localGatewayId: { ...target, notSimulated: "local gateways" },
  natGatewayId: target,
  networkInterfaceId: { ...target, mode: "optional-computed" },
  odbNetworkArn: { ...target, notSimulated: "ODB networks" },
  origin: { kind: "text", mode: "computed" },
  routeTableId: { kind: "text", mode: "required", replaces: true },
  state: { kind: "text", mode: "computed" },
  transitGatewayId: { ...target, notSimulated: "transit gateways" },
  vpcEndpointId: { ...target, conflictsWith: ["destinationPrefixListId"], notSimulated: "VPC endpoints" },
  vpcPeeringConnectionId: target,
};

const simulatedTargets = [
  "egressOnlyGatewayId",
  "gatewayId",
  "natGatewayId",
  "networkInterfaceId",
  "vpcPeeringConnectionId",
] as const;

/** The destination, of either family, in the spelling that AWS stores. */
function destinationIn(inputs: Properties): string {
  const ipv6 = text(inputs, "destinationIpv6CidrBlock");
  return ipv6 === undefined
    ? requiredText(inputs, "destinationCidrBlock")
    : (canonicalIpv6Block(ipv6) ?? ipv6);
}

/** The target that is set and, in an update, has changed: the old one is still known as a computed value. */
function targetOf(inputs: Properties, changed?: ReadonlySet<string>): RouteTarget {
  const name = simulatedTargets.find(
    (candidate) => text(inputs, candidate) !== undefined && (changed?.has(candidate) ?? true),
  );
  return name === undefined ? {} : { [name]: text(inputs, name) };
}

/** internal/service/ec2/id.go, routeCreateID: the CRC-32 of the destination after the table's id. */
export function routeId(tableId: string, destination: string): string {
  return `r-${tableId}${crc32(destination)}`;
}

function create({ ec2 }: Context, inputs: Properties): string {
  const tableId = requiredText(inputs, "routeTableId");
  const destination = destinationIn(inputs);
  const existing = ec2
    .get("route-tables", tableId)
    ?.Routes.find((route) => destinationText(route) === destination && route.Origin === "CreateRoute");
  if (existing !== undefined) {
    throw new ProviderError(
      `api error RouteAlreadyExists: Route in Route Table (${tableId}) with destination (${destination}) already exists`,
      { cause: new ApiError("CreateRoute", "RouteAlreadyExists", "already exists") },
    );
  }
  if (text(inputs, "gatewayId") === "local") {
    throw new ProviderError(
      "cannot create local Route, use `terraform import` to manage existing local Routes",
    );
  }
  during(`creating Route in Route Table (${tableId}) with destination (${destination})`, () => {
    createRoute(ec2, tableId, destination, targetOf(inputs));
  });
  return routeId(tableId, destination);
}

function read({ ec2 }: Context, _id: string, prior: Properties): Properties | undefined {
  const table = ec2.get("route-tables", requiredText(prior, "routeTableId"));
  const destination = destinationIn(prior);
  const route = table?.Routes.find((candidate) => destinationText(candidate) === destination);
  return table === undefined || route === undefined
    ? undefined
    : {
        destinationCidrBlock: route.DestinationCidrBlock,
        destinationIpv6CidrBlock: route.DestinationIpv6CidrBlock,
        egressOnlyGatewayId: route.EgressOnlyInternetGatewayId,
        gatewayId: route.GatewayId,
        instanceId: route.InstanceId ?? "",
        instanceOwnerId: route.InstanceOwnerId ?? "",
        natGatewayId: route.NatGatewayId,
        networkInterfaceId: route.NetworkInterfaceId ?? "",
        origin: route.Origin,
        routeTableId: table.RouteTableId,
        state: routeState(ec2, table, route),
        vpcPeeringConnectionId: route.VpcPeeringConnectionId,
      };
}

/** `rtb-…_10.0.0.0/8`. */
function importRoute(_context: Context, id: string): { id: string; state: Properties } {
  const [tableId, destination, ...rest] = id.split("_");
  if (tableId === undefined || destination === undefined || destination === "" || rest.length > 0) {
    throw new ProviderError(
      `unexpected format of ID (${JSON.stringify(id)}), expected ROUTETABLEID_DESTINATION`,
    );
  }
  return {
    id: routeId(tableId, destination),
    state: {
      routeTableId: tableId,
      [destination.includes(":") ? "destinationIpv6CidrBlock" : "destinationCidrBlock"]: destination,
    },
  };
}

export const route: ResourceType = {
  token: "aws:ec2/route:Route",
  upstream: { resource: "aws_route", file: "internal/service/ec2/vpc_route.go", sdk: "sdkv2" },
  properties,
  tagged: false,
  create,
  read,
  update: ({ ec2 }, _id, { after, changed }) => {
    const tableId = requiredText(after, "routeTableId");
    const destination = destinationIn(after);
    during(`updating Route in Route Table (${tableId}) with destination (${destination})`, () => {
      replaceRoute(ec2, tableId, destination, targetOf(after, changed));
    });
    return undefined;
  },
  delete: ({ ec2 }, _id, state) => {
    const tableId = requiredText(state, "routeTableId");
    const destination = destinationIn(state);
    during(`deleting Route in Route Table (${tableId}) with destination (${destination})`, () =>
      unless(["InvalidRoute.NotFound"], () => {
        deleteLocal(ec2, tableId, destination);
      }),
    );
  },
  import: importRoute,
};

/** A local route that was imported cannot be deleted; upstream only forgets it. */
function deleteLocal(ec2: Context["ec2"], tableId: string, destination: string): void {
  try {
    deleteRoute(ec2, tableId, destination);
  } catch (error) {
    if (!(error instanceof ApiError && error.detail.startsWith("cannot remove local route"))) {
      throw error;
    }
  }
}
