import fc from "fast-check";
import { expect, test } from "vitest";
import {
  Opaque,
  Secret,
  Unknown,
  containsUnknown,
  decode,
  encode,
  equal,
  reveal,
  secret,
} from "../../../sandbox/providers/shared/values.ts";
import type { Value } from "../../../sandbox/providers/shared/values.ts";

const seed = Number(process.env.ROADNET_SEED ?? Date.now() % 2 ** 31);
console.log(`values: seed ${seed} (ROADNET_SEED repeats it)`);

const signature = "4dabf18193072939515e22adb298388d";

const { value: anyValue } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string(),
    fc.constant(new Unknown()),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 4 }), tie("value"), { maxKeys: 4, noNullPrototype: true }),
    tie("value").map(secret),
    fc.record({ text: fc.string(), hash: fc.string() }).map((fields) => new Opaque("asset", fields)),
  ),
}));

test("what goes over the wire comes back", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const wire: unknown = JSON.parse(JSON.stringify(encode(value)));
      expect(decode(wire)).toEqual(value);
      expect(equal(decode(wire), value)).toBe(!containsUnknown(value));
    }),
    { seed },
  );
});

test("revealed values hold no secret", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(JSON.stringify(encode(reveal(value)))).not.toContain("1b47061264138c4ac30d75fd1eb44270");
    }),
    { seed },
  );
});

test("the protocol's own forms are known", () => {
  const wire = { [signature]: "1b47061264138c4ac30d75fd1eb44270", value: "s" };
  expect(decode(wire)).toEqual(new Secret("s"));
  expect(decode("04da6b54-80e4-46f7-96ec-b56ff0331ba9")).toBeInstanceOf(Unknown);
  expect(decode("6a19a0b0-7e62-4c92-b797-7f8e31da9cc2")).toBeInstanceOf(Unknown);
  const output = { [signature]: "d0e6a833031e9bbcd3f4e8bde6ca49a4" };
  expect(decode({ ...output, value: 1, secret: true, dependencies: [] })).toEqual(new Secret(1));
  expect(decode(output)).toBeInstanceOf(Unknown);
  expect(() => decode({ [signature]: "x" })).toThrow("unknown signature");
});

test("secrets equal secrets only, unknowns nothing, assets by their hash", () => {
  expect(equal(new Secret("s"), "s")).toBe(false);
  expect(equal(new Unknown(), new Unknown())).toBe(false);
  const asset = (fields: Record<string, string>) => new Opaque("asset", fields);
  expect(equal(asset({ path: "a", hash: "h" }), asset({ path: "b", hash: "h" }))).toBe(true);
  expect(equal(asset({ text: "a" }), asset({ text: "b" }))).toBe(false);
  expect(equal(undefined, null)).toBe(false);
});
