/** A host's nftables table: which chains a packet meets, which of their rules, and what is hidden behind the host. */
import { describe, expect, it } from "vitest";
import type { ChainPlan } from "../../../../components/plan/generation.ts";
import { NftTable, type ChainContext } from "../../../../components/proof/rules/nft.ts";
import { networks, SymbolSpace } from "../../../../components/proof/sets/addresses.ts";
import { AskedGate } from "./subject.ts";

const context: ChainContext = { iif: "eth0", oif: undefined, state: "new" };

function chain(
  name: string,
  rules: readonly string[],
  hook: Partial<NonNullable<ChainPlan["hook"]>> = {},
): ChainPlan {
  return { name, rules, hook: { type: "filter", at: "input", priority: "filter", policy: "drop", ...hook } };
}

function gate(
  rules: readonly string[],
  at: Partial<ChainContext> = {},
  space = new SymbolSpace(),
): AskedGate {
  return new AskedGate(
    new NftTable([chain("base", rules)], space).rules("base", { ...context, ...at }),
    space,
  );
}

const [client, server] = ["10.0.1.5", "10.0.1.6"];

describe("a chain's rule counts", () => {
  it.each<readonly [string, string, Partial<ChainContext>, boolean]>([
    ["for what comes in by its interface", 'iifname "wg0" accept', { iif: "wg0" }, true],
    ["and not by another", 'iifname "wg0" accept', { iif: "eth0" }, false],
    ["for what goes out by its interface", 'oifname "wg0" accept', { oif: "wg0" }, true],
    ["and not for what goes nowhere", 'oifname "wg0" accept', {}, false],
    ["by any interface but the one", 'iifname != "wg0" accept', {}, true],
    ["for a state", "ct state established accept", { state: "established" }, true],
    ["and not for another", "ct state established accept", {}, false],
    ["for one of several states", "ct state established,related accept", { state: "related" }, true],
    ["for a source port that clients take", "tcp sport 60999 accept", {}, true],
    ["and their first one", "tcp sport 32768 accept", {}, true],
    ["and not for one below", "tcp sport 1-32767 accept", {}, false],
    ["nor for one above", "tcp sport 61000 accept", {}, false],
    ["where some of its source ports are clients'", "tcp sport { 67, 40000 } accept", {}, true],
    ["for its sender", "ip saddr 10.0.1.5 accept", {}, true],
    ["and not for another sender", "ip saddr 10.0.1.6 accept", {}, false],
    ["for its receiver", "ip daddr 10.0.1.6 accept", {}, true],
    ["and not for another receiver", "ip daddr 10.0.1.5 accept", {}, false],
    ["for all senders but some", "ip saddr != 10.0.2.0/24 accept", {}, true],
    ["and not for those", "ip saddr != 10.0.1.0/24 accept", {}, false],
    ["for nobody where it wants two things at once", "ip saddr 10.0.1.5 ip saddr 10.0.1.6 accept", {}, false],
    ["for nobody of a set that is still empty", "ip saddr @seen accept", {}, false],
    ["for everybody who is not in that set", "ip saddr != @seen accept", {}, true],
    ["for IPv4 alone where it says ip", "ip6 saddr ::/0 accept", {}, false],
  ])("%s: %s", (_, rule, at, passes) => {
    const asked = gate([rule], at).accepts(client, server);
    expect(asked === "nothing").toBe(!passes);
  });

  it("for IPv6 where it says ip6, and for both where it says neither", () => {
    const [six, seven] = ["2001:db8::6", "2001:db8::7"];
    expect(gate(["ip6 saddr 2001:db8::6 accept"]).accepts(six, seven)).toBe("everything");
    expect(gate(["ip saddr 0.0.0.0/0 accept"]).accepts(six, seven)).toBe("nothing");
    expect(gate(["tcp dport 22 accept"]).accepts(six, seven)).toBe("22/tcp");
  });

  it("in its order, and the policy after all of them", () => {
    expect(gate(["tcp dport 22 drop", "tcp dport 20-25 accept"]).accepts(client, server)).toBe(
      "20-21/tcp, 23-25/tcp",
    );
    expect(gate([]).decides(client, server, "22/tcp")).toBe("drop: policy drop");
    expect(gate(["tcp dport 22 accept"]).decides(client, server, "22/tcp")).toBe(
      "accept: tcp dport 22 accept",
    );
    expect(gate([]).gate.decision(0, 1, 0).origin.where).toBe("nftables, chain base");
  });

  it("by halves where it names a network that may have a symbol", () => {
    const space = new SymbolSpace();
    space.symbol("eip", networks(["198.51.100.0/24"]));
    const asked = (rule: string): string[] => {
      const read = gate([rule], {}, space);
      return [read.accepts("eip", server), read.undecided("eip", server)];
    };
    expect(asked("ip saddr 198.51.100.0/25 tcp dport 22 accept")).toEqual(["nothing", "22/tcp"]);
    expect(asked("ip saddr != 198.51.100.0/25 tcp dport 22 accept")).toEqual(["nothing", "22/tcp"]);
    expect(asked("ip saddr 198.51.100.0/24 tcp dport 22 accept")).toEqual(["22/tcp", "nothing"]);
    expect(asked("ip saddr != 198.51.100.0/24 tcp dport 22 accept")).toEqual(["nothing", "nothing"]);
    expect(asked("ip saddr { 198.51.100.0/25, 198.51.100.0/24 } tcp dport 22 accept")).toEqual([
      "22/tcp",
      "nothing",
    ]);
    expect(asked("ip saddr != 10.0.0.0/8 tcp dport 22 accept")).toEqual(["22/tcp", "nothing"]);
  });
});

