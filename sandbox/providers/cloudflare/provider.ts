/** The provider's operations on property values, apart from how the engine calls them. */
import { checkInputs, type CheckFailure } from "../shared/table.ts";
import { parseUrn } from "../shared/shell.ts";
import { containsUnknown, equal, isList, isMap, revealMap } from "../shared/values.ts";
import type { Value, ValueMap } from "../shared/values.ts";
import { Api, type ApiConfig } from "./api.ts";
import { complete, inputTable, withoutNulls } from "./attributes.ts";
import type { AttributeType, Attributes } from "./attributes.ts";
import { functions } from "./functions.ts";
import { textOf, type Found, type ResourceType } from "./resource.ts";
import { resourceTypes } from "./types.ts";

const types: ReadonlyMap<string, ResourceType> = new Map(
  resourceTypes.map((type) => [type.table.token, type]),
);

function typeOf(urn: string): ResourceType {
  const token = parseUrn(urn).type;
  const type = types.get(token);
  if (type === undefined) {
    throw new Error(
      `the stand-in provider cloudflare has no table for the type ${token}; it knows ${[...types.keys()].join(", ")}`,
    );
  }
  return type;
}

const metaKey = "__meta";

/** A state as the bridge of the official plugin writes it, so that either plugin can go on with the other's. */
function writeState({ schemaVersion }: ResourceType, { state, zoneName }: Found): ValueMap {
  const privateState =
    zoneName === undefined
      ? {}
      : {
          private_state: Buffer.from(
            JSON.stringify({ zone_name: Buffer.from(JSON.stringify(zoneName)).toString("base64") }),
          ).toString("base64"),
        };
  const meta = JSON.stringify({ ...privateState, schema_version: String(schemaVersion) });
  return { ...withoutNulls(state), [metaKey]: meta };
}

function readZoneName(meta: Value | undefined): string | undefined {
  if (typeof meta !== "string") return undefined;
  try {
    const { private_state: encoded = "" } = JSON.parse(meta) as { private_state?: string };
    const inner = JSON.parse(Buffer.from(encoded, "base64").toString("utf8")) as { zone_name?: string };
    const name: unknown = JSON.parse(Buffer.from(inner.zone_name ?? "", "base64").toString("utf8"));
    return typeof name === "string" ? name : undefined;
  } catch {
    // The official plugin takes an unreadable private state for none.
    return undefined;
  }
}

function readState(type: ResourceType, stored: ValueMap): Found {
  const state = complete(type.table.attributes, revealMap(stored));
  return { state, zoneName: readZoneName(stored[metaKey]) };
}

/** After a refresh: of the inputs that the program gave, the values that the API has now. */
function refreshInputs(old: ValueMap, state: ValueMap): ValueMap {
  const entries = Object.entries(old).flatMap(([name, before]): (readonly [string, Value])[] => {
    const now = state[name] ?? null;
    if (now === null) return [];
    if (isMap(before) && isMap(now)) return [[name, refreshInputs(before, now)]];
    if (isList(before) && isList(now)) return [[name, refreshList(before, now)]];
    return [[name, now]];
  });
  return Object.fromEntries(entries);
}

/** Of a list, as many items as the program gave, in its order if they are the same. */
function refreshList(before: readonly Value[], now: readonly Value[]): readonly Value[] {
  const isSame =
    before.length === now.length && before.every((item) => now.some((other) => equal(item, other)));
  if (isSame) return before;
  return now.slice(0, before.length).map((item, at) => {
    const old = before[at] ?? null;
    return isMap(old) && isMap(item) ? refreshInputs(old, item) : item;
  });
}

/** After an import: everything that a program could have said and that is not its default. */
function importedInputs(attributes: Attributes, state: ValueMap): ValueMap {
  const isNothing = (value: Value) =>
    value === null ||
    value === false ||
    value === 0 ||
    value === "" ||
    (isList(value) && value.length === 0) ||
    (isMap(value) && Object.keys(value).length === 0);
  const entries = Object.entries(attributes).flatMap(([name, { type, from, default: fallback }]) => {
    const value = state[name] ?? null;
    if (from === "computed" || value === null) return [];
    const input = importedInput(type, value);
    const isDefault = fallback === undefined ? isNothing(input) : equal(input, fallback);
    return from !== "required" && isDefault ? [] : [[name, input] as const];
  });
  return Object.fromEntries(entries);
}

