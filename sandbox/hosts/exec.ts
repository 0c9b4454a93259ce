/** Running a program inside a machine, past its network: for readiness checks, tests and repairs. */
import { readFileSync } from "node:fs";
import { sandboxPaths, type SandboxPaths } from "../paths.ts";
import { groupMembers } from "./cgroups.ts";
import { machineGroup } from "./folders.ts";
import { run, type RunResult } from "./run.ts";

export interface ExecOptions {
  /** Standard input of the program; empty by default. */
  readonly stdin?: string | Buffer | undefined;
  /** After this many seconds the program is killed and the call fails; 30 by default. */
  readonly timeoutSeconds?: number | undefined;
}

/** The id, outside, of the machine's first process (its systemd); `undefined` where there is none yet or any more. */
export function findLeader(name: string, paths: SandboxPaths = sandboxPaths()): number | undefined {
  return groupMembers(machineGroup(name, paths)).find((pid) => isFirstProcess(pid));
}

/** Whether a process is number 1 of the innermost process id namespace that it is in. */
function isFirstProcess(pid: number): boolean {
  try {
    const ids = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]?.split(/\s+/);
    return ids !== undefined && ids.length > 1 && ids.at(-1) === "1";
  } catch {
    return false;
  }
}

/**
 * Runs a program as root in a running machine, in all of its namespaces, and resolves with whatever exit code it
 * had.
 *
 * @throws if the machine does not run, or the program has not ended in time.
 */
export async function execInMachine(
  name: string,
  argv: readonly string[],
  options: ExecOptions = {},
  paths: SandboxPaths = sandboxPaths(),
): Promise<RunResult> {
  const leader = findLeader(name, paths);
  if (leader === undefined) throw new Error(`machine ${name} does not run`);
  return await execIn(leader, name, argv, options);
}

/** As {@link execInMachine}, where the machine's first process is already known. */
export async function execIn(
  leader: number,
  name: string,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<RunResult> {
  const seconds = options.timeoutSeconds ?? 30;
  const enter = ["nsenter", `--target=${leader}`, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"];
  const environment = [
    "env",
    "--ignore-environment",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LANG=C.UTF-8",
    "TERM=dumb",
  ];
  // The limit is kept inside: killing nsenter from outside would leave the program behind.
  const limit = ["timeout", "--kill-after=1", "--signal=TERM", String(seconds)];
  const result = await run([...enter, ...environment, ...limit, ...argv], {
    stdin: options.stdin,
    timeoutSeconds: seconds + 5,
  });
  if (result.exitCode === 124 || result.exitCode === 137) {
    throw new Error(`${name}: ${argv.join(" ").slice(0, 200)} had not ended after ${seconds} s`);
  }
  return result;
}
