/** Where the guard's document comes from, and what it does to the stack: the only part of it that is not pure. */
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { SandboxError } from "../../sandbox/mode.ts";
import { runPulumi } from "../pulumi.ts";

/** Everything of the plan, with what protection would keep from being told. */
const previewArguments = ["preview", "--json", "--show-sames", "--ignore-protect"];

export interface StackPlace {
  /** The folder of Pulumi.yaml. */
  readonly cwd: string;
  readonly stack: string;
}

/**
 * Reads the document from a file, or from standard input where that is `-` or missing.
 * @throws {SandboxError} where there is nothing to read from
 */
export async function readDocument(file: string | undefined): Promise<string> {
  if (file !== undefined && file !== "-") {
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      throw new SandboxError(`The document cannot be read: ${(error as Error).message}.`, 2);
    }
  }
  if (process.stdin.isTTY) {
    throw new SandboxError(
      "There is no document: give its file, pipe `pulumi preview --json` in, or name a stack with --stack.",
      2,
    );
  }
  return await text(process.stdin);
}

/**
 * Previews a stack.
 * @returns what it printed, which also tells why it failed, where it did
 * @throws {SandboxError} where it printed nothing
 */
export async function previewStack({ cwd, stack }: StackPlace): Promise<string> {
  const { code, stdout, stderr } = await runPulumi(cwd, [...previewArguments, "--stack", stack]);
  if (code !== 0 && stdout.trim() === "") {
    throw new SandboxError(
      `\`pulumi preview\` of ${stack} failed: ${stderr.trim() || `exit code ${code}`}`,
      2,
    );
  }
  return stdout;
}

/**
 * Lifts the protection of these resources, and of no other.
 * @throws {SandboxError} with those that were lifted before one could not be
 */
export async function unprotect({ cwd, stack }: StackPlace, urns: readonly string[]): Promise<void> {
  const lifted: string[] = [];
  for (const urn of urns) {
    const { code, stdout, stderr } = await runPulumi(cwd, [
      "state",
      "unprotect",
      urn,
      "--yes",
      "--stack",
      stack,
    ]);
    if (code !== 0) {
      const said = [stderr, stdout]
        .map((each) => each.trim())
        .join("\n")
        .trim();
      const before = lifted.length === 0 ? "No protection was lifted" : `Lifted before: ${lifted.join(", ")}`;
      throw new SandboxError(`The protection of ${urn} could not be lifted: ${said}\n${before}.`, 2);
    }
    lifted.push(urn);
  }
}
