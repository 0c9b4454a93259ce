/** Reads what `aws ec2 describe-*` printed from the disk: a file, or all files of a folder and of those in it. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import {
  describeWorld,
  type DescribedWorld,
  type DescribeOptions,
} from "../../components/proof/describe/build.ts";
import type { ExportFile } from "../../components/proof/describe/document.ts";
import { ExportError, type NotUnderstood } from "../../components/proof/describe/notes.ts";
import { SandboxError } from "../../sandbox/mode.ts";

/** More than any account has: somebody has named the wrong folder. */
const mostFiles = 20_000;

/** Files below a folder in the order of their names; hidden ones are no answers of AWS's. */
function* filesIn(folder: string): Iterable<string> {
  for (const name of readdirSync(folder).toSorted()) {
    if (name.startsWith(".") || name === "node_modules") continue;
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) yield* filesIn(path);
    else if (stat?.isFile() === true) yield path;
  }
}

/** The text of a file; PowerShell's `>` writes UTF-16, and editors of Windows a mark in front of UTF-8. */
function decode(bytes: Buffer): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

interface Folder {
  readonly files: readonly ExportFile[];
  readonly passedOver: readonly NotUnderstood[];
}

/** By content: a README beside the answers is none of them, while a damaged `.json` must not be passed over. */
function readFolder(path: string): Folder {
  const isFolder = statSync(path).isDirectory();
  const files: ExportFile[] = [];
  const passedOver: NotUnderstood[] = [];
  let count = 0;
  for (const file of isFolder ? filesIn(path) : [path]) {
    if (++count > mostFiles)
      throw new ExportError(`${path} has more than ${mostFiles} files: is it the export's folder?`);
    const name = isFolder ? relative(path, file).split(sep).join("/") : file;
    const text = decode(readFileSync(file));
    if (/^\s*[[{]/.test(text) || name.endsWith(".json") || !isFolder) files.push({ name, text });
    else passedOver.push({ file: name, object: "", field: "", consequence: "is no JSON; it is not read" });
  }
  if (files.length === 0) throw new ExportError(`${path} has no files with what aws ec2 describe-* prints`);
  return { files, passedOver };
}

/**
 * The network that a folder or a file describes.
 * @throws {SandboxError} with exit code 2 where it cannot be read, or is damaged
 */
export function readExport(path: string, options: DescribeOptions): DescribedWorld {
  try {
    const { files, passedOver } = readFolder(path);
    const described = describeWorld(files, options);
    return { ...described, notUnderstood: [...passedOver, ...described.notUnderstood] };
  } catch (error) {
    if (error instanceof ExportError) throw new SandboxError(`${error.message}.`, 2);
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new SandboxError(`There is no ${path}.`, 2);
    if (code === "EACCES" || code === "EPERM" || code === "ELOOP")
      throw new SandboxError(`${path} cannot be read: ${(error as Error).message}.`, 2);
    throw error;
  }
}

/** Reads `32768-60999`. */
export function parsePorts(text: string): { readonly from: number; readonly to: number } {
  const [, first = "", last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === "" || from > to || to > 65535) {
    throw new SandboxError(`--client-ports must be like 1024-65535, and is ${text}.`, 2);
  }
  return { from, to };
}

/** How much of what was not understood a person is shown. */
const shown = 12;

/** What was not understood, for a person. */
export function notUnderstoodLines(notes: readonly NotUnderstood[]): string[] {
  if (notes.length === 0) return [];
  const lines = notes.slice(0, shown).map(({ file, object, field, consequence }) => {
    const subject = [object, field].filter((part) => part !== "").join(" ");
    return `  ${[file, subject].filter((part) => part !== "").join(": ")}: ${consequence}`;
  });
  const rest = notes.length - shown;
  return ["", "Not understood:", ...lines, ...(rest > 0 ? [`  and ${rest} more: --json has them all`] : [])];
}
