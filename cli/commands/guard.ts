import type { Command } from "commander";
import { resolve } from "node:path";
import { ConfigError } from "../../components/config/problem.ts";
import { createProgress, painter } from "../../scripts/lib/progress.mjs";
import { stackName } from "../../sandbox/engine.ts";
import { SandboxError } from "../../sandbox/mode.ts";
import { sandboxPaths } from "../../sandbox/paths.ts";
import { checkout, globalOptions, printResult } from "../context.ts";
import { today } from "../guard/approvals.ts";
import { DocumentError, parsePreview, type Preview } from "../guard/document.ts";
import { judge, passes, type Judgement } from "../guard/judge.ts";
import { renderJudgement } from "../guard/render.ts";
import { previewStack, readDocument, unprotect } from "../guard/run.ts";
import { bareName, NoPulumiError } from "../pulumi.ts";
import { runInSandbox } from "../sandboxed.ts";

const examples = `
It stops a plan that would delete or replace what the stack protects (blackroad-network:network.guard.protect): VPCs,
subnets, NAT gateways and their addresses, hubs' addresses, peerings, zones and NS records; that would take their
protection away; or that would delete, replace or update too many of a zone's records (guard.records; 30 % of ten or
more). What is to go all the same is approved in the stack's file, one by one, for a time (guard.approvals): see
docs/configuration.md.

The document is what \`pulumi preview --json\` prints. --show-sames lets the guard count a zone's records, and
--ignore-protect keeps the preview from ending at the first protected resource; both change nothing. With --stack and
no document the guard previews the stack itself.

--unprotect lifts the engine's protection (\`pulumi state unprotect\`) from what the plan would delete or replace with an
approval in force, from nothing else, and only if the whole plan passes. An update that leaves the resource where it is
puts the protection back.

Exit codes: 0 the plan passes, 1 it is stopped, 2 it cannot be judged: a wrong option, no document or a damaged one, a
preview that failed, a configuration that is refused.

Examples:
  pulumi preview --json --show-sames --ignore-protect | roadnet guard
  roadnet guard plan.json                    judge a document
  roadnet guard --stack prod                 preview prod and judge that
  roadnet guard --stack sandbox              the same of the sandbox
  roadnet guard --stack prod --unprotect && pulumi up --stack prod`;

interface Options {
  readonly stack?: string;
  readonly cwd?: string;
  readonly unprotect?: true;
}

async function fetchPreview(file: string | undefined, { stack, cwd }: Options): Promise<Preview> {
  if (file !== undefined || stack === undefined) return parsePreview(await readDocument(file));
  const place = { stack, cwd: folderOf(cwd) };
  // The judgement alone is the result, also where it is read by a person.
  const progress = createProgress(process.stderr);
  const document = await progress.step(
    "preview",
    (say) => {
      say("previewing the stack");
      return previewStack(place);
    },
    () => "",
  );
  return parsePreview(document);
}

function folderOf(cwd: string | undefined): string {
  return resolve(cwd ?? checkout);
}

/** Lifts what the judgement allows to be lifted; returns what was. */
async function lift(judgement: Judgement, options: Options): Promise<readonly string[]> {
  if (options.unprotect !== true || !passes(judgement)) return [];
  await unprotect(
    { stack: options.stack ?? judgement.stack, cwd: folderOf(options.cwd) },
    judgement.protected,
  );
  return judgement.protected;
}

function exitCodeOf(judgement: Judgement): 0 | 1 | 2 {
  if (passes(judgement)) return 0;
  return judgement.stopped.length > 0 ? 1 : 2;
}

async function guard(file: string | undefined, options: Options, command: Command): Promise<void> {
  const preview = await fetchPreview(file, options);
  if (options.stack !== undefined && bareName(options.stack) !== preview.stack) {
    throw new SandboxError(`The document is of the stack ${preview.stack}, not of ${options.stack}.`, 2);
  }
  const now = new Date();
  const judgement = judge(preview, today(now));
  const lifted = await lift(judgement, options);
  const paint = painter(process.stdout);
  printResult(command, { passes: passes(judgement), ...judgement, lifted }, () =>
    renderJudgement(judgement, { lifted, paint, now }),
  );
  process.exitCode = exitCodeOf(judgement);
}

/** The same command line where the sandbox's engine runs. */
async function guardSandbox(file: string | undefined, options: Options, json: boolean): Promise<void> {
  const paths = sandboxPaths();
  const flags = [
    ...(file === undefined ? [] : [file === "-" ? file : resolve(file)]),
    ...(options.unprotect === true ? ["--unprotect"] : []),
    ...(json ? ["--json"] : []),
  ];
  const args = ["guard", "--stack", stackName, "--cwd", paths.project, ...flags];
  process.exitCode = await runInSandbox(args, paths, "inherit");
}

/** A document, a configuration or a folder that is not as it must be is a question that cannot be answered. */
function unanswerable(error: unknown): unknown {
  const known = [DocumentError, ConfigError, NoPulumiError].some((kind) => error instanceof kind);
  return known ? new SandboxError((error as Error).message, 2) : error;
}

export function addGuard(parent: Command): void {
  parent
    .command("guard")
    .argument(
      "[document]",
      "a file with what `pulumi preview --json` printed; standard input by default, or -",
    )
    .description("stop a plan that would take away what is guarded")
    .option("--stack <name>", "the stack; without a document it is previewed")
    .option("--cwd <folder>", "the folder of its Pulumi.yaml; this checkout's by default")
    .option("--unprotect", "lift the protection of what is approved")
    .addHelpText("after", examples)
    .action(async (file: string | undefined, options: Options, command: Command) => {
      try {
        if (options.stack === stackName && options.cwd === undefined) {
          await guardSandbox(file, options, globalOptions(command).json);
        } else {
          await guard(file, options, command);
        }
      } catch (error) {
        throw unanswerable(error);
      }
    });
}
