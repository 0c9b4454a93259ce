/** Processes that outlive whoever started them, recorded so that another process can find and end them. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { processStartTicks } from "../service.ts";

/** Which process: its id is used again by others, its start time within one boot of the machine is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat. */
  readonly startTicks: number;
  /** The machine's boot in which the process was started. */
  readonly bootId: string;
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** @throws if the process has already ended. */
export function identify(pid: number): ProcessIdentity {
  const startTicks = processStartTicks(pid);
  if (startTicks === undefined) throw new Error(`process ${pid} has ended`);
  return { pid, startTicks, bootId: bootId() };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return processStartTicks(identity.pid) === identity.startTicks && identity.bootId === bootId();
}

/** Sends a signal unless the process has ended, whoever may have its id now. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Asks `condition` every `intervalMilliseconds`; resolves with whether it became true in time. */
export async function waitUntil(
  condition: () => boolean,
  timeoutSeconds: number,
  intervalMilliseconds = 50,
): Promise<boolean> {
  const end = Date.now() + timeoutSeconds * 1000;
  while (!condition()) {
    if (Date.now() >= end) return false;
    await sleep(intervalMilliseconds);
  }
  return true;
}
