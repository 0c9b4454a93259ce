/**
 * Resource types that are one object of the API each: made by a request, read, overwritten or patched, and deleted.
 * All of the official provider's types are of this kind; what one does beyond it stands in its hooks.
 */
import type { CheckFailure } from "../shared/table.ts";
import type { Value, ValueMap } from "../shared/values.ts";
import { RequestError, type Api, type Envelope } from "./api.ts";
import { complete, objectFromApi, type TypeTable } from "./attributes.ts";
import { createBody, makePlan, patchBody, settle, updateBody, type ModifyPlan } from "./plan.ts";
import { splitImportId, textOf, type ResourceType } from "./resource.ts";

/** `/accounts/:accountId/load_balancers/pools`: a segment with a colon is the state's text of that name. */
export type PathPattern = string;

export interface Endpoint {
  readonly table: TypeTable;
  /** The version of the official schema. */
  readonly schemaVersion: number;
  /** Where it is made, and its own place; the same for what exists once and is only ever changed. */
  readonly collection: PathPattern;
  readonly item: PathPattern;
  readonly create: "POST" | "PUT" | "PATCH";
  /** A `PUT` says everything, a `PATCH` what changes. */
  readonly update: "PUT" | "PATCH";
  /** What an import begins with, where the same type can be an account's or a zone's. */
  readonly importPrefix?: "accounts" | "zones";
  /** The names of an import's segments, as the official provider calls them, with the attributes that they are. */
  readonly importId: readonly (readonly [segment: string, attribute: string])[];
  /** The attribute that is the identifier, where the API says none. */
  readonly idFrom?: string;
  readonly check?: (inputs: ValueMap) => readonly CheckFailure[];
  readonly modifyPlan?: ModifyPlan;
  /** Adjusts a body before it is sent. */
  readonly write?: (body: object) => object;
  /** Adjusts what was read to what the state has; `undefined` after an import. */
  readonly settleRead?: (found: ValueMap, prior: ValueMap | undefined) => ValueMap;
  /** Absent: a `DELETE` of the item. */
  readonly remove?: (api: Api, path: string) => Promise<void>;
}

function expand(pattern: PathPattern, state: ValueMap): string {
  return pattern.replace(/:([A-Za-z]+)/g, (_, name: string) => encodeURIComponent(textOf(state, name)));
}

/** Nothing where the API answers that there is no such thing. */
async function findItem(api: Api, path: string): Promise<Envelope | undefined> {
  try {
    return await api.request("GET", path);
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return undefined;
    throw error;
  }
}

/** What the API's answer says, with what only the request's path and the state say. */
function completeAnswer(endpoint: Endpoint, answer: ValueMap, prior: ValueMap, isRefresh: boolean): ValueMap {
  const { table, idFrom } = endpoint;
  const kept = Object.entries(table.attributes).flatMap(([name, { place, blind }]): [string, Value][] =>
    place === "path" || (isRefresh && blind === true) ? [[name, prior[name] ?? null]] : [],
  );
  const state = { ...answer, ...Object.fromEntries(kept) };
  return idFrom === undefined ? state : { ...state, id: state[idFrom] ?? null };
}

/** The operations of a resource type from what is known of its place in the API. */
export function resourceOf(endpoint: Endpoint): ResourceType {
  const { table, schemaVersion, collection, item, idFrom } = endpoint;
  const { attributes } = table;
  const write = endpoint.write ?? ((body: object) => body);
  const answerOf = ({ result }: Envelope) =>
    objectFromApi(attributes, result as Readonly<Record<string, unknown>>);
  const settled = (planned: ValueMap, envelope: Envelope): ValueMap => {
    const state = settle(attributes, planned, answerOf(envelope));
    return idFrom === undefined ? state : { ...state, id: state[idFrom] ?? null };
  };
  return {
    table,
    schemaVersion,
    check: endpoint.check ?? (() => []),
    plan: (prior, inputs) =>
      makePlan(table, prior?.state, inputs, endpoint.modifyPlan ?? ((planned) => planned)),
    create: async (api, planned) => {
      const body = write(createBody(attributes, planned));
      return settled(planned, await api.request(endpoint.create, expand(collection, planned), { body }));
    },
    update: async (api, planned, prior) => {
      const before = complete(attributes, prior);
      const makeBody = endpoint.update === "PATCH" ? patchBody : updateBody;
      const body = write(makeBody(attributes, planned, before));
      return settled(planned, await api.request(endpoint.update, expand(item, prior), { body }));
    },
    read: async (api, { state: prior }) => {
      const envelope = await findItem(api, expand(item, prior));
      if (envelope === undefined) return undefined;
      // An import's state has nothing but what its path needs.
      const isRefresh = Object.keys(prior).length > endpoint.importId.length;
      const state = completeAnswer(endpoint, answerOf(envelope), prior, isRefresh);
      return { state: endpoint.settleRead?.(state, isRefresh ? prior : undefined) ?? state };
    },
    imported: (id) => {
      const prefix = endpoint.importPrefix === undefined ? [] : [endpoint.importPrefix];
      const names = [...prefix, ...endpoint.importId.map(([segment]) => segment)];
      const parts = splitImportId(id, ...names).slice(prefix.length);
      return Object.fromEntries(endpoint.importId.map(([, name], at) => [name, parts[at] ?? ""]));
    },
    delete: async (api, state) => {
      const path = expand(item, state);
      if (endpoint.remove === undefined) await api.request("DELETE", path);
      else await endpoint.remove(api, path);
    },
  };
}
