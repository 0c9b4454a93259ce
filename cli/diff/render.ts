/** Differences of flows, for a terminal and for a pull request. Pure: colours come as a function. */
import type { Difference } from "../../components/proof/diff/differences.ts";
import type { Rename } from "../../components/proof/diff/renames.ts";

export type Paint = (colour: number, text: string) => string;

export interface Compared {
  readonly base: string;
  readonly head: string;
  /** Hosts that are called otherwise; flows have the new names. */
  readonly renamed: readonly Rename[];
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

/** How files and hosts are written. */
type Quote = (name: string) => string;

function nothing({ base, head }: Compared, quote: Quote): string {
  return `No flow is gained or lost from ${quote(base)} to ${quote(head)}.`;
}

function renamedLines({ renamed }: Compared, quote: Quote): string[] {
  return renamed.map(({ from, to }) => `${quote(from)} is called ${quote(to)} now.`);
}

/** Ends beyond these are counted. */
const mostNames = 6;

/** Who stands outside is never one of those that are only counted. */
function names(all: readonly string[]): string {
  const isOutside = (name: string): boolean => name === "internet" || name === "operator";
  const sorted = [...all.filter(isOutside), ...all.filter((name) => !isOutside(name))];
  const shown = sorted.slice(0, mostNames).join(", ");
  return all.length > mostNames ? `${shown} and ${all.length - mostNames} more` : shown;
}

const plain: Quote = (name) => name;

export function renderText(compared: Compared, paint: Paint): string[] {
  const { base, head, differences } = compared;
  const renames = renamedLines(compared, plain);
  if (differences.length === 0) return [nothing(compared, plain), ...renames, ...undecidedLine(compared)];
  return [
    `Flows from ${base} to ${head}: ${counts(differences)}`,
    ...renames,
    ...differences.map(({ change, from, to, traffic }) => {
      const [colour, sign] = change === "gained" ? [green, "+"] : [red, "-"];
      return paint(colour, `  ${names(from)} -> ${names(to)}: ${sign}${traffic}`);
    }),
    ...undecidedLine(compared),
  ];
}

/** Names and traffic have no character that means something in a table's cell, but for a bar in an instance's name. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** As code; a name with a backtick in it between more of them (CommonMark 0.31, 6.1). */
const code: Quote = (name) => {
  const longest = Math.max(0, ...[...name.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${name}${fence}` : `${fence} ${name} ${fence}`;
};

/** Each a paragraph of its own. */
function paragraphs(lines: readonly string[]): string[] {
  return lines.flatMap((line) => ["", line]);
}

export function renderMarkdown(compared: Compared): string[] {
  const { base, head, differences } = compared;
  const renames = paragraphs(renamedLines(compared, code));
  const undecided = paragraphs(undecidedLine(compared));
  if (differences.length === 0) return [nothing(compared, code), ...renames, ...undecided];
  return [
    `**Flows: ${counts(differences)}** from ${code(base)} to ${code(head)}`,
    ...renames,
    "",
    "| | From | To | Traffic |",
    "| --- | --- | --- | --- |",
    ...differences.map(({ change, from, to, traffic }) => {
      const columns = [change, names(from), names(to), traffic].map(cell);
      return `| ${columns.join(" | ")} |`;
    }),
    ...undecided,
  ];
}
