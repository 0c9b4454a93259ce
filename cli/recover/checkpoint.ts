/**
 * The checkpoint of a file backend: `.pulumi/stacks/PROJECT/STACK.json`, beside which the engine keeps the one before
 * as `.bak`. A disk that filled up, or a machine that lost power, can leave it cut short.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

type Condition = "whole" | "damaged" | "absent";

async function conditionOf(file: string): Promise<Condition> {
  try {
    JSON.parse(await readFile(file, "utf8"));
    return "whole";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "absent";
    if (error instanceof SyntaxError) return "damaged";
    throw error;
  }
}

/**
 * Why a stack's checkpoint cannot be read, and what to do; `undefined` where it can be, or is not there.
 * @param backend the root of the file backend
 */
export async function checkpointComplaint(
  backend: string,
  project: string,
  stack: string,
): Promise<string | undefined> {
  const file = join(backend, ".pulumi", "stacks", project, `${stack}.json`);
  if ((await conditionOf(file)) !== "damaged") return undefined;
  const backup = `${file}.bak`;
  const what = `${file} is cut short or damaged, so the stack's state cannot be read.`;
  if ((await conditionOf(backup)) !== "whole") {
    return `${what} ${backup}, the state before, cannot be read either: put back a copy of your own.`;
  }
  return (
    `${what} ${backup} is the state before: keep the damaged file elsewhere, put this one in its place ` +
    `(cp '${backup}' '${file}'), then recover with --search, which finds what was made since.`
  );
}
