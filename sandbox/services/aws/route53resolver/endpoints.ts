/**
 * Outbound endpoints of Route 53 Resolver: from where a VPC's resolver asks other name servers
 * (docs.aws.amazon.com/Route53/latest/APIReference, "Route 53 Resolver").
 */
import { randomBytes } from "node:crypto";
import { ApiError, apiCode } from "../errors.ts";
import { accountId, type Ec2, type Tags } from "../ec2/account.ts";
import { createInterface } from "../ec2/interfaces.ts";
import type { Subnet, Tag } from "../ec2/records.ts";
import { takePrivateAddress } from "../ec2/subnets.ts";
import { newTags } from "../ec2/tags.ts";

export interface EndpointAddress {
  Ip: string;
  /** `rni-…` */
  IpId: string;
  Status: "ATTACHED";
  SubnetId: string;
}

/** As `list-resolver-endpoints` prints it. */
export interface DescribedEndpoint {
  Arn: string;
  CreationTime: string;
  CreatorRequestId: string;
  Direction: "OUTBOUND";
  HostVPCId: string;
  Id: string;
  IpAddressCount: number;
  ModificationTime: string;
  Name: string;
  Protocols: "Do53"[];
  ResolverEndpointType: "IPV4";
  SecurityGroupIds: string[];
  Status: "OPERATIONAL";
}

/** With the addresses and the tags, each of which the API tells by another call. */
export type ResolverEndpoint = Omit<DescribedEndpoint, "IpAddressCount"> & {
  /** An address with the network interface that holds it. */
  Addresses: (EndpointAddress & { NetworkInterfaceId: string })[];
  Tags: Tag[];
};

export function refuse(operation: string, code: string, detail: string): never {
  throw new ApiError(operation, code, detail, 400, "Route53Resolver");
}

export function findEndpoint(ec2: Ec2, operation: string, id: string): ResolverEndpoint {
  const endpoint = ec2.get("resolver-endpoints", id);
  return (
    endpoint ??
    refuse(
      operation,
      "ResourceNotFoundException",
      `[RSLVR-00502] Resolver endpoint with ID '${id}' does not exist.`,
    )
  );
}

/** Of the resolver's own ids, which are longer than EC2's. */
export function resolverId(prefix: string): string {
  return `${prefix}-${randomBytes(9).toString("hex").slice(0, 17)}`;
}

export interface AddressRequest {
  readonly subnetId: string;
  /** Without it, the lowest that is free. */
  readonly ip: string | undefined;
}

function findSubnet(ec2: Ec2, operation: string, id: string): Subnet {
  const subnet = ec2.get("subnets", id);
  return subnet ?? refuse(operation, "InvalidParameterException", `The subnet ID '${id}' does not exist`);
}

/** EC2's refusals of an address, in the resolver's words. */
function takeAddress(ec2: Ec2, operation: string, subnet: Subnet, wanted: string | undefined): string {
  try {
    return takePrivateAddress(ec2, operation, subnet, wanted);
  } catch (error) {
    const ip = wanted ?? "";
    if (apiCode(error) === "InvalidIPAddress.InUse") {
      refuse(operation, "ResourceExistsException", `The IP address '${ip}' is already in use`);
    }
    if (apiCode(error) === "InvalidParameterValue") {
      const detail = `IP address '${ip}' is either not in subnet '${subnet.SubnetId}' CIDR range or is reserved`;
      refuse(operation, "InvalidRequestException", detail);
    }
    throw error;
  }
}

/** Gives the endpoint a network interface in the subnet. */
function attach(
  ec2: Ec2,
  operation: string,
  endpoint: Pick<ResolverEndpoint, "Id" | "SecurityGroupIds">,
  { subnetId, ip }: AddressRequest,
): ResolverEndpoint["Addresses"][number] {
  const subnet = findSubnet(ec2, operation, subnetId);
  const address = takeAddress(ec2, operation, subnet, ip);
  const id = resolverId("rni");
  const { NetworkInterfaceId } = createInterface(ec2, {
    subnet,
    privateAddress: address,
    groupIds: endpoint.SecurityGroupIds,
    description: `Route 53 Resolver: ${endpoint.Id}:${id}`,
    type: "interface",
  });
  return { Ip: address, IpId: id, NetworkInterfaceId, Status: "ATTACHED", SubnetId: subnetId };
}

export interface CreateEndpointInput {
  readonly name: string;
  readonly addresses: readonly AddressRequest[];
  readonly securityGroupIds: readonly string[];
}

function requireGroups(ec2: Ec2, operation: string, ids: readonly string[], vpcId: string): void {
  for (const id of ids) {
    if (ec2.get("security-groups", id)?.VpcId !== vpcId) {
      const detail = `The security group '${id}' does not exist in VPC '${vpcId}'`;
      refuse(operation, "InvalidParameterException", detail);
    }
  }
}

function requireRoom(ec2: Ec2, operation: string, count: number): void {
  const most = ec2.quotas.addressesPerResolverEndpoint;
  if (count > most) {
    refuse(operation, "LimitExceededException", `Cannot have more than ${most} IP addresses in an endpoint`);
  }
}

