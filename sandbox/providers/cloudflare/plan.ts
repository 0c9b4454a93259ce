/**
 * What a change would make of a resource, as Terraform's plugin framework and Pulumi's bridge to it compute it.
 *
 * Sources: `pfutils.ProposedNew` of pulumi-terraform-bridge, `internal/fwserver/server_planresourcechange.go` of
 * terraform-plugin-framework.
 */
import { Unknown, equal, isList, isMap } from "../shared/values.ts";
import type { Value, ValueMap } from "../shared/values.ts";
import { apiName, complete, toApi } from "./attributes.ts";
import type { AttributeType, Attributes, TypeTable } from "./attributes.ts";

const unknown = new Unknown();

function isPlain(value: Value): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

/** The attributes of a list's elements, where those are objects. */
function elementsOf(type: AttributeType): Attributes | undefined {
  const isOrdered = typeof type === "object" && "listOf" in type && typeof type.listOf === "object";
  return isOrdered && "object" in type.listOf ? type.listOf.object : undefined;
}

function partsOf(type: AttributeType): Attributes | undefined {
  return typeof type === "object" && "object" in type ? type.object : undefined;
}

/** Whether two complete values agree; a number and its text do, where either is allowed. */
export function same(type: AttributeType, a: Value, b: Value): boolean {
  if (type === "any" && isPlain(a) && isPlain(b)) return String(a) === String(b);
  const parts = partsOf(type);
  if (parts !== undefined && isMap(a) && isMap(b)) return differing(parts, a, b).length === 0;
  const elements = elementsOf(type);
  if (elements !== undefined && isList(a) && isList(b)) {
    return a.length === b.length && a.every((item, at) => same({ object: elements }, item, b[at] ?? null));
  }
  return equal(a, b);
}

/** The names of the attributes in which two complete states differ. */
export function differing(attributes: Attributes, a: ValueMap, b: ValueMap): readonly string[] {
  return Object.entries(attributes)
    .filter(([name, { type }]) => !same(type, a[name] ?? null, b[name] ?? null))
    .map(([name]) => name);
}

/** Does to every object of a value what `change` does, with the object of another value that stands at its place. */
function pairwise(
  type: AttributeType,
  value: Value,
  other: Value,
  change: (attributes: Attributes, value: ValueMap, other: ValueMap) => ValueMap,
): Value {
  const parts = partsOf(type);
  if (parts !== undefined && isMap(value)) return change(parts, value, isMap(other) ? other : {});
  const elements = elementsOf(type);
  if (elements === undefined || !isList(value)) return value;
  return value.map((item, at) =>
    pairwise({ object: elements }, item, isList(other) ? (other[at] ?? null) : null, change),
  );
}

/** The configuration, filled up with what is known from before and with defaults. */
function propose(attributes: Attributes, config: ValueMap, prior: ValueMap): ValueMap {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => {
      const said = config[name] ?? null;
      const before = prior[name] ?? null;
      if (said !== null) return [name, pairwise(attribute.type, said, before, propose)];
      if (attribute.default !== undefined) return [name, attribute.default];
      return [name, attribute.from === "optional" ? null : before];
    }),
  );
}

/** What only the API can say is not known until it is asked. */
function markUnknown(attributes: Attributes, proposed: ValueMap, config: ValueMap): ValueMap {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => {
      const said = config[name] ?? null;
      const value = proposed[name] ?? null;
      const { type, from } = attribute;
      if (said !== null) return [name, pairwise(type, value, said, markUnknown)];
      const isComputed = from === "computed" || from === "computed-optional";
      return [name, isComputed && attribute.default === undefined ? unknown : value];
    }),
  );
}

/** What stays as the API said it, although something else changes: the identifier for one. */
function keepStable(attributes: Attributes, marked: ValueMap, before: ValueMap): ValueMap {
  return Object.fromEntries(
    Object.entries(marked).map(([name, value]) => {
      const isStable = name === "id" || attributes[name]?.stays === true;
      return [name, isStable && value instanceof Unknown ? (before[name] ?? unknown) : value];
    }),
  );
}

export interface Plan {
  readonly planned: ValueMap;
  readonly changed: readonly string[];
  readonly replaces: readonly string[];
}

/** Adjusts a plan by what the resource type knows beyond its schema. */
export type ModifyPlan = (planned: ValueMap, prior: ValueMap | undefined, config: ValueMap) => ValueMap;

/**
 * Plans a resource.
 *
 * @param prior its state as the last operation left it; `undefined` where there is none.
 * @param inputs what the program says.
 */
export function makePlan(
  { attributes }: TypeTable,
  prior: ValueMap | undefined,
  inputs: ValueMap,
  modify: ModifyPlan,
): Plan {
  const config = complete(attributes, inputs);
  const before = prior === undefined ? undefined : complete(attributes, prior);
  const proposed = propose(attributes, config, before ?? {});
  const isSame = before !== undefined && differing(attributes, before, proposed).length === 0;
  const marked = isSame ? proposed : markUnknown(attributes, proposed, config);
  const kept = before === undefined ? marked : keepStable(attributes, marked, before);
  const planned = modify(kept, before, config);
  const changed = before === undefined ? [] : differing(attributes, before, planned);
  const replaces = changed.filter((name) => {
    const rule = attributes[name]?.replaces;
    return rule === true || (rule === "configured" && (config[name] ?? null) !== null);
  });
  return { planned, changed, replaces };
}

/** What an API's answer adds to a plan: the program's own words stay, whatever the API made of them. */
export function settle(attributes: Attributes, planned: ValueMap, answer: ValueMap): ValueMap {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type, from, place }]) => {
      const value = planned[name] ?? null;
      const said = answer[name] ?? null;
      if (place !== undefined) return [name, value instanceof Unknown ? null : value];
      if (from === "computed") return [name, said];
      if (from === "computed-optional" && (value === null || value instanceof Unknown)) return [name, said];
      return [name, settled(type, value, said)];
    }),
  );
}

function settled(type: AttributeType, value: Value, said: Value): Value {
  return pairwise(type, value instanceof Unknown ? null : value, said, settle);
}

/** The JSON body of a request that makes a resource: everything that is said and known, by the API's names. */
export function createBody(attributes: Attributes, planned: ValueMap): object {
  const entries = Object.entries(attributes)
    .filter(([, { from, place }]) => from !== "computed" && place === undefined)
    .map(
      ([name, attribute]) =>
        [apiName(name, attribute), toApi(attribute.type, planned[name] ?? null)] as const,
    );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The JSON body of a request that overwrites a resource: null for what is no longer said. */
export function updateBody(attributes: Attributes, planned: ValueMap, prior: ValueMap): object {
  const entries = Object.entries(attributes)
    .filter(([, { from, place }]) => from !== "computed" && place === undefined)
    .flatMap(([name, attribute]) => {
      const key = apiName(name, attribute);
      const value = planned[name] ?? null;
      if (value === null) return (prior[name] ?? null) === null ? [] : [[key, null] as const];
      const json = toApi(attribute.type, value);
      return json === undefined ? [] : [[key, json] as const];
    });
  return Object.fromEntries(entries);
}

/** The JSON body of a patch: what changes, and nothing else. */
export function patchBody(attributes: Attributes, planned: ValueMap, prior: ValueMap): object {
  const changed = new Set(differing(attributes, prior, planned));
  const parts = Object.entries(attributes).filter(([name]) => changed.has(name));
  return updateBody(Object.fromEntries(parts), planned, prior);
}
