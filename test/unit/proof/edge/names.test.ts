/** What names lead to, for whoever asks. */
import { describe, expect, it } from "vitest";
import type { NetworkPlan } from "../../../../components/plan/model.ts";
import { withoutHosts } from "../../../../components/proof/edge/without.ts";
import { Prover } from "../../../../components/proof/prover.ts";
import { stranger } from "../subject.ts";
import type { Change } from "../../config/subject.ts";
import { ask, decisions, named, resolved, spoiled, verdict, withContent, withOutput } from "./subject.ts";

const prod = named();
const zone = "dns zones blackroad.io";

/** Prod with further records; there are eight. */
function withRecords(...records: readonly object[]): Change[] {
  return records.map((record, index): Change => [`${zone} records ${8 + index}`, record]);
}

describe("public names", () => {
  it.each([
    ["ws.blackroad.io", "public-address of us-west/lb-1"],
    ["WS.Blackroad.io.", "public-address of us-west/lb-1"],
    ["api.blackroad.io", "edge, balancer"],
    ["dashboard.blackroad.io", "edge, targets"],
    ["nobody.blackroad.io", "none: zone blackroad.io: has no name nobody.blackroad.io"],
    ["blackroad.io", "none: zone blackroad.io: blackroad.io has no address"],
    ["example.org", "unknown: DNS: example.org is in no zone of the configuration"],
  ])("%s: %s", (name, leads) => {
    expect(resolved(prod, stranger, name)).toBe(leads);
  });

  it("may have several addresses, aliases on the way, and wildcards below the closest name that exists", () => {
    const prover = named(
      ...withRecords(
        { name: "both", type: "A", host: "us-west/lb-1" },
        { name: "both", type: "A", host: "eu-west/lb-1" },
        { name: "first", type: "CNAME", content: "second.blackroad.io" },
        { name: "second", type: "CNAME", content: "both.blackroad.io" },
        { name: "*", type: "A", content: "203.0.113.80" },
        { name: "deep.tree", type: "A", content: "203.0.113.81" },
      ),
    );
    const both = "public-address of eu-west/lb-1, public-address of us-west/lb-1";
    expect(resolved(prover, stranger, "both.blackroad.io")).toBe(both);
    expect(resolved(prover, stranger, "first.blackroad.io")).toBe(both);
    expect(resolved(prover, stranger, "whatever.blackroad.io")).toBe("203.0.113.80");
    expect(resolved(prover, stranger, "a.b.blackroad.io")).toBe("203.0.113.80");
    // "tree" exists, since something is below it: the wildcard is not for it, nor for what is beside it.
    expect(resolved(prover, stranger, "tree.blackroad.io")).toMatch(/^none: .*has no name/);
    expect(resolved(prover, stranger, "other.tree.blackroad.io")).toMatch(/^none: .*has no name/);
  });

  it("are flattened at the apex, which may be an alias there", () => {
    const alias = { name: "@", type: "CNAME", content: "ws.blackroad.io" };
    const prover = named(
      [`${zone} records 7`, alias],
      [`${zone} records 6`, { name: "x", type: "TXT", content: "x" }],
    );
    expect(resolved(prover, stranger, "blackroad.io")).toBe("public-address of us-west/lb-1");
    const { legs } = ask(prover, stranger, "blackroad.io");
    expect(decisions(legs)[0]).toBe(
      "zone blackroad.io: blackroad.io is an alias of ws.blackroad.io, and is answered with its addresses",
    );
  });

  it("lead in a circle", () => {
    const straight = withRecords(
      { name: "ping", type: "CNAME", content: "pong.blackroad.io" },
      { name: "pong", type: "CNAME", content: "ws.blackroad.io" },
    );
    const turned = spoiled(
      (plan) => withContent(plan, "pong.blackroad.io", "ping.blackroad.io"),
      ...straight,
    );
    const reason = "CNAMEs lead in a circle: ping.blackroad.io → pong.blackroad.io → ping.blackroad.io";
    expect(verdict(ask(turned, stranger, "ping.blackroad.io"))).toBe(`blocked: DNS: ${reason}`);
    expect(verdict(ask(named(...straight), stranger, "ping.blackroad.io"))).toBe("pass");
  });

  it("are proxied where one address of theirs is, or a name that they are an alias of", () => {
    const prover = named(
      ...withRecords(
        { name: "shown", type: "A", host: "us-west/lb-1", proxied: true },
        { name: "alias", type: "CNAME", content: "shown.blackroad.io" },
        { name: "balanced", type: "CNAME", content: "api.blackroad.io" },
        { name: "front", type: "CNAME", content: "ws.blackroad.io", proxied: true },
      ),
    );
    expect(resolved(prover, stranger, "shown.blackroad.io")).toBe("edge, targets");
    expect(resolved(prover, stranger, "alias.blackroad.io")).toBe("edge, targets");
    expect(resolved(prover, stranger, "front.blackroad.io")).toBe("edge, targets");
    expect(resolved(prover, stranger, "balanced.blackroad.io")).toBe("edge, balancer");
  });

  it("are others' to answer where they are delegated, and may be where others keep records", () => {
    const delegated = named(...withRecords({ name: "sub", type: "NS", content: "ns1.example.net" }));
    expect(resolved(delegated, stranger, "a.sub.blackroad.io")).toBe(
      "unknown: zone blackroad.io: sub.blackroad.io is delegated to other name servers",
    );
    const shared = spoiled((plan) => ({
      ...plan,
      zones: plan.zones.map((each) => ({ ...each, managed: false })),
    }));
    expect(resolved(shared, stranger, "nobody.blackroad.io")).toBe(
      "unknown: zone blackroad.io: has no name nobody.blackroad.io of ours, and others keep records there too",
    );
    expect(resolved(shared, stranger, "ws.blackroad.io")).toBe("public-address of us-west/lb-1");
  });

  it("are of a family that the asker has, or lead nowhere for it", () => {
    const prover = named(...withRecords({ name: "six", type: "AAAA", content: "2a01:4f8:1::1" }));
    expect(verdict(ask(prover, stranger, "six.blackroad.io"))).toBe(
      "blocked: six.blackroad.io: has addresses only of a family that the asker has none of",
    );
    expect(verdict(ask(prover, "2a01:4f8:2::2", "six.blackroad.io"))).toBe("pass");
  });
});

