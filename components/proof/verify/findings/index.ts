/** Rules about the plan itself, in the order in which their findings are told. */
import type { PlanFinding } from "../model.ts";
import type { PlanRule, Subject } from "./rule.ts";

export const planRules: readonly PlanRule[] = [];

/** Everything that is wrong with the plan itself. */
export function findingsOf(subject: Subject): PlanFinding[] {
  return planRules.flatMap(({ id, source, find }) =>
    [...find(subject)].map(({ path, message }) => ({ rule: id, source, path, message })),
  );
}
