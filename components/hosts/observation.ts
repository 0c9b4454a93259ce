/** What a host says about itself when it is asked about a document, and what follows from it. Pure. */
import { noAgent, type AskAnswer } from "./ask-host.ts";

/** A deviation of the host from its committed generation. */
export interface Drift {
  /** `file`, `unit`, `nftables`, … */
  readonly part: string;
  readonly name: string;
  readonly how: string;
}

/** What the document would change: a file, a unit, …, with a text for people; secrets are masked by the host. */
export interface Difference {
  readonly what: string;
  readonly name: string;
  readonly how: string;
  readonly text?: string;
}

/** What `reef-agent plan --json` prints; edge/README.md describes it. */
export interface HostPlanReport {
  readonly format: "reef-plan/1";
  /** The highest number that an apply was ever given here. */
  readonly attempt: number;
  /** The number of the last apply that came by each management path. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Whether the document is what is committed, nothing has drifted and nothing is under way. */
  readonly inOrder: boolean;
  readonly committed: { readonly number: number; readonly digest: string };
  /** The generation that is under way: most of the time one that waits for its confirmations. */
  readonly open?: { readonly number: number };
  readonly drift: readonly Drift[];
  readonly couldNotCheck: readonly string[];
  readonly difference: readonly Difference[];
  /** Why the host's agent cannot read the document: it is older than the program. */
  readonly refused?: string;
}

export type Observation =
  | { readonly kind: "unreachable"; readonly reasons: Readonly<Record<string, string>> }
  /** A machine that has not been configured yet. */
  | { readonly kind: "bare"; readonly reachedBy: string }
  | { readonly kind: "asked"; readonly reachedBy: string; readonly report: HostPlanReport };

/** Whether the host was asked and did not answer. One that was not asked gives no reasons. */
export function isOutOfReach(observation: Observation): boolean {
  return observation.kind === "unreachable" && Object.keys(observation.reasons).length > 0;
}

/**
 * Reads the line that the asking program printed.
 * @throws Error where it is none, or where the host's agent speaks another format.
 */
export function parseObservation(host: string, line: string): Observation {
  const answer = JSON.parse(line) as AskAnswer;
  if ("unreachable" in answer) return { kind: "unreachable", reasons: answer.unreachable };
  const { reachedBy, said } = answer;
  if (said === noAgent) return { kind: "bare", reachedBy };
  const report = parseReport(host, said);
  if ((report.format as string) !== "reef-plan/1") {
    throw new Error(
      `${host}: its agent answers in the format "${report.format}", which this program does not read`,
    );
  }
  return { kind: "asked", reachedBy, report };
}

function parseReport(host: string, said: string): HostPlanReport {
  try {
    return JSON.parse(said) as HostPlanReport;
  } catch {
    throw new Error(`${host}: what its agent says is not JSON: ${JSON.stringify(said)}`);
  }
}

/**
 * The number that the host's next apply gets, and that the last one had where there is nothing to do. Equal numbers
 * in two runs mean that nothing has happened in between that an update would have to repair, so the number is what
 * tells the engine, which reads no host back, whether to run the apply again. 0 where the host does not say: the
 * agent takes the next one.
 */
export function applyNumber(observation: Observation): number {
  switch (observation.kind) {
    case "unreachable":
      return 0;
    case "bare":
      return 1;
    case "asked": {
      const { attempt, inOrder } = observation.report;
      return inOrder ? attempt : attempt + 1;
    }
  }
}

/**
 * The number of the first configuration, which goes over a path that is there only at first, such as the LAN: that of
 * the last one for as long as the management path leads to the host, else the next. Also the next where the host knows
 * of none, and where the last one still waits for its confirmation, which lets the management path lead there: whoever
 * should have confirmed it has been cut off, and the agent takes no number twice.
 */
export function firstApplyNumber(observation: Observation, firstPath: string): number {
  if (observation.kind !== "asked") return applyNumber(observation);
  const { attempt, numbers } = observation.report;
  const last = numbers[firstPath] ?? attempt + 1;
  const isNeeded = observation.reachedBy === firstPath || firstWaits(observation.report, firstPath);
  return isNeeded ? attempt + 1 : last;
}

/**
 * Whether the management path leads to the host, so that the first configuration, which is to bring that about, is not
 * needed: whatever its number is, which a host may have lost. Not so where that path is there only until the first
 * configuration, which waits for its confirmation, is reverted.
 */
export function leadsThere(observation: Observation, firstPath: string): boolean {
  if (observation.kind === "unreachable" || observation.reachedBy === firstPath) return false;
  return observation.kind === "bare" || !firstWaits(observation.report, firstPath);
}

/** A host that has lost its numbers, and is on a generation, has been confirmed by the management path before. */
function firstWaits({ attempt, numbers, open, committed }: HostPlanReport, firstPath: string): boolean {
  if (open === undefined) return false;
  const last = numbers[firstPath];
  return last === undefined ? committed.number === 0 : last === attempt;
}

/**
 * For how long a host is watched after its confirmation, going by the confirmation's token, which begins with the
 * generation's number: a machine on its first generation has changed from nothing, so that nobody has to be guarded
 * from the same change, and where there was nothing to do there is nothing to watch.
 */
export function watchSeconds(token: string, seconds: number): number {
  return token === "none" || token.startsWith("1-") ? 0 : seconds;
}

/** What a preview tells about the host besides what the engine shows; `undefined` for nothing. */
export function describeObservation(host: string, observation: Observation): string | undefined {
  if (observation.kind === "bare") return undefined;
  if (observation.kind === "unreachable") {
    const reasons = Object.entries(observation.reasons).map(([path, reason]) => `by ${path}: ${reason}`);
    return `${host} cannot be reached, so what an update would change there is not known (${reasons.join("; ")})`;
  }
  const { committed, drift, difference, couldNotCheck, refused } = observation.report;
  const lines = [
    ...(refused === undefined
      ? []
      : ["its agent is older than this program and cannot tell what would change"]),
    ...drift.map(({ part, name, how }) => `drifted: ${part} ${name} ${how}`),
    ...couldNotCheck.map((what) => `could not be checked: ${what}`),
    ...difference.flatMap(({ what, name, how, text = "" }) => [
      `${what} ${name}: ${how}`,
      ...text.split("\n").flatMap((line) => (line === "" ? [] : [`    ${line}`])),
    ]),
  ];
  return lines.length === 0 ? undefined : `${host}, on generation ${committed.number}:\n${lines.join("\n")}`;
}
