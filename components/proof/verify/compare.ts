/** Everything that passes between everybody, beside what is meant to. */
import type { Prover } from "../prover.ts";
import { isEmpty } from "../sets/intervals.ts";
import type { TrafficId, TrafficSet } from "../sets/traffic.ts";
import { alikeIn, type Alike } from "./alike.ts";
import { Unions, type MeasuredFlow } from "./measure.ts";
import { isBeyondUs, sourceOf, type Parties, type Party, type Target } from "./parties.ts";

/** What somebody can send to an address. */
export interface Observation {
  readonly from: Party;
  readonly target: Target;
  readonly traffic: TrafficId;
}

/** A flow that does not pass as a whole: at which addresses it was tried, and what is missing. */
export interface Shortfall {
  readonly flow: MeasuredFlow;
  readonly from: Party;
  readonly targets: readonly Target[];
  readonly missing: TrafficId;
}

export interface Comparison {
  readonly unintended: readonly Observation[];
  readonly undecided: readonly Observation[];
  /** What gets there, and whose answers get lost without any rule's doing. */
  readonly oneWay: readonly Observation[];
  readonly stopped: readonly Shortfall[];
  /** For how many pairs each flow counted, in the order of the flows. */
  readonly used: readonly number[];
  readonly pairs: number;
}

type Draft = {
  -readonly [Key in keyof Comparison]: Comparison[Key] extends readonly (infer Item)[] ? Item[] : number;
};

/** What flows say of one sender, by the numbers of targets. */
interface Row {
  readonly intended: readonly TrafficId[];
  readonly accepted: readonly TrafficId[];
  /** Numbers of the accepted flows. */
  readonly acceptances: readonly (readonly number[])[];
}

/** What is found of a pair. */
interface Found {
  /** What gets there, even where no answer comes back: a datagram needs none. */
  readonly arriving: TrafficId;
  /** What gets there and is answered. */
  readonly answered: TrafficId;
  /** What nobody can tell of. */
  readonly open: TrafficSet;
  /** Whether all answers get lost without any rule's doing. */
  readonly isLost: boolean;
}

class Comparer {
  readonly #prover: Prover;
  /** By the numbers of what senders and targets are alike in. */
  readonly #found: Found[][] = [];
  readonly #alike: Alike;
  readonly #parties: Parties;
  readonly #flows: readonly MeasuredFlow[];
  readonly #unions: Unions;
  readonly #result: Draft;

  constructor(prover: Prover, parties: Parties, flows: readonly MeasuredFlow[], alike: Alike) {
    this.#prover = prover;
    this.#parties = parties;
    this.#flows = flows;
    this.#unions = new Unions(prover.world.table);
    this.#alike = alike;
    this.#result = {
      unintended: [],
      undecided: [],
      oneWay: [],
      stopped: [],
      used: flows.map(() => 0),
      pairs: 0,
    };
  }

  run(): Comparison {
    for (const [index, from] of this.#parties.all.entries()) {
      const row = this.#row(index);
      const passed: TrafficId[] = [];
      for (const [at, target] of this.#parties.targets.entries()) {
        if (isBeyondUs(from, target.party)) continue;
        this.#result.pairs++;
        passed[at] = this.#look(index, at, row);
      }
      for (const [number, flow] of this.#flows.entries()) {
        if (flow.plan.kind === "intended" && flow.required[index] === true) {
          this.#demand(number, flow, from, passed);
        }
      }
    }
    return this.#result;
  }

  #row(index: number): Row {
    const intended: TrafficId[] = [];
    const accepted: TrafficId[] = [];
    const acceptances: number[][] = [];
    for (const [number, { plan, permitted, targets, traffic }] of this.#flows.entries()) {
      if (permitted[index] !== true) continue;
      const sums = plan.kind === "intended" ? intended : accepted;
      for (const at of targets) {
        sums[at] = this.#unions.or(sums[at] ?? 0, traffic);
        if (plan.kind === "accepted") (acceptances[at] ??= []).push(number);
      }
    }
    return { intended, accepted, acceptances };
  }

  #ask(from: Party, target: Target): Found {
    const { forward, back, traffic, possible } = this.#prover.ask(sourceOf(from), target.address);
    return {
      arriving: forward.arrival === undefined ? 0 : forward.traffic,
      answered: traffic,
      // What may get there counts by itself, and only where that is sure, what may come back.
      open: [forward.undecided, back?.undecided ?? []].find((each) => !isEmpty(each)) ?? [],
      isLost:
        back !== undefined && forward.traffic !== 0 && possible === 0 && back.stop?.origin === undefined,
    };
  }

  /** Whoever is treated alike is asked for once. */
  #find(index: number, at: number, from: Party, target: Target): Found {
    const row = (this.#found[this.#alike.senders[index] ?? 0] ??= []);
    return (row[this.#alike.targets[at] ?? 0] ??= this.#ask(from, target));
  }

  /** One pair; returns what gets there and is answered. */
  #look(index: number, at: number, { intended, accepted, acceptances }: Row): TrafficId {
    const { all, targets } = this.#parties;
    const [from, target] = [all[index], targets[at]];
    if (from === undefined || target === undefined) throw new Error("there is no such pair");
    const { table } = this.#prover.world;
    const { arriving, answered, open, isLost } = this.#find(index, at, from, target);
    if (!isEmpty(open)) this.#result.undecided.push({ from, target, traffic: table.id(open) });
    if (isLost) this.#result.oneWay.push({ from, target, traffic: arriving });
    const unmeant = table.minus(arriving, intended[at] ?? 0);
    if (unmeant === 0) return answered;
    for (const number of acceptances[at] ?? []) {
      // Several acceptances of the same are all in use.
      if (table.and(unmeant, this.#flows[number]?.traffic ?? 0) !== 0) this.#use(number);
    }
    const rest = table.minus(unmeant, accepted[at] ?? 0);
    if (rest !== 0) this.#result.unintended.push({ from, target, traffic: rest });
    return answered;
  }

  #use(number: number): void {
    this.#result.used[number] = (this.#result.used[number] ?? 0) + 1;
  }

  /** A host counts as reached by whichever of its addresses the flow means. */
  #demand(number: number, flow: MeasuredFlow, from: Party, passed: readonly TrafficId[]): void {
    for (const [party, numbers] of flow.requiredTargets) {
      if (isBeyondUs(from, party)) continue;
      this.#use(number);
      const traffic = numbers.reduce((sum, at) => this.#unions.or(sum, passed[at] ?? 0), 0);
      const missing = this.#prover.world.table.minus(flow.traffic, traffic);
      if (missing === 0) continue;
      const targets = numbers.flatMap((at) => this.#parties.targets[at] ?? []);
      this.#result.stopped.push({ flow, from, targets, missing });
    }
  }
}

/** @param alike who need not be asked for twice */
export function compare(
  prover: Prover,
  parties: Parties,
  flows: readonly MeasuredFlow[],
  alike = alikeIn(parties, prover.world),
): Comparison {
  return new Comparer(prover, parties, flows, alike).run();
}
