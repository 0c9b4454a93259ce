/** Gates: the first rule that matches decides, and what hangs on a symbol does not pass. */
import { describe, expect, it } from "vitest";
import { isNobody, narrow, type GateRule } from "../../../../components/proof/rules/gate.ts";
import { networks } from "../../../../components/proof/sets/addresses.ts";
import { nowhere } from "../../../../components/proof/sets/intervals.ts";
import { gateOf, ruleOf, side } from "./subject.ts";

const client = "10.0.1.5";
const server = "192.168.4.38";

describe("a gate", () => {
  it("lets pass what its first matching rule accepts, and nothing that one before it drops", () => {
    const gate = gateOf("drop", "drop 10.0.1.5/32 > any 22/tcp", "accept 10.0.0.0/16 > any 20-25/tcp");
    expect(gate.accepts(client, server)).toBe("20-21/tcp, 23-25/tcp");
    expect(gate.accepts("10.0.1.6", server)).toBe("20-25/tcp");
    expect(gate.accepts("10.1.0.0", server)).toBe("nothing");
  });

  it("drops nothing by a rule that comes after one that accepts", () => {
    const gate = gateOf("drop", "accept 10.0.0.0/16 > any 20-25/tcp", "drop 10.0.1.5/32 > any 22/tcp");
    expect(gate.accepts(client, server)).toBe("20-25/tcp");
  });

  it("does with what no rule matches as its policy says", () => {
    expect(gateOf("drop", "accept any > any 443/tcp").accepts(client, server)).toBe("443/tcp");
    expect(gateOf("accept", "drop any > any tcp").accepts(client, server)).toBe(
      "all udp, all icmp, all icmpv6, all other protocols",
    );
    expect(gateOf("accept").accepts(client, server)).toBe("everything");
    expect(gateOf("drop").accepts(client, server)).toBe("nothing");
    expect(gateOf("accept", "drop any > any all", "accept any > any 22/tcp").accepts(client, server)).toBe(
      "nothing",
    );
  });

  it("asks for both sides of a rule", () => {
    const gate = gateOf("drop", "accept 10.0.1.0/24 > 192.168.4.0/24 22/tcp");
    expect(gate.accepts(client, server)).toBe("22/tcp");
    expect(gate.accepts("10.0.2.5", server)).toBe("nothing");
    expect(gate.accepts(client, "192.168.5.38")).toBe("nothing");
    expect(gate.accepts(server, client)).toBe("nothing");
  });

  it("tells apart every pair of addresses that some rule tells apart, in whatever order they are asked", () => {
    const gate = gateOf(
      "drop",
      "accept 10.0.1.0/24 > 192.168.4.0/24 1/tcp",
      "accept 10.0.2.0/24 > 192.168.4.0/24 2/tcp",
      "accept 10.0.1.0/24 > 192.168.5.0/24 3/tcp",
    );
    const answers = (): string[] =>
      ["10.0.0.9", "10.0.1.9", "10.0.2.9", "10.0.3.9"].flatMap((from) =>
        ["192.168.3.9", "192.168.4.9", "192.168.5.9", "192.168.6.9"].map((to) => gate.accepts(from, to)),
      );
    const expected = Array.from({ length: 16 }, () => "nothing");
    [expected[5], expected[9], expected[6]] = ["1/tcp", "2/tcp", "3/tcp"];
    expect(answers()).toEqual(expected);
    expect(answers()).toEqual(expected);
  });

  it("says which rule decides, and what happens where none does", () => {
    const gate = gateOf("drop", "drop 10.0.1.5/32 > any 22/tcp", "accept 10.0.0.0/16 > any tcp");
    expect(gate.decides(client, server, "22/tcp")).toBe("drop: drop 10.0.1.5/32 > any 22/tcp");
    expect(gate.decides(client, server, "23/tcp")).toBe("accept: accept 10.0.0.0/16 > any tcp");
    expect(gate.decides("10.0.1.6", server, "22/tcp")).toBe("accept: accept 10.0.0.0/16 > any tcp");
    expect(gate.decides(client, server, "53/udp")).toBe("drop: policy drop");
  });

  it("names every rule that would let it pass, and none that drops it", () => {
    const gate = gateOf(
      "drop",
      "drop any > any 22/tcp",
      "accept 10.0.1.0/24 > any 22/tcp",
      "accept 10.0.2.0/24 > any 22/tcp",
      "accept any > 192.168.4.0/24 20-30/tcp",
      "accept any > any 23/tcp",
    );
    expect(gate.acceptors(client, server, "22/tcp")).toEqual([
      "accept 10.0.1.0/24 > any 22/tcp",
      "accept any > 192.168.4.0/24 20-30/tcp",
    ]);
  });

  it("names the conditions by which it tells addresses apart", () => {
    const gate = gateOf("drop", "accept 10.0.1.0/24 > any 22/tcp", "accept any > 10.0.2.0/24 22/tcp").gate;
    expect(gate.sides).toEqual([side("10.0.1.0/24"), side("10.0.2.0/24")]);
  });
});

