/** The described cloud, put together: what stands in which VPC, and which table, groups and address serve it. */
import type {
  DescribedAclEntry,
  DescribedGroupRule,
  DescribedRegion,
  DescribedRouteTable,
} from "./describe.ts";
import type { Describe } from "./describe.ts";

/** Something in a subnet that sends and receives: an interface of an instance, a NAT gateway or a resolver. */
export interface Endpoint {
  readonly kind: "instance" | "nat" | "resolver";
  /** `eni-…` or `nat-…` */
  readonly id: string;
  readonly instanceId?: string;
  /** 0 for an instance's `eth0`. */
  readonly deviceIndex: number;
  readonly mac?: string;
  readonly subnet: Subnet;
  readonly privateAddress: string;
  /** The same inside and outside. */
  readonly ipv6Addresses: readonly string[];
  readonly publicAddress?: string;
  readonly sourceDestCheck: boolean;
  readonly groups: readonly string[];
}

export interface Subnet {
  readonly id: string;
  readonly cidr: string;
  /** The table associated with the subnet, else the VPC's main table. */
  readonly routeTable: string;
  /** Entries of the subnet's network ACL. */
  readonly acl: readonly DescribedAclEntry[];
}

export interface Vpc {
  readonly id: string;
  readonly cidrs: readonly string[];
  /** Its blocks of IPv6; empty where it has none. */
  readonly ipv6Cidrs: readonly string[];
  readonly subnets: readonly Subnet[];
  readonly routeTables: readonly DescribedRouteTable[];
  /** Blocks of the prefix lists of its region, by id. */
  readonly prefixLists: ReadonlyMap<string, readonly string[]>;
  /** The internet gateway attached to it. */
  readonly internetGateway?: string;
  /** The egress-only gateway attached to it. */
  readonly egressOnlyGateway?: string;
  /** Sorted by id. Only what is alive: interfaces of running instances and of resolvers, available NAT gateways. */
  readonly endpoints: readonly Endpoint[];
}

export interface Peering {
  readonly id: string;
  readonly requester: string;
  readonly accepter: string;
}

export interface Instance {
  readonly id: string;
  readonly hostname: string;
  readonly userData?: string;
}

export interface Cloud {
  readonly vpcs: readonly Vpc[];
  /** Active ones between VPCs that both exist. */
  readonly peerings: readonly Peering[];
  readonly groupRules: ReadonlyMap<string, readonly DescribedGroupRule[]>;
  /** Addresses of the interfaces in a group inside their VPC, of both families. */
  readonly groupMembers: ReadonlyMap<string, readonly string[]>;
  readonly running: ReadonlyMap<string, Instance>;
  readonly stopped: readonly string[];
  readonly problems: readonly string[];
}

const RUNNING = new Set(["pending", "running"]);
const STOPPED = new Set(["stopping", "stopped"]);

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function readSubnets(region: DescribedRegion, vpcId: string, problems: string[]): Subnet[] {
  const tables = region["route-tables"].RouteTables.filter((table) => table.VpcId === vpcId);
  const main = tables.find((table) => table.Associations.some((association) => association.Main === true));
  const acls = region["network-acls"].NetworkAcls.filter((acl) => acl.VpcId === vpcId);
  const subnets: Subnet[] = [];
  for (const subnet of region.subnets.Subnets.filter((each) => each.VpcId === vpcId)) {
    const own = tables.find((table) =>
      table.Associations.some((association) => association.SubnetId === subnet.SubnetId),
    );
    const table = own ?? main;
    const acl = acls.find((each) =>
      each.Associations.some((association) => association.SubnetId === subnet.SubnetId),
    );
    if (table === undefined || acl === undefined) {
      const missing = table === undefined ? "route table" : "network ACL";
      problems.push(`${subnet.SubnetId}: no ${missing} serves it, so it is left out`);
      continue;
    }
    subnets.push({
      id: subnet.SubnetId,
      cidr: subnet.CidrBlock,
      routeTable: table.RouteTableId,
      acl: acl.Entries,
    });
  }
  return subnets.sort(byId);
}

/** The Elastic IP associated with an interface, else the address it was given at launch. */
function publicAddressOf(
  region: DescribedRegion,
  eni: DescribedRegion["network-interfaces"]["NetworkInterfaces"][number],
): string | undefined {
  const elastic = region.addresses.Addresses.find(
    (address) => address.NetworkInterfaceId === eni.NetworkInterfaceId,
  );
  if (elastic !== undefined) {
    return elastic.PublicIp;
  }
  const associated = eni.Association?.PublicIp ?? undefined;
  // An Elastic IP whose own description does not name this interface is not associated with it any more.
  const isElastic = region.addresses.Addresses.some((address) => address.PublicIp === associated);
  return isElastic ? undefined : associated;
}

