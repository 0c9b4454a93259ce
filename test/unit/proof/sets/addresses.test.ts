/** Addresses and networks at their ends, as text and as points; what a network holds of symbols. */
import { describe, expect, it } from "vitest";
import {
  allV4,
  allV6,
  formatAddress,
  formatAddresses,
  isAddress,
  isV4Point,
  isV6Point,
  linkLocal,
  networks,
  neverPublic,
  parseAddress,
  parseNetwork,
  SymbolSpace,
  translatedV6,
} from "../../../../components/proof/sets/addresses.ts";
import { has, interval, nowhere, union, unionAll } from "../../../../components/proof/sets/intervals.ts";

const holdsAddress = (network: string, address: string): boolean =>
  has(parseNetwork(network), parseAddress(address));

describe("a network", () => {
  it.each([
    ["10.0.10.0/24", "10.0.9.255", false],
    ["10.0.10.0/24", "10.0.10.0", true],
    ["10.0.10.0/24", "10.0.10.255", true],
    ["10.0.10.0/24", "10.0.11.0", false],
    ["10.200.0.10/32", "10.200.0.9", false],
    ["10.200.0.10/32", "10.200.0.10", true],
    ["10.200.0.10/32", "10.200.0.11", false],
    ["10.200.0.10/31", "10.200.0.11", true],
    ["0.0.0.0/0", "255.255.255.255", true],
    ["2001:db8::/64", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", false],
    ["2001:db8::/64", "2001:db8::", true],
    ["2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff", true],
    ["2001:db8::/64", "2001:db8:0:1::", false],
    ["2001:db8::7", "2001:db8::7", true],
    ["2001:db8::7", "2001:db8::8", false],
    ["::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true],
  ])("%s and %s: %s", (network, address, isInside) => {
    expect(holdsAddress(network, address)).toBe(isInside);
  });

  it.each([
    ["10.0.0.128/24", "bits set behind its prefix"],
    ["2001:db8::1/64", "bits set behind its prefix"],
    ["10.0.0.0/33", "is no network"],
    ["2001:db8::/129", "is no network"],
    ["10.0.0.0/", "is no network"],
    ["10.0.0.0/-1", "is no network"],
    ["10.0.0.0/8x", "is no network"],
    ["10.0.0.0/x8", "is no network"],
    ["10.0.0/8", "is no address"],
  ])("%s is none", (text, why) => {
    expect(() => parseNetwork(text)).toThrow(why);
  });

  it("may have a prefix of any length that its family has", () => {
    expect(parseNetwork("10.0.0.1/32")).toEqual(parseNetwork("10.0.0.1"));
    expect(parseNetwork("2001:db8::/128")).toEqual(parseNetwork("2001:db8::"));
    expect(parseNetwork("128.0.0.0/1")).toEqual(interval(2 ** 31, 2 ** 32));
  });
});

describe("a point's family", () => {
  it.each([
    ["a symbol, which stands for IPv4", -1, false, false],
    ["0.0.0.0", 0, true, false],
    ["255.255.255.255", 2 ** 32 - 1, true, false],
    ["::", 2 ** 32, false, true],
    ["far in IPv6", 2n ** 100n, false, true],
  ])("%s", (_, at, isV4, isV6) => {
    expect([isV4Point(at), isV6Point(at)]).toEqual([isV4, isV6]);
    expect([has(allV4, at), has(allV6, at)]).toEqual([isV4, isV6]);
  });

  it("ends with the last address", () => {
    expect(has(allV6, parseAddress("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"))).toBe(true);
    expect(has(allV6, 2n ** 128n + 2n ** 32n)).toBe(false);
  });
});

it.each(["1", "dead", "::/0", "10.0.0.1/32", "2001:db8::g"])("%s is no address", (text) => {
  expect(isAddress(text)).toBe(false);
});

describe("a set as text", () => {
  it.each([
    [
      "a run that begins and ends within networks",
      ["10.0.0.1-10.0.0.6"],
      "10.0.0.1, 10.0.0.2/31, 10.0.0.4/31, 10.0.0.6",
    ],
    ["a run from one family into the other", ["255.255.255.255-::"], "255.255.255.255, ::"],
    ["all but the first address", ["0.0.0.1-0.0.0.3"], "0.0.0.1, 0.0.0.2/31"],
    ["single addresses apart", ["10.0.0.1-10.0.0.1", "10.0.0.3-10.0.0.3"], "10.0.0.1, 10.0.0.3"],
    ["a run of IPv6", ["2001:db8::-2001:db8::2"], "2001:db8::/127, 2001:db8::2"],
  ])("%s", (_, texts, written) => {
    const set = unionAll(
      texts.map((text) => {
        const [first = "", last = ""] = text.split("-");
        return interval(
          parseAddress(first),
          Number(parseAddress(last)) < 2 ** 33
            ? Number(parseAddress(last)) + 1
            : BigInt(parseAddress(last)) + 1n,
        );
      }),
    );
    expect(formatAddresses(set)).toBe(written);
  });

  it("names symbols by their numbers, since only their space knows more", () => {
    expect(formatAddress(-3)).toBe("symbol 3");
    expect(formatAddresses(interval(-2, 0))).toBe("symbol 2, symbol 1");
    expect(formatAddresses(interval(-1, 2))).toBe("symbol 1, 0.0.0.0/31");
    expect(formatAddresses(union(interval(-2, -1), parseNetwork("10.0.0.0/8")))).toBe("symbol 2, 10.0.0.0/8");
  });
});

describe("symbols", () => {
  const documentation = parseNetwork("198.51.100.0/24");

  it("lie in no single address, even if they can be nothing else", () => {
    const space = new SymbolSpace();
    const a = space.symbol("a", parseNetwork("198.51.100.7"));
    const six = space.symbol("six", parseNetwork("2001:db8::7"));
    for (const single of ["198.51.100.7", "198.51.100.7/32"]) {
      expect(has(space.network(single), a)).toBe(false);
      expect(space.undecided(single)).toEqual(nowhere);
    }
    expect(has(space.network("2001:db8::7/128"), six)).toBe(false);
    expect(has(space.network("198.51.100.6/31"), a)).toBe(true);
    expect(has(space.network("2001:db8::6/127"), six)).toBe(true);
  });

  it("hang on a network that holds one address less than they may be", () => {
    const space = new SymbolSpace();
    const a = space.symbol("a", documentation);
    expect(has(space.network("198.51.100.0/24"), a)).toBe(true);
    expect(has(space.network("198.51.100.0/25"), a)).toBe(false);
    expect(space.undecided("198.51.100.0/25")).toEqual(interval(a, a + 1));
    expect(space.undecided("198.51.101.0/24")).toEqual(nowhere);
    // Asked again, the same.
    expect(space.undecided("198.51.100.0/25")).toEqual(interval(a, a + 1));
  });

  it("are known by their names", () => {
    const space = new SymbolSpace();
    const [a, b] = [space.symbol("a", documentation), space.symbol("b", documentation)];
    expect([a, b]).toEqual([-1, -2]);
    expect([space.textOf(a), space.textOf(b), space.textOf(10)]).toEqual(["a", "b", "0.0.0.10"]);
    expect([...space.symbols()].map(({ name, point }) => [name, point])).toEqual([
      ["a", a],
      ["b", b],
    ]);
    // What is there already may be asked for at any time.
    space.network("10.0.0.0/8");
    expect(space.symbol("a", documentation)).toBe(a);
  });

  it("and networks cut a set into parts within which nothing tells addresses apart", () => {
    const space = new SymbolSpace();
    const a = space.symbol("a", documentation);
    space.network("10.0.0.0/8");
    space.network("198.51.100.0/25");
    const set = unionAll([interval(a, a + 1), parseNetwork("8.0.0.0/6"), parseNetwork("198.51.100.0/24")]);
    expect(space.parts(set).map((at) => space.textOf(at))).toEqual([
      "a",
      "8.0.0.0",
      "10.0.0.0",
      "11.0.0.0",
      "198.51.100.0",
      "198.51.100.128",
    ]);
    expect(space.parts(nowhere)).toEqual([]);
  });
});

/** The first and the last address of each block that no platform gives out, and their neighbours outside. */
const special: readonly (readonly [
  block: string,
  before: string,
  first: string,
  last: string,
  behind: string,
])[] = [
  ["this network", "", "0.0.0.0", "0.255.255.255", "1.0.0.0"],
  ["private", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"],
  ["shared", "100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"],
  ["loopback", "126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"],
  ["link-local", "169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"],
  ["private", "172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"],
  ["private", "192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"],
  ["multicast and reserved", "223.255.255.255", "224.0.0.0", "255.255.255.255", ""],
  ["unspecified and loopback", "", "::", "::1", "::2"],
  ["unique local", "fbff:ffff::", "fc00::", "fdff:ffff::", "fe00::"],
  ["link-local", "fe7f:ffff::", "fe80::", "febf:ffff::", "fec0::"],
  ["multicast", "feff:ffff::", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""],
];

describe("what is never public", () => {
  it.each(special)("%s", (_, before, first, last, behind) => {
    const isNever = (text: string): boolean => text !== "" && has(neverPublic, parseAddress(text));
    expect([before, first, last, behind].map(isNever)).toEqual([false, true, true, false]);
  });

  it("does not hold documentation's networks, which stand for the internet here", () => {
    for (const text of ["192.0.2.1", "198.51.100.9", "203.0.113.7", "198.18.0.1", "2001:db8::1"]) {
      expect(has(neverPublic, parseAddress(text)), text).toBe(false);
    }
  });

  it("is told apart from the link's own addresses, and those that stand for IPv4's", () => {
    expect(linkLocal).toEqual(networks(["169.254.0.0/16", "fd00:ec2::/32", "fe80::/10"]));
    expect(has(translatedV6, parseAddress("64:ff9b::c633:6409"))).toBe(true);
    expect(has(translatedV6, parseAddress("64:ff9b:0:0:0:1::"))).toBe(false);
  });
});
