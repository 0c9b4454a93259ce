/** nftables' rules as text: what each word says, and that no word is passed over. */
import { describe, expect, it } from "vitest";
import { everywhere, matchesInterface, readNftRule } from "../../../../components/proof/rules/nft-text.ts";
import { has } from "../../../../components/proof/sets/intervals.ts";
import { formatTraffic } from "../../../../components/proof/sets/traffic.ts";

describe("what a rule says of traffic", () => {
  it.each([
    ["accept", "everything"],
    ["tcp dport 22 accept", "22/tcp"],
    ["tcp dport { 80, 443 } accept", "80/tcp, 443/tcp"],
    ["udp dport 60000-61000 accept", "60000-61000/udp"],
    ["tcp dport != 22 accept", "0-21/tcp, 23-65535/tcp"],
    ["tcp dport == 22 accept", "22/tcp"],
    ["tcp dport != { 22, 80-90 } accept", "0-21/tcp, 23-79/tcp, 91-65535/tcp"],
    ["tcp sport 443 accept", "all tcp"],
    ["udp sport 53 dport 53 accept", undefined],
    ["icmp type echo-request accept", "icmp type 8"],
    [
      "icmp type { echo-request, echo-reply, destination-unreachable } accept",
      "icmp type 0, icmp type 3, icmp type 8",
    ],
    ["icmp type 11 accept", "icmp type 11"],
    ["icmpv6 type echo-request accept", "icmpv6 type 128"],
    ["icmpv6 type echo-reply accept", "icmpv6 type 129"],
    [
      "icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept",
      "icmpv6 types 134-136",
    ],
    ["meta l4proto tcp accept", "all tcp"],
    ["meta l4proto udp accept", "all udp"],
    ["meta l4proto { icmp, icmpv6 } accept", "all icmp, all icmpv6"],
    ["meta l4proto ipv6-icmp accept", "all icmpv6"],
    ["meta l4proto 47 accept", "protocol 47"],
    ["meta l4proto { tcp, udp } tcp dport 53 accept", "53/tcp"],
    ["tcp flags & (syn | rst) == syn accept", "all tcp"],
    ["tcp flags & (syn | rst) != syn accept", "all tcp"],
    ["tcp option maxseg size set rt mtu", undefined],
    ["tcp option maxseg size set 1380", "everything"],
    ["counter accept", "everything"],
    ['comment "let it in" accept', "everything"],
    ["tcp dport 22 udp dport 53 accept", "nothing"],
  ])("%s", (text, traffic) => {
    if (traffic === undefined) expect(() => readNftRule(text)).toThrow("cannot read");
    else expect(formatTraffic(readNftRule(text).traffic)).toBe(traffic);
  });
});

describe("what a rule does", () => {
  it.each([
    ["accept", { kind: "accept" }],
    ["tcp dport 22 drop", { kind: "drop" }],
    ["reject", { kind: "drop" }],
    ["reject with icmp port-unreachable", { kind: "drop" }],
    ["reject with tcp reset", { kind: "drop" }],
    ['oifname "eth0" masquerade', { kind: "masquerade" }],
    ["jump ssh", { kind: "jump", chain: "ssh" }],
    ["goto ssh", { kind: "goto", chain: "ssh" }],
    ["add @ssh_first { ip saddr }", { kind: "nothing" }],
    ["update @ssh_first { ip saddr } accept", { kind: "accept" }],
    ["counter", { kind: "nothing" }],
  ])("%s", (text, action) => {
    expect(readNftRule(text)).toMatchObject({ text, action });
  });
});