export function createEndpoint(ec2: Ec2, input: CreateEndpointInput, tags: Tags): ResolverEndpoint {
  const operation = "CreateResolverEndpoint";
  if (input.addresses.length < 2) {
    refuse(operation, "InvalidRequestException", "Resolver endpoint needs to have at least 2 IP addresses");
  }
  requireRoom(ec2, operation, input.addresses.length);
  const vpcs = input.addresses.map(({ subnetId }) => findSubnet(ec2, operation, subnetId).VpcId);
  const [vpcId = ""] = vpcs;
  if (new Set(vpcs).size > 1) {
    refuse(operation, "InvalidRequestException", "The IP addresses must all be in subnets of the same VPC");
  }
  requireGroups(ec2, operation, input.securityGroupIds, vpcId);
  if (ec2.list("resolver-endpoints").length >= ec2.quotas.resolverEndpointsPerRegion) {
    refuse(operation, "LimitExceededException", "The limit of Resolver endpoints has been reached");
  }
  const id = resolverId("rslvr-out");
  const now = new Date().toISOString();
  const endpoint: ResolverEndpoint = {
    Addresses: [],
    Arn: `arn:aws:route53resolver:${ec2.region.name}:${accountId}:resolver-endpoint/${id}`,
    CreationTime: now,
    CreatorRequestId: resolverId("request"),
    Direction: "OUTBOUND",
    HostVPCId: vpcId,
    Id: id,
    ModificationTime: now,
    Name: input.name,
    Protocols: ["Do53"],
    ResolverEndpointType: "IPV4",
    SecurityGroupIds: [...input.securityGroupIds],
    Status: "OPERATIONAL",
    Tags: newTags(operation, tags),
  };
  for (const request of input.addresses) {
    endpoint.Addresses.push(attach(ec2, operation, endpoint, request));
  }
  return ec2.put("resolver-endpoints", id, endpoint);
}

function modify(ec2: Ec2, endpoint: ResolverEndpoint, change: Partial<ResolverEndpoint>): void {
  const ModificationTime = new Date().toISOString();
  ec2.put("resolver-endpoints", endpoint.Id, { ...endpoint, ...change, ModificationTime });
}

export function renameEndpoint(ec2: Ec2, id: string, name: string): void {
  modify(ec2, findEndpoint(ec2, "UpdateResolverEndpoint", id), { Name: name });
}

export function associateAddress(ec2: Ec2, id: string, request: AddressRequest): void {
  const operation = "AssociateResolverEndpointIpAddress";
  const endpoint = findEndpoint(ec2, operation, id);
  requireRoom(ec2, operation, endpoint.Addresses.length + 1);
  if (findSubnet(ec2, operation, request.subnetId).VpcId !== endpoint.HostVPCId) {
    refuse(operation, "InvalidRequestException", "The IP addresses must all be in subnets of the same VPC");
  }
  const added = attach(ec2, operation, endpoint, request);
  modify(ec2, endpoint, { Addresses: [...endpoint.Addresses, added] });
}

export function disassociateAddress(ec2: Ec2, id: string, ipId: string): void {
  const operation = "DisassociateResolverEndpointIpAddress";
  const endpoint = findEndpoint(ec2, operation, id);
  const gone = endpoint.Addresses.find(({ IpId }) => IpId === ipId);
  if (gone === undefined) {
    const detail = `Resolver endpoint '${id}' has no IP address '${ipId}'`;
    refuse(operation, "ResourceNotFoundException", detail);
  }
  if (endpoint.Addresses.length <= 2) {
    refuse(operation, "InvalidRequestException", "Resolver endpoint needs to have at least 2 IP addresses");
  }
  ec2.remove("network-interfaces", gone.NetworkInterfaceId);
  modify(ec2, endpoint, { Addresses: endpoint.Addresses.filter((each) => each !== gone) });
}

export function tagEndpoint(ec2: Ec2, id: string, tags: Tags): void {
  const operation = "TagResource";
  const endpoint = findEndpoint(ec2, operation, id);
  ec2.put("resolver-endpoints", id, { ...endpoint, Tags: newTags(operation, tags) });
}

export function deleteEndpoint(ec2: Ec2, id: string): void {
  const operation = "DeleteResolverEndpoint";
  const endpoint = findEndpoint(ec2, operation, id);
  const rules = ec2.list("resolver-rules", ({ ResolverEndpointId }) => ResolverEndpointId === id);
  if (rules.length > 0) {
    const detail = `Cannot delete resolver endpoint unless its related resolver rules are deleted. The following rules still exist for this resolver endpoint: ${rules.map(({ Id }) => Id).join(",")}`;
    refuse(operation, "InvalidRequestException", detail);
  }
  for (const { NetworkInterfaceId } of endpoint.Addresses)
    ec2.remove("network-interfaces", NetworkInterfaceId);
  ec2.remove("resolver-endpoints", id);
}

export function describeEndpoint(endpoint: ResolverEndpoint): DescribedEndpoint {
  const { Addresses, ...rest } = endpoint;
  const described: Omit<typeof rest, "Tags"> & { Tags?: unknown } = { ...rest };
  delete described.Tags;
  return { ...described, IpAddressCount: Addresses.length };
}

/** As `list-resolver-endpoint-ip-addresses` prints them. */
export function describeAddresses({ Addresses }: ResolverEndpoint): EndpointAddress[] {
  return Addresses.map(({ Ip, IpId, Status, SubnetId }) => ({ Ip, IpId, Status, SubnetId }));
}
