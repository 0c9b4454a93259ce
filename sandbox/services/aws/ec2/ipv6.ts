/**
 * IPv6 of VPCs, subnets and interfaces.
 *
 * Amazon gives a VPC a /56, a subnet takes a part of it, and an interface an address in that: the same inside and
 * outside, so that nothing is translated. In the sandbox the N-th region's are parts of 2001:db8:100::/48 and the N-th
 * after it, which RFC 3849 keeps for documentation: none of them exists outside.
 */
import {
  canonicalIpv6Block,
  formatIpv6,
  ipv6BlockContains,
  ipv6BlocksOverlap,
  parseIpv6,
  parseIpv6Block,
} from "../cidr.ts";
import { ApiError } from "../errors.ts";
import { newId, type Ec2 } from "./account.ts";
import { openDefaultNetworkAclToIpv6 } from "./network-acls.ts";
import type { NetworkInterface, Subnet, Vpc } from "./records.ts";

/** The one block that is in use; AWS takes more for a VPC, but nobody here asks for a second. */
export function ipv6BlockOf(record: Pick<Vpc | Subnet, "Ipv6CidrBlockAssociationSet">): string | undefined {
  return record.Ipv6CidrBlockAssociationSet[0]?.Ipv6CidrBlock;
}

const vpcBits = 56;
const firstPool = 0x100;

/** The lowest /56 of the region's pool that no VPC has. */
function takeVpcBlock(ec2: Ec2, operation: string): string {
  const taken = new Set(ec2.list("vpcs").map(ipv6BlockOf));
  const pool = `2001:db8:${(firstPool + ec2.region.index).toString(16)}`;
  for (let number = 1; number < 256; number++) {
    const block = `${pool}:${(number * 256).toString(16)}::/${vpcBits}`;
    if (!taken.has(block)) return block;
  }
  throw new ApiError(operation, "InsufficientCidrBlocks", "There are not enough CIDR blocks in the pool.");
}

export function associateVpcIpv6(ec2: Ec2, vpcId: string): void {
  const operation = "AssociateVpcCidrBlock";
  const vpc = ec2.find(operation, "vpcs", vpcId);
  if (vpc.Ipv6CidrBlockAssociationSet.length >= ec2.quotas.ipv6BlocksPerVpc) {
    throw new ApiError(
      operation,
      "CidrLimitExceeded",
      `This network '${vpcId}' has met its maximum number of allowed CIDRs: ${ec2.quotas.ipv6BlocksPerVpc}`,
    );
  }
  const block = takeVpcBlock(ec2, operation);
  ec2.put("vpcs", vpcId, {
    ...vpc,
    Ipv6CidrBlockAssociationSet: [
      ...vpc.Ipv6CidrBlockAssociationSet,
      {
        AssociationId: newId("vpc-cidr-assoc"),
        IpSource: "amazon",
        Ipv6AddressAttribute: "public",
        Ipv6CidrBlock: block,
        Ipv6CidrBlockState: { State: "associated" },
        Ipv6Pool: "Amazon",
        NetworkBorderGroup: ec2.region.name,
      },
    ],
  });
  for (const table of ec2.list("route-tables", ({ VpcId }) => VpcId === vpcId)) {
    table.Routes.push({
      DestinationIpv6CidrBlock: block,
      GatewayId: "local",
      Origin: "CreateRouteTable",
      State: "active",
    });
    ec2.put("route-tables", table.RouteTableId, table);
  }
  openDefaultNetworkAclToIpv6(ec2, vpcId);
}

export function disassociateVpcIpv6(ec2: Ec2, associationId: string): void {
  const operation = "DisassociateVpcCidrBlock";
  const [vpc] = ec2.list("vpcs", (each) =>
    each.Ipv6CidrBlockAssociationSet.some(({ AssociationId }) => AssociationId === associationId),
  );
  const association = vpc?.Ipv6CidrBlockAssociationSet.find(
    ({ AssociationId }) => AssociationId === associationId,
  );
  if (vpc === undefined || association === undefined) {
    throw new ApiError(
      operation,
      "InvalidVpcCidrBlockAssociationID.NotFound",
      `The vpc CIDR block association ID '${associationId}' does not exist`,
    );
  }
  const block = association.Ipv6CidrBlock;
  const using = ec2.list("subnets", (subnet) => {
    const own = ipv6BlockOf(subnet);
    return subnet.VpcId === vpc.VpcId && own !== undefined && ipv6BlockContains(block, own);
  });
  if (using.length > 0) {
    throw new ApiError(
      operation,
      "InvalidCidrBlock.InUse",
      `The vpc ${vpc.VpcId} currently has a subnet within CIDR block ${block}`,
    );
  }
  ec2.put("vpcs", vpc.VpcId, {
    ...vpc,
    Ipv6CidrBlockAssociationSet: vpc.Ipv6CidrBlockAssociationSet.filter((each) => each !== association),
  });
  for (const table of ec2.list("route-tables", ({ VpcId }) => VpcId === vpc.VpcId)) {
    table.Routes = table.Routes.filter(({ DestinationIpv6CidrBlock }) => DestinationIpv6CidrBlock !== block);
    ec2.put("route-tables", table.RouteTableId, table);
  }
}

