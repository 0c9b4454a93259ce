/** What commands share: how they speak, and how they fail. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { createProgress, type Progress } from "../scripts/lib/progress.mjs";

/** This checkout, whose stacks are meant where nobody says whose. */
export const checkout = resolve(import.meta.dirname, "..");

export interface GlobalOptions {
  /** Machine-readable output: one JSON document on standard output, nothing else there. */
  readonly json: boolean;
  /** Stacks of errors. */
  readonly verbose: boolean;
}

export function globalOptions(command: Command): GlobalOptions {
  const { json, verbose } = command.optsWithGlobals<Partial<GlobalOptions>>();
  return { json: json === true, verbose: verbose === true };
}

/** Progress goes where it does not mix with the result. */
export function commandProgress(command: Command): Progress {
  return createProgress(globalOptions(command).json ? process.stderr : process.stdout);
}

/** Prints a command's result: the value itself with `--json`, else the lines. */
export function printResult(command: Command, value: unknown, lines: () => readonly string[]): void {
  const text = globalOptions(command).json ? JSON.stringify(value, undefined, 2) : lines().join("\n");
  if (text !== "") {
    process.stdout.write(`${text}\n`);
  }
}
