/** Approvals of a stack on a given day. Pure. */
import type { ApprovalConfig } from "../../components/config/guard.ts";
import { subjectOf } from "../../components/config/guarded.ts";
import { dayOf } from "../../components/config/leaf.ts";
import { formatPath } from "../../components/config/problem.ts";

export interface Approval {
  /** Where it is written, as `pulumi config set --path` takes it. */
  readonly path: string;
  /** As it is written: a URN, or a kind and a name. */
  readonly resource: string;
  readonly reason: string;
  readonly by: string;
  /** The days from and to which it is good, both included. */
  readonly approved: string;
  readonly expires: string;
  readonly standing: "in force" | "expired" | "not yet";
}

/** Which days an approval is good for is a matter of UTC, wherever it is asked. */
export function today(now: Date): string {
  return now.toISOString().slice(0, 10);
}

function standingOn(day: string, approved: string, expires: string): Approval["standing"] {
  if (day > expires) return "expired";
  return day < approved ? "not yet" : "in force";
}

/** All approvals, with what they are worth on a day. */
export function approvalsOn(day: string, approvals: readonly ApprovalConfig[]): Approval[] {
  return approvals.map(({ resource, reason, by, ...days }, index) => {
    const [approved, expires] = [dayOf(days.approved), dayOf(days.expires)];
    const path = formatPath(["guard", "approvals", index]);
    return { path, resource, reason, by, approved, expires, standing: standingOn(day, approved, expires) };
  });
}

/** The approval of a resource. A URN is another stack's or another resource's unless it is the same to the letter. */
export function approvalOf(approvals: readonly Approval[], urn: string): Approval | undefined {
  const subject = subjectOf(urn);
  return approvals.find(({ resource }) => resource === urn || resource === subject);
}
