/** A command on this machine: `local/commandOutputs.go` of @pulumi/command 1.2.1. */
import { createHash } from "node:crypto";
import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import type { Operation } from "../shared/shell.ts";
import { Opaque } from "../shared/values.ts";
import type { Value, ValueMap } from "../shared/values.ts";
import { selectPaths } from "./glob.ts";
import { quote, systemErrorText } from "./go-text.ts";
import type { Logging } from "./inputs.ts";
import { OutputCollector } from "./output.ts";
import { runProcess } from "./processes.ts";
import type { ProcessEnd } from "./processes.ts";

export interface LocalRun {
  readonly command: string;
  /** Program and arguments in front of the command; unset or empty means `/bin/sh -c`. */
  readonly interpreter: readonly string[] | undefined;
  readonly folder: string | undefined;
  readonly stdin: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logging: Logging;
  /** Patterns of files that become outputs. */
  readonly assetPaths: readonly string[] | undefined;
  readonly archivePaths: readonly string[] | undefined;
}

/** Go's words for how a process ended; `undefined` for success. */
function endText(end: ProcessEnd): string | undefined {
  if (end.code === 0) return undefined;
  if (end.code !== null) return `exit status ${end.code}`;
  const names: Readonly<Record<string, string>> = {
    SIGKILL: "killed",
    SIGTERM: "terminated",
    SIGINT: "interrupt",
  };
  const signal = end.signal ?? "unknown";
  return `signal: ${names[signal] ?? signal.toLowerCase()}`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** What Go would say before it starts anything. */
function startFailure(file: string, folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return `chdir ${folder}: not a directory`;
  } catch (error) {
    return `chdir ${folder}: ${systemErrorText(error)}`;
  }
  if (file.includes("/")) {
    return isExecutable(isAbsolute(file) ? file : join(folder, file))
      ? undefined
      : `fork/exec ${file}: no such file or directory`;
  }
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.some((each) => isExecutable(join(each, file)))
    ? undefined
    : `exec: ${quote(file)}: executable file not found in $PATH`;
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.replace(/\/$/, "").length + 1))
    .sort();
}

function fileAsset(folder: string, path: string): Opaque {
  const file = join(folder, path);
  const hash = createHash("sha256").update(readFileSync(file)).digest("hex");
  return new Opaque("asset", { path: file, hash });
}

/** The files that the patterns select, by their path from the folder. */
function selectAssets(folder: string, rules: readonly string[]): Record<string, Value> {
  const paths = selectPaths(filesBelow(folder), rules);
  return Object.fromEntries(paths.map((path) => [path, fileAsset(folder, path)]));
}

/**
 * Runs a command and returns what it printed and the files that were asked for. An error's text holds the command
 * and everything that it printed, but never its input.
 */
export async function runLocal(run: LocalRun, operation: Operation): Promise<ValueMap> {
  const [file = "/bin/sh", ...args] =
    run.interpreter === undefined || run.interpreter.length === 0 ? ["/bin/sh", "-c"] : run.interpreter;
  const folder = run.folder ?? process.cwd();
  const output = new OutputCollector(run.logging, (line) => {
    operation.log("info", line, { status: true });
  });
  const fail = (reason: string, cause?: unknown): never => {
    throw new Error(`${reason}: running ${quote(run.command)}:\n${output.combined}`, { cause });
  };
  operation.signal.throwIfAborted();
  const unable = startFailure(file, folder);
  if (unable !== undefined) fail(unable);
  const environment = { ...process.env, ...run.environment };
  const end = await runProcess(
    {
      file,
      args: [...args, run.command],
      folder,
      environment,
      stdin: run.stdin,
      signal: operation.signal,
    },
    output,
  ).catch((error: unknown) => fail(`fork/exec ${file}: ${systemErrorText(error)}`, error));
  output.finish();
  const reason = endText(end);
  if (reason !== undefined) fail(operation.signal.aborted ? "context canceled" : reason);
  const { assetPaths, archivePaths } = run;
  return {
    ...output.result,
    ...(assetPaths !== undefined && { assets: selectAssets(folder, assetPaths) }),
    ...(archivePaths !== undefined && {
      archive: new Opaque("archive", { assets: selectAssets(folder, archivePaths) }),
    }),
  };
}
