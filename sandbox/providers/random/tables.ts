/**
 * The properties of @pulumi/random 4.21.2's resources, from hashicorp/terraform-provider-random 3.x.
 *
 * Every input's change replaces; the exceptions upstream makes for empty values are in {@link planDifference}.
 */
import { diffInputs, withDefaults } from "../shared/table.ts";
import type { Difference, PropertyRule, PropertyTable, ResourceTable } from "../shared/table.ts";
import { Secret, Unknown, equal, isMap, reveal, revealMap } from "../shared/values.ts";
import type { Value, ValueMap } from "../shared/values.ts";

type PropertyType = PropertyRule["type"];

const required = (type: PropertyType): PropertyRule => ({ type, presence: "required", replaces: true });
const optional = (type: PropertyType, fallback?: Value): PropertyRule => ({
  type,
  presence: "optional",
  replaces: true,
  ...(fallback !== undefined && { default: fallback }),
});
const computed = (type: PropertyType): PropertyRule => ({ type, presence: "computed" });
const secretText: PropertyRule = { ...computed("string"), secret: true };

const atLeastOne =
  (name: string): NonNullable<PropertyRule["refuse"]> =>
  (value) =>
    typeof value === "number" && value >= 1
      ? undefined
      : `${name} value must be at least 1, got: ${JSON.stringify(value)}`;

/** Any values; numbers and booleans become text, as where the official provider reads them. */
const keepers = optional({ mapOf: "any" });

const characters: PropertyTable = {
  keepers,
  length: { ...required("integer"), refuse: atLeastOne("length") },
  special: optional("boolean", true),
  upper: optional("boolean", true),
  lower: optional("boolean", true),
  // The older name of `numeric`: either, or both alike.
  number: optional("boolean"),
  numeric: optional("boolean"),
  minNumeric: optional("integer", 0),
  minUpper: optional("integer", 0),
  minLower: optional("integer", 0),
  minSpecial: optional("integer", 0),
  overrideSpecial: optional("string"),
};

function table(kind: string, file: string, properties: PropertyTable): ResourceTable {
  const name = `random${kind}`;
  return {
    token: `random:index/${name}:Random${kind}`,
    source: `internal/provider/resource_${file}.go`,
    properties,
  };
}

export const randomId = table("Id", "id", {
  keepers,
  byteLength: required("integer"),
  prefix: optional("string"),
  b64Url: computed("string"),
  b64Std: computed("string"),
  hex: computed("string"),
  dec: computed("string"),
});

export const randomBytes = table("Bytes", "bytes", {
  keepers,
  length: { ...required("integer"), refuse: atLeastOne("length") },
  base64: secretText,
  hex: secretText,
});

export const randomInteger = table("Integer", "integer", {
  keepers,
  min: required("integer"),
  max: required("integer"),
  seed: optional("string"),
  result: computed("integer"),
});

export const randomString = table("String", "string", { ...characters, result: computed("string") });

export const randomPassword = table("Password", "password", {
  ...characters,
  result: secretText,
  bcryptHash: secretText,
});

export const randomShuffle = table("Shuffle", "shuffle", {
  keepers,
  inputs: required({ listOf: "string" }),
  resultCount: optional("integer"),
  seed: optional("string"),
  results: computed({ listOf: "string" }),
});

export const randomPet = table("Pet", "pet", {
  keepers,
  length: optional("integer", 2),
  prefix: optional("string"),
  separator: optional("string", "-"),
});

const uuid: PropertyTable = { keepers, result: computed("string") };
export const randomUuid = table("Uuid", "uuid", uuid);
export const randomUuid4 = table("Uuid4", "uuid4", uuid);
export const randomUuid7 = table("Uuid7", "uuid7", uuid);

function keeperText(value: Value): Value {
  if (value instanceof Unknown || value === null) return value;
  if (value instanceof Secret) return keeperText(value.element);
  return typeof value === "string" ? value : JSON.stringify(value);
}

function keepersOf(values: ValueMap): ValueMap {
  const found = reveal(values.keepers ?? null);
  if (!isMap(found)) return {};
  return Object.fromEntries(
    Object.entries(found)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, keeperText(value)]),
  );
}

/** The inputs with all defaults, `number` and `numeric` alike, and keepers as text. */
export function plan(resource: ResourceTable, inputs: ValueMap): ValueMap {
  const planned: Record<string, Value> = { ...revealMap(withDefaults(resource, inputs)) };
  if (planned.keepers !== undefined) planned.keepers = keepersOf(planned);
  if ("numeric" in resource.properties) {
    const { numeric = planned.number ?? true } = planned;
    planned.numeric = numeric;
    planned.number = planned.number ?? numeric;
  }
  return planned;
}

/**
 * Compares as upstream's plan does. Keepers that come or go without a value replace nothing (except in RandomBytes),
 * nor does an `overrideSpecial` that goes from empty to absent.
 */
export function planDifference(resource: ResourceTable, state: ValueMap, inputs: ValueMap): Difference {
  const before = revealMap(state);
  const after = plan(resource, inputs);
  const { changed, replaces } = diffInputs(resource, before, after);
  const harmless = (key: string) => {
    if (key === "keepers") {
      return resource !== randomBytes && equal(keepersOf(before), keepersOf(after));
    }
    return key === "overrideSpecial" && before[key] === "" && after[key] === undefined;
  };
  return { changed, replaces: replaces.filter((key) => !harmless(key)) };
}
