/** `roadnet`: the network and its sandbox from the command line. Each command has a file of its own. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { SetupError } from "../scripts/lib/progress.mjs";
import { SandboxError } from "../sandbox/mode.ts";

type Add = (parent: Command) => void;

/**
 * A module for each command, in the order of the help. Only the one that is typed is loaded: together they take longer
 * than an answer.
 */
const commands: Readonly<Record<string, () => Promise<Add>>> = {
  sandbox: async () => (await import("./commands/sandbox.ts")).addSandbox,
  verify: async () => (await import("./commands/verify.ts")).addVerify,
  why: async () => (await import("./commands/why.ts")).addWhy,
  diff: async () => (await import("./commands/diff.ts")).addDiff,
  map: async () => (await import("./commands/map.ts")).addMap,
  guard: async () => (await import("./commands/guard.ts")).addGuard,
  recover: async () => (await import("./commands/recover.ts")).addRecover,
  image: async () => (await import("./commands/image.ts")).addImage,
};

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
  roadnet map --out /tmp/map.html            draw the network, with ways through it
  roadnet image edge-home/lucidia --stack prod --output /media/me/bootfs
  roadnet sandbox down                       end everything`;

function version(): string {
  const file = join(import.meta.dirname, "..", "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/** Options that people also put behind a command's name, or behind that of its group. */
function addSharedOptions(command: Command): void {
  command.option("--verbose", "print the stack of an error");
  // What exec prints is the other command's own.
  if (command.name() !== "exec") command.option("--json", "print the result as JSON");
  for (const below of command.commands) addSharedOptions(below);
}

function throwErrors(command: Command): void {
  command.exitOverride();
  for (const below of command.commands) throwErrors(below);
}

/**
 * The command line.
 * @param name the one command that is to be in it; all where there is none of that name
 */
export async function buildProgram(name?: string): Promise<Command> {
  const program = new Command("roadnet")
    .description("BlackRoad's network: its sandbox, checks and repairs")
    .version(version())
    .option("--json", "print the result as JSON")
    .option("--verbose", "print the stack of an error")
    .enablePositionalOptions()
    .showHelpAfterError("(roadnet --help shows what there is)")
    .addHelpText("after", footer);
  const one = name === undefined || !Object.hasOwn(commands, name) ? undefined : commands[name];
  const loaded = await Promise.all(
    (one === undefined ? Object.values(commands) : [one]).map((load) => load()),
  );
  for (const add of loaded) add(program);
  for (const command of program.commands) addSharedOptions(command);
  throwErrors(program);
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
  // The program's own options take no value: what is first without a hyphen is the command.
  const program = await buildProgram(argv.find((word) => !word.startsWith("-")));
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
