/** The smallest change that would alter a verdict, tried by the prover itself. */
import { ConfigError, networkKey } from "../../../config/problem.ts";
import { difference, isEmpty } from "../../sets/intervals.ts";
import type { Answer, Prover } from "../../prover.ts";
import type { LineOf } from "../hops.ts";
import type { Judged, Question } from "../verdict.ts";
import { inConfiguration, inProgram, type Blocked } from "./candidates.ts";
import { Draft } from "./draft.ts";
import type { Candidate, Change, Editable, Patch } from "./model.ts";
import { removals } from "./removals.ts";

export interface Wanted {
  readonly editable: Editable | undefined;
  readonly prover: Prover;
  readonly question: Question;
  readonly judged: Judged;
  /** The answer with its steps. */
  readonly shown: Answer;
  readonly lineOf: LineOf;
}

export interface FoundChange {
  readonly change: Change | undefined;
  /** Why there is none. */
  readonly why: string | undefined;
}

/** More gates one after the other than a way has. */
const mostTurns = 16;

/** Looks for it in the stack's configuration, and in what the program makes of it. */
export function findChange(wanted: Wanted): FoundChange {
  const { editable, judged, lineOf, prover } = wanted;
  if (editable === undefined)
    return { change: undefined, why: "no stack's configuration describes this network" };
  const draft = Draft.of(editable, prover);
  const { patches, why, refused } =
    judged.outcome === "pass" ? breaking(draft, wanted) : new Mender(draft, wanted.question).mend();
  if (patches === undefined) return { change: undefined, why };
  const edits = patches.map(({ edit }) => ({
    ...edit,
    line: edit.level === "program" ? undefined : lineOf(edit.path),
  }));
  return { change: { to: judged.outcome === "pass" ? "blocked" : "pass", edits, refused }, why: undefined };
}

interface Tried {
  readonly patches: readonly Patch[] | undefined;
  /** Why there are none. */
  readonly why?: string;
  /** What the configuration said to changes of it that were tried before. */
  readonly refused?: string | undefined;
}

function isRefused(error: unknown): boolean {
  return error instanceof ConfigError;
}

/** What the proof says with the changes; the reason where the configuration does not take them. */
function attempt(draft: Draft, question: Question): Judged | { readonly refused: string } {
  try {
    return draft.judge(question) ?? { refused: "the question has no ends then" };
  } catch (error) {
    if (!isRefused(error)) throw error;
    const [problem] = (error as ConfigError).problems;
    const path = problem?.path.slice(networkKey.length).replace(/^\./, "") ?? "";
    return { refused: `${path} ${problem?.message ?? ""}`.replace(/\.$/, "") };
  }
}

/** Of the rules and ways on the way there, the fewest without which nothing gets there. */
function breaking(draft: Draft, { question, shown, editable }: Wanted): Tried {
  let refused: string | undefined;
  for (const candidate of removals(shown.forward.steps, editable?.network, draft.plan)) {
    const tried = draft.with(candidate);
    const outcome = attempt(tried, question);
    if ("refused" in outcome) refused ??= outcome.refused;
    else if (outcome.outcome === "blocked") {
      const isWritten = candidate.every(({ edit }) => edit.level === "configuration");
      // What was taken away lets one kind of the traffic pass; of another kind some of it may be enough.
      const { patches } = minimal(tried, question, "blocked");
      return { patches, refused: isWritten ? undefined : refused };
    }
  }
  const why =
    refused === undefined
      ? "no rule decides about it"
      : `the configuration refuses what was tried: ${refused}`;
  return { patches: undefined, why };
}

/** Without what can be left out: a later change may have made an earlier one needless, and what is left out another one. */
function minimal(whole: Draft, question: Question, outcome: Judged["outcome"]): Draft {
  let draft = whole;
  for (let before = -1; draft.patches.length > 1 && draft.patches.length !== before;) {
    before = draft.patches.length;
    for (const patch of draft.patches) {
      const less = draft.without(patch);
      const judged = attempt(less, question);
      if (!("refused" in judged) && judged.outcome === outcome) draft = less;
    }
  }
  return draft;
}

