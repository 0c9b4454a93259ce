/** `roadnet`: the network and its sandbox from the command line. Each command has a file of its own. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { SetupError } from "../scripts/lib/progress.mjs";
import { SandboxError } from "../sandbox/mode.ts";
import { addDescribe } from "./commands/describe.ts";
import { addDiff } from "./commands/diff.ts";
import { addDown } from "./commands/down.ts";
import { addDrift } from "./commands/drift.ts";
import { addExec } from "./commands/exec.ts";
import { addFail } from "./commands/fail.ts";
import { addGuard } from "./commands/guard.ts";
import { addImage } from "./commands/image.ts";
import { addLogs } from "./commands/logs.ts";
import { addRecover } from "./commands/recover.ts";
import { addProviders } from "./commands/providers.ts";
import { addProve } from "./commands/prove.ts";
import { addStatus } from "./commands/status.ts";
import { addUp } from "./commands/up.ts";
import { addWhy } from "./commands/why.ts";
import { addVerify } from "./commands/verify.ts";

const footer = `
Exit codes: 0 all is well, 1 something was found or failed, 2 the question was wrong or cannot be answered.

Examples:
  roadnet sandbox up                         bring the sandbox up
  roadnet sandbox exec -- pulumi preview     run Pulumi in it
  roadnet why internet us-west/lb-1 443/tcp  tell whether packets get there and back, and why
  roadnet diff HEAD:Pulumi.prod.yaml Pulumi.prod.yaml
  roadnet guard --stack prod                 stop a plan that would take away what is guarded
  roadnet recover --stack prod               mend a stack whose update was killed
  roadnet verify --stack prod                see that all that is meant to passes, and nothing else
  roadnet image edge-home/lucidia --stack prod --output /media/me/bootfs
  roadnet sandbox down                       end everything`;

function version(): string {
  const file = join(import.meta.dirname, "..", "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

export function buildProgram(): Command {
  const program = new Command("roadnet")
    .description("BlackRoad's network: its sandbox, checks and repairs")
    .version(version())
    .option("--json", "print the result as JSON")
    .option("--verbose", "print the stack of an error")
    .enablePositionalOptions()
    .showHelpAfterError("(roadnet --help shows what there is)")
    .addHelpText("after", footer);
  const sandbox = program
    .command("sandbox")
    .description("the whole network on this machine, with real packets and no cloud account")
    .enablePositionalOptions();
  for (const add of [
    addUp,
    addDown,
    addStatus,
    addDescribe,
    addProviders,
    addExec,
    addDrift,
    addFail,
    addLogs,
    addProve,
  ]) {
    add(sandbox);
  }
  addWhy(program);
  addDiff(program);
  addGuard(program);
  addRecover(program);
  addImage(program);
  addVerify(program);
  for (const command of [...program.commands, ...sandbox.commands]) {
    // Also where they come after the command's name, or after that of its group, which is where one thinks of them.
    command.option("--verbose", "print the stack of an error");
    // What exec prints is the other command's own.
    if (command.name() !== "exec") command.option("--json", "print the result as JSON");
  }
  for (const command of [program, ...program.commands, ...sandbox.commands]) {
    command.exitOverride();
  }
  return program;
}

/** What is shown of an error; for a full disk the remedy, because the system call's words name only a file. */
function messageOf(error: unknown): string {
  const { code, path } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return `the disk is full${path === undefined ? "" : ` (${path} could not be written)`}: free some space and try again`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Runs the command line and resolves with the exit code. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const program = buildProgram();
  try {
    await program.parseAsync(argv, { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version end this way too, with code 0; what is wrong has been printed.
      return error.exitCode === 0 ? 0 : 2;
    }
    const message = messageOf(error);
    process.stderr.write(`roadnet: ${message}\n`);
    if (argv.includes("--verbose") && error instanceof Error) {
      process.stderr.write(`${error.stack ?? ""}\n`);
    }
    return error instanceof SandboxError || error instanceof SetupError ? error.exitCode : 1;
  }
}
