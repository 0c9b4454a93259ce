/** Random tests whose seed is printed, and can be given again. */
import fc from "fast-check";

/** Of all random tests of this run; `ROADNET_SEED=…` repeats one. */
export const seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`proof: ROADNET_SEED=${seed}`);

/** Of a mutant it is enough to know that it was found: the smallest case takes longer than all else. */
const endOnFailure = process.env.ROADNET_MUTANTS_TESTS !== undefined;

/** Checks that the property holds for that many random values. */
export function holds<Values extends [unknown, ...unknown[]]>(
  property: fc.IPropertyWithHooks<Values>,
  runs: number,
): void {
  fc.assert(property, { seed, numRuns: runs, endOnFailure });
}
