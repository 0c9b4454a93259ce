import { Option, type Command } from "commander";
import { resolve } from "node:path";
import { onlyThose, standIns } from "../../components/proof/diff/alike.ts";
import { differencesOf } from "../../components/proof/diff/differences.ts";
import { endsOf, flowsOf, type Flows } from "../../components/proof/diff/flows.ts";
import { renamed, renamesOf } from "../../components/proof/diff/renames.ts";
import { Prover } from "../../components/proof/prover.ts";
import { parseAddress } from "../../components/proof/sets/addresses.ts";
import type { World } from "../../components/proof/world/model.ts";
import { painter } from "../../scripts/lib/progress.mjs";
import { checkout, printResult } from "../context.ts";
import { renderMarkdown, renderText, type Compared } from "../diff/render.ts";
import { openDescribed, openFile } from "../proof/input.ts";

const examples = `
It compares what the two networks let pass between any two ends (hosts, devices on sites' networks, the internet, the
operator), both ways, and tells what is gained and lost. Equal ends are merged, and a host that has got another name
with the same address is the same host. BASE and HEAD are stacks' files, or
files of git revisions as REVISION:PATH. What hangs on something that nobody can tell yet counts as stopped.

With --describe both are folders or files with the JSON of aws ec2 describe-*: what changed in an account between two
moments.

Exit codes: 0 they were compared; with --exit-code 1 where a flow is gained or lost; 2 they cannot be compared.

Examples:
  roadnet diff HEAD:Pulumi.prod.yaml Pulumi.prod.yaml
  roadnet diff Pulumi.prod.yaml Pulumi.sandbox.yaml --markdown
  roadnet diff Pulumi.prod.yaml Pulumi.sandbox.yaml --json
  roadnet diff monday friday --describe`;

interface Options {
  readonly cwd: string;
  readonly describe?: true;
  readonly clientPorts?: string;
  readonly markdown?: true;
  readonly exitCode?: true;
}

async function worldOf(name: string, { cwd, describe, clientPorts }: Options): Promise<World> {
  const folder = resolve(cwd);
  const opened =
    describe === true ? openDescribed(resolve(folder, name), clientPorts) : await openFile(name, folder);
  return opened.world;
}

function flowsIn(world: World, names: ReadonlyMap<string, string> | undefined): Flows {
  const [operator] = world.operator;
  const address = operator === undefined ? undefined : parseAddress(operator.split("/")[0] ?? "");
  return flowsOf(new Prover(world), onlyThose(endsOf(world, address), names));
}

export function addDiff(parent: Command): void {
  parent
    .command("diff")
    .argument("<base>", "a stack's file, or REVISION:PATH")
    .argument("<head>", "the same, of what it becomes")
    .description("tell which flows a change of a stack's file opens and closes")
    .option("--cwd <folder>", "the project's folder", checkout)
    .addOption(new Option("--markdown", "print a table for a pull request").conflicts("json"))
    .option("--describe", "BASE and HEAD are folders with what aws ec2 describe-* printed")
    .option("--client-ports <from-to>", "with it, where clients open connections from, such as 1024-65535")
    .option("--exit-code", "end with 1 where a flow is gained or lost")
    .addHelpText("after", examples)
    .action(async (base: string, head: string, options: Options, command: Command) => {
      const worlds = [await worldOf(base, options), await worldOf(head, options)] as const;
      const names = standIns(...worlds);
      const [old, after] = [flowsIn(worlds[0], names), flowsIn(worlds[1], names)];
      const renames = renamesOf(old, after);
      const before = renamed(old, renames);
      const undecided = [...new Set([...before.undecided, ...after.undecided])];
      const differences = differencesOf(before, after);
      const compared: Compared = { base, head, renamed: renames, differences, undecided };
      printResult(command, compared, () =>
        options.markdown === true ? renderMarkdown(compared) : renderText(compared, painter(process.stdout)),
      );
      if (options.exitCode === true && compared.differences.length > 0) process.exitCode = 1;
    });
}
