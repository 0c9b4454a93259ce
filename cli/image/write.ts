/** Puts an image's files onto a boot partition, or into a folder from which somebody copies them. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Image } from "../../components/plan/image.ts";
import { SandboxError } from "../../sandbox/mode.ts";

export interface Written {
  readonly files: readonly string[];
  /** What somebody must still add to the end of the only line of cmdline.txt; empty where nothing is left to do. */
  readonly commandLine: string;
}

/**
 * @param force whether files that are there are replaced, and a cmdline.txt that is there gets its addition
 * @throws {SandboxError} where files are there already and `force` is not given, or nothing can be written
 */
export function writeImage({ files, commandLine }: Image, folder: string, force: boolean): Written {
  const commandLineFile = join(folder, "cmdline.txt");
  const extends_ = commandLine !== "" && existsSync(commandLineFile);
  const names = [...files.map(({ name }) => name), ...(extends_ ? ["cmdline.txt"] : [])];
  const present = names.filter((name) => existsSync(join(folder, name)));
  if (present.length > 0 && !force) {
    const message = `${folder} has ${present.join(", ")} already: --force replaces what is there${extends_ ? ", and adds to cmdline.txt" : ""}.`;
    throw new SandboxError(message, 2);
  }
  try {
    // Not by mkdir's own recursion, which never ends in a folder where nothing can be made, such as /proc.
    if (!existsSync(folder)) mkdirSync(folder);
    if (!statSync(folder).isDirectory()) throw new Error("it is no folder");
    for (const { name, content } of files) writeFileSync(join(folder, name), content);
    if (extends_) extendCommandLine(commandLineFile, commandLine);
  } catch (error) {
    throw new SandboxError(`Nothing can be written to ${folder}: ${(error as Error).message}.`, 2);
  }
  return { files: names.map((name) => join(folder, name)), commandLine: extends_ ? "" : commandLine };
}

/** The file has one line, and must keep it that way. What an earlier run added is replaced. */
function extendCommandLine(file: string, addition: string): void {
  const [line = ""] = readFileSync(file, "utf8").split("\n");
  const [before = ""] = line.split(" systemd.run=");
  writeFileSync(file, `${before.trimEnd()} ${addition}\n`);
}
