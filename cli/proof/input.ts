/** Where the commands that prove get their network from: a stack's file, as the program would plan it. */
import type { Command } from "commander";
import { readFileSync, statSync } from "node:fs";
import { basename, isAbsolute, join, resolve } from "node:path";
import { parseNetworkConfig } from "../../components/config/parse.ts";
import { ConfigError, networkKey } from "../../components/config/problem.ts";
import { sources } from "../../components/config/sources.ts";
import type { NetworkConfig } from "../../components/config/schema.ts";
import type { NetworkPlan } from "../../components/plan/model.ts";
import { planNetwork } from "../../components/plan/plan.ts";
import type { Subject } from "../../components/proof/ask/answer.ts";
import { parseAddress } from "../../components/proof/sets/addresses.ts";
import { buildWorld } from "../../components/proof/world/build.ts";
import type { World } from "../../components/proof/world/model.ts";
import type { Aliases } from "../../components/proof/ask/endpoint.ts";
import type { Export } from "../../components/proof/describe/collect.ts";
import type { NotUnderstood } from "../../components/proof/describe/notes.ts";
import type { EphemeralPorts } from "../../components/proof/sets/traffic.ts";
import { SandboxError } from "../../sandbox/mode.ts";
import { checkout } from "../context.ts";
import type { LineTree } from "../lines.ts";
import {
  networkOfNobody,
  parseStackFile,
  readStackFile,
  type StackFile,
  type StandIn,
} from "../stack-file.ts";
import { parsePorts, readExport } from "./export.ts";
import { fileOfRevision } from "./revision.ts";

/** No packet's way depends on these. On the operator's networks it does: see {@link StackOrigin.unfilled}. */
const unneeded: readonly StandIn[] = ["hostKey", "authorizedKeys", "ami", "id", "role", "cidrs"];

/** The stack that a world was made from. */
export interface StackOrigin {
  readonly name: string;
  /** The value of `blackroad-network:network`, with stand-ins for what only the owner knows. */
  readonly network: unknown;
  readonly config: NetworkConfig;
  readonly plan: NetworkPlan;
  /** Paths that still say REPLACE-ME. What hangs on `operator.cidrs` cannot be answered. */
  readonly unfilled: readonly string[];
  readonly lines: LineTree;
  /** Line of the file on which the value at a path stands. */
  readonly lineOf: (path: string) => number | undefined;
}

/** The export that a world was made from. */
export interface DescribedOrigin {
  readonly export: Export;
  readonly clients: EphemeralPorts | undefined;
}

export interface OpenedWorld {
  readonly world: World;
  /** What it is, in a few words: `stack prod`. */
  readonly title: string;
  /** `undefined` for a network that no stack describes. */
  readonly stack: StackOrigin | undefined;
  /** Other names of hosts, such as ids of their network interfaces. */
  readonly aliases: Aliases;
  /** Where the network is one that AWS described, what of that was not understood. */
  readonly notUnderstood?: readonly NotUnderstood[];
  /** And what it was read from. */
  readonly described?: DescribedOrigin;
}

/** The same as the questions of the proof have it. */
export function subjectOf({ world, aliases, stack }: OpenedWorld): Subject {
  if (stack === undefined) return { world, aliases };
  const isOperatorKnown = !stack.unfilled.some((path) => path.startsWith("operator.cidrs"));
  return {
    world,
    aliases,
    editable: { stack: stack.name, network: stack.network, plan: stack.plan },
    lineOf: stack.lineOf,
    unknownOperator: isOperatorKnown ? undefined : parseAddress(networkOfNobody.replace(/\/32$/, "")),
  };
}

export interface InputOptions {
  readonly stack: string;
  /** A folder or file with what `aws ec2 describe-*` printed, in place of a stack. */
  readonly describe?: string | undefined;
  /** With it, where all clients open connections from: `32768-60999`. */
  readonly clientPorts?: string | undefined;
  /** The folder of the stack's file; this checkout's by default. */
  readonly cwd?: string | undefined;
}

/**
 * The network that AWS described.
 * @throws {SandboxError} with exit code 2 where that cannot be read
 */
export function openDescribed(path: string, clientPorts: string | undefined): OpenedWorld {
  const clients = clientPorts === undefined ? undefined : parsePorts(clientPorts);
  const { world, aliases, notUnderstood, export: described } = readExport(path, { clients });
  const title = `what AWS described in ${path}`;
  return {
    world,
    aliases,
    notUnderstood,
    title,
    stack: undefined,
    described: { export: described, clients },
  };
}

