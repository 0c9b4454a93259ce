import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allV4,
  allV6,
  formatAddress,
  formatAddresses,
  isAddress,
  neverPublic,
  networks,
  parseAddress,
  parseNetwork,
  SymbolSpace,
} from "../../../components/proof/sets/addresses.ts";
import * as intervals from "../../../components/proof/sets/intervals.ts";
import * as packets from "../../../components/proof/sets/packets.ts";
import * as traffic from "../../../components/proof/sets/traffic.ts";
import { holds } from "./seeded.ts";

/** A small line, so that every point can be looked at. */
const size = 12;
const line = Array.from({ length: size }, (_, index) => index);

/** A set as its members, one by one. */
type Members = readonly boolean[];
const members: fc.Arbitrary<Members> = fc.array(fc.boolean(), { minLength: size, maxLength: size });

/** The line's points far apart and of every kind: symbols, small numbers, and bigints on both sides of 2^53. */
const points: readonly intervals.Point[] = [-3, -2, -1, 0, 1, 2, 2 ** 32, 2 ** 53 - 2, 2 ** 53 - 1, ...far()];

function far(): intervals.Point[] {
  return [2n ** 53n, 2n ** 100n, 2n ** 128n];
}

function setOf(model: Members): intervals.Intervals {
  const singles = line.map((index) => {
    const at = points[index] ?? 0;
    return model[index] === true
      ? intervals.interval(at, intervals.point(BigInt(at) + 1n))
      : intervals.nowhere;
  });
  return intervals.unionAll(singles);
}

const inSet = (set: intervals.Intervals): boolean[] => points.map((at) => intervals.has(set, at));
const each = (a: Members, b: Members, operation: (a: boolean, b: boolean) => boolean): boolean[] =>
  line.map((index) => operation(a[index] ?? false, b[index] ?? false));

describe("intervals", () => {
  it("agree with sets of single points, whatever the operation", () => {
    holds(
      fc.property(members, members, (a, b) => {
        const [left, right] = [setOf(a), setOf(b)];
        expect(inSet(left)).toEqual(a);
        expect(inSet(intervals.union(left, right))).toEqual(each(a, b, (x, y) => x || y));
        expect(inSet(intervals.intersection(left, right))).toEqual(each(a, b, (x, y) => x && y));
        expect(inSet(intervals.difference(left, right))).toEqual(each(a, b, (x, y) => x && !y));
        expect(intervals.overlap(left, right)).toBe(each(a, b, (x, y) => x && y).includes(true));
        expect(intervals.covers(left, right)).toBe(!each(b, a, (x, y) => x && !y).includes(true));
        expect(intervals.isEmpty(left)).toBe(!a.includes(true));
      }),
      300,
    );
  });

  it("are written in one way only, whatever they came from", () => {
    holds(
      fc.property(members, members, members, (a, b, c) => {
        const [x, y, z] = [setOf(a), setOf(b), setOf(c)];
        const left = intervals.difference(intervals.union(x, y), z);
        const right = intervals.union(intervals.difference(x, z), intervals.difference(y, z));
        expect(intervals.keyOf(left)).toBe(intervals.keyOf(right));
        expect(intervals.equal(left, right)).toBe(true);
        for (const [index, boundary] of left.entries()) {
          expect(index === 0 || (left[index - 1] ?? 0) < boundary).toBe(true);
          expect(typeof boundary).toBe(typeof intervals.point(BigInt(boundary)));
        }
      }),
      300,
    );
  });

  it("tell their runs", () => {
    expect([
      ...intervals.runs(intervals.union(intervals.interval(2, 5), intervals.interval(9, 2n ** 60n))),
    ]).toEqual([
      [2, 4],
      [9, 2n ** 60n - 1n],
    ]);
    expect([...intervals.runs(intervals.interval(0, 2n ** 53n))]).toEqual([[0, 2 ** 53 - 1]]);
  });
});

