import type { Command } from "commander";
import { sandboxDown } from "../../sandbox/down.ts";
import { sandboxPaths } from "../../sandbox/paths.ts";
import { commandProgress, printResult } from "../context.ts";

const examples = `
Examples:
  npm stop                   what is on disk stays: the next start resumes
  npm stop -- --purge        deletes the sandbox's folder as well`;

export function addDown(parent: Command): void {
  parent
    .command("down")
    .description("end everything that the sandbox runs, however it was left")
    .option("--purge", "delete the sandbox's folder as well", false)
    .addHelpText("after", examples)
    .action(async ({ purge }: { purge: boolean }, command: Command) => {
      const paths = sandboxPaths();
      await sandboxDown({ paths, purge, progress: commandProgress(command) });
      printResult(command, { folder: paths.root, purged: purge }, () => []);
    });
}
