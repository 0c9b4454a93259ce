/**
 * The cloud of the fabric's own tests, written by hand as describe JSON: two regions, west with a public and a
 * private subnet, east with one; a hub that forwards; NAT; a peering west–east and one east–far.
 */
import {
  addInstance,
  anywhere,
  emptyRegion,
  inGroup,
  internetGateway,
  localRoute,
  networkAcl,
  route,
  routeTable,
  rule,
  subnet,
  vpc,
  type RegionJson,
} from "../unit/fabric/describe-json.ts";

const WEST = "vpc-west";
const EAST = "vpc-east";
const FAR = "vpc-far";

export const ADDRESS = {
  web: "10.0.1.10",
  webPublic: "198.18.1.10",
  hub: "10.0.1.20",
  hubPublic: "198.18.1.20",
  natPublic: "198.18.1.30",
  api: "10.0.10.11",
  database: "10.0.10.12",
  east: "10.1.10.11",
  far: "10.2.10.11",
} as const;

function west(): RegionJson {
  const region = emptyRegion();
  region.Vpcs.push(vpc(WEST, "10.0.0.0/16"));
  region.Subnets.push(
    subnet("subnet-public", WEST, "10.0.1.0/24"),
    subnet("subnet-private", WEST, "10.0.10.0/24"),
  );
  region.InternetGateways.push(internetGateway("igw-west", WEST));
  region.NatGateways.push({
    NatGatewayId: "nat-west",
    VpcId: WEST,
    SubnetId: "subnet-public",
    State: "available",
    NatGatewayAddresses: [{ PrivateIp: "10.0.1.30", PublicIp: ADDRESS.natPublic }],
  });
  region.RouteTables.push(
    routeTable("rtb-main", WEST, { main: true, routes: [localRoute("10.0.0.0/16")] }),
    routeTable("rtb-public", WEST, {
      subnets: ["subnet-public"],
      routes: [
        localRoute("10.0.0.0/16"),
        route("0.0.0.0/0", { GatewayId: "igw-west" }),
        route("10.1.0.0/16", { VpcPeeringConnectionId: "pcx-west-east" }),
      ],
    }),
    routeTable("rtb-private", WEST, {
      subnets: ["subnet-private"],
      routes: [
        localRoute("10.0.0.0/16"),
        route("0.0.0.0/0", { NatGatewayId: "nat-west" }),
        route("10.1.0.0/16", { VpcPeeringConnectionId: "pcx-west-east" }),
        route("10.2.0.0/16", { VpcPeeringConnectionId: "pcx-west-east" }),
        route("10.200.0.0/24", { NetworkInterfaceId: "eni-hub" }),
      ],
    }),
  );
  region.NetworkAcls.push(networkAcl("acl-west", WEST, ["subnet-public", "subnet-private"]));
  for (const GroupId of ["sg-web", "sg-hub", "sg-api", "sg-database"]) {
    region.SecurityGroups.push({ GroupId, VpcId: WEST });
  }
  region.SecurityGroupRules.push(
    rule("sg-web", "ingress", "tcp", [80, 80], anywhere),
    rule("sg-web", "egress", "-1", undefined, anywhere),
    rule("sg-hub", "ingress", "udp", [51820, 51820], anywhere),
    rule("sg-hub", "ingress", "-1", undefined, { CidrIpv4: "10.0.0.0/16" }),
    rule("sg-hub", "egress", "-1", undefined, anywhere),
    rule("sg-api", "ingress", "tcp", [8080, 8080], inGroup("sg-web")),
    rule("sg-api", "ingress", "icmp", [8, -1], { CidrIpv4: "10.0.0.0/8" }),
    rule("sg-api", "ingress", "tcp", [8080, 8080], { CidrIpv4: "10.200.0.0/24" }),
    rule("sg-api", "egress", "tcp", [5432, 5432], inGroup("sg-database")),
    rule("sg-api", "egress", "tcp", [80, 80], anywhere),
    rule("sg-api", "egress", "tcp", [8080, 8080], { CidrIpv4: "10.0.0.0/8" }),
    rule("sg-api", "egress", "icmp", [8, -1], anywhere),
    rule("sg-database", "ingress", "tcp", [5432, 5433], inGroup("sg-api")),
    rule("sg-database", "ingress", "tcp", [9999, 9999], anywhere),
  );
  const inPublic = { vpc: WEST, subnet: "subnet-public" };
  const inPrivate = { vpc: WEST, subnet: "subnet-private" };
  addInstance(region, "web", {
    ...inPublic,
    address: ADDRESS.web,
    groups: ["sg-web"],
    publicAddress: ADDRESS.webPublic,
  });
  addInstance(region, "hub", {
    ...inPublic,
    address: ADDRESS.hub,
    groups: ["sg-hub"],
    sourceDestCheck: false,
  });
  region.Addresses.push({ PublicIp: ADDRESS.hubPublic, NetworkInterfaceId: "eni-hub" });
  addInstance(region, "api", { ...inPrivate, address: ADDRESS.api, groups: ["sg-api"] });
  addInstance(region, "database", { ...inPrivate, address: ADDRESS.database, groups: ["sg-database"] });
  region.VpcPeeringConnections.push(westEast());
  return region;
}

