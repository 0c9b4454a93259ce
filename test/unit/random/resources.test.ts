import bcrypt from "bcryptjs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Operation, ResourceHandler } from "../../../sandbox/providers/shared/shell.ts";
import { Secret, Unknown, revealMap } from "../../../sandbox/providers/shared/values.ts";
import type { Value, ValueMap } from "../../../sandbox/providers/shared/values.ts";
import { randomResources } from "../../../sandbox/providers/random/resources.ts";

/** Printed by fast-check with every failure, too. */
const seed = Number(process.env.ROADNET_SEED ?? Date.now() % 2 ** 31);
console.log(`random: seed ${seed} (ROADNET_SEED repeats it)`);

const operation: Operation = {
  urn: "urn:pulumi:s::p::random:index/x:X::n",
  name: "n",
  signal: new AbortController().signal,
  log: () => undefined,
};

function handler(kind: string): ResourceHandler {
  const found = randomResources.find(({ table }) => table.token.endsWith(`:Random${kind}`));
  if (found === undefined) throw new Error(`there is no Random${kind}`);
  return found;
}

async function create(kind: string, inputs: ValueMap) {
  const { id, state } = await handler(kind).create(operation, inputs);
  return { id, state, values: revealMap(state) };
}

function text(value: Value | undefined): string {
  if (typeof value !== "string") throw new Error("a text was expected");
  return value;
}

const count = (value: string, pattern: RegExp) => (value.match(pattern) ?? []).length;

