/** Findings by the boxes that they are about. */
import type { Mark } from "./model.ts";

/** How many findings are about each box. */
export function marksByBox(marks: readonly Mark[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of marks.flatMap(({ boxes }) => boxes)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
