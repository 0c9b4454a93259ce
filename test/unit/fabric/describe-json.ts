/** Describe JSON by hand: small builders with AWS's own field names, so that a test reads as the cloud it means. */

export interface Json {
  [key: string]: Json | readonly Json[] | readonly string[] | string | number | boolean | undefined;
}

export interface RegionJson {
  Vpcs: Json[];
  Subnets: Json[];
  RouteTables: Json[];
  InternetGateways: Json[];
  EgressOnlyInternetGateways: Json[];
  NatGateways: Json[];
  NetworkAcls: Json[];
  SecurityGroups: Json[];
  SecurityGroupRules: Json[];
  Instances: Json[];
  NetworkInterfaces: Json[];
  Addresses: Json[];
  VpcPeeringConnections: Json[];
  PrefixLists: Json[];
  UserData: Record<string, Json>;
}

export function emptyRegion(): RegionJson {
  return {
    Vpcs: [],
    Subnets: [],
    RouteTables: [],
    InternetGateways: [],
    EgressOnlyInternetGateways: [],
    NatGateways: [],
    NetworkAcls: [],
    SecurityGroups: [],
    SecurityGroupRules: [],
    Instances: [],
    NetworkInterfaces: [],
    Addresses: [],
    VpcPeeringConnections: [],
    PrefixLists: [],
    UserData: {},
  };
}

/** As `GET /describe` answers. */
export function describeJson(regions: Record<string, RegionJson>, revision = 1): unknown {
  const entries = Object.entries(regions).map(([name, region]) => [
    name,
    {
      vpcs: { Vpcs: region.Vpcs },
      subnets: { Subnets: region.Subnets },
      "route-tables": { RouteTables: region.RouteTables },
      "internet-gateways": { InternetGateways: region.InternetGateways },
      "egress-only-internet-gateways": { EgressOnlyInternetGateways: region.EgressOnlyInternetGateways },
      "nat-gateways": { NatGateways: region.NatGateways },
      "network-acls": { NetworkAcls: region.NetworkAcls },
      "security-groups": { SecurityGroups: region.SecurityGroups },
      "security-group-rules": { SecurityGroupRules: region.SecurityGroupRules },
      instances: { Reservations: [{ Instances: region.Instances }] },
      "network-interfaces": { NetworkInterfaces: region.NetworkInterfaces },
      addresses: { Addresses: region.Addresses },
      "vpc-peering-connections": { VpcPeeringConnections: region.VpcPeeringConnections },
      "prefix-lists": { PrefixLists: region.PrefixLists },
      "user-data": region.UserData,
    },
  ]);
  return { revision, regions: Object.fromEntries(entries) as unknown };
}

const ALLOW_ALL: readonly Json[] = [false, true].flatMap((Egress) => [
  { RuleNumber: 100, Egress, RuleAction: "allow", Protocol: "-1", CidrBlock: "0.0.0.0/0" },
  { RuleNumber: 32767, Egress, RuleAction: "deny", Protocol: "-1", CidrBlock: "0.0.0.0/0" },
]);

export function vpc(id: string, cidr: string): Json {
  return {
    VpcId: id,
    CidrBlock: cidr,
    CidrBlockAssociationSet: [{ CidrBlock: cidr, CidrBlockState: { State: "associated" } }],
  };
}

export function subnet(id: string, vpcId: string, cidr: string): Json {
  return { SubnetId: id, VpcId: vpcId, CidrBlock: cidr };
}

export function routeTable(
  id: string,
  vpcId: string,
  options: { main?: boolean; subnets?: readonly string[]; routes: readonly Json[] },
): Json {
  const main: Json[] = options.main === true ? [{ Main: true }] : [];
  const subnets = (options.subnets ?? []).map((SubnetId) => ({ Main: false, SubnetId }));
  return {
    RouteTableId: id,
    VpcId: vpcId,
    Routes: [...options.routes],
    Associations: [...main, ...subnets],
  };
}

export function route(destination: string, target: Json): Json {
  return { DestinationCidrBlock: destination, State: "active", ...target };
}

export function localRoute(cidr: string): Json {
  return route(cidr, { GatewayId: "local" });
}

export function internetGateway(id: string, vpcId: string): Json {
  return { InternetGatewayId: id, Attachments: [{ VpcId: vpcId, State: "available" }] };
}

export function networkAcl(
  id: string,
  vpcId: string,
  subnets: readonly string[],
  entries: readonly Json[] = ALLOW_ALL,
): Json {
  return {
    NetworkAclId: id,
    VpcId: vpcId,
    Entries: [...entries],
    Associations: subnets.map((SubnetId) => ({ SubnetId })),
  };
}

export function rule(
  group: string,
  direction: "ingress" | "egress",
  protocol: string,
  ports: readonly [number, number] | undefined,
  other: Json,
): Json {
  const [FromPort, ToPort] = ports ?? [-1, -1];
  const suffix = [group, direction, protocol, FromPort, ToPort, JSON.stringify(other)].join("|");
  return {
    SecurityGroupRuleId: `sgr-${suffix}`,
    GroupId: group,
    IsEgress: direction === "egress",
    IpProtocol: protocol,
    FromPort,
    ToPort,
    ...other,
  };
}

export const anywhere: Json = { CidrIpv4: "0.0.0.0/0" };

export function inGroup(GroupId: string): Json {
  return { ReferencedGroupInfo: { GroupId } };
}

/** Adds an instance with one interface; its ids are `i-NAME` and `eni-NAME`. */
export function addInstance(
  region: RegionJson,
  name: string,
  options: {
    vpc: string;
    subnet: string;
    address: string;
    groups: readonly string[];
    publicAddress?: string;
    sourceDestCheck?: boolean;
    userData?: string;
    state?: string;
  },
): void {
  region.Instances.push({
    InstanceId: `i-${name}`,
    State: { Name: options.state ?? "running" },
    PrivateDnsName: `ip-${options.address.replaceAll(".", "-")}.us-west-2.compute.internal`,
  });
  region.NetworkInterfaces.push({
    NetworkInterfaceId: `eni-${name}`,
    SubnetId: options.subnet,
    VpcId: options.vpc,
    PrivateIpAddress: options.address,
    SourceDestCheck: options.sourceDestCheck ?? true,
    Groups: options.groups.map((GroupId) => ({ GroupId })),
    Attachment: { InstanceId: `i-${name}`, DeviceIndex: 0 },
    ...(options.publicAddress === undefined ? {} : { Association: { PublicIp: options.publicAddress } }),
  });
  if (options.userData !== undefined) {
    region.UserData[`i-${name}`] = {
      UserData: { Value: Buffer.from(options.userData).toString("base64") },
    };
  }
}
