/** aws_eip, from internal/service/ec2/ec2_eip.go. */
import { fromTagList } from "../ec2/account.ts";
import { allocateAddress, associateAddress, disassociateAddress, releaseAddress } from "../ec2/addresses.ts";
import { during, unless } from "../errors.ts";
import { text, type Properties } from "../json.ts";
import type { Context, ResourceType, Table } from "../table.ts";
import { oneOf } from "../validators.ts";

const properties: Table = {
  address: { kind: "text", mode: "optional", replaces: true },
  allocationId: { kind: "text", mode: "computed" },
  arn: { kind: "text", mode: "computed" },
  associateWithPrivateIp: { kind: "text", mode: "optional" },
  associationId: { kind: "text", mode: "computed" },
  carrierIp: { kind: "text", mode: "computed" },
  customerOwnedIp: { kind: "text", mode: "computed" },
  customerOwnedIpv4Pool: { kind: "text", mode: "optional", notSimulated: "Outposts" },
  domain: { kind: "text", mode: "optional-computed", replaces: true, validate: oneOf("vpc", "standard") },
  instance: { kind: "text", mode: "optional-computed" },
  ipamPoolId: {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    notSimulated: "address managers (IPAM)",
  },
  networkBorderGroup: { kind: "text", mode: "optional-computed", replaces: true },
  networkInterface: { kind: "text", mode: "optional-computed" },
  privateDns: { kind: "text", mode: "computed" },
  privateIp: { kind: "text", mode: "computed" },
  ptrRecord: { kind: "text", mode: "computed" },
  publicDns: { kind: "text", mode: "computed" },
  publicIp: { kind: "text", mode: "computed" },
  publicIpv4Pool: { kind: "text", mode: "optional-computed", replaces: true },
};

function associate({ ec2 }: Context, id: string, inputs: Properties): void {
  const [instanceId, networkInterfaceId] = [text(inputs, "instance"), text(inputs, "networkInterface")];
  if (instanceId !== undefined || networkInterfaceId !== undefined) {
    during(`associating EC2 EIP (${id})`, () => {
      associateAddress(ec2, {
        allocationId: id,
        instanceId,
        networkInterfaceId,
        privateIpAddress: text(inputs, "associateWithPrivateIp"),
      });
    });
  }
}

function disassociate({ ec2 }: Context, id: string, associationId: string | undefined): void {
  if (associationId !== undefined) {
    during(`disassociating EC2 EIP (${id})`, () =>
      unless(["InvalidAssociationID.NotFound"], () => {
        disassociateAddress(ec2, associationId);
      }),
    );
  }
}

function create(context: Context, inputs: Properties): string {
  const address = during("creating EC2 EIP", () =>
    allocateAddress(context.ec2, context.tags, {
      address: text(inputs, "address"),
      domain: text(inputs, "domain"),
      networkBorderGroup: text(inputs, "networkBorderGroup"),
      publicIpv4Pool: text(inputs, "publicIpv4Pool"),
    }),
  );
  associate(context, address.AllocationId, inputs);
  return address.AllocationId;
}

function read({ ec2 }: Context, id: string): Properties | undefined {
  const address = ec2.get("addresses", id);
  return (
    address && {
      allocationId: id,
      arn: ec2.arn(`elastic-ip/${id}`),
      associationId: address.AssociationId ?? "",
      domain: address.Domain,
      instance: address.InstanceId ?? "",
      networkBorderGroup: address.NetworkBorderGroup,
      networkInterface: address.NetworkInterfaceId ?? "",
      privateDns:
        address.PrivateIpAddress === undefined ? undefined : ec2.privateDnsName(address.PrivateIpAddress),
      privateIp: address.PrivateIpAddress ?? "",
      publicDns: ec2.publicDnsName(address.PublicIp),
      publicIp: address.PublicIp,
      publicIpv4Pool: address.PublicIpv4Pool,
      tagsAll: fromTagList(address.Tags),
    }
  );
}

/** Whether the change concerns what the address is associated with. */
const associating = ["associateWithPrivateIp", "instance", "networkInterface"] as const;

export const eip: ResourceType = {
  token: "aws:ec2/eip:Eip",
  upstream: { resource: "aws_eip", file: "internal/service/ec2/ec2_eip.go", sdk: "sdkv2" },
  properties,
  tagged: true,
  create,
  read,
  update: (context, id, { before, after, changed }) => {
    if (associating.some((name) => changed.has(name))) {
      disassociate(context, id, text(before, "associationId"));
      associate(context, id, after);
    }
    return undefined;
  },
  delete: (context, id, state) => {
    disassociate(context, id, text(state, "associationId"));
    during(`deleting EC2 EIP (${id})`, () =>
      unless(["InvalidAllocationID.NotFound"], () => {
        releaseAddress(context.ec2, id);
      }),
    );
  },
};
