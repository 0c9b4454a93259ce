/** What came of the mutants, as docs/soak.md has it: a row per part, and rows of parts that were not run now stay. */
import { formatDuration } from "../lib/progress.mjs";
import { parts } from "./parts.mjs";
import { mostAlive, shareAlive } from "./run.mjs";

/** @typedef {import("./run.mjs").PartResult} PartResult */

const { ROADNET_MUTANTS_SHARE: drawn = "100" } = process.env;

/**
 * @param {PartResult} result
 * @param {string} seed
 */
function rowOf(result, seed) {
  const { name, killed, timedOut, alive, leftOut, milliseconds } = result;
  return [
    name,
    drawn === "100" ? "all" : `${drawn} %`,
    killed + timedOut + alive,
    killed,
    timedOut,
    alive,
    `${shareAlive(result).toFixed(1)} %`,
    leftOut,
    formatDuration(milliseconds),
    new Date().toISOString().slice(0, 10),
    seed,
  ];
}

/**
 * The section of the suite.
 *
 * @param {{name: string, what: string}} suite
 * @param {string} earlier the section as it was
 * @param {readonly PartResult[]} results
 * @param {string} seed
 */
export function describeMutants(suite, earlier, results, seed) {
  const rows = new Map(
    [...earlier.matchAll(/^\| (\S+) +\|.*\|$/gm)].map(([line, name]) => [name ?? "", line]),
  );
  for (const result of results) rows.set(result.name, `| ${rowOf(result, seed).join(" | ")} |`);
  const told = parts.map(({ name }) => rows.get(name) ?? `| ${name} | not run yet ${"| ".repeat(9)}|`);
  return [
    `## ${suite.name}`,
    "",
    suite.what,
    "",
    "Alive is what no test of the part notices, or reaches; a loop that no longer ends counts as noticed (“too long”). " +
      "Words for people are left alone: texts with a space in them that compute nothing. So is, in a sample, every " +
      "function that the seed did not draw; tables outside of functions are always in. Nothing else is left out. " +
      `A part fails at ${mostAlive} % alive. Slow tests speak for their own parts alone (scripts/mutants/parts.mjs), so ` +
      "a mutant that only they would notice counts as alive elsewhere.",
    "",
    "| part | functions | mutants | noticed | too long | alive | share alive | left out | time | date | seed |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...told,
    "",
  ].join("\n");
}

/** How many parts held, as the runners count tests. */
export function countMutants(/** @type {readonly PartResult[]} */ results) {
  const failed = results.filter((result) => shareAlive(result) >= mostAlive).length;
  return { passed: results.length - failed, failed, skipped: 0 };
}
