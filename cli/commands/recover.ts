import { InvalidArgumentError, type Command } from "commander";
import { stackName } from "../../sandbox/engine.ts";
import { SandboxError } from "../../sandbox/mode.ts";
import { sandboxPaths, type SandboxPaths } from "../../sandbox/paths.ts";
import { checkout, printResult, commandProgress } from "../context.ts";
import { runInSandbox } from "../sandboxed.ts";
import { recover, RecoverError, type Recovery } from "../recover/recover.ts";

const examples = `
An update that is killed leaves its lock, and may have made something that its state does not know. Recovery looks
for what each unfinished create made (by the hash of its URN in the tag "urn", or by its natural key where AWS has no
tags), and takes it into the state or forgets the create. The next \`pulumi up\` goes on from there.

Where the state is in local files (file://), the lock names the process that holds it, and recovery takes it away if
that has ended. In a bucket, in a database or on Pulumi Cloud, recovery leaves locks alone and changes nothing while
there is one: make sure that the update has ended, wherever it ran, then \`pulumi cancel --stack NAME\`, then recover.
(In a bucket, \`pulumi cancel\` takes away every lock of the stack, in use or not; it does not end the update.)

Where the engine lived and a provider died (an update that failed with "error reading from server: EOF"), the state
has no note of what the provider was making: --search also looks for everything that the next update would create.
So it does where Cloudflare made something and its answer was lost: the provider's repetition was refused, because
there was one of that name already. In AWS tags tell what is the stack's; at Cloudflare nothing does, so what is found
there is adopted only where --adopt names its id.

Of what the provider cannot list (the association of a forwarding rule with a VPC), recovery says by which command of
AWS's to look for it, and is told with --found.

To take up a network again whose destroy was killed: an instance that still stands but was forgotten as a host (its
"meet" is gone from the state) has no throw-away key any more, so let \`pulumi up --replace URN\` make it anew.

Examples:
  roadnet recover --stack sandbox            the sandbox's stack
  roadnet recover --stack prod --dry-run     only say what would be done`;

interface Options {
  readonly stack: string;
  readonly cwd?: string;
  readonly dryRun?: true;
  readonly force?: true;
  readonly search?: true;
  readonly found: Readonly<Record<string, string>>;
  readonly adopt?: readonly string[];
  readonly settle: number;
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError("must be a number of seconds");
  return value;
}

/** `URN=ID`, where a URN may have an equals sign in it and an id has none. */
function foundId(text: string, earlier: Readonly<Record<string, string>>): Record<string, string> {
  const [, urn, id] = /^(urn:pulumi:.+)=([^=]+)$/s.exec(text) ?? [];
  if (urn === undefined || id === undefined) throw new InvalidArgumentError("must be URN=ID, or URN=none");
  return { ...earlier, [urn]: id };
}

function lines(recovery: Recovery, { stack, dryRun }: Options): string[] {
  const { locks, unseenLocks, torn, decisions, open, refreshed } = recovery;
  const would = dryRun === true ? "would be " : "";
  const all = [
    ...locks.map((lock) => `lock ${would}taken away: ${lock}`),
    ...torn.map((file) => `torn file ${would}taken away: ${file}`),
    ...decisions.map((decision) => {
      switch (decision.action) {
        case "adopt":
          return `${would}adopted: ${decision.urn} as ${decision.id}`;
        case "discard":
          return `${would}left to the next update to delete: ${decision.id}, a second ${decision.urn}`;
        case "forget":
          return `${would}forgotten: ${decision.urn} (${decision.reason})`;
      }
    }),
    ...open.map(({ urn, id }) => `to be named by --adopt: ${id} as ${urn}`),
    ...refreshed.map((urn) => `${would}read back: ${urn}`),
  ];
  const said = all.length === 0 ? [`${stack}: nothing to recover`] : all;
  if (unseenLocks === undefined) return said;
  return [
    ...said,
    `Locks in ${unseenLocks} are left alone: if the next update finds one, make sure that its owner has ended, then ` +
      `\`pulumi cancel --stack ${stack}\`.`,
  ];
}

/**
 * Recovers the sandbox's stack. What it says goes to this process's standard output where it is the result that was
 * asked for, else to standard error.
 * @throws {SandboxError} if it did not succeed; the reason has been printed
 */
export async function recoverSandbox(
  paths: SandboxPaths = sandboxPaths(),
  flags: readonly string[] = [],
  isResult = false,
): Promise<void> {
  // The sandbox's clouds show at once what they have made.
  const fixed = ["recover", "--stack", stackName, "--cwd", paths.project, "--settle", "0"];
  const stdio = ["ignore", isResult ? "inherit" : process.stderr, "inherit"] as const;
  const exitCode = await runInSandbox([...fixed, ...flags], paths, [...stdio]);
  if (exitCode !== 0) {
    throw new SandboxError("The sandbox's stack could not be recovered.", exitCode === 2 ? 2 : 1);
  }
}

export function addRecover(parent: Command): void {
  parent
    .command("recover")
    .description("mend a stack whose update was killed")
    .requiredOption("--stack <name>", "the stack")
    .option("--cwd <folder>", "the folder of its Pulumi.yaml; this checkout's by default")
    .option("--dry-run", "only say what would be done")
    .option("--force", "also take away a lock in local files that another machine holds")
    .option("--search", "also look for what the next update would create")
    .option(
      "--found <urn=id>",
      "what you found of what cannot be asked for, or none; repeatable",
      foundId,
      {},
    )
    .option("--adopt <id...>", "what a search has found at Cloudflare and is this stack's")
    .option("--settle <seconds>", "how long the cloud may take to show what it has made", seconds, 15)
    .addHelpText("after", examples)
    .action(async (options: Options, command: Command) => {
      if (options.stack === stackName && options.cwd === undefined) {
        const { json } = command.optsWithGlobals<{ json?: true }>();
        const flags = [
          ...(options.dryRun === true ? ["--dry-run"] : []),
          ...(options.force === true ? ["--force"] : []),
          ...(options.search === true ? ["--search"] : []),
          ...Object.entries(options.found).flatMap(([urn, id]) => ["--found", `${urn}=${id}`]),
          ...(options.adopt === undefined ? [] : ["--adopt", ...options.adopt]),
          ...(json === true ? ["--json"] : []),
        ];
        await recoverSandbox(sandboxPaths(), flags, true);
        return;
      }
      const progress = commandProgress(command);
      try {
        const recovery = await progress.step(
          "recover",
          (say) =>
            recover({
              cwd: options.cwd ?? checkout,
              stack: options.stack,
              dryRun: options.dryRun === true,
              force: options.force === true,
              search: options.search === true,
              found: options.found,
              adopt: options.adopt ?? [],
              settleSeconds: options.settle,
              onProgress: say,
            }),
          () => "",
        );
        printResult(command, recovery, () => lines(recovery, options));
      } catch (error) {
        // A person must decide: nothing was changed, and the message says what to do.
        if (error instanceof RecoverError) throw new SandboxError(error.message, 2);
        throw error;
      }
    });
}
