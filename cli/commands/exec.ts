import type { Command } from "commander";
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { engineEnvironment, operatorCommand } from "../../sandbox/engine.ts";
import { findLeader } from "../../sandbox/hosts/exec.ts";
import { requireMode, SandboxError, type SandboxMode } from "../../sandbox/mode.ts";
import { namespaceName, sandboxPaths, type SandboxPaths } from "../../sandbox/paths.ts";
import { namespaceRoles } from "../../sandbox/status.ts";
import { titledMachines } from "../../sandbox/titles.ts";

const examples = `
Without --in the command runs where Pulumi runs: in the operator's namespace, with the engine's environment, in the
folder of the sandbox's project. Its exit code is the command's.

Examples:
  roadnet sandbox exec -- pulumi preview
  roadnet sandbox exec --in lucidia -- wg show
  roadnet sandbox exec --in us-west/api-1 -- systemctl --failed
  roadnet sandbox exec --in inet -- ip route`;

interface Place {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string | undefined;
}

/** A command's way into a machine (by title or name), a namespace by its role, or a bare machine's namespace. */
async function findPlace(
  where: string,
  command: readonly string[],
  { packets }: SandboxMode,
  paths: SandboxPaths,
): Promise<Place> {
  if (!packets) {
    throw new SandboxError(
      `This sandbox was made without packets, so it has no machines and no namespaces: the files of each host are in ${paths.rendered}/by-name.`,
      2,
    );
  }
  const machines = await titledMachines(paths);
  const machine = machines.find(({ name, title }) => name === where || title === where);
  const leader = findLeader(machine?.name ?? where, paths);
  const machineEnvironment = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    LANG: "C.UTF-8",
    TERM: process.env.TERM ?? "dumb",
  };
  if (leader !== undefined) {
    const enter = [
      "nsenter",
      `--target=${leader}`,
      "--mount",
      "--uts",
      "--ipc",
      "--net",
      "--pid",
      "--cgroup",
    ];
    return { command: [...enter, ...command], env: machineEnvironment, cwd: "/" };
  }
  const roles = namespaceRoles(paths);
  const role = [where, `h-${where}`].find((name) => roles.includes(name));
  if (role === undefined) {
    const others = roles.filter((each) => !machines.some(({ name }) => each === `h-${name}`));
    const known = [...machines.map(({ title }) => title), ...others].join(", ");
    throw new SandboxError(
      `The sandbox has no machine and no namespace ${where}${known === "" ? "; nothing of it runs" : `; it has ${known}`}.`,
      2,
    );
  }
  const enter = ["ip", "netns", "exec", namespaceName(role, paths.root)];
  return { command: [...enter, ...command], env: process.env, cwd: undefined };
}

async function runThere({ command, env, cwd }: Place): Promise<number> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: "inherit", env, cwd });
  // Ctrl-C reaches the whole group of the terminal; the command decides what it means.
  process.on("SIGINT", () => undefined);
  return await new Promise((resolve, reject) => {
    child.once("error", (error) => {
      reject(new SandboxError(`${program} could not be started: ${error.message}.`, 2));
    });
    child.once("close", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

export function addExec(parent: Command): void {
  parent
    .command("exec")
    .argument("<command...>", "after --, the command and its arguments")
    .description("run a command in the sandbox")
    .option(
      "--in <where>",
      "a machine (us-west/api-1) or a namespace by its role (inet); the operator's by default",
    )
    .passThroughOptions()
    .addHelpText("after", examples)
    .action(async (words: string[], options: { in?: string }) => {
      const paths = sandboxPaths();
      const mode = requireMode(paths);
      const place =
        options.in === undefined
          ? { command: operatorCommand(words, paths), env: engineEnvironment(paths), cwd: paths.project }
          : await findPlace(options.in, words, mode, paths);
      process.exitCode = await runThere(place);
    });
}
