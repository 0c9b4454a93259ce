/**
 * What a change would make of a resource, as Terraform's plugin framework and Pulumi's bridge to it compute it.
 *
 * Sources: `pfutils.ProposedNew` of pulumi-terraform-bridge, `internal/fwserver/server_planresourcechange.go` of
 * terraform-plugin-framework.
 */
import { Unknown, equal, isMap } from "../shared/values.ts";
import type { Value, ValueMap } from "../shared/values.ts";
import { complete, type Attribute, type Attributes, type TypeTable } from "./attributes.ts";

const unknown = new Unknown();

function isPlain(value: Value): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

/** Whether two complete values agree; a number and its text do, where either is allowed. */
export function same(attribute: Attribute, a: Value, b: Value): boolean {
  const { type } = attribute;
  if (type === "any" && isPlain(a) && isPlain(b)) return String(a) === String(b);
  if (typeof type === "object" && "object" in type && isMap(a) && isMap(b)) {
    return Object.entries(type.object).every(([name, part]) => same(part, a[name] ?? null, b[name] ?? null));
  }
  return equal(a, b);
}

/** The names of the attributes in which two complete states differ. */
export function differing(attributes: Attributes, a: ValueMap, b: ValueMap): readonly string[] {
  return Object.entries(attributes)
    .filter(([name, attribute]) => !same(attribute, a[name] ?? null, b[name] ?? null))
    .map(([name]) => name);
}

/** The configuration, filled up with what is known from before and with defaults. */
function propose(attributes: Attributes, prior: ValueMap, config: ValueMap): ValueMap {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => {
      const said = config[name] ?? null;
      const before = prior[name] ?? null;
      const { type } = attribute;
      if (said !== null) {
        const isObject = typeof type === "object" && "object" in type && isMap(said);
        return [name, isObject ? propose(type.object, isMap(before) ? before : {}, said) : said];
      }
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
      if (said !== null) {
        const isObject = typeof type === "object" && "object" in type && isMap(said) && isMap(value);
        return [name, isObject ? markUnknown(type.object, value, said) : value];
      }
      const isComputed = from === "computed" || from === "computed-optional";
      return [name, isComputed && attribute.default === undefined ? unknown : value];
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
  const proposed = propose(attributes, before ?? {}, config);
  const isSame = before !== undefined && differing(attributes, before, proposed).length === 0;
  const marked = isSame ? proposed : markUnknown(attributes, proposed, config);
  // The identifier stays as long as the resource does.
  const kept = before === undefined ? marked : { ...marked, id: before.id ?? unknown };
  const planned = modify(kept, before, config);
  const changed = before === undefined ? [] : differing(attributes, before, planned);
  return { planned, changed, replaces: changed.filter((name) => attributes[name]?.replaces === true) };
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
      const isObject = typeof type === "object" && "object" in type;
      if (isObject && isMap(value)) return [name, settle(type.object, value, isMap(said) ? said : {})];
      return [name, value instanceof Unknown ? null : value];
    }),
  );
}

/** The JSON body of a request that makes a resource: everything that is said and known. */
export function createBody(
  attributes: Attributes,
  planned: ValueMap,
  toJson: (value: Value) => unknown,
): object {
  const entries = Object.entries(attributes)
    .filter(([, { from, place }]) => from !== "computed" && place === undefined)
    .map(([name]) => [name, toJson(planned[name] ?? null)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The JSON body of a request that overwrites a resource: null for what is no longer said. */
export function updateBody(
  attributes: Attributes,
  planned: ValueMap,
  prior: ValueMap,
  toJson: (value: Value) => unknown,
): object {
  const entries = Object.entries(attributes)
    .filter(([, { from, place }]) => from !== "computed" && place === undefined)
    .flatMap(([name]) => {
      const value = planned[name] ?? null;
      if (value === null) return (prior[name] ?? null) === null ? [] : [[name, null] as const];
      const json = toJson(value);
      return json === undefined ? [] : [[name, json] as const];
    });
  return Object.fromEntries(entries);
}
