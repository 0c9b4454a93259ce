/** Security groups: all rules of all groups together, by networks and by who is in a group. */
import { describe, expect, it } from "vitest";
import type { SecurityRulePlan } from "../../../../components/plan/model.ts";
import { groupGate, groupRuleText } from "../../../../components/proof/rules/security-group.ts";
import { networks, SymbolSpace } from "../../../../components/proof/sets/addresses.ts";
import { nowhere } from "../../../../components/proof/sets/intervals.ts";
import { AskedGate, groupRule, ipv6, ofUsWest } from "./subject.ts";

type Groups = Readonly<Record<string, readonly Partial<SecurityRulePlan>[]>>;

const members = new Map([
  ["us-west/lb", networks(["10.0.1.20", "10.0.2.20"])],
  ["eu-west/lb", networks(["10.1.1.20"])],
]);

function gate(
  groups: Groups,
  direction: "ingress" | "egress" = "ingress",
  space = new SymbolSpace(),
): AskedGate {
  const plans = Object.entries(groups).map(([name, rules]) => ({
    key: `us-west/${name}`,
    name,
    description: "",
    rules: rules.map(groupRule),
  }));
  return new AskedGate(groupGate("us-west", plans, direction, { members, space, ipv6 }), space);
}

const [client, server] = ["10.0.1.20", "10.0.10.11"];
const web: Partial<SecurityRulePlan> = { ports: { from: 443, to: 443 } };

describe("security groups", () => {
  it("let pass what any rule of any of them lets pass", () => {
    const both = gate({
      web: [web],
      ssh: [{ ports: { from: 22, to: 22 } }, { protocol: "udp", ports: { from: 53, to: 54 } }],
    });
    expect(both.accepts(client, server)).toBe("22/tcp, 443/tcp, 53-54/udp");
    expect(gate({}).accepts(client, server)).toBe("nothing");
  });

  it("look at who sends on the way in, and at who gets it on the way out", () => {
    const peer = { kind: "cidr", cidr: "10.0.1.0/24" } as const;
    const inwards = gate({ web: [{ ...web, peer }] });
    expect([inwards.accepts(client, server), inwards.accepts(server, client)]).toEqual([
      "443/tcp",
      "nothing",
    ]);
    const outwards = gate({ web: [{ ...web, direction: "egress", peer }] }, "egress");
    expect([outwards.accepts(client, server), outwards.accepts(server, client)]).toEqual([
      "nothing",
      "443/tcp",
    ]);
    expect(gate({ web: [web] }, "egress").accepts(client, server)).toBe("nothing");
  });

  it("mean by a group its members' addresses, in their own region alone", () => {
    const fromGroup = gate({ api: [{ ...web, peer: { kind: "security-group", group: "lb" } }] });
    expect(fromGroup.accepts("10.0.2.20", server)).toBe("443/tcp");
    expect(fromGroup.accepts("10.0.2.21", server)).toBe("nothing");
    expect(fromGroup.accepts("10.1.1.20", server)).toBe("nothing");
    const empty = gate({ api: [{ ...web, peer: { kind: "security-group", group: "nobody" } }] });
    expect(empty.accepts(client, server)).toBe("nothing");
  });

  it.each<readonly [string, Partial<SecurityRulePlan>, string, string]>([
    ["everything", { protocol: "all" }, client, "everything"],
    ["every port", { protocol: "udp" }, client, "all udp"],
    ["a range", { ports: { from: 8080, to: 8090 } }, client, "8080-8090/tcp"],
    ["ICMP", { protocol: "icmp" }, client, "all icmp"],
    [
      "ICMP of a group",
      { protocol: "icmp", peer: { kind: "security-group", group: "lb" } },
      client,
      "all icmp",
    ],
    ["ICMPv6", { protocol: "icmp", peer: { kind: "cidr", cidr: "::/0" } }, "2001:db8::1", "all icmpv6"],
    [
      "ICMPv6 of a network that only Amazon can tell",
      { protocol: "icmp", peer: { kind: "cidr", cidr: { kind: "ipv6-network", of: "us-west" } } },
      ofUsWest,
      "all icmpv6",
    ],
  ])("let pass %s", (_, rule, from, passes) => {
    expect(gate({ one: [rule] }).accepts(from, server)).toBe(passes);
  });

  it("let pass for sure what one rule is sure of, wherever it stands", () => {
    const space = new SymbolSpace();
    space.symbol("us-west/hub-1", networks(["198.51.100.0/24"]));
    const half = { ...web, peer: { kind: "cidr", cidr: "198.51.100.0/25" } } as const;
    const whole = { ...web, peer: { kind: "cidr", cidr: "198.51.0.0/16" } } as const;
    const known = gate({ web: [half, whole] }, "ingress", space);
    expect(known.accepts("us-west/hub-1", server)).toBe("443/tcp");
    expect(known.undecided("us-west/hub-1", server)).toBe("nothing");
    const hanging = gate({ web: [half] }, "ingress", space);
    expect(hanging.accepts("us-west/hub-1", server)).toBe("nothing");
    expect(hanging.undecided("us-west/hub-1", server)).toBe("443/tcp");
  });

  it("say which groups had no rule, and where that is to be changed", () => {
    const originOf = (groups: Groups): readonly [string, string, string] => {
      const { where, rule, path } = gate(groups).gate.decision(0, 1, 0).origin;
      return [where, rule, path];
    };
    expect(originOf({})).toEqual(["no security group", "no ingress rule matches", "securityGroups"]);
    expect(originOf({ web: [] })).toEqual([
      "security groups web of us-west",
      "no ingress rule matches",
      "securityGroups.web.ingress",
    ]);
    expect(originOf({ web: [], ssh: [] })).toEqual([
      "security groups web, ssh of us-west",
      "no ingress rule matches",
      "securityGroups",
    ]);
    const [ours] = gate({ web: [{ protocol: "all" }] }).gate.acceptors(0, 1, 0);
    expect([ours?.where, ours?.path]).toEqual(["security group us-west/web", "securityGroups.web.ingress"]);
    const [told] = gate({ web: [{ protocol: "all", path: "securityGroups.web.ingress[2]" }] }).gate.acceptors(
      0,
      1,
      0,
    );
    expect(told?.path).toBe("securityGroups.web.ingress[2]");
    expect(gate({}).gate.sides).toEqual([]);
    expect(gate({ web: [web] }).gate.sides).toEqual([
      { addresses: networks(["0.0.0.0/0"]), undecided: nowhere },
    ]);
  });
});

it.each<readonly [Partial<SecurityRulePlan>, string]>([
  [web, "ingress tcp 443 from 0.0.0.0/0"],
  [{ ports: { from: 1, to: 2 }, direction: "egress" }, "egress tcp 1-2 to 0.0.0.0/0"],
  [{ protocol: "all", peer: { kind: "security-group", group: "lb" } }, "ingress all from sg-lb"],
  [
    { peer: { kind: "cidr", cidr: { kind: "ipv6-network", of: "us-west" } } },
    "ingress tcp from ipv6-us-west",
  ],
])("a rule in words: %j", (rule, text) => {
  expect(groupRuleText(groupRule(rule))).toBe(text);
});
