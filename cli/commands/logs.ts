import { InvalidArgumentError, type Command } from "commander";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { requireMode, SandboxError } from "../../sandbox/mode.ts";
import { sandboxPaths, type SandboxPaths } from "../../sandbox/paths.ts";
import { logNames } from "../../sandbox/supervise.ts";
import { titledMachines } from "../../sandbox/titles.ts";
import { printResult } from "../context.ts";

const examples = `
Examples:
  roadnet sandbox logs                       names the logs there are
  roadnet sandbox logs aws --lines 20        the end of a service's log
  roadnet sandbox logs us-west/api-1         a machine's console, while it boots
  roadnet sandbox exec --in us-west/api-1 -- journalctl -n 50
                                             a machine's journal
  roadnet sandbox logs pulumi                what the last \`pulumi up\` of a start printed`;

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError("must be a whole number from 1 on");
  }
  return value;
}

/** The logs by what people call them: an instance by its title while it runs, and by its id after that. */
async function titledLogs(paths: SandboxPaths): Promise<ReadonlyMap<string, string>> {
  const titles = new Map((await titledMachines(paths)).map(({ name, title }) => [name, title]));
  return new Map(logNames(paths).map((name) => [titles.get(name) ?? name, name]));
}

export function addLogs(parent: Command): void {
  parent
    .command("logs")
    .argument("[name]", "a service, a machine, or pulumi")
    .description("print the end of a log")
    .option("--lines <n>", "how many lines", count, 100)
    .addHelpText("after", examples)
    .action(async (name: string | undefined, { lines }: { lines: number }, command: Command) => {
      const paths = sandboxPaths();
      requireMode(paths);
      const logs = await titledLogs(paths);
      const titles = [...logs.keys()].sort();
      if (name === undefined) {
        printResult(command, titles, () => titles);
        return;
      }
      const log = logs.get(name) ?? [...logs.values()].find((each) => each === name);
      if (log === undefined) {
        const there = titles.length === 0 ? "there are none yet" : `there are ${titles.join(", ")}`;
        throw new SandboxError(`There is no log ${name}: ${there}.`, 2);
      }
      // Consoles end their lines as terminals do.
      const text = readFileSync(join(paths.log, `${log}.log`), "utf8").replaceAll("\r", "");
      const tail = text.trimEnd().split("\n").slice(-lines);
      printResult(command, tail, () => tail);
    });
}
