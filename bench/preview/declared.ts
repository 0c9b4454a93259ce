/**
 * What a stack's state says that was declared: every resource with its inputs, in which ids, addresses and keys that
 * other resources have brought forth are references to those again. Two programs that declare the same have equal
 * declarations, whatever ids they were given. Pure.
 */

/** An output of another resource within a text. */
export interface Reference {
  /** `type name` of the resource. */
  readonly resource: string;
  readonly output: string;
  /** How the text has it: as it is, without white space around it, or so, with its lines indented by so much. */
  readonly form: "whole" | "trimmed" | number;
}

export type Piece = string | Reference;

export type Value =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "text"; readonly pieces: readonly Piece[] }
  | { readonly kind: "list"; readonly items: readonly Value[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [string, Value])[] }
  | { readonly kind: "secret"; readonly value: Value };

export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, Value>>;
  /** `type name` of an explicit provider. */
  readonly provider: string | undefined;
  /** What it waits for beside what its inputs refer to, by `type name`, sorted. */
  readonly dependsOn: readonly string[];
  readonly protect: boolean;
  readonly ignoreChanges: readonly string[];
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly custom?: boolean;
  readonly id?: string;
  readonly provider?: string;
  readonly protect?: boolean;
  readonly ignoreChanges?: readonly string[];
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>>;
}

/** What `pulumi stack export --show-secrets` prints, as far as it is read. */
export interface ExportedStack {
  readonly deployment: { readonly resources?: readonly StateResource[] };
}

/** By which Pulumi tells a secret from an object. */
const signatureKey = "4dabf18193072939515e22adb298388d";
/** What the engine or a provider's bridge adds to inputs. */
const enginesOwn = ["__defaults", "__internal"];
/** A shorter text is equal to another by chance. */
const shortestReference = 4;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function plaintextOf(value: Readonly<Record<string, unknown>>): unknown {
  if (typeof value.plaintext !== "string") throw new Error("export the stack with --show-secrets");
  return JSON.parse(value.plaintext);
}

/** `urn:pulumi:stack::project::types::name`; a name may have colons, too. */
function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

function labelOf({ urn, type }: Pick<StateResource, "urn" | "type">): string {
  return `${type} ${nameOf(urn)}`;
}

/** The engine makes one where a program names no provider. */
function isDefaultProvider(urn: string): boolean {
  return nameOf(urn).startsWith("default_") && urn.includes("::pulumi:providers:");
}

interface Output {
  readonly resource: string;
  readonly output: string;
  readonly text: string;
}

/** The texts that a resource has brought forth: its id first. */
function outputsOf(resource: StateResource): Output[] {
  const texts = Object.entries(resource.outputs ?? {})
    .filter(([name]) => name !== "id" && !name.startsWith("__"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, isRecord(value) && signatureKey in value ? plaintextOf(value) : value]);
  return [["id", resource.id], ...texts].flatMap(([output, text]) =>
    typeof text === "string" && text.length >= shortestReference
      ? [{ resource: labelOf(resource), output: String(output), text }]
      : [],
  );
}

/** Whether an id, a name or an address begins and ends there; a domain may follow. */
function isApart(text: string, from: number, length: number): boolean {
  const part = /[A-Za-z0-9-]/;
  return !part.test(text.charAt(from - 1)) && !part.test(text.charAt(from + length));
}

interface Place {
  readonly at: number;
  readonly length: number;
  readonly form: Reference["form"];
}

/** Where an output stands in a text. */
function findIn(text: string, output: string): Place | undefined {
  const trimmed = output.trim();
  const lines = trimmed.split("\n");
  const at = text.indexOf(lines[0] ?? "");
  if (at < 0) return undefined;
  const [, indent = ""] = /(?:^|\n)( *)$/.exec(text.slice(0, at)) ?? [];
  const needle = lines.join(`\n${indent}`);
  if (!text.startsWith(needle, at) || !isApart(text, at, needle.length)) return undefined;
  const form = lines.length > 1 && indent !== "" ? indent.length : trimmed === output ? "whole" : "trimmed";
  return { at, length: needle.length, form };
}

class Restorer {
  readonly #outputs: readonly Output[];
  /** The longest first: an ARN holds the name that is an id. */
  readonly #byLength: readonly Output[];
  /** The resources that have been found. */
  readonly found = new Set<string>();

  constructor(outputs: readonly Output[]) {
    this.#outputs = outputs;
    this.#byLength = outputs.toSorted((a, b) => b.text.length - a.text.length);
  }

  restore(value: unknown): Value {
    if (typeof value === "string") return this.#text(value);
    if (Array.isArray(value)) return { kind: "list", items: value.map((item) => this.restore(item)) };
    if (!isRecord(value)) return { kind: "literal", value: value as number | boolean | null };
    if (signatureKey in value) return { kind: "secret", value: this.restore(plaintextOf(value)) };
    const entries = Object.entries(value)
      .filter(([key]) => !enginesOwn.includes(key))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return { kind: "map", entries: entries.map(([key, inner]) => [key, this.restore(inner)]) };
  }

