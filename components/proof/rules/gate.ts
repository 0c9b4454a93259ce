/**
 * A gate: ordered rules that decide which packets go on, as every firewall has them. It answers for a source and a
 * destination which traffic it lets through, and which rule says so.
 */
import type { AddressSet } from "../sets/addresses.ts";
import { Boundaries, difference, has, intersection, isEmpty, union, type Point } from "../sets/intervals.ts";
import {
  allTraffic,
  noTraffic,
  type TrafficId,
  type TrafficSet,
  type TrafficTable,
} from "../sets/traffic.ts";

/** Where a rule was written, for whoever is to change it. */
export interface Origin {
  /** What has the rule: `security group us-west/public`. */
  readonly where: string;
  /** The rule in its own words, or what happens where no rule matches. */
  readonly rule: string;
  /** The place in the stack's configuration that it comes from. */
  readonly path: string;
}

/** Addresses of one side of a rule. */
export interface Side {
  readonly addresses: AddressSet;
  /** Symbols of which nobody can tell whether they are among the addresses. */
  readonly undecided: AddressSet;
}

export type Verdict = "accept" | "drop";

export interface GateRule {
  /** `undefined` where the rule matches every source. */
  readonly from: Side | undefined;
  readonly to: Side | undefined;
  readonly traffic: TrafficSet;
  readonly verdict: Verdict;
  readonly origin: Origin;
}

export interface GateRules {
  /** The first that matches decides. */
  readonly rules: readonly GateRule[];
  readonly otherwise: { readonly verdict: Verdict; readonly origin: Origin };
}

/** What a gate says about everything between two addresses. */
export interface Passage {
  readonly accepted: TrafficId;
  /** What hangs on a symbol: it must not count as passing. */
  readonly undecided: TrafficId;
}

type Match = "yes" | "no" | "undecided";

function matches(side: Side | undefined, address: Point): Match {
  if (side === undefined || has(side.addresses, address)) return "yes";
  return has(side.undecided, address) ? "undecided" : "no";
}

function both(a: Match, b: Match): Match {
  if (a === "no" || b === "no") return "no";
  return a === "yes" && b === "yes" ? "yes" : "undecided";
}

function boundaries(sides: readonly (Side | undefined)[]): Boundaries {
  return new Boundaries(
    sides.flatMap((side) => (side === undefined ? [] : [...side.addresses, ...side.undecided])),
  );
}

export class Gate {
  readonly #rules: readonly GateRule[];
  readonly #otherwise: GateRules["otherwise"];
  readonly #table: TrafficTable;
  /** Between two neighbours of these lists every address is treated alike. */
  readonly #sources: Boundaries;
  readonly #destinations: Boundaries;
  readonly #known: (Passage | undefined)[] = [];

  constructor({ rules, otherwise }: GateRules, table: TrafficTable) {
    this.#rules = rules.filter(({ traffic }) => !isEmpty(traffic));
    this.#otherwise = otherwise;
    this.#table = table;
    this.#sources = boundaries(rules.map(({ from }) => from));
    this.#destinations = boundaries(rules.map(({ to }) => to));
  }

  /** What the gate lets through from one address to the other. */
  passage(from: Point, to: Point): Passage {
    const place = this.#sources.rank(from) * this.#destinations.places + this.#destinations.rank(to);
    return (this.#known[place] ??= this.#passage(from, to));
  }

  #passage(from: Point, to: Point): Passage {
    let left = allTraffic;
    let accepted = noTraffic;
    let undecided = noTraffic;
    for (const rule of this.#rules) {
      const match = both(matches(rule.from, from), matches(rule.to, to));
      if (match === "no") continue;
      const decided = intersection(left, rule.traffic);
      if (match === "undecided") undecided = union(undecided, decided);
      else if (rule.verdict === "accept") accepted = union(accepted, decided);
      left = difference(left, rule.traffic);
      if (isEmpty(left)) break;
    }
    if (this.#otherwise.verdict === "accept") accepted = union(accepted, left);
    return { accepted: this.#table.id(accepted), undecided: this.#table.id(undecided) };
  }

  /** What decides about one kind of traffic; a rule that hangs on a symbol counts as the one that decides. */
  decision(
    from: Point,
    to: Point,
    traffic: Point,
  ): { readonly verdict: Verdict | "undecided"; readonly origin: Origin } {
    for (const rule of this.#rules) {
      const match = both(matches(rule.from, from), matches(rule.to, to));
      if (match === "no" || !has(rule.traffic, traffic)) continue;
      return { verdict: match === "yes" ? rule.verdict : "undecided", origin: rule.origin };
    }
    return this.#otherwise;
  }

  /** Every rule that lets the traffic pass, whether or not an earlier one decides. */
  acceptors(from: Point, to: Point, traffic: Point): Origin[] {
    const accepting = this.#rules.filter(
      (rule) =>
        rule.verdict === "accept" &&
        has(rule.traffic, traffic) &&
        both(matches(rule.from, from), matches(rule.to, to)) === "yes",
    );
    return accepting.map(({ origin }) => origin);
  }

  /** Every condition on addresses: two addresses that meet the same ones are treated alike. */
  get sides(): readonly Side[] {
    return this.#rules.flatMap(({ from, to }) => [from, to]).filter((side) => side !== undefined);
  }
}

/** Both sides' condition at once, for rules within rules. */
export function narrow(outer: Side | undefined, inner: Side | undefined): Side | undefined {
  if (outer === undefined) return inner;
  if (inner === undefined) return outer;
  const addresses = intersection(outer.addresses, inner.addresses);
  const possible = intersection(
    union(outer.addresses, outer.undecided),
    union(inner.addresses, inner.undecided),
  );
  return { addresses, undecided: difference(possible, addresses) };
}

/** Whether nothing can match. */
export function isNobody(side: Side | undefined): boolean {
  return side !== undefined && isEmpty(side.addresses) && isEmpty(side.undecided);
}
