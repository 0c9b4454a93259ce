import { describe, expect, it } from "vitest";
import { networkOf } from "../../../cli/prove/network.ts";
import { askable, mentionedPorts, trafficEdges } from "../../../cli/prove/ports.ts";
import { allQuestions, changedQuestions, countPorts, type Question } from "../../../cli/prove/questions.ts";
import { isAskable, subjectsOf } from "../../../cli/prove/subjects.ts";
import type { NetworkPlan } from "../../../components/plan/model.ts";
import { portTraffic } from "../../../components/proof/sets/traffic.ts";
import { union } from "../../../components/proof/sets/intervals.ts";
import { parseListening } from "../../../sandbox/prove/listening.ts";
import { planWith } from "../proof/subject.ts";
import { groundOf, mentionedBy, prod } from "./subject.ts";

const ground = groundOf(prod.plan);
const subjects = subjectsOf(prod.prover, ground);
const all = allQuestions(prod.prover, subjects, mentionedBy(prod));
const named = ({ asker, target }: Question): string => `${asker.name} ${target.owner} ${target.kind}`;

describe("ports to ask about", () => {
  it("are those at which traffic begins and ends, and their neighbours", () => {
    expect(trafficEdges(portTraffic("tcp", 22))).toEqual([21, 22, 23]);
    expect(trafficEdges(union(portTraffic("tcp", 8080, 8090), portTraffic("udp", 53)))).toEqual([
      52, 53, 54, 8079, 8080, 8090, 8091,
    ]);
    expect(trafficEdges(portTraffic("tcp", 0, 65535))).toEqual([65535]);
    expect(askable([65536, 0, -1, 80, 22, 80])).toEqual([22, 80]);
  });

  it("are what groups, ACLs, firewalls, services and tunnels name", () => {
    const ports = mentionedPorts(prod.plan);
    expect(ports.get("us-west/hub-1")).toEqual(expect.arrayContaining([51819, 51820, 51821, 22, 8888, 1024]));
    expect(ports.get("coral-reef/node-1")).toEqual(
      expect.arrayContaining([2048, 2049, 2050, 2379, 2380, 2381]),
    );
    expect(ports.get("coral-reef/node-1")).not.toContain(51820);
  });

  it("are what listens, but on the loopback's addresses", () => {
    const shown = [
      "udp   UNCONN 0      0            0.0.0.0:51820      0.0.0.0:*          ",
      "tcp   LISTEN 0      128             [::]:22            [::]:*          ",
      "tcp   LISTEN 0      128        127.0.0.1:5432       0.0.0.0:*          ",
      "tcp   LISTEN 0      128            [::1]:5432          [::]:*          ",
      "udp   UNCONN 0      0       10.0.1.10%eth0:68        0.0.0.0:*          ",
      "",
    ];
    expect(parseListening(shown.join("\n"))).toEqual([22, 68, 51820]);
  });
});