  #text(text: string): Value {
    const whole = this.#outputs.find((output) => output.text === text);
    if (whole !== undefined) return { kind: "text", pieces: [this.#reference(whole, "whole")] };
    const pieces = this.#split(text);
    return pieces.every((piece) => typeof piece === "string")
      ? { kind: "literal", value: text }
      : { kind: "text", pieces };
  }

  #split(text: string): Piece[] {
    for (const output of this.#byLength) {
      const place = findIn(text, output.text);
      if (place === undefined) continue;
      const [before, after] = [text.slice(0, place.at), text.slice(place.at + place.length)];
      return [...this.#split(before), this.#reference(output, place.form), ...this.#split(after)];
    }
    return text === "" ? [] : [text];
  }

  #reference({ resource, output }: Output, form: Reference["form"]): Reference {
    this.found.add(resource);
    return { resource, output, form };
  }
}

function providerOf({ provider }: StateResource): string | undefined {
  const urn = provider?.slice(0, provider.lastIndexOf("::"));
  const type = urn?.split("::")[2];
  if (urn === undefined || type === undefined || isDefaultProvider(urn)) return undefined;
  return labelOf({ urn, type });
}

/** What whoever wrote the program has written: without what a provider made up, and providers' settings as they were. */
function writtenInputs({ type, inputs = {} }: StateResource): [string, unknown][] {
  const madeUp = Array.isArray(inputs.__defaults) ? (inputs.__defaults as unknown[]) : [];
  const isProvider = type.startsWith("pulumi:providers:");
  return Object.entries(inputs)
    .filter(([name]) => !enginesOwn.includes(name) && !madeUp.includes(name))
    .filter(([name]) => !isProvider || name !== "version")
    .map(([name, value]) => [name, isProvider ? settingOf(value) : value]);
}

/** The SDK hands a provider's settings over as JSON, but for texts. */
function settingOf(value: unknown): unknown {
  return typeof value === "string" && /^(?:true$|false$|[[{])/.test(value)
    ? (JSON.parse(value) as unknown)
    : value;
}

/**
 * The custom resources of a stack as they were declared, in an order in which each comes after what it refers to.
 *
 * @throws where two are alike in type and name, or where something that an input depends on cannot be found in it
 */
export function declaredIn({ deployment }: ExportedStack): Declared[] {
  const custom = (deployment.resources ?? []).filter(
    ({ urn, custom: isCustom }) => isCustom === true && !isDefaultProvider(urn),
  );
  const byUrn = new Map(custom.map((resource) => [resource.urn, resource]));
  if (new Set(custom.map(labelOf)).size < custom.length)
    throw new Error("two resources have one type and name");
  return custom.map((resource): Declared => {
    const { type, urn, propertyDependencies = {} } = resource;
    const inputs = writtenInputs(resource).map(([name, value]): [string, Value] => {
      const urns = propertyDependencies[name] ?? [];
      const sources = urns.flatMap((each) => byUrn.get(each) ?? []);
      const restorer = new Restorer(sources.flatMap(outputsOf));
      const restored = restorer.restore(value);
      const lost = sources.map(labelOf).find((label) => !restorer.found.has(label));
      if (lost !== undefined) throw new Error(`${urn}: nothing of ${lost} is in ${name}`);
      return [name, restored];
    });
    const referred = new Set(Object.values(propertyDependencies).flatMap((urns) => urns ?? []));
    const waitsFor = (resource.dependencies ?? []).filter((each) => !referred.has(each));
    return {
      type,
      name: nameOf(urn),
      inputs: Object.fromEntries(inputs),
      provider: providerOf(resource),
      dependsOn: waitsFor
        .flatMap((each) => byUrn.get(each) ?? [])
        .map(labelOf)
        .sort(),
      protect: resource.protect ?? false,
      ignoreChanges: resource.ignoreChanges ?? [],
    };
  });
}

function texts(declared: readonly Declared[]): Map<string, string> {
  return new Map(declared.map((one) => [`${one.type} ${one.name}`, JSON.stringify(sorted(one))]));
}

/** Inputs in the order of their names. */
function sorted(one: Declared): Declared {
  const inputs = Object.entries(one.inputs).sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...one, inputs: Object.fromEntries(inputs) };
}

/** What differs between two declarations, in words; empty where nothing does. */
export function differences(ours: readonly Declared[], others: readonly Declared[]): string[] {
  const [mine, theirs] = [texts(ours), texts(others)];
  const labels = [...new Set([...mine.keys(), ...theirs.keys()])];
  return labels.flatMap((label) => {
    const [a, b] = [mine.get(label), theirs.get(label)];
    if (a === b) return [];
    return [`${label}:\n  ours ${a ?? "has none"}\n  flat ${b ?? "has none"}`];
  });
}
