/** The resources of @pulumi/random 4.21.2. */
import { randomBytes as systemBytes } from "node:crypto";
import type { ReadResult, ResourceHandler } from "../shared/shell.ts";
import { checkInputs, markSecrets } from "../shared/table.ts";
import type { CheckFailure, ResourceTable } from "../shared/table.ts";
import { isList, revealMap } from "../shared/values.ts";
import type { ValueMap } from "../shared/values.ts";
import {
  characterSets,
  permutations,
  petName,
  plainUuid,
  randomText,
  sourceFor,
  uuid4,
  uuid7,
} from "./generate.ts";
import * as importing from "./import.ts";
import * as tables from "./tables.ts";

interface Generated {
  readonly id: string;
  /** The computed properties. */
  readonly outputs: ValueMap;
}

function numberOf(values: ValueMap, key: string): number {
  const value = values[key];
  if (typeof value !== "number") throw new Error(`'${key}' must be a number`);
  return value;
}

function textOf(values: ValueMap, key: string): string | undefined {
  const value = values[key];
  return typeof value === "string" ? value : undefined;
}

/** The life that all kinds have in common: made once, and kept until an input changes. */
function handler(
  table: ResourceTable,
  generate: (planned: ValueMap) => Generated | Promise<Generated>,
  options: {
    readonly refuse?: (inputs: ValueMap) => readonly CheckFailure[];
    readonly import?: (id: string) => importing.Imported | Promise<importing.Imported>;
  } = {},
): ResourceHandler {
  const computed = (state: ValueMap) =>
    Object.fromEntries(
      Object.entries(state).filter(([key]) => table.properties[key]?.presence === "computed"),
    );
  return {
    table,
    check: (values) => {
      const { inputs, failures } = checkInputs(table, values, { defaults: false });
      return { inputs, failures: [...failures, ...(options.refuse?.(revealMap(inputs)) ?? [])] };
    },
    diff: (state, inputs) => tables.planDifference(table, state, inputs),
    create: async (_operation, inputs) => {
      const planned = tables.plan(table, inputs);
      const { id, outputs } = await generate(planned);
      return { id, state: markSecrets(table, { ...planned, ...outputs }) };
    },
    update: (_operation, _id, state, inputs) =>
      Promise.resolve(markSecrets(table, { ...revealMap(computed(state)), ...tables.plan(table, inputs) })),
    read: async (id, state): Promise<ReadResult> => {
      if (Object.keys(state).length > 0) {
        const inputs = Object.entries(state).filter(([key]) => !(key in computed(state)));
        return { state, inputs: Object.fromEntries(inputs) };
      }
      if (options.import === undefined) throw new Error(`${table.token} cannot be imported`);
      const imported = await options.import(id);
      const inputs = imported.inputs;
      return {
        id: imported.id,
        inputs,
        state: markSecrets(table, { ...tables.plan(table, inputs), ...imported.outputs }),
      };
    },
  };
}

function characters(planned: ValueMap): string {
  const override = textOf(planned, "overrideSpecial") ?? "";
  const set = (name: keyof typeof characterSets, least: string, own: string = characterSets[name]) => ({
    characters: own,
    allowed: planned[name] === true,
    least: numberOf(planned, least),
  });
  return randomText({
    length: numberOf(planned, "length"),
    sets: [
      set("upper", "minUpper"),
      set("lower", "minLower"),
      set("numeric", "minNumeric"),
      set("special", "minSpecial", override === "" ? characterSets.special : override),
    ],
  });
}

/** What upstream's validators say of a text's rules taken together. */
function refuseCharacters(inputs: ValueMap): readonly CheckFailure[] {
  const failures: CheckFailure[] = [];
  const { length, number, numeric, special, upper, lower } = inputs;
  const minimums = ["minUpper", "minLower", "minNumeric", "minSpecial"].map((key) => inputs[key] ?? 0);
  const known = minimums.filter((value) => typeof value === "number");
  const sum = known.reduce((total, value) => total + value, 0);
  if (typeof length === "number" && known.length === minimums.length && length < sum) {
    const reason = `length must be at least the sum of minUpper, minLower, minNumeric and minSpecial, ${sum}; got: ${length}`;
    failures.push({ property: "length", reason });
  }
  if (typeof number === "boolean" && typeof numeric === "boolean" && number !== numeric) {
    const reason =
      "Number and numeric are both configured with different values: Number is deprecated, use numeric instead";
    failures.push({ property: "number", reason });
  }
  for (const [property, value] of Object.entries({ number, numeric })) {
    if ([value, special, upper, lower].every((each) => each === false)) {
      const reason = `At least one attribute out of [special,upper,lower,${property}] must be specified as true`;
      failures.push({ property, reason });
    }
  }
  return failures;
}

const idHandler = handler(
  tables.randomId,
  (planned) => importing.idOutputs(systemBytes(numberOf(planned, "byteLength")), textOf(planned, "prefix")),
  { import: importing.importId },
);

const bytesHandler = handler(
  tables.randomBytes,
  (planned) => importing.bytesOutputs(systemBytes(numberOf(planned, "length"))),
  { import: importing.importBytes },
);

const integerHandler = handler(
  tables.randomInteger,
  (planned) => {
    const [min, max] = [numberOf(planned, "min"), numberOf(planned, "max")];
    if (max < min) {
      throw new Error(
        "Create Random Integer Error: The minimum (min) value needs to be smaller than or equal to maximum (max) value.",
      );
    }
    const result = min + sourceFor(textOf(planned, "seed"))(max - min + 1);
    return { id: String(result), outputs: { result } };
  },
  { import: importing.importInteger },
);

const stringHandler = handler(
  tables.randomString,
  (planned) => {
    const result = characters(planned);
    return { id: result, outputs: { result } };
  },
  { refuse: refuseCharacters, import: importing.importString },
);

const passwordHandler = handler(
  tables.randomPassword,
  async (planned) => ({ id: "none", outputs: await importing.passwordOutputs(characters(planned)) }),
  { refuse: refuseCharacters, import: importing.importPassword },
);

const shuffleHandler = handler(tables.randomShuffle, (planned) => {
  const inputs = isList(planned.inputs) ? planned.inputs : [];
  const { resultCount } = planned;
  const count = typeof resultCount === "number" ? resultCount : inputs.length;
  const results = permutations(inputs, count, sourceFor(textOf(planned, "seed")));
  return { id: "-", outputs: { results } };
});

const petHandler = handler(tables.randomPet, (planned) => {
  const separator = textOf(planned, "separator") ?? "-";
  const prefix = textOf(planned, "prefix") ?? "";
  const name = petName(numberOf(planned, "length"), separator);
  return { id: prefix === "" ? name : `${prefix}${separator}${name}`, outputs: {} };
});

function uuidHandler(table: ResourceTable, generate: () => string): ResourceHandler {
  const generated = (result: string) => ({ id: result, outputs: { result } });
  return handler(table, () => generated(generate()), {
    import: (id) => ({ ...generated(importing.parseUuid(id)), inputs: {} }),
  });
}

export const randomResources: readonly ResourceHandler[] = [
  idHandler,
  bytesHandler,
  integerHandler,
  stringHandler,
  passwordHandler,
  shuffleHandler,
  petHandler,
  uuidHandler(tables.randomUuid, plainUuid),
  uuidHandler(tables.randomUuid4, uuid4),
  uuidHandler(tables.randomUuid7, () => uuid7()),
];
