/** Approvals are of one resource each, and end. Whether one is in force depends on the day: `roadnet guard` says. */
import { longestApprovalDays } from "../guard.ts";
import { subjectOf } from "../guarded.ts";
import { dayOf } from "../leaf.ts";
import { items, placeName, type Finding, type LooseConfig } from "./rule.ts";
import type { Path } from "../problem.ts";

const dayMilliseconds = 86_400_000;

/** Whole days from one day to another. */
function daysBetween(from: string, to: string): number {
  return (Date.parse(dayOf(to)) - Date.parse(dayOf(from))) / dayMilliseconds;
}

export function* approvalsEnd(config: LooseConfig): Iterable<Finding> {
  for (const [index, { approved, expires }] of items(config.guard?.approvals)) {
    if (approved === undefined || expires === undefined) continue;
    const days = daysBetween(approved, expires);
    const path = ["guard", "approvals", index, "expires"];
    if (days < 0)
      yield {
        path,
        message: `is before it is approved: ${dayOf(expires)}, and approved is ${dayOf(approved)}.`,
      };
    else if (days > longestApprovalDays) {
      const message = `is too late: an approval is good for ${longestApprovalDays} days at most, and from ${dayOf(approved)} to ${dayOf(expires)} are ${days}.`;
      yield { path, message };
    }
  }
}

/** One resource may be written in two ways. */
export function* approvalsAreDistinct(config: LooseConfig): Iterable<Finding> {
  const taken = new Map<string, Path>();
  for (const [index, { resource }] of items(config.guard?.approvals)) {
    if (resource === undefined) continue;
    const subject = subjectOf(resource);
    const path = ["guard", "approvals", index, "resource"];
    const other = taken.get(subject);
    if (other === undefined) taken.set(subject, path);
    else yield { path, message: `is approved twice: ${subject} is already ${placeName(other)}.` };
  }
}