describe("addresses", () => {
  it("are read and written", () => {
    for (const text of [
      "0.0.0.0",
      "10.0.1.10",
      "255.255.255.255",
      "::",
      "::1",
      "2001:db8::1",
      "ffff::ffff",
    ]) {
      expect(formatAddress(parseAddress(text))).toBe(text);
      expect(isAddress(text)).toBe(true);
    }
    for (const text of ["10.0.0", "10.0.0.256", "0x0a.0.0.1", "host", "", "10.0.0.0/8", "::/0"]) {
      expect(isAddress(text), text).toBe(false);
      expect(() => parseAddress(text), text).toThrow("is no address");
    }
  });

  it("make networks, which are written as few as there are", () => {
    const texts = ["10.0.0.0/8", "192.168.4.1", "2001:db8::/32"];
    expect(formatAddresses(networks(texts))).toBe(texts.join(", "));
    expect(formatAddresses(networks(["10.0.0.0/9", "10.128.0.0/9", "11.0.0.0/32"]))).toBe(
      "10.0.0.0/8, 11.0.0.0",
    );
    expect(formatAddresses(intervals.union(allV4, allV6))).toBe("0.0.0.0/0, ::/0");
    expect(formatAddresses(intervals.difference(allV4, parseNetwork("128.0.0.0/1")))).toBe("0.0.0.0/1");
    expect(formatAddresses(parseNetwork("::/0"))).toBe("::/0");
    expect(formatAddresses(intervals.nowhere)).toBe("nothing");
  });

  it("refuse networks that are none", () => {
    expect(() => parseNetwork("10.0.0.1/8")).toThrow("bits set behind its prefix");
    expect(() => parseNetwork("10.0.0.0/33")).toThrow("is no network");
    expect(() => parseNetwork("10.0.0.0/x")).toThrow("is no network");
  });

  it("keep the families apart: 0.0.0.0/0 holds no IPv6 address", () => {
    expect(intervals.has(parseNetwork("0.0.0.0/0"), parseAddress("::"))).toBe(false);
    expect(intervals.has(parseNetwork("::/0"), parseAddress("255.255.255.255"))).toBe(false);
    expect(intervals.has(parseNetwork("::/0"), parseAddress("::"))).toBe(true);
  });
});

describe("symbols", () => {
  const publicAddresses = intervals.difference(allV4, neverPublic);

  it("are distinct from every address and from each other, and equal themselves", () => {
    const space = new SymbolSpace();
    const a = space.symbol("a", publicAddresses);
    expect(space.symbol("a", publicAddresses)).toBe(a);
    const b = space.symbol("b", publicAddresses);
    expect(b).not.toBe(a);
    expect(intervals.has(space.network("198.51.100.7/32"), a)).toBe(false);
    expect(space.nameOf(a)).toBe("a");
    expect(space.nameOf(0)).toBeUndefined();
  });

  it("lie in a network that holds whatever they may be, and in none that holds nothing of it", () => {
    const space = new SymbolSpace();
    const a = space.symbol("a", publicAddresses);
    expect(intervals.has(space.network("0.0.0.0/0"), a)).toBe(true);
    expect(intervals.has(space.network("10.0.0.0/8"), a)).toBe(false);
    expect(intervals.has(space.network("::/0"), a)).toBe(false);
    for (const network of ["0.0.0.0/0", "10.0.0.0/8", "::/0", "203.0.113.7/32"]) {
      expect(intervals.isEmpty(space.undecided(network)), network).toBe(true);
    }
  });

  it("are undecided in a network that holds some of what they may be", () => {
    const space = new SymbolSpace();
    const a = space.symbol("a", publicAddresses);
    expect(intervals.has(space.network("52.0.0.0/8"), a)).toBe(false);
    expect(intervals.has(space.undecided("52.0.0.0/8"), a)).toBe(true);
  });

  it("cannot come after networks have been read without them", () => {
    const space = new SymbolSpace();
    space.network("0.0.0.0/0");
    expect(() => space.symbol("late", publicAddresses)).toThrow("comes after networks have been read");
  });
});

describe("traffic", () => {
  it.each([
    ["443/tcp", "443/tcp"],
    ["8080-8090/tcp", "8080-8090/tcp"],
    ["51820/udp", "51820/udp"],
    ["icmp", "icmp type 8"],
    ["tcp", "all tcp"],
    ["all", "everything"],
    ["0-65535/udp", "all udp"],
  ])("%s is read and written", (text, written) => {
    expect(traffic.formatTraffic(traffic.parseTraffic(text))).toBe(written);
  });

  it.each(["443", "443/sctp", "90-80/tcp", "65536/tcp", "", "tcp/443"])("%s is refused", (text) => {
    expect(() => traffic.parseTraffic(text)).toThrow("is no traffic");
  });

  it("holds every protocol once", () => {
    const all = Array.from({ length: 256 }, (_, number) => traffic.protocolTraffic(number));
    for (const [number, set] of all.entries()) {
      expect(intervals.covers(traffic.allTraffic, set), `protocol ${number}`).toBe(true);
      const others = intervals.unionAll(all.filter((_, other) => other !== number));
      expect(intervals.overlap(set, others), `protocol ${number}`).toBe(false);
    }
    expect(traffic.protocolTraffic(6)).toEqual(traffic.allTcp);
    expect(traffic.protocolTraffic(17)).toEqual(traffic.allUdp);
  });

  it("names what is left when something is taken out of everything", () => {
    const rest = intervals.difference(traffic.allTraffic, traffic.parseTraffic("22/tcp"));
    expect(traffic.formatTraffic(rest)).toBe(
      "0-21/tcp, 23-65535/tcp, all udp, all icmp, all icmpv6, all other protocols",
    );
    expect(traffic.formatTraffic(traffic.protocolTraffic(47))).toBe("protocol 47");
  });

  it("is answered to the client's port, and by an echo's reply", () => {
    const asked = intervals.union(traffic.parseTraffic("443/tcp"), traffic.parseTraffic("icmp"));
    const replies = traffic.replyTo(asked, traffic.linuxPorts);
    expect(replies.map(([kind, reply]) => [kind, reply].map(traffic.formatTraffic))).toEqual([
      ["443/tcp", "32768-60999/tcp"],
      ["icmp type 8", "icmp type 0"],
    ]);
  });

  it("is numbered: equal sets have equal numbers, and what is computed of numbers is what is computed of sets", () => {
    const table = new traffic.TrafficTable();
    const ports = members.map((model) =>
      intervals.unionAll(line.map((p) => (model[p] === true ? [p, p + 1] : []))),
    );
    holds(
      fc.property(ports, ports, (a, b) => {
        const [x, y] = [table.id(a), table.id(b)];
        expect(x === y).toBe(intervals.equal(a, b));
        for (let again = 0; again < 2; again++) {
          expect(table.set(table.and(x, y))).toEqual(intervals.intersection(a, b));
          expect(table.set(table.minus(x, y))).toEqual(intervals.difference(a, b));
        }
        expect(table.and(x, 1)).toBe(x);
        expect(table.minus(x, 1)).toBe(0);
      }),
      300,
    );
  });
});

