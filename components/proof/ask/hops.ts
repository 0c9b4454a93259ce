/** The way in words: what each place on it did with the packets. */
import type { Point } from "../sets/intervals.ts";
import type { Answer, Prover } from "../prover.ts";
import type { Arrival, Step, Way } from "../world/way.ts";
import { type Pair, type Question } from "./verdict.ts";

export interface Addresses {
  readonly from: string;
  readonly to: string;
}

/** One place that the packets met. */
export interface Hop {
  readonly place: string;
  /** What it did. */
  readonly action: string;
  /** For a gate: what decided, and how. */
  readonly gate: { readonly name: string; readonly verdict: string; readonly rule: string } | undefined;
  /** Whether the packets end here without having got there. */
  readonly stops: boolean;
  /** Place in the stack's configuration; empty where nothing there says it. */
  readonly path: string;
  /** Line of the stack's file. */
  readonly line: number | undefined;
  readonly before: Addresses;
  readonly after: Addresses;
}

export type LineOf = (path: string) => number | undefined;

/** Of a network that no file describes. */
export const noLines: LineOf = () => undefined;

export interface Told {
  readonly forward: readonly Hop[];
  readonly return: readonly Hop[];
}

function arrivalText(arrival: Arrival): { place: string; action: string } {
  switch (arrival.kind) {
    case "host":
      return { place: arrival.host, action: `arrives by ${arrival.link}` };
    case "device":
      return { place: `a device in ${arrival.segment}`, action: "arrives" };
    case "internet":
      return { place: "internet", action: "arrives" };
    case "service":
      return { place: arrival.endpoint, action: "arrives at AWS's service" };
  }
}

class Teller {
  readonly #prover: Prover;
  readonly #lineOf: LineOf;

  constructor(prover: Prover, lineOf: LineOf) {
    this.#prover = prover;
    this.#lineOf = lineOf;
  }

  hops(way: Way, begin: { readonly from: Point; readonly to: Point }): Hop[] {
    let before = this.#addresses(begin);
    const hops = way.steps.map((step, index): Hop => {
      const after = this.#addresses(step);
      const hop = this.#hop(step, { before, after }, way.isStopped && index === way.steps.length - 1);
      before = after;
      return hop;
    });
    if (way.arrival === undefined || way.isStopped) return hops;
    const { place, action } = arrivalText(way.arrival);
    const end = { gate: undefined, stops: false, path: "", line: undefined };
    return [...hops, { place, action, ...end, before, after: before }];
  }

  #addresses({ from, to }: { readonly from: Point; readonly to: Point }): Addresses {
    const { space } = this.#prover.world;
    return { from: space.textOf(from), to: space.textOf(to) };
  }

  #hop(step: Step, at: Pick<Hop, "before" | "after">, stops: boolean): Hop {
    const { place, what, path, gate } = step;
    const told = gate && { name: gate.origin.where, verdict: gate.verdict, rule: gate.origin.rule };
    const line = path === "" ? undefined : this.#lineOf(path);
    return { place, action: what, gate: told, stops, path, line, ...at };
  }
}

/** @param answer of a question about one pair and one kind of traffic, with its steps */
export function tell(
  prover: Prover,
  answer: Answer,
  { source, target }: Pair,
  direction: Question["direction"],
  lineOf: LineOf,
): Told {
  const teller = new Teller(prover, lineOf);
  const { forward, back } = answer;
  const begin = { from: source.address ?? forward.steps[0]?.from ?? forward.from, to: target };
  const turned = { from: forward.to, to: forward.from };
  return {
    forward: teller.hops(forward, begin),
    return: direction === "forward" || back === undefined ? [] : teller.hops(back, turned),
  };
}
