/** The parts of the proof that are mutated one by one, each with the tests that speak for it. */

/**
 * @typedef {{name: string, mutate: readonly string[], tests: readonly string[]}} Part
 */

const proof = "components/proof";
const tests = "test/unit/proof";

/**
 * @param {string} name
 * @param {readonly string[]} of
 * @returns {Part}
 */
const folder = (name, of) => ({
  name,
  mutate: [`${proof}/${name}/**/*.ts`],
  tests: of.map((file) => `${tests}/${file}`),
});

/**
 * Slow tests (the smallest change, the second opinion) are left to their own parts: a mutant that only they would find
 * counts as alive.
 *
 * @type {readonly Part[]}
 */
export const parts = [
  folder("sets", ["sets.test.ts", "sets/*.test.ts"]),
  folder("rules", ["nft.test.ts", "rules/*.test.ts"]),
  folder("world", ["network.test.ts", "world/*.test.ts"]),
  {
    name: "prover",
    mutate: [`${proof}/prover.ts`],
    tests: [`${tests}/network.test.ts`, `${tests}/prover.test.ts`],
  },
  folder("verify", ["verify/*.test.ts"]),
  folder("edge", ["edge/*.test.ts"]),
  folder("ask", ["ask/*.test.ts"]),
  folder("describe", ["describe/*.test.ts"]),
  folder("classes", ["classes.test.ts", "verify/verify.test.ts"]),
  folder("diff", ["diff/*.test.ts"]),
];
