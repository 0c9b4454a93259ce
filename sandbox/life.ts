/** The lock that keeps a sandbox from being brought up and down at once. */
import { join } from "node:path";
import { acquireLock } from "../scripts/lib/lock.mjs";
import type { Progress } from "../scripts/lib/progress.mjs";
import type { SandboxPaths } from "./paths.ts";

/** Longer than the slowest start, that of a machine on which the hosts' image is built. */
const oneAtATimeSeconds = 1800;

/** Waits until no other process brings the sandbox up or down; resolves with the function that lets others. */
export async function holdSandbox(
  purpose: string,
  progress: Progress,
  paths: SandboxPaths,
): Promise<() => void> {
  let waited = false;
  return await progress.step(
    "lock",
    (say) =>
      acquireLock(join(paths.run, "life.lock"), {
        purpose,
        timeoutSeconds: oneAtATimeSeconds,
        onWait: (owner) => {
          waited = true;
          say(`waiting for process ${owner.pid}, which is ${owner.purpose}`);
        },
      }),
    () => (waited ? "the other process has finished" : ""),
  );
}