describe("a rule that hangs on a symbol", () => {
  /** Nobody can tell whether the client is meant. */
  const hanging = (text: string): GateRule => ({
    ...ruleOf(text),
    from: { addresses: networks(["10.0.9.0/24"]), undecided: networks(["10.0.1.5"]) },
  });

  it("lets nothing pass for sure, be it what a later rule accepts", () => {
    const gate = gateOf("drop", hanging("accept any > any 22/tcp"), "accept any > any 22-23/tcp");
    expect([gate.accepts(client, server), gate.undecided(client, server)]).toEqual(["23/tcp", "22/tcp"]);
    expect(gate.decides(client, server, "22/tcp")).toBe("undecided: accept any > any 22/tcp");
    expect(gate.acceptors(client, server, "22/tcp")).toEqual(["accept any > any 22-23/tcp"]);
    expect([gate.accepts("10.0.9.1", server), gate.undecided("10.0.9.1", server)]).toEqual([
      "22-23/tcp",
      "nothing",
    ]);
  });

  it("leaves alone what an earlier rule has decided", () => {
    const gate = gateOf("drop", "accept any > any 22/tcp", hanging("drop any > any 22-23/tcp"));
    expect([gate.accepts(client, server), gate.undecided(client, server)]).toEqual(["22/tcp", "23/tcp"]);
  });

  it("does not hang where its other side does not match", () => {
    const rule = { ...hanging("accept any > any 22/tcp"), to: side("192.168.5.0/24") };
    expect(gateOf("drop", rule).undecided(client, server)).toBe("nothing");
    expect(gateOf("drop", rule).undecided(client, "192.168.5.1")).toBe("22/tcp");
    expect(gateOf("drop", rule).accepts("10.0.9.1", "192.168.5.1")).toBe("22/tcp");
  });
});

describe("two conditions at once", () => {
  const some = { addresses: networks(["10.0.0.0/24"]), undecided: networks(["10.0.1.0/24"]) };

  it("are the other one where one says nothing", () => {
    expect(narrow(undefined, some)).toBe(some);
    expect(narrow(some, undefined)).toBe(some);
    expect(narrow(undefined, undefined)).toBeUndefined();
  });

  it("have what both have, and hang on what either hangs on and the other does not exclude", () => {
    const outer = {
      addresses: networks(["10.0.1.0/25", "10.0.0.0/25"]),
      undecided: networks(["10.0.0.128/26"]),
    };
    expect(narrow(outer, some)).toEqual({
      addresses: networks(["10.0.0.0/25"]),
      undecided: networks(["10.0.0.128/26", "10.0.1.0/25"]),
    });
    expect(narrow(some, outer)).toEqual(narrow(outer, some));
  });

  it("match nobody where nothing is left, not even in doubt", () => {
    expect(isNobody(narrow(side("10.0.0.0/24"), side("10.0.1.0/24")))).toBe(true);
    expect(isNobody(narrow(some, side("10.0.1.0/24")))).toBe(false);
    expect(isNobody(side("10.0.0.0/24"))).toBe(false);
    expect(isNobody({ addresses: nowhere, undecided: networks(["10.0.0.1"]) })).toBe(false);
    expect(isNobody(undefined)).toBe(false);
  });
});
