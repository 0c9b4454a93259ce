/** Whether a network does what is meant, and nothing else: exact, over everybody, before anything is created. */
import { formatEndpoint } from "../../config/flows.ts";
import { hostPath } from "../../plan/flows/flow.ts";
import type { FlowPlan, NetworkPlan } from "../../plan/model.ts";
import { Prover } from "../prover.ts";
import { runs, union } from "../sets/intervals.ts";
import { allTcp, allUdp, type TrafficSet } from "../sets/traffic.ts";
import type { Origin } from "../rules/gate.ts";
import type { World } from "../world/model.ts";
import { alikeIn, type Alike } from "./alike.ts";
import { bySeverity, passViolations, stopViolations, type PassCase, type StopCase } from "./causes.ts";
import { compare, singly, type Comparison, type Shortfall, type Sighting } from "./compare.ts";
import { explainPass, explainStop, type PassExplanation, type Question } from "./explain.ts";
import { findingsOf } from "./findings/index.ts";
import { intending, measure, type MeasuredFlow } from "./measure.ts";
import type { CheckedFlow, Verification, Violation, ViolationKind } from "./model.ts";
import { partiesOf, type Parties, type Party } from "./parties.ts";
import { shortTraffic } from "./report.ts";

/** Where the ports of TCP and of UDP begin on the line of all traffic. */
const portsZero: readonly number[] = [Number(allTcp[0]), Number(allUdp[0])];

/** What is meant, of whom. */
interface Meant {
  readonly flows: readonly MeasuredFlow[];
  readonly parties: Parties;
}

/** Two of whom something was sighted, as the first that one meets. */
function sampleOf({ from, targets }: Sighting): Pick<Question, "from" | "target"> | undefined {
  for (const sender of from) {
    const target = targets.find(({ party }) => party !== sender);
    if (target !== undefined) return { from: sender, target };
  }
  return undefined;
}

const receivers = ({ targets }: Sighting): Party[] => targets.map(({ party }) => party);

/** Different rules may let through different parts of it, so each run of ports is looked at by itself. */
function passCases(prover: Prover, sighting: Sighting): PassCase[] {
  const sample = sampleOf(sighting);
  if (sample === undefined) return [];
  const byRule = new Map<string, { why: PassExplanation; traffic: TrafficSet }>();
  for (const [first, last] of runs(prover.world.table.set(sighting.traffic))) {
    // Port 0 is nobody's; a run that begins with it is shown by the next one.
    const shown = portsZero.includes(Number(first)) && last > first ? Number(first) + 1 : first;
    const why = explainPass(prover, { ...sample, traffic: shown });
    const key = why.openings.map(({ rule, path }) => `${rule}\n${path}`).join("\n");
    const known = byRule.get(key) ?? { why, traffic: [] };
    byRule.set(key, { ...known, traffic: union(known.traffic, [first, Number(last) + 1]) });
  }
  const [from, to] = [sighting.from, receivers(sighting)];
  return [...byRule.values()].map(({ why, traffic: part }) => ({
    from,
    to,
    traffic: shortTraffic(part),
    why,
  }));
}

function undecidedCases(prover: Prover, sighting: Sighting): StopCase[] {
  const sample = sampleOf(sighting);
  if (sample === undefined) return [];
  const set = prover.world.table.set(sighting.traffic);
  const why = explainStop(prover, [{ ...sample, traffic: set[0] ?? 0 }]);
  return [
    { kind: "undecided", from: sighting.from, to: receivers(sighting), traffic: shortTraffic(set), why },
  ];
}

/** The places in the stack's file by which a case is explained. */
const pathsOf = ({ why }: PassCase | StopCase): string[] =>
  "openings" in why ? why.openings.map(({ path }) => path) : [why.root.stop.path];

/**
 * Those who are treated alike are told of at once, by one of them. Only where that one's own place in the stack's file
 * is what is to change, each is told of by itself.
 */
