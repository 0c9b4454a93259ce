/** A judgement in words. Pure: colours come as a function. */
import { subjectOf } from "../../components/config/guarded.ts";
import { formatPath } from "../../components/config/problem.ts";
import { today } from "./approvals.ts";
import { passes, type Finding, type Judgement } from "./judge.ts";

/** Puts a text in a colour of ANSI's, by its number, or leaves it as it is. */
export type Paint = (colour: number, text: string) => string;

const red = 31;
const green = 32;
const yellow = 33;
const indent = "    ";

/** A URN says more than a kind and a name, and is what Pulumi's commands take. */
function urnLines({ threat, resource, urns }: Finding): string[] {
  if (threat === "records") return urns.map((urn) => `${indent}${urn}`);
  return urns.filter((urn) => urn !== resource).map((urn) => `${indent}${urn}`);
}

function stoppedLines(finding: Finding, paint: Paint): string[] {
  const { resource, message, approval } = finding;
  const why =
    approval === undefined
      ? []
      : [
          approval.standing === "expired"
            ? `${indent}its approval expired on ${approval.expires} (${approval.path})`
            : `${indent}its approval begins on ${approval.approved} (${approval.path})`,
        ];
  return [`  ${paint(red, "stopped")}  ${resource}: ${message}`, ...why, ...urnLines(finding)];
}

function approvedLines(finding: Finding, paint: Paint): string[] {
  const { resource, message, approval } = finding;
  if (approval === undefined) return [];
  const { by, approved, expires, reason } = approval;
  return [
    `  ${paint(green, "approved")} ${resource}: ${message}`,
    `${indent}by ${by} from ${approved} to ${expires}: ${reason}`,
    ...urnLines(finding),
  ];
}

function verdict(judgement: Judgement, paint: Paint): string {
  const { stack, stopped, approved, unclear } = judgement;
  if (stopped.length > 0) {
    const count = `${stopped.length} ${stopped.length === 1 ? "change" : "changes"}`;
    return paint(red, `${stack}: the plan is stopped: ${count} that nobody approved`);
  }
  if (unclear.length > 0) return paint(yellow, `${stack}: the plan cannot be judged`);
  const count = approved.length === 0 ? "takes nothing away that is guarded" : `does what was approved`;
  return paint(green, `${stack}: the plan passes: it ${count}`);
}

/** What somebody would write who approves the first thing that is stopped. */
function howToApprove({ stopped }: Judgement, now: Date): string[] {
  const [first] = stopped;
  if (first === undefined) return [];
  const week = 7 * 86_400_000;
  return [
    `To let one through, add it to the stack's file, at ${formatPath(["guard", "approvals"])}:`,
    `  - resource: ${first.resource}`,
    "    reason: why it may go",
    "    by: who answers for it",
    `    approved: ${today(now)}`,
    `    expires: ${today(new Date(now.getTime() + week))}`,
  ];
}

/** What is to be done about protection that still stands in an approved change's way. */
function protectionLines(judgement: Judgement, lifted: readonly string[]): string[] {
  const names = (urns: readonly string[]): string => urns.map(subjectOf).join(", ");
  if (lifted.length > 0) {
    return [
      `The protection of ${names(lifted)} is lifted, and of nothing else: the next update puts it back.`,
    ];
  }
  if (!passes(judgement) || judgement.protected.length === 0) return [];
  return [
    `${names(judgement.protected)} ${judgement.protected.length === 1 ? "is" : "are"} still protected: \`roadnet guard --unprotect\` lifts that, right before the update.`,
  ];
}

/** @param lifted URNs whose protection was lifted */
export function renderJudgement(
  judgement: Judgement,
  { lifted, paint, now }: { readonly lifted: readonly string[]; readonly paint: Paint; readonly now: Date },
): string[] {
  return [
    verdict(judgement, paint),
    ...judgement.stopped.flatMap((finding) => stoppedLines(finding, paint)),
    ...judgement.approved.flatMap((finding) => approvedLines(finding, paint)),
    ...judgement.unclear.map((line) => `  ${paint(yellow, "unclear")}  ${line}`),
    ...judgement.notes.map((note) => `  ${paint(yellow, "note")}     ${note}`),
    ...protectionLines(judgement, lifted),
    ...howToApprove(judgement, now),
  ];
}
