/** aws_route_table_association, from internal/service/ec2/vpc_route_table_association.go. */
import {
  associateRouteTable,
  disassociateRouteTable,
  findAssociation,
  replaceRouteTableAssociation,
} from "../ec2/route-tables.ts";
import { during, ProviderError, unless } from "../errors.ts";
import { requiredText, text, type Properties } from "../json.ts";
import type { Context, ResourceType } from "../table.ts";

function create({ ec2 }: Context, inputs: Properties): string {
  const tableId = requiredText(inputs, "routeTableId");
  return during(`creating Route Table (${tableId}) Association`, () =>
    associateRouteTable(ec2, tableId, {
      subnetId: text(inputs, "subnetId"),
      gatewayId: text(inputs, "gatewayId"),
    }),
  );
}

/** `subnet-…/rtb-…` or `igw-…/rtb-…`. */
function importAssociation({ ec2 }: Context, id: string): { id: string; state: Properties } {
  const [targetId, tableId, ...rest] = id.split("/");
  if (targetId === undefined || tableId === undefined || rest.length > 0) {
    throw new ProviderError(
      `Unexpected format for import: ${id}. Use 'subnet ID/route table ID' or 'gateway ID/route table ID`,
    );
  }
  const association = ec2
    .get("route-tables", tableId)
    ?.Associations.find((candidate) => [candidate.SubnetId, candidate.GatewayId].includes(targetId));
  if (association === undefined) {
    throw new ProviderError(
      `No association found between route table ID ${tableId} and target ID ${targetId}`,
    );
  }
  return { id: association.RouteTableAssociationId, state: {} };
}

export const routeTableAssociation: ResourceType = {
  token: "aws:ec2/routeTableAssociation:RouteTableAssociation",
  upstream: {
    resource: "aws_route_table_association",
    file: "internal/service/ec2/vpc_route_table_association.go",
    sdk: "sdkv2",
  },
  properties: {
    gatewayId: { kind: "text", mode: "optional", replaces: true, exactlyOneOf: ["subnetId", "gatewayId"] },
    routeTableId: { kind: "text", mode: "required" },
    subnetId: { kind: "text", mode: "optional", replaces: true, exactlyOneOf: ["subnetId", "gatewayId"] },
  },
  tagged: false,
  create,
  read: ({ ec2 }, id) => {
    const found = findAssociation(ec2, id);
    return (
      found && {
        gatewayId: found.association.GatewayId,
        routeTableId: found.table.RouteTableId,
        subnetId: found.association.SubnetId,
      }
    );
  },
  update: (context, id, { after }) =>
    during(`updating Route Table Association (${id})`, () =>
      findAssociation(context.ec2, id) === undefined
        ? create(context, after)
        : replaceRouteTableAssociation(context.ec2, id, requiredText(after, "routeTableId")),
    ),
  delete: ({ ec2 }, id) => {
    during(`deleting Route Table Association (${id})`, () =>
      unless(["InvalidAssociationID.NotFound"], () => {
        disassociateRouteTable(ec2, id);
      }),
    );
  },
  import: importAssociation,
};
