/** Wrong edits to a stack's file, and what a preview says to them. */
import * as pulumi from "@pulumi/pulumi";
import { parseDocument } from "yaml";
import { loadStackConfig, readable } from "../../../components/config/load.ts";
import { networkKey } from "../../../components/config/problem.ts";
import type { RuleId } from "../../../components/config/sources.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { valuesOf } from "./stack.ts";

/**
 * What is written instead, by the path below the network; `undefined` takes the line away. Parts of a path are
 * separated by spaces, because names of zones and hosts hold dots and slashes.
 */
export type Edits = Readonly<Record<string, unknown>>;

/** A path, and the rule of a platform that is broken there where it is one. */
export type Tale = string | readonly [path: string, rule: RuleId];

/** A wrong edit to prod's file, and everything that is then said. */
export interface Breach {
  /** The function in components/config/rules that tells it; `schema` or `plan` where one of those does. */
  readonly rule: string;
  readonly edits: Edits;
  readonly tells: readonly Tale[];
}

export function breach(rule: string, edits: Edits, ...tells: readonly Tale[]): Breach {
  return { rule, edits, tells };
}

/** So many of something, each made of its number from 0. */
export function list<Item>(length: number, make: (index: number) => Item): Item[] {
  return Array.from({ length }, (_, index) => make(index));
}

/** A stack's file with the edits made; comments and all else stay as they are. */
export function withEdits(file: string, edits: Edits): string {
  const document = parseDocument(file);
  for (const [path, value] of Object.entries(edits)) {
    const keys = ["config", networkKey, ...path.split(" ")];
    if (value !== undefined) document.setIn(keys, document.createNode(value));
    else if (!document.deleteIn(keys)) throw new Error(`the file has no ${path} to take away`);
  }
  return document.toString({ lineWidth: 0 });
}

/**
 * Loads and plans a stack's file as index.ts does, with the configuration as the engine hands it over.
 * @returns what Pulumi prints of a file that is refused; `undefined` where it is taken
 */
export function refusalOf(file: string): string | undefined {
  const texts = Object.entries(valuesOf(file)).map(([key, value]): [string, string] => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(texts));
  try {
    readable(() => planNetwork(loadStackConfig().network, "prod"));
    return undefined;
  } catch (error) {
    if (pulumi.RunError.isInstance(error)) return error.message;
    throw error;
  }
}

/** One finding as it is printed, its path without the network's own key; rule and source where the rule is a platform's. */
export interface Told {
  readonly path: string;
  readonly message: string;
  readonly rule?: string;
  readonly source?: string;
}

/** Every finding of a refusal, as it is printed. @throws where a line is none of a finding's */
export function findingsIn(refusal: string): Told[] {
  const [head = "", ...lines] = refusal.split("\n");
  const findings: Told[] = [];
  for (const line of lines) {
    const last = findings.at(-1);
    const path = /^ {2}(?! )blackroad-network:(?:network\.)?(.+)$/.exec(line)?.[1];
    const [, rule, source] = /^ {4}([a-z]+\/[a-z-]+): (\S+)$/.exec(line) ?? [];
    if (path !== undefined) findings.push({ path, message: "" });
    else if (last?.message === "" && line.startsWith("    "))
      findings[findings.length - 1] = { ...last, message: line.trim() };
    else if (last !== undefined && last.rule === undefined && rule !== undefined && source !== undefined)
      findings[findings.length - 1] = { ...last, rule, source };
    else throw new Error(`nobody expects ${JSON.stringify(line)} in a refusal`);
  }
  const count = findings.length === 1 ? "1 problem" : `${findings.length} problems`;
  if (head !== `The network's configuration has ${count}:`)
    throw new Error(`${head} is not the number of them`);
  return findings;
}
