/** What is wrong with a network whatever is meant: each finding fires, and none does on a network that is whole. */
import { describe, expect, it } from "vitest";
import { verifyUnmeant } from "../../../../components/proof/verify/unmeant.ts";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import { ingress, routes, type Change } from "../describe/changes.ts";
import { permission, to } from "../describe/network.ts";
import { describedWith } from "../describe/questions.ts";
import { planned } from "./subject.ts";

function found(...changes: readonly Change[]): string[] {
  const { findings } = verifyUnmeant(describedWith(changes).world);
  return findings.map(({ rule, path, message }) => `${rule} @ ${path}: ${message}`);
}

describe("a network that AWS described", () => {
  it("is asked for every two of its hosts and the internet, and has nothing wrong", () => {
    const { findings, pairs, undecided, doubt } = verifyUnmeant(describedWith([]).world);
    expect([findings, undecided, doubt]).toEqual([[], 0, undefined]);
    const { hosts } = describedWith([]).world;
    expect(pairs).toBeGreaterThan(hosts.size * (hosts.size - 1));
  });

  it("loses answers where a peering has a route on one side alone", () => {
    expect(found(routes("rtb-0b0", "10.0.0.0/16"))).toEqual([
      "routes/asymmetric @ rtb-0b0: loses answers: 22/tcp from i-0eb gets to i-0db (10.1.0.10), and the answer does not come back: route table of subnet-0b1: has no route there.",
    ]);
  });

  it("has a route that leads nowhere, whoever uses it", () => {
    const gone = to("10.77.0.0/16", { State: "blackhole", NatGatewayId: "nat-0dead" });
    expect(found(routes("rtb-0a1", undefined, gone))).toEqual([
      "routes/black-hole @ rtb-0a1: drops what subnet-0a1 sends to 10.77.0.0/16: the route is a blackhole: its target is gone.",
    ]);
  });

  it("may close whatever it likes", () => {
    expect(found(ingress("sg-0eb", permission("tcp", 1, 1, {})))).toEqual([]);
  });

  it("is not said to be whole where nobody can tell what passes", () => {
    const beyond = to("10.1.0.0/16", { TransitGatewayId: "tgw-0a" });
    const told = verifyUnmeant(describedWith([routes("rtb-0a1", "10.1.0.0/16", beyond)]).world);
    expect(told.undecided).toBeGreaterThan(0);
    expect(told.doubt).toMatch(/^from i-0eb to i-0db \(10\.1\.0\.10\): route table of subnet-0a1: /);
  });
});

it("finds nothing on prod either", () => {
  const { findings, undecided } = verifyUnmeant(buildWorld(planned("prod").plan));
  expect([findings, undecided]).toEqual([[], 0]);
});
