/** Ports, ICMP's types and protocols at their ends, in words, and answered. */
import { describe, expect, it } from "vitest";
import { difference, has, nowhere, union, unionAll } from "../../../../components/proof/sets/intervals.ts";
import {
  allIcmp,
  allTcp,
  allTraffic,
  allUdp,
  echoRequest,
  formatKind,
  formatTraffic,
  icmpTraffic,
  linuxPorts,
  noTraffic,
  oneKind,
  parseTraffic,
  portOf,
  portTraffic,
  protocolTraffic,
  replyTo,
  TrafficTable,
  type TrafficSet,
} from "../../../../components/proof/sets/traffic.ts";

const kind = (text: string): number => Number(parseTraffic(text)[0]);

describe("a range of ports", () => {
  it.each([
    ["79/tcp", false],
    ["80/tcp", true],
    ["90/tcp", true],
    ["91/tcp", false],
    ["80/udp", false],
    ["85/udp", false],
  ])("80-90/tcp has %s: %s", (text, isInside) => {
    expect(has(portTraffic("tcp", 80, 90), kind(text))).toBe(isInside);
  });

  it("reaches from port 0 to 65535, and not into the next protocol", () => {
    expect(portTraffic("tcp", 0, 65535)).toEqual(allTcp);
    expect(portTraffic("udp", 0, 65535)).toEqual(allUdp);
    expect([has(allTcp, kind("65535/tcp")), has(allTcp, kind("0/udp"))]).toEqual([true, false]);
    expect([has(allUdp, kind("65535/udp")), has(allUdp, Number(protocolTraffic(1)[0]))]).toEqual([
      true,
      false,
    ]);
  });

  it.each([
    ["0/tcp", { protocol: "tcp", port: 0 }],
    ["65535/tcp", { protocol: "tcp", port: 65535 }],
    ["0/udp", { protocol: "udp", port: 0 }],
    ["65535/udp", { protocol: "udp", port: 65535 }],
    ["icmp", undefined],
    ["icmpv6", undefined],
  ])("%s has its protocol and port told", (text, told) => {
    expect(portOf(kind(text))).toEqual(told);
  });

  it("has no port where the protocol has none, or before the first", () => {
    expect(portOf(Number(icmpTraffic("icmp", 0)[0]))).toBeUndefined();
    expect(portOf(Number(protocolTraffic(47)[0]))).toBeUndefined();
    expect(portOf(-1)).toBeUndefined();
  });
});

describe("a protocol", () => {
  it.each([
    [1, "all icmp"],
    [6, "all tcp"],
    [17, "all udp"],
    [58, "all icmpv6"],
    [0, "protocol 0"],
    [2, "protocol 2"],
    [47, "protocol 47"],
    [50, "protocol 50"],
    [255, "protocol 255"],
  ])("%i is %s", (number, text) => {
    expect(formatTraffic(protocolTraffic(number))).toBe(text);
  });

  it("of ICMP has 256 types, each of its own", () => {
    expect(formatTraffic(icmpTraffic("icmp", 0))).toBe("icmp type 0");
    expect(formatTraffic(icmpTraffic("icmp", 255))).toBe("icmp type 255");
    expect(formatTraffic(icmpTraffic("icmpv6", 255))).toBe("icmpv6 type 255");
    expect(unionAll([icmpTraffic("icmp"), icmpTraffic("icmpv6")])).toEqual(allIcmp);
    expect(formatTraffic(echoRequest)).toBe("icmp type 8, icmpv6 type 128");
    expect(formatTraffic(difference(icmpTraffic("icmp"), icmpTraffic("icmp", 8)))).toBe(
      "icmp types 0-7, icmp types 9-255",
    );
  });
});

