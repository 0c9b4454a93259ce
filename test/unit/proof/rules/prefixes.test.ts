/** Routes and AllowedIPs: the longest prefix counts. */
import { describe, expect, it } from "vitest";
import { PrefixMap, prefixLength, type PrefixEntry } from "../../../../components/proof/rules/prefixes.ts";
import { networks, parseAddress, SymbolSpace } from "../../../../components/proof/sets/addresses.ts";

function found(entries: readonly PrefixEntry<string>[], address: string, space = new SymbolSpace()): string {
  const symbol = [...space.symbols()].find(({ name }) => name === address);
  const map = new PrefixMap(entries, space);
  const at = symbol?.point ?? parseAddress(address);
  const answer = map.find(at);
  // Asked again, the same.
  expect(map.find(at)).toBe(answer);
  return answer === undefined || answer === "undecided"
    ? (answer ?? "nothing")
    : `${answer.network} ${answer.value}`;
}

const routes: readonly PrefixEntry<string>[] = [
  { network: "0.0.0.0/0", value: "nat" },
  { network: "10.1.0.0/16", value: "peering" },
  { network: "10.1.5.0/24", value: "hub" },
  { network: "10.1.5.9", value: "host" },
  { network: "::/0", value: "egress-only" },
  { network: "2001:db8::/32", value: "peering" },
  { network: "2001:db8::5", value: "host" },
];

describe("the longest prefix", () => {
  it.each([
    ["10.0.255.255", "0.0.0.0/0 nat"],
    ["10.1.0.0", "10.1.0.0/16 peering"],
    ["10.1.4.255", "10.1.0.0/16 peering"],
    ["10.1.5.0", "10.1.5.0/24 hub"],
    ["10.1.5.8", "10.1.5.0/24 hub"],
    ["10.1.5.9", "10.1.5.9 host"],
    ["10.1.5.10", "10.1.5.0/24 hub"],
    ["10.1.6.0", "10.1.0.0/16 peering"],
    ["10.2.0.0", "0.0.0.0/0 nat"],
    ["2001:db9::", "::/0 egress-only"],
    ["2001:db8::4", "2001:db8::/32 peering"],
    ["2001:db8::5", "2001:db8::5 host"],
  ])("of %s is %s", (address, entry) => {
    expect(found(routes, address)).toBe(entry);
    expect(found([...routes].reverse(), address)).toBe(entry);
  });

  it("is the first of two that name the same network", () => {
    expect(found([...routes, { network: "10.1.5.0/24", value: "later" }], "10.1.5.1")).toBe(
      "10.1.5.0/24 hub",
    );
  });

  it("is none where no network has the address", () => {
    expect(found([{ network: "10.1.0.0/16", value: "x" }], "10.2.0.0")).toBe("nothing");
    expect(found([], "10.2.0.0")).toBe("nothing");
  });

  it.each([
    ["10.0.0.0/8", 8],
    ["10.0.0.1", 32],
    ["2001:db8::/32", 32],
    ["2001:db8::1", 128],
    ["0.0.0.0/0", 0],
  ])("%s has the length %i", (network, length) => {
    expect(prefixLength(network)).toBe(length);
  });
});

describe("what is not known", () => {
  const withSymbol = (): SymbolSpace => {
    const space = new SymbolSpace();
    space.symbol("eip", networks(["198.51.100.0/24"]));
    return space;
  };

  it("hangs on a network that may have the symbol, unless a longer one surely has it", () => {
    const half = { network: "198.51.100.0/25", value: "half" };
    expect(found([{ network: "0.0.0.0/0", value: "all" }], "eip", withSymbol())).toBe("0.0.0.0/0 all");
    expect(found([half, { network: "0.0.0.0/0", value: "all" }], "eip", withSymbol())).toBe("undecided");
    expect(found([half, { network: "198.51.100.0/24", value: "whole" }], "eip", withSymbol())).toBe(
      "undecided",
    );
    expect(found([half], "198.51.100.128", withSymbol())).toBe("nothing");
  });

  it("goes before everything where an entry's own networks are not known", () => {
    const list = { network: "pl-1", value: "list", possible: networks(["52.0.0.0/8"]) };
    expect(found([list, { network: "52.0.0.1/32", value: "host" }], "52.0.0.1")).toBe("undecided");
    expect(found([{ network: "52.0.0.1/32", value: "host" }, list], "52.0.0.1")).toBe("undecided");
    expect(found([list, { network: "0.0.0.0/0", value: "all" }], "53.0.0.0")).toBe("0.0.0.0/0 all");
  });

  it("is among the conditions by which addresses are told apart", () => {
    const map = new PrefixMap([{ network: "10.0.0.0/8", value: 1 }], new SymbolSpace());
    expect(map.sides.map(({ addresses }) => addresses)).toEqual([networks(["10.0.0.0/8"])]);
    expect(map.entries.map(({ network, value }) => [network, value])).toEqual([["10.0.0.0/8", 1]]);
  });
});
