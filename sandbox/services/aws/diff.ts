/** What a change of inputs means for a resource: nothing, an update, or a replacement. */
import { defaultsKey } from "./check.ts";
import { canonical, holdsUnknown, isEmpty, isObject, sameJson, type Json, type Properties } from "./json.ts";
import type { Change, Property, ResourceType, Table } from "./table.ts";

export type DifferenceKind =
  "add" | "delete" | "update" | "add-replace" | "delete-replace" | "update-replace";

export interface Difference {
  /** By the path of the property: `cidrBlock`, `rootBlockDevice.volumeSize`. */
  readonly detailed: Readonly<Record<string, DifferenceKind>>;
  /** Names of top-level properties. */
  readonly changed: readonly string[];
  readonly replaces: readonly string[];
  readonly deleteBeforeReplace: boolean;
}

export interface DiffInput {
  /** What is stored: the outputs. */
  readonly state: Properties;
  readonly oldInputs: Properties;
  /** Checked inputs. */
  readonly inputs: Properties;
  /** Property paths that the program told the engine to ignore. */
  readonly ignoreChanges: readonly string[];
  readonly providerRegion: string | undefined;
  /** All tags as they should be, with the provider's default tags. */
  readonly tagsAll: Record<string, Json>;
}

export function diffResource(type: ResourceType, input: DiffInput): Difference {
  const inputs: Properties = { ...input.inputs, region: input.inputs.region ?? input.providerRegion };
  const detailed = new Map<string, DifferenceKind>();
  const strict = type.upstream.sdk === "framework";
  compareTable(type.properties, { state: input.state, inputs, path: "", strict, found: detailed });
  if (type.tagged && !holdsUnknown(inputs.tags) && !sameJson(input.state.tagsAll ?? {}, input.tagsAll)) {
    detailed.set("tagsAll", "update");
  }
  for (const path of [...detailed.keys()]) {
    const ignored = input.ignoreChanges.some(
      (ignore) => path === ignore || path.startsWith(`${ignore}.`) || path.startsWith(`${ignore}[`),
    );
    if (ignored) {
      detailed.delete(path);
    }
  }
  const topLevel = (path: string): string => path.split(".")[0] ?? path;
  const changed = new Set([...detailed.keys()].map(topLevel));
  for (const name of type.replaces?.({ before: input.state, after: inputs, changed }) ?? []) {
    const kind = detailed.get(name);
    if (changed.has(name)) {
      detailed.set(name, replacing(kind ?? "update"));
    }
  }
  const replaces = new Set(
    [...detailed.entries()].filter(([, kind]) => kind.endsWith("-replace")).map(([path]) => topLevel(path)),
  );
  return {
    detailed: Object.fromEntries(detailed),
    changed: [...changed].sort(),
    replaces: [...replaces].sort(),
    deleteBeforeReplace: replaces.size > 0 && keepsItsName(type, input),
  };
}

/** A resource that keeps a name of the user's choosing cannot exist twice, so the old one must go first. */
function keepsItsName(type: ResourceType, input: DiffInput): boolean {
  const { autoName } = type;
  const made = input.inputs[defaultsKey];
  return (
    autoName !== undefined &&
    input.inputs[autoName] !== undefined &&
    !(Array.isArray(made) && made.includes(autoName)) &&
    sameJson(input.inputs[autoName], input.state[autoName])
  );
}

interface Comparison {
  readonly state: Properties;
  readonly inputs: Properties;
  /** Of the object that holds the properties, with a dot at its end; empty at the top. */
  readonly path: string;
  /** Whether a zero value differs from an absent one. */
  readonly strict: boolean;
  readonly found: Map<string, DifferenceKind>;
}

function compareTable(table: Table, comparison: Comparison): void {
  for (const [name, property] of Object.entries(table)) {
    if (property.mode !== "computed") {
      compareProperty(property, name, comparison);
    }
  }
}

const replacing = (kind: DifferenceKind): DifferenceKind =>
  `${kind.replace("-replace", "") as "add" | "delete" | "update"}-replace`;

function compareProperty(property: Property, name: string, comparison: Comparison): void {
  const before = comparison.state[name];
  const after = comparison.inputs[name];
  const path = comparison.path + name;
  const absent = comparison.strict ? before === undefined || before === null : isEmpty(before);
  if (after === undefined && (property.mode === "optional-computed" || absent)) {
    return;
  }
  if (
    property.kind === "object" &&
    property.properties !== undefined &&
    isObject(after) &&
    isObject(before)
  ) {
    const inner = new Map<string, DifferenceKind>();
    compareTable(property.properties, {
      ...comparison,
      state: before,
      inputs: after,
      path: `${path}.`,
      found: inner,
    });
    for (const [place, kind] of inner) {
      comparison.found.set(place, property.replaces ? replacing(kind) : kind);
    }
    return;
  }
  if (isSame(property, before, after, comparison.inputs, comparison.strict)) {
    return;
  }
  const kind = after === undefined ? "delete" : absent ? "add" : "update";
  const replaces = property.replaces ?? replacedWithin(property, before);
  comparison.found.set(path, replaces ? replacing(kind) : kind);
}

/** Whether some nested property replaces, where a whole object or set of objects comes or goes. */
function replacedWithin(property: Property, before: Json | undefined): boolean {
  return (
    property.properties !== undefined &&
    !isEmpty(before) &&
    Object.values(property.properties).some((inner) => inner.replaces)
  );
}

export function isSame(
  property: Property,
  before: Json | undefined,
  after: Json | undefined,
  inputs: Properties,
  strict: boolean,
): boolean {
  if (holdsUnknown(after)) {
    return false;
  }
  if (property.same?.(before, after, inputs)) {
    return true;
  }
  if (property.kind === "set" || property.kind === "object-set") {
    return sameSet(property, before, after);
  }
  return sameJson(before, after) || (!strict && isEmpty(before) && isEmpty(after));
}

function sameSet(property: Property, before: Json | undefined, after: Json | undefined): boolean {
  const items = (value: Json | undefined): string[] =>
    (Array.isArray(value) ? value : []).map((item) => canonical(normalised(property, item))).sort();
  return items(before).join("\n") === items(after).join("\n");
}

/** A set's object without its empty and computed properties, so that "absent" and "empty" are the same. */
function normalised(property: Property, item: Json): Json {
  if (property.properties === undefined || !isObject(item)) {
    return item;
  }
  const table = property.properties;
  return Object.fromEntries(
    Object.entries(item)
      .filter(
        ([name, value]) => table[name] !== undefined && table[name].mode !== "computed" && !isEmpty(value),
      )
      .map(([name, value]) => [
        name,
        table[name]?.kind === "set" && Array.isArray(value)
          ? [...value].sort((left, right) => canonical(left).localeCompare(canonical(right)))
          : value,
      ]),
  );
}

/** The change that an update makes, worked out as {@link diffResource} does. */
export function changeOf(type: ResourceType, input: DiffInput): Change {
  return {
    before: input.state,
    after: { ...input.inputs, region: input.inputs.region ?? input.providerRegion },
    changed: new Set(diffResource(type, input).changed),
  };
}
