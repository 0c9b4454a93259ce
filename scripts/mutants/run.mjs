/**
 * Mutation testing of the proof with Stryker: every mutant is one small change to its code, and some test must fail.
 *
 * Stryker and what it needs are 177 packages that nobody else here needs, so they are no dependency of the repository:
 * the first run installs them, as this folder's package-lock.json has them, into node_modules/.cache, from where they
 * find the vitest of the checkout.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkout, handOver } from "../bootstrap.mjs";
import { formatDuration, SetupError } from "../lib/progress.mjs";
import { mustRun } from "../lib/run.mjs";
import { npmCommand } from "../steps/node.mjs";
import { parts } from "./parts.mjs";

/** Above this share alive, in per cent, a part has failed. */
export const mostAlive = 10;

const cache = join(checkout, "node_modules", ".cache");
const home = join(cache, "stryker");
const reports = join(cache, "mutants");
const own = join(checkout, "scripts", "mutants");

/**
 * @typedef {{id: string, mutatorName: string, replacement?: string, status: string, location: {start: {line: number}}}} Mutant
 * @typedef {{files: Record<string, {mutants: Mutant[]}>}} Report
 * @typedef {{name: string, killed: number, timedOut: number, alive: number, leftOut: number, milliseconds: number, survivors: readonly string[]}} PartResult
 */

/** Installs Stryker where it is not yet, or not as the lock file has it. */
async function install() {
  const lock = readFileSync(join(own, "package-lock.json"));
  const digest = createHash("sha256").update(lock).digest("hex");
  const mark = join(home, ".installed");
  if (existsSync(mark) && readFileSync(mark, "utf8") === digest) return;
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) cpSync(join(own, name), join(home, name));
  const [command, ...args] = npmCommand();
  // Its peer vitest is the checkout's: a second one could not run the checkout's tests.
  const options = ["--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await mustRun("npm ci of Stryker", command, [...args, "ci", ...options], {
    cwd: home,
    timeoutSeconds: 900,
  });
  writeFileSync(mark, digest);
}

/**
 * @param {import("./parts.mjs").Part} part
 * @param {string} work a folder of this run's
 * @param {string} seed
 */
function optionsOf({ name, mutate }, work, seed) {
  const { ROADNET_MUTANTS_SHARE: share = "100" } = process.env;
  return {
    mutate,
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner", join(own, "ignore.mjs")],
    ignorers: ["proof"],
    vitest: { configFile: "scripts/mutants/vitest.config.mjs", related: false },
    coverageAnalysis: "perTest",
    // What Stryker copies and mutates: the program and its unit tests, whatever git does not have apart.
    ignorePatterns: ["/edge", "/sandbox", "/bench", "/docs", "/test/sandbox", "/.sandbox", "/.sandbox-test"],
    reporters: ["json", "progress-append-only"],
    jsonReporter: { fileName: join(reports, `${name}.json`) },
    incremental: true,
    // A sample's results are of no use to another: what was not drawn is not known.
    incrementalFile: join(reports, `${name}${share === "100" ? "" : `-${share}-${seed}`}.incremental.json`),
    tempDirName: work,
    concurrency: Number(process.env.ROADNET_MUTANTS_WORKERS ?? 1),
    // For loops that no longer end; a machine with other things to do is only slow.
    timeoutMS: 5000,
    allowConsoleColors: false,
    disableTypeChecks: true,
  };
}

/**
 * What came of a part's mutants. Alive is what no test notices, be it that none reaches it.
 *
 * @param {string} name
 * @param {number} milliseconds
 * @returns {PartResult}
 */
function readResult(name, milliseconds) {
  const report = /** @type {Report} */ (JSON.parse(readFileSync(join(reports, `${name}.json`), "utf8")));
  const all = Object.entries(report.files).flatMap(([file, { mutants }]) =>
    mutants.map((mutant) => ({ file, ...mutant })),
  );
  const withStatus = (/** @type {string[]} */ ...wanted) =>
    all.filter(({ status }) => wanted.includes(status));
  const survivors = withStatus("Survived", "NoCoverage").map(
    ({ file, location, status, mutatorName, replacement = "" }) =>
      `${file}:${location.start.line} ${status === "NoCoverage" ? "not reached" : "alive"}, ${mutatorName}: ${replacement.replaceAll(/\s+/g, " ").slice(0, 120)}`,
  );
  return {
    name,
    killed: withStatus("Killed").length,
    timedOut: withStatus("Timeout").length,
    alive: survivors.length,
    leftOut: withStatus("Ignored").length,
    milliseconds,
    survivors,
  };
}

/** The share alive, in per cent of all mutants that were tried. */
export function shareAlive(/** @type {Pick<PartResult, "killed" | "timedOut" | "alive">} */ counts) {
  const { killed, timedOut, alive } = counts;
  return (100 * alive) / Math.max(killed + timedOut + alive, 1);
}

/**
 * @param {import("./parts.mjs").Part} part
 * @param {string} seed
 * @param {NodeJS.ProcessEnv} environment
 */
async function runPart(part, seed, environment) {
  const work = mkdtempSync(join(tmpdir(), "roadnet-mutants-"));
  const startedAt = Date.now();
  try {
    const file = join(work, "stryker.config.json");
    writeFileSync(file, JSON.stringify(optionsOf(part, work, seed)));
    const report = join(reports, `${part.name}.json`);
    rmSync(report, { force: true });
    const program = join(home, "node_modules", "@stryker-mutator", "core", "bin", "stryker.js");
    await handOver(process.execPath, [program, "run", file], {
      ...environment,
      ROADNET_SEED: seed,
      ROADNET_MUTANTS_TESTS: JSON.stringify(part.tests),
    });
    if (!existsSync(report)) throw new SetupError(`Stryker ended without a report on ${part.name}.`);
    return readResult(part.name, Date.now() - startedAt);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The parts that ROADNET_MUTANTS names, or all. */
export function chosenParts() {
  const wanted = (process.env.ROADNET_MUTANTS ?? "").split(",").filter((name) => name !== "");
  const unknown = wanted.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    const names = parts.map(({ name }) => name).join(", ");
    throw new SetupError(`ROADNET_MUTANTS: there is no ${unknown.join(", ")}; there are ${names}.`, 2);
  }
  return parts.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
}

/**
 * Runs Stryker over the chosen parts, one after the other. What a part's last run found of code and tests that have
 * not changed since is kept, so a run that was broken off goes on with the part that it was at.
 *
 * @param {string} seed
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<PartResult[]>}
 */
export async function runMutants(seed, environment) {
  const chosen = chosenParts();
  await install();
  mkdirSync(reports, { recursive: true });
  const results = [];
  for (const part of chosen) {
    const result = await runPart(part, seed, environment);
    results.push(result);
    const { name, survivors, milliseconds } = result;
    const share = shareAlive(result).toFixed(1);
    process.stdout.write(`${survivors.map((line) => `  ${line}\n`).join("")}`);
    process.stdout.write(`  ${name}: ${share} % alive, in ${formatDuration(milliseconds)}\n`);
  }
  return results;
}
