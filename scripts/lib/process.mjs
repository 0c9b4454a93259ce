/** Which process is which: ids are used again, so a process is known by its id and its start time together. */
import { existsSync, readFileSync } from "node:fs";

/**
 * When a process started, in clock ticks since boot (field 22 of /proc/PID/stat).
 *
 * @param {number} pid
 * @returns {number | undefined} `undefined` if there is none; 0 where it cannot be told, because there is no /proc
 */
export function processStartTicks(pid) {
  if (!existsSync("/proc/self/stat")) {
    try {
      process.kill(pid, 0);
      return 0;
    } catch (error) {
      // It is someone else's, but it lives.
      return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM" ? 0 : undefined;
    }
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended: only its parent has not looked yet.
    return fields[0] === "Z" ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

/** The kernel's USER_HZ, in which /proc counts; 100 on every architecture that Node.js runs on. */
const ticksPerSecond = 100;

/**
 * When a process started, in milliseconds since 1970, to about a second.
 *
 * @param {number} pid
 * @returns {number | undefined} `undefined` if there is none, or where it cannot be told
 */
function processStartTime(pid) {
  const ticks = processStartTicks(pid);
  if (ticks === undefined || ticks === 0) return undefined;
  const boot = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"));
  return boot === null ? undefined : (Number(boot[1]) + ticks / ticksPerSecond) * 1000;
}

/** How far the wall clock may have been set since, in milliseconds. */
const clockTolerance = 60_000;

/**
 * Whether the process that left a note still runs. Ids are used again: one that started after the note was written
 * is another process.
 *
 * @param {number} pid
 * @param {number} writtenAt milliseconds since 1970
 */
export function isStillRunning(pid, writtenAt) {
  if (processStartTicks(pid) === undefined) return false;
  const startedAt = processStartTime(pid);
  return startedAt === undefined || startedAt <= writtenAt + clockTolerance;
}