describe("whom a rule means", () => {
  const v4 = { networks: ["::/0"], isFilledLater: false, negated: true };
  const v6 = { networks: ["::/0"], isFilledLater: false, negated: false };
  const named = (...networks: readonly string[]) => ({ networks, isFilledLater: false, negated: false });

  it.each([
    ["ip saddr 10.0.0.0/8 accept", { from: [v4, named("10.0.0.0/8")], to: [] }],
    ["ip daddr 10.0.0.1 accept", { from: [v4], to: [named("10.0.0.1")] }],
    ["ip6 saddr 2001:db8::/32 accept", { from: [v6, named("2001:db8::/32")], to: [] }],
    ["ip saddr { 10.0.0.0/8, 192.168.0.0/16 } accept", { from: [v4, named("10.0.0.0/8", "192.168.0.0/16")] }],
    ["ip saddr != 10.0.0.0/8 accept", { from: [v4, { ...named("10.0.0.0/8"), negated: true }] }],
    ["ip saddr @ssh_first accept", { from: [v4, { networks: [], isFilledLater: true, negated: false }] }],
    [
      "ip saddr 10.0.0.0/8 ip daddr 10.0.0.1 accept",
      { from: [v4, named("10.0.0.0/8"), v4], to: [named("10.0.0.1")] },
    ],
    ["ip6 hoplimit 255 accept", { from: [v6], to: [] }],
    [
      "accept",
      { from: [], to: [], iif: undefined, oif: undefined, states: undefined, sourcePorts: undefined },
    ],
    ['iifname "wg0" accept', { iif: { names: ["wg0"], negated: false }, oif: undefined }],
    [
      'oifname != { "eth0", "wg0" } accept',
      { oif: { names: ["eth0", "wg0"], negated: true }, iif: undefined },
    ],
    ["ct state established,related accept", { states: ["established", "related"] }],
    ["ct state { new, invalid } drop", { states: ["new", "invalid"] }],
    ["udp sport 67 accept", { sourcePorts: [[67, 67]] }],
    [
      "udp sport { 67, 32000-33000 } accept",
      {
        sourcePorts: [
          [67, 67],
          [32000, 33000],
        ],
      },
    ],
  ])("%s", (text, rule) => {
    expect(readNftRule(text)).toMatchObject(rule);
  });

  it("an interface is meant or not, and one that nobody knows is what is excluded at most", () => {
    const [wg, others] = [
      { names: ["wg0"], negated: false },
      { names: ["wg0"], negated: true },
    ];
    const asked = (name: string | undefined): boolean[] =>
      [undefined, wg, others].map((match) => matchesInterface(match, name));
    expect(asked("wg0")).toEqual([true, true, false]);
    expect(asked("eth0")).toEqual([true, false, true]);
    expect(asked(undefined)).toEqual([true, false, true]);
  });

  it("everywhere has symbols and both families", () => {
    for (const at of [-5, 0, 2 ** 32 - 1, 2 ** 32, 2n ** 128n + 2n ** 32n - 1n])
      expect(has(everywhere, at)).toBe(true);
  });
});

describe("a word that is not understood is an error that names it", () => {
  it.each([
    ["meta skuid 0 accept", "skuid"],
    ["tcp sport != 22 accept", "22"],
    ["tcp dport ssh accept", "ssh"],
    ["tcp dport 22-x accept", "22-x"],
    ["tcp dport x22 accept", "x22"],
    ["tcp dport 123456 accept", "123456"],
    ["tcp window 5 accept", "window"],
    ["udp flags syn accept", "flags"],
    ["udp option maxseg size set 1 accept", "option"],
    ["tcp option timestamp size set 1 accept", "timestamp"],
    ["tcp flags & (syn | ack) == syn accept", "ack"],
    ["tcp flags & (syn | rst) == rst accept", "rst"],
    ["ip protocol tcp accept", "protocol"],
    ["icmp code 1 accept", "code"],
    ["icmp type timestamp accept", "timestamp"],
    ["icmpv6 type destination-unreachable accept", "destination-unreachable"],
    ["icmp type x8 accept", "x8"],
    ["icmp type 8x accept", "8x"],
    ["meta l4proto sctp accept", "sctp"],
    ["meta l4proto 1234 accept", "1234"],
    ["ct state untracked accept", "untracked"],
    ["ct mark 1 accept", "mark"],
    ["add ssh_first { ip saddr }", "ssh_first"],
    ["add @ssh_first { ip daddr }", "daddr"],
    ["tcp dport { 22 accept", "accept"],
    ["limit rate 5/second accept", "limit"],
    ["jump", ""],
    ["tcp", ""],
  ])("%s", (text, word) => {
    expect(() => readNftRule(text)).toThrow(`the proof cannot read the nftables rule "${text}" at "${word}"`);
  });
});
