/** What a network does beside what is meant, found in the plainest way: pair by pair, and flow by flow. */
import type { NetworkPlan } from "../../../../components/plan/model.ts";
import type { Prover } from "../../../../components/proof/prover.ts";
import { difference, intersection, isEmpty, union } from "../../../../components/proof/sets/intervals.ts";
import { formatTraffic, noTraffic, type TrafficSet } from "../../../../components/proof/sets/traffic.ts";
import { singly, type Comparison, type Sighting } from "../../../../components/proof/verify/compare.ts";
import { flowTraffic } from "../../../../components/proof/verify/measure.ts";
import {
  isBeyondUs,
  meansSource,
  meansTarget,
  sourceOf,
  type Parties,
  type Party,
  type Target,
} from "../../../../components/proof/verify/parties.ts";

export interface Found {
  readonly unintended: readonly string[];
  readonly undecided: readonly string[];
  readonly oneWay: readonly string[];
  readonly stopped: readonly string[];
  readonly used: readonly number[];
  readonly pairs: number;
}

const isOld = (party: Party): boolean => party.kind !== "internet" || party.part.family === 4;

function told(from: Party, { party, address }: Target, traffic: TrafficSet): string {
  return `${from.name} > ${party.name} ${address}: ${formatTraffic(traffic)}`;
}

interface Answered {
  readonly prover: Prover;
  readonly parties: Pick<Parties, "all" | "targets">;
  readonly answers: ReadonlyMap<Party, ReadonlyMap<Target, TrafficSet>>;
  /** Counts for how many pairs each flow is needed. */
  readonly used: number[];
}

function shortfalls(
  { flows }: NetworkPlan,
  { prover: { world }, parties, answers, used }: Answered,
): string[] {
  const { all, targets } = parties;
  const stopped = new Set<string>();
  for (const [number, flow] of flows.entries()) {
    if (flow.kind !== "intended") continue;
    for (const from of all) {
      const own = targets.filter(({ party }) => party === from);
      if (!isOld(from) || !flow.from.some((end) => meansSource(end, from, own, world))) continue;
      for (const to of all) {
        const meant = targets.filter(
          (target) => target.party === to && flow.to.some((end) => meansTarget(end, target, world)),
        );
        if (meant.length === 0 || !isOld(to) || isBeyondUs(from, to)) continue;
        used[number] = (used[number] ?? 0) + 1;
        const passing = meant.reduce(
          (sum, target) => union(sum, answers.get(from)?.get(target) ?? noTraffic),
          noTraffic,
        );
        const missing = difference(flowTraffic(flow.traffic), passing);
        if (!isEmpty(missing)) stopped.add(meant.map((target) => told(from, target, missing)).join(" or "));
      }
    }
  }
  return [...stopped].sort();
}

export function plainly(plan: NetworkPlan, prover: Prover, { all, targets }: Parties): Found {
  const { world } = prover;
  const flows = plan.flows.map((flow) => ({ flow, traffic: flowTraffic(flow.traffic) }));
  const means = (number: number, from: Party, target: Target): boolean => {
    const { flow } = flows[number] ?? { flow: undefined };
    if (flow === undefined) return false;
    const own = targets.filter(({ party }) => party === from);
    const may =
      flow.from.some(({ kind }) => kind === "internet") ||
      flow.from.some((end) => meansSource(end, from, own, world));
    const isOnTheWay = target.party.kind === "devices" && flow.to.some(({ kind }) => kind === "internet");
    return may && (isOnTheWay || flow.to.some((end) => meansTarget(end, target, world)));
  };
  const [unintended, undecided, oneWay]: [string[], string[], string[]] = [[], [], []];
  const used = flows.map(() => 0);
  const answers = new Map<Party, Map<Target, TrafficSet>>();
  let pairs = 0;
  for (const from of all) {
    const row = new Map<Target, TrafficSet>();
    answers.set(from, row);
    for (const target of targets) {
      if (isBeyondUs(from, target.party)) continue;
      pairs++;
      const answer = prover.ask(sourceOf(from), target.address);
      const [traffic, possible] = [world.table.set(answer.traffic), world.table.set(answer.possible)];
      row.set(target, traffic);
      const open = difference(possible, traffic);
      if (!isEmpty(open)) undecided.push(told(from, target, open));
      const { forward, back } = answer;
      const arriving = forward.arrival === undefined ? noTraffic : world.table.set(forward.traffic);
      if (back !== undefined && forward.traffic !== 0 && isEmpty(possible) && back.stop?.origin === undefined)
        oneWay.push(told(from, target, arriving));
      const meant = [...flows.keys()].filter((number) => means(number, from, target));
      const sum = (kind: string): TrafficSet =>
        meant
          .filter((number) => flows[number]?.flow.kind === kind)
          .reduce((whole, number) => union(whole, flows[number]?.traffic ?? noTraffic), noTraffic);
      const unmeant = difference(arriving, sum("intended"));
      for (const number of meant) {
        const { flow, traffic: own } = flows[number] ?? { flow: undefined, traffic: noTraffic };
        if (flow?.kind === "accepted" && !isEmpty(intersection(unmeant, own)))
          used[number] = (used[number] ?? 0) + 1;
      }
      const rest = difference(unmeant, sum("accepted"));
      if (!isEmpty(rest)) unintended.push(told(from, target, rest));
    }
  }
  const stopped = shortfalls(plan, { prover, parties: { all, targets }, answers, used });
  return {
    unintended: unintended.sort(),
    undecided: undecided.sort(),
    oneWay: oneWay.sort(),
    stopped,
    used,
    pairs,
  };
}

/** The same of what was found by kinds. */
export function foundBy(comparison: Comparison, { world: { table } }: Prover): Found {
  const each = (sightings: readonly Sighting[]): string[] =>
    [...singly(sightings)].map(({ from, target, traffic }) => told(from, target, table.set(traffic))).sort();
  const stopped = comparison.stopped.map(({ from, targets, missing }) =>
    targets.map((target) => told(from, target, table.set(missing))).join(" or "),
  );
  const { used, pairs } = comparison;
  return {
    unintended: each(comparison.unintended),
    undecided: each(comparison.undecided),
    oneWay: each(comparison.oneWay),
    stopped: [...new Set(stopped)].sort(),
    used,
    pairs,
  };
}
