/** Whether a network does what is meant, and nothing else: exact, over everybody, before anything is created. */
import { formatEndpoint } from "../../config/flows.ts";
import { hostPath } from "../../plan/flows/flow.ts";
import type { FlowPlan, NetworkPlan } from "../../plan/model.ts";
import { Prover } from "../prover.ts";
import { runs, union } from "../sets/intervals.ts";
import type { TrafficSet } from "../sets/traffic.ts";
import type { Origin } from "../rules/gate.ts";
import type { World } from "../world/model.ts";
import { alikeIn, type Alike } from "./alike.ts";
import { compare, singly, type Comparison, type Shortfall, type Sighting } from "./compare.ts";
import { explainPass, explainStop, type Explanation, type Question } from "./explain.ts";
import { findingsOf } from "./findings/index.ts";
import { measure, type MeasuredFlow } from "./measure.ts";
import type { CheckedFlow, Verification, Violation, ViolationKind } from "./model.ts";
import { partiesOf, type Parties, type Party } from "./parties.ts";
import { shortTraffic } from "./report.ts";

interface Case {
  readonly kind: ViolationKind;
  readonly from: readonly Party[];
  readonly to: readonly Party[];
  readonly traffic: string;
  readonly why: Explanation;
}

/** What differs in its ends alone is told once; the witness is the first one's. */
function together(cases: readonly Case[], { all }: Parties): Violation[] {
  const byReason = new Map<string, { first: Case; from: Set<Party>; to: Set<Party> }>();
  const numbers = new Map(all.map((party, number) => [party, number]));
  const names = (parties: ReadonlySet<Party>): string[] =>
    [...parties].sort((a, b) => (numbers.get(a) ?? 0) - (numbers.get(b) ?? 0)).map(({ name }) => name);
  for (const each of cases) {
    const { kind, traffic, why } = each;
    const key = [kind, traffic, why.rule, why.path, kind === "stopped" ? why.place : ""].join("\n");
    const known = byReason.get(key) ?? { first: each, from: new Set(), to: new Set() };
    for (const party of each.from) known.from.add(party);
    for (const party of each.to) known.to.add(party);
    byReason.set(key, known);
  }
  return [...byReason.values()].map(({ first: { kind, traffic, why }, from, to }) => ({
    kind,
    from: names(from),
    to: names(to),
    traffic,
    witness: why.witness,
    place: why.place,
    rule: why.rule,
    path: why.path,
    hops: why.hops,
  }));
}

/** Two of whom something was sighted, as the first that one meets. */
function sampleOf({ from, targets }: Sighting): Pick<Question, "from" | "target"> | undefined {
  for (const sender of from) {
    const target = targets.find(({ party }) => party !== sender);
    if (target !== undefined) return { from: sender, target };
  }
  return undefined;
}

/**
 * Those who are treated alike are told of at once, by one of them. Only where that one's own place in the stack's file
 * is what is to change, each is told of by itself.
 */
function casesOf(sighting: Sighting, told: (sighting: Sighting) => Case[]): Case[] {
  const cases = told(sighting);
  const own = [...sighting.from, ...sighting.targets.map(({ party }) => party)].flatMap((party) =>
    party.kind === "host" ? [hostPath(party.plan.key)] : [],
  );
  const isOne = sighting.from.length === 1 && sighting.targets.length === 1;
  if (isOne || !cases.some(({ why }) => own.includes(why.path))) return cases;
  return [...singly([sighting])].flatMap(({ from, target, traffic }) =>
    told({ from: [from], targets: [target], traffic }),
  );
}

/** Different rules may let through different parts of it, so each run of ports is looked at by itself. */
function passCases(prover: Prover, sighting: Sighting): Case[] {
  const sample = sampleOf(sighting);
  if (sample === undefined) return [];
  const byRule = new Map<string, { why: Explanation; traffic: TrafficSet }>();
  for (const [first, last] of runs(prover.world.table.set(sighting.traffic))) {
    const why = explainPass(prover, { ...sample, traffic: first });
    const key = `${why.rule}\n${why.path}`;
    const known = byRule.get(key) ?? { why, traffic: [] };
    byRule.set(key, { ...known, traffic: union(known.traffic, [first, Number(last) + 1]) });
  }
  const [from, to] = [sighting.from, sighting.targets.map(({ party }) => party)];
  return [...byRule.values()].map(({ why, traffic: part }) => ({
    kind: "unintended",
    from,
    to,
    traffic: shortTraffic(part),
    why,
  }));
}

function undecidedCases(prover: Prover, sighting: Sighting): Case[] {
  const sample = sampleOf(sighting);
  if (sample === undefined) return [];
  const set = prover.world.table.set(sighting.traffic);
  const why = explainStop(prover, [{ ...sample, traffic: set[0] ?? 0 }]);
  const [from, to] = [sighting.from, sighting.targets.map(({ party }) => party)];
  return [{ kind: "undecided", from, to, traffic: shortTraffic(set), why }];
}

function stopCases(prover: Prover, { from, targets, missing }: Shortfall): Case[] {
  const set = prover.world.table.set(missing);
  const [first, ...others] = targets.map((target): Question => ({ from, target, traffic: set[0] ?? 0 }));
  if (first === undefined) return [];
  const why = explainStop(prover, [first, ...others]);
  return [{ kind: "stopped", from: [from], to: [first.target.party], traffic: shortTraffic(set), why }];
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

/** How it is verified; what comes of it is the same. */
export interface Manner {
  /** Whom the network treats alike; without it, it is found out. */
  readonly alike?: Alike;
  /** Called again and again meanwhile; stops it by throwing. */
  readonly proceed?: () => void;
}

/**
 * Verifies a network.
 * @param plan of the network, with its flows
 * @param world the same network as packets see it
 */
export function verify(
  plan: NetworkPlan,
  world: World,
  { alike = alikeIn(world), proceed = () => undefined }: Manner = {},
): Verification {
  const prover = new Prover(world);
  const parties = partiesOf(plan, world);
  const flows = measure(plan.flows, parties, world);
  const comparison = compare(prover, parties, flows, { alike, proceed });
  const told =
    <Item>(cases: (prover: Prover, item: Item) => Case[]) =>
    (item: Item): Case[] => {
      proceed();
      return cases(prover, item);
    };
  const cases = [
    ...(plan.isMeasured ? comparison.unintended : []).flatMap((each) => casesOf(each, told(passCases))),
    ...comparison.stopped.flatMap((each) => told(stopCases)(each)),
    ...comparison.undecided.flatMap((each) => casesOf(each, told(undecidedCases))),
  ];
  return {
    flows: plan.flows.map((flow, index) => checkedFlow(flow, comparison.used[index] ?? 0)),
    violations: [
      ...together(cases, parties),
      ...emptyFlows(flows),
      ...unneededFlows(comparison, flows),
      ...world.unread.map(unreadRule),
    ],
    findings: findingsOf({ plan, prover, comparison }),
    pairs: comparison.pairs,
    questions: comparison.questions,
    isMeasured: plan.isMeasured,
  };
}