const notOurs = "what stops it is not the program's to change";

/** Takes one stop after the other away until it passes. */
class Mender {
  readonly #question: Question;
  #draft: Draft;
  /** What the configuration says to the changes for the stop that is looked at, and what it has said before. */
  #refused: string | undefined;
  #refusedEarlier: string | undefined;
  /** Whether anything was tried for the stop that is looked at. */
  #hasTried = false;
  readonly #seen = new Set<string>();

  constructor(draft: Draft, question: Question) {
    this.#draft = draft;
    this.#question = question;
  }

  mend(): Tried {
    let judged = attempt(this.#draft, this.#question);
    for (let turn = 0; turn < mostTurns; turn++) {
      if ("refused" in judged || judged.outcome !== "blocked") break;
      this.#seen.add(keyOf(judged));
      this.#refused = undefined;
      this.#hasTried = false;
      const blocked = blockedOf(this.#draft, judged);
      const written = blocked && this.#best(inConfiguration(blocked));
      const refused = this.#refused;
      const next = written ?? (blocked && this.#best(inProgram(blocked)));
      if (next === undefined) return { patches: undefined, why: this.#why(judged) };
      if (written === undefined) this.#refusedEarlier ??= refused;
      this.#draft = next.draft;
      judged = next.judged;
    }
    if ("refused" in judged || judged.outcome !== "pass") return { patches: undefined, why: notOurs };
    return { patches: minimal(this.#draft, this.#question, "pass").patches, refused: this.#refusedEarlier };
  }

  #why({ stop }: Judged): string {
    const many = this.#draft.patches.length;
    const place = stop === undefined ? "nobody takes it" : `${stop.place}: ${stop.reason}`;
    const so =
      many === 0 ? "" : `after ${many} ${many === 1 ? "change" : "changes"} it still stops (${place}): `;
    if (this.#refused === undefined)
      return `${so}${this.#hasTried ? "nothing that was tried lets it go on" : notOurs}`;
    return `${so}the configuration refuses what was tried: ${this.#refused}`;
  }

  /** The first that lets it pass, else the first that gets it further. */
  #best(candidates: readonly Candidate[]): { readonly draft: Draft; readonly judged: Judged } | undefined {
    let further: { readonly draft: Draft; readonly judged: Judged } | undefined;
    for (const candidate of candidates) {
      this.#hasTried = true;
      const draft = this.#draft.with(candidate);
      const judged = attempt(draft, this.#question);
      if ("refused" in judged) {
        this.#refused ??= judged.refused;
        continue;
      }
      if (judged.outcome === "pass") return { draft, judged };
      if (judged.outcome === "blocked" && !this.#seen.has(keyOf(judged))) further ??= { draft, judged };
    }
    return further;
  }
}

/** What tells one stop from another. */
function keyOf({ stop, isBack, stopped }: Judged): string {
  return `${isBack} ${stop?.place ?? ""} ${stop?.reason ?? ""} ${stopped.join(",")}`;
}

function blockedOf(
  draft: Draft,
  { stop, isBack, pair, stopped, asked, passes }: Judged,
): Blocked | undefined {
  if (stop === undefined) return undefined;
  const { prover, plan } = draft;
  const { source, target } = pair;
  const { hosts, publicOwners } = prover.world;
  const owner = publicOwners.get(target);
  const to = owner !== undefined && "eni" in owner ? owner.eni.host : undefined;
  const ends = {
    from: source.kind === "host" ? source.host : undefined,
    to: to ?? [...hosts.values()].find(({ addresses }) => addresses.has(target))?.key,
  };
  const traffic = isEmpty(stopped) ? difference(asked, passes) : stopped;
  return { prover, plan, stop, isBack, traffic, ends };
}
