/** What of the described cloud a plan's rules, routes and ACLs are, found by their names. */
import type {
  NetworkName,
  NetworkPlan,
  RegionPlan,
  RouteTarget,
  SecurityRulePlan,
} from "../../components/plan/model.ts";
import type { DescribedInstance, Description, RegionDescription } from "../../sandbox/services/aws/client.ts";

interface Tagged {
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
}

function regionOf({ regions }: Description, { awsRegion }: RegionPlan): RegionDescription {
  const found = regions[awsRegion];
  if (found === undefined) throw new Error(`nothing is described in ${awsRegion}`);
  return found;
}

/** Exactly the one of these that carries this Name tag. */
function named<T extends Tagged>(things: readonly T[], name: string): T {
  const [found, ...more] = things.filter(({ Tags }) =>
    Tags.some(({ Key, Value }) => Key === "Name" && Value === name),
  );
  if (found === undefined || more.length > 0) throw new Error(`not one thing is named ${name}`);
  return found;
}

/** A network as AWS writes it: the plan's own words, or what Amazon has given a VPC or a subnet. */
export function networkText(
  description: Description,
  { regions }: NetworkPlan,
  network: NetworkName,
): string {
  if (typeof network === "string") return network;
  const region = regions.find(
    ({ key, subnets }) => key === network.of || subnets.some((subnet) => subnet.key === network.of),
  );
  if (region === undefined) throw new Error(`no region has the network of ${network.of}`);
  const { vpcs, subnets } = regionOf(description, region);
  const all = region.key === network.of ? vpcs.Vpcs : subnets.Subnets;
  const [block] = named<Tagged & { Ipv6CidrBlockAssociationSet?: readonly { Ipv6CidrBlock: string }[] }>(
    all,
    network.of,
  ).Ipv6CidrBlockAssociationSet ?? [undefined];
  if (block === undefined) throw new Error(`${network.of} has no IPv6 network`);
  return block.Ipv6CidrBlock;
}

export function isIpv6(network: string): boolean {
  return network.includes(":");
}

export function isOfIpv6(network: NetworkName): boolean {
  return typeof network !== "string" || isIpv6(network);
}

export function groupId(description: Description, region: RegionPlan, group: string): string {
  return named(regionOf(description, region)["security-groups"].SecurityGroups, group).GroupId;
}

/** The id of a group's rule. */
export function describedRule(
  description: Description,
  plan: NetworkPlan,
  region: RegionPlan,
  group: string,
  { direction, protocol, ports, peer }: SecurityRulePlan,
): string {
  const id = groupId(description, region, group);
  const network = peer.kind === "cidr" ? networkText(description, plan, peer.cidr) : undefined;
  const other =
    peer.kind === "cidr" ? undefined : groupId(description, region, `${region.key}/${peer.group}`);
  const icmp = network !== undefined && isIpv6(network) ? "icmpv6" : "icmp";
  const wanted = { all: "-1", icmp, tcp: "tcp", udp: "udp" }[protocol];
  const matches = regionOf(description, region)["security-group-rules"].SecurityGroupRules.filter(
    (each) =>
      each.GroupId === id &&
      each.IsEgress === (direction === "egress") &&
      each.IpProtocol === wanted &&
      (ports === undefined || (each.FromPort === ports.from && each.ToPort === ports.to)) &&
      (network === undefined
        ? each.ReferencedGroupInfo?.GroupId === other
        : each.CidrIpv4 === network || each.CidrIpv6 === network),
  );
  const [found] = matches;
  if (found === undefined || matches.length > 1) throw new Error(`not one rule of ${group} is the one meant`);
  return found.SecurityGroupRuleId;
}

/** The running instance that a host of the plan is. */
export function describedInstance(
  description: Description,
  region: RegionPlan,
  host: string,
): DescribedInstance {
  const instances = regionOf(description, region).instances.Reservations.flatMap(
    ({ Instances }) => Instances,
  );
  return named(instances, host);
}

/** The Elastic IP of an instance, and how it is associated. */
export function describedAddress(
  description: Description,
  region: RegionPlan,
  instance: string,
): { readonly allocationId: string; readonly associationId: string } {
  const found = regionOf(description, region).addresses.Addresses.find(
    ({ InstanceId }) => InstanceId === instance,
  );
  if (found?.AssociationId === undefined) throw new Error(`${instance} has no Elastic IP`);
  return { allocationId: found.AllocationId, associationId: found.AssociationId };
}

/** A subnet's association with its route table. */
export function tableAssociation(description: Description, region: RegionPlan, subnet: string): string {
  const described = regionOf(description, region);
  const { SubnetId } = named(described.subnets.Subnets, subnet);
  const found = described["route-tables"].RouteTables.flatMap(({ Associations }) => Associations).find(
    (each) => each.SubnetId === SubnetId,
  );
  if (found === undefined) throw new Error(`${subnet} has no route table of its own`);
  return found.RouteTableAssociationId;
}

export function tableId(description: Description, region: RegionPlan, table: string): string {
  return named(regionOf(description, region)["route-tables"].RouteTables, table).RouteTableId;
}

type DescribedRoute = RegionDescription["route-tables"]["RouteTables"][number]["Routes"][number];

