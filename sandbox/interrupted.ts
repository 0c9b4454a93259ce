/** What an engine that was killed leaves in the sandbox's file backend, seen before the next one trips over it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stackName } from "./engine.ts";
import type { SandboxPaths } from "./paths.ts";
import { isStillRunning } from "../scripts/lib/process.mjs";

const projectName = "blackroad-network";

/** The stack's checkpoint in the file backend. */
export function checkpointFile(paths: SandboxPaths): string {
  return join(paths.state, ".pulumi", "stacks", projectName, `${stackName}.json`);
}

/** Whether the stack was ever made. */
export function stackExists(paths: SandboxPaths): boolean {
  return existsSync(checkpointFile(paths));
}

interface LockOwner {
  readonly pid: number;
  readonly isAlive: boolean;
}

/** Processes that the stack's locks name as their owners, dead or alive. */
function lockOwners(paths: SandboxPaths): readonly LockOwner[] {
  const folder = join(paths.state, ".pulumi", "locks", "organization", projectName, stackName);
  return listJson(folder).flatMap((name) => {
    try {
      const text = readFileSync(join(folder, name), "utf8");
      const { pid, timestamp } = JSON.parse(text) as { pid: number; timestamp: string };
      return [{ pid, isAlive: isStillRunning(pid, Date.parse(timestamp)) }];
    } catch {
      // It was given back between the two looks.
      return [];
    }
  });
}

/** The engine that holds the stack's lock and lives; `undefined` if there is none. */
export function findLockOwner(paths: SandboxPaths): number | undefined {
  return lockOwners(paths).find(({ isAlive }) => isAlive)?.pid;
}

/** Why the last engine must be cleaned up after; `undefined` where it ended well. */
export function findInterruption(paths: SandboxPaths): string | undefined {
  const dead = lockOwners(paths).find(({ isAlive }) => !isAlive);
  if (dead !== undefined) {
    return `the engine that held the stack's lock (process ${dead.pid}) has died`;
  }
  const pending = pendingOperations(paths);
  return pending === 0 ? undefined : `${pending} operations were begun and never recorded as done`;
}

function listJson(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}

function pendingOperations(paths: SandboxPaths): number {
  return readCheckpoint(paths)?.pending_operations?.length ?? 0;
}

interface Checkpoint {
  readonly resources?: readonly { readonly urn: string }[];
  readonly pending_operations?: readonly unknown[];
}

function readCheckpoint(paths: SandboxPaths): Checkpoint | undefined {
  try {
    const text = readFileSync(checkpointFile(paths), "utf8");
    return (JSON.parse(text) as { checkpoint?: { latest?: Checkpoint } }).checkpoint?.latest;
  } catch {
    return undefined;
  }
}

/**
 * Number of resources in the stack's state, as the engine counts them in an update and in a preview: without the
 * providers that it makes for itself. (`pulumi stack` counts these, too.)
 */
export function countResources(paths: SandboxPaths): number {
  const resources = readCheckpoint(paths)?.resources ?? [];
  return resources.filter(({ urn }) => !/::pulumi:providers:[^:]+::default(_[^:]*)?$/.test(urn)).length;
}
