/** A real systemd host with reef-agent on it, documents for it, and what tests ask of it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { hostPublicKeyFile } from "../../sandbox/hosts/keys.ts";
import { startMachine, type Machine } from "../../sandbox/hosts/machine.ts";
import { runOrThrow, type RunResult } from "../../sandbox/hosts/run.ts";
import { addresses, inMachine, machine, paths, root, setUp, ssh } from "./hosts-bed.ts";

export const host = "pi-b";
export const agentPath = "/usr/local/sbin/reef-agent";
const edge = join(import.meta.dirname, "../../edge");

export interface DocumentFile {
  readonly path: string;
  readonly mode: string;
  readonly owner: string;
  readonly content: string;
  readonly sha256: string;
  readonly secret?: boolean;
}

export interface Outcome {
  readonly generation: number;
  readonly changed: boolean;
  readonly token?: string;
  readonly units?: readonly string[];
}

export interface Status {
  readonly generation: number;
  readonly phase: string;
  readonly drift: readonly { readonly part: string; readonly name: string; readonly how: string }[];
  readonly couldNotCheck?: readonly string[];
}

export function file(path: string, content: string | Buffer, mode = "0644"): DocumentFile {
  const bytes = Buffer.from(content);
  return {
    path,
    mode,
    owner: "root:root",
    content: bytes.toString("base64"),
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
}

/** A table that lets the operator in, or that lets nobody in. */
export function table(open: boolean, comment: string): unknown {
  const rule = open ? "tcp dport 22 accept" : "tcp dport 22 drop";
  return {
    family: "inet",
    table: "reef",
    rules: `# ${comment}\nchain input {\n\ttype filter hook input priority filter; policy accept;\n\t${rule}\n}`,
  };
}

export const clockUnit = (word: string, before = ""): string => `[Unit]
Description=Says ${word}

[Service]
${before}ExecStart=/bin/sh -c 'cat /etc/saying > /run/said; exec sleep infinity'

[Install]
WantedBy=multi-user.target
`;

export function document(word: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    format: "reef-generation/1",
    host: "test/pi-b",
    confirmSeconds: 300,
    management: [{ name: "lan", address: addresses[host] }],
    files: [
      file("/etc/saying", `${word}\n`),
      file("/etc/systemd/system/saying.service", clockUnit("something")),
    ],
    sysctls: { "net.ipv4.ip_forward": "1" },
    nftables: table(true, word),
    services: [{ unit: "saying.service", restart: ["/etc/saying"] }],
    ...more,
  };
}

export async function agent(args: readonly string[], stdin = "", timeoutSeconds = 120): Promise<RunResult> {
  return await execInMachine(host, [agentPath, ...args], { stdin, timeoutSeconds }, paths);
}

export async function apply(content: Record<string, unknown>): Promise<Outcome> {
  const result = await agent(["apply", "--json"], JSON.stringify(content));
  if (result.exitCode !== 0) throw new Error(`apply: ${result.exitCode}: ${result.stderr}`);
  return JSON.parse(result.stdout) as Outcome;
}

export async function status(): Promise<Status> {
  const result = await agent(["status", "--json"]);
  if (result.exitCode !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout) as Status;
}

export async function overSsh(command: string): Promise<RunResult> {
  const pin = readFileSync(hostPublicKeyFile(host, paths), "utf8").trim();
  return await ssh("keeper", host, pin, command);
}

export async function confirmOverSsh(outcome: Outcome): Promise<void> {
  const result = await overSsh(`sudo ${agentPath} confirm ${outcome.token ?? ""} --path lan`);
  expect(result).toMatchObject({ exitCode: 0, stdout: `Generation ${outcome.generation} is committed.\n` });
}

/** What of a generation is in force: the word of its file, of its running unit and of its packet rules. */
export async function inForce(): Promise<string> {
  return await inMachine(
    host,
    "cat /etc/saying /run/said; nft list table inet reef | grep -c accept; systemctl is-active saying; sysctl -n net.ipv4.ip_forward",
  );
}

export const saying = (word: string): string => `${word}\n${word}\n2\nactive\n1`;

export async function build(version: string): Promise<Buffer> {
  const output = join(root, `reef-agent-${version}`);
  const flags = `-s -w -X main.version=${version}`;
  await runOrThrow([
    ...["env", "CGO_ENABLED=0", "go", "-C", edge, "build", "-trimpath"],
    ...["-ldflags", flags, "-o", output, "./cmd/reef-agent"],
  ]);
  return readFileSync(output);
}

export async function install(binary: Buffer): Promise<void> {
  const put = `cat > ${agentPath}.put && chmod 755 ${agentPath}.put && mv ${agentPath}.put ${agentPath}`;
  const result = await execInMachine(host, ["sh", "-euc", put], { stdin: binary }, paths);
  expect(result).toMatchObject({ exitCode: 0 });
}

/** The host, with version 1 of the agent. */
export async function setUpAgent(): Promise<Machine> {
  await setUp();
  const pi = machine(host, "pi", { user: "keeper" });
  await startMachine(pi, paths);
  await install(await build("1"));
  return pi;
}
