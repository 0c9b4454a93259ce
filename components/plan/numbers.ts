/** Numbers that follow from names. */
import { createHash } from "node:crypto";

/**
 * Gives each key a number from `base` on that depends on the key and not on its place among the others. Of two keys
 * that fall on one number, the later in sorted order takes the next that is free.
 * @param span how many numbers there are; far more than keys
 * @throws where there are more keys than numbers
 */
export function stableNumbers(
  keys: readonly string[],
  base: number,
  span: number,
): ReadonlyMap<string, number> {
  const sorted = [...new Set(keys)].sort();
  if (sorted.length > span) throw new Error(`${sorted.length} keys do not fit into ${span} numbers`);
  const taken = new Set<number>();
  const numbers = new Map<string, number>();
  for (const key of sorted) {
    let offset = createHash("sha256").update(key, "utf8").digest().readUInt32BE(0) % span;
    while (taken.has(offset)) offset = (offset + 1) % span;
    taken.add(offset);
    numbers.set(key, base + offset);
  }
  return numbers;
}
