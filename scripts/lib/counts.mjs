/** How many tests passed, failed and were skipped, from what the runners report. */
import { readFileSync } from "node:fs";

/** @typedef {{passed: number, failed: number, skipped: number}} Counts */

export const none = /** @type {Counts} */ ({ passed: 0, failed: 0, skipped: 0 });

/** @returns {Counts} */
export function add(/** @type {readonly Counts[]} */ parts) {
  return parts.reduce(
    (sum, part) => ({
      passed: sum.passed + part.passed,
      failed: sum.failed + part.failed,
      skipped: sum.skipped + part.skipped,
    }),
    none,
  );
}

export function formatCounts(/** @type {Counts} */ { passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * The counts in vitest's JSON report. A file that failed as a whole, before any of its tests, counts as one failure.
 *
 * @param {string} text
 * @returns {Counts}
 */
export function countVitest(text) {
  const report =
    /** @type {{numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: {status: string, assertionResults: {status: string}[]}[]}} */ (
      JSON.parse(text)
    );
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** As `countVitest`; a report that is missing means that the runner itself failed. */
export function countVitestFile(/** @type {string} */ file) {
  try {
    return countVitest(readFileSync(file, "utf8"));
  } catch {
    return { ...none, failed: 1 };
  }
}

/**
 * The counts in the output of `go test -json`. A package that failed without a failed test (it did not compile, say)
 * counts as one failure.
 *
 * @param {string} text
 * @returns {Counts}
 */
export function countGo(text) {
  const counts = { ...none };
  const failedPackages = new Set();
  const packagesOfFailedTests = new Set();
  for (const line of text.split("\n")) {
    if (!line.startsWith("{")) {
      continue;
    }
    const event = /** @type {{Action: string, Package?: string, Test?: string}} */ (JSON.parse(line));
    if (event.Test === undefined) {
      if (event.Action === "fail") {
        failedPackages.add(event.Package);
      }
    } else if (event.Action === "pass") {
      counts.passed++;
    } else if (event.Action === "skip") {
      counts.skipped++;
    } else if (event.Action === "fail") {
      counts.failed++;
      packagesOfFailedTests.add(event.Package);
    }
  }
  counts.failed += [...failedPackages].filter((name) => !packagesOfFailedTests.has(name)).length;
  return counts;
}
