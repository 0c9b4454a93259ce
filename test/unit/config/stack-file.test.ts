/**
 * Every rule fires from a stack's file: one wrong edit to prod's, loaded as the program loads it, is refused with just
 * what it breaks, at its path, with the id and the page of a platform's rule. A rule without a breach here is a failure.
 */
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fillIn } from "../../../components/config/addresses.ts";
import type { Loose } from "../../../components/config/loose.ts";
import { formatPath, networkKey } from "../../../components/config/problem.ts";
import { rules } from "../../../components/config/rules/index.ts";
import type { WrittenNetwork } from "../../../components/config/schema.ts";
import { sources } from "../../../components/config/sources.ts";
import { flowBreaches } from "./breaches-flows.ts";
import { machineBreaches } from "./breaches-hosts.ts";
import { insideBreaches } from "./breaches-inside.ts";
import { nameBreaches } from "./breaches-names.ts";
import { placeBreaches } from "./breaches-places.ts";
import { findingsIn, refusalOf, withEdits, type Breach, type Tale } from "./stack-file.ts";
import { filledFile, valuesOf } from "./stack.ts";

const prod = filledFile("prod");

const breaches: readonly Breach[] = [
  ...placeBreaches,
  ...machineBreaches,
  ...nameBreaches,
  ...insideBreaches,
  ...flowBreaches,
];

/** What tells a breach besides rules: values one by one, and what can be counted only when it is compiled. */
const others = ["schema", "plan"];

const titleOf = ({ rule, edits }: Breach): string => `${rule}, for ${Object.keys(edits).join(" and ")}`;

const isTold = (tale: Tale): object =>
  typeof tale === "string"
    ? { path: tale, rule: undefined, source: undefined }
    : { path: tale[0], rule: tale[1], source: sources[tale[1]] };

/** The paths at which the rule alone finds something wrong in the file. */
function foundAlone(name: string, file: string): string[] {
  const rule = rules.find((each) => each.name === name);
  if (rule === undefined) throw new Error(`there is no rule ${name}`);
  const subject = fillIn(valuesOf(file)[networkKey] as Loose<WrittenNetwork>);
  return [...rule(subject)].map(({ path }) => formatPath(path).slice(networkKey.length + 1));
}

/** The names of the rules that the modules of the folder define; rule.ts has what rules are made of. */
async function definedRules(): Promise<string[]> {
  const folder = new URL("../../../components/config/rules/", import.meta.url);
  const files = readdirSync(folder).filter((file) => !["index.ts", "rule.ts"].includes(file));
  const modules = await Promise.all(
    files.map(async (file) => (await import(new URL(file, folder).href)) as Record<string, unknown>),
  );
  return modules
    .flatMap((module) => Object.entries(module))
    .filter(([, value]) => Object.prototype.toString.call(value) === "[object GeneratorFunction]")
    .map(([name]) => name);
}

describe("prod's file", () => {
  it("is taken as its owner has filled it in", () => {
    expect(refusalOf(prod)).toBeUndefined();
    expect(refusalOf(withEdits(prod, {}))).toBeUndefined();
  });

  it.each(breaches.map((each) => [titleOf(each), each] as const))("is refused by %s", (_, each) => {
    const { rule, edits, tells } = each;
    const file = withEdits(prod, edits);
    const told = findingsIn(refusalOf(file) ?? "it was taken");
    expect(told.map(({ path, rule: id, source }) => ({ path, rule: id, source }))).toEqual(tells.map(isTold));
    for (const { message } of told) expect(message).toMatch(/^\S.*\.$/);
    if (others.includes(rule)) return;
    const paths = tells.map((tale) => (typeof tale === "string" ? tale : tale[0]));
    const found = foundAlone(rule, file);
    expect(found).not.toEqual([]);
    expect(paths).toEqual(expect.arrayContaining(found));
  });
});

describe("a rule", () => {
  it("has a breach here, whatever rules there are", () => {
    const names = rules.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(breaches.map(({ rule }) => rule))).toEqual(new Set([...names, ...others]));
  });

  it("is among those that every configuration is held against", async () => {
    expect((await definedRules()).sort()).toEqual(rules.map(({ name }) => name).sort());
  });

  it("of a platform is told with its id by some breach, and with a page of the platform's", () => {
    const told = breaches.flatMap(({ tells }) =>
      tells.flatMap((tale) => (typeof tale === "string" ? [] : tale[1])),
    );
    expect(new Set(told)).toEqual(new Set(Object.keys(sources)));
    const pages = {
      aws: "https://docs.aws.amazon.com/",
      cloudflare: "https://developers.cloudflare.com/",
      dns: "https://www.rfc-editor.org/rfc/",
    };
    for (const [id, source] of Object.entries(sources)) {
      const platform = id.split("/")[0] as keyof typeof pages;
      expect(source.startsWith(pages[platform]), `${id}: ${source}`).toBe(true);
    }
  });
});
