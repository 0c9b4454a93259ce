/** Network ACLs as AWS describes them: by number, without memory, and so by the ports of clients. */
import { describe, expect, it } from "vitest";
import { cases } from "./cases.ts";
import { add, entries, fields } from "./changes.ts";
import { eni, entry, tcp } from "./network.ts";
import { describedWith, stranger, verdict } from "./questions.ts";

describe("network ACLs", () => {
  cases([
    [
      "go by numbers: a deny before the allow",
      [entries(entry(90, false, "deny", tcp(443, 443)))],
      stranger,
      "web public",
      "443/tcp",
      "blocked subnet-0a1, network ACL acl-0a: rule 90: deny ingress tcp 443",
    ],
    [
      "go by numbers: a deny behind it",
      [entries(entry(110, false, "deny", tcp(443, 443)))],
      stranger,
      "web public",
      "443/tcp",
      "pass",
    ],
    [
      "tell networks apart",
      [entries(entry(90, false, "deny", { CidrBlock: "203.0.113.0/24" }))],
      stranger,
      "web public",
      "443/tcp",
      "pass",
    ],
    [
      "judge answers too",
      [entries(entry(90, true, "deny", tcp(1024, 65535)))],
      stranger,
      "web public",
      "443/tcp",
      "blocked the answer: subnet-0a1, network ACL acl-0a: rule 90: deny egress tcp 1024-65535",
    ],
    [
      "let answers pass to every port that clients take",
      [entries(entry(90, true, "allow", tcp(32768, 65535)), entry(91, true, "deny"))],
      stranger,
      "web public",
      "443/tcp",
      "pass",
    ],
    [
      "do not where clients may take others",
      [entries(entry(90, true, "allow", tcp(49152, 65535)), entry(91, true, "deny"))],
      stranger,
      "web public",
      "443/tcp",
      "blocked the answer",
    ],
    [
      "do not look within a subnet",
      [
        entries(entry(90, false, "deny"), entry(91, true, "deny")),
        add(
          "NetworkInterfaces",
          eni("eni-09a", { vpc: "vpc-0a", subnet: "subnet-0a2", address: "10.0.10.11", groups: ["sg-0eb"] }),
        ),
      ],
      "app",
      "10.0.10.11",
      "443/tcp",
      "pass",
    ],
    [
      "look at what leaves for another subnet",
      [entries(entry(90, true, "deny", { CidrBlock: "10.0.10.0/24" }))],
      "web",
      "app",
      "8080/tcp",
      "blocked subnet-0a1",
    ],
    [
      "tell ICMP types apart",
      [entries(entry(90, false, "deny", { Protocol: "1", IcmpTypeCode: { Type: 8, Code: -1 } }))],
      stranger,
      "web public",
      "icmp",
      "blocked",
    ],
    [
      "let echoes of one family and their answers pass where they have rules for that one",
      [
        entries(
          ...[false, true].map((egress) =>
            entry(90, egress, "allow", { Protocol: "1", IcmpTypeCode: { Type: -1, Code: -1 } }),
          ),
          ...[false, true].map((egress) => entry(91, egress, "deny")),
        ),
      ],
      stranger,
      "web public",
      "icmp",
      "pass",
    ],
    [
      "leave other types alone",
      [entries(entry(90, false, "deny", { Protocol: "1", IcmpTypeCode: { Type: 3, Code: -1 } }))],
      stranger,
      "web public",
      "icmp",
      "pass",
    ],
    [
      "need a rule of the family",
      [
        (of) => {
          const acl = of.NetworkAcls?.[0] as { Entries: { Ipv6CidrBlock?: string }[] };
          acl.Entries = acl.Entries.filter(({ Ipv6CidrBlock }) => Ipv6CidrBlock === undefined);
        },
      ],
      "2001:db8::9",
      "web ipv6",
      "443/tcp",
      "blocked",
    ],
    [
      "are the VPC's default one where the export names no association",
      [fields("NetworkAcls", "acl-0a", { Associations: [] })],
      stranger,
      "web public",
      "443/tcp",
      "pass",
    ],
  ]);

  describe("ask for the ports of whoever opens the connection", () => {
    const onlyLinux = entries(
      entry(90, false, "allow", tcp(32768, 60999)),
      entry(91, false, "deny", { CidrBlock: "198.51.100.0/24" }),
    );
    const windows = fields("Instances", "i-0eb", { Platform: "windows" });
    cases([
      ["Linux", [onlyLinux], "web", stranger, "443/tcp", "pass"],
      ["Windows", [onlyLinux, windows], "web", stranger, "443/tcp", "blocked the answer"],
      ["a NAT gateway", [onlyLinux], "app", stranger, "443/tcp", "blocked the answer"],
      [
        "a NAT gateway, all of them",
        [
          entries(
            entry(90, false, "allow", tcp(1024, 65535)),
            entry(91, false, "deny", { CidrBlock: "198.51.100.0/24" }),
          ),
        ],
        "app",
        stranger,
        "443/tcp",
        "pass",
      ],
    ]);

    it("or for those that the reader names", () => {
      const changes = [entries(entry(90, true, "allow", tcp(49152, 65535)), entry(91, true, "deny"))];
      const options = { clients: { from: 49152, to: 65535 } };
      expect(verdict(describedWith(changes, options), stranger, "web public", "443/tcp")).toBe("pass");
      expect(verdict(describedWith(changes), stranger, "web public", "443/tcp")).toContain("blocked");
    });
  });
});
