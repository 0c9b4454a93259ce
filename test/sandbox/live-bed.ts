/** The running sandbox's stack, changed and looked at by tests: its configuration, its engine and all of its hosts. */
import { readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isMap, parseDocument, type Document } from "yaml";
import type { HostPlan } from "../../components/plan/model.ts";
import { askService } from "../../sandbox/ask.ts";
import { runPulumi, stackName } from "../../sandbox/engine.ts";
import { machineFolders } from "../../sandbox/hosts/folders.ts";
import { killMachine, type Machine } from "../../sandbox/hosts/machine.ts";
import { runOrThrow } from "../../sandbox/hosts/run.ts";
import { sandboxPaths } from "../../sandbox/paths.ts";
import { planOf } from "../unit/plan/subject.ts";
import { onHost } from "./packets.ts";

export const paths = sandboxPaths();
export const hosts: readonly HostPlan[] = planOf("sandbox").hosts;

const configuration = join(paths.project, `Pulumi.${stackName}.yaml`);

export function readConfiguration(): string {
  return readFileSync(configuration, "utf8");
}

export function writeConfiguration(text: string): void {
  writeFileSync(configuration, text);
}

/** Sets values of the network's description, by their paths. */
export function configure(...changes: readonly (readonly [path: string, value: unknown])[]): void {
  const document: Document = parseDocument(readConfiguration());
  const network = ["config", "blackroad-network:network"];
  if (!isMap(document.getIn(network))) throw new Error(`${configuration} describes no network`);
  for (const [path, value] of changes) document.setIn([...network, ...path.split(" ")], value);
  writeConfiguration(document.toString());
}

export interface EngineRun {
  readonly exitCode: number;
  readonly output: string;
  /** What was or would be done, by the resource's name; what stays the same left out. */
  readonly steps: Readonly<Record<string, string>>;
}

export async function pulumi(...args: readonly string[]): Promise<EngineRun> {
  const steps: Record<string, string> = {};
  const { exitCode, stdout, stderr } = await runPulumi([...args, "--color", "never"], {
    paths,
    timeoutSeconds: 600,
    onEvent: ({ resourcePreEvent }) => {
      const { op = "same", urn = "" } = (resourcePreEvent?.metadata ?? {}) as { op?: string; urn?: string };
      // Of a replacement its last step is told: `replace`.
      if (op !== "same") steps[urn.split("::").at(-1) ?? urn] = op;
    },
  });
  return { exitCode, output: `${stdout}\n${stderr}`, steps };
}

async function succeed(...args: readonly string[]): Promise<EngineRun> {
  const run = await pulumi(...args);
  if (run.exitCode !== 0)
    throw new Error(`pulumi ${args.join(" ")} ended with ${run.exitCode}:\n${run.output}`);
  return run;
}

export async function up(): Promise<EngineRun> {
  return await succeed("up", "--yes", "--skip-preview", "--suppress-outputs");
}

export async function preview(): Promise<EngineRun> {
  return await succeed("preview", "--suppress-outputs");
}

/**
 * A machine of the same name and host key with an empty disk, as a card that was written anew. Its network namespace
 * outlives it, with what it had told the kernel.
 */
export async function setUpAnew(name: string): Promise<void> {
  const { record } = machineFolders(name, paths);
  const { machine } = JSON.parse(readFileSync(record, "utf8")) as { readonly machine: Machine };
  await killMachine(name, paths);
  await rm(record);
  await runOrThrow(["ip", "netns", "exec", machine.namespace, "nft", "flush", "ruleset"]);
}

/** Resolves when all machines run that should. */
export async function machinesRun(): Promise<void> {
  await askService("fabric", "POST", "/reconcile?wait&machines", undefined, paths);
}

export async function tell(host: string, script: string): Promise<string> {
  const { exitCode, output } = await onHost(host, ["sh", "-euc", script]);
  if (exitCode !== 0) throw new Error(`${host}: ${script} ended with ${exitCode}: ${output}`);
  return output.trim();
}

/** What would tell that something was done on a host. */
export interface Fingerprint {
  /** When each unit of the generation was started, as its invocation, by the unit. */
  readonly units: Readonly<Record<string, string>>;
  /** Inode and times of each managed file. */
  readonly files: Readonly<Record<string, string>>;
  /** The committed generation, and when the agent has written down anything. */
  readonly generation: string;
}

const derived = [
  "/etc/reef-agent/table.nft",
  "/etc/wireguard/wg0.conf",
  "/etc/sysctl.d/90-reef-agent.conf",
  "/usr/local/sbin/reef-agent",
];

function parsed(lines: string): Record<string, string> {
  return Object.fromEntries(
    lines
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]),
  );
}

async function fingerprintOf({ key, generation }: HostPlan): Promise<Fingerprint> {
  const units = [
    ...generation.services.map(({ unit }) => unit),
    "reef-agent-table.service",
    ...generation.tunnels.map((tunnel) => `wg-quick@${tunnel.interface}.service`),
  ];
  const certificates = generation.certificates.map(({ keyPath }) => keyPath);
  const files = [...generation.files.map(({ path }) => path), ...certificates, ...derived];
  const said = await tell(
    key,
    `for unit in ${units.join(" ")}; do echo "$unit $(systemctl show --property InvocationID --value "$unit")"; done
     echo ---
     stat --format '%n %i %y %z' ${files.join(" ")} 2>/dev/null || true
     echo ---
     cat /var/lib/reef-agent/current; stat --format '%y' /var/lib/reef-agent/journal`,
  );
  const [unitLines = "", fileLines = "", generationLines = ""] = said.split("---\n");
  return { units: parsed(unitLines), files: parsed(fileLines), generation: generationLines };
}

/** Of all hosts, by key. */
export async function fingerprints(): Promise<Readonly<Record<string, Fingerprint>>> {
  const all = await Promise.all(hosts.map(async (host) => [host.key, await fingerprintOf(host)] as const));
  return Object.fromEntries(all);
}

/** What differs between two looks at all hosts: `HOST unit nginx.service`, `HOST file /etc/hosts`, `HOST generation`. */
export function differences(
  before: Readonly<Record<string, Fingerprint>>,
  after: Readonly<Record<string, Fingerprint>>,
): string[] {
  return Object.entries(before).flatMap(([host, was]) => {
    const is = after[host];
    const changed = (what: "unit" | "file"): string[] => {
      const [old, now = {}] = [was[`${what}s`], is?.[`${what}s`]];
      const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
      return names.filter((name) => old[name] !== now[name]).map((name) => `${host} ${what} ${name}`);
    };
    const generation = was.generation === is?.generation ? [] : [`${host} generation`];
    return [...changed("unit"), ...changed("file"), ...generation].sort();
  });
}
