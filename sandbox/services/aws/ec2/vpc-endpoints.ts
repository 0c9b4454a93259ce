/**
 * Gateway endpoints and the prefix lists that they route to. Interface endpoints are not simulated.
 *
 * An endpoint puts a route into each of its tables, from its service's prefix list to itself, and takes it out again
 * (vpc/latest/privatelink/gateway-endpoints.html). Nobody can change such a route by itself.
 */
import { createHash } from "node:crypto";
import { ApiError } from "../errors.ts";
import { accountId, newId, type Ec2, type Tags } from "./account.ts";
import type { PrefixList, VpcEndpoint } from "./records.ts";
import { newTags } from "./tags.ts";

/**
 * The services that have gateway endpoints, each with the last octet and prefix of its part of the region's
 * 198.19.N.0/24 (RFC 2544's range, as the regions' public addresses).
 */
const gatewayServices = [
  ["s3", "0/25"],
  ["dynamodb", "128/25"],
] as const;

/** What AWS lets everybody in the VPC do by an endpoint that was given no policy. */
const fullAccess = JSON.stringify({
  Version: "2008-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action: "*", Resource: "*" }],
});

/** AWS's own prefix lists of a region. Ids are of AWS's form, and not AWS's own. */
export function prefixLists({ region }: Ec2): PrefixList[] {
  return gatewayServices.map(([service, part]) => {
    const name = `com.amazonaws.${region.name}.${service}`;
    const digest = createHash("sha256").update(name).digest("hex");
    return {
      Cidrs: [`198.19.${region.index}.${part}`],
      PrefixListId: `pl-${digest.slice(0, 8)}`,
      PrefixListName: name,
    };
  });
}

export interface CreateVpcEndpointInput {
  readonly vpcId: string;
  readonly serviceName: string | undefined;
  readonly policy: string | undefined;
  readonly routeTableIds: readonly string[];
  readonly tags: Tags;
}

export function createVpcEndpoint(ec2: Ec2, input: CreateVpcEndpointInput): VpcEndpoint {
  const operation = "CreateVpcEndpoint";
  ec2.find(operation, "vpcs", input.vpcId);
  if (input.serviceName === undefined) {
    throw new ApiError(operation, "MissingParameter", "The request must contain the parameter ServiceName");
  }
  if (!prefixLists(ec2).some(({ PrefixListName }) => PrefixListName === input.serviceName)) {
    throw new ApiError(
      operation,
      "InvalidServiceName",
      `The Vpc Endpoint Service '${input.serviceName}' does not exist`,
    );
  }
  if (ec2.list("vpc-endpoints").length >= ec2.quotas.gatewayEndpointsPerRegion) {
    throw new ApiError(
      operation,
      "VpcEndpointLimitExceeded",
      "The maximum number of gateway VPC endpoints has been reached.",
    );
  }
  const id = newId("vpce");
  ec2.put("vpc-endpoints", id, {
    CreationTimestamp: new Date().toISOString(),
    DnsEntries: [],
    Groups: [],
    IpAddressType: "ipv4",
    NetworkInterfaceIds: [],
    OwnerId: accountId,
    PolicyDocument: input.policy ?? fullAccess,
    PrivateDnsEnabled: false,
    RequesterManaged: false,
    RouteTableIds: [],
    ServiceName: input.serviceName,
    ServiceRegion: ec2.region.name,
    State: "available",
    SubnetIds: [],
    Tags: newTags(operation, input.tags),
    VpcEndpointId: id,
    VpcEndpointType: "Gateway",
    VpcId: input.vpcId,
  });
  for (const table of input.routeTableIds) addRouteTable(ec2, operation, id, table);
  return ec2.find(operation, "vpc-endpoints", id);
}

export interface ModifyVpcEndpointInput {
  readonly addRouteTableIds?: readonly string[];
  readonly removeRouteTableIds?: readonly string[];
  readonly policy?: string | undefined;
  /** Puts the policy that lets everything back. */
  readonly resetPolicy?: boolean;
}

export function modifyVpcEndpoint(ec2: Ec2, endpointId: string, input: ModifyVpcEndpointInput): void {
  const operation = "ModifyVpcEndpoint";
  const endpoint = ec2.find(operation, "vpc-endpoints", endpointId);
  const policy = input.resetPolicy === true ? fullAccess : input.policy;
  if (policy !== undefined) {
    ec2.put("vpc-endpoints", endpointId, { ...endpoint, PolicyDocument: policy });
  }
  for (const table of input.addRouteTableIds ?? []) addRouteTable(ec2, operation, endpointId, table);
  for (const table of input.removeRouteTableIds ?? []) removeRouteTable(ec2, operation, endpointId, table);
}

/** The list that an endpoint routes to: its service's. */
export function prefixListOf(ec2: Ec2, endpoint: VpcEndpoint): PrefixList {
  const list = prefixLists(ec2).find(({ PrefixListName }) => PrefixListName === endpoint.ServiceName);
  if (list === undefined) throw new Error(`${endpoint.ServiceName} has no prefix list`);
  return list;
}

function addRouteTable(ec2: Ec2, operation: string, endpointId: string, tableId: string): void {
  const endpoint = ec2.find(operation, "vpc-endpoints", endpointId);
  const table = ec2.find(operation, "route-tables", tableId);
  const { PrefixListId: list } = prefixListOf(ec2, endpoint);
  if (table.VpcId !== endpoint.VpcId) {
    throw new ApiError(
      operation,
      "InvalidParameter",
      `Route table ${tableId} and VPC endpoint ${endpointId} belong to different networks`,
    );
  }
  if (table.Routes.some((route) => route.DestinationPrefixListId === list)) {
    throw new ApiError(
      operation,
      "RouteAlreadyExists",
      `route table ${tableId} already has a route with destination-prefix-list-id ${list}`,
    );
  }
  if (table.Routes.filter((route) => route.Origin === "CreateRoute").length >= ec2.quotas.routesPerTable) {
    throw new ApiError(operation, "RouteLimitExceeded", "The maximum number of routes has been reached.");
  }
  table.Routes.push({
    DestinationPrefixListId: list,
    GatewayId: endpointId,
    Origin: "CreateRoute",
    State: "active",
  });
  ec2.put("route-tables", tableId, table);
  endpoint.RouteTableIds = [...endpoint.RouteTableIds, tableId];
  ec2.put("vpc-endpoints", endpointId, endpoint);
}

function removeRouteTable(ec2: Ec2, operation: string, endpointId: string, tableId: string): void {
  const endpoint = ec2.find(operation, "vpc-endpoints", endpointId);
  const table = ec2.find(operation, "route-tables", tableId);
  if (!endpoint.RouteTableIds.includes(tableId)) {
    throw new ApiError(
      operation,
      "InvalidParameter",
      `Route table ${tableId} is not associated with the VPC endpoint ${endpointId}`,
    );
  }
  table.Routes = table.Routes.filter((route) => route.GatewayId !== endpointId);
  ec2.put("route-tables", tableId, table);
  endpoint.RouteTableIds = endpoint.RouteTableIds.filter((id) => id !== tableId);
  ec2.put("vpc-endpoints", endpointId, endpoint);
}

export function deleteVpcEndpoint(ec2: Ec2, endpointId: string): void {
  const operation = "DeleteVpcEndpoints";
  const endpoint = ec2.find(operation, "vpc-endpoints", endpointId);
  for (const table of endpoint.RouteTableIds) removeRouteTable(ec2, operation, endpointId, table);
  ec2.remove("vpc-endpoints", endpointId);
}
