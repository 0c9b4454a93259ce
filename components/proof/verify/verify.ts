/** Whether a network does what is meant, and nothing else: exact, over everybody, before anything is created. */
import { formatEndpoint } from "../../config/flows.ts";
import type { FlowPlan, NetworkPlan } from "../../plan/model.ts";
import { Prover } from "../prover.ts";
import { runs, union } from "../sets/intervals.ts";
import type { TrafficSet } from "../sets/traffic.ts";
import type { Origin } from "../rules/gate.ts";
import type { World } from "../world/model.ts";
import { compare, type Comparison, type Observation, type Shortfall } from "./compare.ts";
import { explainPass, explainStop, type Explanation, type Question } from "./explain.ts";
import { findingsOf } from "./findings/index.ts";
import { measure, type MeasuredFlow } from "./measure.ts";
import type { CheckedFlow, Verification, Violation, ViolationKind } from "./model.ts";
import { partiesOf } from "./parties.ts";
import { shortTraffic } from "./report.ts";

interface Case {
  readonly kind: ViolationKind;
  readonly from: string;
  readonly to: string;
  readonly traffic: string;
  readonly why: Explanation;
}

/** What differs in its ends alone is told once; the witness is the first one's. */
function together(cases: readonly Case[]): Violation[] {
  const byReason = new Map<string, { first: Case; from: Set<string>; to: Set<string> }>();
  for (const each of cases) {
    const { kind, traffic, why } = each;
    const key = [kind, traffic, why.rule, why.path, kind === "stopped" ? why.place : ""].join("\n");
    const known = byReason.get(key) ?? { first: each, from: new Set(), to: new Set() };
    known.from.add(each.from);
    known.to.add(each.to);
    byReason.set(key, known);
  }
  return [...byReason.values()].map(({ first: { kind, traffic, why }, from, to }) => ({
    kind,
    from: [...from],
    to: [...to],
    traffic,
    witness: why.witness,
    place: why.place,
    rule: why.rule,
    path: why.path,
    hops: why.hops,
  }));
}

/** Different rules may let through different parts of it, so each run of ports is looked at by itself. */
function passCases(prover: Prover, { from, target, traffic }: Observation): Case[] {
  const byRule = new Map<string, { why: Explanation; traffic: TrafficSet }>();
  for (const [first, last] of runs(prover.world.table.set(traffic))) {
    const why = explainPass(prover, { from, target, traffic: first });
    const key = `${why.rule}\n${why.path}`;
    const known = byRule.get(key) ?? { why, traffic: [] };
    byRule.set(key, { ...known, traffic: union(known.traffic, [first, Number(last) + 1]) });
  }
  return [...byRule.values()].map(({ why, traffic: part }) => ({
    kind: "unintended",
    from: from.name,
    to: target.party.name,
    traffic: shortTraffic(part),
    why,
  }));
}

function undecidedCase(prover: Prover, { from, target, traffic }: Observation): Case {
  const set = prover.world.table.set(traffic);
  const why = explainStop(prover, [{ from, target, traffic: set[0] ?? 0 }]);
  return { kind: "undecided", from: from.name, to: target.party.name, traffic: shortTraffic(set), why };
}

function stopCases(prover: Prover, shortfalls: readonly Shortfall[]): Case[] {
  return shortfalls.flatMap(({ from, targets, missing }) => {
    const set = prover.world.table.set(missing);
    const [first, ...others] = targets.map((target): Question => ({ from, target, traffic: set[0] ?? 0 }));
    if (first === undefined) return [];
    const why = explainStop(prover, [first, ...others]);
    const to = first.target.party.name;
    return [{ kind: "stopped", from: from.name, to, traffic: shortTraffic(set), why }];
  });
}

const nothingShown = { witness: undefined, hops: [] };

/** A flow that is kept for nothing. */
function idle(kind: ViolationKind, plan: FlowPlan, rule: string): Violation {
  const [from, to] = [plan.from.map(formatEndpoint), plan.to.map(formatEndpoint)];
  const place = plan.isWritten ? "the stack's file" : "the description";
  return { kind, from, to, traffic: plan.traffic.join(", "), ...nothingShown, place, rule, path: plan.path };
}

function unneededFlows({ used }: Comparison, flows: readonly MeasuredFlow[]): Violation[] {
  return flows
    .filter(({ plan, empty }, index) => plan.kind === "accepted" && used[index] === 0 && empty.length === 0)
    .map(({ plan }) =>
      idle("unneeded", plan, "nothing passes there that is not intended: take the acceptance away"),
    );
}

function emptyFlows(flows: readonly MeasuredFlow[]): Violation[] {
  return flows
    .filter(({ empty }) => empty.length > 0)
    .map(({ plan, empty }) =>
      idle("nobody", plan, `nobody in the network is ${empty.map(formatEndpoint).join(" or ")}`),
    );
}

function unreadRule({ where, rule, path }: Origin): Violation {
  return { kind: "unread", from: [], to: [], traffic: "", ...nothingShown, place: where, rule, path };
}

function checkedFlow(plan: FlowPlan, pairs: number): CheckedFlow {
  const { kind, traffic, reason, path, isWritten } = plan;
  const [from, to] = [plan.from.map(formatEndpoint), plan.to.map(formatEndpoint)];
  return { kind, from, to, traffic, reason, path, isWritten, pairs };
}

/**
 * Verifies a network.
 * @param plan of the network, with its flows
 * @param world the same network as packets see it
 */
export function verify(plan: NetworkPlan, world: World): Verification {
  const prover = new Prover(world);
  const parties = partiesOf(plan, world);
  const flows = plan.flows.map((flow) => measure(flow, parties, world));
  const comparison = compare(prover, parties, flows);
  const cases = [
    ...(plan.isMeasured ? comparison.unintended : []).flatMap((each) => passCases(prover, each)),
    ...stopCases(prover, comparison.stopped),
    ...comparison.undecided.map((each) => undecidedCase(prover, each)),
  ];
  return {
    flows: plan.flows.map((flow, index) => checkedFlow(flow, comparison.used[index] ?? 0)),
    violations: [
      ...together(cases),
      ...emptyFlows(flows),
      ...unneededFlows(comparison, flows),
      ...world.unread.map(unreadRule),
    ],
    findings: findingsOf({ plan, prover, comparison }),
    pairs: comparison.pairs,
    isMeasured: plan.isMeasured,
  };
}
