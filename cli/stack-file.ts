/**
 * A stack's file as commands read it that ask Pulumi nothing: its network, with stand-ins for what only the owner
 * knows and what the question does not depend on, and the lines on which its values stand.
 */
import { existsSync, readFileSync } from "node:fs";
import { isCollection, isPair, LineCounter, parseDocument, type Node } from "yaml";
import { placeholder } from "../components/config/leaf.ts";
import { networkKey, type Path } from "../components/config/problem.ts";
import { SandboxError } from "../sandbox/mode.ts";
import { lineIn, type LineTree } from "./lines.ts";
import { shortPath } from "./path.ts";

/** A network for documentation (RFC 5737), from which nobody comes: the operator's where nobody has said which. */
export const networkOfNobody = "192.0.2.0/32";

/** A host key of nobody: 32 bytes of zeroes, for which no private key is known. */
function keyOfNobody(): string {
  const type = "ssh-ed25519";
  const field = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return `${type} ${Buffer.concat([field(Buffer.from(type)), field(Buffer.alloc(32))]).toString("base64")}`;
}

/** Values in place of placeholders, by option: no packet's way and no image depends on them. */
const standIns: Readonly<Record<string, string>> = {
  hostKey: keyOfNobody(),
  authorizedKeys: keyOfNobody(),
  ami: "ami-00000000000000000",
  id: "000000000000",
  role: "arn:aws:iam::000000000000:role/nobody",
  cidrs: networkOfNobody,
};

/** Options whose placeholders may stand. */
export type StandIn = "hostKey" | "authorizedKeys" | "ami" | "id" | "role" | "cidrs";

export interface StackFile {
  /** Where it was read: a path, or `REVISION:PATH`. */
  readonly name: string;
  /** The value of `blackroad-network:network`, stand-ins included. */
  readonly network: unknown;
  /** Where stand-ins are, as {@link formatPath} has it without the key before the first dot. */
  readonly unfilled: readonly string[];
  readonly lines: LineTree;
  /**
   * The line, from 1, on which the value at a path of the network stands, or what is nearest above it.
   * @param path as problems of the configuration have it, with or without the network's key
   */
  readonly lineOf: (path: string) => number | undefined;
}

interface Filled {
  readonly value: unknown;
  readonly unfilled: readonly string[];
}

function fill(network: unknown, allowed: readonly StandIn[]): Filled {
  const unfilled: string[] = [];
  const visit = (value: unknown, path: Path): unknown => {
    if (value === placeholder) {
      const option = path.findLast((part) => typeof part === "string") ?? "";
      const standIn = allowed.find((one) => one === option);
      if (standIn === undefined) return value;
      unfilled.push(shortPath(path));
      return standIns[standIn];
    }
    if (Array.isArray(value)) return value.map((element, index) => visit(element, [...path, index]));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, visit(inner, [...path, key])]),
    );
  };
  return { value: visit(network, []), unfilled };
}

/** Where values begin, those of maps at their keys. */
function linesOf(node: unknown, offset: number | undefined, counter: LineCounter): LineTree {
  const line = offset === undefined ? undefined : counter.linePos(offset).line;
  if (!isCollection(node)) return { line, inside: {} };
  const inside = node.items.map((item, index) => {
    const [key, value] = isPair(item) ? [item.key, item.value] : [item, item];
    const start = (key as Node | undefined)?.range?.[0] ?? offset;
    return [isPair(item) ? String(key) : String(index), linesOf(value, start, counter)] as const;
  });
  return { line, inside: Object.fromEntries(inside) };
}

/**
 * Reads a stack's file.
 * @param allowed the options whose placeholders get stand-ins; all other placeholders stay, and are refused later
 * @throws {SandboxError} where it is no stack's file
 */
export function parseStackFile(text: string, name: string, allowed: readonly StandIn[]): StackFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [wrong] = document.errors;
  if (wrong !== undefined) {
    // Behind its colon it draws the line of the file.
    const [what = ""] = wrong.message.split("\n");
    throw new SandboxError(`${name} is no YAML: ${what.replace(/:$/, ".")}`, 2);
  }
  const read = document.toJS() as { config?: unknown } | null;
  const config = typeof read === "object" && read !== null ? read.config : undefined;
  if (typeof config !== "object" || config === null || !(networkKey in config)) {
    throw new SandboxError(`${name} has no config with ${networkKey}.`, 2);
  }
  const { value, unfilled } = fill((config as Record<string, unknown>)[networkKey], allowed);
  const node = document.getIn(["config", networkKey], true) as Node | undefined;
  const tree = linesOf(node, node?.range?.[0], lines);
  return { name, network: value, unfilled, lines: tree, lineOf: (path) => lineIn(tree, path) };
}

/**
 * Reads the file of a stack.
 * @throws {SandboxError} where there is no such file, or it is none of a stack
 */
export function readStackFile(file: string, stack: string, allowed: readonly StandIn[]): StackFile {
  if (!existsSync(file)) throw new SandboxError(`There is no stack ${stack}: ${file} does not exist.`, 2);
  return parseStackFile(readFileSync(file, "utf8"), file, allowed);
}
