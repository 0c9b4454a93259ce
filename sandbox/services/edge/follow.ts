/** Follows the simulated Cloudflare: every revision of its state, as soon as it is there. */
import { setTimeout as sleep } from "node:timers/promises";
import { askService } from "../../ask.ts";
import type { SandboxPaths } from "../../paths.ts";
import type { Log } from "../log.ts";
import { readState, type EdgeState } from "./state.ts";
import type { Registration } from "./tunnels.ts";

/** How long a question for news stays open; below the time-out of {@link askService}. */
const pollSeconds = 20;
const retryMilliseconds = 1_000;

export interface Following {
  /** The revision that the edge goes by; nothing before the first. */
  readonly revision: () => number | undefined;
  /** Why the edge does not go by the latest; nothing if it does. */
  readonly error: () => string | undefined;
  /** Ends with the question that is open. */
  readonly stop: () => void;
}

/**
 * Hands every state to `apply`, the first before it resolves. What cannot be read or applied is told, and the edge goes
 * on with the state that it has: as Cloudflare's does when its own configuration does not arrive.
 */
export async function followCloudflare(
  paths: SandboxPaths,
  apply: (state: EdgeState) => void,
  log: Log,
): Promise<Following> {
  let revision: number | undefined;
  let error: string | undefined;
  const step = async (): Promise<void> => {
    const after = revision ?? -1;
    const path = `/revision?after=${after}&timeoutSeconds=${revision === undefined ? 0 : pollSeconds}`;
    const found = (await askService("cloudflare", "GET", path, undefined, paths)) as { revision: number };
    if (found.revision === revision) return;
    apply(readState(await askService("cloudflare", "GET", "/describe", undefined, paths)));
    ({ revision } = found);
  };
  await step();
  const end = new AbortController();
  const isEnded = (): boolean => end.signal.aborted;
  const run = async (): Promise<void> => {
    while (!isEnded()) {
      try {
        await step();
        error = undefined;
      } catch (caught) {
        const { message } = caught as Error;
        if (isEnded()) return;
        if (message !== error) log(`cannot follow Cloudflare: ${message}`);
        error = message;
        await sleep(retryMilliseconds);
      }
    }
  };
  void run();
  return {
    revision: () => revision,
    error: () => error,
    stop: () => {
      end.abort();
    },
  };
}

/** Asks the simulated Cloudflare whether it has a tunnel with this secret. @throws with its words if it has not */
export async function authenticateTunnel(
  { accountTag, tunnelId, tunnelSecret }: Registration,
  paths: SandboxPaths,
): Promise<void> {
  await askService(
    "cloudflare",
    "POST",
    "/tunnels/authenticate",
    { accountTag, tunnelId, tunnelSecret },
    paths,
  );
}
