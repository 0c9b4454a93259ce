/** From questions to verdicts: does it pass, by which way, and what stops it. */
import { isV6Point } from "../sets/addresses.ts";
import { difference, intersection, isEmpty, lowest, type Point } from "../sets/intervals.ts";
import { noTraffic, protocolTraffic, type TrafficSet } from "../sets/traffic.ts";
import { hangingOf, type Answer, type Prover } from "../prover.ts";
import type { Source } from "../world/source.ts";
import type { Stop } from "../world/way.ts";
import { type Directory } from "./directory.ts";
import { isOutside, QuestionError, type Endpoint } from "./endpoint.ts";
import { questionTraffic } from "./traffic.ts";

/** What somebody asks, in words. */
export interface Question {
  readonly from: string;
  readonly to: string;
  /** `443/tcp`, `8080-8090/tcp`, `icmp`, `all` */
  readonly traffic: string;
  /** `forward` asks for the way there alone. */
  readonly direction: "both" | "forward";
  /** Hosts, regions or sites that are taken to be down. */
  readonly without?: readonly string[] | undefined;
  /** Of a request by name, where rules of a tunnel ask for it; `/` unless said. */
  readonly path?: string | undefined;
}

export type Outcome = "pass" | "blocked" | "unknown";

/** One source, one destination. */
export interface Pair {
  readonly source: Source;
  readonly target: Point;
  /** The host that is meant, where one is: in another VPC somebody else may have its address. */
  readonly host?: string;
}

/** What the proof says of one pair. */
export interface Judged {
  readonly outcome: Outcome;
  readonly pair: Pair;
  /** All that was asked about. */
  readonly asked: TrafficSet;
  readonly passes: TrafficSet;
  /** What surely does not pass; empty where it hangs on something. */
  readonly stopped: TrafficSet;
  /** What stops it, and on which way. */
  readonly stop: Stop | undefined;
  readonly isBack: boolean;
  /** Why it cannot be told. */
  readonly why: string | undefined;
}

/** A question whose names have been found. */
export interface Found {
  readonly question: Question;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly asked: TrafficSet;
  /** Every one of them must pass. Empty where an end is not followed. */
  readonly pairs: readonly Pair[];
  readonly unseen: string | undefined;
}

/**
 * Finds what the names of a question mean.
 * @throws {QuestionError} where the question is wrong
 */
export function find(directory: Directory, question: Question): Found {
  const [from, to] = [directory.find(question.from), directory.target(question.to)];
  const unseen = [from, to].map((end) => (end.kind === "unseen" ? end.why : undefined));
  if (isOutside(from) && isOutside(to))
    throw new QuestionError(
      `${from.name} and ${to.name} are both outside: nothing of this network is between them`,
    );
  const targets = directory.targets(to, from);
  const meant = to.kind === "host" ? { host: to.host.key } : {};
  const pairs = targets.flatMap((target) =>
    directory
      .sources(from, isV6Point(target))
      .map((source) => ({ ...directory.apart({ source, target }, from, to), ...meant })),
  );
  const isV6 = targets.length > 0 && targets.every(isV6Point);
  const why = unseen.find((one) => one !== undefined);
  if (pairs.length === 0 && why === undefined)
    throw new QuestionError(`${from.name} and ${to.name} have no addresses of one family`);
  return { question, from, to, asked: questionTraffic(question.traffic, isV6), pairs, unseen: why };
}

/** What no packet of either family carries: ICMP of the other one. */
function otherFamily(target: Point): TrafficSet {
  return protocolTraffic(isV6Point(target) ? "icmp" : "icmpv6");
}

function stopIn(
  answer: Answer,
  direction: Question["direction"],
): { stop: Stop | undefined; isBack: boolean } {
  const { forward, back, possible } = answer;
  // What stops it for sure says more than what was in doubt before.
  if (direction === "both" && possible === 0 && back?.isStopped === true)
    return { stop: back.stop, isBack: true };
  if (forward.stop !== undefined || direction === "forward") return { stop: forward.stop, isBack: false };
  return { stop: back?.stop, isBack: true };
}

/** Who gets it in place of the host that is meant. */
function misledTo({ forward }: Answer, { host }: Pair): string | undefined {
  const { arrival } = forward;
  return host !== undefined && arrival?.kind === "host" && arrival.host !== host ? arrival.host : undefined;
}

/** Asks about one pair. Traffic that the family does not have is not asked about. */
export function judge(
  prover: Prover,
  pair: Pair,
  wanted: TrafficSet,
  direction: Question["direction"],
): Judged {
  const { table, unread } = prover.world;
  const asked = difference(wanted, otherFamily(pair.target));
  const ask = (traffic: TrafficSet): Answer => prover.ask(pair.source, pair.target, table.id(traffic));
  const got = (answer: Answer): TrafficSet => {
    const { forward, traffic } = answer;
    const there = forward.arrival === undefined ? 0 : forward.traffic;
    return table.set(direction === "forward" ? there : traffic);
  };
  const answer = ask(asked);
  const misled = misledTo(answer, pair);
  if (misled !== undefined) {
    const { from, to } = answer.forward;
    const reason = `there the address is ${misled}'s`;
    const stop = { place: misled, reason, path: "", from, to };
    const none = { passes: noTraffic, stopped: asked, isBack: false, why: undefined };
    return { outcome: "blocked", pair, asked, stop, ...none };
  }
  const passes = got(answer);
  const rest = difference(asked, passes);
  if (isEmpty(rest) && !isEmpty(asked))
    return {
      outcome: "pass",
      pair,
      asked,
      passes,
      stopped: noTraffic,
      stop: undefined,
      isBack: false,
      why: undefined,
    };
  const hanging = direction === "forward" ? answer.forward.undecided : hangingOf(prover, answer);
  const undecided = intersection(hanging, rest);
  const stopped = difference(rest, undecided);
  // Asked alone, what does not pass meets what stops it.
  const { stop, isBack } = stopIn(ask(isEmpty(stopped) ? rest : stopped), direction);
  const unreadable = unread.find(({ rule }) => rule === stop?.origin?.rule);
  const why =
    unreadable?.rule ??
    (isEmpty(stopped) ? `${stop?.place ?? "the way"}: ${stop?.reason ?? "hangs on a symbol"}` : undefined);
  const outcome = why === undefined ? "blocked" : "unknown";
  return { outcome, pair, asked, passes, stopped, stop, isBack, why };
}

/** The worst of what is said of all pairs: what is blocked surely, then what cannot be told. */
export function worst(all: readonly Judged[]): Judged | undefined {
  return (
    all.find(({ outcome }) => outcome === "blocked") ??
    all.find(({ outcome }) => outcome === "unknown") ??
    all[0]
  );
}

/** A kind of traffic that stands for what was found. */
export function sampleOf({ outcome, asked, passes, stopped }: Judged): Point {
  if (outcome === "pass") return lowest(asked) ?? 0;
  return lowest(isEmpty(stopped) ? difference(asked, passes) : stopped) ?? 0;
}
