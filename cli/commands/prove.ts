import { randomInt } from "node:crypto";
import { constants } from "node:os";
import type { Command } from "commander";
import { SandboxError } from "../../sandbox/mode.ts";
import { sandboxPaths, type SandboxPaths } from "../../sandbox/paths.ts";
import { commandProgress, globalOptions, printResult } from "../context.ts";
import { lastProven, readNetwork, rememberProven, stackFile, type ProvenNetwork } from "../prove/network.ts";
import { prove, requirePackets } from "../prove/prove.ts";
import { reportLines, type ProveReport } from "../prove/report.ts";

const examples = `
Every ordered pair of hosts, devices of the sites' networks, the sites' routers, NAT gateways, a stranger and the
operator is asked by real packets, at every port that rules or services of either side mention and its neighbours, by
TCP and UDP, and by an echo; what comes back is compared with what the proof says of the stack's plan.

Exit codes: 0 they agree, 1 they differ, 2 the sandbox cannot be asked, 130 it was interrupted.

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
  requirePackets(paths);
  const seed = readSeed(flags.seed);
  const { file, text } = stackFile(paths);
  const network = readNetwork(text, file);
  const before = flags.changed === true ? earlierNetwork(paths) : undefined;
  const selection = { from: flags.from, to: flags.to };
  const report = await interruptible(command, async (signal) => {
    const ask = async (say: (line: string) => void): Promise<ProveReport> =>
      await prove({ network, before, selection, seed, say, signal }, paths);
    return await commandProgress(command).step(
      "packets",
      ask,
      ({ pairs, sent }) => `${pairs.length} pairs, ${sent} packets`,
    );
  });
  if (report === undefined) return;
  printResult(command, report, () => reportLines(report));
  if (!report.agrees) process.exitCode = 1;
  else if (flags.from.length === 0 && flags.to.length === 0) remember(paths, text);
}

const interrupted = 128 + constants.signals.SIGINT;

/** Runs it until Ctrl-C, after which it still cleans up; a second one ends it at once. */
async function interruptible<T>(
  command: Command,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const stop = new AbortController();
  const onSignal = (): void => {
    stop.abort(new SandboxError("interrupted", 2));
  };
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  try {
    return await body(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw unanswered(error);
    if (globalOptions(command).verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.stderr.write("roadnet: interrupted; nothing of it is left in the sandbox\n");
    process.exitCode = interrupted;
    return undefined;
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}

/** Whatever keeps packets from being asked is no difference between them and the proof. */
function unanswered(error: unknown): unknown {
  if (error instanceof SandboxError || !(error instanceof Error)) return error;
  const failure = new SandboxError(error.message, 2);
  if (error.stack !== undefined) failure.stack = error.stack;
  return failure;
}

/** The result has been told, and is true whether or not there is room to remember it. */
function remember(paths: SandboxPaths, text: string): void {
  try {
    rememberProven(paths, text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(
      `roadnet: that packets agree could not be noted (${reason}); --changed goes by an earlier time\n`,
    );
  }
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
