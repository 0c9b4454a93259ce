/** Differences of flows, for a terminal and for a pull request. Pure: colours come as a function. */
import type { Difference } from "../../components/proof/diff/differences.ts";

export type Paint = (colour: number, text: string) => string;

export interface Compared {
  readonly base: string;
  readonly head: string;
  readonly differences: readonly Difference[];
  /** Pairs of which something hangs on what nobody can tell, in either. */
  readonly undecided: readonly string[];
}

const [red, green] = [31, 32];

function counts(differences: readonly Difference[]): string {
  const of = (change: Difference["change"]): number =>
    differences.filter((one) => one.change === change).length;
  const parts = [`${of("gained")} gained`, `${of("lost")} lost`].filter((part) => !part.startsWith("0 "));
  return parts.join(", ");
}

function undecidedLine({ undecided }: Compared): string[] {
  if (undecided.length === 0) return [];
  const [first = ""] = undecided;
  const more = undecided.length === 1 ? "" : ` and ${undecided.length - 1} more`;
  return [`Not all can be told, and counts as stopped what cannot: ${first}${more}.`];
}

function nothing({ base, head }: Compared): string {
  return `No flow is gained or lost from ${base} to ${head}.`;
}

/** Ends beyond these are counted. */
const mostNames = 6;

function names(all: readonly string[]): string {
  const shown = all.slice(0, mostNames).join(", ");
  return all.length > mostNames ? `${shown} and ${all.length - mostNames} more` : shown;
}

export function renderText(compared: Compared, paint: Paint): string[] {
  const { base, head, differences } = compared;
  if (differences.length === 0) return [nothing(compared), ...undecidedLine(compared)];
  return [
    `Flows from ${base} to ${head}: ${counts(differences)}`,
    ...differences.map(({ change, from, to, traffic }) => {
      const [colour, sign] = change === "gained" ? [green, "+"] : [red, "-"];
      return paint(colour, `  ${names(from)} -> ${names(to)}: ${sign}${traffic}`);
    }),
    ...undecidedLine(compared),
  ];
}

/** Names and traffic have no character that means something in a table's cell, but for a bar in a file's name. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

export function renderMarkdown(compared: Compared): string[] {
  const { base, head, differences } = compared;
  if (differences.length === 0) return [nothing(compared), ...undecidedLine(compared)];
  return [
    `**Flows: ${counts(differences)}** from \`${base}\` to \`${head}\``,
    "",
    "| | From | To | Traffic |",
    "| --- | --- | --- | --- |",
    ...differences.map(({ change, from, to, traffic }) => {
      const columns = [change, names(from), names(to), traffic].map(cell);
      return `| ${columns.join(" | ")} |`;
    }),
    ...undecidedLine(compared).flatMap((line) => ["", line]),
  ];
}
