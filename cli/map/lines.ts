/** Lines of a stack's file as data, so that whoever has no file can tell them too. */
import { formatPath, networkKey, type Path } from "../../components/config/problem.ts";
import { parsePath } from "../path.ts";
import type { LineTree } from "./model.ts";

function entriesOf(value: unknown): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value);
}

/** The lines of all values of a network. */
export function lineTree(
  network: unknown,
  lineOf: (path: string) => number | undefined,
  path: Path = [],
): LineTree {
  const inside = entriesOf(network).map(([key, value]) => {
    const at = [...path, Array.isArray(network) ? Number(key) : key];
    return [key, lineTree(value, lineOf, at)] as const;
  });
  return { line: lineOf(formatPath(path).slice(networkKey.length)), inside: Object.fromEntries(inside) };
}

/** The line on which the value at a path stands, or what is nearest above it. */
export function lineIn(tree: LineTree, path: string): number | undefined {
  let at = tree;
  for (const part of parsePath(path)) {
    const next = Object.hasOwn(at.inside, part) ? at.inside[part] : undefined;
    if (next === undefined) break;
    at = next;
  }
  return at.line;
}
