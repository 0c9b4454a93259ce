/** Puts the page onto the disk. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { SandboxError } from "../../sandbox/mode.ts";

/** Every page says so near its end. */
const ofOurs = "Drawn by <code>roadnet map ";

function isOurs(file: string): boolean {
  return readFileSync(file, "utf8").includes(ofOurs);
}

/**
 * Writes the page as a whole or not at all.
 * @param force whether a file is replaced that is none of this command's
 * @throws {SandboxError} where there is such a file, or nothing can be written
 */
export function writePage(file: string, page: string, force: boolean): void {
  const draft = `${file}.${process.pid}.part`;
  try {
    if (existsSync(file) && !force && !isOurs(file))
      throw new SandboxError(`${file} is there, and is no map: --force replaces it.`, 2);
    writeFileSync(draft, page, { flag: "wx" });
    renameSync(draft, file);
  } catch (error) {
    if (error instanceof SandboxError) throw error;
    rmSync(draft, { force: true });
    throw new SandboxError(`Nothing can be written to ${file}: ${(error as Error).message}.`, 2);
  }
}
