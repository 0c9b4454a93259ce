/** What kind of sandbox a folder holds: written when it is first brought up, and true until it is purged. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sandboxPaths, type SandboxPaths } from "./paths.ts";

export interface SandboxMode {
  /** Whether there are namespaces and machines; without, the control plane alone. */
  readonly packets: boolean;
}

/** A failure that the user can act on; its message is a sentence to be shown as it is. */
export class SandboxError extends Error {
  override readonly name = "SandboxError";
  /** What a command that ends with it exits with: 1 where something failed, 2 where the question had no answer. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

function modeFile(paths: SandboxPaths): string {
  return join(paths.root, "mode.json");
}

/**
 * The mode of an existing sandbox; `undefined` where none was ever brought up.
 *
 * @throws {SandboxError} where it is another user's, which is not the same as that there is none
 */
export function readMode(paths: SandboxPaths = sandboxPaths()): SandboxMode | undefined {
  try {
    const mode = JSON.parse(readFileSync(modeFile(paths), "utf8")) as Partial<SandboxMode> | null;
    return typeof mode?.packets === "boolean" ? { packets: mode.packets } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") {
      throw new SandboxError(`The sandbox in ${paths.root} belongs to another user: ask as that user.`, 2);
    }
    return undefined;
  }
}

/** @throws {SandboxError} where none was ever brought up */
export function requireMode(paths: SandboxPaths = sandboxPaths()): SandboxMode {
  const mode = readMode(paths);
  if (mode === undefined) {
    throw new SandboxError(`There is no sandbox in ${paths.root} yet: run \`npm start\`.`, 2);
  }
  return mode;
}

/**
 * Settles the mode of a sandbox. What Pulumi's state says of hosts is true in one mode only, so it cannot change.
 *
 * @throws {SandboxError} if the sandbox was made in the other mode
 */
export function settleMode(mode: SandboxMode, paths: SandboxPaths = sandboxPaths()): void {
  const before = readMode(paths);
  if (before !== undefined && before.packets !== mode.packets) {
    const was = before.packets ? "with packets" : "without packets";
    throw new SandboxError(
      `The sandbox in ${paths.root} was made ${was}, and its state fits no other way: start it as before, delete it with \`npm stop -- --purge\`, or set ROADNET_SANDBOX_DIR to another folder.`,
    );
  }
  mkdirSync(paths.root, { recursive: true, mode: 0o700 });
  writeFileSync(`${modeFile(paths)}.new`, `${JSON.stringify(mode)}\n`);
  renameSync(`${modeFile(paths)}.new`, modeFile(paths));
}
