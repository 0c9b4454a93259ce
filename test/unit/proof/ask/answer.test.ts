/** Questions and verdicts: what names mean, what is said of the way, and what cannot be told. */
import { describe, expect, it } from "vitest";
import { parseStackFile } from "../../../../cli/stack-file.ts";
import type { HostPlan } from "../../../../components/plan/model.ts";
import { answer } from "../../../../components/proof/ask/answer.ts";
import { parseAddress } from "../../../../components/proof/sets/addresses.ts";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import { filledFile } from "../../config/stack.ts";
import { ask, networkWith, planOf, putAt, subjectOf } from "./subject.ts";

const prod = subjectOf(networkWith());

describe("a question", () => {
  it.each([
    ["us-west/api-1 redis-1 6379/tcp", "pass", "it gets there, and so do the answers"],
    ["us-west/api-1 redis.blackroad.internal 6379/tcp", "pass", "it gets there, and so do the answers"],
    ["internet us-west/lb-1 443/tcp", "pass", "it gets there, and so do the answers"],
    ["internet ws.blackroad.io 443/tcp forward", "pass", "it gets there"],
    ["operator us-west/hub-1 22/tcp", "pass", "it gets there, and so do the answers"],
    ["203.0.113.7 us-west/hub-1 22/tcp", "pass", "it gets there, and so do the answers"],
    ["edge-home lucidia 53/udp", "pass", "it gets there, and so do the answers"],
    ["192.168.4.77 lucidia icmp", "pass", "it gets there, and so do the answers"],
    ["coral-reef/node-1 10.64.40.5 2049/tcp", "pass", "it gets there, and so do the answers"],
    ["lucidia us-west/hub-1:vpn icmp", "pass", "it gets there, and so do the answers"],
    ["lucidia us-west/hub-1:public 51820/udp", "pass", "it gets there, and so do the answers"],
    ["us-west/lb-1 redis-1 6379/tcp", "blocked", "network interface of us-west/redis-1"],
    ["internet us-west/hub-1 22/tcp", "blocked", "network ACL us-west/public: no ingress rule matches"],
    ["internet us-west/api-1 8080/tcp", "blocked", "internet: private addresses are not routed"],
    ["internet edge-home 22/tcp", "blocked", "router of edge-home: lets nothing in"],
    ["us-west/hub-1 lucidia 9999/tcp", "blocked", "edge-home/lucidia, nftables, chain input: policy drop"],
    ["us-west/api-1 10.0.10.200 22/tcp", "blocked", "VPC us-west: nobody has the address"],
    ["us-west/api-1 us-west/lb-1 443/udp", "blocked", "no ingress rule matches"],
    ["us-west/api-1 10.0.0.2 53/udp", "unknown", "10.0.0.2 is Amazon's DNS server"],
    ["us-west/api-1 169.254.169.254 80/tcp", "unknown", "169.254.169.254 is a service of Amazon's"],
    ["10.0.10.4 us-west/api-1 8600/udp", "unknown", "by which Route 53 Resolver asks"],
    ["lucidia 192.168.4.1 53/udp", "unknown", "192.168.4.1 is a router of others"],
    ["us-west/api-1 10.0.10.11 icmpv6", "unknown", "the family of addresses has no such traffic"],
  ])("%s: %s", (line, verdict, reason) => {
    const told = ask(prod, line);
    expect(told.reason).toContain(reason);
    expect(told.verdict).toBe(verdict);
    expect(told.change !== null || verdict !== "pass").toBe(true);
  });

  it.each([
    ["api-1 us-west/redis-1 6379/tcp", "api-1 may be eu-west/api-1 or us-west/api-1: say which"],
    ["us-west/api-9 us-west/redis-1 6379/tcp", "there is no us-west/api-9: did you mean us-west/api-1?"],
    ["lucidai us-west/redis-1 6379/tcp", "did you mean lucidia?"],
    ["redis.blackroad.internl us-west/redis-1 all", "did you mean redis.blackroad.internal?"],
    ["us-west us-west/redis-1 all", "us-west is a region: name one of its hosts"],
    ["coral-reef lucidia all", "coral-reef has several networks: say which of coral-reef/10.64.0.0/24"],
    ["us-west/api-1:public lucidia all", "us-west/api-1 has no public address"],
    ["us-west/api-1 us-west/hub-1:ipv6 all", "us-west/hub-1 has no ipv6 address"],
    ["10.0.10.200 lucidia all", "nobody has 10.0.10.200: nothing is sent from there"],
    ["us-west/api-1 lucidia 443", "443 is no traffic"],
    ["us-west/api-1 lucidia 90-80/tcp", "90-80/tcp is no traffic"],
  ])("%s is wrong", (line, says) => {
    expect(() => ask(prod, line)).toThrow(says);
  });

  it("knows hosts by other names, such as ids of instances", () => {
    const aliases = new Map([["i-0123", [{ host: "us-west/api-1" }]]]);
    expect(ask({ ...prod, aliases }, "i-0123 redis-1 6379/tcp")).toMatchObject({
      verdict: "pass",
      from: "us-west/api-1",
    });
  });

  it("about several kinds of traffic passes only if all of it does, and tells what is stopped where", () => {
    const told = ask(prod, "us-west/lb-1 us-west/api-1 8080-8091/tcp");
    expect(told).toMatchObject({
      verdict: "blocked",
      passes: "8080-8081/tcp",
      reason: "only 8080-8081/tcp of it passes",
      shown: "8082/tcp",
    });
    expect(told.stopped.map(({ traffic, place }) => [traffic, place.split(",")[0]])).toEqual([
      ["8091/tcp", "network interface of us-west/api-1"],
      ["8082-8090/tcp", "us-west/api-1"],
    ]);
    expect(ask(prod, "us-west/lb-1 us-west/api-1 8080-8081/tcp").verdict).toBe("pass");
    expect(ask(prod, "us-west/hub-1 edge-home all").verdict).toBe("pass");
  });
});

