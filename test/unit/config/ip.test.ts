import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalCidr,
  contains,
  formatAddress,
  formatRange,
  includes,
  isPrivate,
  overlaps,
  parseAddress,
  parseCidr,
  rangeOf,
} from "../../../components/config/ip.ts";

const seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`ip: ROADNET_SEED=${seed}`);

const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const network = fc.tuple(number, fc.integer({ min: 0, max: 32 })).map(([address, prefix]) => {
  const cidr = canonicalCidr(`${formatAddress(address)}/${prefix}`);
  if (cidr === undefined) throw new Error("unreachable");
  return rangeOf(cidr);
});

describe("addresses", () => {
  it("are read as they are written", () => {
    fc.assert(
      fc.property(number, (value) => {
        expect(parseAddress(formatAddress(value))).toBe(value);
      }),
      { seed },
    );
    expect(parseAddress("192.168.4.38")).toBe(0xc0a80426);
  });

  it.each([
    "10.0.0",
    "10.0.0.256",
    "010.0.0.1",
    "0x0a.0.0.1",
    "10.0.0.1 ",
    "::ffff:10.0.0.1",
    "1e1.0.0.1",
    "",
  ])("are not %j", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe("networks", () => {
  it("are read as they are written, and have as many addresses as their prefix says", () => {
    fc.assert(
      fc.property(network, (range) => {
        expect(parseCidr(formatRange(range))).toEqual(range);
        expect(range.last - range.first + 1).toBe(2 ** (32 - range.prefix));
      }),
      { seed },
    );
  });

  it("overlap just when one contains the other", () => {
    fc.assert(
      fc.property(network, network, (a, b) => {
        expect(overlaps(a, b)).toBe(contains(a, b) || contains(b, a));
      }),
      { seed },
    );
    expect(overlaps(rangeOf("10.0.0.0/16"), rangeOf("10.0.255.0/24"))).toBe(true);
    expect(overlaps(rangeOf("10.0.0.0/16"), rangeOf("10.1.0.0/16"))).toBe(false);
  });

  it("include their first and last address and not the next", () => {
    const range = rangeOf("192.168.4.0/24");
    const at = (text: string): boolean => includes(range, parseAddress(text) ?? -1);
    expect([at("192.168.3.255"), at("192.168.4.0"), at("192.168.4.255"), at("192.168.5.0")]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it("are refused with host bits, and told in canonical form", () => {
    expect(parseCidr("10.0.2.1/24")).toBeUndefined();
    expect(canonicalCidr("10.0.2.1/24")).toBe("10.0.2.0/24");
    expect(canonicalCidr("255.255.255.255/0")).toBe("0.0.0.0/0");
    expect(canonicalCidr("10.0.2.1")).toBeUndefined();
    expect(() => rangeOf("10.0.2.1/24")).toThrow("10.0.2.1/24 is not a canonical IPv4 network");
  });

  it.each([
    ["10.0.0.0/8", true],
    ["10.0.0.0/7", false],
    ["172.31.0.0/16", true],
    ["172.32.0.0/16", false],
    ["192.168.4.0/24", true],
    ["192.169.4.0/24", false],
    ["100.64.0.0/10", true],
    ["100.128.0.0/16", false],
  ])("%s is private: %s", (cidr, expected) => {
    expect(isPrivate(rangeOf(cidr))).toBe(expected);
  });
});
