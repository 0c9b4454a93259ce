/** Random rules, of few networks and ports that overlap and lie side by side, so that order and edges matter. */
import fc from "fast-check";
import type { SecurityRulePlan } from "../../../../components/plan/model.ts";
import type { AclEntry, NftChains, NftMatch, NftRuleModel, NftVerdict } from "./semantics.ts";

export const networksV4 = [
  "0.0.0.0/0",
  "10.0.0.0/8",
  "10.0.0.0/16",
  "10.1.0.0/16",
  "10.0.10.0/24",
  "10.0.1.0/24",
  "10.0.10.8/29",
  "10.0.10.11/32",
  "10.0.10.12/31",
  "10.1.10.11/32",
  "203.0.113.0/24",
];
export const networksV6 = [
  "::/0",
  "2001:db8::/32",
  "2001:db8:0:1::/64",
  "2001:db8:0:1::8/125",
  "2001:db8:0:1::b/128",
];

const v4 = fc.constantFrom(...networksV4);
const v6 = fc.constantFrom(...networksV6);
const anyNetwork = fc.oneof({ weight: 4, arbitrary: v4 }, { weight: 1, arbitrary: v6 });

/** Ephemeral ports are among them: answers hang on those. */
const edges = [0, 1, 22, 79, 80, 81, 443, 1023, 1024, 8080, 32767, 32768, 40000, 60999, 61000, 65535];
const range = fc
  .tuple(fc.constantFrom(...edges), fc.constantFrom(...edges))
  .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));

const cloudMatch = fc
  .record({
    protocol: fc.constantFrom("tcp" as const, "udp" as const, "icmp" as const, "all" as const),
    ports: fc.option(range, { nil: undefined }),
  })
  .map(({ protocol, ports }) => ({
    protocol,
    ports: protocol === "tcp" || protocol === "udp" ? ports : undefined,
  }));

const direction = fc.constantFrom("ingress" as const, "egress" as const);

export const groupNames = ["a", "b", "c"];

export const groupRule = fc
  .record({
    match: cloudMatch,
    direction,
    peer: fc.oneof(
      anyNetwork.map((cidr) => ({ kind: "cidr" as const, cidr })),
      fc.constantFrom(...groupNames).map((group) => ({ kind: "security-group" as const, group })),
    ),
  })
  .map(({ match, ...rest }): SecurityRulePlan => ({ ...match, ...rest, key: "rule", description: "" }));

/** Entries with numbers of their own, in any order. */
export function aclEntries(
  verdicts: readonly ("accept" | "drop")[],
  maxLength: number,
): fc.Arbitrary<AclEntry[]> {
  const entry = fc
    .record({
      match: cloudMatch,
      direction,
      cidr: anyNetwork,
      number: fc.integer({ min: 1, max: 32766 }),
      icmpType: fc.constantFrom(undefined, 0, 8, 128, 129),
      verdict: fc.constantFrom(...verdicts),
    })
    .map(({ match, icmpType, ...rest }): AclEntry => ({
      ...match,
      ...rest,
      icmpType: match.protocol === "icmp" ? icmpType : undefined,
      reason: "",
    }));
  return fc.uniqueArray(entry, { maxLength, selector: ({ direction: at, number }) => `${at} ${number}` });
}

const networkList = fc.oneof(
  { weight: 4, arbitrary: fc.uniqueArray(v4, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.uniqueArray(v6, { minLength: 1, maxLength: 2 }) },
);

const link = fc.record({ name: fc.constantFrom("eth0", "wg0"), negated: fc.boolean() });

const nftMatch = fc
  .record({
    iif: fc.option(link, { nil: undefined, freq: 5 }),
    oif: fc.option(link, { nil: undefined, freq: 5 }),
    states: fc.option(fc.constantFrom(["new"], ["established", "related"], ["invalid"]), {
      nil: undefined,
      freq: 4,
    }),
    addresses: fc.array(
      fc.record({
        field: fc.constantFrom("src" as const, "dst" as const),
        networks: networkList,
        negated: fc.boolean(),
      }),
      { maxLength: 2 },
    ),
    kind: fc.constantFrom("ports", "protocols", "none"),
    ports: fc.record({
      protocol: fc.constantFrom("tcp" as const, "udp" as const),
      ranges: fc.array(
        range.map(({ from, to }) => [from, to] as const),
        { minLength: 1, maxLength: 2 },
      ),
      negated: fc.boolean(),
    }),
    protocols: fc.uniqueArray(fc.constantFrom("tcp" as const, "udp" as const, "icmp" as const), {
      minLength: 1,
    }),
  })
  .map(({ iif, oif, states, addresses, kind, ports, protocols }): NftMatch => {
    const links = { ...(iif && { iif }), ...(oif && { oif }), ...(states && { states }) };
    if (kind === "ports") return { ...links, addresses, ports };
    return kind === "protocols" ? { ...links, addresses, protocols } : { ...links, addresses };
  });

function nftRules(verdicts: readonly NftVerdict[], maxLength: number): fc.Arbitrary<NftRuleModel[]> {
  const rule = fc.record({ match: nftMatch, verdict: fc.constantFrom(...verdicts) });
  return fc.array(rule, { maxLength });
}

const plain: readonly NftVerdict[] = ["accept", "accept", "drop", "drop", "reject", "counter"];

/** A base chain, one that it leads to, and one that this leads to in turn. */
export const nftChains = fc
  .record({
    policy: fc.constantFrom("accept" as const, "drop" as const),
    base: nftRules(
      [...plain, { jump: "middle" }, { jump: "middle" }, { goto: "middle" }, { jump: "last" }],
      5,
    ),
    middle: nftRules([...plain, { jump: "last" }, { goto: "last" }, { goto: "last" }], 3),
    last: nftRules(plain, 2),
  })
  .map(({ policy, base, middle, last }): NftChains => {
    const others = new Map([
      ["middle", middle],
      ["last", last],
    ]);
    return { policy, base, others };
  });

export const nftContext = fc.record({
  iif: fc.constantFrom("eth0", "wg0", undefined),
  oif: fc.constantFrom("eth0", "wg0", undefined),
  state: fc.constantFrom("new", "established", "invalid"),
});

export const routeNetworks = fc.uniqueArray(anyNetwork, { minLength: 1, maxLength: 6 });