function readInterfaces(
  region: DescribedRegion,
  subnets: ReadonlyMap<string, Subnet>,
  running: ReadonlyMap<string, Instance>,
): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const eni of region["network-interfaces"].NetworkInterfaces) {
    const instanceId = eni.Attachment?.InstanceId ?? undefined;
    const subnet = subnets.get(eni.SubnetId);
    if (instanceId === undefined || subnet === undefined || !running.has(instanceId)) {
      continue;
    }
    const publicAddress = publicAddressOf(region, eni);
    endpoints.push({
      kind: "instance",
      id: eni.NetworkInterfaceId,
      instanceId,
      deviceIndex: eni.Attachment?.DeviceIndex ?? 0,
      ...(eni.MacAddress == null ? {} : { mac: eni.MacAddress }),
      subnet,
      privateAddress: eni.PrivateIpAddress,
      ipv6Addresses: eni.Ipv6Addresses.map(({ Ipv6Address }) => Ipv6Address).sort(),
      ...(publicAddress === undefined ? {} : { publicAddress }),
      sourceDestCheck: eni.SourceDestCheck,
      groups: eni.Groups.map((group) => group.GroupId).sort(),
    });
  }
  return endpoints;
}

/** What Route 53 Resolver calls the interfaces that it makes for its endpoints. */
const OF_RESOLVER = "Route 53 Resolver: ";

/** The interfaces of outbound endpoints, from which the VPC's resolver asks. */
function readResolverInterfaces(region: DescribedRegion, subnets: ReadonlyMap<string, Subnet>): Endpoint[] {
  return region["network-interfaces"].NetworkInterfaces.flatMap((eni) => {
    const subnet = subnets.get(eni.SubnetId);
    if (subnet === undefined || eni.Description?.startsWith(OF_RESOLVER) !== true) {
      return [];
    }
    return [
      {
        kind: "resolver" as const,
        id: eni.NetworkInterfaceId,
        deviceIndex: 0,
        subnet,
        privateAddress: eni.PrivateIpAddress,
        // Endpoints are of type IPV4: in a subnet with IPv6 they have none of its addresses.
        ipv6Addresses: [],
        sourceDestCheck: true,
        groups: eni.Groups.map((group) => group.GroupId).sort(),
      },
    ];
  });
}

function readNatGateways(
  region: DescribedRegion,
  subnets: ReadonlyMap<string, Subnet>,
  problems: string[],
): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const nat of region["nat-gateways"].NatGateways) {
    const subnet = subnets.get(nat.SubnetId);
    if (nat.State !== "available" || subnet === undefined) {
      continue;
    }
    const address = nat.NatGatewayAddresses[0];
    if (address?.PrivateIp == null) {
      problems.push(`${nat.NatGatewayId}: has no private address, so nothing passes it`);
      continue;
    }
    endpoints.push({
      kind: "nat",
      id: nat.NatGatewayId,
      deviceIndex: 0,
      subnet,
      privateAddress: address.PrivateIp,
      ipv6Addresses: [],
      ...(address.PublicIp == null ? {} : { publicAddress: address.PublicIp }),
      sourceDestCheck: false,
      groups: [],
    });
  }
  return endpoints;
}

