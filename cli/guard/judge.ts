/**
 * What a plan would take away that is guarded, and whether that was approved. Pure: the same document and day give the
 * same judgement.
 */
import { guardedByUrn, parseUrn, recordsOf, subjectOf } from "../../components/config/guarded.ts";
import type { GuardConfig } from "../../components/config/guard.ts";
import { formatPath } from "../../components/config/problem.ts";
import { approvalOf, approvalsOn, type Approval } from "./approvals.ts";
import type { Preview, PreviewStep } from "./document.ts";

/** What would happen: to a resource, or to too many records of one zone at once. */
export type Threat = "delete" | "replace" | "unprotect" | "records";

export interface Finding {
  readonly threat: Threat;
  /** As an approval names it. */
  readonly resource: string;
  /** The resource's, or those of the records. */
  readonly urns: readonly string[];
  /** A sentence about it, without its subject. */
  readonly message: string;
  /** The approval that is about it, whether or not it is in force. */
  readonly approval: Approval | undefined;
}

export interface Judgement {
  readonly stack: string;
  /** What nobody approved. */
  readonly stopped: readonly Finding[];
  readonly approved: readonly Finding[];
  /** Why more cannot be said about the plan; sentences. */
  readonly unclear: readonly string[];
  readonly approvals: readonly Approval[];
  /** What there is to say about a stack that guards little, and about approvals that let nothing through, by its path. */
  readonly notes: readonly string[];
  /** Protected resources that the plan may delete or replace: their URNs. */
  readonly protected: readonly string[];
}

/** Steps that leave a resource where it is. Whatever else the engine may come to do is taken for a threat. */
const harmless: ReadonlySet<string> = new Set(["same", "update", "create", "read", "refresh", "import"]);

/** Steps after which the resource is there again, as another one. */
const isReplacement = (op: string): boolean => op.includes("replace");

const recordType = "cloudflare:index/dnsRecord:DnsRecord";

function isGuarded({ urn, oldState }: PreviewStep, guard: GuardConfig): boolean {
  // What was protected stays guarded in the plan that no longer says so, and what nobody protected yet in the one that does.
  return oldState?.protect === true || (guard.protect && guardedByUrn(urn) !== undefined);
}

function threatOf({ op, oldState, newState }: PreviewStep): Threat | undefined {
  if (oldState === undefined) return undefined;
  if (!harmless.has(op)) return isReplacement(op) ? "replace" : "delete";
  const isLifted = oldState.protect === true && newState !== undefined && newState.protect !== true;
  return isLifted ? "unprotect" : undefined;
}

function messageOf(threat: Threat, { op, replaceReasons }: PreviewStep): string {
  switch (threat) {
    case "delete":
      return op === "delete" ? "would be deleted" : `would be gone (${op})`;
    case "replace": {
      const reasons = replaceReasons ?? [];
      return `would be replaced${reasons.length === 0 ? "" : ` (${reasons.join(", ")} would change)`}`;
    }
    default:
      return "would lose its protection";
  }
}

/** The guarded resources that the plan touches. A replacement may be told in several steps, of which one is kept. */
function resourceFindings({ steps, guard }: Preview, approvals: readonly Approval[]): Finding[] {
  const findings = new Map<string, Finding>();
  for (const step of steps) {
    const threat = isGuarded(step, guard) ? threatOf(step) : undefined;
    if (threat === undefined || findings.get(step.urn)?.threat === "replace") continue;
    const { urn } = step;
    findings.set(urn, {
      threat,
      resource: subjectOf(urn),
      urns: [urn],
      message: messageOf(threat, step),
      approval: approvalOf(approvals, urn),
    });
  }
  return [...findings.values()].sort((a, b) => (a.resource < b.resource ? -1 : 1));
}

/** The zone of a DNS record, by the record's URN; `undefined` for anything else. */
function zoneOf(urn: string): string | undefined {
  const parts = parseUrn(urn);
  return parts?.types.at(-1) === recordType ? parts.name.split("/")[0] : undefined;
}

interface ZoneRecords {
  /** URNs of the zone's records as they are. */
  readonly existing: Set<string>;
  /** Those of them that would be deleted, replaced or updated. */
  readonly changed: Set<string>;
}

function recordsByZone(steps: readonly PreviewStep[]): Map<string, ZoneRecords> {
  const zones = new Map<string, ZoneRecords>();
  for (const { op, urn, oldState } of steps) {
    const zone = zoneOf(urn);
    if (oldState === undefined || zone === undefined) continue;
    const records = zones.get(zone) ?? { existing: new Set(), changed: new Set() };
    zones.set(zone, records);
    records.existing.add(urn);
    if (op === "update" || !harmless.has(op)) records.changed.add(urn);
  }
  return zones;
}

