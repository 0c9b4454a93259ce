/** Kills the engine at a chosen moment, as a power cut would: everything that belongs to it, at once. */
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { PendingOperation } from "../../cli/recover/state.ts";
import { findEngineProcesses } from "../../sandbox/engines.ts";
import type { PaperSandbox } from "./paper-sandbox.ts";
import { notesOnDisk, watchState } from "./state-writes.ts";

/** When to kill: at the n-th of something, counted from the start of the run; 1 is the first. */
export type Moment =
  /** A call that changes something is held by the cloud, before it is carried out or after. */
  | { readonly at: "aws"; readonly nth: number; readonly applied: boolean }
  | { readonly at: "cloudflare"; readonly method: string; readonly nth: number; readonly applied: boolean }
  /**
   * The engine has written its state, a remote command has been started, or any event of the engine has been seen, so
   * long ago. Between calls to the clouds, much of what it writes is about components.
   */
  | { readonly at: Counted; readonly nth: number; readonly delayMilliseconds: number }
  /** The engine was started so long ago. */
  | { readonly at: "start"; readonly delayMilliseconds: number };

type Counted = "write" | "command" | "event";

type HeldMoment = Extract<Moment, { readonly applied: boolean }>;

/** How often each kind of moment comes in an undisturbed run. */
export interface Counts extends Readonly<Record<Counted, number>> {
  readonly aws: number;
  /** By HTTP method. */
  readonly cloudflare: Readonly<Record<string, number>>;
  /** How long the run took. */
  readonly milliseconds: number;
  /** Every operation that the state noted while it was under way, the last note of each. */
  readonly notes: readonly PendingOperation[];
}

/** A generator of numbers below 1 that is the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How far behind an event a kill may come, in milliseconds. The state is next written within a few. */
const mostDelay: Readonly<Record<Counted, number>> = { write: 20, command: 400, event: 400 };

/** Draws a moment that an undisturbed run has. Most of what can go wrong is in the clouds' calls and the state. */
export function drawMoment(counts: Counts, random: () => number): Moment {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(choices: readonly T[]): T | undefined => choices[below(choices.length)];
  const methods = Object.keys(counts.cloudflare).sort();
  const all = ["aws", "aws", "aws", "write", "write", "cloudflare", "command", "event", "start"] as const;
  const at = pick(
    all.filter((kind) => kind === "start" || (kind === "cloudflare" ? methods.length : counts[kind]) > 0),
  );
  const applied = random() < 0.6;
  switch (at) {
    case "aws":
      return { at, nth: 1 + below(counts.aws), applied };
    case "cloudflare": {
      const method = pick(methods) ?? "POST";
      return { at, method, nth: 1 + below(counts.cloudflare[method] ?? 1), applied };
    }
    case "write":
    case "command":
    case "event":
      return { at, nth: 1 + below(counts[at]), delayMilliseconds: below(mostDelay[at]) };
    default:
      // The counted run may have been a slow one.
      return { at: "start", delayMilliseconds: below(0.8 * counts.milliseconds) };
  }
}

export function describeMoment(moment: Moment): string {
  if ("applied" in moment) {
    const what = moment.at === "aws" ? "aws's change" : `cloudflare's ${moment.method}`;
    return `${moment.applied ? "after" : "before"} ${what} ${moment.nth}`;
  }
  const since = moment.at === "start" ? "the start" : `${moment.at} ${moment.nth}`;
  return `${moment.delayMilliseconds} ms after ${since}`;
}

/** Whether an event starts a remote command. */
function startsCommand({ resourcePreEvent }: EngineEvent): boolean {
  const { type, op } = resourcePreEvent?.metadata ?? {};
  return type === "command:remote:Command" && op !== "same";
}

const changing = new Set(["create", "update", "delete"]);

/** Counts what happens in a run of the engine, and says when something of a kind has happened. */
function watchRun({ paths }: PaperSandbox, onCount: (kind: Counted, nth: number) => void = () => undefined) {
  const seen: Record<Counted, number> = { write: 0, command: 0, event: 0 };
  const count = (kind: Counted): void => {
    onCount(kind, ++seen[kind]);
  };
  const onEvent = (event: EngineEvent): void => {
    count("event");
    if (startsCommand(event)) count("command");
  };
  const stop = watchState(paths, () => {
    count("write");
  });
  return { seen, onEvent, stop };
}

