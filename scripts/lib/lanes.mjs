/**
 * Programs that run side by side on one terminal: each line that they print says whose it is, and a signal that is to
 * end this process ends them all.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";
import { createInterface } from "node:readline";

const labelWidth = 8;

/**
 * What the patient leave to others, as nice(1) counts: of two that could use all processors, it gets a third. Less would
 * let time limits pass in what it starts.
 */
const patientNice = 3;

/** The exit code of what was never started, because the end had come before. */
const notStarted = 128 + constants.signals.SIGTERM;

/**
 * @typedef {object} LaneOptions
 * @property {NodeJS.ProcessEnv} env
 * @property {string} [cwd]
 * @property {boolean} [patient] whether it leaves more of the processors to the others when they have something to do
 * @property {boolean} [quiet] whether its standard output is kept and not printed
 *
 * @typedef {object} LaneResult
 * @property {number} code as a shell gives it: 128 and the signal where one has ended it
 * @property {string} stdout what it printed where it was to be quiet
 *
 * @typedef {object} Lanes
 * @property {(label: string, text: string) => void} say prints lines, each with the label before it
 * @property {(label: string, command: string, args: readonly string[], options: LaneOptions) => Promise<LaneResult>} run
 *   runs a program to its end; rejects where there is no such program
 * @property {() => void} close lets go of the signals
 */

/** Signals that are to end a program. What runs is ended by the second: there are those that Ctrl-C's does not reach. */
const ending = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/**
 * Lets others go first. Linux mostly shares processors among sessions, whatever the priorities in each: so the session is
 * given one, and its processes, for where that counts.
 */
function stepBack(/** @type {number} */ pid) {
  try {
    setPriority(pid, Math.min(getPriority() + patientNice, constants.priority.PRIORITY_LOW));
    writeFileSync(`/proc/${pid}/autogroup`, String(patientNice));
  } catch {
    // It has ended already, or sessions are no groups here.
  }
}

/**
 * @param {{write?: (text: string) => unknown, signals?: NodeJS.EventEmitter}} [terminal]
 * @returns {Lanes}
 */
export function createLanes({ write = (text) => process.stdout.write(text), signals = process } = {}) {
  /** @type {Set<number>} */
  const running = new Set();
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
    for (const pid of running) {
      process.kill(-pid, "SIGTERM");
    }
  };
  ending.forEach((signal) => signals.on(signal, end));

  /** @type {Lanes["say"]} */
  const say = (label, text) => {
    for (const line of text.split("\n")) {
      write(`${`${label.padEnd(labelWidth)}| ${line}`.trimEnd()}\n`);
    }
  };

  /** @type {Lanes["run"]} */
  const run = (label, command, args, { env, cwd, patient = false, quiet = false }) => {
    if (hasEnded) {
      return Promise.resolve({ code: notStarted, stdout: "" });
    }
    return new Promise((resolve, reject) => {
      // In a session of its own, which a terminal's Ctrl-C does not reach: it hears of the end from here alone, as a whole.
      const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
      const { pid = 0 } = child;
      if (pid > 0) {
        running.add(pid);
        if (patient) {
          stepBack(pid);
        }
      }
      let stdout = "";
      if (quiet) {
        child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => (stdout += text));
      }
      for (const stream of quiet ? [child.stderr] : [child.stdout, child.stderr]) {
        createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => say(label, line));
      }
      child.on("error", reject);
      child.on("exit", () => running.delete(pid));
      child.on("close", (code, signal) => {
        resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), stdout });
      });
    });
  };

  const close = () => ending.forEach((signal) => signals.off(signal, end));
  return { say, run, close };
}
