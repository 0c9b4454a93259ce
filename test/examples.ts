/** The examples that `roadnet … --help` shows, as command lines. */
import type { Command } from "commander";
import { buildProgram } from "../cli/program.ts";

export interface Example {
  /** `sandbox fail`: the command whose help has it. */
  readonly command: string;
  /** What is typed after `roadnet`. */
  readonly args: readonly string[];
}

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

/** Words as a shell has them, single quotes only. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|\S)+/g)].map(([word]) => word.replaceAll("'", ""));
}

/** Example lines end where two spaces lead to an explanation, and where the shell goes on to another command. */
function examplesOf(command: Command, path: string): Example[] {
  const [, after = ""] = helpOf(command).split(/^Examples?:\n/m);
  const lines = after.replaceAll(/\s*\\\n\s*/g, " ").split("\n");
  return lines.flatMap((line) => {
    const [, rest] = /^ {2}(?:[A-Z_]+=\S+ )?roadnet (\S.*)$/.exec(line) ?? [];
    if (rest === undefined) return [];
    const [typed = ""] = rest.split(/ {2,}| && | \| /);
    return [{ command: path, args: wordsOf(typed) }];
  });
}

function below(command: Command, path: readonly string[]): Example[] {
  const own = examplesOf(command, path.join(" "));
  return [...own, ...command.commands.flatMap((each) => below(each, [...path, each.name()]))];
}

export async function examples(): Promise<Example[]> {
  return below(await buildProgram(), []);
}