describe("what cannot be told", () => {
  // The host itself lets it pass: what is surely closed there hangs on nothing.
  const open = { port: 80, protocol: "tcp", source: "52.0.0.0/8" };

  it("hangs on a symbol, on the way there", () => {
    const subject = subjectOf(networkWith(["securityGroups.public.ingress[1]", open]));
    const told = ask(subject, "lucidia-alt us-west/lb-1:public 80/tcp");
    expect(told).toMatchObject({ verdict: "unknown", change: null });
    expect(told.reason).toContain("hangs on a symbol");
  });

  it("or on the way back, where an ACL looks at answers alone", () => {
    const plan = planOf(networkWith());
    const regions = plan.regions.map((region) => ({
      ...region,
      networkAcls: region.networkAcls.map((acl) => ({
        ...acl,
        rules: acl.rules.map((rule) =>
          acl.tier === "public" && rule.direction === "egress" && rule.cidr === "0.0.0.0/0"
            ? { ...rule, cidr: "52.0.0.0/8", protocol: "tcp" as const, ports: { from: 1024, to: 65535 } }
            : rule,
        ),
      })),
    }));
    const told = ask(
      subjectOf(networkWith(), { ...plan, regions }),
      "lucidia-alt us-west/lb-1:public 443/tcp",
    );
    expect(told.verdict).toBe("unknown");
    expect(told.reason).toContain("network ACL us-west/public: hangs on a symbol");
  });

  it("or on a tunnel that hangs on one", () => {
    const narrow = { port: 51820, protocol: "udp", source: "52.0.0.0/8" };
    const subject = subjectOf(networkWith(["securityGroups.hub.ingress[0]", narrow]));
    expect(ask(subject, "lucidia us-west/api-1 8080/tcp").verdict).toBe("unknown");
  });

  it("is a host's table that the proof cannot read", () => {
    const network = networkWith();
    const plan = planOf(network);
    const unreadable = (host: HostPlan): HostPlan => ({
      ...host,
      generation: {
        ...host.generation,
        chains: host.generation.chains.map((chain) => ({ ...chain, rules: ["meta skuid 0 accept"] })),
      },
    });
    const hosts = plan.hosts.map((host) => (host.key === "us-west/api-1" ? unreadable(host) : host));
    const told = ask(subjectOf(network, { ...plan, hosts }), "us-west/lb-1 us-west/api-1 8080/tcp");
    expect(told.verdict).toBe("unknown");
    expect(told.reason).toContain("cannot read the nftables rule");
  });

  it("is whether somebody is the operator where nobody has said who that is", () => {
    const network = networkWith(["operator.cidrs", ["192.0.2.0/32"]]);
    const subject = { ...subjectOf(network), unknownOperator: parseAddress("192.0.2.0") };
    expect(ask(subject, "9.8.7.6 us-west/hub-1 22/tcp").reason).toContain("still says REPLACE-ME");
    expect(ask(subject, "9.8.7.6 us-west/hub-1 22/tcp").verdict).toBe("unknown");
    expect(ask(subject, "9.8.7.6 us-west/lb-1 443/tcp").verdict).toBe("pass");
    expect(ask(subject, "9.8.7.6 us-west/hub-1 23/tcp").verdict).toBe("blocked");
    expect(ask(subject, "operator us-west/hub-1 22/tcp").verdict).toBe("pass");
  });
});

