import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contains, formatAddress, parseAddress, parseBlock } from "../../../sandbox/fabric/ipv4.ts";
import { linkName, stableNumbers } from "../../../sandbox/fabric/names.ts";

describe("linkName", () => {
  it("is readable where it can be, and fits into 15 characters", () => {
    expect(linkName("e", "eni-0a1b2c3d4e5f60718")).toBe("e-c3d4e5f60718");
    expect(linkName("lan", "edge-home")).toBe("lan-edge-home");
    expect(linkName("lan", "a-site-with-a-long-name")).toMatch(/^lan-[0-9a-f]{11}$/);
  });

  it("keeps to 15 characters for every prefix in use", () => {
    for (const prefix of ["e", "n", "p", "i", "d", "s", "x", "lan"]) {
      for (const id of ["eni-0a1b2c3d4e5f60718", "a-site-with-a-very-long-name", "x"]) {
        expect(linkName(prefix, id).length, `${prefix} ${id}`).toBeLessThanOrEqual(15);
      }
    }
  });
});

describe("stableNumbers", () => {
  it("gives distinct numbers of the range, whatever the order", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 40 }), (keys) => {
        const numbers = stableNumbers(keys, 1000, 64);
        const values = keys.map((key) => numbers.get(key) ?? -1);
        expect(new Set(values).size).toBe(keys.length);
        expect(values.every((value) => value >= 1000 && value < 1064)).toBe(true);
        expect(stableNumbers(keys.toReversed(), 1000, 64)).toEqual(numbers);
      }),
      { verbose: true },
    );
  });

  it("leaves numbers as they are when a key comes or goes", () => {
    const few = stableNumbers(["vpc-1", "vpc-3"], 0, 2 ** 22);
    const more = stableNumbers(["vpc-1", "vpc-2", "vpc-3"], 0, 2 ** 22);
    expect([more.get("vpc-1"), more.get("vpc-3")]).toEqual([few.get("vpc-1"), few.get("vpc-3")]);
  });

  it("refuses more keys than numbers", () => {
    expect(() => stableNumbers(["a", "b", "c"], 0, 2)).toThrow("3 keys do not fit into 2 numbers");
  });
});

describe("addresses", () => {
  it("survive the way there and back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (number) => {
        expect(parseAddress(formatAddress(number))).toBe(number);
      }),
      { verbose: true },
    );
  });

  it.each(["10.0.0", "10.0.0.256", "10.0.0.1.2", "a.b.c.d", "10.0.0.-1", ""])("refuse %j", (text) => {
    expect(() => parseAddress(text)).toThrow("not an IPv4 address");
  });

  it.each(["10.0.0.0", "10.0.0.0/33", "10.0.0.1/24", "10.0.0.0/24/1", "10.0.0.0/x"])(
    "refuse the block %j",
    (text) => {
      expect(() => parseBlock(text)).toThrow("not an IPv4 block");
    },
  );

  it("a block ends where it ends", () => {
    const block = parseBlock("192.168.4.0/24");
    const inside = ["192.168.4.0", "192.168.4.255"].map((each) => contains(block, parseAddress(each)));
    const outside = ["192.168.3.255", "192.168.5.0"].map((each) => contains(block, parseAddress(each)));
    expect([inside, outside]).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(contains(parseBlock("0.0.0.0/0"), parseAddress("255.255.255.255"))).toBe(true);
  });
});