function importedInput(type: AttributeType, value: Value): Value {
  if (typeof type !== "object") return value;
  if ("object" in type && isMap(value)) return importedInputs(type.object, value);
  const element = "listOf" in type ? type.listOf : "setOf" in type ? type.setOf : undefined;
  if (element === undefined || !isList(value)) return value;
  return value.map((item) => importedInput(element, item));
}

export interface Difference {
  readonly changed: readonly string[];
  readonly replaces: readonly string[];
}

export class CloudflareProvider {
  readonly #signal: AbortSignal;
  #config: ApiConfig | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  configure(config: ApiConfig): void {
    this.#config = config;
  }

  #api(): Api {
    if (this.#config === undefined) throw new Error("the provider has not been configured");
    return new Api(this.#config, this.#signal);
  }

  check(
    urn: string,
    inputs: ValueMap,
  ): { readonly inputs: ValueMap; readonly failures: readonly CheckFailure[] } {
    const type = typeOf(urn);
    const checked = checkInputs(inputTable(type.table), inputs, { defaults: false });
    return { inputs: checked.inputs, failures: [...checked.failures, ...type.check(checked.inputs)] };
  }

  diff(urn: string, stored: ValueMap, inputs: ValueMap): Difference {
    const type = typeOf(urn);
    const { changed, replaces } = type.plan(readState(type, stored), revealMap(inputs));
    return { changed, replaces };
  }

  /** @returns in a preview the planned state, with unknowns, and no id. */
  async create(
    urn: string,
    inputs: ValueMap,
    isPreview: boolean,
  ): Promise<{ readonly id: string; readonly state: ValueMap }> {
    const type = typeOf(urn);
    const { planned } = type.plan(undefined, revealMap(inputs));
    if (isPreview) return { id: "", state: withoutNulls(planned) };
    refuseUnknown(inputs);
    const state = await type.create(this.#api(), planned);
    return { id: textOf(state, "id"), state: writeState(type, { state }) };
  }

  async update(urn: string, stored: ValueMap, inputs: ValueMap, isPreview: boolean): Promise<ValueMap> {
    const type = typeOf(urn);
    const prior = readState(type, stored);
    const { planned } = type.plan(prior, revealMap(inputs));
    if (isPreview) return withoutNulls(planned);
    refuseUnknown(inputs);
    const state = await type.update(this.#api(), planned, prior.state);
    return writeState(type, { state, zoneName: prior.zoneName });
  }

  /** Reads what the API has now; without a stored state the id is an import's. */
  async read(
    urn: string,
    id: string,
    stored: ValueMap,
    oldInputs: ValueMap,
  ): Promise<{ readonly id: string; readonly state: ValueMap; readonly inputs: ValueMap } | undefined> {
    const type = typeOf(urn);
    const isRefresh = Object.keys(stored).length > 0;
    const { attributes } = type.table;
    const prior = isRefresh
      ? readState(type, { ...stored, id: stored.id ?? id })
      : { state: type.imported(id) };
    const found = await type.read(this.#api(), prior);
    if (found === undefined) return undefined;
    const inputs = isRefresh
      ? refreshInputs(revealMap(oldInputs), withoutNulls(found.state))
      : importedInputs(attributes, found.state);
    return { id: textOf(found.state, "id"), state: writeState(type, found), inputs };
  }

  async delete(urn: string, id: string, stored: ValueMap): Promise<void> {
    const type = typeOf(urn);
    await type.delete(this.#api(), readState(type, { ...stored, id: stored.id ?? id }).state);
  }

  async invoke(token: string, args: ValueMap): Promise<ValueMap> {
    const lookUp = functions.get(token);
    if (lookUp === undefined) {
      throw new Error(
        `the stand-in provider cloudflare does not know the function ${token}; it knows ${[...functions.keys()].join(", ")}`,
      );
    }
    const known = Object.fromEntries(Object.entries(revealMap(args)).filter(([name]) => name !== "version"));
    return await lookUp(this.#api(), known);
  }
}

function refuseUnknown(inputs: ValueMap): void {
  if (containsUnknown(inputs)) throw new Error("an input is not known although this is no preview");
}
