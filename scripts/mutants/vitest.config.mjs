/** How Stryker runs the tests of a part of the proof: those alone, in the copy that it has mutated. */

const { ROADNET_MUTANTS_TESTS: tests = "[]" } = process.env;

export default {
  test: { include: /** @type {string[]} */ (JSON.parse(tests)), testTimeout: 120_000 },
};