describe.each(["String", "Password"])("Random%s", (kind) => {
  test("keeps to its rules, whatever they are", async () => {
    const least = fc.integer({ min: 0, max: 4 });
    const rules = fc.record({
      extra: fc.integer({ min: 1, max: 12 }),
      upper: fc.boolean(),
      lower: fc.boolean(),
      numeric: fc.boolean(),
      minUpper: least,
      minLower: least,
      minNumeric: least,
      minSpecial: least,
    });
    const property = fc.asyncProperty(rules, async ({ extra, ...inputs }) => {
      const minimum = inputs.minUpper + inputs.minLower + inputs.minNumeric + inputs.minSpecial;
      const length = minimum + extra;
      const checked = handler(kind).check({ ...inputs, length });
      expect(checked.failures).toEqual([]);
      const result = text((await create("String", { ...inputs, length })).values.result);
      expect(result).toHaveLength(length);
      expect(result).toMatch(/^[A-Za-z0-9!@#$%&*()\-_=+[\]{}<>:?]*$/);
      const found = [/[A-Z]/g, /[a-z]/g, /[0-9]/g, /[^A-Za-z0-9]/g].map((set) => count(result, set));
      const wanted = [inputs.minUpper, inputs.minLower, inputs.minNumeric, inputs.minSpecial];
      found.forEach((each, index) => {
        expect(each).toBeGreaterThanOrEqual(wanted[index] ?? 0);
      });
      // What is not allowed occurs as often as its minimum says, and no more.
      if (!inputs.upper) expect(found[0]).toBe(inputs.minUpper);
      if (!inputs.numeric) expect(found[2]).toBe(inputs.minNumeric);
    });
    await fc.assert(property, { seed, numRuns: 60 });
  });

  test("refuses rules that cannot be kept", () => {
    const reasons = (inputs: ValueMap) =>
      handler(kind)
        .check(inputs)
        .failures.map(({ property }) => property);
    expect(reasons({ length: 3, minLower: 2, minUpper: 2 })).toEqual(["length"]);
    expect(reasons({ length: 0 })).toContain("length");
    expect(reasons({ length: 4, number: true, numeric: false })).toEqual(["number"]);
    expect(reasons({ length: 4, special: false, upper: false, lower: false, numeric: false })).toEqual([
      "numeric",
    ]);
    expect(reasons({})).toEqual(["length"]);
  });

  test("knows number and numeric as one", async () => {
    for (const inputs of [{ number: false }, { numeric: false }]) {
      const { values, state } = await create(kind, { length: 40, special: false, ...inputs });
      expect(values).toMatchObject({ number: false, numeric: false });
      expect(text(values.result)).toMatch(/^[A-Za-z]{40}$/);
      expect(
        handler(kind).diff(state, { length: 40, special: false, number: false, numeric: false }).changed,
      ).toEqual([]);
    }
    const { values } = await create(kind, { length: 4 });
    expect(values).toMatchObject({ number: true, numeric: true, upper: true, minLower: 0 });
  });

  test("takes other special characters, and an empty set of them for the usual one", async () => {
    const own = await create(kind, {
      length: 30,
      upper: false,
      lower: false,
      numeric: false,
      overrideSpecial: "ä€",
    });
    expect(Array.from(text(own.values.result), (each) => each)).toHaveLength(30);
    expect(text(own.values.result)).toMatch(/^[ä€]+$/);
    const { state } = await create(kind, { length: 4, overrideSpecial: "" });
    expect(handler(kind).diff(state, { length: 4 })).toEqual({ changed: ["overrideSpecial"], replaces: [] });
  });
});

test("a password is secret, and its hash is that of its first 72 bytes", async () => {
  const { id, state, values } = await create("Password", { length: 80 });
  expect(id).toBe("none");
  expect(state.result).toBeInstanceOf(Secret);
  expect(state.bcryptHash).toBeInstanceOf(Secret);
  expect(text(values.bcryptHash)).toMatch(/^\$2a\$10\$/);
  const password = text(values.result);
  expect(await bcrypt.compare(password.slice(0, 72), text(values.bcryptHash))).toBe(true);
  expect(await bcrypt.compare(password.slice(0, 71), text(values.bcryptHash))).toBe(false);
});

test("RandomId is the same number in every form", async () => {
  const { id, values } = await create("Id", { byteLength: 6, prefix: "p-" });
  const bytes = Buffer.from(id, "base64url");
  expect(values).toMatchObject({
    b64Url: `p-${id}`,
    b64Std: `p-${bytes.toString("base64")}`,
    hex: `p-${bytes.toString("hex")}`,
    dec: `p-${bytes.readUIntBE(0, 6)}`,
  });
});

test("RandomBytes are secret, and their base64 is the id", async () => {
  const { id, state, values } = await create("Bytes", { length: 9 });
  expect(values.base64).toBe(id);
  expect(Buffer.from(id, "base64")).toHaveLength(9);
  expect([state.base64 instanceof Secret, state.hex instanceof Secret]).toEqual([true, true]);
});

test("RandomInteger covers its range, and a seed fixes it", async () => {
  const seen = new Set<number>();
  for (let run = 0; run < 200; run += 1) {
    const { id, values } = await create("Integer", { min: -1, max: 2 });
    expect(id).toBe(String(values.result as number));
    seen.add(values.result as number);
  }
  expect([...seen].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
  const seeded = await Promise.all(
    Array.from({ length: 3 }, () => create("Integer", { min: 0, max: 1_000_000, seed: "x" })),
  );
  expect(new Set(seeded.map(({ id }) => id)).size).toBe(1);
  await expect(create("Integer", { min: 2, max: 1 })).rejects.toThrow("smaller than or equal");
});

test("RandomShuffle permutes, repeats and cuts", async () => {
  const inputs = ["a", "b", "c", "d"];
  const results = async (more: ValueMap) =>
    (await create("Shuffle", { inputs, ...more })).values.results as string[];
  expect([...(await results({}))].sort()).toEqual(inputs);
  expect(await results({ resultCount: 0 })).toEqual([]);
  expect(await results({ resultCount: 2 })).toHaveLength(2);
  const many = await results({ resultCount: 10 });
  for (const each of inputs) expect(many.filter((item) => item === each).length).toBeGreaterThanOrEqual(2);
  expect(await results({ seed: "s" })).toEqual(await results({ seed: "s" }));
  const orders = new Set<string>();
  for (let run = 0; run < 100; run += 1) orders.add((await results({})).join(""));
  expect(orders.size).toBeGreaterThan(10);
});

test("UUIDs have their forms", async () => {
  const form = (version: string) =>
    new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`);
  expect((await create("Uuid", {})).id).toMatch(form("[0-9a-f]"));
  expect((await create("Uuid4", {})).id).toMatch(form("4"));
  const before = Date.now();
  const { id, values } = await create("Uuid7", {});
  expect(id).toMatch(form("7"));
  expect(values.result).toBe(id);
  const time = Number.parseInt(id.replace("-", "").slice(0, 12), 16);
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThanOrEqual(Date.now());
});

test("RandomPet is made of words", async () => {
  expect((await create("Pet", {})).id).toMatch(/^[a-z]+-[a-z]+$/);
  expect((await create("Pet", { length: 4, separator: "_", prefix: "p" })).id).toMatch(/^p(?:_[a-z]+){4}$/);
  expect((await create("Pet", { length: 1 })).id).toMatch(/^[a-z]+$/);
});

describe("keepers", () => {
  const inputs: ValueMap = { byteLength: 2, keepers: { a: "1" } };
  test("replace when a value changes, comes or goes", async () => {
    const { state } = await create("Id", inputs);
    const replaces = (keepers: ValueMap) => handler("Id").diff(state, { byteLength: 2, keepers }).replaces;
    expect(replaces({ a: "1" })).toEqual([]);
    expect(replaces({ a: 1 })).toEqual([]);
    expect(replaces({ a: new Secret("1") })).toEqual([]);
    expect(replaces({ a: "2" })).toEqual(["keepers"]);
    expect(replaces({ a: new Unknown() })).toEqual(["keepers"]);
    expect(replaces({ a: "1", b: "" })).toEqual(["keepers"]);
    expect(handler("Id").diff(state, { byteLength: 2 }).replaces).toEqual(["keepers"]);
  });
  test("empty ones update, except those of RandomBytes", async () => {
    const id = await create("Id", { byteLength: 2 });
    expect(handler("Id").diff(id.state, { byteLength: 2, keepers: {} })).toEqual({
      changed: ["keepers"],
      replaces: [],
    });
    const updated = await handler("Id").update?.(operation, id.id, id.state, { byteLength: 2, keepers: {} });
    expect(updated).toEqual({ ...id.state, keepers: {} });
    const bytes = await create("Bytes", { length: 2 });
    expect(handler("Bytes").diff(bytes.state, { length: 2, keepers: {} }).replaces).toEqual(["keepers"]);
  });
});

describe("every input's change", () => {
  const samples: Readonly<Record<string, readonly [ValueMap, ValueMap]>> = {
    Id: [{ byteLength: 2 }, { byteLength: 3, prefix: "p" }],
    Bytes: [{ length: 2 }, { length: 3 }],
    Integer: [
      { min: 1, max: 1 },
      { min: 0, max: 2, seed: "s" },
    ],
    Shuffle: [{ inputs: ["a"] }, { inputs: ["b"], resultCount: 1, seed: "s" }],
    Pet: [{}, { length: 3, prefix: "p", separator: "." }],
    String: [
      { length: 8 },
      {
        length: 9,
        special: false,
        upper: false,
        lower: false,
        numeric: false,
        minNumeric: 1,
        minUpper: 1,
        minLower: 1,
        minSpecial: 1,
        overrideSpecial: "!",
      },
    ],
  };
  test.each(Object.entries(samples))("of Random%s replaces", async (kind, [before, changes]) => {
    const { state } = await create(kind, before);
    expect(handler(kind).diff(state, before)).toEqual({ changed: [], replaces: [] });
    for (const [key, value] of Object.entries(changes)) {
      expect(handler(kind).diff(state, { ...before, [key]: value }).replaces).toContain(key);
    }
  });
});

describe("imports", () => {
  const imported = (kind: string, id: string) => handler(kind).read?.(id, {});
  test("of what upstream can import", async () => {
    expect(await imported("Id", "p,AQI")).toMatchObject({
      id: "AQI",
      inputs: { byteLength: 2, prefix: "p" },
    });
    expect(await imported("Integer", "5,1,9,s")).toMatchObject({ id: "5", state: { result: 5, seed: "s" } });
    expect(await imported("String", "abc")).toMatchObject({
      inputs: { length: 3 },
      state: { result: "abc" },
    });
    expect((await imported("Password", "abc"))?.id).toBe("none");
    expect((await imported("Bytes", "AQI="))?.inputs).toEqual({ length: 2 });
    const uuid = "018f0000-0000-7000-8000-000000000000";
    expect((await imported("Uuid7", uuid))?.state).toEqual({ result: uuid });
  });
  test("of anything else is refused", async () => {
    await expect(imported("Uuid4", "x")).rejects.toThrow("not a UUID");
    await expect(imported("Integer", "5")).rejects.toThrow("expecting");
    await expect(imported("Pet", "x")).rejects.toThrow("cannot be imported");
  });
  test("a refresh keeps the state", async () => {
    const { id, state } = await create("Id", { byteLength: 2 });
    expect(await handler("Id").read?.(id, state)).toEqual({ state, inputs: { byteLength: 2 } });
  });
});
