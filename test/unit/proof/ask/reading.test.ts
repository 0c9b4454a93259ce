/**
 * Answers read again. Whatever a hop says that a gate of AWS's did, is looked up in the plan and judged by another
 * reading of the rule than the proof's, on networks in which something is missing.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { includes, parseAddress, rangeOf } from "../../../../components/config/ip.ts";
import type { NetworkAclRulePlan, NetworkPlan, SecurityRulePlan } from "../../../../components/plan/model.ts";
import type { Verdict } from "../../../../components/proof/ask/answer.ts";
import type { Hop } from "../../../../components/proof/ask/hops.ts";
import { groupRuleText } from "../../../../components/proof/rules/security-group.ts";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import { holds } from "../seeded.ts";
import { ask, networkWith, planOf } from "./subject.ts";

const whole = planOf(networkWith());

const without = <Item>(items: readonly Item[], at: number): Item[] =>
  items.filter((_, index) => index !== at);

/** Something missing: by kind, where, and which of those that there are. */
const losses: Readonly<Record<string, (plan: NetworkPlan, where: number, which: number) => NetworkPlan>> = {
  groupRule: (plan, where, which) =>
    inRegion(plan, where, (region) => {
      const at = which % region.securityGroups.length;
      return {
        securityGroups: region.securityGroups.map((group, index) =>
          index === at
            ? { ...group, rules: without(group.rules, where % Math.max(1, group.rules.length)) }
            : group,
        ),
      };
    }),
  aclRule: (plan, where, which) =>
    inRegion(plan, where, (region) => {
      const at = which % region.networkAcls.length;
      return {
        networkAcls: region.networkAcls.map((acl, index) =>
          index === at ? { ...acl, rules: without(acl.rules, where % acl.rules.length) } : acl,
        ),
      };
    }),
  route: (plan, where, which) =>
    inRegion(plan, where, (region) => ({
      routeTables: region.routeTables.map((table, index) =>
        index === which % region.routeTables.length
          ? { ...table, routes: without(table.routes, where % Math.max(1, table.routes.length)) }
          : table,
      ),
    })),
  tableRule: (plan, where, which) => ({
    ...plan,
    hosts: plan.hosts.map((host, index) => {
      if (index !== where % plan.hosts.length) return host;
      const chains = host.generation.chains.map((chain) => ({
        ...chain,
        rules: without(chain.rules, which % Math.max(1, chain.rules.length)),
      }));
      return { ...host, generation: { ...host.generation, chains } };
    }),
  }),
};

function inRegion(
  plan: NetworkPlan,
  where: number,
  change: (region: NetworkPlan["regions"][number]) => Partial<NetworkPlan["regions"][number]>,
): NetworkPlan {
  const at = where % plan.regions.length;
  return {
    ...plan,
    regions: plan.regions.map((region, index) => (index === at ? { ...region, ...change(region) } : region)),
  };
}

/** What is at a gate: protocol, and the ports that all of it goes to. */
interface Packet {
  readonly protocol: string;
  readonly ports: readonly number[];
}

/** The client's port may be any of its range: its ends stand for it, and one between them. */
function packetOf(shown: string, isBack: boolean): Packet {
  const [, port, protocol = "icmp"] = /^(\d+)\/(tcp|udp)$/.exec(shown) ?? [];
  if (port === undefined) return { protocol, ports: [] };
  return { protocol, ports: isBack ? [32768, 45000, 60999] : [Number(port)] };
}

function isIn(cidr: string, address: string): boolean {
  if (cidr === "0.0.0.0/0") return true;
  const point = parseAddress(address);
  // An Elastic IP before it exists is in no narrower network for sure.
  return point !== undefined && includes(rangeOf(cidr), point);
}

type Ports = { readonly from: number; readonly to: number } | undefined;

function takes(rule: { readonly protocol: string; readonly ports: Ports }, packet: Packet): boolean {
  if (rule.protocol !== "all" && rule.protocol !== packet.protocol) return false;
  const { ports } = rule;
  return ports === undefined || packet.ports.every((port) => ports.from <= port && port <= ports.to);
}

/**
 * A group names the private addresses of its members in its own VPC: AWS lets no rule name one over a peering between
 * regions (vpc/latest/peering/vpc-peering-security-groups.html).
 */
