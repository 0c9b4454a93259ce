/** Running a program on this machine, and ending it with everything it started. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { OutputCollector } from "./output.ts";

export interface ProcessRun {
  readonly file: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly stdin: string;
  readonly signal: AbortSignal;
}

export interface ProcessEnd {
  readonly code: number | null;
  /** `SIGKILL`, …, if a signal ended it. */
  readonly signal: string | undefined;
}

const mostDescendants = 4_096;

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    // The process is gone, or the system keeps no such list.
    return [];
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

/**
 * Kills a process and all its descendants. They are stopped first, parents before children, so that none can start
 * another while the list is made.
 */
function killTree(root: number): void {
  const found = [root];
  for (let index = 0; index < found.length && found.length < mostDescendants; index += 1) {
    const pid = found[index] ?? root;
    kill(pid, "SIGSTOP");
    found.push(...childrenOf(pid));
  }
  for (const pid of found.reverse()) kill(pid, "SIGKILL");
}

/**
 * Runs a program to its end and collects what it prints. Rejects if it cannot be started; how it ended is for the
 * caller to judge. It stays in this process's group, because the engine kills groups.
 */
export function runProcess(run: ProcessRun, output: OutputCollector): Promise<ProcessEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(run.file, run.args, { cwd: run.folder, env: run.environment });
    const aborted = () => {
      if (child.pid !== undefined && child.exitCode === null) killTree(child.pid);
    };
    if (run.signal.aborted) aborted();
    run.signal.addEventListener("abort", aborted, { once: true });
    child.stdout.on("data", (chunk: Buffer) => {
      output.add("stdout", chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      output.add("stderr", chunk);
    });
    // A program may end without reading its input.
    child.stdin.on("error", () => undefined);
    child.stdin.end(run.stdin);
    child.once("error", (error) => {
      run.signal.removeEventListener("abort", aborted);
      reject(error);
    });
    child.once("close", (code, signal) => {
      run.signal.removeEventListener("abort", aborted);
      resolve({ code, signal: signal ?? undefined });
    });
  });
}
