/** What is wrong with a configuration, where, and what would be right. */
import { sources, type RuleId } from "./sources.ts";

/** One thing that is wrong. */
export interface ConfigProblem {
  /**
   * Where, in the syntax of `pulumi config set --path`:
   * `blackroad-network:network.regions.us-west.subnets.public[1]`.
   */
  readonly path: string;
  /** What is wrong there and what would be right, as a sentence without its subject's path. */
  readonly message: string;
  /** The rule of a platform that it breaks, and where that platform says so; `undefined` for a rule of our own. */
  readonly rule: RuleId | undefined;
}

/** Keys and indexes from the network's root to a value. */
export type Path = readonly (string | number)[];

/** An error whose message is all that a person needs to mend it: Pulumi prints it without the stack of the code. */
export class ReadableError extends Error {}

/** Thrown once for a configuration, with everything that is wrong with it. */
export class ConfigError extends ReadableError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const lines = problems.map(
      ({ path, message, rule }) => `  ${path}\n    ${message}${rule === undefined ? "" : citation(rule)}`,
    );
    super(`The network's configuration has ${count}:\n${lines.join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** The line below a message that names the rule and its source. */
function citation(rule: RuleId): string {
  return `\n    ${rule}: ${sources[rule]}`;
}

/** The key of the stack configuration that holds the network. */
export const networkKey = "blackroad-network:network";

/** A path as `pulumi config set --path` takes it: keys with dots or slashes are quoted, and quotes in them escaped. */
export function formatPath(path: Path): string {
  const parts = path.map((part) => {
    if (typeof part === "number") return `[${part}]`;
    return /^[A-Za-z0-9_-]+$/.test(part) ? `.${part}` : `["${part.replaceAll('"', '\\"')}"]`;
  });
  return networkKey + parts.join("");
}

/** How many single-character edits (insert, delete, replace, swap neighbours) turn one word into the other. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const above = rows[i - 1] ?? [];
      const change = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? (rows[i - 2]?.[j - 2] ?? Infinity) + 1 : Infinity;
      row.push(Math.min(change, swap, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}

/** The known word that somebody who wrote `word` most likely meant; `undefined` where none is close. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[_-]/g, "");
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(plain(word), plain(candidate)) }))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3))
    ? best.candidate
    : undefined;
}

/** `did you mean x? Known are a, x.`, or what is known alone. */
export function suggestion(word: string, known: readonly string[]): string {
  if (known.length === 0) return "there is none yet.";
  const close = nearest(word, known);
  const listed = known.length <= 24 ? `Known: ${known.join(", ")}.` : "";
  return close === undefined ? listed : `did you mean ${close}? ${listed}`.trimEnd();
}
