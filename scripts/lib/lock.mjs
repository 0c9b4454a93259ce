/**
 * A lock file that survives crashes: it holds the owner's process id and start time, and one whose owner has ended
 * is taken over. The start time matters because process ids are used again.
 */
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { processStartTicks } from "./process.mjs";

const takeoverStaleMilliseconds = 10_000;

/** @typedef {{pid: number, startTicks: number, purpose: string}} LockOwner */

/** @returns {LockOwner | undefined} who holds the lock now, if that process lives */
export function lockOwner(/** @type {string} */ file) {
  let owner;
  try {
    owner = /** @type {LockOwner | null} */ (JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
  // One that was damaged is nobody's.
  if (typeof owner?.pid !== "number") return undefined;
  return processStartTicks(owner.pid) === owner.startTicks ? owner : undefined;
}

/** Creates `file` with its content in one step; false if it exists. */
function createWhole(/** @type {string} */ file, /** @type {string} */ content) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") {
      return false;
    }
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes a lock whose owner has ended. A second file keeps two that notice at once from removing a new lock. */
function removeStale(/** @type {string} */ file) {
  const takeover = `${file}.takeover`;
  if (!createWhole(takeover, String(process.pid))) {
    try {
      if (Date.now() - statSync(takeover).mtimeMs > takeoverStaleMilliseconds) {
        rmSync(takeover, { force: true });
      }
    } catch {
      // The other one has finished meanwhile.
    }
    return;
  }
  try {
    if (lockOwner(file) === undefined) {
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(takeover, { force: true });
  }
}

/**
 * Tries once to take the lock.
 *
 * @param {string} file
 * @param {string} purpose what the owner is doing, for the message that others see
 * @returns {{owner: LockOwner, release?: undefined} | {release: () => void, owner?: undefined}}
 */
export function tryLock(file, purpose) {
  mkdirSync(dirname(file), { recursive: true });
  const self = { pid: process.pid, startTicks: processStartTicks(process.pid) ?? 0, purpose };
  for (let attempt = 0; attempt < 50; attempt++) {
    if (createWhole(file, JSON.stringify(self))) {
      return { release: () => rmSync(file, { force: true }) };
    }
    const owner = lockOwner(file);
    if (owner !== undefined) {
      return { owner };
    }
    removeStale(file);
  }
  throw new Error(`the lock ${file} could not be taken over; remove it by hand`);
}

/**
 * Takes the lock, waiting for it where another process has it.
 *
 * @param {string} file
 * @param {{purpose: string, timeoutSeconds: number, onWait?: (owner: LockOwner) => void}} options
 * @returns {Promise<() => void>} gives the lock back
 */
export async function acquireLock(file, options) {
  const deadline = Date.now() + options.timeoutSeconds * 1000;
  for (;;) {
    const { release, owner } = tryLock(file, options.purpose);
    if (release !== undefined) {
      return release;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `process ${owner.pid} (${owner.purpose}) has held ${file} for more than ${options.timeoutSeconds} s`,
      );
    }
    options.onWait?.(owner);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/**
 * Runs `work` while holding the lock.
 *
 * @template T
 * @param {string} file
 * @param {Parameters<typeof acquireLock>[1]} options
 * @param {() => Promise<T>} work
 */
export async function withLock(file, options, work) {
  const release = await acquireLock(file, options);
  try {
    return await work();
  } finally {
    release();
  }
}
