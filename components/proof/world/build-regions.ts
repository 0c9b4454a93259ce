/** VPCs: route tables, gates of interfaces, gateways. */
import type { HostPlan, NetworkPlan, RegionPlan, RouteTarget } from "../../plan/model.ts";
import { Gate } from "../rules/gate.ts";
import { aclGate } from "../rules/network-acl.ts";
import { PrefixMap } from "../rules/prefixes.ts";
import { groupGate, type GroupMembers } from "../rules/security-group.ts";
import { parseAddress, type SymbolSpace } from "../sets/addresses.ts";
import { nowhere, pointsOf, union, type Intervals, type Point } from "../sets/intervals.ts";
import type { TrafficTable } from "../sets/traffic.ts";
import type { Ipv6Networks } from "./ipv6.ts";
import { hasPublicAddress, publicName } from "./public.ts";
import { instanceLink } from "./model.ts";
import { natNode } from "./nat.ts";
import type { Eni, NatNode, RegionNode, SubnetGates, SubnetNode, VpcTarget } from "./model.ts";

export interface BuildContext {
  readonly plan: NetworkPlan;
  readonly space: SymbolSpace;
  readonly table: TrafficTable;
  readonly ipv6: Ipv6Networks;
}

function targetOf(target: RouteTarget): VpcTarget {
  return target;
}

/** The ACL's gates by subnet; a subnet without one has AWS's default ACL, which lets everything pass. */
function buildAcls(region: RegionPlan, { space, table, ipv6 }: BuildContext): Map<string, SubnetGates> {
  return new Map(
    region.networkAcls.flatMap((acl) => {
      const gate = (direction: "ingress" | "egress"): Gate =>
        new Gate(aclGate(region, acl, direction, { space, ipv6 }), table);
      const gates = { ingress: gate("ingress"), egress: gate("egress") };
      return acl.subnets.map((subnet): [string, SubnetGates] => [subnet, gates]);
    }),
  );
}

function buildSubnets(region: RegionPlan, context: BuildContext): Map<string, SubnetNode> {
  const { space, ipv6 } = context;
  const acls = buildAcls(region, context);
  const tables = new Map(
    region.routeTables.map(({ key, routes }) => [
      key,
      new PrefixMap(
        routes.map(({ destination, target }) => ({
          network: ipv6.text(destination),
          value: targetOf(target),
        })),
        space,
      ),
    ]),
  );
  const none = new PrefixMap<VpcTarget>([], space);
  return new Map(
    region.subnets.map(({ key, routeTable, tier }) => [
      key,
      {
        key,
        routes: tables.get(routeTable) ?? none,
        path: `regions.${region.key}.subnets.${tier}`,
        acl: acls.get(key) ?? { ingress: undefined, egress: undefined },
      },
    ]),
  );
}

function membersOf(hosts: readonly HostPlan[], ipv6: Ipv6Networks): GroupMembers {
  const members = new Map<string, Intervals>();
  for (const host of hosts) {
    const addresses = [parseAddress(host.address), ipv6.address(host)].filter((at) => at !== undefined);
    for (const group of host.instance?.securityGroups ?? [])
      members.set(group, union(pointsOf(addresses), members.get(group) ?? nowhere));
  }
  return members;
}

type GroupGates = (groups: readonly string[], direction: "ingress" | "egress") => Gate;

/** Interfaces of the same groups have the same gates. */
function groupGates(
  { space, table, ipv6 }: BuildContext,
  region: RegionPlan,
  members: GroupMembers,
): GroupGates {
  const gates = new Map<string, Gate>();
  return (groups, direction) => {
    const key = `${direction} ${groups.join(" ")}`;
    const plans = region.securityGroups.filter((group) => groups.includes(group.key));
    const made =
      gates.get(key) ?? new Gate(groupGate(region.key, plans, direction, { members, space, ipv6 }), table);
    gates.set(key, made);
    return made;
  };
}

/** The interface from which a VPC's resolver asks other name servers; it belongs to no host. */
export function endpointInterface(region: string, address: string): string {
  return `${region}/dns-outbound/${address}`;
}

