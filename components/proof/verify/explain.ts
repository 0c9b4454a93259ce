/** Why a packet passes or stops, hop by hop, and which rule decides. */
import type { Prover, Answer } from "../prover.ts";
import type { Point } from "../sets/intervals.ts";
import { formatKind, oneKind } from "../sets/traffic.ts";
import type { World } from "../world/model.ts";
import type { Step } from "../world/way.ts";
import type { Witness } from "./model.ts";
import { sourceOf, type Party, type Target } from "./parties.ts";

/** Something on the way. */
export interface Hop {
  readonly direction: "forward" | "return";
  readonly place: string;
  readonly what: string;
  readonly path: string;
}

export interface Explanation {
  readonly witness: Witness;
  readonly hops: readonly Hop[];
  /** The hop that decides, and its rule. */
  readonly place: string;
  readonly rule: string;
  readonly path: string;
}

/** One kind of traffic, as a point on its line. */
export interface Question {
  readonly from: Party;
  readonly target: Target;
  readonly traffic: Point;
}

function ask(prover: Prover, { from, target, traffic }: Question): Answer {
  return prover.ask(sourceOf(from), target.address, prover.world.table.id(oneKind(traffic)), traffic);
}

function hopsOf({ forward, back }: Answer): Hop[] {
  const hops = (direction: Hop["direction"], steps: readonly Step[]): Hop[] =>
    steps.map(({ place, what, path }) => ({ direction, place, what, path }));
  return [...hops("forward", forward.steps), ...hops("return", back?.steps ?? [])];
}

function witnessOf({ from, target, traffic }: Question, { forward }: Answer, world: World): Witness {
  const { space } = world;
  const [first] = forward.steps;
  return {
    from: from.name,
    fromAddress: space.textOf(first?.from ?? forward.from),
    to: target.party.name,
    toAddress: space.textOf(target.address),
    traffic: formatKind(traffic),
  };
}

/**
 * Of all gates that let a packet through, the one that the stack's file opens most directly: a security group's, at
 * the end that is ours, and else the last.
 */
function opening({ target }: Question, steps: readonly Step[]): Step | undefined {
  const gates = steps.filter(({ gate }) => gate?.verdict === "accept");
  const ending = target.party.kind === "internet" ? "egress" : "ingress";
  const isEnding = ({ gate }: Step): boolean =>
    gate?.at?.kind === "security-group" && gate.at.direction === ending;
  return gates.findLast(isEnding) ?? gates.at(-1) ?? steps.at(-1);
}

/** Why something passes. */
export function explainPass(prover: Prover, question: Question): Explanation {
  const answer = ask(prover, question);
  const open = opening(question, answer.forward.steps);
  return {
    witness: witnessOf(question, answer, prover.world),
    hops: hopsOf(answer),
    place: open?.gate === undefined ? (open?.place ?? "nobody") : `${open.place}, ${open.gate.origin.where}`,
    rule: open?.gate?.origin.rule ?? open?.what ?? "nothing stands in the way",
    path: open?.path ?? "",
  };
}

/** Why something does not pass. Of several addresses, the one counts at which it gets furthest. */
export function explainStop(prover: Prover, questions: readonly [Question, ...Question[]]): Explanation {
  const [first, ...others] = questions.map((question) => ({ question, answer: ask(prover, question) }));
  if (first === undefined) throw new Error("nothing is asked");
  const length = ({ answer }: typeof first): number =>
    answer.forward.steps.length + (answer.back?.steps.length ?? 0);
  const { question, answer } = others.reduce(
    (best, each) => (length(each) > length(best) ? each : best),
    first,
  );
  const stop = prover.stopOf(answer);
  return {
    witness: witnessOf(question, answer, prover.world),
    hops: hopsOf(answer),
    place: stop?.place ?? "the answer",
    rule: stop?.reason ?? "does not come back",
    path: stop?.path ?? "",
  };
}
