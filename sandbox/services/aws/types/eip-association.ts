/** aws_eip_association, from internal/service/ec2/ec2_eip_association.go. */
import { associateAddress, disassociateAddress, findAddressByAssociation } from "../ec2/addresses.ts";
import { ApiError, during, unless } from "../errors.ts";
import { flag, text, type Properties } from "../json.ts";
import type { Context, ResourceType, Table } from "../table.ts";

const oneTarget = ["instanceId", "networkInterfaceId"];

const properties: Table = {
  allocationId: { kind: "text", mode: "optional-computed", replaces: true },
  allowReassociation: { kind: "bool", mode: "optional", replaces: true },
  instanceId: { kind: "text", mode: "optional-computed", replaces: true, exactlyOneOf: oneTarget },
  networkInterfaceId: { kind: "text", mode: "optional-computed", replaces: true, exactlyOneOf: oneTarget },
  privateIpAddress: { kind: "text", mode: "optional-computed", replaces: true },
  publicIp: { kind: "text", mode: "optional-computed", replaces: true },
};

function create({ ec2 }: Context, inputs: Properties): string {
  return during("creating EC2 EIP Association", () => {
    const operation = "AssociateAddress";
    const publicIp = text(inputs, "publicIp");
    const allocationId =
      text(inputs, "allocationId") ??
      ec2.list("addresses", (address) => address.PublicIp === publicIp)[0]?.AllocationId;
    if (allocationId === undefined) {
      throw publicIp === undefined
        ? new ApiError(operation, "MissingParameter", "Either 'AllocationId' or 'PublicIp' must be specified")
        : new ApiError(operation, "InvalidAddress.NotFound", `Address '${publicIp}' not found.`);
    }
    const existing = ec2.find(operation, "addresses", allocationId).AssociationId;
    if (existing !== undefined && flag(inputs, "allowReassociation") === false) {
      throw new ApiError(
        operation,
        "Resource.AlreadyAssociated",
        `resource ${allocationId} is already associated with associate-id ${existing}`,
      );
    }
    return associateAddress(ec2, {
      allocationId,
      instanceId: text(inputs, "instanceId"),
      networkInterfaceId: text(inputs, "networkInterfaceId"),
      privateIpAddress: text(inputs, "privateIpAddress"),
    });
  });
}

export const eipAssociation: ResourceType = {
  token: "aws:ec2/eipAssociation:EipAssociation",
  upstream: {
    resource: "aws_eip_association",
    file: "internal/service/ec2/ec2_eip_association.go",
    sdk: "sdkv2",
  },
  properties,
  tagged: false,
  create,
  read: ({ ec2 }, id) => {
    const address = findAddressByAssociation(ec2, id);
    return (
      address && {
        allocationId: address.AllocationId,
        instanceId: address.InstanceId ?? "",
        networkInterfaceId: address.NetworkInterfaceId ?? "",
        privateIpAddress: address.PrivateIpAddress ?? "",
        publicIp: address.PublicIp,
      }
    );
  },
  delete: ({ ec2 }, id) => {
    during(`deleting EC2 EIP Association (${id})`, () =>
      unless(["InvalidAssociationID.NotFound"], () => {
        disassociateAddress(ec2, id);
      }),
    );
  },
};
