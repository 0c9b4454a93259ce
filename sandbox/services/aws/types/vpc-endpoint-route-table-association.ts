/** aws_vpc_endpoint_route_table_association, from internal/service/ec2/vpc_endpoint_route_table_association.go. */
import { crc32 } from "node:zlib";
import { modifyVpcEndpoint } from "../ec2/vpc-endpoints.ts";
import { during, ProviderError, unless } from "../errors.ts";
import { requiredText, type Properties } from "../json.ts";
import type { Context, ResourceType } from "../table.ts";

/** internal/service/ec2/id.go, vpcEndpointRouteTableAssociationCreateID. */
function associationId(endpointId: string, tableId: string): string {
  return `a-${endpointId}${crc32(tableId)}`;
}

function create({ ec2 }: Context, inputs: Properties): string {
  const [endpointId, tableId] = [requiredText(inputs, "vpcEndpointId"), requiredText(inputs, "routeTableId")];
  during(`creating VPC Endpoint Route Table Association (${endpointId}/${tableId})`, () => {
    modifyVpcEndpoint(ec2, endpointId, { addRouteTableIds: [tableId] });
  });
  return associationId(endpointId, tableId);
}

/** `vpce-…/rtb-…`. */
function importAssociation(_context: Context, id: string): { id: string; state: Properties } {
  const [endpointId, tableId, ...rest] = id.split("/");
  if (endpointId === undefined || tableId === undefined || rest.length > 0) {
    throw new ProviderError(`wrong format of import ID (${id}), use: 'vpc-endpoint-id/route-table-id'`);
  }
  return {
    id: associationId(endpointId, tableId),
    state: { vpcEndpointId: endpointId, routeTableId: tableId },
  };
}

export const vpcEndpointRouteTableAssociation: ResourceType = {
  token: "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation",
  upstream: {
    resource: "aws_vpc_endpoint_route_table_association",
    file: "internal/service/ec2/vpc_endpoint_route_table_association.go",
    sdk: "sdkv2",
  },
  properties: {
    routeTableId: { kind: "text", mode: "required", replaces: true },
    vpcEndpointId: { kind: "text", mode: "required", replaces: true },
  },
  tagged: false,
  create,
  read: ({ ec2 }, _id, prior) => {
    const tableId = requiredText(prior, "routeTableId");
    const endpoint = ec2.get("vpc-endpoints", requiredText(prior, "vpcEndpointId"));
    return endpoint?.RouteTableIds.includes(tableId) === true
      ? { routeTableId: tableId, vpcEndpointId: endpoint.VpcEndpointId }
      : undefined;
  },
  delete: ({ ec2 }, _id, state) => {
    const [endpointId, tableId] = [requiredText(state, "vpcEndpointId"), requiredText(state, "routeTableId")];
    const gone = ["InvalidVpcEndpointId.NotFound", "InvalidRouteTableID.NotFound", "InvalidParameter"];
    during(`deleting VPC Endpoint Route Table Association (${endpointId}/${tableId})`, () =>
      unless(gone, () => {
        modifyVpcEndpoint(ec2, endpointId, { removeRouteTableIds: [tableId] });
      }),
    );
  },
  import: importAssociation,
};
