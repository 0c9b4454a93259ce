/** The networks on which packets are compared with the proof, beside the one that runs: drawn here, and not made. */
import { describe, expect, it } from "vitest";
import { networkOf } from "../../../cli/prove/network.ts";
import { allQuestions, changedQuestions } from "../../../cli/prove/questions.ts";
import { subjectsOf } from "../../../cli/prove/subjects.ts";
import { kindsAnew, kindsInPlace, mutations, type Drawn } from "../../sandbox/mutations.ts";
import { mutatedNetworks } from "../../sandbox/proven-mutation.ts";
import { ask, planWith, stopping } from "../proof/subject.ts";
import { groundOf, mentionedBy, prod } from "./subject.ts";

const both = planWith(
  ["regions us-west ipv6", "hosts"],
  ["regions eu-west ipv6", "hosts"],
  ["securityGroups public ingress 0 source", "anywhere"],
);

function first<T>(items: Iterable<T>, count: number): T[] {
  const found: T[] = [];
  for (const item of items) if (found.push(item) === count) break;
  return found;
}

function drawn(plan: typeof both, seed: number, count: number, all = true): Drawn[] {
  return first(mutations(plan, seed, all), count);
}

describe("networks that differ in one place", () => {
  it("are of every kind, each network once, in an order that follows from the seed", () => {
    const kinds = Object.keys({ ...kindsInPlace, ...kindsAnew });
    expect(new Set(drawn(both, 1, kinds.length).map(({ kind }) => kind))).toEqual(new Set(kinds));
    const words = (seed: number): string[] => drawn(both, seed, 200).map((each) => each.words);
    expect(words(1)).toEqual(words(1));
    expect(words(2)).not.toEqual(words(1));
    expect(new Set(words(1)).size).toBe(200);
  });

  it("leave the stack's state true where they are to", () => {
    const kinds = new Set(drawn(both, 1, 100, false).map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(Object.keys(kindsInPlace)));
  });

  it("are of either family", () => {
    const words = drawn(both, 3, 400).map((each) => each.words);
    expect(words).toContainEqual(expect.stringMatching(/ipv6.* (?:leads to|is gone)/));
    expect(words).toContainEqual(expect.stringMatching(/becomes \{"cidrIpv6"/));
    expect(words).toContainEqual(expect.stringMatching(/becomes \{"cidrIpv4"/));
    expect(
      new Set(drawn(planWith(), 3, 100).flatMap((each) => /cidrIpv6|\/ipv6-/.exec(each.words)?.[0] ?? [])),
    ).toEqual(new Set());
  });

  it("change what the proof says, and nothing of who is there", () => {
    const ground = groundOf(prod.plan);
    const questions = (network: typeof prod): ReturnType<typeof allQuestions> =>
      allQuestions(network.prover, subjectsOf(network.prover, ground), mentionedBy(network));
    const before = questions(prod);
    const gone = drawn(prod.plan, 1, 60).find(({ kind }) => kind === "peering");
    const without = networkOf(gone?.plan ?? prod.plan);
    const changed = changedQuestions(questions(without), before, { sampled: 0, seed: 1 });
    expect(changed.length).toBeGreaterThan(20);
    expect(
      changed.every(({ asker, target }) => [asker.name, target.owner].some((one) => one.includes("west"))),
    ).toBe(true);
    expect(without.plan.hosts).toEqual(prod.plan.hosts);
  });

  it("keep every tunnel as it is", () => {
    const words = first(mutatedNetworks(prod, 5, true), 80).map(({ mutation }) => mutation.words);
    expect(words).not.toContainEqual(expect.stringMatching(/hub-1 has no Elastic IP/));
    expect(words).toContainEqual(expect.stringMatching(/lb-\d has no Elastic IP/));
  });
});

describe("a NAT gateway that is gone", () => {
  it("leaves its routes behind, which lead nowhere", () => {
    const [gone] = drawn(prod.plan, 1, 60).filter(
      ({ kind, words }) => kind === "NAT gateway" && words.includes("us-west"),
    );
    const { prover } = networkOf(gone?.plan ?? prod.plan);
    expect(stopping(prover, "us-west/api-1", "198.51.100.9", "443/tcp")).toBe(
      "NAT gateway us-west/nat/us-west-2a: is not there any more",
    );
    expect(ask(prod.prover, "us-west/api-1", "198.51.100.9", "443/tcp").traffic).not.toBe(0);
  });
});
