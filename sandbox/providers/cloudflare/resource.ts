/** What the provider can do with a resource of one type. */
import type { CheckFailure } from "../shared/table.ts";
import type { ValueMap } from "../shared/values.ts";
import type { Api } from "./api.ts";
import type { TypeTable } from "./attributes.ts";
import type { Plan } from "./plan.ts";

/** The state of a resource with what is kept beside it, as the bridge keeps it in `__meta`. */
export interface Found {
  readonly state: ValueMap;
  readonly zoneName?: string | undefined;
}

export interface ResourceType {
  readonly table: TypeTable;
  /** The version of the official schema, written into the state so that the official plugin can take it over. */
  readonly schemaVersion: number;
  /** What is wrong with the inputs beyond the table. */
  check(inputs: ValueMap): readonly CheckFailure[];
  plan(prior: Found | undefined, inputs: ValueMap): Plan;
  create(api: Api, planned: ValueMap): Promise<ValueMap>;
  update(api: Api, planned: ValueMap, prior: ValueMap): Promise<ValueMap>;
  /** @returns nothing if the API no longer has it. */
  read(api: Api, prior: Found): Promise<Found | undefined>;
  /** The least state by which a resource can be read, from the id that an import names. @throws if it is malformed. */
  imported(id: string): ValueMap;
  delete(api: Api, state: ValueMap): Promise<void>;
}

/** A state's text, such as the id that every resource has. @throws if it is none. */
export function textOf(state: ValueMap, name: string): string {
  const value = state[name];
  if (typeof value === "string" && value !== "") return value;
  throw new Error(`the state has no ${name}; refresh or import the resource`);
}

/** Splits an import's id by its slashes, in the official provider's words if it has another form. */
export function splitImportId(id: string, ...names: readonly string[]): readonly string[] {
  const parts = id.split("/");
  if (parts.length !== names.length || parts.includes("")) {
    const form = names.map((name) => `<${name}>`).join("/");
    throw new Error(`invalid ID: expected urlencoded segments "${form}", got "${id}"`);
  }
  return parts.map(decodeURIComponent);
}