function readVpc(
  region: DescribedRegion,
  vpc: DescribedRegion["vpcs"]["Vpcs"][number],
  running: ReadonlyMap<string, Instance>,
  problems: string[],
): Vpc {
  const subnets = readSubnets(region, vpc.VpcId, problems);
  const byIdentity = new Map(subnets.map((subnet) => [subnet.id, subnet]));
  const more = (vpc.CidrBlockAssociationSet ?? [])
    .filter((association) => (association.CidrBlockState?.State ?? "associated") === "associated")
    .map((association) => association.CidrBlock);
  const gateway = region["internet-gateways"].InternetGateways.find((each) =>
    each.Attachments.some(
      (attachment) =>
        attachment.VpcId === vpc.VpcId &&
        (attachment.State === "available" || attachment.State === "attached"),
    ),
  );
  const egressOnly = region["egress-only-internet-gateways"].EgressOnlyInternetGateways.find((each) =>
    each.Attachments.some(({ VpcId, State }) => VpcId === vpc.VpcId && State === "attached"),
  );
  return {
    id: vpc.VpcId,
    cidrs: [...new Set([vpc.CidrBlock, ...more])].sort(),
    ipv6Cidrs: vpc.Ipv6CidrBlockAssociationSet.filter(
      ({ Ipv6CidrBlockState }) => Ipv6CidrBlockState.State === "associated",
    )
      .map(({ Ipv6CidrBlock }) => Ipv6CidrBlock)
      .sort(),
    subnets,
    routeTables: region["route-tables"].RouteTables.filter((table) => table.VpcId === vpc.VpcId),
    prefixLists: new Map(
      region["prefix-lists"].PrefixLists.map(({ PrefixListId, Cidrs }) => [PrefixListId, Cidrs]),
    ),
    ...(gateway === undefined ? {} : { internetGateway: gateway.InternetGatewayId }),
    ...(egressOnly === undefined ? {} : { egressOnlyGateway: egressOnly.EgressOnlyInternetGatewayId }),
    endpoints: [
      ...readInterfaces(region, byIdentity, running),
      ...readNatGateways(region, byIdentity, problems),
      ...readResolverInterfaces(region, byIdentity),
    ].sort(byId),
  };
}

function readInstances(describe: Describe): Pick<Cloud, "running" | "stopped"> {
  const running = new Map<string, Instance>();
  const stopped: string[] = [];
  for (const region of Object.values(describe.regions)) {
    for (const each of region.instances.Reservations.flatMap((reservation) => reservation.Instances)) {
      const value = region["user-data"][each.InstanceId]?.UserData?.Value ?? undefined;
      if (RUNNING.has(each.State.Name)) {
        running.set(each.InstanceId, {
          id: each.InstanceId,
          // As cloud-init would: the first label of the private DNS name.
          hostname: /^[^.]+/.exec(each.PrivateDnsName ?? "")?.[0] ?? each.InstanceId,
          ...(value === undefined ? {} : { userData: Buffer.from(value, "base64").toString("utf8") }),
        });
      } else if (STOPPED.has(each.State.Name)) {
        stopped.push(each.InstanceId);
      }
    }
  }
  return { running, stopped: stopped.sort() };
}

function readGroups(describe: Describe, vpcs: readonly Vpc[]): Pick<Cloud, "groupRules" | "groupMembers"> {
  const groupRules = new Map<string, DescribedGroupRule[]>();
  const groupMembers = new Map<string, string[]>();
  for (const region of Object.values(describe.regions)) {
    for (const group of region["security-groups"].SecurityGroups) {
      groupRules.set(group.GroupId, []);
      groupMembers.set(group.GroupId, []);
    }
    for (const rule of region["security-group-rules"].SecurityGroupRules) {
      groupRules.get(rule.GroupId)?.push(rule);
    }
  }
  for (const endpoint of vpcs.flatMap((vpc) => vpc.endpoints)) {
    for (const group of endpoint.groups) {
      groupMembers.get(group)?.push(endpoint.privateAddress, ...endpoint.ipv6Addresses);
    }
  }
  for (const members of groupMembers.values()) {
    members.sort();
  }
  return { groupRules, groupMembers };
}

function readPeerings(describe: Describe, vpcs: ReadonlySet<string>): Peering[] {
  const peerings = new Map<string, Peering>();
  // A peering between regions is described in both.
  for (const region of Object.values(describe.regions)) {
    for (const each of region["vpc-peering-connections"].VpcPeeringConnections) {
      const requester = each.RequesterVpcInfo.VpcId;
      const accepter = each.AccepterVpcInfo.VpcId;
      if (each.Status.Code === "active" && vpcs.has(requester) && vpcs.has(accepter)) {
        peerings.set(each.VpcPeeringConnectionId, { id: each.VpcPeeringConnectionId, requester, accepter });
      }
    }
  }
  return [...peerings.values()].sort(byId);
}

export function readCloud(describe: Describe): Cloud {
  const problems: string[] = [];
  const instances = readInstances(describe);
  const vpcs = Object.values(describe.regions)
    .flatMap((region) => region.vpcs.Vpcs.map((vpc) => readVpc(region, vpc, instances.running, problems)))
    .sort(byId);
  return {
    vpcs,
    peerings: readPeerings(describe, new Set(vpcs.map((vpc) => vpc.id))),
    ...readGroups(describe, vpcs),
    ...instances,
    problems,
  };
}
