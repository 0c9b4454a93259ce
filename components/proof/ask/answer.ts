/** The whole answer to a question: verdict, both ways hop by hop, and what would alter it. */
import { formatAddress } from "../sets/addresses.ts";
import { difference, intersection, isEmpty, lowest, type Point } from "../sets/intervals.ts";
import { formatKind, formatTraffic, linuxPorts, oneKind, replyTo, type TrafficSet } from "../sets/traffic.ts";
import { Prover } from "../prover.ts";
import type { World } from "../world/model.ts";
import { findChange } from "./change/find.ts";
import type { Change, Editable } from "./change/model.ts";
import { withoutHosts } from "../edge/without.ts";
import { Directory } from "./directory.ts";
import { QuestionError, type Aliases } from "./endpoint.ts";
import { noLines, tell, type Hop, type LineOf } from "./hops.ts";
import { answerByName } from "./names.ts";
import { spellQuestion } from "./traffic.ts";
import {
  find,
  judge,
  sampleOf,
  worst,
  type Found,
  type Judged,
  type Outcome,
  type Pair,
  type Question,
} from "./verdict.ts";

/** The network that is asked about. */
export interface Subject {
  readonly world: World;
  /** Other names of hosts. */
  readonly aliases?: Aliases;
  /** The stack's configuration, where there is one: without it no change can be named. */
  readonly editable?: Editable | undefined;
  readonly lineOf?: LineOf;
  /** The address that stands for the operator's where nobody has said which networks are. */
  readonly unknownOperator?: Point | undefined;
}

/** What is stopped of a question about several kinds of traffic, and where. */
export interface Stopped {
  readonly traffic: string;
  readonly place: string;
  readonly reason: string;
}

export interface Verdict {
  readonly verdict: Outcome;
  /** The ends, as they were understood. */
  readonly from: string;
  readonly to: string;
  readonly traffic: string;
  readonly direction: Question["direction"];
  /** Of what was asked, what passes. */
  readonly passes: string;
  readonly stopped: readonly Stopped[];
  /** The kind of traffic that the hops are of. */
  readonly shown: string;
  readonly forward: readonly Hop[];
  readonly return: readonly Hop[];
  readonly reason: string;
  /** The smallest change that would alter the verdict; `null` where there is none, or it cannot be told. */
  readonly change: Change | null;
  /** Why there is none. */
  readonly noChange: string | undefined;
  /** What else must be so, such as an identity that Access asks for. */
  readonly conditions: readonly string[];
  /** Who answers a request by name, and who would when those are down, in that order. */
  readonly servers: readonly ServedBy[];
  readonly then: readonly ServedBy[];
}

/** An endpoint that a name leads to. */
export interface ServedBy {
  /** `undefined` where no load balancer has pools. */
  readonly pool: string | undefined;
  readonly endpoint: string;
  /** Who answers there. */
  readonly by: string;
  readonly verdict: Outcome;
  readonly reason: string;
}

/** What does not pass, by the place that stops it first. */
function partsOf(prover: Prover, judged: Judged, direction: Question["direction"]): Stopped[] {
  const { table } = prover.world;
  const { source, target } = judged.pair;
  const sample = sampleOf(judged);
  const { forward } = prover.ask(source, target, table.id(judged.stopped), sample);
  const parts: TrafficSet[] = [];
  let rest = judged.stopped;
  for (const { gate } of forward.steps) {
    if (gate === undefined) continue;
    parts.push(difference(rest, gate.passes));
    rest = intersection(rest, gate.passes);
  }
  const answers = replyTo(rest, linuxPorts).map(([asked]) => asked);
  return [...parts, ...answers]
    .filter((part) => !isEmpty(part))
    .map((part) => {
      const { stop, isBack } = judge(prover, judged.pair, runOf(part), direction);
      const reason = `${isBack ? "the answer stops: " : ""}${stop?.reason ?? ""}`;
      return { traffic: formatTraffic(part), place: stop?.place ?? "", reason };
    });
}

/** One kind of it. */
function runOf(set: TrafficSet): TrafficSet {
  const first = Number(lowest(set) ?? 0);
  return [first, first + 1];
}

