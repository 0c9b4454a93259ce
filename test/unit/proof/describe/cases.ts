/** Lists of cases, each a question to the network after changes. */
import { expect, it } from "vitest";
import type { Change } from "./changes.ts";
import { describedWith, verdict } from "./questions.ts";

export type Case = readonly [
  what: string,
  changes: readonly Change[],
  from: string,
  dest: string,
  traffic: string,
  says: string,
];

/** A test for each; `says` is `pass`, or a part of what stops it. */
export function cases(list: readonly Case[]): void {
  it.each(list)("%s", (_, changes, from, dest, traffic, says) => {
    expect(verdict(describedWith(changes), from, dest, traffic)).toContain(says);
  });
}
