/**
 * The lock that a killed update leaves in a file backend: `.pulumi/locks/organization/PROJECT/STACK/ID.json` with the
 * process, host and time of its owner.
 */
import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { isStillRunning } from "../../scripts/lib/process.mjs";

export interface Lock {
  readonly file: string;
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

export type LockOwner = "alive" | "dead" | "elsewhere";

/** The locks of one stack in the file backend rooted at `backend`; empty if there are none. */
export async function readLocks(backend: string, project: string, stack: string): Promise<Lock[]> {
  const folder = join(backend, ".pulumi", "locks", "organization", project, stack);
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    return [];
  }
  const files = names.filter((name) => name.endsWith(".json")).map((name) => join(folder, name));
  const locks = await Promise.all(files.map(readLock));
  return locks.filter((lock) => lock !== undefined);
}

/** @returns `undefined` for a lock that was given back between the two looks */
async function readLock(file: string): Promise<Lock | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    return undefined;
  }
  return { file, ...(JSON.parse(text) as Omit<Lock, "file">) };
}

/** Whether the process that took the lock still runs; `elsewhere` if it was another machine's, which we cannot see. */
export function lockOwner(lock: Lock): LockOwner {
  if (lock.hostname !== hostname()) return "elsewhere";
  return isStillRunning(lock.pid, Date.parse(lock.timestamp)) ? "alive" : "dead";
}
