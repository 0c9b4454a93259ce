#!/usr/bin/env node
/**
 * `npm run soak`: what takes longer than CI allows, in full, and what came of it in docs/soak.md. Everything random
 * comes from one seed, which is printed and reported; ROADNET_SEED=… repeats a run, and its kill points are as many
 * as ROADNET_KILL_POINTS says. Arguments choose suites by name.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { bootstrap, checkout, continueOnCurrentNode, handOver, main } from "./bootstrap.mjs";
import { add, countVitestFile, formatCounts } from "./lib/counts.mjs";
import { writeMarkdown } from "./lib/markdown.mjs";
import { formatDuration, SetupError } from "./lib/progress.mjs";
import { countMutants, describeMutants } from "./mutants/report.mjs";
import { runMutants } from "./mutants/run.mjs";

/**
 * A suite is a test file that does more when its environment says so. A new one is a line here.
 *
 * @typedef {{name: string, file: string, what: string, packets?: boolean, environment: Record<string, string>}} Suite
 * @type {readonly Suite[]}
 */
const suites = [
  {
    name: "interrupted",
    file: "test/sandbox/interrupted.test.ts",
    what: "The engine killed at random points of a first update, of an update that replaces resources, and of a destroy; then `roadnet recover` and the next update, which must lead to what an undisturbed run leads to.",
    environment: { ROADNET_KILL_POINTS: "20" },
  },
  {
    name: "interrupted-cases",
    file: "test/sandbox/interrupted-cases.test.ts",
    what: "Recovery killed in the middle, refused, forced and repeated; providers that die and clouds that fail in mid-update.",
    environment: { ROADNET_CASES: "all" },
  },
  {
    name: "cloud-faults",
    file: "test/sandbox/cloud-faults.test.ts",
    what: "Clouds that throttle, fail, answer late or not at all in mid-update, and names that somebody else has taken: a clear error where there must be one, nothing of others touched, and the next update converges.",
    environment: { ROADNET_CASES: "all" },
  },
  {
    name: "official",
    file: "test/sandbox/official.test.ts",
    what: "The comparison of the official plugins with the stand-ins, and of the stand-ins with an altered one, which must be found.",
    environment: {},
  },
  {
    name: "lifecycle",
    file: "test/sandbox/lifecycle.test.ts",
    what: "Nothing to change on the finished stack; drift shown, repaired, gone; a third region; a destroy that leaves nothing.",
    environment: {},
  },
  {
    name: "host-faults",
    file: "test/sandbox/host-faults.test.ts",
    what: "A real systemd host on its way to another generation: connections, agents and machines cut off before a step, files torn, disks full, operators locked out. After each it is reachable, on a whole generation, and the next update converges.",
    packets: true,
    environment: { ROADNET_FAULT_RUNS: "200" },
  },
  {
    name: "second-opinion",
    file: "test/unit/proof/opinion",
    what: "Z3 asked about random security groups, network ACLs, nftables, route tables, and conversations across all of them: whether a packet exists about which the proof and the platforms' documentation differ.",
    environment: { ROADNET_RULE_SETS: "600" },
  },
  {
    name: "classes",
    file: "test/unit/proof/classes.test.ts",
    what: "What the proof's classes say of random networks, beside each pair asked by itself.",
    environment: { ROADNET_PROOF_NETWORKS: "2000" },
  },
  {
    name: "prove",
    file: "test/sandbox/prove.test.ts",
    what: "Real packets between everybody of the sandbox's production network, at every port that matters, and on networks that differ from it in one place: each must do what the proof says.",
    packets: true,
    environment: { ROADNET_MUTATIONS: "100" },
  },
  {
    name: "prove-ipv6",
    file: "test/sandbox/prove.test.ts",
    what: "The same with IPv6 in both regions, beside IPv4.",
    packets: true,
    environment: { ROADNET_MUTATIONS: "30", ROADNET_IPV6: "hosts" },
  },
];

/** Not a test file: Stryker changes the proof's code in one place after the other, and runs the proof's tests. */
const mutants = {
  name: "mutants",
  what: "Stryker's changes to the code of the proof, one at a time: some test must notice each.",
};

/** Every suite by name, in the report's order. */
const known = [...suites, mutants];

/** @typedef {{title: string, status: string, duration?: number, meta?: {note?: string}}} TestResult */

/** The tests of vitest's JSON report, in their order. */
function readTests(/** @type {string} */ file) {
  const report = /** @type {{testResults: {assertionResults: TestResult[]}[]}} */ (
    JSON.parse(readFileSync(file, "utf8"))
  );
  return report.testResults.flatMap(({ assertionResults }) => assertionResults);
}

/**
 * Runs one suite.
 *
 * @param {Suite} suite
 * @param {string} seed
 * @param {NodeJS.ProcessEnv} environment
 */
