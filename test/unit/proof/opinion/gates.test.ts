import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ChainPlan } from "../../../../components/plan/generation.ts";
import type { NetworkAclPlan, RegionPlan } from "../../../../components/plan/model.ts";
import { Gate, type GateRule } from "../../../../components/proof/rules/gate.ts";
import { aclGate } from "../../../../components/proof/rules/network-acl.ts";
import { NftTable } from "../../../../components/proof/rules/nft.ts";
import { PrefixMap } from "../../../../components/proof/rules/prefixes.ts";
import { groupGate } from "../../../../components/proof/rules/security-group.ts";
import { networks as pointsOf, SymbolSpace } from "../../../../components/proof/sets/addresses.ts";
import { TrafficTable } from "../../../../components/proof/sets/traffic.ts";
import { Ipv6Networks } from "../../../../components/proof/world/ipv6.ts";
import { seed } from "../seeded.ts";
import { planWith } from "../subject.ts";
import { claimOf, stretches } from "./gates.ts";
import { and, between, declarePacket, or, type Family, type Term } from "./packet.ts";
import * as random from "./random.ts";
import {
  asked,
  longestPrefix,
  networkAcl,
  nftChain,
  nftText,
  securityGroups,
  type AclEntry,
  type NftChains,
} from "./semantics.ts";
import { Solver, type Question } from "./solver.ts";

/** Of each kind; the soak asks for more. */
const ruleSets = Number(process.env.ROADNET_RULE_SETS ?? 40);
const families: readonly Family[] = ["ipv4", "ipv6"];

let solver: Solver;
beforeAll(async () => {
  solver = await Solver.start();
});
afterAll(() => {
  solver.end();
});

function sample<Value>(values: fc.Arbitrary<Value>): Value[] {
  return fc.sample(values, { seed, numRuns: ruleSets });
}

/** A packet that one of the two takes and the other does not. */
function differ(about: unknown, family: Family, claim: Term, semantics: Term): Question {
  const script = `${declarePacket(family)}\n(assert (distinct ${claim} ${semantics}))`;
  return { about: JSON.stringify(about), script };
}

const empty = planWith();
const ipv6 = new Ipv6Networks({ ...empty, regions: [] });
const region = { key: "region" } as RegionPlan;
const origin = { where: "", rule: "", path: "" };

const members = new Map([
  ["a", ["10.0.10.11/32", "10.0.10.12/32"]],
  ["b", ["10.0.10.13/32", "2001:db8:0:1::b/128"]],
]);
const memberNetworks = [...members.values()].flat();

it("Z3 finds a difference where there is one, and none where there is none", async () => {
  const rule = { protocol: "tcp", ports: { from: 80, to: 81 }, direction: "ingress" } as const;
  const peer = { kind: "cidr", cidr: "10.0.0.0/8" } as const;
  const allows = (from: number): Term =>
    securityGroups(
      [{ ...rule, ports: { from, to: 81 }, peer, key: "", description: "" }],
      "ingress",
      members,
      asked,
      "ipv4",
    );
  expect(await solver.disagreements([differ("equal", "ipv4", allows(80), allows(80))])).toEqual([]);
  const found = await solver.disagreements([differ("by a port", "ipv4", allows(80), allows(81))]);
  expect(found.join("")).toContain("#x0050");
});

it(`agrees with ${ruleSets} random security groups, references included`, async () => {
  const questions = sample(fc.array(random.groupRule, { maxLength: 6 })).flatMap((rules) =>
    (["ingress", "egress"] as const).flatMap((direction) =>
      families.map((family) => {
        const table = new TrafficTable();
        const group = { key: "region/x", name: "x", description: "", rules };
        const points = [...members].map(([name, own]) => [`region/${name}`, pointsOf(own)] as const);
        const space = { members: new Map(points), space: new SymbolSpace(), ipv6 };
        const gate = new Gate(groupGate("region", [group], direction, space), table);
        const named = rules.flatMap(({ peer }) => (peer.kind === "cidr" ? [peer.cidr as string] : []));
        const claim = claimOf(gate, table, [...memberNetworks, ...named], family);
        return differ(rules, family, claim, securityGroups(rules, direction, members, asked, family));
      }),
    ),
  );
  expect(await solver.disagreements(questions)).toEqual([]);
});

