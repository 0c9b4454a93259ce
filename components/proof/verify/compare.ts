/** Everything that passes between everybody, beside what is meant to. */
import type { Answer, Prover } from "../prover.ts";
import type { TrafficId } from "../sets/traffic.ts";
import { alikeIn, kindsOf, type Alike, type Kind, type Kinds, type Spot } from "./alike.ts";
import { ascending, joined, type Meaning, type MeasuredFlow, type Numbers } from "./measure.ts";
import { isBeyondUs, sourceOf, type Parties, type Party, type Target } from "./parties.ts";

/** What somebody can send to an address. */
export interface Observation {
  readonly from: Party;
  readonly target: Target;
  readonly traffic: TrafficId;
}

/** The same of any of the senders and any of the targets, which are treated alike; nobody sends to itself. */
export interface Sighting {
  readonly from: readonly Party[];
  readonly targets: readonly Target[];
  readonly traffic: TrafficId;
}

/** A flow that does not pass as a whole: at which addresses it was tried, and what is missing. */
export interface Shortfall {
  readonly from: Party;
  readonly targets: readonly Target[];
  readonly missing: TrafficId;
}

export interface Comparison {
  readonly unintended: readonly Sighting[];
  readonly undecided: readonly Sighting[];
  /** What gets there, and whose answers get lost without any rule's doing. */
  readonly oneWay: readonly Sighting[];
  readonly stopped: readonly Shortfall[];
  /** For how many pairs each flow counted, in the order of the flows. */
  readonly used: readonly number[];
  /** Ordered pairs of somebody and an address that the answers are for. */
  readonly pairs: number;
  /** How many of them were asked for. */
  readonly questions: number;
}

/** Each pair that was sighted. */
export function* singly(sightings: readonly Sighting[]): Iterable<Observation> {
  for (const { from: senders, targets, traffic } of sightings) {
    for (const from of senders) {
      for (const target of targets) if (target.party !== from) yield { from, target, traffic };
    }
  }
}

type Draft = {
  -readonly [Key in keyof Comparison]: Comparison[Key] extends readonly (infer Item)[] ? Item[] : number;
};

/** What flows say of one kind of senders, by the numbers of spots. */
interface Row {
  readonly intended: readonly TrafficId[];
  readonly accepted: readonly TrafficId[];
  /** Numbers of the accepted flows. */
  readonly acceptances: readonly (readonly number[])[];
}

/** What is found of two kinds at a spot. */
interface Met extends Row {
  readonly answer: Answer;
  /** For how many pairs it holds. */
  readonly pairs: number;
}

/** A meaning in kinds in place of parties. */
interface KindMeaning {
  readonly traffic: TrafficId;
  readonly spots: readonly Spot[];
  readonly requiredSpots: ReadonlyMap<Kind, readonly Spot[]>;
}

/** How many of a list there are of each kind. */
type Counts = ReadonlyMap<Kind, number>;