describe("names inside", () => {
  it.each([
    ["us-west/api-1", "redis.blackroad.internal", "10.0.10.50"],
    ["eu-west/api-1", "redis.blackroad.internal", "10.0.10.50"],
    ["us-west/postgres-1", "lucidia.blackroad.internal", "192.168.4.38"],
    [
      "eu-west/hub-1",
      "nobody.blackroad.internal",
      "none: private zone blackroad.internal: has no name nobody.blackroad.internal",
    ],
    ["us-west/api-1", "agent-service.blackroad.internal", "10.0.10.11, 10.1.10.11"],
    ["us-west/api-1", "nobody.consul", "none: unbound of us-west/api-1: has no name nobody.consul"],
    ["us-west/api-1", "ws.blackroad.io", "public-address of us-west/lb-1"],
    [
      stranger,
      "redis.blackroad.internal",
      "none: DNS: redis.blackroad.internal is known to the resolvers of VPCs alone, by blackroad.internal",
    ],
    [
      "edge-home/lucidia",
      "agent-service.consul",
      "none: DNS: agent-service.consul is known to the resolvers of VPCs alone, by consul",
    ],
  ])("for %s: %s is %s", (from, name, leads) => {
    expect(resolved(prod, from, name)).toBe(leads);
  });

  it("come from the VPC's resolver, which no gate of AWS's looks at, and by its endpoint from the mesh", () => {
    const { legs, verdict: word } = ask(
      prod,
      "eu-west/api-1",
      "agent-service.blackroad.internal",
      "8080/tcp",
    );
    expect(word).toBe("pass");
    expect(decisions(legs)).toEqual([
      "VPC eu-west: its resolver 10.1.0.2 is asked about agent-service.blackroad.internal, which no gate of AWS's looks at",
      "private zone blackroad.internal: agent-service.blackroad.internal is an alias of agent-service.consul",
      "resolver of VPC eu-west: forwards what is about consul",
      "eu-west/dns-outbound/10.1.10.4: asks 10.0.10.11, port 8600, about agent-service.consul",
      "unbound of us-west/api-1: answers about consul itself",
    ]);
  });

  it("are not answered where the endpoint's group, or the name server's, closes the way", () => {
    const closed = (part: string, direction: string): Prover =>
      spoiled((plan) => ({
        ...plan,
        regions: plan.regions.map((region) => ({
          ...region,
          securityGroups: region.securityGroups.map((group) =>
            group.name === part
              ? { ...group, rules: group.rules.filter((rule) => rule.direction !== direction) }
              : group,
          ),
        })),
      }));
    const told = (prover: Prover): string => resolved(prover, "eu-west/api-1", "agent-service.consul");
    expect(told(closed("dns-outbound", "egress"))).toContain(
      "security groups dns-outbound of eu-west: no egress rule matches",
    );
    expect(told(closed("discovery", "ingress"))).toMatch(
      /network interface of us-west\/api-1.*no ingress rule/,
    );
    expect(told(closed("monitoring", "ingress"))).toBe("10.0.10.11, 10.1.10.11");
  });

  it("are not answered by a name server that is down, nor asked for by a host whose rules drop questions", () => {
    const down = new Prover(withoutHosts(prod.world, ["us-west/api-1"]));
    expect(resolved(down, "eu-west/api-1", "agent-service.consul")).toContain("it is down");
    const mute = spoiled((plan) => withOutput(plan, "us-west/api-2", ["udp dport 53 drop"]));
    expect(resolved(mute, "us-west/api-2", "ws.blackroad.io")).toBe(
      "none: us-west/api-2: cannot look up ws.blackroad.io: us-west/api-2, nftables, chain output: udp dport 53 drop",
    );
    expect(resolved(mute, "us-west/api-3", "ws.blackroad.io")).toBe("public-address of us-west/lb-1");
  });

  it("of a machine come from the name servers of its links, where those can be asked", () => {
    const { legs } = ask(prod, "edge-home/lucidia", "ws.blackroad.io");
    expect(decisions(legs)[0]).toBe("edge-home/lucidia: asks 1.1.1.1 about ws.blackroad.io");
    const servers = (plan: NetworkPlan, list: readonly string[]): NetworkPlan => ({
      ...plan,
      hosts: plan.hosts.map((host) => ({
        ...host,
        generation: {
          ...host.generation,
          interfaces: host.generation.interfaces.map((link) => ({ ...link, nameservers: list })),
        },
      })),
    });
    // unbound of the Pi asks the hub through the tunnel, and the hub its VPC's resolver.
    const byHub = spoiled((plan) => servers(plan, ["192.168.4.38"]));
    expect(resolved(byHub, "edge-home/blackroad-pi", "redis.blackroad.internal")).toBe("10.0.10.50");
    const lost = spoiled((plan) => servers(plan, ["192.168.4.64"]));
    const without = new Prover(withoutHosts(lost.world, ["edge-home/blackroad-pi"]));
    expect(resolved(without, "edge-home/lucidia-alt", "ws.blackroad.io")).toMatch(
      /cannot look up .*it is down/,
    );
  });
});
