/** Security groups as AWS describes them: stateful, all rules together, by networks, lists and other groups. */
import { describe, expect, it } from "vitest";
import { cases } from "./cases.ts";
import { fields, ingress, routes, type Change } from "./changes.ts";
import { fromGroup, fromNetwork, permission } from "./network.ts";
import { describedWith, stranger, verdict } from "./questions.ts";

describe("security groups", () => {
  cases([
    ["let pass what a rule names", [], stranger, "web public", "443/tcp", "pass"],
    [
      "and nothing else",
      [],
      stranger,
      "web public",
      "80/tcp",
      "blocked network interface of i-0eb, security group sg-0eb: no ingress rule matches",
    ],
    ["know their members by reference", [], "web", "app", "8080/tcp", "pass"],
    [
      "and nobody else",
      [ingress("sg-0a0", permission("tcp", 8080, 8080, fromGroup("sg-0a0")))],
      "web",
      "app",
      "8080/tcp",
      "blocked network interface of i-0a0",
    ],
    ["know members of a peer's groups", [], "app", "db", "5432/tcp", "pass"],
    [
      "but not those of a peer's peer",
      [ingress("sg-0fa", permission("tcp", 22, 22, fromGroup("sg-0db"))), routes("rtb-0a0", undefined)],
      "db",
      "far",
      "22/tcp",
      "pass",
    ],
    [
      "and not over a peering that is none",
      [ingress("sg-0fa", permission("tcp", 22, 22, fromGroup("sg-0a0")))],
      "db",
      "far",
      "22/tcp",
      "blocked",
    ],
    [
      "stop what leaves",
      [
        fields("SecurityGroups", "sg-0eb", {
          IpPermissionsEgress: [permission("tcp", 8443, 8443, fromNetwork("0.0.0.0/0"))],
        }),
      ],
      "web",
      "app",
      "8080/tcp",
      "blocked network interface of i-0eb, security group sg-0eb: no egress rule matches",
    ],
    [
      "and still let answers leave",
      [fields("SecurityGroups", "sg-0eb", { IpPermissionsEgress: [] })],
      stranger,
      "web public",
      "443/tcp",
      "pass",
    ],
    [
      "add up over several groups",
      [fields("NetworkInterfaces", "eni-0a0", { Groups: [{ GroupId: "sg-0a0" }, { GroupId: "sg-0eb" }] })],
      "web",
      "app",
      "443/tcp",
      "pass",
    ],
    ["tell ICMP types apart", [], stranger, "web public", "icmp", "pass"],
    [
      "and other types",
      [ingress("sg-0eb", permission("icmp", 3, -1, fromNetwork("0.0.0.0/0")))],
      stranger,
      "web public",
      "icmp",
      "blocked",
    ],
    [
      "of one code let echoes pass, which have no other",
      [ingress("sg-0eb", permission("icmp", 8, 0, fromNetwork("0.0.0.0/0")))],
      stranger,
      "web public",
      "icmp",
      "pass",
    ],
    [
      "of a code that echoes do not have let none pass",
      [ingress("sg-0eb", permission("icmp", 8, 3, fromNetwork("0.0.0.0/0")))],
      stranger,
      "web public",
      "icmp",
      "blocked",
    ],
    [
      "take protocols by number",
      [ingress("sg-0eb", permission("17", 53, 53, fromNetwork("0.0.0.0/0")))],
      stranger,
      "web public",
      "53/udp",
      "pass",
    ],
    [
      "do not take the other one for it",
      [ingress("sg-0eb", permission("17", 53, 53, fromNetwork("0.0.0.0/0")))],
      stranger,
      "web public",
      "53/tcp",
      "blocked",
    ],
    [
      "know who has a public address by it when they come from outside",
      [ingress("sg-0eb", permission("tcp", 443, 443, fromGroup("sg-0eb")))],
      "web",
      "54.0.0.10",
      "443/tcp",
      "blocked",
    ],
  ]);

  it("of several VPCs have members in each of them", () => {
    const everywhere: readonly Change[] = [
      fields("NetworkInterfaces", "eni-0db", { Groups: [{ GroupId: "sg-0eb" }, { GroupId: "sg-0db" }] }),
      fields("NetworkInterfaces", "eni-0dd", { Groups: [{ GroupId: "sg-0eb" }] }),
      ingress("sg-0a0", permission("tcp", 8080, 8080, fromGroup("sg-0eb"))),
      ingress("sg-0db", permission("tcp", 5432, 5432, fromGroup("sg-0eb"))),
    ];
    const described = describedWith(everywhere);
    expect(verdict(described, "web", "app", "8080/tcp")).toBe("pass");
    expect(verdict(described, "db", "app", "8080/tcp")).toBe("pass");
    // The twin of the third VPC has the application's address, and meets nobody.
    expect(verdict(described, "app", "db", "5432/tcp")).toContain("blocked network interface of i-0db");
  });

  it("may come as a list of rules alone", () => {
    const asRules: Change = (of) => {
      of.SecurityGroupRules = [
        {
          SecurityGroupRuleId: "sgr-1",
          GroupId: "sg-0eb",
          IsEgress: true,
          IpProtocol: "-1",
          FromPort: -1,
          ToPort: -1,
          CidrIpv4: "0.0.0.0/0",
        },
        {
          SecurityGroupRuleId: "sgr-2",
          GroupId: "sg-0a0",
          IsEgress: false,
          IpProtocol: "tcp",
          FromPort: 8080,
          ToPort: 8080,
          ReferencedGroupInfo: { GroupId: "sg-0eb" },
        },
      ];
      delete of.SecurityGroups;
    };
    const described = describedWith([asRules]);
    expect(verdict(described, "web", "app", "8080/tcp")).toBe("pass");
    expect(verdict(described, "web", "app", "8081/tcp")).toContain("blocked");
  });
});
