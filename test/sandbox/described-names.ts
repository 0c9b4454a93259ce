/** What of the described cloud a plan's rules, routes and ACLs are, found by their names. */
import type { RegionPlan, RouteTarget, SecurityRulePlan } from "../../components/plan/model.ts";
import type { Description, RegionDescription } from "../../sandbox/services/aws/client.ts";

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

/** The id of a group's rule. */
export function describedRule(
  description: Description,
  region: RegionPlan,
  group: string,
  { direction, protocol, ports, peer }: SecurityRulePlan,
): string {
  const described = regionOf(description, region);
  const groups = described["security-groups"].SecurityGroups;
  const { GroupId: id } = named(groups, group);
  const other = peer.kind === "cidr" ? undefined : named(groups, `${region.key}/${peer.group}`).GroupId;
  const matches = described["security-group-rules"].SecurityGroupRules.filter(
    (each) =>
      each.GroupId === id &&
      each.IsEgress === (direction === "egress") &&
      each.IpProtocol === (protocol === "all" ? "-1" : protocol) &&
      (ports === undefined || (each.FromPort === ports.from && each.ToPort === ports.to)) &&
      (peer.kind === "cidr"
        ? each.CidrIpv4 === peer.cidr || each.CidrIpv6 === peer.cidr
        : each.ReferencedGroupInfo?.GroupId === other),
  );
  const [found] = matches;
  if (found === undefined || matches.length > 1) throw new Error(`not one rule of ${group} is the one meant`);
  return found.SecurityGroupRuleId;
}

export function tableId(description: Description, region: RegionPlan, table: string): string {
  return named(regionOf(description, region)["route-tables"].RouteTables, table).RouteTableId;
}

/** Where a route leads now, by Pulumi's properties. */
export function describedRoute(
  description: Description,
  region: RegionPlan,
  table: string,
  destination: string,
): Record<string, string> {
  const { Routes } = named(regionOf(description, region)["route-tables"].RouteTables, table);
  const found = Routes.find((route) => route.DestinationCidrBlock === destination);
  if (found === undefined) throw new Error(`${table} has no route to ${destination}`);
  const targets = Object.entries({
    gatewayId: found.GatewayId,
    natGatewayId: found.NatGatewayId,
    networkInterfaceId: found.NetworkInterfaceId,
    vpcPeeringConnectionId: found.VpcPeeringConnectionId,
  }).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, value]]));
  return Object.fromEntries(targets.slice(0, 1));
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
      const instances = described.instances.Reservations.flatMap(({ Instances }) => Instances);
      const [eni] = named(instances, target.host).NetworkInterfaces;
      return { networkInterfaceId: eni?.NetworkInterfaceId ?? "" };
    }
    case "internet-gateway":
    case "egress-only-gateway":
      throw new Error(`no mutation leads to the ${target.kind}`);
  }
}

export function vpcId(description: Description, region: RegionPlan): string {
  return named(regionOf(description, region).vpcs.Vpcs, region.key).VpcId;
}

/** A region's routes of IPv4 that lead over a peering. */
export function routesOver(
  description: Description,
  region: RegionPlan,
  peering: string,
): { readonly table: string; readonly destination: string }[] {
  return regionOf(description, region)["route-tables"].RouteTables.flatMap(({ RouteTableId, Routes }) =>
    Routes.flatMap(({ DestinationCidrBlock, VpcPeeringConnectionId }) =>
      VpcPeeringConnectionId === peering && DestinationCidrBlock !== undefined
        ? [{ table: RouteTableId, destination: DestinationCidrBlock }]
        : [],
    ),
  );
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
