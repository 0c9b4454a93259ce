/**
 * Runs the real Pulumi engine on the sandbox's project: with the environment that docs/architecture.md lists and
 * nothing else of the caller's, so that no credential of a real account can get in.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { listenForEvents } from "./engine-events.ts";
import { agentSocket } from "./hosts/keys.ts";
import { requireMode, SandboxError } from "./mode.ts";
import { namespaceName, sandboxPaths, type SandboxPaths } from "./paths.ts";
import { findService } from "./service.ts";
import { loadCredentials } from "./services/cloudflare/credentials.ts";

/** The one stack of a sandbox's project. */
export const stackName = "sandbox";

/** Cloudflare's API on the sandbox's internet. */
const cloudflareAddress = "http://192.0.2.4";

/** Where Node.js keeps what it has compiled, for the program and the stand-ins: they load in two thirds of the time. */
const compileCache = resolve(import.meta.dirname, "..", "node_modules", ".cache", "node-compile");

/** What of the caller's environment the engine sees: how to find programs and how to print. */
const inherited = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TERM", "TMPDIR", "NO_COLOR", "NODE_OPTIONS"];

export function passphraseFile(paths: SandboxPaths): string {
  return join(paths.keys, "passphrase");
}

/** Whether there is a passphrase, and not an empty file. */
export function hasPassphrase(paths: SandboxPaths): boolean {
  return (statSync(passphraseFile(paths), { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Makes the passphrase of the stack's secrets, readable by its owner alone, if there is none. */
export function preparePassphrase(paths: SandboxPaths): void {
  const file = passphraseFile(paths);
  if (hasPassphrase(paths)) {
    return;
  }
  rmSync(file, { force: true });
  mkdirSync(paths.keys, { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, randomBytes(32).toString("base64url"), { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  } finally {
    rmSync(draft);
  }
}

function cloudflareBaseUrl(paths: SandboxPaths, packets: boolean): string {
  if (packets) {
    return `${cloudflareAddress}/client/v4`;
  }
  const url = findService("cloudflare", paths)?.details.baseUrl;
  if (typeof url !== "string") {
    throw new SandboxError("The sandbox's cloudflare service is not running: run `npm start` first.");
  }
  return url;
}

/** The engine's whole environment. The services must be running, because one of them tells its port. */
export function engineEnvironment(
  paths: SandboxPaths = sandboxPaths(),
  { packets } = requireMode(paths),
): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const name of inherited) {
    if (process.env[name] !== undefined) {
      environment[name] = process.env[name];
    }
  }
  return {
    ...environment,
    PULUMI_HOME: paths.pulumiHome,
    PULUMI_BACKEND_URL: `file://${paths.state}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile(paths),
    PULUMI_STACK: stackName,
    PULUMI_SKIP_UPDATE_CHECK: "1",
    // Without it the CLI has no --event-log.
    PULUMI_DEBUG_COMMANDS: "1",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
    NODE_COMPILE_CACHE: compileCache,
    ROADNET_SANDBOX_DIR: paths.root,
    CLOUDFLARE_BASE_URL: cloudflareBaseUrl(paths, packets),
    CLOUDFLARE_API_TOKEN: loadCredentials(paths).apiToken,
    ...(packets ? { SSH_AUTH_SOCK: agentSocket(paths) } : paperEnvironment(paths)),
  };
}

/** Hosts made of files, and an ssh(1) that reaches them. */
function paperEnvironment(paths: SandboxPaths): NodeJS.ProcessEnv {
  const programs = join(import.meta.dirname, "providers", "command", "paper-operator");
  return {
    ROADNET_PAPER_HOSTS: paths.rendered,
    ROADNET_NODE: process.execPath,
    PATH: `${programs}:${process.env.PATH ?? ""}`,
  };
}

/** A command line that runs `command` where the engine runs: in the operator's namespace, if there are packets. */
export function operatorCommand(
  command: readonly string[],
  paths: SandboxPaths = sandboxPaths(),
  { packets } = requireMode(paths),
): readonly string[] {
  return packets ? ["ip", "netns", "exec", namespaceName("op", paths.root), ...command] : command;
}

export interface RunPulumiOptions {
  readonly paths?: SandboxPaths;
  /** How the sandbox was made, where the caller knows. */
  readonly packets?: boolean;
  /** Called with every event of the engine while it runs (`up`, `preview`, `refresh`, `destroy` only). */
  readonly onEvent?: (event: EngineEvent) => void;
  /** Called once with the id of the process that is the engine, for tests that kill it. */
  readonly onStart?: (pid: number) => void;
  /** After this many seconds the engine is killed; an hour by default. */
  readonly timeoutSeconds?: number;
  /** Added to the engine's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs; the sandbox's project by default. */
  readonly cwd?: string;
}

export interface PulumiResult {
  /** The exit code; -1 where a signal ended it. */
  readonly exitCode: number;
  /** The signal that ended it, such as `SIGKILL`. */
  readonly signal?: NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `pulumi` with these arguments on the sandbox's stack, to its end. A failure is a result, not an exception.
 *
 * @throws {SandboxError} if there is no sandbox, its services are down, or there is no `pulumi` on PATH
 */
export async function runPulumi(
  args: readonly string[],
  options: RunPulumiOptions = {},
): Promise<PulumiResult> {
  const paths = options.paths ?? sandboxPaths();
  const mode = options.packets === undefined ? requireMode(paths) : { packets: options.packets };
  const { onEvent } = options;
  mkdirSync(paths.run, { recursive: true, mode: 0o700 });
  const events = onEvent === undefined ? undefined : await listenForEvents(paths, onEvent);
  const eventArgs = events === undefined ? [] : ["--event-log", events.target];
  const [program = "", ...rest] = operatorCommand(
    ["pulumi", ...args, "--non-interactive", ...eventArgs],
    paths,
    mode,
  );
  const child = spawn(program, rest, {
    cwd: options.cwd ?? paths.project,
    env: { ...engineEnvironment(paths, mode), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: (options.timeoutSeconds ?? 3600) * 1000,
    killSignal: "SIGKILL",
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  }
  const ended = new Promise<Pick<PulumiResult, "exitCode" | "signal">>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const missing = error.code === "ENOENT";
      reject(missing ? new SandboxError(`There is no \`${program}\` on PATH: run \`npm start\`.`) : error);
    });
    child.once("close", (code, signal) => {
      resolve({ exitCode: code ?? -1, ...(signal === null ? {} : { signal }) });
    });
  });
  if (child.pid !== undefined) {
    options.onStart?.(child.pid);
  }
  try {
    return { ...(await ended), ...output };
  } finally {
    await events?.close();
  }
}

/**
 * Like {@link runPulumi}, where anything but success is an error.
 *
 * @returns what it printed on its standard output
 * @throws {SandboxError} with what it printed last
 */
export async function mustRunPulumi(
  args: readonly string[],
  options: RunPulumiOptions = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await runPulumi(args, options);
  if (exitCode !== 0) {
    const tail = `${stdout}\n${stderr}`.trim().split("\n").slice(-15).join("\n");
    throw new SandboxError(`\`pulumi ${args.join(" ")}\` failed with exit code ${exitCode}:\n${tail}`);
  }
  return stdout;
}