/** A subnet's part is /44 to /64 in steps of four, in its VPC's and apart from those of others (subnet-sizing.html). */
export function checkSubnetIpv6(ec2: Ec2, operation: string, vpc: Vpc, wanted: string): string {
  const block = parseIpv6Block(wanted);
  const canonical = canonicalIpv6Block(wanted);
  const whole = ipv6BlockOf(vpc);
  const fits =
    block !== undefined &&
    canonical !== undefined &&
    block.bits >= 44 &&
    block.bits <= 64 &&
    block.bits % 4 === 0 &&
    whole !== undefined &&
    ipv6BlockContains(whole, canonical);
  if (!fits) {
    throw new ApiError(operation, "InvalidSubnet.Range", `The CIDR '${wanted}' is invalid.`);
  }
  const others = ec2.list("subnets", ({ VpcId }) => VpcId === vpc.VpcId).map(ipv6BlockOf);
  if (others.some((other) => other !== undefined && ipv6BlocksOverlap(other, canonical))) {
    throw new ApiError(
      operation,
      "InvalidSubnet.Conflict",
      `The CIDR '${wanted}' conflicts with another subnet`,
    );
  }
  return canonical;
}

export function subnetAssociation(block: string): Subnet["Ipv6CidrBlockAssociationSet"][number] {
  return {
    AssociationId: newId("subnet-cidr-assoc"),
    Ipv6CidrBlock: block,
    Ipv6CidrBlockState: { State: "associated" },
  };
}

export function associateSubnetIpv6(ec2: Ec2, subnetId: string, wanted: string): void {
  const operation = "AssociateSubnetCidrBlock";
  const subnet = ec2.find(operation, "subnets", subnetId);
  const block = checkSubnetIpv6(ec2, operation, ec2.find(operation, "vpcs", subnet.VpcId), wanted);
  ec2.put("subnets", subnetId, { ...subnet, Ipv6CidrBlockAssociationSet: [subnetAssociation(block)] });
}

/** The page names the condition, that no address of the block is in use, but no code; this one is the VPC's. */
export function disassociateSubnetIpv6(ec2: Ec2, subnetId: string): void {
  const operation = "DisassociateSubnetCidrBlock";
  const subnet = ec2.find(operation, "subnets", subnetId);
  const using = ec2.list("network-interfaces", (each) => each.SubnetId === subnetId);
  if (using.some(({ Ipv6Addresses }) => Ipv6Addresses.length > 0)) {
    throw new ApiError(
      operation,
      "InvalidCidrBlock.InUse",
      `The subnet ${subnetId} currently has addresses in use within CIDR block ${ipv6BlockOf(subnet) ?? ""}`,
    );
  }
  ec2.put("subnets", subnetId, { ...subnet, Ipv6CidrBlockAssociationSet: [] });
}

/** AWS keeps the first four addresses and the last, as in IPv4. */
const reservedFirst = 4n;

/** Checks that an interface may have this address, or finds the lowest free one. */
export function takeIpv6Address(ec2: Ec2, operation: string, subnet: Subnet, wanted?: string): string {
  const text = ipv6BlockOf(subnet);
  const block = text === undefined ? undefined : parseIpv6Block(text);
  if (block === undefined) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `The subnet ${subnet.SubnetId} does not have an IPv6 CIDR block associated with it`,
    );
  }
  const last = block.address + (1n << BigInt(128 - block.bits)) - 1n;
  const taken = new Set(
    ec2
      .list("network-interfaces", ({ SubnetId }) => SubnetId === subnet.SubnetId)
      .flatMap(({ Ipv6Addresses }) => Ipv6Addresses.map(({ Ipv6Address }) => Ipv6Address)),
  );
  if (wanted === undefined) {
    let free = block.address + reservedFirst;
    while (taken.has(formatIpv6(free))) free += 1n;
    return formatIpv6(free);
  }
  const address = parseIpv6(wanted);
  if (address === undefined || address < block.address || address > last) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Address ${wanted} does not fall within the subnet's address range`,
    );
  }
  if (address < block.address + reservedFirst || address === last) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Address ${wanted} is in subnet's reserved address range`,
    );
  }
  const canonical = formatIpv6(address);
  if (taken.has(canonical)) {
    throw new ApiError(operation, "InvalidIPAddress.InUse", `Address ${wanted} is in use.`);
  }
  return canonical;
}

/** Gives an interface these addresses (`AssignIpv6Addresses`) and takes all others away (`UnassignIpv6Addresses`). */
export function setIpv6Addresses(ec2: Ec2, target: NetworkInterface, wanted: readonly string[]): void {
  const operation = "AssignIpv6Addresses";
  const subnet = ec2.find(operation, "subnets", target.SubnetId);
  const kept = target.Ipv6Addresses.filter(({ Ipv6Address }) => wanted.includes(Ipv6Address));
  ec2.put("network-interfaces", target.NetworkInterfaceId, { ...target, Ipv6Addresses: kept });
  const held = kept.map(({ Ipv6Address }) => Ipv6Address);
  const added = wanted.filter((address) => !held.includes(address));
  const all = [...held, ...added.map((address) => takeIpv6Address(ec2, operation, subnet, address))];
  ec2.put("network-interfaces", target.NetworkInterfaceId, {
    ...target,
    Ipv6Addresses: all.map((Ipv6Address) => ({ IsPrimaryIpv6: false, Ipv6Address })),
  });
}

/** So many addresses, those that it has first. */
export function setIpv6AddressCount(ec2: Ec2, target: NetworkInterface, count: number): void {
  const operation = "AssignIpv6Addresses";
  const subnet = ec2.find(operation, "subnets", target.SubnetId);
  let current = { ...target, Ipv6Addresses: target.Ipv6Addresses.slice(0, count) };
  ec2.put("network-interfaces", target.NetworkInterfaceId, current);
  while (current.Ipv6Addresses.length < count) {
    const added = { IsPrimaryIpv6: false, Ipv6Address: takeIpv6Address(ec2, operation, subnet) };
    current = { ...current, Ipv6Addresses: [...current.Ipv6Addresses, added] };
    ec2.put("network-interfaces", target.NetworkInterfaceId, current);
  }
}
