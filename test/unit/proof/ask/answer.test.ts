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
    ["us-west/api-1 us-west/redis-1 icmpv6", "unknown", "the family of addresses has no such traffic"],
    ["us-west/api-1 us-west/redis-1 tcp/6379", "pass", "it gets there"],
    ["us-west/api-1 us-west/redis-1 6379/TCP,9100/tcp", "pass", "it gets there"],
    ["us-west/api-1 us-west/redis-1 any", "blocked", "only 6379/tcp, 9100/tcp of it passes"],
    ["US-WEST/Api-1 REDIS-1 6379/tcp", "pass", "it gets there"],
    ["::ffff:10.0.10.11 10.0.10.50/32 6379/tcp", "pass", "it gets there"],
    ["192.168.4.0/24 lucidia 53/udp", "pass", "it gets there"],
    ["us-west/api-1 127.0.0.1 80/tcp", "unknown", "127.0.0.1 is each host's own loopback"],
    ["::1 us-west/api-1 80/tcp", "unknown", "::1 is each host's own loopback"],
    ["0.0.0.0 us-west/api-1 80/tcp", "unknown", "0.0.0.0 names no host"],
    ["us-west/api-1 224.0.0.251 5353/udp", "unknown", "224.0.0.251 is a multicast group"],
    ["us-west/api-1 255.255.255.255 67/udp", "unknown", "255.255.255.255 is a broadcast"],
    ["us-west/api-1 250.1.2.3 67/udp", "unknown", "250.1.2.3 is reserved"],
    ["us-west/api-1 fe80::1 80/tcp", "unknown", "fe80::1 means something on one link alone"],
    ["lucidia 192.168.4.255 80/udp", "unknown", "192.168.4.255 is a broadcast"],
    [
      "lucidia 192.168.4.0 80/udp",
      "unknown",
      "192.168.4.0 is the address of the network 192.168.4.0/24 itself",
    ],
    ["us-west/api-1 10.0.10.255 80/tcp", "blocked", "VPC us-west: nobody has the address"],
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
    ["us-west/api-1 lucidia 90-80/tcp", "90-80/tcp is no traffic: a range runs upwards, 80-90/tcp"],
    ["us-west/api-1 lucidia 0/tcp", "0/tcp is no traffic: nothing listens on port 0"],
    ["us-west/api-1 lucidia 65536/tcp", "65536/tcp is no traffic: ports end at 65535"],
    ["us-west/api-1 lucidia 1-70000/udp", "1-70000/udp is no traffic: ports end at 65535"],
    ["us-west/api-1 lucidia 80/tcp,", "nothing is asked about"],
    ["us-west/api-1 lucidia 80/sctp", "80/sctp is no traffic"],
    ["us-west/api-1 lucidia -1/tcp", "-1/tcp is no traffic"],
    ["us-west/api-1:private lucidia all", "after a host's name comes :public, :vpn or :ipv6, or nothing"],
    ["010.0.10.11 lucidia all", "010.0.10.11 is no address: its parts have no leading zeros"],
    ["10.0.10.256 lucidia all", "10.0.10.256 is no address"],
    ["2001:db8::g1:: lucidia all", "there is no 2001:db8::g1::"],
    ["2001:db8::1::2 lucidia all", "2001:db8::1::2 is no address"],
    ["10.0.10.0/24 lucidia all", "10.0.10.0/24 is a network: name one address in it, or a host"],
    ["i-0123456789abcdef0 lucidia all", "a plan knows no ids, which --describe does"],
    ["internet operator 443/tcp", "internet and operator are both outside"],
    ["9.9.9.9 8.8.8.8 443/tcp", "9.9.9.9 and 8.8.8.8 are both outside"],
    ["192.168.4.77 192.168.4.77 443/tcp", "are one device, and what it sends to itself never leaves it"],
  ])("%s is wrong", (line, says) => {
    expect(() => ask(prod, line)).toThrow(says);
  });

  it("is spelled in one way, by which the answer is told", () => {
    const told = ask(prod, "us-west/api-1 redis-1 TCP:6379,Any");
    expect(told.traffic).toBe("6379/tcp, all");
    expect(ask(prod, "us-west/api-1 redis-1 080-0443/UDP").traffic).toBe("80-443/udp");
    expect(ask(prod, "us-west/api-1 redis-1 Ping").traffic).toBe("icmp");
  });

  it("about two devices of one network is about two addresses, the given ones kept", () => {
    const ends = (line: string): unknown => ask(prod, line).forward.at(-1)?.after;
    expect(ends("edge-home edge-home 22/tcp")).toEqual({ from: "192.168.4.254", to: "192.168.4.253" });
    expect(ends("192.168.4.254 edge-home 22/tcp")).toEqual({ from: "192.168.4.254", to: "192.168.4.253" });
    expect(ends("edge-home 192.168.4.254 22/tcp")).toEqual({ from: "192.168.4.253", to: "192.168.4.254" });
  });

  it("of a host about itself stays within it: only its own table looks at it, on its loopback interface", () => {
    const told = ask(prod, "us-west/api-1 us-west/api-1 5/tcp");
    expect(told.verdict).toBe("pass");
    expect(told.forward.map(({ action }) => action)).toEqual([
      "sends it to itself",
      'accept: iifname "lo" accept',
      "arrives by lo",
    ]);
    expect(told.return).toHaveLength(3);
    // By another link's address too, and not by one that the internet gateway alone knows.
    expect(ask(prod, "us-west/hub-1 us-west/hub-1:vpn 5/tcp").forward.at(-1)?.action).toBe("arrives by lo");
    const outside = ask(prod, "us-west/lb-1 us-west/lb-1:public 443/tcp");
    expect(outside.forward.map(({ place }) => place)).toContain("internet gateway of us-west");
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
    const operator = ask(subject, "operator us-west/hub-1 22/tcp");
    expect(operator.verdict).toBe("pass");
    expect(operator.conditions).toEqual([
      "operator.cidrs is filled in: it still says REPLACE-ME, and 192.0.2.0 stands for the operator",
    ]);
    expect(ask(subject, "us-west/lb-1 operator 443/tcp").conditions).toHaveLength(1);
    expect(ask(subject, "us-west/lb-1 internet 443/tcp").conditions).toEqual([]);
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
