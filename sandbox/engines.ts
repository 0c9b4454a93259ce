/** Engines that still run for a sandbox, also those whose starter has died, with all that they started. */
import { readdirSync, readFileSync } from "node:fs";
import { findLockOwner } from "./interrupted.ts";
import type { SandboxPaths } from "./paths.ts";
import { processStartTicks } from "./service.ts";
import { endProcess } from "./supervise.ts";

/** How long an engine may take to finish what is under way, in seconds, before it is killed. */
const politeSeconds = 20;

/**
 * Processes whose environment names this sandbox's PULUMI_HOME. Nobody sets that but the engine's environment, so
 * these are engines, language hosts, plugins, and commands that `roadnet sandbox exec` runs.
 */
export function findEngineProcesses(paths: SandboxPaths): readonly number[] {
  if (process.platform !== "linux") {
    return [];
  }
  const mark = `\0PULUMI_HOME=${paths.pulumiHome}\0`;
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) {
      return [];
    }
    try {
      return `\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`.includes(mark) ? [pid] : [];
    } catch {
      // It has ended meanwhile, or is not ours to look into.
      return [];
    }
  });
}

/**
 * An engine that is at work on this sandbox's stack, such as one whose starter was killed; `undefined` if there is
 * none. It need not hold the stack's lock: it may be about to take it.
 */
export function findRunningEngine(paths: SandboxPaths): number | undefined {
  const isPulumi = (pid: number): boolean => {
    try {
      return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "pulumi";
    } catch {
      return false;
    }
  };
  return findLockOwner(paths) ?? findEngineProcesses(paths).find(isPulumi);
}

/** Ends all processes that {@link findEngineProcesses} finds; resolves with how many there were. */
export async function endEngines(paths: SandboxPaths): Promise<number> {
  const pids = findEngineProcesses(paths);
  await Promise.all(
    pids.map(async (pid) => {
      const startTicks = processStartTicks(pid);
      if (startTicks !== undefined) {
        await endProcess({ pid, startTicks }, politeSeconds);
      }
    }),
  );
  return pids.length;
}
