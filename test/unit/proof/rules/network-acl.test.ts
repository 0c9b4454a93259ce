/** Network ACLs: rules by their numbers, each direction by itself, and what no rule names is dropped. */
import { describe, expect, it } from "vitest";
import type { NetworkAclPlan, NetworkAclRulePlan, RegionPlan } from "../../../../components/plan/model.ts";
import { aclGate } from "../../../../components/proof/rules/network-acl.ts";
import { SymbolSpace } from "../../../../components/proof/sets/addresses.ts";
import { AskedGate, ipv6, ofUsWest } from "./subject.ts";

function rule(rule: Partial<NetworkAclRulePlan>): NetworkAclRulePlan {
  return {
    direction: "ingress",
    number: 100,
    protocol: "tcp",
    ports: undefined,
    icmpType: undefined,
    cidr: "0.0.0.0/0",
    reason: "",
    ...rule,
  };
}

function gate(direction: "ingress" | "egress", ...rules: readonly Partial<NetworkAclRulePlan>[]): AskedGate {
  const acl: NetworkAclPlan = {
    key: "us-west/database",
    tier: "database",
    subnets: [],
    rules: rules.map(rule),
  };
  const space = new SymbolSpace();
  return new AskedGate(aclGate({ key: "us-west" } as RegionPlan, acl, direction, { space, ipv6 }), space);
}

const [client, server] = ["10.0.10.11", "10.0.20.5"];

describe("a network ACL", () => {
  it("looks at who sends on the way in, and at who gets it on the way out", () => {
    const to5432 = { cidr: "10.0.10.0/24", ports: { from: 5432, to: 5432 } };
    const inwards = gate("ingress", to5432);
    expect(inwards.accepts(client, server)).toBe("5432/tcp");
    expect(inwards.accepts("10.0.11.0", server)).toBe("nothing");
    const outwards = gate("egress", { ...to5432, direction: "egress" });
    expect(outwards.accepts(server, client)).toBe("5432/tcp");
    expect(outwards.accepts(client, server)).toBe("nothing");
  });

  it("has no rule of the other direction", () => {
    expect(gate("egress", {}).accepts(client, server)).toBe("nothing");
    expect(gate("ingress", { direction: "egress" }).accepts(client, server)).toBe("nothing");
  });

  it("meets its rules by their numbers, whatever order they were written in", () => {
    const both = gate(
      "ingress",
      { number: 32766 },
      { number: 90, ports: { from: 22, to: 22 } },
      { number: 100 },
    );
    expect(both.decides(client, server, "22/tcp")).toBe("accept: rule 90: ingress tcp 22 from 0.0.0.0/0");
    expect(both.decides(client, server, "23/tcp")).toBe("accept: rule 100: ingress tcp from 0.0.0.0/0");
  });

  it.each<readonly [string, Partial<NetworkAclRulePlan>, string]>([
    ["everything", { protocol: "all" }, "everything"],
    ["a protocol", { protocol: "udp" }, "all udp"],
    ["a range of ports", { ports: { from: 1024, to: 65535 } }, "1024-65535/tcp"],
    [
      "ICMP of both families, since no packet carries the other's",
      { protocol: "icmp" },
      "all icmp, all icmpv6",
    ],
    ["a type of ICMP", { protocol: "icmp", icmpType: 8 }, "icmp type 8"],
    ["a type of ICMP whose number is 0", { protocol: "icmp", icmpType: 0 }, "icmp type 0"],
  ])("lets pass %s", (_, what, passes) => {
    expect(gate("ingress", what).accepts(client, server)).toBe(passes);
  });

  it("means ICMPv6 where its network is of IPv6, be it one that only Amazon can tell", () => {
    const symbolic = { kind: "ipv6-network", of: "us-west" } as const;
    const typed = gate("ingress", { protocol: "icmp", icmpType: 128, cidr: symbolic });
    expect(typed.accepts(ofUsWest, "2001:db8::1")).toBe("icmpv6 type 128");
    expect(typed.accepts("2001:db8::1", ofUsWest)).toBe("nothing");
    const literal = gate("ingress", { protocol: "icmp", icmpType: 128, cidr: "::/0" });
    expect(literal.accepts("2001:db8::1", ofUsWest)).toBe("icmpv6 type 128");
    expect(literal.accepts(client, server)).toBe("nothing");
    expect(typed.decides(ofUsWest, ofUsWest, "icmpv6")).toBe(
      "accept: rule 100: ingress icmp 128 from ipv6-us-west",
    );
  });

  it("says in which direction nothing matched, whose it is, and where it is written", () => {
    const none = gate("egress", {});
    expect(none.decides(client, server, "22/tcp")).toBe("drop: no egress rule matches");
    const { origin } = none.gate.decision(0, 1, 0);
    expect([origin.where, origin.path]).toEqual([
      "network ACL us-west/database",
      "regions.us-west.subnets.database",
    ]);
    const written = gate("egress", { direction: "egress", protocol: "icmp", icmpType: 0 });
    expect(written.decides(client, server, "icmp")).toBe("drop: no egress rule matches");
    expect(gate("egress", { direction: "egress" }).decides(client, server, "1/tcp")).toBe(
      "accept: rule 100: egress tcp to 0.0.0.0/0",
    );
  });
});
