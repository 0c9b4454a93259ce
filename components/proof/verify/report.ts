/** A verification in words, for a terminal and for an error of Pulumi's. */
import { difference, runs } from "../sets/intervals.ts";
import { allTraffic, formatTraffic, type TrafficSet } from "../sets/traffic.ts";
import type { CheckedFlow, PlanFinding, Verification, Violation, ViolationKind } from "./model.ts";

/** Of a set that is nearly everything, what is missing says more. */
export function shortTraffic(set: TrafficSet): string {
  const rest = difference(allTraffic, set);
  const count = (each: TrafficSet): number => [...runs(each)].length;
  return rest.length > 0 && count(rest) < count(set)
    ? `everything but ${formatTraffic(rest)}`
    : formatTraffic(set);
}

/** A list that stays on a line: the first few, and how many more there are. */
function some(names: readonly string[], most = 4): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

const says: Readonly<Record<ViolationKind, (violation: Violation) => string>> = {
  stopped: ({ from, to, traffic }) => `does not pass: ${traffic} from ${some(from)} to ${some(to)}`,
  unintended: ({ from, to, traffic }) => `nobody intends it: ${traffic} from ${some(from)} to ${some(to)}`,
  undecided: ({ from, to, traffic }) =>
    `hangs on what is not known yet: ${traffic} from ${some(from)} to ${some(to)}`,
  unneeded: ({ from, to, traffic }) => `is accepted in vain: ${traffic} from ${some(from)} to ${some(to)}`,
  nobody: ({ from, to, traffic }) => `is about nobody: ${traffic} from ${some(from)} to ${some(to)}`,
  unread: ({ place }) => `cannot be read: ${place}`,
};

/** Where something is written; with the line where it is known. */
export type Place = (path: string) => string;

/** More than this of what else a cause does nobody reads; `--json` has all. */
const mostAlso = 6;

function alsoLines({ kind, also }: Violation): string[] {
  const lines = also
    .slice(0, mostAlso)
    .map(({ from, to, traffic }) => `    so too: ${traffic} from ${some(from)} to ${some(to)}`);
  const rest = also.length - mostAlso;
  const what = kind === "unintended" ? "kind of traffic" : "flow";
  return rest > 0 ? [...lines, `    so too: ${rest} more ${what}${rest === 1 ? "" : "s"}`] : lines;
}

export function violationLines(violation: Violation, place: Place): string[] {
  const { kind, witness, path, rule, mend, place: at } = violation;
  const packet =
    witness === undefined
      ? []
      : [
          `    packet: ${witness.traffic} from ${witness.fromAddress} (${witness.from}) to ${witness.toAddress} (${witness.to})`,
        ];
  return [
    `  ${place(path)}`,
    `    ${says[kind](violation)}`,
    ...alsoLines(violation),
    ...packet,
    kind === "unneeded" || kind === "nobody" ? `    ${rule}` : `    decides: ${at}: ${rule}`,
    ...(mend === "" ? [] : [`    to mend it: ${mend}`]),
  ];
}

export function findingLines({ path, message, rule, source }: PlanFinding, place: Place): string[] {
  return [`  ${place(path)}`, `    ${message}`, `    ${rule}: ${source}`];
}

/** Everything that is wrong. */
export function problemLines({ violations, findings }: Verification, place: Place): string[] {
  return [
    ...violations.flatMap((violation) => violationLines(violation, place)),
    ...findings.flatMap((finding) => findingLines(finding, place)),
  ];
}

/** How much is wrong: `2 flows and 1 finding`. */
export function problemCount({ violations, findings }: Verification): string {
  const counted = (count: number, one: string): string[] =>
    count === 0 ? [] : [count === 1 ? `1 ${one}` : `${count} ${one}s`];
  return [...counted(violations.length, "violation"), ...counted(findings.length, "finding")].join(" and ");
}

function flowLine({ from, to, traffic, reason }: CheckedFlow): string {
  return `    ${some(from, 6)} → ${some(to, 6)}: ${some(traffic, 12)} (${reason})`;
}

/** Flows that differ in their ends alone are one line. */
function joined(flows: readonly CheckedFlow[]): CheckedFlow[] {
  const byReason = new Map<string, CheckedFlow>();
  for (const flow of flows) {
    const key = [flow.reason, flow.traffic.join(), flow.isWritten].join("\n");
    const known = byReason.get(key);
    const [from, to] = [
      [...new Set([...(known?.from ?? []), ...flow.from])],
      [...new Set([...(known?.to ?? []), ...flow.to])],
    ];
    byReason.set(key, { ...flow, from, to });
  }
  return [...byReason.values()];
}

/** All flows: what follows from the description, what the stack's file intends besides, and what it accepts. */
export function flowLines({ flows }: Verification): string[] {
  const group = (title: string, isMember: (flow: CheckedFlow) => boolean): string[] => {
    const members = joined(flows.filter(isMember));
    return members.length === 0 ? [] : [`  ${title}`, ...members.map(flowLine)];
  };
  return [
    ...group("follow from the description:", ({ isWritten }) => !isWritten),
    ...group("are intended besides:", ({ isWritten, kind }) => isWritten && kind === "intended"),
    ...group("are accepted, though nobody intends them:", ({ kind }) => kind === "accepted"),
  ];
}
