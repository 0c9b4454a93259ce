/** The vocabulary of faults that both simulated clouds share. */
import { expect, it } from "vitest";
import { awsFaultRules, type FaultCall } from "../../../sandbox/services/aws/faults.ts";
import { cloudflareFaultRules } from "../../../sandbox/services/cloudflare/faults.ts";
import { FaultPlan } from "../../../sandbox/services/faults.ts";

const urn = "urn:pulumi:sandbox::blackroad-network::aws:ec2/vpc:Vpc::us-west";
const create: FaultCall = { method: "create", type: "aws:ec2/vpc:Vpc", urn };

it("hits the calls from the n-th on, so many times, and says how far it is", () => {
  const plan = new FaultPlan(awsFaultRules);
  plan.add({ fault: "error", nth: 2, times: 2, match: "CreateVpc" });
  const met = Array.from({ length: 5 }, () => plan.meet(create)?.fault);
  expect(met).toEqual([undefined, "error", "error", undefined, undefined]);
  expect(plan.list()).toMatchObject({ faults: [{ id: 1, seen: 5, state: "done" }], holding: 0 });
});

it("a call runs into the fault that was set first, and counts for the others", () => {
  const plan = new FaultPlan(awsFaultRules);
  plan.add({ fault: "throttle" });
  plan.add({ fault: "drop", nth: 2 });
  expect([plan.meet(create)?.fault, plan.meet(create)?.fault]).toEqual(["throttle", "drop"]);
});

it("a held call stands still until it is released, its time is over, or its caller is gone", async () => {
  const plan = new FaultPlan(awsFaultRules);
  plan.add({ fault: "hold", when: "after", times: 3, seconds: 0.05 });
  expect(await plan.meet(create)?.hold()).toBe(false);
  expect(plan.list().faults[0]?.state).toBe("waiting");
  expect(await plan.meet(create)?.hold(Promise.resolve())).toBe(true);
  plan.clear();
  plan.add({ fault: "hold", when: "after" });
  const waiting = plan.answer(new URLSearchParams("state=applied&timeoutSeconds=20"));
  const held = plan.meet(create)?.hold();
  expect(await waiting).toMatchObject({ faults: [{ state: "applied" }], holding: 1 });
  expect(plan.clear()).toEqual({ faults: [], holding: 0 });
  expect(await held).toBe(false);
});

it("aws counts by itself only what changes something; cloudflare counts every call", () => {
  expect(awsFaultRules.counts({ ...create, method: "read" }, undefined)).toBe(false);
  expect(awsFaultRules.counts({ ...create, method: "read" }, { method: "read" })).toBe(true);
  expect(awsFaultRules.counts(create, "::us-west")).toBe(true);
  const get = { method: "GET", path: "/client/v4/zones" };
  expect(cloudflareFaultRules.counts(get, undefined)).toBe(true);
  expect(cloudflareFaultRules.counts(get, "GET /client")).toBe(true);
  expect(cloudflareFaultRules.counts(get, { path: "zones$" })).toBe(true);
  expect(cloudflareFaultRules.counts(get, { path: "zones/" })).toBe(false);
});

it.each([
  [null, "must be an object"],
  [{ fault: "flood" }, "fault must be one of throttle, error, timeout, drop, hold, die"],
  [{ fault: "drop", nth: 1.5 }, "nth must be a whole number from 1 on"],
  [{ fault: "drop", times: 0 }, "times must be a whole number from 1 on"],
  [{ fault: "drop", when: "never" }, "when must be one of before, during, after"],
  [{ fault: "die", when: "during" }, "only cloudflare's fault die"],
  [{ fault: "throttle", when: "after" }, "what is throttled is not done"],
  [{ fault: "drop", seconds: 1 }, "seconds mean nothing for the fault drop"],
  [{ fault: "throttle", seconds: 1 }, "seconds mean nothing for the fault throttle"],
  [{ fault: "hold", seconds: Infinity }, "seconds must be a number from 0 to"],
  [{ fault: "drop", match: { path: "x" } }, "for any of type, method, urn"],
  [{ fault: "drop", match: { urn: 1 } }, "match must be a text"],
])("aws refuses %j", (request, reason) => {
  expect(() => new FaultPlan(awsFaultRules).add(request)).toThrow(reason);
});

it("cloudflare's path must be a regular expression", () => {
  const plan = new FaultPlan(cloudflareFaultRules);
  expect(() => plan.add({ fault: "drop", match: { path: "(" } })).toThrow("Invalid regular expression");
  expect(plan.add({ fault: "throttle" }).seconds).toBe(1);
});

it("logs what is set and what comes of it", () => {
  const lines: string[] = [];
  const plan = new FaultPlan(awsFaultRules, (line) => lines.push(line));
  plan.add({ fault: "drop", nth: 2 });
  plan.meet(create);
  plan.meet(create);
  plan.clear();
  plan.clear();
  expect(lines).toEqual([
    'fault set: {"id":1,"fault":"drop","nth":2,"times":1,"when":"before"}',
    "a call runs into fault 1: drop before its change",
    "faults cleared",
  ]);
});