async function runSuite(suite, seed, environment) {
  const folder = join(checkout, "node_modules", ".cache", "reports");
  const report = join(folder, `soak-${suite.name}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(report, { force: true });
  const vitest = join(checkout, "node_modules", "vitest", "vitest.mjs");
  const config = join(checkout, "scripts", "soak.vitest.mjs");
  const reporters = ["--reporter=verbose", "--reporter=json", `--outputFile.json=${report}`];
  const startedAt = Date.now();
  const code = await handOver(
    process.execPath,
    [vitest, "run", "--config", config, suite.file, ...reporters],
    {
      ...suite.environment,
      ...environment,
      ROADNET_SEED: seed,
    },
  );
  const counted = countVitestFile(report);
  const counts = code !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
  const tests = existsSync(report) ? readTests(report) : [];
  return { suite, counts, tests, milliseconds: Date.now() - startedAt };
}

/**
 * @param {Awaited<ReturnType<typeof runSuite>>} result
 * @param {string} seed
 */
function describeSuite({ suite, counts, tests, milliseconds }, seed) {
  const rows = tests.map(
    ({ title, status, duration, meta }) =>
      `| ${title} | ${meta?.note ?? ""} | ${status} | ${formatDuration(duration ?? 0)} |`,
  );
  return [
    `## ${suite.name}`,
    "",
    suite.what,
    "",
    `- Result: ${formatCounts(counts)}, in ${formatDuration(milliseconds)}`,
    `- Date: ${new Date().toISOString().slice(0, 10)}`,
    `- Seed: ${seed} (\`ROADNET_SEED=${seed} npm run soak -- ${suite.name}\` draws the same points)`,
    "",
    "| test | what happened | result | time |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

const reportFile = join(checkout, "docs", "soak.md");

/** The last report's sections, by suite. */
function readSections() {
  const text = existsSync(reportFile) ? readFileSync(reportFile, "utf8") : "";
  const sections = text.split(/^(?=## )/m).slice(1);
  return new Map(sections.map((section) => [/^## (.*)$/m.exec(section)?.[1] ?? "", section]));
}

/**
 * The report: what was run where, and what came of it. Suites that were not run now stay as they were.
 *
 * @param {string} seed
 * @param {readonly Awaited<ReturnType<typeof runSuite>>[]} results
 * @param {readonly import("./mutants/run.mjs").PartResult[]} mutated
 */
function describeRun(seed, results, mutated) {
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const sections = readSections();
  for (const result of results) {
    sections.set(result.suite.name, describeSuite(result, seed));
  }
  sections.set(mutants.name, describeMutants(mutants, sections.get(mutants.name) ?? "", mutated, seed));
  return [
    "# Soak",
    "",
    "The last run of each suite of `npm run soak`, which wrote this file, on a machine with " +
      `${cpus().length} processor cores and ${gibibytes} GiB of memory. CI runs them with fewer points, and \`official\` ` +
      "only where official plugins can be had.",
    "",
    ...known.map(({ name, what }) => sections.get(name) ?? `## ${name}\n\n${what}\n\n- Not run yet.\n`),
  ].join("\n");
}

const usage = `Usage: npm run soak [-- SUITE …]

Runs what takes longer than CI allows, in full. Without a suite it runs them all. Writes what came of them to
docs/soak.md.

${known.map(({ name, what }) => `  ${name.padEnd(18)} ${what}`).join("\n")}

Examples:
  npm run soak
  npm run soak -- lifecycle
  ROADNET_SEED=4711 npm run soak                     the same random points once more
  ROADNET_KILL_POINTS=3 npm run soak -- interrupted  fewer of them
  ROADNET_FAULT_RUNS=20 npm run soak -- host-faults
  ROADNET_MUTATIONS=10 npm run soak -- prove
  ROADNET_SEED=4711 ROADNET_MUTATIONS_FROM=37 npm run soak -- prove   from the 37th network on
  ROADNET_MUTANTS=sets,rules npm run soak -- mutants    these parts of the proof
  ROADNET_MUTANTS_SHARE=20 npm run soak -- mutants      a fifth of the functions, drawn by the seed
  ROADNET_MUTANTS_WORKERS=2 npm run soak -- mutants     two mutants at a time
`;

const wanted = process.argv.slice(2);
if (wanted.includes("--help") || wanted.includes("-h")) {
  process.stdout.write(usage);
  process.exit(0);
}

await main("npm run soak", async (progress) => {
  const isWanted = (/** @type {{name: string}} */ { name }) => wanted.length === 0 || wanted.includes(name);
  const chosen = suites.filter(isWanted);
  if (known.filter(isWanted).length < wanted.length) {
    throw new SetupError(`There are the suites ${known.map(({ name }) => name).join(", ")}.`);
  }
  await continueOnCurrentNode(progress);
  const environment = await bootstrap({ packets: chosen.some(({ packets }) => packets === true) }, progress);
  const seed = process.env.ROADNET_SEED ?? String(Math.floor(Math.random() * 2 ** 31));
  process.stdout.write(`  seed ${seed}\n`);
  const results = [];
  for (const suite of chosen) {
    results.push(await runSuite(suite, seed, environment));
  }
  const mutated = isWanted(mutants) ? await runMutants(seed, environment) : [];
  await writeMarkdown(reportFile, describeRun(seed, results, mutated));
  process.stdout.write("  report      docs/soak.md\n");
  const counts = results.reduce((sum, result) => add([sum, result.counts]), countMutants(mutated));
  process.stdout.write(`\n${formatCounts(counts)}\n`);
  return counts.failed > 0 || counts.passed === 0 ? 1 : 0;
});
