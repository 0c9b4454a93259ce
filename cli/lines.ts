/** Lines of a stack's file as data, so that whoever has no file can tell them too. */
import type { Path } from "../components/config/problem.ts";
import { parsePath } from "./path.ts";

/** Lines of a file, from 1, by the paths of its values. */
export interface LineTree {
  readonly line: number | undefined;
  readonly inside: Readonly<Record<string, LineTree>>;
}

/** What the path begins with, and of how many parts that is: dots part names of zones that nobody has quoted. */
function stepInto({ inside }: LineTree, path: Path): [LineTree, number] | undefined {
  for (let length = 1; length <= path.length; length++) {
    const name = path.slice(0, length).join(".");
    if (!Object.hasOwn(inside, name)) continue;
    const found = inside[name];
    return found === undefined ? undefined : [found, length];
  }
  return undefined;
}

/** The line on which the value at a path stands, or what is nearest above it. */
export function lineIn(tree: LineTree, text: string): number | undefined {
  const path = parsePath(text);
  let found = tree;
  for (let at = 0; at < path.length;) {
    const step = stepInto(found, path.slice(at));
    if (step === undefined) break;
    found = step[0];
    at += step[1];
  }
  return found.line;
}
