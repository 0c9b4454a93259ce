/** What is asked with packets: of everything, or of what has changed and a sample of the rest. */
import { difference, intersection, isEmpty, union } from "../../components/proof/sets/intervals.ts";
import { allTcp, allUdp, echoRequest, type TrafficSet } from "../../components/proof/sets/traffic.ts";
import { has } from "../../components/proof/sets/intervals.ts";
import type { Prover } from "../../components/proof/prover.ts";
import { echoPort, probeProtocols, type ProbeProtocol } from "../../sandbox/prove/prober.ts";
import { askable, trafficEdges } from "./ports.ts";
import { isAskable, type Asker, type Subjects, type Target } from "./subjects.ts";
import { pointOf, verdictOf, type Verdict } from "./verdicts.ts";

/** What is asked between an asker and an address, and what the proof says of it. */
export interface Question {
  readonly asker: Asker;
  readonly target: Target;
  readonly ports: Readonly<Record<ProbeProtocol, readonly number[]>>;
  readonly verdict: Verdict;
}

/** Ports that somebody's rules or services mention, by name of an asker or of an address's owner. */
export type Mentioned = (name: string) => readonly number[];

/** Only what is from the one and to the other; an empty list is everybody. */
export interface Selection {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

export const everybody: Selection = { from: [], to: [] };

/** Every ordered pair of the selection, with every port that either side mentions, for TCP and UDP, and an echo. */
export function allQuestions(
  prover: Prover,
  { askers, targets }: Subjects,
  mentioned: Mentioned,
  { from, to }: Selection = everybody,
): Question[] {
  const isMeant = (names: readonly string[], name: string): boolean =>
    names.length === 0 || names.includes(name);
  return askers
    .filter(({ name }) => isMeant(from, name))
    .flatMap((asker) =>
      targets
        .filter((target) => isMeant(to, target.owner) && isAskable(asker, target))
        .map((target) => {
          const both = askable([...mentioned(asker.name), ...mentioned(target.owner)]);
          const ports = { tcp: both, udp: both, echo: [echoPort] };
          return { asker, target, ports, verdict: verdictOf(prover, asker, target) };
        }),
    );
}

/** Numbers between 0 and 1 that follow from a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const asked = union(union(allTcp, allUdp), echoRequest);

function unlike(a: TrafficSet, b: TrafficSet): TrafficSet {
  return intersection(union(difference(a, b), difference(b, a)), asked);
}

/** Of what the verdicts are not alike; all of it where another takes it. */
function changeOf(before: Verdict | undefined, after: Verdict): TrafficSet {
  if (before === undefined) return asked;
  const taken = before.taker === after.taker ? [] : union(before.arrived, after.arrived);
  const parts = [
    unlike(before.answered, after.answered),
    unlike(before.arrived, after.arrived),
    unlike(before.undecided, after.undecided),
    intersection(taken, asked),
  ];
  return parts.reduce(union);
}

function keyOf({ asker, target }: Pick<Question, "asker" | "target">): string {
  return `${asker.name} ${target.owner} ${target.kind} ${target.address}`;
}

export function countPorts({ ports }: Question): number {
  return probeProtocols.reduce((sum, protocol) => sum + ports[protocol].length, 0);
}

/**
 * Of the questions, those whose verdict differs from the one before, with the ports at which it does, and of the rest a
 * sample.
 * @param sampled about how many probes of those whose verdict is the same
 */
export function changedQuestions(
  questions: readonly Question[],
  before: readonly Question[],
  { sampled, seed }: { readonly sampled: number; readonly seed: number },
): Question[] {
  const earlier = new Map(before.map((question) => [keyOf(question), question.verdict]));
  const random = seeded(seed);
  const total = questions.reduce((sum, question) => sum + countPorts(question), 0);
  const share = total === 0 ? 0 : sampled / total;
  return questions
    .map((question) => {
      const change = changeOf(earlier.get(keyOf(question)), question.verdict);
      const isFew = isEmpty(change);
      const edges = isFew ? [] : trafficEdges(change);
      const pick = (protocol: ProbeProtocol): number[] => {
        const mentioned = question.ports[protocol];
        const ports = protocol === "echo" || isFew ? mentioned : askable([...mentioned, ...edges]);
        return ports.filter(
          (port) =>
            edges.includes(port) || has(change, pointOf(protocol, port, question.target)) || random() < share,
        );
      };
      return { ...question, ports: { tcp: pick("tcp"), udp: pick("udp"), echo: pick("echo") } };
    })
    .filter((question) => countPorts(question) > 0);
}