function casesOf<Case extends PassCase | StopCase>(
  sighting: Sighting,
  told: (sighting: Sighting) => Case[],
): Case[] {
  const cases = told(sighting);
  const own = [...sighting.from, ...receivers(sighting)].flatMap((party) =>
    party.kind === "host" ? [hostPath(party.plan.key)] : [],
  );
  const isOne = sighting.from.length === 1 && sighting.targets.length === 1;
  if (isOne || !cases.some((each) => pathsOf(each).some((path) => own.includes(path)))) return cases;
  return [...singly([sighting])].flatMap(({ from, target, traffic }) =>
    told({ from: [from], targets: [target], traffic }),
  );
}

/** Why a flow does not pass as a whole. */
function stopCases(
  prover: Prover,
  { from, targets, missing }: Shortfall,
  { flows, parties }: Meant,
): StopCase[] {
  const set = prover.world.table.set(missing);
  const [first, ...others] = targets.map((target): Question => ({ from, target, traffic: set[0] ?? 0 }));
  if (first === undefined) return [];
  const to = first.target.party;
  const flow = intending(flows, parties, { from, to, traffic: set }, prover.world);
  return [
    {
      kind: "stopped",
      from: [from],
      to: [to],
      traffic: shortTraffic(set),
      why: explainStop(prover, [first, ...others]),
      ...(flow === undefined ? {} : { reason: flow.reason }),
      ...(flow?.isWritten === true ? { flowPath: flow.path } : {}),
    },
  ];
}

const nothingShown = { witness: undefined, hops: [], also: [] };

/** A flow that is kept for nothing. */
function idle(kind: ViolationKind, plan: FlowPlan, rule: string, mend: string): Violation {
  const [from, to] = [plan.from.map(formatEndpoint), plan.to.map(formatEndpoint)];
  const place = plan.isWritten ? "the stack's file" : "the description";
  const { path } = plan;
  return { kind, from, to, traffic: plan.traffic.join(", "), ...nothingShown, place, rule, path, mend };
}

function unneededFlows({ used }: Comparison, flows: readonly MeasuredFlow[]): Violation[] {
  return flows
    .filter(({ plan, empty }, index) => plan.kind === "accepted" && used[index] === 0 && empty.length === 0)
    .map(({ plan }) =>
      idle("unneeded", plan, "nothing passes there that is not intended", "take the acceptance away"),
    );
}

function emptyFlows(flows: readonly MeasuredFlow[]): Violation[] {
  return flows
    .filter(({ empty }) => empty.length > 0)
    .map(({ plan, empty }) =>
      idle(
        "nobody",
        plan,
        `nobody in the network is ${empty.map(formatEndpoint).join(" or ")}`,
        "name somebody who is there, or take the flow away",
      ),
    );
}

function unreadRule({ where, rule, path }: Origin): Violation {
  return {
    kind: "unread",
    from: [],
    to: [],
    traffic: "",
    ...nothingShown,
    place: where,
    rule,
    path,
    mend: "",
  };
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
    <Case>(cases: (prover: Prover, sighting: Sighting) => Case[]) =>
    (sighting: Sighting): Case[] => {
      proceed();
      return cases(prover, sighting);
    };
  const unintended = plan.isMeasured ? comparison.unintended : [];
  const passing = unintended.flatMap((each) => casesOf(each, told(passCases)));
  const stops = [
    ...comparison.stopped.flatMap((each) => {
      proceed();
      return stopCases(prover, each, { flows, parties });
    }),
    ...comparison.undecided.flatMap((each) => casesOf(each, told(undecidedCases))),
  ];
  const { violations: stopped, told: causes } = stopViolations(stops, plan, world);
  const findings = findingsOf({ plan, prover, comparison }, causes);
  const wrong = [
    ...passViolations(passing),
    ...stopped,
    ...emptyFlows(flows),
    ...world.unread.map(unreadRule),
  ];
  // Where something stops, an acceptance may wait for it.
  const isMoving = stopped.length === 0 && findings.length === 0;
  return {
    flows: plan.flows.map((flow, index) => checkedFlow(flow, comparison.used[index] ?? 0)),
    violations: bySeverity([...wrong, ...(isMoving ? unneededFlows(comparison, flows) : [])]),
    findings,
    pairs: comparison.pairs,
    questions: comparison.questions,
    isMeasured: plan.isMeasured,
  };
}
