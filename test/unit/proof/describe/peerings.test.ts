/** VPCs among each other: peered, or strangers with the same networks. */
import { describe, expect, it } from "vitest";
import { cases } from "./cases.ts";
import { fields, routes } from "./changes.ts";
import { to } from "./network.ts";
import { describedWith, stranger, verdict } from "./questions.ts";

describe("peerings", () => {
  cases([
    ["join two VPCs", [], "app", "db", "22/tcp", "pass"],
    [
      "need a route there",
      [routes("rtb-0a0", "10.1.0.0/16")],
      "app",
      "db",
      "22/tcp",
      "unknown peering pcx-0ab: AWS does not say",
    ],
    [
      "and one back",
      [routes("rtb-0b0", "10.0.0.0/16")],
      "app",
      "db",
      "22/tcp",
      "blocked the answer: route table of subnet-0b1: has no route there",
    ],
    [
      "are not transitive",
      [routes("rtb-0a0", undefined, to("10.2.0.0/16", { VpcPeeringConnectionId: "pcx-0ab" }))],
      "app",
      "far",
      "22/tcp",
      "blocked peering pcx-0ab: peering is not transitive",
    ],
    [
      "lend no NAT gateway",
      [routes("rtb-0b0", undefined, to("0.0.0.0/0", { VpcPeeringConnectionId: "pcx-0ab" }))],
      "db",
      stranger,
      "443/tcp",
      "blocked peering pcx-0ab",
    ],
    [
      "that are over lead nowhere",
      [fields("VpcPeeringConnections", "pcx-0ab", { Status: { Code: "deleted" } })],
      "app",
      "db",
      "22/tcp",
      "blocked route table of subnet-0a2: pcx-0ab is deleted",
    ],
    [
      "to a VPC of somebody else are not followed",
      [
        fields("VpcPeeringConnections", "pcx-0ab", {
          AccepterVpcInfo: { VpcId: "vpc-0ff", OwnerId: "444455556666", Region: "eu-west-1" },
        }),
      ],
      "app",
      "db",
      "22/tcp",
      "unknown route table of subnet-0a2: it leads to vpc-0ff (eu-west-1, 444455556666) over pcx-0ab",
    ],
  ]);
});

describe("VPCs that have the same networks", () => {
  it("are places of their own", () => {
    const described = describedWith([]);
    expect(verdict(described, "web", "app", "8080/tcp")).toBe("pass");
    expect(verdict(described, "twin", "10.0.10.10", "22/tcp")).toBe("pass");
    expect(verdict(described, "twin", "10.0.1.10", "443/tcp")).toContain(
      "blocked VPC vpc-0d: nobody has the address",
    );
    expect([...described.world.regions.keys()]).toEqual(["vpc-0a", "vpc-0b", "vpc-0c", "vpc-0d"]);
  });
});
