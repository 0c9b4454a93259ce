import type { Command } from "commander";
import { isClean } from "../../components/proof/verify/model.ts";
import { flowLines, problemCount, problemLines, type Place } from "../../components/proof/verify/report.ts";
import { locateRules } from "../../components/proof/verify/locate.ts";
import { verify } from "../../components/proof/verify/verify.ts";
import { SandboxError } from "../../sandbox/mode.ts";
import { printResult } from "../context.ts";
import { openWorld, type StackOrigin } from "../proof/input.ts";

const help = `
It follows every packet between everybody of the network (hosts, devices of LANs, the operator, the internet) and
compares what passes with what is meant to: the flows that follow from roles, the VPN, DNS and services, and those of
blackroad-network:network.flows. What is intended and does not pass is told, and what passes and nobody intends, each
with a packet that shows it, the rule that decides, and the line of the stack's file to change; besides, everything that
is wrong with the plan itself. docs/verify.md has the rules. The same runs in every preview, and stops it.

Exit codes: 0 everything passes that is meant to, and nothing else; 1 something was found; 2 it cannot be answered: no
such stack, or a configuration that is refused.

Examples:
  roadnet verify                             verify prod
  roadnet verify --stack dev --flows         and list all flows
  roadnet verify --json | jq .violations`;

const unmeasured =
  "Nothing is told of what passes besides: the stack's file has no blackroad-network:network.flows (docs/configuration.md).";

interface Options {
  readonly stack: string;
  readonly cwd?: string;
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

async function run({ stack, cwd, flows }: Options, command: Command): Promise<void> {
  const opened = await openWorld({ stack, cwd });
  const origin = opened.stack;
  if (origin === undefined) throw new SandboxError(`${opened.title} says nothing of what is meant.`, 2);
  const verification = locateRules(verify(origin.plan, opened.world), origin.config);
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
    ...(verification.isMeasured ? [] : [unmeasured]),
    ...(flows ? ["Flows that", ...flowLines(verification)] : []),
  ]);
  process.exitCode = clean ? 0 : 1;
}

export function addVerify(parent: Command): void {
  parent
    .command("verify")
    .description("compare everything that can pass with what is meant to, before anything is created")
    .option("--stack <name>", "the stack, by its file Pulumi.<name>.yaml", "prod")
    .option("--cwd <folder>", "the folder of its file; this checkout's by default")
    .option("--flows", "list all flows: intended, and accepted", false)
    .addHelpText("after", help)
    .action((options: Options, command: Command) => run(options, command));
}
