/** When a machine counts as up. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { SandboxPaths } from "../paths.ts";
import { execIn, findLeader } from "./exec.ts";

export interface BootResult {
  /** As systemd says it: `degraded` where a unit has failed. */
  readonly state: "running" | "degraded";
  /** Names of the units that failed. */
  readonly failedUnits: readonly string[];
}

/** TCP's LISTEN in /proc/net/tcp. */
const listenState = "0A";
const sshPort = 22;

/**
 * Whether something listens on a TCP port, on any address, told from the text of /proc/PID/net/tcp or tcp6.
 */
export function listensOn(table: string, port: number): boolean {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table.split("\n").some((line) => {
    const [, local, , state] = line.trim().split(/\s+/);
    return state === listenState && local?.endsWith(suffix) === true;
  });
}

/**
 * Resolves when systemd has started everything and sshd listens.
 *
 * @param supervisorLives asked while waiting, so that a machine that cannot start is not waited for
 * @throws if that has not come to pass in time, or the machine has ended.
 */
export async function waitForBoot(
  name: string,
  timeoutSeconds: number,
  paths: SandboxPaths,
  supervisorLives: () => boolean,
): Promise<BootResult> {
  const end = Date.now() + timeoutSeconds * 1000;
  let leader: number | undefined;
  let missing = "its systemd";
  while (Date.now() < end) {
    if (!supervisorLives()) throw new Error(`${name}: the machine ended while it was starting`);
    leader ??= findLeader(name, paths);
    if (leader !== undefined) {
      if (!sshListens(leader)) {
        missing = "its SSH server";
      } else {
        missing = "the end of its boot";
        const remaining = Math.max(1, Math.ceil((end - Date.now()) / 1000));
        const state = await systemState(leader, name, remaining);
        if (state !== undefined) return state;
      }
    }
    await sleep(100);
  }
  throw new Error(`${name}: waited ${timeoutSeconds} s in vain for ${missing}`);
}

function sshListens(leader: number): boolean {
  return ["tcp", "tcp6"].some((table) => {
    try {
      return listensOn(readFileSync(`/proc/${leader}/net/${table}`, "utf8"), sshPort);
    } catch {
      return false;
    }
  });
}

async function systemState(leader: number, name: string, seconds: number): Promise<BootResult | undefined> {
  const wait = ["systemctl", "is-system-running", "--wait"];
  const state = (await execIn(leader, name, wait, { timeoutSeconds: seconds })).stdout.trim();
  if (state !== "running" && state !== "degraded") return undefined;
  const list = ["systemctl", "list-units", "--failed", "--plain", "--no-legend"];
  const failed = state === "running" ? "" : (await execIn(leader, name, list)).stdout;
  const failedUnits = failed
    .split("\n")
    .map((line) => line.trim().split(/\s+/)[0] ?? "")
    .filter((unit) => unit !== "");
  return { state, failedUnits };
}
