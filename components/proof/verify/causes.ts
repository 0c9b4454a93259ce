/** From everything that is wrong to as few causes as explain it: each is told once, with the line that mends it. */
import type { NetworkPlan } from "../../plan/model.ts";
import type { World } from "../world/model.ts";
import { Adviser, type Advice } from "./advice.ts";
import type { PassExplanation, StopExplanation } from "./explain.ts";
import type { Passage, Violation, ViolationKind } from "./model.ts";
import type { Party } from "./parties.ts";

/** What some send to others, all of them by one rule's doing. */
interface Case<Why> {
  readonly from: readonly Party[];
  readonly to: readonly Party[];
  readonly traffic: string;
  /** Of an intended flow, its reason: what is intended for another is told apart. */
  readonly reason?: string;
  readonly why: Why;
}

export interface StopCase extends Case<StopExplanation> {
  readonly kind: "stopped" | "undecided";
  /** Where the flow is written that intends it. */
  readonly flowPath?: string;
}

export type PassCase = Case<PassExplanation>;

const nothingAdvised: Advice = { key: "", path: "", mend: "" };

/** Whom a reader wants to see first: anybody, then our own hosts, then who is in between. */
function rankOf(parties: readonly Party[]): number {
  const ranks = parties.map(({ kind, name }) => {
    if (kind === "internet") return name === "internet" ? 0 : 3;
    return kind === "host" ? 1 : 2;
  });
  return Math.min(...ranks);
}

function namesOf(parties: readonly Party[]): string[] {
  return [...new Set(parties.map(({ name }) => name))];
}

const isBefore = <Why>(a: Case<Why>, b: Case<Why>): number =>
  rankOf(a.from) - rankOf(b.from) || rankOf(a.to) - rankOf(b.to);

/** What differs in its ends alone is one passage. */
function passagesOf(cases: readonly Case<unknown>[]): Passage[] {
  return [...Map.groupBy(cases, ({ traffic, reason = "" }) => `${traffic}\n${reason}`).values()].map(
    (group) => ({
      from: namesOf(group.flatMap(({ from }) => from)),
      to: namesOf(group.flatMap(({ to }) => to)),
      traffic: group[0]?.traffic ?? "",
    }),
  );
}

interface Cause {
  readonly kind: ViolationKind;
  readonly place: string;
  readonly rule: string;
  readonly path: string;
  readonly mend: string;
}

/** The first case shows it; whatever passage it is of comes first. */
function violationOf<Why extends PassExplanation | StopExplanation>(
  cause: Cause,
  first: Case<Why>,
  others: readonly Case<Why>[],
): Violation {
  const { witness, hops } = first.why;
  const [main = { from: [], to: [], traffic: first.traffic }, ...also] = passagesOf([first, ...others]);
  return { ...cause, ...main, also, witness, hops };
}

/** What is told already. */
export interface Told {
  /** Keys of causes, as {@link Adviser} has them. */
  readonly causes: ReadonlySet<string>;
  /** Where something stops, and why. */
  readonly places: ReadonlySet<string>;
}

/**
 * What does not pass, or may not. Packets of tunnels come first: what would go through a tunnel stops with them.
 * @returns beside the violations what of it findings need not say again
 */
export function stopViolations(
  cases: readonly StopCase[],
  plan: NetworkPlan,
  world: World,
): { readonly violations: Violation[]; readonly told: Told } {
  const advice = new Adviser(plan, world).advise(cases.map(({ why }) => why));
  const advised = cases.map((each, index) => ({
    ...each,
    advice: advice[index] ?? nothingAdvised,
  }));
  const groups = [...Map.groupBy(advised, ({ kind, advice: { key } }) => `${kind} ${key}`).values()];
  const violations = groups.flatMap((group) => {
    const [first, ...others] = [...group].sort(
      (a, b) => Number(a.why.isCarried) - Number(b.why.isCarried) || isBefore(a, b),
    );
    if (first === undefined) return [];
    const { stop } = first.why.root;
    const { mend: forOne, mends = forOne } = first.advice;
    const own = group.filter(({ why }) => !why.isCarried).map(({ traffic }) => traffic);
    const advised = new Set(own).size > 1 ? mends : forOne;
    // What nothing of ours decides about is wrong in the flow.
    const isOurs = first.advice.path !== "" || first.flowPath === undefined;
    const path = isOurs ? first.advice.path : (first.flowPath ?? "");
    const mend = isOurs ? advised : "take it away: nothing of the network could let it pass";
    const cause = { kind: first.kind, place: stop.place, rule: stop.reason, path, mend };
    return [violationOf(cause, first, others)];
  });
  const places = cases.map(({ why: { root } }) => `${root.stop.place}: ${root.stop.reason}`);
  return { violations, told: { causes: new Set(advice.map(({ key }) => key)), places: new Set(places) } };
}

interface Shown {
  readonly cases: readonly PassCase[];
  readonly path: string;
}

/** The fewest rules without which nothing of it passes; found greedily, which is near enough for a reader. */
function fewestRules(cases: readonly PassCase[]): Shown[] {
  const shown: Shown[] = [];
  let rest = cases;
  while (rest.length > 0) {
    const counts = new Map<string, number>();
    for (const { why } of rest) {
      for (const path of new Set(why.openings.map((opening) => opening.path)))
        counts.set(path, (counts.get(path) ?? 0) + 1);
    }
    // Of rules that explain as much, the one that is most direct for the first case.
    const [first] = rest;
    const [direct] = first?.why.openings ?? [];
    const most = Math.max(...counts.values());
    const path =
      direct !== undefined && counts.get(direct.path) === most
        ? direct.path
        : ([...counts].find(([, count]) => count === most)?.[0] ?? "");
    const isOf = ({ why }: PassCase): boolean => why.openings.some((opening) => opening.path === path);
    shown.push({ path, cases: rest.filter(isOf) });
    rest = rest.filter((each) => !isOf(each));
  }
  return shown;
}

/** What passes and is not meant to. */
export function passViolations(cases: readonly PassCase[]): Violation[] {
  return fewestRules(cases).flatMap(({ path, cases: members }) => {
    const [first, ...others] = [...members].sort(isBefore);
    const opening = first?.why.openings.find((each) => each.path === path);
    if (first === undefined || opening === undefined) return [];
    const mend = "narrow it, or say in flows that this is intended, or accepted";
    return [violationOf({ kind: "unintended", ...opening, mend }, first, others)];
  });
}

const order: readonly ViolationKind[] = [
  "unintended",
  "stopped",
  "undecided",
  "unread",
  "nobody",
  "unneeded",
];

/** The worst first: what anybody on the internet can do, then as the kinds are listed, what has most to it first. */
export function bySeverity(violations: readonly Violation[]): Violation[] {
  const rank = ({ kind, from }: Violation): number =>
    kind === "unintended" && from.includes("internet") ? -1 : order.indexOf(kind);
  return [...violations].sort((a, b) => rank(a) - rank(b) || b.also.length - a.also.length);
}
