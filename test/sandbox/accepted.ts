/** What each stack is to be made of, as somebody has accepted it: test/unit/components has how. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const golden = resolve(import.meta.dirname, "..", "unit", "components", "golden");

/** `type name` of each resource in the graph that somebody has accepted; without the stack itself. */
export function acceptedResources(stack: string): string[] {
  const graph = JSON.parse(readFileSync(join(golden, `${stack}.json`), "utf8")) as {
    readonly resource: string;
  }[];
  return graph.map(({ resource }) => resource);
}
