/** Public addresses: Elastic IPs, and those that an instance gets at launch. */
import { ApiError } from "../errors.ts";
import { accountId, newId, type Ec2, type Tags } from "./account.ts";
import { internetGatewayOf } from "./internet-gateways.ts";
import type { Address, InterfaceAssociation, NetworkInterface, PrivateAddress } from "./records.ts";
import { newTags } from "./tags.ts";

/** The lowest free address of the region's pool, 198.18.N.1 to 198.18.N.254. */
export function takePublicAddress(ec2: Ec2, operation: string, wanted?: string): string {
  const taken = new Set([
    ...ec2.list("addresses").map((address) => address.PublicIp),
    ...ec2
      .list("network-interfaces")
      .flatMap((candidate) => candidate.PrivateIpAddresses.map((address) => address.Association?.PublicIp)),
  ]);
  const pool = Array.from({ length: 254 }, (_, index) => `198.18.${ec2.region.index}.${index + 1}`);
  if (wanted !== undefined) {
    if (!pool.includes(wanted) || taken.has(wanted)) {
      throw new ApiError(
        operation,
        "InvalidAddress.NotFound",
        `Address '${wanted}' cannot be allocated; the address is not available to this account.`,
      );
    }
    return wanted;
  }
  const free = pool.find((address) => !taken.has(address));
  if (free === undefined) {
    throw new ApiError(
      operation,
      "InsufficientAddressCapacity",
      `Insufficient capacity: all addresses of the pool 198.18.${ec2.region.index}.0/24 are in use.`,
    );
  }
  return free;
}

export interface AllocateAddressInput {
  readonly address?: string | undefined;
  readonly domain?: string | undefined;
  readonly networkBorderGroup?: string | undefined;
  readonly publicIpv4Pool?: string | undefined;
}

export function allocateAddress(ec2: Ec2, tags: Tags, input: AllocateAddressInput = {}): Address {
  const operation = "AllocateAddress";
  requireOwnPool(ec2, operation, input);
  if (ec2.list("addresses").length >= ec2.quotas.elasticIpsPerRegion) {
    throw new ApiError(
      operation,
      "AddressLimitExceeded",
      "The maximum number of addresses has been reached.",
    );
  }
  const id = newId("eipalloc");
  return ec2.put("addresses", id, {
    AllocationId: id,
    Domain: "vpc",
    NetworkBorderGroup: ec2.region.name,
    PublicIp: takePublicAddress(ec2, operation, input.address),
    PublicIpv4Pool: "amazon",
    Tags: newTags(operation, tags),
  });
}

/** The account has Amazon's pool alone, the region's own border group alone, and no EC2-Classic. */
function requireOwnPool(ec2: Ec2, operation: string, input: AllocateAddressInput): void {
  const only = [
    ["Domain", input.domain, "vpc"],
    ["NetworkBorderGroup", input.networkBorderGroup, ec2.region.name],
    ["PublicIpv4Pool", input.publicIpv4Pool, "amazon"],
  ] as const;
  for (const [parameter, value, expected] of only) {
    if (value !== undefined && value !== expected) {
      throw new ApiError(
        operation,
        "InvalidParameterValue",
        `Value (${value}) for parameter ${parameter} is invalid. This account can use '${expected}'.`,
      );
    }
  }
}

export interface AssociateAddressInput {
  readonly allocationId: string;
  readonly instanceId?: string | undefined;
  readonly networkInterfaceId?: string | undefined;
  readonly privateIpAddress?: string | undefined;
}

/** @returns the association's id. An address that is associated elsewhere moves: in a VPC that is automatic. */
export function associateAddress(ec2: Ec2, input: AssociateAddressInput): string {
  const operation = "AssociateAddress";
  const address = ec2.find(operation, "addresses", input.allocationId);
  const target = findInterface(ec2, operation, input);
  if (target.InterfaceType === "nat_gateway") {
    throw new ApiError(
      operation,
      "AuthFailure",
      "You do not have permission to access the specified resource.",
      403,
    );
  }
  if (internetGatewayOf(ec2, target.VpcId) === undefined) {
    throw new ApiError(
      operation,
      "Gateway.NotAttached",
      `Network ${target.VpcId} is not attached to any internet gateway`,
    );
  }
  const privateAddress = input.privateIpAddress ?? target.PrivateIpAddress;
  if (!target.PrivateIpAddresses.some((candidate) => candidate.PrivateIpAddress === privateAddress)) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `${privateAddress} is not a private IP address of ${target.NetworkInterfaceId}`,
    );
  }
  if (address.AssociationId !== undefined) {
    disassociateAddress(ec2, address.AssociationId);
  }
  releaseFrom(ec2, target.NetworkInterfaceId, privateAddress);
  return bindAddress(ec2, input.allocationId, target.NetworkInterfaceId, privateAddress);
}