/** Runs the engine undisturbed, and counts. @throws Error with what it printed, unless it ended well */
export async function countMoments(sandbox: PaperSandbox, args: readonly string[]): Promise<Counts> {
  const before = {
    aws: (await sandbox.aws.calls()).length,
    cloudflare: (await sandbox.cloudflare.calls()).length,
  };
  const notes = new Map<string, PendingOperation>();
  const { seen, onEvent, stop } = watchRun(sandbox, (kind) => {
    if (kind !== "write") return;
    for (const note of notesOnDisk(sandbox.paths)) notes.set(`${note.type} ${note.resource.urn}`, note);
  });
  const startedAt = Date.now();
  const { exitCode, stdout, stderr } = await sandbox.pulumi(args, { onEvent }).finally(stop);
  if (exitCode !== 0)
    throw new Error(`pulumi ${args.join(" ")} ended with ${exitCode}:\n${stdout}\n${stderr}`);
  const milliseconds = Date.now() - startedAt;
  const aws = (await sandbox.aws.calls())
    .slice(before.aws)
    .filter(({ method, outcome }) => changing.has(method) && outcome !== "preview").length;
  const cloudflare: Record<string, number> = {};
  for (const { method } of (await sandbox.cloudflare.calls()).slice(before.cloudflare)) {
    if (method !== "GET") cloudflare[method] = (cloudflare[method] ?? 0) + 1;
  }
  return { ...seen, aws, cloudflare, milliseconds, notes: [...notes.values()] };
}

/** A busy machine takes its time to end what was killed. */
const mostRounds = 1000;

/** Kills the engine with its language host, its providers and the program, whoever has started them. */
export async function killEngine({ paths }: PaperSandbox): Promise<void> {
  for (let round = 0; round < mostRounds; round++) {
    const pids = findEngineProcesses(paths);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended in between.
      }
    }
    await sleep(20);
  }
  throw new Error(`processes of the engine outlive SIGKILL: ${findEngineProcesses(paths).join(", ")}`);
}

/** Sets the fault that holds a cloud's call; resolves with a function that tells whether one is being held. */
async function holdCall(
  { aws, cloudflare }: PaperSandbox,
  moment: HeldMoment,
): Promise<() => Promise<boolean>> {
  const { nth, applied } = moment;
  const when = applied ? "after" : "before";
  if (moment.at === "aws") {
    await aws.addFault({ fault: "hold", nth, when });
    return async () => (await aws.faults()).holding > 0;
  }
  const { method } = moment;
  await cloudflare.addFault({ fault: "hold", nth, when, match: { method } });
  return async () => (await cloudflare.faults()).holding > 0;
}

/** Lets the clouds finish what they were asked for before the engine died. */
async function releaseCalls({ aws, cloudflare }: PaperSandbox): Promise<void> {
  await aws.clearFaults();
  await cloudflare.clearFaults();
  for (let round = 0; round < mostRounds; round++) {
    const pending = (await aws.calls()).some(({ outcome }) => outcome === "pending");
    if (!pending && (await cloudflare.faults()).holding === 0) return;
    await sleep(50);
  }
  throw new Error("a call to the clouds is still under way long after the engine has died");
}

/**
 * Runs the engine and kills it at a moment.
 *
 * @returns whether it was killed before its end
 */
export async function interrupt(
  sandbox: PaperSandbox,
  args: readonly string[],
  moment: Moment,
): Promise<boolean> {
  const isHeld = "applied" in moment ? await holdCall(sandbox, moment) : undefined;
  let reach = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const { onEvent, stop } = watchRun(sandbox, (kind, nth) => {
    if (moment.at === kind && moment.nth === nth) reach();
  });
  const engine = { ended: false };
  const run = sandbox.pulumi(args, { onEvent }).finally(() => {
    stop();
    engine.ended = true;
    reach();
  });
  if (isHeld === undefined) {
    if (moment.at !== "start") await reached;
    if ("delayMilliseconds" in moment) await Promise.race([sleep(moment.delayMilliseconds), run]);
  } else {
    while (!engine.ended && !(await isHeld())) await sleep(10);
  }
  const killed = !engine.ended;
  await killEngine(sandbox);
  await run;
  await releaseCalls(sandbox);
  return killed;
}
