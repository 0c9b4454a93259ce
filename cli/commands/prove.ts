import { randomInt } from "node:crypto";
import type { Command } from "commander";
import { SandboxError } from "../../sandbox/mode.ts";
import { sandboxPaths, type SandboxPaths } from "../../sandbox/paths.ts";
import { commandProgress, printResult } from "../context.ts";
import { lastProven, readNetwork, rememberProven, stackFile, type ProvenNetwork } from "../prove/network.ts";
import { prove } from "../prove/prove.ts";
import { reportLines } from "../prove/report.ts";

const examples = `
Every ordered pair of hosts, devices of the sites' networks, the sites' routers, NAT gateways, a stranger and the
operator is asked by real packets, at every port that rules or services of either side mention and its neighbours, by
TCP and UDP, and by an echo; what comes back is compared with what the proof says of the stack's plan.

Exit codes: 0 they agree, 1 they differ, 2 the sandbox cannot be asked.

Examples:
  roadnet sandbox prove
  roadnet sandbox prove --changed            what has changed since they agreed last, and a sample of the rest
  roadnet sandbox prove --from us-west/api-1 --to edge-home/lucidia
  roadnet sandbox prove --seed 4711          the same order and sample once more`;

interface ProveFlags {
  readonly changed?: boolean;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly seed?: string;
}

function readSeed(text: string | undefined): number {
  if (text === undefined) return randomInt(2 ** 31);
  if (!/^\d{1,10}$/.test(text)) throw new SandboxError(`--seed must be a number, not ${text}.`, 2);
  return Number(text);
}

function earlierNetwork(paths: SandboxPaths): ProvenNetwork {
  const text = lastProven(paths);
  if (text === undefined) {
    throw new SandboxError(
      "Packets have never agreed with all of this stack: prove it once without --changed.",
      2,
    );
  }
  return readNetwork(text, "the stack that was proven last");
}

async function run(flags: ProveFlags, command: Command): Promise<void> {
  const paths = sandboxPaths();
  const seed = readSeed(flags.seed);
  const { file, text } = stackFile(paths);
  const network = readNetwork(text, file);
  const before = flags.changed === true ? earlierNetwork(paths) : undefined;
  const selection = { from: flags.from, to: flags.to };
  const report = await commandProgress(command).step(
    "packets",
    async (say) => await prove({ network, before, selection, seed, say }, paths),
    ({ pairs, sent }) => `${pairs.length} pairs, ${sent} packets`,
  );
  const isWhole = flags.from.length === 0 && flags.to.length === 0;
  if (report.agrees && isWhole) rememberProven(paths, text);
  printResult(command, report, () => reportLines(report));
  if (!report.agrees) process.exitCode = 1;
}

const collect = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, value];

export function addProve(parent: Command): void {
  parent
    .command("prove")
    .description("compare the proof with real packets, between everybody and at every port that matters")
    .option("--changed", "only what has changed since they agreed last, and a sample of the rest")
    .option("--from <name>", "only packets from this host; may be repeated", collect, [])
    .option("--to <name>", "only packets to this host; may be repeated", collect, [])
    .option("--seed <number>", "of the order and the sample; printed with the result")
    .addHelpText("after", examples)
    .action(run);
}
