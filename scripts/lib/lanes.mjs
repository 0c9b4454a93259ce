/**
 * Programs that run side by side on one terminal: each line that they print says whose it is, and a signal that is to
 * end this process ends them all.
 */
import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { createInterface } from "node:readline";

const labelWidth = 8;

/** The exit code of what was never started, because the end had come before. */
const notStarted = 128 + constants.signals.SIGTERM;

/**
 * @typedef {object} LaneOptions
 * @property {NodeJS.ProcessEnv} env
 * @property {string} [cwd]
 * @property {boolean} [patient] whether it leaves the processors to the others when they have something to do
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

/** Signals that are to end a program; each goes to all that run. */
const ending = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/**
 * @param {{write?: (text: string) => unknown, signals?: NodeJS.EventEmitter, isTTY?: boolean}} terminal `isTTY` is whether
 *   Ctrl-C reaches the programs by itself, as it does on a terminal
 * @returns {Lanes}
 */
export function createLanes({
  write = (text) => process.stdout.write(text),
  signals = process,
  isTTY = process.stdin.isTTY,
} = {}) {
  /** @type {Set<import("node:child_process").ChildProcess>} */
  const running = new Set();
  let hasEnded = false;
  const end = (/** @type {NodeJS.Signals} */ signal) => {
    hasEnded = true;
    for (const child of signal === "SIGINT" && isTTY ? [] : running) {
      child.kill(signal);
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
      const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
      running.add(child);
      if (patient && child.pid !== undefined) {
        setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
      }
      let stdout = "";
      if (quiet) {
        child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => (stdout += text));
      }
      for (const stream of quiet ? [child.stderr] : [child.stdout, child.stderr]) {
        createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => say(label, line));
      }
      child.on("error", reject);
      child.on("close", (code, signal) => {
        running.delete(child);
        resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), stdout });
      });
    });
  };

  const close = () => ending.forEach((signal) => signals.off(signal, end));
  return { say, run, close };
}