function findInterface(ec2: Ec2, operation: string, input: AssociateAddressInput): NetworkInterface {
  if (input.networkInterfaceId !== undefined) {
    return ec2.find(operation, "network-interfaces", input.networkInterfaceId);
  }
  if (input.instanceId === undefined) {
    throw new ApiError(
      operation,
      "MissingParameter",
      "Either 'InstanceId' or 'NetworkInterfaceId' must be specified",
    );
  }
  const attributes = ec2.find(operation, "instance-attributes", input.instanceId);
  return ec2.find(operation, "network-interfaces", attributes.PrimaryNetworkInterfaceId);
}

/** An Elastic IP that stands where another is to stand is disassociated; one assigned at launch is given back. */
function releaseFrom(ec2: Ec2, interfaceId: string, privateAddress: string): void {
  const target = ec2.find("AssociateAddress", "network-interfaces", interfaceId);
  const held = target.PrivateIpAddresses.find((candidate) => candidate.PrivateIpAddress === privateAddress);
  if (held?.Association?.AssociationId !== undefined) {
    disassociateAddress(ec2, held.Association.AssociationId);
  }
}

/** Records an association at the address and at the interface, without asking whether it is allowed. */
export function bindAddress(
  ec2: Ec2,
  allocationId: string,
  interfaceId: string,
  privateAddress: string,
): string {
  const operation = "AssociateAddress";
  const address = ec2.find(operation, "addresses", allocationId);
  const target = ec2.find(operation, "network-interfaces", interfaceId);
  const associationId = newId("eipassoc");
  const instanceId = target.Attachment?.InstanceId;
  ec2.put("addresses", allocationId, {
    ...address,
    AssociationId: associationId,
    ...(instanceId === undefined ? {} : { InstanceId: instanceId }),
    NetworkInterfaceId: interfaceId,
    NetworkInterfaceOwnerId: accountId,
    PrivateIpAddress: privateAddress,
  });
  setAssociation(ec2, target, privateAddress, {
    AllocationId: allocationId,
    AssociationId: associationId,
    IpOwnerId: accountId,
    PublicDnsName: ec2.publicDnsName(address.PublicIp),
    PublicIp: address.PublicIp,
  });
  return associationId;
}

/** Sets or clears the public address of one of an interface's private addresses. */
export function setAssociation(
  ec2: Ec2,
  target: NetworkInterface,
  privateAddress: string,
  association: InterfaceAssociation | undefined,
): void {
  target.PrivateIpAddresses = target.PrivateIpAddresses.map((candidate) => {
    if (candidate.PrivateIpAddress !== privateAddress) {
      return candidate;
    }
    const bare: PrivateAddress = { ...candidate };
    delete bare.Association;
    return association === undefined ? bare : { ...bare, Association: association };
  });
  if (target.PrivateIpAddress === privateAddress) {
    if (association === undefined) {
      delete target.Association;
    } else {
      target.Association = association;
    }
  }
  ec2.put("network-interfaces", target.NetworkInterfaceId, target);
}

export function findAddressByAssociation(ec2: Ec2, associationId: string): Address | undefined {
  return ec2.list("addresses", (address) => address.AssociationId === associationId)[0];
}

export function disassociateAddress(ec2: Ec2, associationId: string): void {
  const operation = "DisassociateAddress";
  const address = findAddressByAssociation(ec2, associationId);
  if (address === undefined) {
    throw new ApiError(
      operation,
      "InvalidAssociationID.NotFound",
      `The association ID '${associationId}' does not exist`,
    );
  }
  const target =
    address.NetworkInterfaceId === undefined
      ? undefined
      : ec2.get("network-interfaces", address.NetworkInterfaceId);
  if (target?.InterfaceType === "nat_gateway") {
    throw new ApiError(
      operation,
      "AuthFailure",
      "You do not have permission to access the specified resource.",
      403,
    );
  }
  unbindAddress(ec2, address, target);
}

/** Undoes {@link bindAddress}, for whoever may. */
export function unbindAddress(ec2: Ec2, address: Address, target: NetworkInterface | undefined): void {
  ec2.put("addresses", address.AllocationId, {
    AllocationId: address.AllocationId,
    Domain: address.Domain,
    NetworkBorderGroup: address.NetworkBorderGroup,
    PublicIp: address.PublicIp,
    PublicIpv4Pool: address.PublicIpv4Pool,
    Tags: address.Tags,
  });
  if (target !== undefined && address.PrivateIpAddress !== undefined) {
    setAssociation(ec2, target, address.PrivateIpAddress, undefined);
  }
}

export function releaseAddress(ec2: Ec2, allocationId: string): void {
  const operation = "ReleaseAddress";
  const address = ec2.find(operation, "addresses", allocationId);
  if (address.AssociationId !== undefined) {
    throw new ApiError(operation, "InvalidIPAddress.InUse", `Address ${address.PublicIp} is in use.`);
  }
  ec2.remove("addresses", allocationId);
}
