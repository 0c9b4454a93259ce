/** Runs `pulumi` on a stack that need not be the sandbox's, with this process's environment. */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";

/** A stack's own name, where it is given with an organisation and a project. */
export const bareName = (stack: string): string => stack.split("/").at(-1) ?? stack;

export interface PulumiRun {
  /** The exit code; -1 where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Why `pulumi` cannot be started at all; the message says what to do. */
export class NoPulumiError extends Error {}

const outputBytes = 1 << 28;

/** A folder that is not there looks to Node as if the program were not. */
function requireFolder(cwd: string): void {
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new NoPulumiError(`There is no folder ${cwd}: give the one of the stack's Pulumi.yaml.`);
  }
}

/**
 * Runs `pulumi` to its end. A failure is a result, not an exception.
 * @param cwd the folder of Pulumi.yaml
 * @throws {NoPulumiError} where there is no such folder, or no `pulumi` on PATH
 */
export async function runPulumi(cwd: string, args: readonly string[]): Promise<PulumiRun> {
  requireFolder(cwd);
  const all = [...args, "--non-interactive", "--color", "never"];
  return await new Promise((resolve, reject) => {
    execFile("pulumi", all, { cwd, maxBuffer: outputBytes }, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (error.code === "ENOENT") {
        reject(new NoPulumiError("There is no `pulumi` on PATH: run it through `npx roadnet`."));
      } else if (typeof error.code === "string") {
        reject(new Error(`\`pulumi ${args.join(" ")}\` could not be run to its end: ${error.message}`));
      } else resolve({ code: error.code ?? -1, stdout, stderr });
    });
  });
}