function reasonOf(judged: Judged, parts: number, direction: Question["direction"]): string {
  const { outcome, stop, isBack, why, passes } = judged;
  if (why !== undefined) return why;
  if (outcome === "pass")
    return direction === "forward" ? "it gets there" : "it gets there, and so do the answers";
  const only = isEmpty(passes) ? "" : `only ${formatTraffic(passes)} of it passes`;
  if (parts > 1) return only === "" ? `it stops at ${parts} places` : only;
  const way = isBack ? "the answer stops at " : "it stops at ";
  const where = `${way}${stop?.place ?? "nobody"}: ${stop?.reason ?? "nobody takes it"}`;
  return only === "" ? where : `${only}; of the rest, ${where}`;
}

/** What the answer takes for granted of an operator of whom nobody has said where they are. */
function operatorCondition({ unknownOperator }: Subject, { from, to }: Found): string[] {
  if (unknownOperator === undefined || ![from, to].some(({ kind }) => kind === "operator")) return [];
  const address = formatAddress(unknownOperator);
  return [`operator.cidrs is filled in: it still says REPLACE-ME, and ${address} stands for the operator`];
}

/** Whether the answer would be another one if whoever asks were the operator, or not. */
function hangsOnOperator(
  prover: Prover,
  { unknownOperator }: Subject,
  found: Found,
  judged: Judged,
): boolean {
  const { from, asked, question } = found;
  if (unknownOperator === undefined || from.kind !== "internet" || from.address === undefined) return false;
  const pair: Pair = { source: { kind: "internet", address: unknownOperator }, target: judged.pair.target };
  return judge(prover, pair, asked, question.direction).outcome !== judged.outcome;
}

function unanswered(found: Found, reason: string): Verdict {
  const { from, to, question } = found;
  return {
    verdict: "unknown",
    from: from.name,
    to: to.name,
    traffic: question.traffic,
    direction: question.direction,
    passes: "nothing",
    stopped: [],
    shown: "",
    forward: [],
    return: [],
    reason,
    change: null,
    noChange: undefined,
    conditions: [],
    servers: [],
    then: [],
  };
}

/**
 * Answers a question.
 * @throws {QuestionError} where the question is wrong
 */
export function answer(given: Subject, asked: Question): Verdict {
  const question = { ...asked, traffic: spellQuestion(asked.traffic) };
  const subject = withoutSome(given, question);
  const name = new Directory(subject.world, subject.aliases).dnsName(question.to);
  return name === undefined || subject.world.edge === undefined
    ? answerByAddress(subject, question)
    : answerByName(subject, question, name, answerByAddress);
}

/** The network without what the question takes to be down. */
function withoutSome(subject: Subject, { without = [] }: Question): Subject {
  if (without.length === 0) return subject;
  try {
    // A change would be tried on the whole network.
    return { ...subject, world: withoutHosts(subject.world, without), editable: undefined };
  } catch (error) {
    throw new QuestionError((error as Error).message);
  }
}

function answerByAddress(subject: Subject, question: Question): Verdict {
  const { world, aliases, editable, lineOf = noLines } = subject;
  const prover = new Prover(world);
  const found = find(new Directory(world, aliases), question);
  if (found.unseen !== undefined) return unanswered(found, found.unseen);
  const { direction } = question;
  const judged = worst(found.pairs.map((pair) => judge(prover, pair, found.asked, direction)));
  if (judged === undefined || isEmpty(judged.asked))
    return unanswered(found, "the family of addresses has no such traffic");
  if (hangsOnOperator(prover, subject, found, judged))
    return unanswered(
      found,
      `operator.cidrs still says REPLACE-ME, and it hangs on whether ${found.from.name} is in it`,
    );
  const sample = sampleOf(judged);
  const { source, target } = judged.pair;
  const shown = prover.ask(source, target, world.table.id(oneKind(sample)), sample);
  // By the names that the plan itself has, which drafts of it know too.
  const known = { ...question, from: found.from.name, to: found.to.name };
  const change =
    judged.outcome === "unknown"
      ? undefined
      : findChange({ editable, prover, question: known, judged, shown, lineOf });
  const stopped = judged.outcome === "blocked" ? partsOf(prover, judged, direction) : [];
  return {
    ...unanswered(found, reasonOf(judged, stopped.length, direction)),
    verdict: judged.outcome,
    passes: formatTraffic(judged.passes),
    stopped,
    shown: formatKind(sample),
    ...tell(prover, shown, judged.pair, direction, lineOf),
    conditions: operatorCondition(subject, found),
    change: change?.change ?? null,
    noChange:
      question.without === undefined ? change?.why : "it is not looked for while hosts are taken to be down",
  };
}
