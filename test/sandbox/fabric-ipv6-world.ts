/** The cloud of the fabric's own tests with IPv6 in its west and its east, as AWS would describe it. */
import { rule, type Json, type RegionJson } from "../unit/fabric/describe-json.ts";
import { find, routesOf, type Regions } from "./fabric-probe.ts";
import { testRegions } from "./fabric-world.ts";

const WEST_NETWORK = "2001:db8:100:100::/56";
const EAST_NETWORK = "2001:db8:101:100::/56";

export const IPV6 = {
  web: "2001:db8:100:101::a",
  api: "2001:db8:100:10a::b",
  database: "2001:db8:100:10a::c",
  east: "2001:db8:101:10a::b",
  /** Of the internet. */
  page: "2001:db8:ffff::80",
  stranger: "2001:db8:ffff::66",
} as const;

export const anywhereIpv6: Json = { CidrIpv6: "::/0" };

const blocks = (block: string): Json => ({
  Ipv6CidrBlockAssociationSet: [{ Ipv6CidrBlock: block, Ipv6CidrBlockState: { State: "associated" } }],
});

const ipv6Route = (destination: string, target: Json): Json => ({
  DestinationIpv6CidrBlock: destination,
  State: "active",
  ...target,
});

function addIpv6(region: RegionJson, vpc: string, network: string, subnets: Record<string, string>): void {
  Object.assign(find(region.Vpcs, vpc), blocks(network));
  for (const [id, block] of Object.entries(subnets)) Object.assign(find(region.Subnets, id), blocks(block));
  for (const table of region.RouteTables.filter(({ VpcId }) => VpcId === vpc)) {
    (table.Routes as Json[]).push(ipv6Route(network, { GatewayId: "local" }));
  }
  for (const acl of region.NetworkAcls.filter(({ VpcId }) => VpcId === vpc)) {
    (acl.Entries as Json[]).push(
      ...[false, true].map((Egress) => ({
        RuleNumber: 101,
        Egress,
        RuleAction: "allow",
        Protocol: "-1",
        Ipv6CidrBlock: "::/0",
      })),
    );
  }
}

function give(region: RegionJson, name: string, address: string): void {
  find(region.NetworkInterfaces, `eni-${name}`).Ipv6Addresses = [{ Ipv6Address: address }];
}

/** A fresh copy, for a test to change. */
export function ipv6Regions(): Regions {
  const regions = testRegions();
  const { "us-west-2": west, "eu-west-1": east } = regions;
  addIpv6(west, "vpc-west", WEST_NETWORK, {
    "subnet-public": "2001:db8:100:101::/64",
    "subnet-private": "2001:db8:100:10a::/64",
  });
  addIpv6(east, "vpc-east", EAST_NETWORK, { "subnet-east": "2001:db8:101:10a::/64" });
  west.EgressOnlyInternetGateways.push({
    EgressOnlyInternetGatewayId: "eigw-west",
    Attachments: [{ VpcId: "vpc-west", State: "attached" }],
  });
  const peering = { VpcPeeringConnectionId: "pcx-west-east" };
  routesOf(west, "rtb-public").push(
    ipv6Route("::/0", { GatewayId: "igw-west" }),
    ipv6Route(EAST_NETWORK, peering),
  );
  routesOf(west, "rtb-private").push(
    ipv6Route("::/0", { EgressOnlyInternetGatewayId: "eigw-west" }),
    ipv6Route(EAST_NETWORK, peering),
  );
  routesOf(east, "rtb-east").push(ipv6Route(WEST_NETWORK, peering), ipv6Route("::/0", peering));
  give(west, "web", IPV6.web);
  give(west, "api", IPV6.api);
  give(west, "database", IPV6.database);
  give(east, "east", IPV6.east);
  west.SecurityGroupRules.push(
    rule("sg-web", "ingress", "tcp", [80, 80], anywhereIpv6),
    rule("sg-web", "egress", "-1", undefined, anywhereIpv6),
    rule("sg-api", "egress", "tcp", [80, 80], anywhereIpv6),
    rule("sg-api", "egress", "tcp", [8080, 8080], { CidrIpv6: EAST_NETWORK }),
    rule("sg-api", "egress", "icmpv6", [128, -1], anywhereIpv6),
  );
  east.SecurityGroupRules.push(
    rule("sg-east", "ingress", "tcp", [8080, 8080], { CidrIpv6: WEST_NETWORK }),
    rule("sg-east", "ingress", "icmpv6", [-1, -1], { CidrIpv6: WEST_NETWORK }),
    rule("sg-east", "egress", "-1", undefined, anywhereIpv6),
  );
  return regions;
}
