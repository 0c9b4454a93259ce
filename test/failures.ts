/**
 * A reporter that tells at once why a test has failed: vitest's own tells it when all files have run, which may be an hour
 * later.
 */
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from "vitest/node";

export default class Failures implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestCaseResult(test: TestCase): void {
    this.#tell(test, test.fullName, test.result().errors);
  }

  /** A failed hook is its suite's. */
  onTestSuiteResult(suite: TestSuite): void {
    this.#tell(suite, suite.fullName, suite.errors());
  }

  onTestModuleEnd(module: TestModule): void {
    this.#tell(module, "", module.errors());
  }

  #tell(where: TestCase | TestSuite | TestModule, name: string, errors: TestCaseErrors): void {
    const { relativeModuleId } = where.type === "module" ? where : where.module;
    for (const error of errors ?? []) {
      const title = [relativeModuleId, name].filter((part) => part !== "").join(" > ");
      this.#vitest?.logger.error(`FAIL ${title}`);
      this.#vitest?.logger.printError(error, { project: where.project });
    }
  }
}

type TestCaseErrors = ReturnType<TestCase["result"]>["errors"];