describe("a jump", () => {
  const jumping = (rule: string, target: readonly string[]): string => {
    const other: ChainPlan = { name: "ssh", hook: undefined, rules: target };
    const table = new NftTable([chain("base", [rule, "tcp dport 80 accept"]), other], new SymbolSpace());
    return new AskedGate(table.rules("base", context)).accepts(client, server);
  };

  it("takes along only what its own rule matches", () => {
    expect(jumping("tcp dport 20-30 jump ssh", ["tcp dport 25-90 accept"])).toBe("25-30/tcp, 80/tcp");
    expect(jumping("ip saddr 10.0.1.5 jump ssh", ["ip saddr 10.0.1.0/24 tcp dport 22 accept"])).toBe(
      "22/tcp, 80/tcp",
    );
    expect(jumping("ip saddr 10.0.1.6 jump ssh", ["tcp dport 22 accept"])).toBe("80/tcp");
    expect(jumping("ip daddr 10.0.1.5 jump ssh", ["tcp dport 22 accept"])).toBe("80/tcp");
    expect(jumping('iifname "wg0" jump ssh', ["tcp dport 22 accept"])).toBe("80/tcp");
  });

  it("that goes never comes back, and leaves alone what it does not match", () => {
    expect(jumping("tcp dport 20-90 goto ssh", ["tcp dport 22 accept"])).toBe("22/tcp");
    expect(jumping("tcp dport 20-30 goto ssh", ["tcp dport 22 accept"])).toBe("22/tcp, 80/tcp");
  });

  it("into itself is refused, and into a chain that is not there", () => {
    const table = (target: string): NftTable =>
      new NftTable(
        [chain("base", [`jump ${target}`]), { name: "a", hook: undefined, rules: ["jump a"] }],
        new SymbolSpace(),
      );
    expect(() => table("a").rules("base", context)).toThrow("the nftables chain a leads to itself");
    expect(() => table("b").rules("base", context)).toThrow("no nftables chain is called b");
  });

  it("may be as deep as nft lets it", () => {
    const chains = (deepest: number): ChainPlan[] =>
      Array.from({ length: deepest + 1 }, (_, index) => ({
        name: `c${index}`,
        hook: undefined,
        rules: [index === deepest ? "tcp dport 22 accept" : `jump c${index + 1}`],
      }));
    const deep = (deepest: number): AskedGate => {
      const table = new NftTable(
        [chain("base", ["jump c0"], { policy: "drop" }), ...chains(deepest)],
        new SymbolSpace(),
      );
      return new AskedGate(table.rules("base", context));
    };
    expect(deep(15).accepts(client, server)).toBe("22/tcp");
    expect(() => deep(16)).toThrow("leads to itself");
  });
});

describe("a hook", () => {
  it("has its chains by their priorities, in words or numbers", () => {
    const table = new NftTable(
      [
        chain("late", [], { priority: "security" }),
        chain("nat", [], { priority: "srcnat" }),
        chain("own", [], { priority: "-10" }),
        chain("usual", []),
        chain("first", [], { priority: "mangle" }),
        chain("second", [], { priority: "dstnat" }),
        chain("forward", [], { at: "forward" }),
        chain("translation", [], { type: "nat" }),
        { name: "jumped to", hook: undefined, rules: [] },
      ],
      new SymbolSpace(),
    );
    expect(table.hooked("input", "filter")).toEqual(["first", "second", "own", "usual", "late", "nat"]);
    expect(table.hooked("forward", "filter")).toEqual(["forward"]);
    expect(table.hooked("input", "nat")).toEqual(["translation"]);
    expect(table.hooked("output", "filter")).toEqual([]);
  });
});

describe("masquerading", () => {
  const hidden = (rules: readonly string[], at: Partial<ChainContext> = {}): string => {
    const nat = { type: "nat", at: "postrouting", priority: "srcnat", policy: "accept" } as const;
    const table = new NftTable(
      [chain("postrouting", rules, nat), chain("input", ["accept"])],
      new SymbolSpace(),
    );
    const found = table.masquerade({ iif: "wg0", oif: "eth0", state: "new", ...at });
    return found === undefined ? "never" : new AskedGate(found).accepts(client, server);
  };

  it("hides what its rule matches, on the way out by that interface", () => {
    expect(hidden(['oifname "eth0" masquerade'])).toBe("everything");
    expect(hidden(['oifname "eth0" masquerade'], { oif: "wg0" })).toBe("never");
    expect(hidden(["ip saddr 10.0.1.5 masquerade"])).toBe("everything");
    expect(hidden(["ip saddr 10.0.1.6 masquerade"])).toBe("nothing");
    expect(hidden(["tcp dport 22 masquerade"])).toBe("22/tcp");
  });

  it("is never where no rule says so", () => {
    expect(hidden(["accept"])).toBe("never");
    expect(hidden([])).toBe("never");
  });
});