describe("the way", () => {
  const file = parseStackFile(filledFile("prod"), "prod", []);
  const subject = { ...subjectOf(file.network), lineOf: file.lineOf };
  const text = filledFile("prod").split("\n");

  it("is told both ways, with what decided and where that is written", () => {
    const told = ask(subject, "us-west/api-1 redis-1 6379/tcp");
    expect(told.forward.map(({ place, action }) => `${place}: ${action}`)).toEqual([
      "us-west/api-1: route 0.0.0.0/0 by eth0",
      "network interface of us-west/api-1: accept: egress all to 10.0.0.0/8",
      "network interface of us-west/redis-1: accept: ingress tcp 6379 from sg-internal",
      'us-west/redis-1: accept: ip saddr 10.0.0.0/16 tcp dport 6379 accept comment "Redis"',
      "us-west/redis-1: arrives by eth0",
    ]);
    expect(told.return.map(({ place, action }) => `${place}: ${action}`)).toEqual([
      "us-west/redis-1: route 0.0.0.0/0 by eth0",
      "network interface of us-west/redis-1: its security groups know the answer",
      "network interface of us-west/api-1: its security groups know the answer",
      "us-west/api-1: accept: ct state established,related accept",
      "us-west/api-1: arrives by eth0",
    ]);
    const rule = told.forward[2];
    expect(rule?.path).toBe("securityGroups.database.ingress[1]");
    expect(text[(rule?.line ?? 0) - 1]).toContain("port: 6379");
  });

  it("shows addresses before and after a translation", () => {
    const told = ask(subject, "us-west/api-1 internet 443/tcp");
    const nat = told.forward.find(({ place }) => place.startsWith("NAT gateway"));
    expect(nat).toMatchObject({
      before: { from: "10.0.10.11" },
      after: { from: "10.0.1.254" },
    });
    const gateway = told.forward.find(({ place }) => place.startsWith("internet gateway"));
    expect(gateway?.after.from).toBe("public-address of us-west/nat/us-west-2a");
    const back = told.return.find(({ place }) => place.startsWith("NAT gateway"));
    expect(back?.after.to).toBe("10.0.10.11");
    const inwards = ask(subject, "internet us-west/lb-1 443/tcp").forward[0];
    expect(inwards).toMatchObject({
      before: { to: "public-address of us-west/lb-1" },
      after: { to: "10.0.1.20" },
    });
  });

  it("ends where it stops", () => {
    const told = ask(subject, "internet us-west/hub-1 22/tcp");
    expect(told.forward.map(({ stops }) => stops)).toEqual([false, true]);
    expect(told.return).toEqual([]);
  });

  it("there may be free and the one back not", () => {
    const plan = planOf(networkWith());
    const regions = plan.regions.map((region) => ({
      ...region,
      routeTables: region.routeTables.map((table) => ({
        ...table,
        routes: table.routes.filter(({ destination }) => destination !== "10.200.0.0/24"),
      })),
    }));
    const oneWay = subjectOf(networkWith(), { ...plan, regions });
    const told = ask(oneWay, "lucidia us-west/api-1 8080/tcp");
    expect(told.verdict).toBe("blocked");
    expect(told.reason).toContain("the answer stops at ");
    expect(told.forward.at(-1)?.action).toBe("arrives by eth0");
    expect(told.return.at(-1)?.stops).toBe(true);
    const there = ask(oneWay, "lucidia us-west/api-1 8080/tcp forward");
    expect(there).toMatchObject({ verdict: "pass", return: [] });
  });

  it("of a network without a stack has no change, and says why", () => {
    const told = answer(
      { world: buildWorld(planOf(networkWith())) },
      { from: "us-west/lb-1", to: "redis-1", traffic: "6379/tcp", direction: "both" },
    );
    expect(told).toMatchObject({
      verdict: "blocked",
      change: null,
      noChange: "no stack's configuration describes this network",
    });
  });
});

it("somebody on the internet is nobody whom a rule means in particular", () => {
  const rule = { port: 8404, protocol: "tcp", source: "198.51.100.0/24" };
  const network = putAt(networkWith(), "securityGroups.public.ingress", (rules) => [
    ...(rules as unknown[]),
    rule,
  ]);
  expect(ask(subjectOf(network), "internet us-west/lb-2 8404/tcp").verdict).toBe("blocked");
  expect(ask(subjectOf(network), "198.51.100.9 us-west/lb-2 8404/tcp forward").reason).not.toContain(
    "security group",
  );
});
