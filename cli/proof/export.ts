/** Reads what `aws ec2 describe-*` printed from the disk: a file, or all files of a folder and of those in it. */
import { readdirSync, readFileSync, realpathSync, statSync, type Stats } from "node:fs";
import { join, relative, sep } from "node:path";
import { gunzipSync } from "node:zlib";
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

/** More than this no text of JavaScript's may have. */
const mostBytes = 512 * 1024 ** 2;

interface Found {
  readonly path: string;
  /** Why it is none that can be read. */
  readonly reason: string | undefined;
}

/** What a name in a folder leads to; `undefined` where that is nothing, as of a link whose file is gone. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // Links that lead to each other.
    if ((error as NodeJS.ErrnoException).code === "ELOOP") return undefined;
    throw error;
  }
}

/**
 * What is below a folder, in the order of its names; hidden files are no answers of AWS's.
 * @param seen folders that have been gone through: a link may lead back to one
 */
function* filesIn(folder: string, seen = new Set<string>()): Iterable<Found> {
  const real = realpathSync(folder);
  if (seen.has(real)) return;
  seen.add(real);
  for (const name of readdirSync(folder).toSorted()) {
    if (name.startsWith(".") || name === "node_modules") continue;
    const path = join(folder, name);
    const stat = statOf(path);
    if (stat?.isDirectory() === true) yield* filesIn(path, seen);
    else if (stat?.isFile() === true) yield { path, reason: undefined };
    else
      yield {
        path,
        reason: stat === undefined ? "leads nowhere; it is not read" : "is no file; it is not read",
      };
  }
}

/**
 * The text of a file; PowerShell's `>` writes UTF-16, editors of Windows a mark in front of UTF-8, and people keep
 * large exports packed (`.json.gz`).
 */
function textOf(path: string, name: string): string {
  const raw = readFileSync(path);
  try {
    const bytes = raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw, { maxOutputLength: mostBytes }) : raw;
    if (bytes.length > mostBytes)
      throw new ExportError(`${name} is too large: write a file for each kind of thing`);
    const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
    return new TextDecoder(isUtf16 ? "utf-16le" : "utf-8").decode(bytes);
  } catch (error) {
    if (error instanceof ExportError) throw error;
    throw new ExportError(`${name} cannot be unpacked: ${(error as Error).message}`);
  }
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
  for (const { path: file, reason } of isFolder ? filesIn(path) : [{ path, reason: undefined }]) {
    if (++count > mostFiles)
      throw new ExportError(`${path} has more than ${mostFiles} files: is it the export's folder?`);
    const name = isFolder ? relative(path, file).split(sep).join("/") : file;
    const text = reason === undefined ? textOf(file, name) : "";
    const isAnswer = /^\s*[[{]/.test(text) || /\.json(\.gz)?$/i.test(name) || !isFolder;
    if (reason === undefined && isAnswer) files.push({ name, text });
    else {
      const consequence = reason ?? "is no JSON; it is not read";
      passedOver.push({ file: name, object: "", field: "", consequence });
    }
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
