/**
 * Compares what two updates have left behind. Equal is what is equal once each value that a platform or a chance has
 * assigned is called by what it belongs to; so two resources that should share a value must share it in both.
 */
import { assigned, unlikeFiles, unlikeProperties } from "./compare-allowed.ts";
import type { FileSnapshot, Json, Snapshot } from "./compare-snapshot.ts";

/** Every difference, as `where: this ≠ that`; none if both are the same. */
export function differences(a: Snapshot, b: Snapshot): string[] {
  const [nameA, nameB] = [new Naming(a), new Naming(b)];
  const found = compareJson("outputs", nameA.json(a.outputs), nameB.json(b.outputs));
  for (const urn of [...new Set([...a.resources.keys(), ...b.resources.keys()])].sort()) {
    const [left, right] = [a.resources.get(urn), b.resources.get(urn)];
    if (left === undefined || right === undefined) {
      found.push(`${urn}: is in one state only`);
      continue;
    }
    for (const part of ["inputs", "outputs"] as const) {
      const where = `${left.type} ${left.name} ${part}`;
      const clean = (naming: Naming, value: Json): Json => naming.json(withoutUnlike(left.type, value));
      found.push(...compareJson(where, clean(nameA, left[part]), clean(nameB, right[part])));
    }
  }
  for (const host of [...new Set([...a.hosts.keys(), ...b.hosts.keys()])].sort()) {
    found.push(...compareFiles(host, [a.hosts.get(host), nameA], [b.hosts.get(host), nameB]));
  }
  return found;
}

function withoutUnlike(type: string, value: Json): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const drop = unlikeProperties
    .filter((each) => each.type.test(type))
    .flatMap(({ properties }) => properties);
  return withoutKeys(value, drop);
}

/** A bridge's notes are in nested objects, too; a property that may differ is one of the resource's own. */
function withoutKeys(value: Json, keys: readonly string[]): Json {
  if (typeof value !== "object" || value === null) return value;
  const notes = keys.filter((key) => key.startsWith("__"));
  if (Array.isArray(value)) return (value as readonly Json[]).map((each) => withoutKeys(each, notes));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !keys.includes(key))
      .map(([key, each]) => [key, withoutKeys(each, notes)] as const),
  );
}

type Files = ReadonlyMap<string, FileSnapshot> | undefined;

function compareFiles(host: string, [a, nameA]: [Files, Naming], [b, nameB]: [Files, Naming]): string[] {
  if (a === undefined || b === undefined) return [`${host}: runs in one sandbox only`];
  const rename = (files: ReadonlyMap<string, FileSnapshot>, naming: Naming): Map<string, FileSnapshot> =>
    new Map([...files].map(([path, file]) => [naming.text(path), file]));
  const [left, right] = [rename(a, nameA), rename(b, nameB)];
  const found: string[] = [];
  for (const path of [...new Set([...left.keys(), ...right.keys()])].sort()) {
    const allowed = unlikeFiles.find((each) => each.path.test(path))?.what;
    if (allowed === "everything") continue;
    const [one, other] = [left.get(path), right.get(path)];
    const where = `${host} ${path}`;
    if (one === undefined || other === undefined) {
      found.push(`${where}: is there in ${one === undefined ? "the second" : "the first"} only`);
      continue;
    }
    for (const property of ["kind", "mode", "owner"] as const) {
      found.push(...compareJson(`${where} ${property}`, one[property], other[property]));
    }
    if (allowed === "content") continue;
    found.push(...compareJson(`${where} content`, nameA.text(one.content), nameB.text(other.content)));
  }
  return found;
}

function compareJson(where: string, a: Json | undefined, b: Json | undefined): string[] {
  if (a === b) return [];
  const both = [a, b].every((each) => typeof each === "object" && each !== null);
  if (both && Array.isArray(a) === Array.isArray(b)) {
    const [left, right] = [a, b] as [Readonly<Record<string, Json>>, Readonly<Record<string, Json>>];
    const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
    return keys.flatMap((key) => compareJson(`${where}.${key}`, left[key], right[key]));
  }
  return [`${where}: ${show(a, b)} ≠ ${show(b, a)}`];
}

const shownCharacters = 160;

/** A value, or of a long text the part where it begins to differ. */
function show(value: Json | undefined, other: Json | undefined): string {
  if (value === undefined) return "nothing";
  if (typeof value !== "string" || typeof other !== "string")
    return JSON.stringify(value).slice(0, shownCharacters);
  let from = 0;
  while (from < value.length && value[from] === other[from]) from += 1;
  const start = Math.max(0, from - 40);
  return `${start > 0 ? "…" : ""}${JSON.stringify(value.slice(start, start + shownCharacters))}`;
}

/** A run that may be a text in base64. */
const base64Run = /[A-Za-z0-9+/]{24,}={0,2}/g;

/** Calls the values that were assigned in one run by what they belong to. */
class Naming {
  readonly #names: ReadonlyMap<string, string>;
  readonly #pattern: RegExp | undefined;

  constructor(snapshot: Snapshot) {
    const names = new Map<string, string>();
    for (const { value, name } of assigned(snapshot)) if (!names.has(value)) names.set(value, name);
    this.#names = names;
    const values = [...names.keys()]
      .sort((a, b) => b.length - a.length)
      .map((value) => value.split("\n").map(escapePattern).join("\n *"));
    this.#pattern =
      values.length === 0
        ? undefined
        : // A line's end within JSON is a letter, and no part of a word.
          new RegExp(`(?:(?<![A-Za-z0-9])|(?<=\\\\n))(?:${values.join("|")})(?![A-Za-z0-9])`, "g");
  }

  json(value: Json): Json {
    if (typeof value === "string") return this.text(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return (value as readonly Json[]).map((each) => this.json(each));
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [this.text(key), this.json(each)] as const),
    );
  }

  /** The text with its names, also within base64. */
  text(text: string): string {
    const named = this.#rename(text);
    return named.replaceAll(base64Run, (run) => {
      const decoded = printable(run);
      return decoded === undefined ? run : `base64(${this.#rename(decoded)})`;
    });
  }

  #rename(text: string): string {
    return this.#pattern === undefined
      ? text
      : text.replaceAll(this.#pattern, (value) => {
          const name = this.#names.get(value.replaceAll(/\n +/g, "\n"));
          return `‹${name ?? value}›`;
        });
  }
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** What base64 encodes, where that is text of more than one word. */
function printable(run: string): string | undefined {
  const text = Buffer.from(run, "base64").toString("utf8");
  // Whatever is not text has characters that text has not.
  return /^[\t\n\r\x20-\x7e\u00a0-\ufffc]+$/.test(text) && /\s/.test(text) ? text : undefined;
}