function isPeer(plan: NetworkPlan, region: string, { peer }: SecurityRulePlan, address: string): boolean {
  if (peer.kind === "cidr") return typeof peer.cidr === "string" && isIn(peer.cidr, address);
  return plan.hosts.some(
    (host) => host.address === address && host.instance?.securityGroups.includes(`${region}/${peer.group}`),
  );
}

function readGroups(plan: NetworkPlan, hop: Hop, packet: Packet): void {
  const host = plan.hosts.find(({ key }) => hop.place === `network interface of ${key}`);
  if (host?.instance === undefined || hop.gate === undefined) throw new Error(`${hop.place} is no instance`);
  const { gate } = hop;
  const direction = hop.gate.rule.includes("ingress") ? "ingress" : "egress";
  const other = direction === "ingress" ? hop.before.from : hop.before.to;
  const groups = plan.regions
    .flatMap(({ key, securityGroups }) => securityGroups.map((group) => ({ region: key, group })))
    .filter(({ group }) => host.instance?.securityGroups.includes(group.key));
  const matching = groups.flatMap(({ region, group }) =>
    group.rules
      .filter(
        (rule) => rule.direction === direction && takes(rule, packet) && isPeer(plan, region, rule, other),
      )
      .map((rule) => `security group ${group.key}: ${groupRuleText(rule)}`),
  );
  if (gate.verdict === "accept") expect(matching).toContain(`${gate.name}: ${gate.rule}`);
  else expect([gate.verdict, ...matching]).toEqual(["drop"]);
}

function readAcl(plan: NetworkPlan, hop: Hop, packet: Packet): void {
  const acl = plan.regions
    .flatMap(({ networkAcls }) => networkAcls)
    .find(({ key }) => hop.gate?.name === `network ACL ${key}`);
  if (acl === undefined || hop.gate === undefined) throw new Error(`no ACL ${hop.gate?.name ?? ""}`);
  expect(acl.subnets).toContain(hop.place);
  const { rule: said, verdict } = hop.gate;
  const direction = said.includes("ingress") ? "ingress" : "egress";
  const other = direction === "ingress" ? hop.before.from : hop.before.to;
  const isMet = ({ cidr, icmpType, ...rule }: NetworkAclRulePlan): boolean =>
    rule.direction === direction &&
    icmpType === undefined &&
    takes(rule, packet) &&
    typeof cidr === "string" &&
    isIn(cidr, other);
  const met = acl.rules.filter(isMet).map(({ number }) => number);
  const first = met.length === 0 ? undefined : Math.min(...met);
  const number = /^rule (\d+): /.exec(said)?.[1];
  if (verdict === "accept") expect(Number(number)).toBe(first);
  else expect([verdict, first]).toEqual(["drop", undefined]);
}

/** @returns how many gates were read */
function read(plan: NetworkPlan, told: Verdict): number {
  const ways = [told.forward, told.return] as const;
  let count = 0;
  for (const [index, hops] of ways.entries()) {
    const isBack = index === 1;
    const packet = packetOf(told.shown, isBack);
    // Behind NAT the client's ports are others, and echo replies are of another type.
    const isPlain = packet.ports.length > 0 && !told.forward.some(({ place }) => place.startsWith("NAT"));
    for (const hop of hops) {
      const name = hop.gate?.name ?? "";
      if (name.startsWith("security group") && !isBack) readGroups(plan, hop, packet);
      else if (name.startsWith("network ACL") && (isPlain || !isBack)) readAcl(plan, hop, packet);
      else continue;
      count++;
    }
  }
  return count;
}

const hosts = whole.hosts.map(({ key }) => key);
const ends = fc.constantFrom(
  ...hosts,
  "internet",
  "operator",
  "edge-home",
  "us-west/lb-1:public",
  "us-west/hub-1:vpn",
);
const traffics = fc.constantFrom(
  "22/tcp",
  "443/tcp",
  "5432/tcp",
  "6379/tcp",
  "8080/tcp",
  "9100/tcp",
  "53/udp",
  "51820/udp",
);
const loss = fc.tuple(fc.constantFrom(...Object.keys(losses)), fc.nat(997), fc.nat(997));

