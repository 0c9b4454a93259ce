#!/usr/bin/env node
/**
 * `npm test`: brings the machine what is missing, then runs every test: unit, Go (also for arm64), engine, and sandbox (in
 * a sandbox of its own). With arguments it runs vitest alone, with these; `--official` means engine and sandbox on official
 * plugins.
 *
 * Two lanes run side by side, since the suites on the running sandbox wait for machines most of the time: those are one,
 * and everything else is the other.
 */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  bootstrap,
  checkout,
  continueOnCurrentNode,
  handOver,
  main,
  requirePacketMachine,
} from "./bootstrap.mjs";
import { reasonOf } from "./lib/folder.mjs";
import { add, countGo, countVitestFile, formatCounts, none } from "./lib/counts.mjs";
import { createLanes } from "./lib/lanes.mjs";
import { SetupError } from "./lib/progress.mjs";
import { lastLines, run } from "./lib/run.mjs";

const usage = `Usage: npm test [-- --official]
       npm test -- ARGUMENT …

Installs what this machine lacks and runs every test: the unit tests, the Go module's, and those on a running sandbox,
which they bring up and take down themselves in .sandbox-test. What does not need it runs beside it; each line says
whose it is. Without root or Linux the last are skipped, and the count of files says so. Ends with a line of counts,
and with 1 if a test failed.

  --official     the tests on a sandbox alone, with Pulumi's official plugins where they can be had
  ARGUMENT …     vitest alone, with these: parts of file names, and vitest's options
  --help         print this; vitest's own: npx vitest --help

Examples:
  npm test
  npm test -- --project unit
  npm test -- --project unit test/unit/plan
  npm test -- --project sandbox test/sandbox/network.test.ts
  npm test -- --project engine test/sandbox/guard.test.ts
  npm test -- --project unit -t "exit codes"
  ROADNET_SANDBOX_DIR=/var/tmp/sandbox npm test      where the tests' own sandbox is
`;

const reports = join(checkout, "node_modules", ".cache", "reports");

/** Why the suites that need packets cannot run here; `undefined` where they can. */
async function packetObstacle() {
  try {
    await requirePacketMachine();
    return undefined;
  } catch (error) {
    if (error instanceof SetupError) {
      return error.message;
    }
    throw error;
  }
}

/** Files of a folder, and below, that end so. */
function filesBelow(/** @type {string} */ folder, /** @type {string} */ ending) {
  if (!existsSync(folder)) {
    return [];
  }
  const names = /** @type {string[]} */ (readdirSync(folder, { recursive: true }));
  return names.filter((name) => name.endsWith(ending));
}

/** @typedef {{lanes: import("./lib/lanes.mjs").Lanes, environment: NodeJS.ProcessEnv}} Runner */

/**
 * Runs one project of vitest and counts. Why a test failed is told when it fails, and once more in the end.
 *
 * @param {string} project
 * @param {Runner} runner
 * @param {{patient?: boolean}} [options]
 */
