/** Route tables as AWS describes them: which table a subnet has, which route counts, and where it leads. */
import { describe } from "vitest";
import { cases } from "./cases.ts";
import { fields, routes } from "./changes.ts";
import { to } from "./network.ts";
import { stranger } from "./questions.ts";

describe("routes", () => {
  cases([
    ["lead out by the internet gateway", [], "web", stranger, "443/tcp", "pass"],
    [
      "or nowhere without one",
      [routes("rtb-0a1", "0.0.0.0/0")],
      "web",
      stranger,
      "443/tcp",
      "blocked route table of subnet-0a1: has no route there",
    ],
    [
      "are needed for answers too",
      [routes("rtb-0a1", "0.0.0.0/0")],
      stranger,
      "web public",
      "443/tcp",
      "blocked the answer: route table of subnet-0a1",
    ],
    ["of the main table count where a subnet names none", [], "app", stranger, "443/tcp", "pass"],
    [
      "of its own table count where it names one",
      [
        (of) => {
          of.RouteTables.push({
            RouteTableId: "rtb-0a9",
            VpcId: "vpc-0a",
            Associations: [{ SubnetId: "subnet-0a2" }],
            Routes: [],
          });
        },
      ],
      "app",
      stranger,
      "443/tcp",
      "blocked route table of subnet-0a2: has no route there",
    ],
    [
      "of an association that is over do not count",
      [
        (of) => {
          const association = { SubnetId: "subnet-0a2", AssociationState: { State: "disassociated" } };
          of.RouteTables.push({
            RouteTableId: "rtb-0a9",
            VpcId: "vpc-0a",
            Associations: [association],
            Routes: [],
          });
        },
      ],
      "app",
      stranger,
      "443/tcp",
      "pass",
    ],
    [
      "go by the longest prefix",
      [
        routes(
          "rtb-0a1",
          undefined,
          to("198.51.100.0/24", { State: "blackhole", NatGatewayId: "nat-0dead" }),
        ),
      ],
      "web",
      stranger,
      "443/tcp",
      "blocked route table of subnet-0a1: the route is a blackhole",
    ],
    [
      "leave what is beside it alone",
      [
        routes(
          "rtb-0a1",
          undefined,
          to("198.51.101.0/24", { State: "blackhole", NatGatewayId: "nat-0dead" }),
        ),
      ],
      "web",
      stranger,
      "443/tcp",
      "pass",
    ],
    ["within the VPC are always there", [routes("rtb-0a1", "10.0.0.0/16")], "web", "app", "8080/tcp", "pass"],
    [
      "longer than the VPC's own go before it",
      [routes("rtb-0a1", undefined, to("10.0.10.0/24", { NetworkInterfaceId: "eni-0eb" }))],
      "web",
      "app",
      "8080/tcp",
      "blocked network interface of i-0eb: source/destination check",
    ],
    [
      "take the place of the local one",
      [routes("rtb-0a1", "10.0.0.0/16", to("10.0.0.0/16", { NetworkInterfaceId: "eni-0eb" }))],
      "web",
      "app",
      "8080/tcp",
      "blocked network interface of i-0eb: source/destination check",
    ],
    [
      "that somebody made go before what a gateway propagates",
      [
        routes(
          "rtb-0a1",
          undefined,
          to("0.0.0.0/0", { GatewayId: "vgw-0a", Origin: "EnableVgwRoutePropagation" }),
        ),
      ],
      "web",
      stranger,
      "443/tcp",
      "pass",
    ],
    [
      "to a gateway that is attached elsewhere lead nowhere",
      [fields("InternetGateways", "igw-0a", { Attachments: [{ VpcId: "vpc-0b", State: "available" }] })],
      "web",
      stranger,
      "443/tcp",
      "blocked route table of subnet-0a1: igw-0a is not attached",
    ],
  ]);
});
