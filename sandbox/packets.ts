/** The part of a sandbox that only exists with packets: image, agent, namespaces and machines, up and down. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Progress } from "../scripts/lib/progress.mjs";
import { askService } from "./ask.ts";
import type { FabricStatus } from "./fabric/service.ts";
import { createBaseNamespaces, destroyFabric, listLeaks, verifySealed } from "./fabric/life.ts";
import { ensureImage, type HostImage } from "./hosts/image.ts";
import { startAgent, stopAgent } from "./hosts/keys.ts";
import { runningMachines, stopAllMachines } from "./hosts/machine.ts";
import { SandboxError } from "./mode.ts";
import type { SandboxPaths } from "./paths.ts";

/** How long all machines together may take to boot, in seconds. */
const bootSeconds = 300;

/** Makes what the services run in and on. */
export async function preparePackets(paths: SandboxPaths, progress: Progress): Promise<HostImage> {
  const image = await progress.step(
    "host image",
    async (say) => await ensureImage(say),
    ({ folder }) => folder,
  );
  await progress.step(
    "namespaces",
    async () => {
      await startAgent(paths);
      await createBaseNamespaces(paths.root);
    },
    () => "",
  );
  return image;
}

/** Whether this machine and user can have namespaces of a sandbox at all, so that there may be some to remove. */
export function mayHavePackets(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0;
}

/**
 * Waits until the packets agree with the simulated AWS and every machine runs.
 *
 * @throws {SandboxError} naming what does not come up
 */
export async function waitForMachines(paths: SandboxPaths, progress: Progress): Promise<void> {
  await progress.step(
    "machines",
    async (say) => {
      const deadline = Date.now() + bootSeconds * 1000;
      for (;;) {
        const { machines, error, problems } = (await askService(
          "fabric",
          "GET",
          "/status",
          undefined,
          paths,
        )) as FabricStatus;
        const wanted = machines.filter(({ goal }) => goal === "run");
        const up = wanted.filter(({ state }) => state === "done");
        const failed = wanted.filter(({ state }) => state === "failed");
        if (error === undefined && up.length === wanted.length) {
          return [`${up.length} run`, ...problems].join("; ");
        }
        say(`${up.length} of ${wanted.length} run${error === undefined ? "" : `, ${error}`}`);
        if (Date.now() > deadline) {
          const reasons = failed.map(({ name, error: reason }) => `${name}: ${reason ?? "failed"}`);
          throw new SandboxError(
            `Not everything came up within ${bootSeconds} s. ${[error ?? "", ...reasons].join("\n").trim()}`,
          );
        }
        await sleep(500);
      }
    },
    (text) => text,
  );
}

/** Ends machines, agent and namespaces, also of a sandbox that was left half up. */
export async function removePackets(paths: SandboxPaths, progress: Progress): Promise<void> {
  await progress.step(
    "machines",
    async (say) => {
      const running = runningMachines(paths).length;
      say(`shutting ${running} machines down`);
      await stopAllMachines({}, paths);
      await stopAgent(paths);
      return running === 0 ? "" : `${running} shut down`;
    },
    (text) => text,
  );
  await progress.step(
    "namespaces",
    async (say) => {
      say("removing");
      const before = listLeaks(paths.root).length;
      const strangers = await destroyFabric(paths.root);
      const leaks = [...strangers, ...listLeaks(paths.root), ...(await verifySealed(paths.root))];
      if (leaks.length > 0) {
        throw new SandboxError(`This was left behind:\n${leaks.join("\n")}`);
      }
      return before === 0 ? "" : "removed";
    },
    (text) => text,
  );
}
