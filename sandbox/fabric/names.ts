/** Names and numbers that stay the same whatever else comes and goes. */
import { createHash } from "node:crypto";

const MAXIMUM_LINK_NAME = 15;

/**
 * The interface name for something with an id: `e-` and the last twelve hex digits of an AWS id, the name itself
 * where it is short enough, else a hash of it.
 */
export function linkName(prefix: string, id: string): string {
  const digits = /^[a-z]+-[0-9a-f]*([0-9a-f]{12})$/.exec(id)?.[1];
  const name = `${prefix}-${digits ?? id}`;
  if (name.length <= MAXIMUM_LINK_NAME) {
    return name;
  }
  const room = MAXIMUM_LINK_NAME - prefix.length - 1;
  return `${prefix}-${createHash("sha256").update(id).digest("hex").slice(0, room)}`;
}

/**
 * Gives each key a number of [base, base + span) that depends on the key, not on its position. Where two keys hash
 * to one number, the later one in sorted order takes the next that is free.
 */
export function stableNumbers(
  keys: readonly string[],
  base: number,
  span: number,
): ReadonlyMap<string, number> {
  if (keys.length > span) {
    throw new Error(`${keys.length} keys do not fit into ${span} numbers`);
  }
  const taken = new Set<number>();
  const numbers = new Map<string, number>();
  for (const key of [...new Set(keys)].sort()) {
    let offset = createHash("sha256").update(key).digest().readUInt32BE(0) % span;
    while (taken.has(offset)) {
      offset = (offset + 1) % span;
    }
    taken.add(offset);
    numbers.set(key, base + offset);
  }
  return numbers;
}
