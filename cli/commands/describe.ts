import type { Command } from "commander";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { askService } from "../../sandbox/ask.ts";
import { makeFolder } from "../../scripts/lib/folder.mjs";
import { SandboxError } from "../../sandbox/mode.ts";
import { printResult } from "../context.ts";

interface Description {
  readonly revision: number;
  readonly global: Readonly<Record<string, unknown>>;
  readonly regions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const examples = `
Writes DIRECTORY/REGION/NAME.json, where NAME is vpcs, subnets, route-tables and so on: what
\`aws ec2 describe-NAME --region REGION\` would print. In DIRECTORY/global is what has no region.

Example:
  roadnet sandbox describe /tmp/cloud && jq '.Vpcs[].CidrBlock' /tmp/cloud/us-west-2/vpcs.json`;

/** Writes every answer to a file of its own; returns the files. */
function writeAnswers(regions: Readonly<Record<string, object>>, directory: string): string[] {
  return Object.entries(regions).flatMap(([region, answers]) => {
    const folder = join(directory, region);
    makeFolder(folder);
    return Object.entries(answers).map(([name, answer]) => {
      const file = join(folder, `${name}.json`);
      writeFileSync(file, `${JSON.stringify(answer, undefined, 2)}\n`);
      return file;
    });
  });
}

export function addDescribe(parent: Command): void {
  parent
    .command("describe")
    .argument("<directory>", "made if it does not exist")
    .description("write the simulated AWS as the JSON of `aws ec2 describe-*`, per region")
    .addHelpText("after", examples)
    .action(async (directory: string, _options: unknown, command: Command) => {
      if (directory === "") throw new SandboxError("The directory has no name.", 2);
      const { regions, global, revision } = (await askService("aws", "GET", "/describe")) as Description;
      const target = resolve(directory);
      let files: readonly string[];
      try {
        files = writeAnswers({ ...regions, global }, target);
      } catch (error) {
        throw new SandboxError(`Nothing can be written to ${target}: ${(error as Error).message}.`, 2);
      }
      printResult(command, { revision, files }, () => [
        `${files.length} files of ${Object.keys(regions).length} regions in ${target}`,
      ]);
    });
}
