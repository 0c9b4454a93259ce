/** One program at a time sends packets to be compared, and cleans up behind one that was killed. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acquireLock } from "../../scripts/lib/lock.mjs";
import { Kernel } from "../fabric/kernel.ts";
import { SandboxError } from "../mode.ts";
import type { SandboxPaths } from "../paths.ts";
import { endWatch } from "./watch.ts";

/** Longer than the whole of a large network takes. */
const waitSeconds = 900;

/**
 * Runs it when nobody else's packets are under way.
 * @throws {SandboxError} with exit code 2 where another has not ended in time
 */
export async function alone<T>(
  paths: SandboxPaths,
  say: ((line: string) => void) | undefined,
  body: () => Promise<T>,
): Promise<T> {
  const release = await take(paths, say);
  // What is plugged in is taken away before anything is plugged in again; of a watch nobody else knows.
  const underWay = join(paths.run, "prove.under-way");
  try {
    if (existsSync(underWay)) {
      const kernel = new Kernel(paths.root);
      await endWatch(kernel, kernel.roles());
    }
    writeFileSync(underWay, "");
    const result = await body();
    rmSync(underWay);
    return result;
  } finally {
    release();
  }
}

async function take({ run }: SandboxPaths, say: ((line: string) => void) | undefined): Promise<() => void> {
  try {
    return await acquireLock(join(run, "prove.lock"), {
      purpose: "comparing packets with the proof",
      timeoutSeconds: waitSeconds,
      onWait: ({ pid, purpose }) => say?.(`waiting for process ${pid}, which is ${purpose}`),
    });
  } catch (error) {
    throw new SandboxError(error instanceof Error ? error.message : String(error), 2);
  }
}
