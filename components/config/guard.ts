/** The part of the schema that says what a plan may not do unasked: `roadnet guard` goes by it. */
import { z } from "zod";
import { subjectComplaint } from "./guarded.ts";
import * as leaf from "./leaf.ts";

/** How many days an approval is good for at most. One without an end would be a switch. */
export const longestApprovalDays = 31;

const approval = leaf.record("an approval's resource, reason, by, approved and expires", {
  /** A guarded resource by URN or by kind and name (`subnet us-west/public/us-west-2a`); `records ZONE`. */
  resource: leaf.text("a guarded resource such as vpc us-west, or its URN", subjectComplaint),
  /** Why it may go. */
  reason: leaf.pattern("a reason, one line of 8 to 300 characters", /^(?=\S)[^\r\n]{8,300}$/),
  /** Who answers for it. */
  by: leaf.pattern("who approves, one line of at most 100 characters", /^\S[^\r\n]{0,99}$/),
  /** The day from which it is good. */
  approved: leaf.day,
  /** The last day on which it is good. */
  expires: leaf.day,
});

export const guard = leaf.record("what is protected and approved", {
  /** Whether the engine itself refuses to delete or replace what is guarded. */
  protect: leaf.boolean.default(false),
  /** How much of a zone's records one plan may delete, replace or update. */
  records: leaf
    .record("percent and atLeast", {
      /** Percent of the zone's records. */
      percent: leaf.integer("percent", 0, 100).default(30),
      /** The number of records from which on a zone is guarded so. */
      atLeast: leaf.integer("a number of records", 1, 1_000_000).default(10),
    })
    .prefault({}),
  /** What may be deleted or replaced all the same, one by one. */
  approvals: leaf.list("a list of approvals", approval).default([]),
});

export type GuardConfig = z.output<typeof guard>;
export type ApprovalConfig = GuardConfig["approvals"][number];