describe("questions", () => {
  it("are asked between all, in both directions, about every address", () => {
    const hosts = prod.plan.hosts.map(({ key }) => key);
    const askers = [...hosts, ...[...prod.prover.world.segments.keys()].map((key) => `device ${key}`)];
    const pairs = new Set(all.map(({ asker, target }) => `${asker.name} > ${target.owner}`));
    const missing = [...askers, "stranger"].flatMap((from) =>
      [...askers, "stranger", "operator"]
        .filter((to) => from !== to && !pairs.has(`${from} > ${to}`))
        .map((to) => `${from} > ${to}`),
    );
    expect(missing).toEqual([]);
    const kinds = all.filter(
      ({ asker, target }) => asker.name === "stranger" && target.owner === "us-west/hub-1",
    );
    expect(kinds.map(({ target }) => target.kind).sort()).toEqual(["private", "public", "tunnel"]);
    expect(all.some((question) => named(question) === "us-west/api-1 router of edge-home public")).toBe(true);
    expect(all.some((question) => named(question).includes("NAT gateway"))).toBe(true);
  });

  it("have both sides' ports, for TCP and UDP, and an echo", () => {
    const found = all.find((question) => named(question) === "coral-reef/node-1 us-west/hub-1 public");
    expect(found?.ports.tcp).toEqual(expect.arrayContaining([2050, 51820, 51821]));
    expect(found?.ports.udp).toEqual(found?.ports.tcp);
    expect(found?.ports.echo).toEqual([0]);
  });

  it("are not the operator's about private addresses: it has a leg on each LAN", () => {
    const operator = subjects.askers.find(({ name }) => name === "operator");
    const about = subjects.targets.filter((target) => operator !== undefined && isAskable(operator, target));
    expect(new Set(about.map(({ kind }) => kind))).toEqual(new Set(["public"]));
  });

  it("can be chosen by who asks and who is asked", () => {
    const some = allQuestions(prod.prover, subjects, mentionedBy(prod), {
      from: ["stranger"],
      to: ["us-west/lb-1"],
    });
    expect(some.map(named)).toEqual(["stranger us-west/lb-1 private", "stranger us-west/lb-1 public"]);
  });
});

/** The plan with one port of one group's rules moved. */
function withPort(plan: NetworkPlan, from: number, to: number): NetworkPlan {
  return {
    ...plan,
    regions: plan.regions.map((region) => ({
      ...region,
      securityGroups: region.securityGroups.map((group) => ({
        ...group,
        rules: group.rules.map((rule) =>
          group.key === "us-west/monitoring" && rule.direction === "ingress" && rule.ports?.from === from
            ? { ...rule, ports: { from: to, to } }
            : rule,
        ),
      })),
    })),
  };
}

describe("what has changed", () => {
  const none = { sampled: 0, seed: 1 };

  it("is nothing where nothing has", () => {
    expect(changedQuestions(all, all, none)).toEqual([]);
  });

  it("is asked at the ports whose verdict differs, and at no others", () => {
    const moved = networkOf(withPort(planWith(), 9100, 9101));
    const after = allQuestions(moved.prover, subjectsOf(moved.prover, ground), mentionedBy(moved));
    const changed = changedQuestions(after, all, none);
    const between = changed.filter(
      ({ asker, target }) => asker.name === "us-west/prometheus-1" && target.owner === "us-west/redis-1",
    );
    expect(between.map(({ ports }) => ports)).toEqual([
      { tcp: expect.arrayContaining([9100]) as number[], udp: [9099, 9100, 9101], echo: [] },
    ]);
    expect(changed.length).toBeLessThan(all.length / 2);
    expect(changed.flatMap(({ ports }) => ports.tcp).every((port) => port > 9098 && port < 9103)).toBe(true);
  });

  it("is all of what was not there before", () => {
    const without = all.filter(({ asker }) => asker.name !== "stranger");
    const changed = changedQuestions(all, without, none);
    expect(new Set(changed.map(({ asker }) => asker.name))).toEqual(new Set(["stranger"]));
    const count = (questions: readonly Question[]): number =>
      questions.reduce((sum, question) => sum + countPorts(question), 0);
    expect(count(changed)).toBeGreaterThanOrEqual(
      count(all.filter(({ asker }) => asker.name === "stranger")),
    );
  });

  it("comes with a sample of the rest, the same for the same seed", () => {
    const count = (seed: number): number =>
      changedQuestions(all, all, { sampled: 2000, seed }).reduce(
        (sum, question) => sum + countPorts(question),
        0,
      );
    expect(count(5)).toBeGreaterThan(1500);
    expect(count(5)).toBeLessThan(2500);
    expect(changedQuestions(all, all, { sampled: 2000, seed: 5 })).toEqual(
      changedQuestions(all, all, { sampled: 2000, seed: 5 }),
    );
    expect(changedQuestions(all, all, { sampled: 2000, seed: 5 })).not.toEqual(
      changedQuestions(all, all, { sampled: 2000, seed: 6 }),
    );
  });
});
