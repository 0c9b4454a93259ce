/**
 * Starts, finds and ends the sandbox's services. They are started detached and belong to nobody: whoever comes next
 * finds them by their records (see service.ts).
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inNamespace } from "./fabric/life.ts";
import { SandboxError } from "./mode.ts";
import { sandboxPaths, type SandboxPaths, type ServiceName } from "./paths.ts";
import { findService, forgetService, processStartTicks, type ServiceRecord } from "./service.ts";

export const serviceNames: readonly ServiceName[] = [
  "aws",
  "cloudflare",
  "internet",
  "edge",
  "resolver",
  "fabric",
];

export interface ServiceStart {
  readonly name: ServiceName;
  /** The file that Node.js runs. */
  readonly main: string;
  readonly args?: readonly string[];
  /** Role of the network namespace that it runs in (`ctl`); the machine's own where it is left out. */
  readonly role?: string;
  /** How long it may take to announce itself. */
  readonly timeoutSeconds: number;
}

interface StartedProcess {
  readonly pid: number;
  readonly startTicks: number;
}

/** Written when a service is started and removed when it is ready: what a start that was killed leaves to end. */
function startingFile(paths: SandboxPaths, name: ServiceName): string {
  return join(paths.run, `${name}.starting`);
}

function logFile(paths: SandboxPaths, name: ServiceName): string {
  return join(paths.log, `${name}.log`);
}

/** What a log file gained since it was `from` bytes long, its last lines. */
function logTail(file: string, from: number, lines = 12): string {
  const text = readFileSync(file).subarray(from).toString("utf8").trim();
  return text.split("\n").slice(-lines).join("\n");
}

/**
 * Makes sure that a service runs: finds it, or starts it and waits until it says that it is ready. One that crashed
 * is started anew.
 *
 * @throws {SandboxError} with the end of its log if it ends, or is not ready in time
 */
export async function startService(
  start: ServiceStart,
  paths: SandboxPaths = sandboxPaths(),
): Promise<{ readonly record: ServiceRecord; readonly started: boolean }> {
  const { name } = start;
  const running = findService(name, paths);
  if (running !== undefined) {
    return { record: running, started: false };
  }
  await endStarting(name, paths);
  forgetService(name, paths);
  mkdirSync(paths.log, { recursive: true, mode: 0o700 });
  mkdirSync(paths.run, { recursive: true, mode: 0o700 });
  const log = openSync(logFile(paths, name), "a", 0o600);
  const logStart = statSync(logFile(paths, name)).size;
  // Not `ip netns exec`: that gives a mount namespace too, in which the fabric's namespaces would stay hidden.
  const prefix = start.role === undefined ? [] : inNamespace(start.role, paths.root);
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", start.main, ...(start.args ?? [])];
  const [program = "", ...args] = [...prefix, ...node];
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: paths.root,
    env: { ...process.env, ROADNET_SANDBOX_DIR: paths.root },
  });
  closeSync(log);
  const outcome = { failure: undefined as string | undefined };
  child.once("error", (error) => (outcome.failure = error.message));
  child.once(
    "exit",
    (code, signal) => (outcome.failure ??= `it ended with ${signal ?? `code ${code ?? "?"}`}`),
  );
  child.unref();
  if (child.pid !== undefined) {
    const self: StartedProcess = { pid: child.pid, startTicks: processStartTicks(child.pid) ?? 0 };
    writeFileSync(startingFile(paths, name), JSON.stringify(self));
  }
  const deadline = Date.now() + start.timeoutSeconds * 1000;
  for (;;) {
    const record = findService(name, paths);
    if (record !== undefined) {
      rmSync(startingFile(paths, name), { force: true });
      return { record, started: true };
    }
    const late = Date.now() > deadline ? `it was not ready after ${start.timeoutSeconds} s` : undefined;
    const failure = outcome.failure ?? late;
    if (failure !== undefined) {
      await endStarting(name, paths);
      throw new SandboxError(
        `The sandbox's ${name} service did not start: ${failure}. Its log (${logFile(paths, name)}) ends with:\n${logTail(logFile(paths, name), logStart)}`,
      );
    }
    await sleep(50);
  }
}

/** Ends a process by id: first politely, then for certain. Resolves once it is gone. */
export async function endProcess(target: StartedProcess, politeSeconds = 10): Promise<void> {
  const alive = (): boolean => processStartTicks(target.pid) === target.startTicks;
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(target.pid, name);
    } catch {
      // It has ended in between.
    }
  };
  const waitUntilGone = async (seconds: number): Promise<boolean> => {
    const deadline = Date.now() + seconds * 1000;
    while (alive() && Date.now() < deadline) {
      await sleep(30);
    }
    return !alive();
  };
  if (!alive()) {
    return;
  }
  signal("SIGTERM");
  if (await waitUntilGone(politeSeconds)) {
    return;
  }
  signal("SIGKILL");
  if (!(await waitUntilGone(10))) {
    throw new SandboxError(
      `Process ${target.pid} does not end, not even when killed; it may hang in the kernel.`,
    );
  }
}

async function endStarting(name: ServiceName, paths: SandboxPaths): Promise<void> {
  const file = startingFile(paths, name);
  try {
    await endProcess(JSON.parse(readFileSync(file, "utf8")) as StartedProcess);
  } catch (error) {
    if (error instanceof SandboxError) {
      throw error;
    }
    // There is no such record, or it was cut short by a crash, before which nothing had been started.
  }
  rmSync(file, { force: true });
}

/** Ends a service, also one that is still starting; resolves with whether there was one. */
export async function stopService(name: ServiceName, paths: SandboxPaths = sandboxPaths()): Promise<boolean> {
  const record = findService(name, paths);
  if (record !== undefined) {
    await endProcess(record);
  }
  await endStarting(name, paths);
  forgetService(name, paths);
  return record !== undefined;
}

/** Logs of the sandbox by name: services, machines' consoles and the engine. */
export function logNames(paths: SandboxPaths = sandboxPaths()): readonly string[] {
  try {
    const files = readdirSync(paths.log).filter((name) => name.endsWith(".log"));
    return files.map((name) => name.slice(0, -".log".length)).sort();
  } catch {
    return [];
  }
}