/** The plan's entries only allow, so that they are the whole ACL; with entries that deny, the gate is made here. */
function gateOf(entries: readonly AclEntry[], direction: "ingress" | "egress", table: TrafficTable): Gate {
  const space = { space: new SymbolSpace(), ipv6 };
  const acl: NetworkAclPlan = { key: "acl", tier: "private", subnets: [], rules: entries };
  const { rules, otherwise } = aclGate(region, acl, direction, space);
  const byNumber = entries
    .filter((entry) => entry.direction === direction)
    .sort((a, b) => a.number - b.number);
  const verdicts = rules.map((rule, index): GateRule => {
    const { verdict } = byNumber[index] ?? { verdict: "drop" };
    return { ...rule, verdict, origin };
  });
  return new Gate({ rules: verdicts, otherwise }, table);
}

it.each([
  ["which only allow", ["accept"] as const],
  ["which allow and deny", ["accept", "drop"] as const],
])(`agrees with ${ruleSets} random network ACLs %s`, async (_, verdicts) => {
  const questions = sample(random.aclEntries(verdicts, 8)).flatMap((entries) =>
    (["ingress", "egress"] as const).flatMap((direction) =>
      families.map((family) => {
        const table = new TrafficTable();
        const named = entries.map(({ cidr }) => cidr as string);
        const claim = claimOf(gateOf(entries, direction, table), table, named, family);
        return differ(entries, family, claim, networkAcl(entries, direction, asked, family));
      }),
    ),
  );
  expect(await solver.disagreements(questions)).toEqual([]);
});

function chainPlans({ policy, base, others }: NftChains): ChainPlan[] {
  const hook = { type: "filter", at: "input", priority: "filter", policy } as const;
  return [
    { name: "base", hook, rules: base.map(nftText) },
    ...[...others].map(([name, rules]) => ({ name, hook: undefined, rules: rules.map(nftText) })),
  ];
}

it(`agrees with ${ruleSets} random nftables`, async () => {
  const questions = sample(fc.tuple(random.nftChains, random.nftContext)).flatMap(([chains, context]) =>
    families.map((family) => {
      const table = new TrafficTable();
      const plans = chainPlans(chains);
      const rules = new NftTable(plans, new SymbolSpace()).rules("base", context);
      const all = [...chains.base, ...[...chains.others.values()].flat()];
      const named = all.flatMap(({ match }) => match.addresses.flatMap(({ networks }) => networks));
      const claim = claimOf(new Gate(rules, table), table, named, family);
      return differ([plans, context], family, claim, nftChain(chains, context, asked, family));
    }),
  );
  expect(await solver.disagreements(questions)).toEqual([]);
});

it(`agrees with ${ruleSets} random route tables`, async () => {
  const questions = sample(random.routeNetworks).flatMap((networks) => {
    const routes = new PrefixMap(
      networks.map((network, value) => ({ network, value })),
      new SymbolSpace(),
    );
    return families.flatMap((family) =>
      networks.map((network, index) => {
        const claim = stretches(networks, family).map(([first, last]) => {
          const [found, again] = [first, last].map((at) => routes.find(at));
          if (found !== again) throw new Error("the table treats addresses differently between two edges");
          const isChosen = found !== undefined && found !== "undecided" && found.value === index;
          return isChosen ? between("dst", first, last, family) : "false";
        });
        const chosen = longestPrefix(networks, index, "dst", family);
        return differ([networks, network], family, or(...claim), and(chosen));
      }),
    );
  });
  expect(await solver.disagreements(questions)).toEqual([]);
});
