/** Why a packet passes or stops, hop by hop, and which rule decides. */
import type { Prover, Answer } from "../prover.ts";
import type { Point } from "../sets/intervals.ts";
import { formatKind, oneKind, type TrafficId } from "../sets/traffic.ts";
import type { World } from "../world/model.ts";
import type { Step, Stop } from "../world/way.ts";
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
}

/** A rule that lets packets through. */
export interface Opening {
  /** The hop that decides, and its rule. */
  readonly place: string;
  readonly rule: string;
  readonly path: string;
}

export interface PassExplanation extends Explanation {
  /**
   * Of all gates that let a packet through, those that the stack's file opens, the most direct one first: a security
   * group's at the end that is ours. Where there is none, the last gate of all.
   */
  readonly openings: readonly [Opening, ...Opening[]];
}

/** Where packets stop: those that are asked about, or those that would have to carry them through a tunnel. */
export interface RootStop {
  readonly stop: Stop;
  readonly isBack: boolean;
  /** The hosts at both ends, where they are ours. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly traffic: TrafficId;
}

export interface StopExplanation extends Explanation {
  readonly root: RootStop;
  /** The same at other addresses of whoever is asked: one of them would do. */
  readonly alternatives: readonly Stop[];
  /** Whether it is a tunnel's packets that stop, so that everything else stops with them that goes through it. */
  readonly isCarried: boolean;
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

function openingAt({ gate, place, path, what }: Step): Opening {
  return gate === undefined
    ? { place, rule: what, path }
    : { place: `${place}, ${gate.origin.where}`, rule: gate.origin.rule, path };
}

function openings({ target }: Question, steps: readonly Step[]): [Opening, ...Opening[]] {
  const gates = steps.filter(({ gate }) => gate?.verdict === "accept");
  const groups = gates.filter(({ gate }) => gate?.at?.kind === "security-group").reverse();
  const ending = target.party.kind === "internet" ? "egress" : "ingress";
  const isEnding = ({ gate }: Step): boolean =>
    gate?.at?.kind === "security-group" && gate.at.direction === ending;
  const [first, ...others] = [...groups.filter(isEnding), ...groups.filter((group) => !isEnding(group))].map(
    openingAt,
  );
  const last = gates.at(-1) ?? steps.at(-1);
  const nothing = { place: "nobody", rule: "nothing stands in the way", path: "" };
  return first === undefined ? [last === undefined ? nothing : openingAt(last)] : [first, ...others];
}

/** Why something passes. */
export function explainPass(prover: Prover, question: Question): PassExplanation {
  const answer = ask(prover, question);
  return {
    witness: witnessOf(question, answer, prover.world),
    hops: hopsOf(answer),
    openings: openings(question, answer.forward.steps),
  };
}

const nobodyAnswers = { place: "the answer", reason: "does not come back", path: "", from: 0, to: 0 };

/** More tunnels within each other than anybody has. */
const mostTunnels = 8;

function rootOf(prover: Prover, direct: RootStop): RootStop {
  let root = direct;
  for (let depth = 0; depth < mostTunnels; depth++) {
    const { obstacle } = root.stop;
    if (obstacle?.kind !== "tunnel-down") break;
    const carrier = prover.tunnelBetween(obstacle.host, obstacle.peer)?.carrier;
    if (carrier === undefined) break;
    root = carrier;
  }
  return root;
}

interface Tried extends StopExplanation {
  /** How far it got. */
  readonly steps: number;
}

function tryStop(prover: Prover, question: Question): Tried {
  const { from, target, traffic } = question;
  const answer = ask(prover, question);
  const { forward, back } = answer;
  const direct: RootStop = {
    stop: prover.stopOf(answer) ?? nobodyAnswers,
    isBack: forward.arrival !== undefined && back !== undefined,
    from: from.kind === "host" ? from.plan.key : undefined,
    to: target.party.kind === "host" ? target.party.plan.key : undefined,
    traffic: prover.world.table.id(oneKind(traffic)),
  };
  const root = rootOf(prover, direct);
  return {
    witness: witnessOf(question, answer, prover.world),
    hops: hopsOf(answer),
    root,
    alternatives: [],
    isCarried: direct.stop.obstacle?.kind === "tunnel-down",
    steps: forward.steps.length + (back?.steps.length ?? 0),
  };
}

/**
 * Why something does not pass. Of several addresses, the one counts that a tunnel should lead to and does not, unless
 * it is the tunnel's own packets that are asked about; else the one at which it gets furthest.
 */
export function explainStop(
  prover: Prover,
  [first, ...others]: readonly [Question, ...Question[]],
): StopExplanation {
  const tried = [first, ...others].map((question) => tryStop(prover, question));
  const carried = tried.find(({ isCarried }) => isCarried);
  const isSame = ({ root: { stop }, isCarried }: Tried): boolean =>
    !isCarried && stop.place === carried?.root.stop.place && stop.reason === carried.root.stop.reason;
  const furthest = tried.reduce((best, each) => (each.steps > best.steps ? each : best));
  const shown = tried.find(isSame) ?? carried ?? furthest;
  const { place, reason } = shown.root.stop;
  const stops = tried.map(({ root }) => root.stop);
  const alternatives = stops.filter((stop) => stop.place === place && stop.reason === reason);
  return { ...shown, alternatives };
}
