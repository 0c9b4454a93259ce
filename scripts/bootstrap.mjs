/**
 * Everything that must be on a machine before TypeScript, Pulumi and the sandbox can run, in order and each only
 * where it is missing. This file and what it imports run on any Node.js from 20 on, without a package installed.
 */
import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { createProgress, SetupError } from "./lib/progress.mjs";
import { tolerateClosedOutput } from "./lib/output.mjs";
import { run } from "./lib/run.mjs";
import { debianPackages } from "./lib/versions.mjs";
import { ensureAgent } from "./steps/agent.mjs";
import { ensureBrowser, findBrowser } from "./steps/browser.mjs";
import { ensureDebianPackages } from "./steps/debian.mjs";
import { ensureGo } from "./steps/go.mjs";
import { ensureNode, withTools } from "./steps/node.mjs";
import { ensurePackages } from "./steps/npm.mjs";
import { ensurePulumi } from "./steps/pulumi.mjs";

export const checkout = dirname(dirname(fileURLToPath(import.meta.url)));

/** Set for a script that was started again by a current Node.js, which has told its user already. */
const restarted = "ROADNET_RESTARTED";

const paperAdvice =
  "`npm start -- --no-packets` runs the same `pulumi up` with the control plane alone and renders each host's files into a folder";

/** Refuses, in one sentence, a machine on which the sandbox's packets cannot run. */
export async function requirePacketMachine() {
  if (process.platform !== "linux") {
    throw new SetupError(
      `The sandbox's packets need Linux (network namespaces, nftables, systemd-nspawn), and this is ${process.platform}: ${paperAdvice}.`,
      2,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      `The sandbox's packets need root (to make network namespaces and start machines): run this as root, or else ${paperAdvice}.`,
      2,
    );
  }
  const probe = await run("unshare", ["--net", "--mount", "true"], { timeoutSeconds: 20 });
  if (probe.code !== 0) {
    throw new SetupError(
      `This root may not make network namespaces (${probe.stderr.trim() || "unshare failed"}), as in a container without privileges: ${paperAdvice}.`,
      2,
    );
  }
}

/**
 * Starts a program that takes over the terminal, and ends as it ends.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} its exit code; 128 + the signal's number where a signal ended it
 */
export function handOver(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", env, cwd: process.cwd() });
    // A terminal sends Ctrl-C to the whole group: the child decides, and this process waits for it.
    const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    const ignore = () => undefined;
    process.on("SIGTERM", forward);
    process.on("SIGHUP", forward);
    process.on("SIGINT", process.stdin.isTTY ? ignore : forward);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/**
 * Runs the rest of a script on a current Node.js: if this one is too old, the same script is started again by one
 * from npm. Call it first; it returns only where it is the current one that runs.
 */
export async function continueOnCurrentNode(/** @type {import("./lib/progress.mjs").Progress} */ progress) {
  const describe = (/** @type {{description: string}} */ { description }) =>
    process.env[restarted] === undefined ? description : "";
  const node = await progress.step("node", ensureNode, describe);
  delete process.env[restarted];
  if (node.file === process.execPath) {
    return;
  }
  const environment = { ...withTools([dirname(node.file)]), [restarted]: "1" };
  process.exit(await handOver(node.file, [...process.argv.slice(1)], environment));
}

/**
 * Brings everything to the machine that the given purpose needs.
 *
 * @param {{packets: boolean, browser?: boolean}} needs
 * @param {import("./lib/progress.mjs").Progress} progress
 * @returns {Promise<NodeJS.ProcessEnv>} the environment for everything after
 */
export async function bootstrap(needs, progress) {
  const { step } = progress;
  await step("packages", (say) => ensurePackages(checkout, say));
  if (needs.packets) {
    await step("debian", (say) => ensureDebianPackages(debianPackages, say));
  }
  if (needs.browser === true) {
    await step("browser", (say) => ensureBrowser(say));
  }
  const pulumi = await step("pulumi", ensurePulumi, ({ description }) => description);
  const go = await step("go", ensureGo, ({ description }) => description);
  await step("agent", (say) => ensureAgent(checkout, go.folder, say));
  const environment = withTools([dirname(process.execPath), pulumi.folder, go.folder]);
  // Told apart from one that nobody has looked for, which is a mistake.
  const isWithout = needs.browser === true && findBrowser() === undefined;
  return isWithout ? { ...environment, ROADNET_BROWSER: "none" } : environment;
}

/**
 * The frame of every script here: turns failures into one sentence on stderr and an exit code.
 *
 * @param {string} name such as `npm start`
 * @param {(progress: import("./lib/progress.mjs").Progress) => Promise<number>} work
 */
export async function main(name, work) {
  tolerateClosedOutput();
  try {
    // With --json nothing but the result goes to standard output.
    process.exitCode = await work(
      createProgress(process.argv.includes("--json") ? process.stderr : process.stdout),
    );
  } catch (error) {
    const text = error instanceof SetupError ? error.message : String(error);
    process.stderr.write(`${name}: ${text}\n`);
    const isVerbose = process.argv.includes("--verbose");
    if (!(error instanceof SetupError) && error instanceof Error && isVerbose) {
      process.stderr.write(`${error.stack ?? ""}\n`);
    }
    process.exitCode = error instanceof SetupError ? error.exitCode : 1;
  }
}
