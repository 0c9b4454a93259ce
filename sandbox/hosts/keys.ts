/**
 * The operator's SSH key with the agent that holds it, and the host keys of the Pis.
 *
 * The operator's private key is in `keys/` and in the agent, a Pi's private host key in that Pi's own layer; nothing
 * else of the sandbox reads either.
 */
import { existsSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sandboxPaths, type SandboxPaths } from "../paths.ts";
import { machineFolders } from "./folders.ts";
import { identify, isAlive, signalProcess, waitUntil, type ProcessIdentity } from "./processes.ts";
import { runOrThrow } from "./run.ts";

/** Where a Pi's host key lies in its own file system. */
const hostKeyPath = "etc/ssh/ssh_host_ed25519_key";

/** The kernel's limit on the path of a unix socket, in bytes. */
const socketPathLimit = 107;

export function operatorPublicKeyFile(paths: SandboxPaths = sandboxPaths()): string {
  return join(paths.keys, "operator_ed25519.pub");
}

/** A Pi's public host key: `ssh-ed25519 AAAA… NAME`. */
export function hostPublicKeyFile(name: string, paths: SandboxPaths = sandboxPaths()): string {
  return join(paths.keys, `${name}_host.pub`);
}

export function agentSocket(paths: SandboxPaths = sandboxPaths()): string {
  return join(paths.run, "agent.sock");
}

/**
 * Makes what is absent: the operator's key (`keys/operator_ed25519`), and for each named Pi a host key, whose public
 * half goes to `keys/<name>_host.pub` and whose private half goes nowhere but into that Pi's layer.
 */
export async function prepareKeys(
  piNames: readonly string[],
  paths: SandboxPaths = sandboxPaths(),
): Promise<void> {
  await mkdir(paths.keys, { recursive: true, mode: 0o700 });
  const operatorKey = join(paths.keys, "operator_ed25519");
  if (!existsSync(operatorKey) || !existsSync(`${operatorKey}.pub`)) {
    await generateKey(operatorKey, "operator@sandbox");
  }
  for (const name of piNames) await prepareHostKey(name, paths);
}

async function prepareHostKey(name: string, paths: SandboxPaths): Promise<void> {
  const privateKey = join(machineFolders(name, paths).upper, hostKeyPath);
  const publicKey = hostPublicKeyFile(name, paths);
  if (!existsSync(privateKey) || !existsSync(`${privateKey}.pub`)) {
    await mkdir(dirname(privateKey), { recursive: true });
    await generateKey(privateKey, name);
  }
  if (!existsSync(publicKey) || !readFileSync(publicKey).equals(readFileSync(`${privateKey}.pub`))) {
    await copyFile(`${privateKey}.pub`, `${publicKey}.new`);
    await rename(`${publicKey}.new`, publicKey);
  }
}

/** Writes an ED25519 key pair without a passphrase; a half-written pair is replaced. */
async function generateKey(file: string, comment: string): Promise<void> {
  await rm(`${file}.new`, { force: true });
  await rm(`${file}.new.pub`, { force: true });
  await runOrThrow(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", `${file}.new`]);
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new.pub`, `${file}.pub`);
  await rename(`${file}.new`, file);
}

/**
 * Starts an ssh-agent that holds the operator's key, unless one runs; resolves with its socket, the value for
 * `SSH_AUTH_SOCK`.
 */
export async function startAgent(paths: SandboxPaths = sandboxPaths()): Promise<string> {
  const socket = agentSocket(paths);
  if (Buffer.byteLength(socket) > socketPathLimit) {
    throw new Error(`${socket} is too long for a unix socket; set ROADNET_SANDBOX_DIR to a shorter folder`);
  }
  await prepareKeys([], paths);
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  const running = readAgentRecord(paths);
  if (running === undefined || !isAlive(running) || !existsSync(socket)) {
    await stopAgent(paths);
    await mkdir(paths.run, { recursive: true, mode: 0o700 });
    const output = await runOrThrow(["ssh-agent", "-s", "-a", socket], { timeoutSeconds: 10 });
    const pid = /SSH_AGENT_PID=(\d+)/.exec(output)?.[1];
    if (pid === undefined) throw new Error("ssh-agent did not tell its process id");
    const file = agentRecordFile(paths);
    await writeFile(`${file}.new`, JSON.stringify(identify(Number(pid))));
    await rename(`${file}.new`, file);
  }
  await runOrThrow(["ssh-add", "-q", join(paths.keys, "operator_ed25519")], { env, timeoutSeconds: 10 });
  return socket;
}

/** Ends the agent of this sandbox, if one runs. */
export async function stopAgent(paths: SandboxPaths = sandboxPaths()): Promise<void> {
  const agent = readAgentRecord(paths);
  if (agent !== undefined) {
    signalProcess(agent, "SIGTERM");
    if (!(await waitUntil(() => !isAlive(agent), 5))) signalProcess(agent, "SIGKILL");
  }
  await rm(agentRecordFile(paths), { force: true });
  await rm(agentSocket(paths), { force: true });
}

function agentRecordFile(paths: SandboxPaths): string {
  return join(paths.run, "agent.json");
}

function readAgentRecord(paths: SandboxPaths): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(agentRecordFile(paths), "utf8")) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