/** The options that name a network in place of a stack. */
export function addDescribeOptions(command: Command): Command {
  return command
    .option("--describe <path>", "a folder or file with what aws ec2 describe-* printed, in place of a stack")
    .option("--client-ports <from-to>", "with it, where clients open connections from, such as 1024-65535");
}

/** What the configuration's own rules refuse. */
export interface Refusal {
  readonly path: string;
  readonly line: number | undefined;
  readonly message: string;
  /** The platform's rule that is broken, and where it is stated; `undefined` for one of our own. */
  readonly rule: string | undefined;
  readonly source: string | undefined;
}

/** A stack's file that is refused: what is wrong with it is no verdict on the network. */
export class RefusedError extends SandboxError {
  readonly refusals: readonly Refusal[];

  /** @param file as people call it */
  constructor(file: string, refusals: readonly Refusal[]) {
    const count = refusals.length === 1 ? "1 problem" : `${refusals.length} problems`;
    const lines = refusals.flatMap(({ path, line, message, rule, source }) => [
      `  ${line === undefined ? path : `${file}:${line}: ${path}`}`,
      `    ${message}`,
      ...(rule === undefined ? [] : [`    ${rule}: ${source ?? ""}`]),
    ]);
    super(`The network's configuration has ${count}:\n${lines.join("\n")}`, 2);
    this.refusals = refusals;
  }
}

function refused({ problems }: ConfigError, { name, lineOf }: StackFile): RefusedError {
  const refusals = problems.map(({ path, message, rule }) => ({
    path: path.slice(networkKey.length).replace(/^\./, ""),
    line: lineOf(path),
    message,
    rule,
    source: rule && sources[rule],
  }));
  return new RefusedError(isAbsolute(name) ? basename(name) : name, refusals);
}

/** A network that a stack describes. */
export type OpenedStack = OpenedWorld & { readonly stack: StackOrigin };

function openStack(name: string, read: () => StackFile): OpenedStack {
  const file = read();
  try {
    const { network, unfilled, lines, lineOf } = file;
    const config = parseNetworkConfig(network);
    const plan = planNetwork(config, name);
    const stack = { name, network, config, plan, unfilled, lines, lineOf };
    return { world: buildWorld(plan), title: `stack ${name}`, stack, aliases: new Map() };
  } catch (error) {
    throw error instanceof ConfigError ? refused(error, file) : error;
  }
}

/**
 * The network by the text of a stack's file in which nothing is left to fill in.
 * @param file what errors call it
 * @throws {SandboxError} with exit code 2 where it is none, or its configuration is refused
 */
export function openText(text: string, file: string, stack: string): OpenedStack {
  return openStack(stack, () => parseStackFile(text, file, []));
}

/**
 * The network that a command asks about.
 * @throws {SandboxError} with exit code 2 where there is none, or its configuration is refused
 */
export function openWorld({ stack, cwd, describe, clientPorts }: InputOptions): Promise<OpenedWorld> {
  if (describe !== undefined)
    return Promise.resolve().then(() => openDescribed(resolve(describe), clientPorts));
  const file = join(resolve(cwd ?? checkout), `Pulumi.${stack}.yaml`);
  return Promise.resolve().then(() => openStack(stack, () => readStackFile(file, stack, unneeded)));
}

/**
 * The network by a file of a stack, or by one of a git revision (`REVISION:PATH`).
 * @throws {SandboxError} with exit code 2 where there is none, or its configuration is refused
 */
export async function openFile(name: string, cwd: string): Promise<OpenedWorld> {
  const text = (await fileOfRevision(name, cwd)) ?? textOf(resolve(cwd, name), name);
  const [, stack = "stack"] = /Pulumi\.([^/:]+)\.yaml$/.exec(name) ?? [];
  try {
    return { ...openStack(stack, () => parseStackFile(text, name, unneeded)), title: name };
  } catch (error) {
    // Of two files it says which.
    const isUnnamed = error instanceof SandboxError && !error.message.startsWith(name);
    throw isUnnamed ? new SandboxError(`${name}: ${error.message}`, 2) : error;
  }
}

function textOf(file: string, name: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw new SandboxError(`${name} does not exist.`, 2);
  if (found.isDirectory()) throw new SandboxError(`${name} is a folder: name the stack's file in it.`, 2);
  return readFileSync(file, "utf8");
}