describe("packet sets", () => {
  const side = 4;
  const few = Array.from({ length: side }, (_, index) => index);
  const fewSet = fc
    .array(fc.boolean(), { minLength: side, maxLength: side })
    .map((model) => intervals.unionAll(few.map((at) => (model[at] === true ? [at, at + 1] : []))));
  const box = fc.tuple(fewSet, fewSet, fewSet).map(([from, to, kinds]) => packets.packets(from, to, kinds));
  const boxes = fc.array(box, { maxLength: 5 }).map((all) => all.reduce(packets.unionOf, packets.noPackets));

  /** Every packet of the small world, and whether it is in the set. */
  function table(set: packets.PacketSet): boolean[] {
    const all = few.flatMap((from) => few.flatMap((to) => few.map((kind) => ({ from, to, kind }))));
    return all.map(({ from, to, kind }) =>
      set.groups.some(
        (group) =>
          intervals.has(group.from, from) &&
          group.destinations.groups.some(
            (inner) => intervals.has(inner.to, to) && intervals.has(inner.traffic, kind),
          ),
      ),
    );
  }

  const both = (
    a: packets.PacketSet,
    b: packets.PacketSet,
    keep: (a: boolean, b: boolean) => boolean,
  ): boolean[] => {
    const right = table(b);
    return table(a).map((inA, index) => keep(inA, right[index] ?? false));
  };

  it("agree with sets of single packets, whatever the operation", () => {
    holds(
      fc.property(boxes, boxes, (a, b) => {
        expect(table(packets.unionOf(a, b))).toEqual(both(a, b, (x, y) => x || y));
        expect(table(packets.intersectionOf(a, b))).toEqual(both(a, b, (x, y) => x && y));
        expect(table(packets.differenceOf(a, b))).toEqual(both(a, b, (x, y) => x && !y));
        expect(packets.isEmptySet(a)).toBe(!table(a).includes(true));
        expect(packets.equalSets(a, b)).toBe(JSON.stringify(table(a)) === JSON.stringify(table(b)));
        expect(packets.equalSets(packets.reversed(packets.reversed(a)), a)).toBe(true);
      }),
      300,
    );
  });

  it("have a witness wherever they are not empty, and it is one of theirs", () => {
    holds(
      fc.property(boxes, (set) => {
        const found = packets.witness(set);
        expect(found === undefined).toBe(packets.isEmptySet(set));
        if (found === undefined) return;
        const single = packets.packets(
          intervals.interval(found.from, Number(found.from) + 1),
          intervals.interval(found.to, Number(found.to) + 1),
          intervals.interval(found.traffic, found.traffic + 1),
        );
        expect(packets.equalSets(packets.intersectionOf(single, set), single)).toBe(true);
      }),
      300,
    );
  });

  it("turn sources into destinations", () => {
    const set = packets.packets(
      networks(["10.0.0.0/8"]),
      networks(["192.168.4.1"]),
      traffic.parseTraffic("22/tcp"),
    );
    const back = packets.packets(
      networks(["192.168.4.1"]),
      networks(["10.0.0.0/8"]),
      traffic.parseTraffic("22/tcp"),
    );
    expect(packets.reversed(set).key).toBe(back.key);
  });
});
