/**
 * NAT gateways, zonal ones.
 *
 * A deleted gateway is gone at once; AWS shows it as `deleted` for about an hour, which every reader skips.
 */
import { ApiError } from "../errors.ts";
import { newId, type Ec2, type Tags } from "./account.ts";
import { bindAddress, unbindAddress } from "./addresses.ts";
import { createInterface } from "./interfaces.ts";
import { internetGatewayOf } from "./internet-gateways.ts";
import type { Address, NatGateway, Subnet } from "./records.ts";
import { takePrivateAddress } from "./subnets.ts";
import { newTags } from "./tags.ts";

export interface CreateNatGatewayInput {
  readonly subnetId: string | undefined;
  readonly allocationId: string | undefined;
  readonly connectivityType: "public" | "private";
  readonly privateIp: string | undefined;
  readonly tags: Tags;
}

export function createNatGateway(ec2: Ec2, input: CreateNatGatewayInput): NatGateway {
  const operation = "CreateNatGateway";
  if (input.subnetId === undefined) {
    throw new ApiError(operation, "MissingParameter", "The request must include the SubnetId parameter.");
  }
  const subnet = ec2.find(operation, "subnets", input.subnetId);
  if (input.connectivityType === "public" && input.allocationId === undefined) {
    throw new ApiError(
      operation,
      "MissingParameter",
      "The request must include the AllocationId parameter. Add the required parameter and retry the request.",
    );
  }
  requireQuota(ec2, operation, subnet.AvailabilityZone);
  const address =
    input.allocationId === undefined ? undefined : ec2.find(operation, "addresses", input.allocationId);
  const privateIp = takePrivateAddress(ec2, operation, subnet, input.privateIp);
  const failure = findFailure(ec2, input, subnet, address);
  const id = newId("nat");
  const base = {
    AvailabilityMode: "zonal",
    ConnectivityType: input.connectivityType,
    CreateTime: new Date().toISOString(),
    NatGatewayId: id,
    SubnetId: input.subnetId,
    Tags: newTags(operation, input.tags),
    VpcId: subnet.VpcId,
  } as const;
  if (failure !== undefined) {
    const allocation = address === undefined ? {} : { AllocationId: address.AllocationId };
    return ec2.put("nat-gateways", id, {
      ...base,
      FailureCode: failure.code,
      FailureMessage: failure.message,
      NatGatewayAddresses: [{ ...allocation, IsPrimary: true, Status: "failed" }],
      State: "failed",
    });
  }
  const created = createInterface(ec2, {
    subnet,
    privateAddress: privateIp,
    groupIds: [],
    description: `Interface for NAT Gateway ${id}`,
    type: "nat_gateway",
  });
  const association =
    address === undefined
      ? {}
      : {
          AllocationId: address.AllocationId,
          AssociationId: bindAddress(ec2, address.AllocationId, created.NetworkInterfaceId, privateIp),
          PublicIp: address.PublicIp,
        };
  return ec2.put("nat-gateways", id, {
    ...base,
    NatGatewayAddresses: [
      {
        ...association,
        IsPrimary: true,
        NetworkInterfaceId: created.NetworkInterfaceId,
        PrivateIp: privateIp,
        Status: "succeeded",
      },
    ],
    State: "available",
  });
}

function requireQuota(ec2: Ec2, operation: string, zone: string): void {
  const sameZone = ec2.list(
    "nat-gateways",
    (gateway) =>
      gateway.State === "available" && ec2.get("subnets", gateway.SubnetId)?.AvailabilityZone === zone,
  );
  if (sameZone.length >= ec2.quotas.natGatewaysPerZone) {
    throw new ApiError(
      operation,
      "NatGatewayLimitExceeded",
      `Performing this operation would exceed the limit of ${ec2.quotas.natGatewaysPerZone} NAT gateways`,
    );
  }
}

/** Why AWS accepts the request and then lets the gateway fail. */
function findFailure(
  ec2: Ec2,
  input: CreateNatGatewayInput,
  subnet: Subnet,
  address: Address | undefined,
): { code: string; message: string } | undefined {
  if (input.connectivityType === "private") {
    return undefined;
  }
  if (internetGatewayOf(ec2, subnet.VpcId) === undefined) {
    return {
      code: "Gateway.NotAttached",
      message: `Network ${subnet.VpcId} has no Internet gateway attached`,
    };
  }
  if (address?.AssociationId !== undefined) {
    return {
      code: "Resource.AlreadyAssociated",
      message: `Elastic IP address [${address.AllocationId}] is already associated`,
    };
  }
  return undefined;
}

export function deleteNatGateway(ec2: Ec2, natGatewayId: string): void {
  const gateway = ec2.find("DeleteNatGateway", "nat-gateways", natGatewayId);
  for (const { NetworkInterfaceId: interfaceId, AllocationId: allocationId } of gateway.NatGatewayAddresses) {
    const target = interfaceId === undefined ? undefined : ec2.get("network-interfaces", interfaceId);
    const address = allocationId === undefined ? undefined : ec2.get("addresses", allocationId);
    if (address !== undefined && target !== undefined && address.NetworkInterfaceId === interfaceId) {
      unbindAddress(ec2, address, target);
    }
    if (interfaceId !== undefined) {
      ec2.remove("network-interfaces", interfaceId);
    }
  }
  ec2.remove("nat-gateways", natGatewayId);
}
