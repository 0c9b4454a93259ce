/** What the proof does not follow: a question that hangs on it has no answer, and others keep theirs. */
import { describe, expect, it } from "vitest";
import { cases } from "./cases.ts";
import { add, entries, fields, ingress, routes, without } from "./changes.ts";
import { entry, fromGroup, fromNetwork, permission, tcp, to, to6 } from "./network.ts";
import { describedWith, stranger, verdict } from "./questions.ts";

/** A peering with somebody else's VPC. */
const overThere = add("VpcPeeringConnections", {
  VpcPeeringConnectionId: "pcx-0ff",
  Status: { Code: "active" },
  RequesterVpcInfo: { VpcId: "vpc-0a", OwnerId: "111122223333", Region: "us-west-2" },
  AccepterVpcInfo: {
    VpcId: "vpc-0ff",
    OwnerId: "444455556666",
    Region: "us-west-2",
    CidrBlock: "10.77.0.0/16",
    CidrBlockSet: [{ CidrBlock: "10.77.0.0/16" }],
  },
});

const ofOther = {
  UserIdGroupPairs: [
    {
      GroupId: "sg-0ff",
      VpcId: "vpc-0ff",
      UserId: "444455556666",
      VpcPeeringConnectionId: "pcx-0ff",
      PeeringStatus: "active",
    },
  ],
};

