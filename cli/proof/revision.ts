/** Files as git has them. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { SandboxError } from "../../sandbox/mode.ts";

const run = promisify(execFile);

/**
 * The text of `REVISION:PATH`; `undefined` where the name is a file's own. The path is relative to the repository's
 * root, or to the folder where it begins with `./`, as git has it.
 * @throws {SandboxError} where git knows no such file
 */
export async function fileOfRevision(name: string, cwd: string): Promise<string | undefined> {
  if (existsSync(resolve(cwd, name)) || !name.includes(":")) return undefined;
  // A revision that began with a hyphen would be an option.
  if (name.startsWith("-")) throw new SandboxError(`${name} is no revision and file.`, 2);
  try {
    const { stdout } = await run("git", ["show", name], { cwd, maxBuffer: 64 * 2 ** 20 });
    return stdout;
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const [said = message] = stderr.split("\n");
    throw new SandboxError(`git has no ${name}: ${said.replace(/^fatal: /, "")}.`, 2);
  }
}