function endpointEnis({ key, outboundEndpoint }: RegionPlan, gateOf: GroupGates): [Point, Eni][] {
  if (outboundEndpoint === undefined) return [];
  const { addresses, securityGroup } = outboundEndpoint;
  return addresses.map(({ address, subnet }) => [
    parseAddress(address),
    {
      host: endpointInterface(key, address),
      region: key,
      subnet,
      link: instanceLink,
      address: parseAddress(address),
      ipv6: undefined,
      publicAddress: undefined,
      own: pointsOf([parseAddress(address)]),
      publicAddresses: new Map(),
      checks: true,
      ingress: gateOf([securityGroup], "ingress"),
      egress: gateOf([securityGroup], "egress"),
    },
  ]);
}

function buildEnis(context: BuildContext, region: RegionPlan, hosts: readonly HostPlan[]): Map<Point, Eni> {
  const { plan, space, ipv6 } = context;
  const gateOf = groupGates(context, region, membersOf(hosts, ipv6));
  return new Map([
    ...endpointEnis(region, gateOf),
    ...hosts.flatMap(({ instance, ...host }): [Point, Eni][] => {
      if (instance === undefined) return [];
      const address = parseAddress(host.address);
      const sixth = ipv6.address({ ...host, instance });
      const publicAddress = hasPublicAddress(plan, { ...host, instance })
        ? space.symbol(publicName(host.key), nowhere)
        : undefined;
      const eni: Eni = {
        host: host.key,
        link: instanceLink,
        region: region.key,
        subnet: instance.subnet,
        address,
        ipv6: sixth,
        publicAddress,
        own: pointsOf([address, ...(sixth === undefined ? [] : [sixth])]),
        publicAddresses: new Map(publicAddress === undefined ? [] : [[address, publicAddress]]),
        checks: instance.sourceDestCheck,
        ingress: gateOf(instance.securityGroups, "ingress"),
        egress: gateOf(instance.securityGroups, "egress"),
      };
      return [eni.address, ...(eni.ipv6 === undefined ? [] : [eni.ipv6])].map((at) => [at, eni]);
    }),
  ]);
}

function buildNats({ key: region, natGateways }: RegionPlan, { space, table }: BuildContext): NatNode[] {
  return natGateways.map(({ key, subnet, address }) => {
    const outside = space.symbol(publicName(key), nowhere);
    return natNode({ key, region, subnet }, [{ inside: parseAddress(address), outside }], table);
  });
}

function buildPeerings({ peerings }: NetworkPlan, region: string): Map<string, string> {
  return new Map(
    peerings
      .filter(({ requester, accepter }) => requester === region || accepter === region)
      .map(({ key, requester, accepter }) => [key, requester === region ? accepter : requester]),
  );
}

function ownNetworks({ key, cidr, ipv6 }: RegionPlan, context: BuildContext): string[] {
  return ipv6 === undefined ? [cidr] : [cidr, context.ipv6.text({ kind: "ipv6-network", of: key })];
}

export function buildRegions(context: BuildContext): Map<string, RegionNode> {
  const { plan, space } = context;
  const bySite = new Map<string, HostPlan[]>();
  for (const host of plan.hosts) bySite.set(host.site, [...(bySite.get(host.site) ?? []), host]);
  return new Map(
    plan.regions.map((region) => {
      const nats = buildNats(region, context);
      const enis = new Map([
        ...buildEnis(context, region, bySite.get(region.key) ?? []),
        ...nats.map(({ eni }): [Point, Eni] => [eni.address, eni]),
      ]);
      const node: RegionNode = {
        key: region.key,
        path: `regions.${region.key}`,
        own: new PrefixMap(
          ownNetworks(region, context).map((network) => ({ network, value: true })),
          space,
        ),
        subnets: buildSubnets(region, context),
        nats: new Map(nats.map((nat) => [nat.key, nat])),
        enis,
        interfaces: new Map([...enis.values()].map((eni) => [eni.host, eni])),
        peerings: buildPeerings(plan, region.key),
      };
      return [region.key, node];
    }),
  );
}