describe("what the proof does not follow", () => {
  const transit = routes("rtb-0a0", undefined, to("10.9.0.0/16", { TransitGatewayId: "tgw-0a" }));
  cases([
    [
      "a transit gateway",
      [transit],
      "app",
      "10.9.0.1",
      "443/tcp",
      "unknown route table of subnet-0a2: it leads to the transit gateway tgw-0a",
    ],
    ["and nothing beside it", [transit], "app", stranger, "443/tcp", "pass"],
    [
      "a VPN gateway",
      [routes("rtb-0a0", undefined, to("10.9.0.0/16", { GatewayId: "vgw-0a" }))],
      "app",
      "10.9.0.1",
      "443/tcp",
      "unknown",
    ],
    [
      "an endpoint of a firewall",
      [
        add("VpcEndpoints", {
          VpcEndpointId: "vpce-0f",
          VpcEndpointType: "GatewayLoadBalancer",
          VpcId: "vpc-0a",
        }),
        routes("rtb-0a1", "0.0.0.0/0", to("0.0.0.0/0", { GatewayId: "vpce-0f" })),
      ],
      "web",
      stranger,
      "443/tcp",
      "unknown",
    ],
    [
      "one in front of the internet gateway's receivers",
      [
        add("VpcEndpoints", {
          VpcEndpointId: "vpce-0f",
          VpcEndpointType: "GatewayLoadBalancer",
          VpcId: "vpc-0a",
        }),
        add("RouteTables", {
          RouteTableId: "rtb-0ed",
          VpcId: "vpc-0a",
          Associations: [{ GatewayId: "igw-0a" }],
          Routes: [to("10.0.1.0/24", { GatewayId: "vpce-0f" })],
        }),
      ],
      stranger,
      "web public",
      "443/tcp",
      "unknown",
    ],
    [
      "a gateway that the export does not have",
      [without("InternetGateways")],
      "web",
      stranger,
      "443/tcp",
      "unknown",
    ],
    [
      "a target of a kind that is new",
      [routes("rtb-0a1", "0.0.0.0/0", to("0.0.0.0/0", { QuantumGatewayId: "qgw-1" }))],
      "web",
      stranger,
      "443/tcp",
      "unknown",
    ],
    [
      "a field that is new in a rule",
      [ingress("sg-0eb", { ...permission("tcp", 443, 443, {}), Moods: ["good"] })],
      stranger,
      "web public",
      "443/tcp",
      "unknown",
    ],
    [
      "a field that is new in an ACL's entry",
      [entries(entry(90, false, "deny", { Moods: ["good"] }))],
      stranger,
      "web public",
      "443/tcp",
      "unknown",
    ],
    [
      "but not a group that no interface is in, although the export does not have it",
      [ingress("sg-0a0", permission("tcp", 8080, 8080, fromGroup("sg-0ff")))],
      "web",
      "app",
      "8080/tcp",
      "blocked network interface of i-0a0, security group sg-0a0: no ingress rule matches",
    ],
    [
      "nor one that the interface is in",
      [
        ingress("sg-0a0", permission("tcp", 8080, 8080, fromGroup("sg-0ff"))),
        fields("NetworkInterfaces", "eni-0eb", { Groups: [{ GroupId: "sg-0eb" }, { GroupId: "sg-0ff" }] }),
      ],
      "web",
      "app",
      "8080/tcp",
      "pass",
    ],
    [
      "a group of a VPC over there that the export does not have",
      [
        overThere,
        routes("rtb-0a0", undefined, to("10.77.0.0/16", { VpcPeeringConnectionId: "pcx-0ff" })),
        fields("SecurityGroups", "sg-0a0", { IpPermissionsEgress: [permission("tcp", 22, 22, ofOther)] }),
      ],
      "app",
      "10.77.0.5",
      "22/tcp",
      "unknown route table of subnet-0a2",
    ],
    [
      "but not elsewhere",
      [
        overThere,
        fields("SecurityGroups", "sg-0a0", { IpPermissionsEgress: [permission("tcp", 22, 22, ofOther)] }),
      ],
      "app",
      "db",
      "22/tcp",
      "blocked network interface of i-0a0, security group sg-0a0: no egress rule matches",
    ],
    [
      "which nobody here is in",
      [overThere, ingress("sg-0a0", permission("tcp", 8080, 8080, ofOther))],
      "web",
      "app",
      "8080/tcp",
      "blocked network interface of i-0a0, security group sg-0a0: no ingress rule matches",
    ],
    [
      "interfaces of others in a VPC that somebody shares",
      [fields("Vpcs", "vpc-0a", { OwnerId: "999988887777" })],
      "web",
      "10.0.10.99",
      "443/tcp",
      "unknown VPC vpc-0a: 999988887777 shares the VPC, and what others have in it is not in the export",
    ],
    [
      "but not in one whose owner has described it too",
      [
        fields("Vpcs", "vpc-0a", { OwnerId: "999988887777" }),
        add("SecurityGroups", { GroupId: "sg-0de", VpcId: "vpc-0a", OwnerId: "999988887777" }),
      ],
      "web",
      "10.0.10.99",
      "443/tcp",
      "blocked VPC vpc-0a: nobody has the address",
    ],
    [
      "which the internet is not in",
      [ingress("sg-0eb", permission("tcp", 443, 443, fromGroup("sg-0ff")))],
      stranger,
      "web public",
      "443/tcp",
      "blocked",
    ],
    [
      "a group that the export does not have, at an interface",
      [fields("NetworkInterfaces", "eni-0eb", { Groups: [{ GroupId: "sg-0ff" }] })],
      stranger,
      "web public",
      "443/tcp",
      "unknown",
    ],
    [
      "groups that nobody names",
      [fields("NetworkInterfaces", "eni-0eb", { Groups: [] })],
      stranger,
      "web public",
      "443/tcp",
      "unknown",
    ],
    [
      "ACLs that the export does not have",
      [without("NetworkAcls")],
      "web",
      "app",
      "8080/tcp",
      "unknown subnet-0a1",
    ],
    ["tables that the export does not have", [without("RouteTables")], "web", stranger, "443/tcp", "unknown"],
    ["which the VPC's own networks do not need", [without("RouteTables")], "web", "app", "8080/tcp", "pass"],
    [
      "a group whose rules somebody has left out",
      [fields("SecurityGroups", "sg-0eb", { IpPermissions: undefined })],
      stranger,
      "web public",
      "443/tcp",
      "unknown network interface of i-0eb, security group sg-0eb: nobody can tell: the export does not have its IpP",
    ],
    [
      "or those of the other way",
      [fields("SecurityGroups", "sg-0eb", { IpPermissionsEgress: undefined })],
      "web",
      stranger,
      "443/tcp",
      "unknown network interface of i-0eb, security group sg-0eb",
    ],
    [
      "an ACL whose entries somebody has left out",
      [fields("NetworkAcls", "acl-0a", { Entries: undefined })],
      stranger,
      "web public",
      "443/tcp",
      "unknown subnet-0a1, network ACL acl-0a: nobody can tell: the export does not have its entries",
    ],
    [
      "a table whose routes somebody has left out",
      [fields("RouteTables", "rtb-0a1", { Routes: undefined })],
      "web",
      stranger,
      "443/tcp",
      "unknown route table of subnet-0a1",
    ],
    [
      "a known target with a field that is new",
      [routes("rtb-0a1", "0.0.0.0/0", to("0.0.0.0/0", { GatewayId: "igw-0a", OnlyOnSundays: true }))],
      "web",
      stranger,
      "443/tcp",
      "unknown route table of subnet-0a1: it leads to what OnlyOnSundays says",
    ],
    [
      "but not one that says nothing",
      [routes("rtb-0a1", "0.0.0.0/0", to("0.0.0.0/0", { GatewayId: "igw-0a", OnlyOnSundays: null }))],
      "web",
      stranger,
      "443/tcp",
      "pass",
    ],
    [
      "an instance that the export does not have",
      [without("Reservations")],
      stranger,
      "web public",
      "443/tcp",
      "unknown i-0eb",
    ],
    [
      "an ICMP code",
      [ingress("sg-0eb", permission("icmp", 3, 4, fromNetwork("0.0.0.0/0")))],
      stranger,
      "web public",
      "icmp",
      "blocked",
    ],
    [
      "NAT64",
      [routes("rtb-0a0", undefined, to6("64:ff9b::/96", { NatGatewayId: "nat-0a" }))],
      "app",
      "64:ff9b::c633:6409",
      "443/tcp",
      "unknown NAT gateway nat-0a: NAT64",
    ],
  ]);

  it("does not make a question open that is closed elsewhere", () => {
    const unknownGroup = fields("NetworkInterfaces", "eni-0eb", { Groups: [{ GroupId: "sg-0ff" }] });
    const shut = entries(entry(90, false, "deny", tcp(443, 443)));
    expect(verdict(describedWith([unknownGroup, shut]), stranger, "web public", "443/tcp")).toContain(
      "blocked subnet-0a1",
    );
    const shutBehind = fields("Instances", "i-0eb", { State: { Name: "stopped" } });
    expect(verdict(describedWith([unknownGroup, shutBehind]), stranger, "web public", "443/tcp")).toContain(
      "blocked i-0eb",
    );
  });
});
