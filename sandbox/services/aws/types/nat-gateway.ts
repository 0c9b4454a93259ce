/** aws_nat_gateway, from internal/service/ec2/vpc_nat_gateway.go. */
import { fromTagList } from "../ec2/account.ts";
import { createNatGateway, deleteNatGateway } from "../ec2/nat-gateways.ts";
import { during, ProviderError, unless } from "../errors.ts";
import { isEmpty, text, type Properties } from "../json.ts";
import type { Context, ResourceType, Table } from "../table.ts";
import { isIpv4Address, oneOf } from "../validators.ts";

const secondary = "secondary addresses of NAT gateways";
const regional = "regional NAT gateways";

const properties: Table = {
  allocationId: { kind: "text", mode: "optional", replaces: true },
  associationId: { kind: "text", mode: "computed" },
  autoProvisionZones: { kind: "text", mode: "computed" },
  autoScalingIps: { kind: "text", mode: "computed" },
  availabilityMode: {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    validate: oneOf("zonal", "regional"),
  },
  availabilityZoneAddresses: {
    kind: "object-set",
    mode: "optional",
    upstream: "availability_zone_address",
    notSimulated: regional,
  },
  connectivityType: {
    kind: "text",
    mode: "optional",
    replaces: true,
    default: "public",
    validate: oneOf("private", "public"),
  },
  networkInterfaceId: { kind: "text", mode: "computed" },
  privateIp: { kind: "text", mode: "optional-computed", replaces: true, validate: isIpv4Address },
  publicIp: { kind: "text", mode: "computed" },
  regionalNatGatewayAddresses: {
    kind: "object-set",
    mode: "computed",
    upstream: "regional_nat_gateway_address",
  },
  regionalNatGatewayAutoMode: { kind: "text", mode: "computed" },
  routeTableId: { kind: "text", mode: "computed" },
  secondaryAllocationIds: { kind: "set", mode: "optional-computed", notSimulated: secondary },
  secondaryPrivateIpAddressCount: {
    kind: "int",
    mode: "optional-computed",
    conflictsWith: ["secondaryPrivateIpAddresses"],
    notSimulated: secondary,
  },
  secondaryPrivateIpAddresses: {
    kind: "set",
    mode: "optional-computed",
    conflictsWith: ["secondaryPrivateIpAddressCount"],
    notSimulated: secondary,
  },
  subnetId: { kind: "text", mode: "optional", replaces: true },
  vpcId: { kind: "text", mode: "optional-computed", replaces: true },
};

/** resourceNATGatewayCustomizeDiff, and what is not simulated. */
function validate(inputs: Properties): string[] {
  const reasons: string[] = [];
  if (inputs.connectivityType === "private" && !isEmpty(inputs.allocationId)) {
    reasons.push('allocation_id is not supported with connectivity_type = "private"');
  }
  if (inputs.availabilityMode === "regional") {
    reasons.push(`"availability_mode" = "regional" is not simulated by the sandbox's AWS`);
  }
  return reasons;
}

function create({ ec2, tags }: Context, inputs: Properties): string {
  const gateway = during("creating EC2 NAT Gateway", () =>
    createNatGateway(ec2, {
      subnetId: text(inputs, "subnetId"),
      allocationId: text(inputs, "allocationId"),
      connectivityType: inputs.connectivityType === "private" ? "private" : "public",
      privateIp: text(inputs, "privateIp"),
      tags,
    }),
  );
  if (gateway.State === "failed") {
    throw new ProviderError(
      `waiting for EC2 NAT Gateway (${gateway.NatGatewayId}) create: unexpected state 'failed', wanted target ` +
        `'available'. last error: ${gateway.FailureCode ?? ""}: ${gateway.FailureMessage ?? ""}`,
      { created: { id: gateway.NatGatewayId } },
    );
  }
  return gateway.NatGatewayId;
}

function read({ ec2 }: Context, id: string): Properties | undefined {
  const gateway = ec2.get("nat-gateways", id);
  const address = gateway?.NatGatewayAddresses.find((candidate) => candidate.IsPrimary);
  return (
    gateway && {
      allocationId: address?.AllocationId,
      associationId: address?.AssociationId,
      availabilityMode: gateway.AvailabilityMode,
      connectivityType: gateway.ConnectivityType,
      networkInterfaceId: address?.NetworkInterfaceId,
      privateIp: address?.PrivateIp,
      publicIp: address?.PublicIp,
      secondaryAllocationIds: [],
      secondaryPrivateIpAddressCount: 0,
      secondaryPrivateIpAddresses: [],
      subnetId: gateway.SubnetId,
      tagsAll: fromTagList(gateway.Tags),
      vpcId: gateway.VpcId,
    }
  );
}

export const natGateway: ResourceType = {
  token: "aws:ec2/natGateway:NatGateway",
  upstream: { resource: "aws_nat_gateway", file: "internal/service/ec2/vpc_nat_gateway.go", sdk: "sdkv2" },
  properties,
  tagged: true,
  validate,
  create,
  read,
  delete: ({ ec2 }, id) => {
    during(`deleting EC2 NAT Gateway (${id})`, () =>
      unless(["NatGatewayNotFound"], () => {
        deleteNatGateway(ec2, id);
      }),
    );
  },
};