describe("in words", () => {
  it.each<readonly [string, TrafficSet]>([
    ["22/tcp, 8080-8090/tcp", union(parseTraffic("8080-8090/tcp"), parseTraffic("22/tcp"))],
    ["1-65535/tcp", parseTraffic("1-65535/tcp")],
    ["0-65534/tcp", parseTraffic("0-65534/tcp")],
    ["1-65535/tcp, 0/udp", union(parseTraffic("1-65535/tcp"), parseTraffic("0/udp"))],
    ["all tcp, all udp", union(allTcp, allUdp)],
    ["all icmpv6, protocol 0", union(icmpTraffic("icmpv6"), protocolTraffic(0))],
    ["protocols 50-51", union(protocolTraffic(50), protocolTraffic(51))],
    ["all tcp, all other protocols", difference(allTraffic, union(allUdp, allIcmp))],
    ["nothing", noTraffic],
    ["everything", allTraffic],
  ])("%s", (text, set) => {
    expect(formatTraffic(set)).toBe(text);
  });

  it("of one kind", () => {
    expect(formatKind(kind("443/tcp"))).toBe("443/tcp");
    expect(oneKind(7)).toEqual([7, 8]);
  });

  it.each([
    ["0/tcp", "0/tcp"],
    ["65535/udp", "65535/udp"],
    ["80-80/tcp", "80/tcp"],
    ["ping", "icmp type 8"],
    ["icmpv6", "icmpv6 type 128"],
    ["udp", "all udp"],
  ])("%s is read", (text, written) => {
    expect(formatTraffic(parseTraffic(text))).toBe(written);
  });

  it.each([
    "65536/udp",
    "1-65536/tcp",
    "x443/tcp",
    "443/tcpx",
    "443-/tcp",
    "000443/tcp",
    "8-1-2/tcp",
    "icmp/8",
  ])("%s is refused", (text) => {
    expect(() => parseTraffic(text)).toThrow(`${text} is no traffic`);
  });
});

describe("an answer", () => {
  const clients = { from: 1024, to: 2048 };

  it.each<readonly [string, TrafficSet, readonly (readonly [string, string])[]]>([
    ["TCP's goes to the client's port", parseTraffic("22/tcp"), [["22/tcp", "1024-2048/tcp"]]],
    ["UDP's does too", parseTraffic("53/udp"), [["53/udp", "1024-2048/udp"]]],
    ["an echo of IPv6 gets its reply", icmpTraffic("icmpv6", 128), [["icmpv6 type 128", "icmpv6 type 129"]]],
    ["another type goes back as it came", icmpTraffic("icmp", 3), [["icmp type 3", "icmp type 3"]]],
    ["so does another protocol", protocolTraffic(47), [["protocol 47", "protocol 47"]]],
    [
      "what is apart is answered apart",
      union(icmpTraffic("icmp", 3), icmpTraffic("icmp", 11)),
      [
        ["icmp type 3", "icmp type 3"],
        ["icmp type 11", "icmp type 11"],
      ],
    ],
    ["nothing has none", nowhere, []],
  ])("%s", (_, asked, told) => {
    expect(replyTo(asked, clients).map((pair) => pair.map(formatTraffic))).toEqual(told);
  });

  it("goes to the ports that Linux takes", () => {
    expect(linuxPorts).toEqual({ from: 32768, to: 60999 });
  });
});

describe("numbered traffic", () => {
  it("has nothing as 0 and everything as 1", () => {
    const table = new TrafficTable();
    expect([table.id(noTraffic), table.id(allTraffic)]).toEqual([0, 1]);
    expect(() => table.set(2)).toThrow("no traffic has the number 2");
  });

  it("keeps apart what is computed of the same two sets the other way round", () => {
    const table = new TrafficTable();
    const [a, b] = [table.id(parseTraffic("20-30/tcp")), table.id(parseTraffic("25-40/tcp"))];
    expect(formatTraffic(table.set(table.minus(a, b)))).toBe("20-24/tcp");
    expect(formatTraffic(table.set(table.minus(b, a)))).toBe("31-40/tcp");
    expect(table.and(a, b)).toBe(table.and(b, a));
    expect(formatTraffic(table.set(table.and(a, b)))).toBe("25-30/tcp");
    expect([table.minus(0, a), table.minus(a, 0), table.minus(a, a), table.minus(1, a) === 0]).toEqual([
      0,
      a,
      0,
      false,
    ]);
    expect([table.and(0, a), table.and(a, 0), table.and(1, a), table.and(a, a)]).toEqual([0, 0, a, a]);
  });

  it("is answered where the whole of a client's ports passes, by the range that it is asked for", () => {
    const table = new TrafficTable();
    const asked = table.id(union(parseTraffic("22/tcp"), parseTraffic("53/udp")));
    const passing = table.id(union(parseTraffic("1024-2048/tcp"), parseTraffic("1024-2047/udp")));
    const of = (from: number, to: number): string =>
      formatTraffic(table.set(table.answered(asked, passing, { from, to })));
    expect(of(1024, 2047)).toBe("22/tcp, 53/udp");
    expect(of(1024, 2048)).toBe("22/tcp");
    expect(of(1023, 2048)).toBe("nothing");
    // The same two sets asked again, and another range between.
    expect(of(1024, 2047)).toBe("22/tcp, 53/udp");
    expect([table.answered(0, passing, linuxPorts), table.answered(asked, 1, linuxPorts)]).toEqual([
      0,
      asked,
    ]);
    expect(table.answered(asked, 0, linuxPorts)).toBe(0);
  });
});
