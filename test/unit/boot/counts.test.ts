import { describe, expect, it } from "vitest";
import {
  add,
  countGo,
  countVitest,
  countVitestFile,
  formatCounts,
  none,
} from "../../../scripts/lib/counts.mjs";

function report(files: readonly { status: string; tests: readonly string[] }[]): string {
  const count = (status: string) =>
    files.flatMap(({ tests }) => tests).filter((test) => test === status).length;
  return JSON.stringify({
    numPassedTests: count("passed"),
    numFailedTests: count("failed"),
    numPendingTests: count("pending"),
    numTodoTests: count("todo"),
    testResults: files.map(({ status, tests }) => ({
      status,
      assertionResults: tests.map((test) => ({ status: test })),
    })),
  });
}

describe("countVitest", () => {
  it("adds up what passed, failed and was skipped", () => {
    const text = report([
      { status: "failed", tests: ["passed", "failed", "pending"] },
      { status: "passed", tests: ["passed", "todo"] },
    ]);
    expect(countVitest(text)).toEqual({ passed: 2, failed: 1, skipped: 2 });
  });

  it("counts a file that broke before its first test", () => {
    const text = report([
      { status: "failed", tests: [] },
      { status: "passed", tests: ["passed"] },
    ]);
    expect(countVitest(text)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it("takes a missing report for a failure", () => {
    expect(countVitestFile("/nonexistent/report.json")).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe("countGo", () => {
  const line = (Action: string, Package: string, Test?: string) => JSON.stringify({ Action, Package, Test });

  it("counts tests, not packages", () => {
    const text = [
      line("pass", "a", "TestOne"),
      line("skip", "a", "TestTwo"),
      line("pass", "a"),
      line("fail", "b", "TestThree"),
      line("fail", "b"),
      "not JSON",
    ].join("\n");
    expect(countGo(text)).toEqual({ passed: 1, failed: 1, skipped: 1 });
  });

  it("counts a package that does not compile", () => {
    expect(countGo(line("fail", "c"))).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

it("the line of counts is plain", () => {
  const sum = add([none, { passed: 3, failed: 0, skipped: 1 }, { passed: 2, failed: 1, skipped: 0 }]);
  expect(formatCounts(sum)).toBe("5 passed, 1 failed, 1 skipped");
});
