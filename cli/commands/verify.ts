import type { Command } from "commander";
import { isClean, type Verification } from "../../components/proof/verify/model.ts";
import {
  findingLines,
  flowLines,
  problemCount,
  problemLines,
  type Place,
} from "../../components/proof/verify/report.ts";
import { verifyUnmeant } from "../../components/proof/verify/unmeant.ts";
import { verify } from "../../components/proof/verify/verify.ts";
import { globalOptions, printResult } from "../context.ts";
import { notUnderstoodLines } from "../proof/export.ts";
import {
  addDescribeOptions,
  openWorld,
  RefusedError,
  type InputOptions,
  type OpenedWorld,
  type StackOrigin,
} from "../proof/input.ts";

const help = `
It follows every packet between everybody of the network (hosts, devices of LANs, the operator, the internet) and
compares what passes with what is meant to: the flows that follow from roles, the VPN, DNS and services, and those of
blackroad-network:network.flows. What is intended and does not pass is told, and what passes and nobody intends, each
with a packet that shows it, the rule that decides, and the line of the stack's file to change; besides, everything that
is wrong with the plan itself. What has one cause is told once. docs/verify.md has the rules, and the fields of --json.
The same runs in every preview, and stops it.

With --describe the network is one that already exists, from the JSON of aws ec2 describe-* (docs/describe.md). Nobody
says what is meant there, so what is told is wrong whatever is meant: routes that lead nowhere, and packets between any
two of its hosts and the internet whose answers get lost.

Exit codes: 0 everything passes that is meant to, and nothing else; 1 something was found; 2 it cannot be answered: no
such stack, a configuration that is refused, or a network of which too little is known to say that nothing is wrong.

Examples:
  roadnet verify                             verify prod
  roadnet verify --stack dev --flows         and list all flows
  roadnet verify --describe export           what is wrong with a network that AWS described
  roadnet verify --json | jq .violations`;

const unmeasured =
  "Nothing is told of what passes besides: the stack's file has no blackroad-network:network.flows (docs/configuration.md).";

interface Options extends InputOptions {
  readonly flows: boolean;
}

/** `Pulumi.prod.yaml:42: securityGroups.public.ingress[0]` */
function placeIn({ name, lineOf }: StackOrigin): Place {
  return (path) => {
    if (path === "") return "beyond the stack's file";
    const line = lineOf(path);
    return line === undefined ? path : `Pulumi.${name}.yaml:${line}: ${path}`;
  };
}

/** A network of which nobody has said what is meant. */
function runUnmeant({ world, title, notUnderstood = [] }: OpenedWorld, command: Command): void {
  const { findings, pairs, undecided, doubt } = verifyUnmeant(world);
  const clean = findings.length === 0 && undecided === 0;
  const place: Place = (path) => (path === "" ? "beyond the network" : path);
  const counted = findings.length === 1 ? "1 finding" : `${findings.length} findings`;
  printResult(command, { clean, pairs, findings, undecided, doubt, notUnderstood }, () => [
    findings.length === 0
      ? `${title}: ${clean ? "" : "as far as can be told, "}no route leads nowhere, and no answer gets lost (${pairs} pairs).`
      : `${title} has ${counted} (${pairs} pairs):`,
    ...findings.flatMap((finding) => findingLines(finding, place)),
    ...(doubt === undefined ? [] : [`Of ${undecided} pairs nobody can tell what passes, such as ${doubt}.`]),
    ...notUnderstoodLines(notUnderstood),
  ]);
  process.exitCode = clean ? 0 : findings.length > 0 ? 1 : 2;
}

/** Of the first that stops between two hosts of ours, how to see more. */
function whyLines({ violations }: Verification): string[] {
  const stopped = violations.find(
    ({ kind, witness }) =>
      kind === "stopped" && [witness?.from, witness?.to].every((end) => end?.includes("/")),
  );
  if (stopped?.witness === undefined) return [];
  const { from, to, traffic } = stopped.witness;
  return [`roadnet why ${from} ${to} ${traffic} follows the packet, and shows the smallest change.`];
}

interface Meant {
  readonly opened: OpenedWorld;
  readonly origin: StackOrigin;
}

function runMeant({ stack, flows }: Options, { opened, origin }: Meant, command: Command): void {
  const verification = verify(origin.plan, opened.world);
  const clean = isClean(verification);
  const place = placeIn(origin);
  const withLines = (items: readonly { readonly path: string }[]): object[] =>
    items.map((item) => ({ ...item, line: origin.lineOf(item.path) }));
  const result = {
    stack,
    clean,
    pairs: verification.pairs,
    measured: verification.isMeasured,
    violations: withLines(verification.violations),
    findings: withLines(verification.findings),
    flows: withLines(verification.flows),
    unfilled: origin.unfilled,
  };
  printResult(command, result, () => [
    clean
      ? `${opened.title}: everything passes that is meant to${verification.isMeasured ? ", and nothing else" : ""} (${verification.pairs} pairs, ${verification.flows.length} flows).`
      : `${opened.title} has ${problemCount(verification)} (${verification.pairs} pairs, ${verification.flows.length} flows):`,
    ...problemLines(verification, place),
    ...whyLines(verification),
    ...(verification.isMeasured ? [] : [unmeasured]),
    ...(flows ? ["Flows that", ...flowLines(verification)] : []),
  ]);
  process.exitCode = clean ? 0 : 1;
}

/** A file that is refused has no network to verify; where JSON is wanted, it is told as such. */
function runRefused({ stack }: Options, error: unknown, command: Command): void {
  if (!(error instanceof RefusedError) || !globalOptions(command).json) throw error;
  printResult(command, { stack, clean: false, refused: error.refusals }, () => []);
  process.exitCode = error.exitCode;
}

async function run(options: Options, command: Command): Promise<void> {
  let opened: OpenedWorld;
  try {
    opened = await openWorld(options);
  } catch (error) {
    runRefused(options, error, command);
    return;
  }
  if (opened.stack === undefined) runUnmeant(opened, command);
  else runMeant(options, { opened, origin: opened.stack }, command);
}

export function addVerify(parent: Command): void {
  const command = parent
    .command("verify")
    .description("compare everything that can pass with what is meant to, before anything is created")
    .option("--stack <name>", "the stack, by its file Pulumi.<name>.yaml", "prod")
    .option("--cwd <folder>", "the folder of its file; this checkout's by default")
    .option("--flows", "list all flows: intended, and accepted", false);
  addDescribeOptions(command).addHelpText("after", help).action(run);
}