class Comparer {
  readonly #prover: Prover;
  readonly #parties: Parties;
  readonly #flows: readonly MeasuredFlow[];
  readonly #kinds: Kinds;
  /** By the number of a kind: what its members must be able to, and what they may; an accepted flow by its number. */
  readonly #demanded: readonly KindMeaning[][];
  readonly #permitted: readonly {
    readonly meaning: KindMeaning;
    readonly acceptance: number | undefined;
  }[][];
  readonly #counts = new Map<Numbers, Counts>();
  readonly #receivers = new Map<Numbers, Numbers>();
  readonly #result: Draft;

  constructor(prover: Prover, parties: Parties, flows: readonly MeasuredFlow[], alike: Alike) {
    this.#prover = prover;
    this.#parties = parties;
    this.#flows = flows;
    const intended = joined(flows.filter(({ plan }) => plan.kind === "intended"));
    const accepted = [...flows.entries()].filter(([, { plan }]) => plan.kind === "accepted");
    this.#kinds = kindsOf(parties, [...intended, ...accepted.map(([, flow]) => flow)], alike);
    this.#demanded = this.#kinds.all.map(() => []);
    this.#permitted = this.#kinds.all.map(() => []);
    for (const meaning of intended) this.#resolve(meaning);
    for (const [number, flow] of accepted) this.#resolve(flow, number);
    this.#result = {
      unintended: [],
      undecided: [],
      oneWay: [],
      stopped: [],
      used: flows.map((flow) => (flow.plan.kind === "intended" ? this.#pairsOf(flow) : 0)),
      pairs: 0,
      questions: 0,
    };
  }

  run(proceed: () => void = () => undefined): Comparison {
    for (const from of this.#kinds.all) {
      proceed();
      const row = this.#row(from);
      const passed = this.#kinds.all.flatMap((to) => this.#meet(from, to, row));
      for (const meaning of this.#demanded[from.number] ?? []) this.#demand(meaning, from, passed);
    }
    return this.#result;
  }

  #resolve(flow: Meaning, acceptance?: number): void {
    const { traffic, required, permitted, targets, requiredTargets } = flow;
    const { all, ofParty, ofTarget } = this.#kinds;
    const kindsOfAll = (numbers: Numbers): Kind[] => [
      ...new Set(numbers.flatMap((number) => ofParty[number] ?? [])),
    ];
    const spotsOfAll = (numbers: Numbers): Spot[] => [
      ...new Set(numbers.flatMap((number) => ofTarget[number] ?? [])),
    ];
    const requiredSpots = new Map<Kind, Spot[]>();
    for (const spot of spotsOfAll(requiredTargets)) {
      requiredSpots.set(spot.kind, [...(requiredSpots.get(spot.kind) ?? []), spot]);
    }
    const meaning = { traffic, spots: spotsOfAll(targets), requiredSpots };
    for (const { number } of permitted === undefined ? all : kindsOfAll(permitted)) {
      this.#permitted[number]?.push({ meaning, acceptance });
    }
    if (acceptance !== undefined) return;
    for (const { number } of kindsOfAll(required)) this.#demanded[number]?.push(meaning);
  }

  #row({ number }: Kind): Row {
    const { table } = this.#prover.world;
    const intended: TrafficId[] = [];
    const accepted: TrafficId[] = [];
    const acceptances: number[][] = [];
    for (const { meaning, acceptance } of this.#permitted[number] ?? []) {
      const sums = acceptance === undefined ? intended : accepted;
      for (const { number: at } of meaning.spots) {
        sums[at] = table.or(sums[at] ?? 0, meaning.traffic);
        if (acceptance !== undefined) (acceptances[at] ??= []).push(acceptance);
      }
    }
    return { intended, accepted, acceptances };
  }

  #party(number: number | undefined): Party | undefined {
    return number === undefined ? undefined : this.#parties.all[number];
  }

  /** Two that stand for any two of their kinds, or `undefined` where there are no two with something of ours between. */
  #two(from: Kind, to: Kind): { readonly from: Party; readonly to: number } | undefined {
    const [first, other] = [from.members[0], to.members[from === to ? 1 : 0]];
    const [sender, receiver] = [this.#party(first), this.#party(other)];
    if (sender === undefined || receiver === undefined || other === undefined) return undefined;
    return isBeyondUs(sender, receiver) ? undefined : { from: sender, to: other };
  }

  #sighting(from: Kind, { kind, place }: Spot, traffic: TrafficId): Sighting {
    const { all, byParty } = this.#parties;
    return {
      from: from.members.flatMap((number) => all[number] ?? []),
      targets: kind.members.flatMap((number) => byParty[number]?.[place] ?? []),
      traffic,
    };
  }

  /** Any two of the kinds; returns by spot what gets there and is answered. */
  #meet(from: Kind, to: Kind, row: Row): TrafficId[] {
    const two = this.#two(from, to);
    if (two === undefined) return to.spots.map(() => 0);
    const source = sourceOf(two.from);
    const pairs = from.members.length * (to.members.length - (from === to ? 1 : 0));
    this.#result.pairs += pairs * to.spots.length;
    this.#result.questions += to.spots.length;
    return to.spots.map((spot) => {
      const target = this.#parties.byParty[two.to]?.[spot.place];
      if (target === undefined) throw new Error("members of one kind have as many addresses");
      return this.#look(from, spot, { ...row, answer: this.#prover.ask(source, target.address), pairs });
    });
  }

  #look(from: Kind, spot: Spot, { intended, accepted, acceptances, answer, pairs }: Met): TrafficId {
    const { table } = this.#prover.world;
    const { forward, back, traffic, possible } = answer;
    if (traffic !== possible) {
      this.#result.undecided.push(this.#sighting(from, spot, table.minus(possible, traffic)));
    }
    // What gets there, even where no answer comes back: a datagram needs none.
    const arriving = forward.arrival === undefined ? 0 : forward.traffic;
    const isLost =
      back !== undefined && forward.traffic !== 0 && possible === 0 && back.stop?.origin === undefined;
    if (isLost) this.#result.oneWay.push(this.#sighting(from, spot, arriving));
    const at = spot.number;
    const unmeant = table.minus(arriving, intended[at] ?? 0);
    if (unmeant === 0) return traffic;
    for (const number of acceptances[at] ?? []) {
      // Several acceptances of the same are all in use.
      if (table.and(unmeant, this.#flows[number]?.traffic ?? 0) === 0) continue;
      this.#result.used[number] = (this.#result.used[number] ?? 0) + pairs;
    }
    const rest = table.minus(unmeant, accepted[at] ?? 0);
    if (rest !== 0) this.#result.unintended.push(this.#sighting(from, spot, rest));
    return traffic;
  }

  /** A host counts as reached by whichever of its addresses the flow means. */
  #demand({ traffic, requiredSpots }: KindMeaning, from: Kind, passed: readonly TrafficId[]): void {
    const { table } = this.#prover.world;
    const { all, byParty } = this.#parties;
    for (const [kind, spots] of requiredSpots) {
      if (this.#two(from, kind) === undefined) continue;
      const passing = spots.reduce((sum, { number }) => table.or(sum, passed[number] ?? 0), 0);
      const missing = table.minus(traffic, passing);
      if (missing === 0) continue;
      for (const sender of from.members) {
        for (const receiver of kind.members) {
          const party = all[sender];
          if (party === undefined || sender === receiver) continue;
          const targets = spots.flatMap(({ place }) => byParty[receiver]?.[place] ?? []);
          this.#result.stopped.push({ from: party, targets, missing });
        }
      }
    }
  }

  #countsOf(parties: Numbers): Counts {
    const known = this.#counts.get(parties);
    if (known !== undefined) return known;
    const counts = new Map<Kind, number>();
    for (const number of parties) {
      const kind = this.#kinds.ofParty[number];
      if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    this.#counts.set(parties, counts);
    return counts;
  }

  /** Between how many pairs of parties an intended flow must pass. */
  #pairsOf({ required, requiredTargets }: MeasuredFlow): number {
    const receivers = this.#receivers.get(requiredTargets) ?? this.#partiesOf(requiredTargets);
    this.#receivers.set(requiredTargets, receivers);
    const [senders, others] = [this.#countsOf(required), this.#countsOf(receivers)];
    let pairs = 0;
    for (const [from, count] of senders) {
      for (const [to, number] of others) if (this.#two(from, to) !== undefined) pairs += count * number;
    }
    const isReceiver = new Set(receivers);
    const themselves = required.filter((number) => {
      const kind = this.#kinds.ofParty[number];
      return isReceiver.has(number) && kind !== undefined && this.#two(kind, kind) !== undefined;
    });
    return pairs - themselves.length;
  }

  #partiesOf(targets: Numbers): Numbers {
    return ascending(targets.flatMap((number) => this.#kinds.partyOf[number] ?? []));
  }
}

/**
 * Asks once for any two kinds.
 * @param alike whom the network treats alike; without it, it is found out
 * @param proceed called for each kind
 */
export function compare(
  prover: Prover,
  parties: Parties,
  flows: readonly MeasuredFlow[],
  { alike = alikeIn(prover.world), proceed }: { readonly alike?: Alike; readonly proceed?: () => void } = {},
): Comparison {
  return new Comparer(prover, parties, flows, alike).run(proceed);
}
