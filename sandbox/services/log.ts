/**
 * What a service writes into its log (`log/<service>.log`): that it started and ended, what it refused and why, what it
 * was told to do behind Pulumi's back, and what went wrong. Never properties, bodies or headers: there are keys in them.
 */
import { writeSync } from "node:fs";

export type Log = (line: string) => void;

/** The longest line, in characters: a refusal's reason may quote what it refuses. */
const mostCharacters = 1_000;

/** One line with its time, on standard output. */
export const writeLog: Log = (line) => {
  const text = line.trim().replaceAll(/\s*\n\s*/g, " | ");
  const cut = text.length > mostCharacters ? `${text.slice(0, mostCharacters)} …` : text;
  try {
    writeSync(1, `${new Date().toISOString()} ${cut}\n`);
  } catch {
    // The disk is full, or nobody reads: a service goes on without its log.
  }
};

/** An error's own words, with the place where it arose: it is not one that was foreseen. */
export function whatWentWrong(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