/** Where a route leads, by Pulumi's properties. */
function targetOf(route: DescribedRoute): Record<string, string> {
  const targets = Object.entries({
    gatewayId: route.GatewayId,
    egressOnlyGatewayId: route.EgressOnlyInternetGatewayId,
    natGatewayId: route.NatGatewayId,
    networkInterfaceId: route.NetworkInterfaceId,
    vpcPeeringConnectionId: route.VpcPeeringConnectionId,
  }).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, value]]));
  return Object.fromEntries(targets.slice(0, 1));
}

function destinationOf(route: DescribedRoute): string | undefined {
  return route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock;
}

/** Where a route leads now, by Pulumi's properties. */
export function describedRoute(
  description: Description,
  region: RegionPlan,
  table: string,
  destination: string,
): Record<string, string> {
  const { Routes } = named(regionOf(description, region)["route-tables"].RouteTables, table);
  const found = Routes.find((route) => destinationOf(route) === destination);
  if (found === undefined) throw new Error(`${table} has no route to ${destination}`);
  return targetOf(found);
}

/** A target of the plan by Pulumi's properties. */
export function targetProperties(
  description: Description,
  region: RegionPlan,
  target: RouteTarget,
): Record<string, string> {
  const described = regionOf(description, region);
  switch (target.kind) {
    case "nat-gateway":
      return { natGatewayId: named(described["nat-gateways"].NatGateways, target.nat).NatGatewayId };
    case "peering": {
      // Those that are gone are told of for a while.
      const peerings = described["vpc-peering-connections"].VpcPeeringConnections.filter(
        ({ Status }) => Status.Code === "active",
      );
      return { vpcPeeringConnectionId: named(peerings, target.peering).VpcPeeringConnectionId };
    }
    case "instance": {
      const [eni] = describedInstance(description, region, target.host).NetworkInterfaces;
      return { networkInterfaceId: eni?.NetworkInterfaceId ?? "" };
    }
    case "internet-gateway": {
      const gateways = described["internet-gateways"].InternetGateways;
      return { gatewayId: attachedTo(description, region, gateways).InternetGatewayId };
    }
    case "egress-only-gateway": {
      const gateways = described["egress-only-internet-gateways"].EgressOnlyInternetGateways;
      return { egressOnlyGatewayId: attachedTo(description, region, gateways).EgressOnlyInternetGatewayId };
    }
  }
}

function attachedTo<T extends { readonly Attachments: readonly { readonly VpcId: string }[] }>(
  description: Description,
  region: RegionPlan,
  gateways: readonly T[],
): T {
  const vpc = vpcId(description, region);
  const found = gateways.find(({ Attachments }) => Attachments.some(({ VpcId }) => VpcId === vpc));
  if (found === undefined) throw new Error(`${region.key} has no such gateway`);
  return found;
}

export function vpcId(description: Description, region: RegionPlan): string {
  return named(regionOf(description, region).vpcs.Vpcs, region.key).VpcId;
}

/** A region's routes that lead to what is called so, a peering or a NAT gateway. */
export function routesOver(
  description: Description,
  region: RegionPlan,
  id: string,
): { readonly table: string; readonly destination: string }[] {
  return regionOf(description, region)["route-tables"].RouteTables.flatMap(({ RouteTableId, Routes }) =>
    Routes.flatMap((route) => {
      const destination = destinationOf(route);
      return destination !== undefined && Object.values(targetOf(route)).includes(id)
        ? [{ table: RouteTableId, destination }]
        : [];
    }),
  );
}

/** What a NAT gateway is made of, to make it once more. */
export function describedNat(
  description: Description,
  region: RegionPlan,
  nat: string,
): { readonly id: string; readonly again: Record<string, string> } {
  const found = named(regionOf(description, region)["nat-gateways"].NatGateways, nat);
  const [address] = found.NatGatewayAddresses;
  if (address?.AllocationId === undefined || address.PrivateIp === undefined)
    throw new Error(`${nat} has no address`);
  return {
    id: found.NatGatewayId,
    again: { subnetId: found.SubnetId, allocationId: address.AllocationId, privateIp: address.PrivateIp },
  };
}

/** An entry of an ACL by Pulumi's properties. */
export type AclEntry = Record<string, string | number>;

/** AWS's own last entry of each direction, which drops what no other lets pass. */
const lastNumber = 32767;

export function aclEntries(
  description: Description,
  region: RegionPlan,
  acl: string,
): { readonly id: string; readonly ingress: AclEntry[]; readonly egress: AclEntry[] } {
  const { NetworkAclId, Entries } = named(regionOf(description, region)["network-acls"].NetworkAcls, acl);
  const of = (isEgress: boolean): AclEntry[] =>
    Entries.filter(({ Egress, RuleNumber }) => Egress === isEgress && RuleNumber < lastNumber).map(
      (entry) => ({
        ruleNo: entry.RuleNumber,
        action: entry.RuleAction,
        protocol: entry.Protocol,
        fromPort: entry.PortRange?.From ?? 0,
        toPort: entry.PortRange?.To ?? 0,
        ...(entry.CidrBlock === undefined ? {} : { cidrBlock: entry.CidrBlock }),
        ...(entry.Ipv6CidrBlock === undefined ? {} : { ipv6CidrBlock: entry.Ipv6CidrBlock }),
        ...(entry.IcmpTypeCode === undefined
          ? {}
          : { icmpType: entry.IcmpTypeCode.Type, icmpCode: entry.IcmpTypeCode.Code }),
      }),
    );
  return { id: NetworkAclId, ingress: of(false), egress: of(true) };
}
