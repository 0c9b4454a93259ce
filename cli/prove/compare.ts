/** Where packets and the proof say different things. */
import { has } from "../../components/proof/sets/intervals.ts";
import type { Evidence, Sighting } from "../../sandbox/prove/evidence.ts";
import { probeProtocols, type ProbeProtocol } from "../../sandbox/prove/prober.ts";
import type { Question } from "./questions.ts";
import { pointOf, type Verdict } from "./verdicts.ts";
import type { Target } from "./subjects.ts";

/** A probe about which the two do not agree. */
export interface Difference {
  readonly question: Question;
  readonly protocol: ProbeProtocol;
  readonly port: number;
  readonly sighting: Sighting;
}

/** What the proof says of one probe. */
export interface Expectation {
  readonly answered: boolean;
  readonly taker: string | undefined;
  readonly undecided: boolean;
}

export function expectationOf(
  { answered, arrived, taker, undecided }: Verdict,
  target: Target,
  protocol: ProbeProtocol,
  port: number,
): Expectation {
  const point = pointOf(protocol, port, target);
  const passes = has(answered, point);
  return {
    answered: passes,
    taker: has(arrived, point) ? taker : undefined,
    undecided: !passes && has(undecided, point),
  };
}

/**
 * Whether both say the same: whether an answer comes back, and where it does not, whether the probe got there, and to
 * whom. An answer shows that the probe got there, also where nobody was seen to take it.
 */
export function agrees({ answered, taker, undecided }: Expectation, seen: Sighting): boolean {
  if (undecided || answered !== seen.answered) return false;
  return seen.arrived === taker || (seen.answered && seen.arrived === undefined);
}

export interface PairCount {
  readonly from: string;
  readonly to: string;
  /** Addresses of the one that were asked about. */
  readonly addresses: number;
  readonly asked: number;
  /** Of the probes, those whose answer came back. */
  readonly passed: number;
  readonly differing: number;
}

export interface Comparison {
  /** Every ordered pair that was asked. */
  readonly pairs: readonly PairCount[];
  readonly differences: readonly Difference[];
}

export function differencesOf(question: Question, evidence: Evidence): Difference[] {
  return probeProtocols.flatMap((protocol) =>
    question.ports[protocol].flatMap((port) => {
      const sighting = evidence.of(protocol, port);
      const expected = expectationOf(question.verdict, question.target, protocol, port);
      return agrees(expected, sighting) ? [] : [{ question, protocol, port, sighting }];
    }),
  );
}

function countOf(question: Question, evidence: Evidence): Omit<PairCount, "from" | "to"> {
  const sightings = probeProtocols.flatMap((protocol) =>
    question.ports[protocol].map((port) => evidence.of(protocol, port)),
  );
  return {
    addresses: 1,
    asked: sightings.length,
    passed: sightings.filter(({ answered }) => answered).length,
    differing: differencesOf(question, evidence).length,
  };
}

/** @param evidence about each question, in their order */
export function compare(questions: readonly Question[], evidence: readonly Evidence[]): Comparison {
  const pairs = new Map<string, PairCount>();
  const differences: Difference[] = [];
  for (const [index, question] of questions.entries()) {
    const seen = evidence[index];
    if (seen === undefined) throw new Error(`nothing was gathered about question ${index}`);
    const { asker, target } = question;
    const key = `${asker.name} ${target.owner}`;
    const counted = countOf(question, seen);
    const { from, to, ...sum } = pairs.get(key) ?? {
      from: asker.name,
      to: target.owner,
      addresses: 0,
      asked: 0,
      passed: 0,
      differing: 0,
    };
    pairs.set(key, {
      from,
      to,
      addresses: sum.addresses + counted.addresses,
      asked: sum.asked + counted.asked,
      passed: sum.passed + counted.passed,
      differing: sum.differing + counted.differing,
    });
    differences.push(...differencesOf(question, seen));
  }
  return { pairs: [...pairs.values()], differences };
}