async function runVitest(project, { lanes, environment }, { patient = false } = {}) {
  const file = join(reports, `${project}.json`);
  mkdirSync(reports, { recursive: true });
  rmSync(file, { force: true });
  const vitest = join(checkout, "node_modules", "vitest", "vitest.mjs");
  const failures = `--reporter=${join(checkout, "test", "failures.ts")}`;
  const reporters = ["--reporter=default", failures, "--reporter=json", `--outputFile.json=${file}`];
  const { code } = await lanes.run(
    project,
    process.execPath,
    [vitest, "run", "--root", checkout, "--project", project, ...reporters],
    { env: environment, patient },
  );
  const counts = countVitestFile(file);
  // A runner that fails for a reason of its own, such as an unhandled error, must not pass for a success.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

const emulator = "qemu-aarch64-static";

/**
 * The Go module once more as a Raspberry Pi runs it, with fewer random runs of the fault simulator. Where a processor
 * of that kind cannot be had, that counts as one skipped test.
 *
 * @param {Runner} runner
 */
async function runGoForPi({ lanes, environment }) {
  if (process.platform === "linux" && process.arch === "arm64") {
    return none;
  }
  if ((await run(emulator, ["--version"], { env: environment, timeoutSeconds: 30 })).code !== 0) {
    lanes.say("go", `skipped: the Go module on arm64. There is no ${emulator}.`);
    return { ...none, skipped: 1 };
  }
  const forPi = { ...environment, GOARCH: "arm64", RUNS: "40" };
  return runGo({ lanes, environment: forPi }, ["-exec", emulator]);
}

/**
 * Runs the tests of the Go module; each failed one is shown with what it printed.
 *
 * @param {Runner} runner
 * @param {readonly string[]} options
 */
async function runGo({ lanes, environment }, options = []) {
  const { code, stdout } = await lanes.run("go", "go", ["test", "-json", ...options, "./..."], {
    cwd: join(checkout, "edge"),
    env: { ...environment, GOTOOLCHAIN: "local" },
    quiet: true,
  });
  const counts = countGo(stdout);
  const failed = counts.failed > 0 || code !== 0;
  for (const line of failed ? stdout.split("\n").filter((entry) => entry.startsWith("{")) : []) {
    const { Action, Output } = JSON.parse(line);
    if (Action === "output" || Action === "build-output") {
      lanes.say("go", Output.trimEnd());
    }
  }
  lanes.say("go", `${environment.GOARCH ?? process.arch}: ${formatCounts(counts)}`);
  return failed && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/**
 * Whether the suites can run on official plugins: on those that can be had, and stand-ins for the rest. Says what
 * each provider is, and why.
 *
 * @param {NodeJS.ProcessEnv} environment
 */
async function officialPluginsAvailable(environment) {
  const result = await run(
    process.execPath,
    [join(checkout, "cli", "main.ts"), "sandbox", "providers", "--check", "--json"],
    { env: environment, timeoutSeconds: 900 },
  );
  if (result.code !== 0) {
    throw new SetupError(`the official plugins could not be looked for: ${lastLines(result)}`);
  }
  const uses = /** @type {{name: string, version: string, kind: string, reason: string}[]} */ (
    JSON.parse(result.stdout)
  );
  const available = uses.some(({ kind }) => kind === "official");
  const list = uses.map(({ name, version, kind, reason }) => `    ${name} ${version}: ${kind}, ${reason}\n`);
  const title = available ? "the sandbox on official plugins:" : "skipped: the run on official plugins.";
  process.stdout.write(`  ${title}\n${list.join("")}`);
  return available;
}

/**
 * The two lanes: what is run, one after the other, in each of them. Where the suites of test/sandbox cannot run, each file
 * counts as one skipped test.
 *
 * @param {{obstacle: string | undefined, official: boolean}} how
 * @param {Runner} runner
 * @returns {Promise<readonly (readonly (() => Promise<import("./lib/counts.mjs").Counts>)[])[]>}
 */
async function planLanes({ obstacle, official }, runner) {
  const files = filesBelow(join(checkout, "test", "sandbox"), ".test.ts").length;
  // Unit tests and Go's have time limits of their own: they do not step back.
  const before = official ? [] : [() => runVitest("unit", runner)];
  const after = official ? [] : [() => runGo(runner), () => runGoForPi(runner)];
  const skip = () => Promise.resolve({ ...none, skipped: files });
  if (obstacle !== undefined) {
    process.stdout.write(`  skipped: ${files} files of test/sandbox. ${obstacle}\n`);
    return [[skip, ...before, ...after]];
  }
  // Whatever official plugins there are: a partial set is tried as far as it goes.
  const on = official ? { ...runner, environment: { ...runner.environment, ROADNET_PROVIDERS: "" } } : runner;
  if (official && !(await officialPluginsAvailable(on.environment))) {
    return [[skip]];
  }
  return [
    [() => runVitest("sandbox", on)],
    [...before, () => runVitest("engine", on, { patient: true }), ...after],
  ];
}

/**
 * Runs the lanes side by side. Whatever happens to one, the others go on, and count.
 *
 * @param {Awaited<ReturnType<typeof planLanes>>} plan
 */
async function runLanes(plan) {
  const counted = plan.map(async (lane) => {
    let counts = none;
    for (const part of lane) {
      try {
        counts = add([counts, await part()]);
      } catch (error) {
        process.stdout.write(`npm test: ${reasonOf(error)}\n`);
        counts = add([counts, { ...none, failed: 1 }]);
      }
    }
    return counts;
  });
  return add(await Promise.all(counted));
}

/** The file that looks at pages is in `engine`: whoever names other projects alone has no use for a browser. */
function mayNeedBrowser(/** @type {readonly string[]} */ args) {
  const projects = args.flatMap((arg, index) => (arg === "--project" ? [args[index + 1]] : []));
  return projects.length === 0 || projects.includes("engine");
}

/** Vitest writes beside the packages, and so does the report of counts. */
function requireWritableClone() {
  const folder = join(checkout, "node_modules");
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new SetupError(
      `The tests write into their clone, and ${reasonOf(error)}: run them as the owner of the clone, or clone it as this user.`,
      2,
    );
  }
}

const args = process.argv.slice(2);
if (args.includes("--help") || args.includes("-h")) {
  process.stdout.write(usage);
  process.exit(0);
}
const official = args.includes("--official");
if (official && args.length > 1) {
  process.stderr.write("npm test: --official goes with nothing else.\n");
  process.exit(2);
}

await main("npm test", async (progress) => {
  await continueOnCurrentNode(progress);
  const obstacle = await packetObstacle();
  const packets = obstacle === undefined;
  const environment = await bootstrap({ packets, browser: packets && mayNeedBrowser(args) }, progress);
  requireWritableClone();
  if (args.length > 0 && !official) {
    const vitest = join(checkout, "node_modules", "vitest", "vitest.mjs");
    return handOver(process.execPath, [vitest, "run", ...args], environment);
  }
  const lanes = createLanes();
  const counts = await runLanes(await planLanes({ obstacle, official }, { lanes, environment }));
  const countsFile = process.env.ROADNET_COUNTS_FILE;
  if (countsFile) {
    writeFileSync(countsFile, `${counts.passed} ${counts.failed} ${counts.skipped}\n`);
  } else {
    process.stdout.write(`\n${formatCounts(counts)}\n`);
  }
  return counts.failed > 0 || counts.passed + counts.skipped === 0 ? 1 : 0;
});