function westEast() {
  return {
    VpcPeeringConnectionId: "pcx-west-east",
    Status: { Code: "active" },
    RequesterVpcInfo: { VpcId: WEST },
    AccepterVpcInfo: { VpcId: EAST },
  };
}

function east(): RegionJson {
  const region = emptyRegion();
  region.Vpcs.push(vpc(EAST, "10.1.0.0/16"), vpc(FAR, "10.2.0.0/16"));
  region.Subnets.push(subnet("subnet-east", EAST, "10.1.10.0/24"), subnet("subnet-far", FAR, "10.2.10.0/24"));
  region.RouteTables.push(
    routeTable("rtb-east", EAST, {
      main: true,
      routes: [
        localRoute("10.1.0.0/16"),
        route("10.0.0.0/16", { VpcPeeringConnectionId: "pcx-west-east" }),
        route("10.2.0.0/16", { VpcPeeringConnectionId: "pcx-east-far" }),
      ],
    }),
    routeTable("rtb-far", FAR, {
      main: true,
      routes: [
        localRoute("10.2.0.0/16"),
        route("10.1.0.0/16", { VpcPeeringConnectionId: "pcx-east-far" }),
        route("10.0.0.0/16", { VpcPeeringConnectionId: "pcx-east-far" }),
      ],
    }),
  );
  region.NetworkAcls.push(
    networkAcl("acl-east", EAST, ["subnet-east"]),
    networkAcl("acl-far", FAR, ["subnet-far"]),
  );
  for (const [GroupId, VpcId] of [
    ["sg-east", EAST],
    ["sg-far", FAR],
  ]) {
    region.SecurityGroups.push({ GroupId, VpcId });
    region.SecurityGroupRules.push(
      rule(GroupId ?? "", "ingress", "tcp", [8080, 8080], { CidrIpv4: "10.0.0.0/8" }),
      rule(GroupId ?? "", "ingress", "icmp", [-1, -1], { CidrIpv4: "10.0.0.0/8" }),
      rule(GroupId ?? "", "egress", "-1", undefined, anywhere),
    );
  }
  addInstance(region, "east", {
    vpc: EAST,
    subnet: "subnet-east",
    address: ADDRESS.east,
    groups: ["sg-east"],
  });
  addInstance(region, "far", { vpc: FAR, subnet: "subnet-far", address: ADDRESS.far, groups: ["sg-far"] });
  region.VpcPeeringConnections.push(westEast(), {
    VpcPeeringConnectionId: "pcx-east-far",
    Status: { Code: "active" },
    RequesterVpcInfo: { VpcId: EAST },
    AccepterVpcInfo: { VpcId: FAR },
  });
  return region;
}

/** A fresh copy, for a test to change. */
export function testRegions(): { "us-west-2": RegionJson; "eu-west-1": RegionJson } {
  return { "us-west-2": west(), "eu-west-1": east() };
}