/**
 * Whether a zone loses or changes too many of its records; `undefined` where that depends on what is not shown.
 * octoDNS asks the same of deletes and of updates apart; here they count together.
 */
export function exceedsShare(
  { existing, changed, hidden }: { existing: number; changed: number; hidden: number },
  { percent, atLeast }: GuardConfig["records"],
): boolean | undefined {
  const exceeds = (records: number): boolean => changed * 100 > percent * records;
  const most = existing + hidden;
  const worst = Math.max(existing, atLeast);
  if (worst > most || !exceeds(worst)) return false;
  return existing >= atLeast && exceeds(most) ? true : undefined;
}

function zoneFindings(
  preview: Preview,
  approvals: readonly Approval[],
): { findings: Finding[]; unclear: string[] } {
  const { guard, hidden } = preview;
  const findings: Finding[] = [];
  const unclear: string[] = [];
  const zones = [...recordsByZone(preview.steps)].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [zone, { existing, changed }] of zones) {
    const counts = { existing: existing.size, changed: changed.size, hidden };
    const exceeds = exceedsShare(counts, guard.records);
    const resource = recordsOf(zone);
    const approval = approvals.find((each) => each.resource === resource);
    if (exceeds === false) continue;
    if (exceeds === undefined && approval?.standing !== "in force") {
      unclear.push(
        `${zone} would have ${changed.size} records deleted or changed, and how many it has is not shown: ` +
          "preview with --show-sames.",
      );
      continue;
    }
    const of = exceeds === undefined ? "" : ` of ${existing.size}`;
    const message = `${changed.size}${of} records would be deleted or changed, more than ${guard.records.percent} %`;
    findings.push({ threat: "records", resource, urns: [...changed].sort(), message, approval });
  }
  return { findings, unclear };
}

/** Whether the approval names something that the plan shows. */
function isKnown({ resource }: Approval, steps: readonly PreviewStep[]): boolean {
  return steps.some(({ urn }) => {
    const zone = zoneOf(urn);
    const records = zone === undefined ? undefined : recordsOf(zone);
    return resource === urn || resource === subjectOf(urn) || resource === records;
  });
}

const unguarded = `${formatPath(["guard", "protect"])} is false: of this stack only a zone's records are guarded, and what is still protected from before`;

function notesOn(approvals: readonly Approval[], { steps, hidden, guard }: Preview): string[] {
  const about = approvals.flatMap((approval) => {
    const { path, resource, standing, approved, expires } = approval;
    if (standing === "expired") return [`${path}.expires: the approval of ${resource} expired on ${expires}`];
    if (standing === "not yet")
      return [`${path}.approved: the approval of ${resource} begins on ${approved}`];
    // What is not shown may be just what is meant.
    if (hidden > 0 || isKnown(approval, steps)) return [];
    return [`${path}.resource: the stack has no ${resource}`];
  });
  return guard.protect ? about : [unguarded, ...about];
}

/**
 * Judges a plan.
 * @param day today, as `2026-05-01`
 */
export function judge(preview: Preview, day: string): Judgement {
  const { stack, steps, guard, isCutShort } = preview;
  const approvals = approvalsOn(day, guard.approvals);
  const { findings: zones, unclear } = zoneFindings(preview, approvals);
  const findings = [...resourceFindings(preview, approvals), ...zones];
  const isApproved = ({ approval }: Finding): boolean => approval?.standing === "in force";
  const approved = findings.filter(isApproved);
  const going = new Set(
    approved.filter(({ threat }) => threat === "delete" || threat === "replace").flatMap(({ urns }) => urns),
  );
  const held = steps.filter(({ urn, oldState }) => going.has(urn) && oldState?.protect === true);
  const cut =
    "The engine stopped at a protected resource, so the plan may have more: preview with --ignore-protect.";
  return {
    stack,
    stopped: findings.filter((finding) => !isApproved(finding)),
    approved,
    unclear: [...unclear, ...(isCutShort ? [cut] : [])],
    approvals,
    notes: notesOn(approvals, preview),
    protected: [...new Set(held.map(({ urn }) => urn))].sort(),
  };
}

/** Whether nothing stands in the plan's way. */
export function passes({ stopped, unclear }: Judgement): boolean {
  return stopped.length === 0 && unclear.length === 0;
}
