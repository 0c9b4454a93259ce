/** Takes a sandbox down: whatever of it runs, and however it was left. What is on disk stays, unless it is purged. */
import { existsSync, mkdirSync } from "node:fs";
import type { Progress } from "../scripts/lib/progress.mjs";
import { endEngines } from "./engines.ts";
import { emptyFolder, prepareFolder, removeFolder } from "./folder.ts";
import { holdSandbox } from "./life.ts";
import { sandboxPaths, type SandboxPaths } from "./paths.ts";
import { mayHavePackets, removePackets } from "./packets.ts";
import { serviceNames, stopService } from "./supervise.ts";

export interface SandboxDownOptions {
  readonly progress: Progress;
  readonly paths?: SandboxPaths;
  /** Whether the sandbox's folder is deleted as well. */
  readonly purge?: boolean;
}

/**
 * Ends everything of the sandbox; a sandbox that is down already, or never was up, is no error.
 *
 * @throws {SandboxError} with exit code 2 where the folder can be none of a sandbox
 */
export async function sandboxDown(options: SandboxDownOptions): Promise<void> {
  const paths = options.paths ?? sandboxPaths();
  const existed = existsSync(paths.root);
  prepareFolder(paths);
  mkdirSync(paths.run, { recursive: true, mode: 0o700 });
  const release = await holdSandbox("taking the sandbox down", options.progress, paths);
  try {
    await options.progress.step(
      "engine",
      (say) => {
        say("ending Pulumi");
        return endEngines(paths);
      },
      (count) => (count === 0 ? "" : `ended Pulumi, which was still running (${count} processes)`),
    );
    await stopServices(paths, options.progress);
    if (mayHavePackets()) {
      await removePackets(paths, options.progress);
    }
    if (options.purge === true) {
      await purge(paths, options.progress);
    }
  } finally {
    release();
  }
  if (options.purge === true || !existed) {
    removeFolder(paths);
  }
}

/** In the opposite order of their start: whoever asks goes before whoever answers. */
async function stopServices(paths: SandboxPaths, progress: Progress): Promise<void> {
  await progress.step(
    "services",
    async (say) => {
      const stopped: string[] = [];
      for (const name of serviceNames.toReversed()) {
        say(`ending ${name}`);
        if (await stopService(name, paths)) {
          stopped.push(name);
        }
      }
      return stopped.length === 0 ? "none ran" : `ended ${stopped.join(", ")}`;
    },
    (text) => text,
  );
}

/** Everything but the lock that is being held. */
async function purge(paths: SandboxPaths, progress: Progress): Promise<void> {
  await progress.step(
    "folder",
    (say) => {
      say(`deleting ${paths.root}`);
      const kept = emptyFolder(paths);
      return Promise.resolve(
        kept.length === 0
          ? `deleted ${paths.root}`
          : `deleted what was the sandbox's in ${paths.root}; not its own, and kept: ${kept.join(", ")}`,
      );
    },
    (text) => text,
  );
}
