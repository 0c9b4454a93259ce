/** From answers to decisions. Pure. */
import type { Answers } from "./ask.ts";
import type { Question } from "./questions.ts";
import { type Decision, knownIds, pendingCreates, type ResourceState, type StackExport } from "./state.ts";

/** Marks a secret in exported state; its ciphertext differs from one encryption of the same value to the next. */
const secretMark = "4dabf18193072939515e22adb298388d";

/** One text per value: the same for equal inputs, whatever the order of their keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  if (secretMark in value) return "secret";
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(",")}}`;
}

/**
 * Whether the state holds a resource of this URN that the pending create was not to replace: an `up` that ran before
 * recovery made the same thing once more.
 */
function madeAgain(state: StackExport, pending: ResourceState): boolean {
  const inputs = canonical(pending.inputs);
  return (state.deployment.resources ?? []).some(
    (resource) =>
      resource.urn === pending.urn &&
      resource.delete !== true &&
      resource.pendingReplacement !== true &&
      canonical(resource.inputs) === inputs,
  );
}

/**
 * At least one decision for each URN with a pending create.
 *
 * What the state already holds, under another URN or as the older half of a replacement, is not what the killed update
 * made, so those ids do not count. Where updates were killed at the same resource several times, one of what they made
 * is adopted and the rest discarded.
 *
 * @throws Error if there are more candidates than killed creates: somebody else made some of them, so a person must
 * choose.
 */
export function decide(state: StackExport, questions: readonly Question[], answers: Answers): Decision[] {
  const byUrn = new Map(questions.map((question) => [question.urn, question]));
  const creates = pendingCreates(state);
  const latest = new Map(creates.map((pending) => [pending.urn, pending]));
  return [...latest.values()].flatMap((pending): Decision[] => {
    const { urn, type } = pending;
    const question = byUrn.get(urn);
    if (question === undefined) throw new Error(`nothing was asked about ${urn}`);
    if (question.ask === "nothing") return [{ action: "forget", urn, reason: question.reason }];
    const known = knownIds(state, type);
    const found = (answers[urn] ?? []).filter((candidate) => !known.has(candidate));
    if (found.length === 0) return [{ action: "forget", urn, reason: "it was never made" }];
    if (found.length > creates.filter((create) => create.urn === urn).length) {
      throw new Error(`${urn} could be any of ${found.join(", ")}: delete all but one, then recover again`);
    }
    const kept = madeAgain(state, pending) ? undefined : found.at(-1);
    return found.map((id) => ({ action: id === kept ? "adopt" : "discard", urn, id, found: question.ask }));
  });
}
