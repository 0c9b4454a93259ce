#!/usr/bin/env node
/**
 * `npm run bench NAME`: how long ours takes beside what people use otherwise, measured in one run, and what came of it
 * in docs/bench.md. Nothing here is a test: times depend on the machine.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { bootstrap, checkout, continueOnCurrentNode, main } from "./bootstrap.mjs";
import { writeMarkdown } from "./lib/markdown.mjs";
import { SetupError } from "./lib/progress.mjs";
import { benchmarkPackages } from "./lib/versions.mjs";
import { ensureDebianPackages } from "./steps/debian.mjs";

/**
 * A benchmark is a program that takes `--output FILE`, writes what it has measured there as JSON, and prints its section
 * of the report. A new one is a line here.
 *
 * @typedef {{name: string, program: string, what: string, packets: boolean, packages: readonly string[]}} Benchmark
 * @type {readonly Benchmark[]}
 */
const benchmarks = [
  {
    name: "fleet",
    program: "bench/fleet/main.ts",
    what: "Debian hosts configured in parallel over SSH, packages installed beforehand: the first run, and one with nothing to do. Beside Ansible, which brings the same hosts to the same files, kernel settings, packet filter and services.",
    packets: true,
    packages: benchmarkPackages.fleet,
  },
  {
    name: "preview",
    program: "bench/preview/main.ts",
    what: "Previews and updates of networks of 2, 8 and 32 regions, from nothing and with nothing to do, and how the program starts. Beside a flat program that declares the same resources by hand, and beside ts-node.",
    packets: false,
    packages: [],
  },
  {
    name: "proof",
    program: "bench/proof/main.ts",
    what: "Full verification, as roadnet verify and previews do it: production, and networks grown from it to 50 regions with 200 hosts each. Beside the same pair by pair, and packet by packet.",
    packets: false,
    packages: [],
  },
];

const usage = `Usage: npm run bench NAME [-- OPTION …]

Measures ours beside what people use otherwise, and writes what came of it to docs/bench.md. Sections of other
benchmarks, and what a benchmark has measured before with other sizes, stay as they are.

${benchmarks.map(({ name, what }) => `  ${name.padEnd(8)} ${what}`).join("\n")}

Options:
  --json     prints what was measured as JSON
  --help     this, and with a NAME its own options

Exit codes: 0 measured, 1 something failed, 2 this machine cannot do it.

Examples:
  npm run bench fleet
  npm run bench fleet -- --hosts 5,10 --rounds 1
  npm run bench preview -- --regions 2,8,32 --rounds 3
  npm run bench proof -- --networks prod,50x200
`;

const reportFile = join(checkout, "docs", "bench.md");

/** The last report's sections, by benchmark. */
function readSections() {
  const text = existsSync(reportFile) ? readFileSync(reportFile, "utf8") : "";
  const sections = text.split(/^(?=## )/m).slice(1);
  return new Map(sections.map((section) => [/^## (.*)$/m.exec(section)?.[1] ?? "", section]));
}

/**
 * @param {Benchmark} benchmark
 * @param {string} section what the benchmark says of itself
 */
async function writeReport({ name, what }, section) {
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const date = new Date().toISOString().slice(0, 10);
  const machine = `Measured on ${date}, on a machine with ${cpus().length} processor cores and ${gibibytes} GiB of memory.`;
  const sections = readSections();
  sections.set(name, [`## ${name}`, "", what, "", machine, "", section].join("\n"));
  const head = [
    "# Benchmarks",
    "",
    "What `npm run bench` has measured, which wrote this file. Both sides of a comparison ran in one run, by turns.",
    "",
  ];
  const text = [...head, ...benchmarks.flatMap((each) => sections.get(each.name) ?? [])].join("\n");
  await writeMarkdown(reportFile, text);
}

/**
 * Runs a benchmark's program; its progress goes to the terminal.
 *
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} what it printed
 */
function runProgram(args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: checkout,
      env,
    });
    // It takes down what it has set up, and ends; this process waits for it.
    const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    process.on("SIGINT", forward);
    process.on("SIGTERM", forward);
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ part) => (text += part));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(text);
      else reject(new SetupError(`The benchmark ended with exit code ${code ?? "none"}.`));
    });
  });
}

const [name = "", ...given] = process.argv.slice(2);
const options = given.filter((option) => option !== "--json");
const isHelp = ["--help", "-h"].some((option) => process.argv.includes(option));
const isJson = process.argv.includes("--json");
const chosen = benchmarks.find((each) => each.name === name);
if (isHelp && chosen === undefined) {
  process.stdout.write(usage);
  process.exit(0);
}

await main("npm run bench", async (progress) => {
  if (chosen === undefined) {
    throw new SetupError(
      `There are the benchmarks ${benchmarks.map((each) => each.name).join(", ")}; the first argument names one.`,
    );
  }
  await continueOnCurrentNode(progress);
  if (isHelp) {
    process.stdout.write(
      `${usage}\n${await runProgram([join(checkout, chosen.program), "--help"], process.env)}`,
    );
    return 0;
  }
  if (process.platform !== "linux") {
    throw new SetupError(`Benchmarks read /proc, which Linux has, and this is ${process.platform}.`, 2);
  }
  const environment = await bootstrap({ packets: chosen.packets }, progress);
  if (chosen.packages.length > 0) {
    await progress.step("debian", (say) => ensureDebianPackages(chosen.packages, say));
  }
  const folder = join(checkout, "node_modules", ".cache", "reports");
  mkdirSync(folder, { recursive: true });
  const output = join(folder, `bench-${chosen.name}.json`);
  const program = join(checkout, chosen.program);
  const section = await runProgram([program, "--output", output, ...options], environment);
  await writeReport(chosen, section);
  if (isJson) process.stdout.write(readFileSync(output, "utf8"));
  else progress.note("report      docs/bench.md");
  return 0;
});