it("says of each gate on the way what its rules in the plan say", () => {
  let count = 0;
  const seen = { pass: 0, blocked: 0, unknown: 0 };
  const questions = fc.array(fc.tuple(ends, ends, traffics), { minLength: 20, maxLength: 20 });
  holds(
    fc.property(fc.array(loss, { maxLength: 6 }), questions, (missing, asked) => {
      const plan = missing.reduce(
        (left, [kind, where, which]) => losses[kind]?.(left, where, which) ?? left,
        whole,
      );
      const subject = { world: buildWorld(plan) };
      for (const [from, to, traffic] of asked) {
        if ([from, to].every((end) => end === "internet" || end === "operator")) continue;
        const both = ask(subject, `${from} ${to} ${traffic}`);
        const there = ask(subject, `${from} ${to} ${traffic} forward`);
        seen[both.verdict]++;
        count += read(plan, both);
        // What comes back has got there before, and what gets there may still not come back.
        if (both.verdict === "pass") expect(there.verdict).toBe("pass");
        if (there.verdict === "blocked") expect(both.verdict).toBe("blocked");
        if (there.verdict !== "pass" || both.verdict !== "blocked") continue;
        expect(both.reason).toContain("the answer stops at ");
        expect(both.return.at(-1)?.stops).toBe(true);
        expect(both.forward.some(({ stops }) => stops)).toBe(false);
      }
    }),
    40,
  );
  // None of it was idle.
  expect(Math.min(seen.pass, seen.blocked, count / 10)).toBeGreaterThan(20);
});

describe("answers", () => {
  const withAcl = (
    tier: string,
    change: (rule: NetworkAclRulePlan) => readonly NetworkAclRulePlan[],
  ): NetworkPlan => ({
    ...whole,
    regions: whole.regions.map((region) => ({
      ...region,
      networkAcls: region.networkAcls.map((acl) =>
        acl.tier === tier ? { ...acl, rules: acl.rules.flatMap(change) } : acl,
      ),
    })),
  });
  const isAnswer = ({ direction, ports, cidr }: NetworkAclRulePlan): boolean =>
    direction === "ingress" && ports?.from === 1024 && cidr === "0.0.0.0/0";
  const verdict = (plan: NetworkPlan, line: string): Verdict => ask({ world: buildWorld(plan) }, line);

  it("are judged by the ACL of the subnet that they come into", () => {
    const deaf = withAcl("private", (rule) => (isAnswer(rule) ? [] : [rule]));
    const told = verdict(deaf, "us-west/api-1 internet 443/tcp");
    expect(told.reason).toBe(
      "the answer stops at us-west/private/us-west-2a, network ACL us-west/private: no ingress rule matches",
    );
    expect(told.return.at(-1)).toMatchObject({ stops: true, before: { to: "10.0.10.11" } });
    expect(verdict(deaf, "us-west/api-1 internet 443/tcp forward").verdict).toBe("pass");
  });

  it("come to any port from 1024 on where a NAT gateway asked, and to Linux's own where a host did", () => {
    const narrow = withAcl("public", (rule) =>
      isAnswer(rule) ? [{ ...rule, ports: { from: 32768, to: 60999 } }] : [rule],
    );
    expect(verdict(narrow, "us-west/lb-1 internet 443/tcp").verdict).toBe("pass");
    const told = verdict(narrow, "us-west/api-1 internet 443/tcp");
    expect(told.reason).toBe(
      "the answer stops at us-west/public/us-west-2a, network ACL us-west/public: no ingress rule matches",
    );
  });
});

describe("a rule that names a group", () => {
  it("names no member of the group of the same name over a peering", () => {
    const told = ask({ world: buildWorld(whole) }, "eu-west/api-1 us-west/redis-1 6379/tcp");
    expect(told.forward.map(({ place }) => place)).toContain("peering us-west/eu-west");
    expect(told.reason).toMatch(
      /^it stops at network interface of us-west\/redis-1, .*no ingress rule matches$/,
    );
  });

  it("names members by their private addresses, and not by those of the internet", () => {
    const plan = planOf(networkWith(["securityGroups.public.ingress[0].source", "sg-hub"]));
    const subject = { world: buildWorld(plan) };
    expect(ask(subject, "us-west/hub-1 us-west/lb-1 443/tcp").verdict).toBe("pass");
    // Out by the internet gateway and in again: the sender has its public address by then.
    const told = ask(subject, "us-west/hub-1 us-west/lb-1:public 443/tcp");
    expect(told.verdict).toBe("blocked");
    expect(told.forward.at(-1)?.before.from).toBe("public-address of us-west/hub-1");
  });
});
