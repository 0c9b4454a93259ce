/** Whole conversations, there and back, between instances of networks whose rules are random. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ChainPlan } from "../../../../components/plan/generation.ts";
import type { HostPlan, NetworkPlan, SecurityRulePlan } from "../../../../components/plan/model.ts";
import { parseAddress } from "../../../../components/proof/sets/addresses.ts";
import { seed } from "../seeded.ts";
import { planWith, proverOf } from "../subject.ts";
import {
  and,
  byte,
  declarePacket,
  inPorts,
  inTraffic,
  isProtocol,
  ite,
  literal,
  not,
  numbers,
  or,
  port,
  type Term,
} from "./packet.ts";
import * as random from "./random.ts";
import {
  networkAcl,
  nftChain,
  nftText,
  securityGroups,
  type AclEntry,
  type Header,
  type NftChains,
} from "./semantics.ts";
import { Solver, type Question } from "./solver.ts";

/** How many networks; the soak asks for more. */
const networks = Number(process.env.ROADNET_RULE_SETS ?? 20);

let solver: Solver;
beforeAll(async () => {
  solver = await Solver.start();
});
afterAll(() => {
  solver.end();
});

/** Two of one subnet, one of another subnet, one of another region. */
const keys = ["us-west/api-1", "us-west/api-2", "us-west/lb-1", "eu-west/api-1"] as const;

/** What decides about an instance. */
interface Guards {
  readonly groups: readonly SecurityRulePlan[];
  readonly input: NftChains;
  readonly output: NftChains;
}

interface Drawn {
  readonly guards: readonly Guards[];
  /** ACLs of the public and of the private tier, the same in both regions. */
  readonly acls: { readonly public: readonly AclEntry[]; readonly private: readonly AclEntry[] };
  readonly isRouted: { readonly there: boolean; readonly back: boolean };
}

/** Rules that let most of it pass, so that what lets nothing pass does not hide the rest. */
const opening: SecurityRulePlan = {
  key: "open",
  direction: "egress",
  protocol: "all",
  ports: undefined,
  peer: { kind: "cidr", cidr: "10.0.0.0/8" },
  description: "",
};
const openings: readonly SecurityRulePlan[] = [opening, { ...opening, direction: "ingress" }];

/** Most of `more` besides what is given. */
function mostly<Value>(given: fc.Arbitrary<Value[]>, more: readonly Value[]): fc.Arbitrary<Value[]> {
  const kept = more.map((value) => fc.constantFrom([value], [value], [value], [value], []));
  return fc.tuple(given, ...kept).map(([own, ...added]) => [...own, ...added.flat()]);
}

const entry = { protocol: "tcp", icmpType: undefined, reason: "", cidr: "10.0.0.0/8" } as const;
/** Ephemeral ports, those of services, and both: answers hang on them. */
const aclOpenings: readonly AclEntry[] = (["ingress", "egress"] as const).flatMap((direction, index) =>
  [
    { from: 0, to: 1023 },
    { from: 1024, to: 32767 },
    { from: 32768, to: 60999 },
    { from: 32769, to: 61000 },
  ].map((ports, at): AclEntry => ({
    ...entry,
    ports,
    direction,
    number: 30000 + 10 * index + at,
    verdict: "accept",
  })),
);
const acl = mostly(random.aclEntries(["accept"], 6), aclOpenings);

/** Chains that let pass what none of a few rules stops, and any others. */
const chains: fc.Arbitrary<NftChains> = fc.oneof(
  {
    weight: 5,
    arbitrary: random.nftChains.map((all) => ({
      ...all,
      policy: "accept" as const,
      base: all.base.slice(0, 1),
    })),
  },
  { weight: 1, arbitrary: random.nftChains },
);

const drawn: fc.Arbitrary<Drawn> = fc.record({
  guards: fc.array(
    fc.record({
      groups: mostly(fc.array(random.groupRule, { maxLength: 4 }), openings),
      input: chains,
      output: chains,
    }),
    { minLength: keys.length, maxLength: keys.length },
  ),
  acls: fc.record({ public: acl, private: acl }),
  isRouted: fc.record({
    there: fc.constantFrom(true, true, true, false),
    back: fc.constantFrom(true, true, true, false),
  }),
});

function chainsOf({ input, output }: Guards): ChainPlan[] {
  return (
    [
      ["input", input],
      ["output", output],
    ] as const
  ).flatMap(([at, { policy, base, others }]) => {
    const rename = (text: string): string => text.replace(/(jump|goto) (\w+)/, `$1 ${at}-$2`);
    const texts = (rules: typeof base): string[] => rules.map(nftText).map(rename);
    return [
      { name: at, hook: { type: "filter", at, priority: "filter", policy } as const, rules: texts(base) },
      ...[...others].map(([name, rules]) => ({
        name: `${at}-${name}`,
        hook: undefined,
        rules: texts(rules),
      })),
    ];
  });
}

/** Groups named as the rules do, so that references have members: "a" is of the first instance, and so on. */
const groupOf = (index: number): string => ["a", "b", "c", "a"][index] ?? "a";

function changedHost(host: HostPlan, { guards }: Drawn): HostPlan | undefined {
  const index = keys.findIndex((key) => key === host.key);
  const own = guards[index];
  if (own === undefined || host.instance === undefined) return undefined;
  const securityGroups = [`${host.site}/${groupOf(index)}`];
  return {
    ...host,
    instance: { ...host.instance, securityGroups },
    generation: { ...host.generation, chains: chainsOf(own) },
  };
}

/** Prod's regions, peering and subnets with the rules that were drawn, and nobody else in them. */
function networkOf(plan: NetworkPlan, draw: Drawn): NetworkPlan {
  const hosts = plan.hosts.flatMap((host) => changedHost(host, draw) ?? []);
  const regions = plan.regions.map((region) => {
    const isThere = region.key === "us-west" ? draw.isRouted.there : draw.isRouted.back;
    return {
      ...region,
      securityGroups: keys.flatMap((key, index) =>
        key.startsWith(`${region.key}/`)
          ? [
              {
                key: `${region.key}/${groupOf(index)}`,
                name: groupOf(index),
                description: "",
                rules: draw.guards[index]?.groups ?? [],
              },
            ]
          : [],
      ),
      networkAcls: (["public", "private"] as const).map((tier) => ({
        key: `${region.key}/${tier}`,
        tier,
        subnets: region.subnets.filter((subnet) => subnet.tier === tier).map(({ key }) => key),
        rules: draw.acls[tier],
      })),
      routeTables: region.routeTables.map((table) => ({
        ...table,
        routes: table.routes.filter(
          ({ target }) => target.kind !== "instance" && (isThere || target.kind !== "peering"),
        ),
      })),
    };
  });
  return { ...plan, regions, hosts, sites: [], zones: [] };
}

interface Place {
  readonly index: number;
  readonly host: HostPlan;
  readonly tier: "public" | "private";
}

function placesOf(plan: NetworkPlan): Place[] {
  return keys.map((key, index) => {
    const host = plan.hosts.find((each) => each.key === key);
    if (host === undefined) throw new Error(`no host ${key}`);
    return { index, host, tier: host.role === "load-balancer" ? "public" : "private" };
  });
}

/** Who has which address, as the rules' references see it: the groups of one region do not know the other's. */
function membersOf(places: readonly Place[], { host }: Place): ReadonlyMap<string, readonly string[]> {
  const own = places.filter((place) => place.host.site === host.site);
  return new Map(own.map(({ index, host: { address } }) => [groupOf(index), [`${address}/32`]]));
}

/** One direction: `header` from `a` to `b`; groups only judge what they have not let through before. */
function passes(
  draw: Drawn,
  places: readonly Place[],
  [a, b]: readonly [Place, Place],
  header: Header,
): Term {
  const isAnswer = header.port === "client";
  const state = isAnswer ? "established" : "new";
  const [sender, receiver] = [draw.guards[a.index], draw.guards[b.index]];
  if (sender === undefined || receiver === undefined) throw new Error("nobody is there");
  const out = { iif: undefined, oif: "eth0", state };
  const into = { iif: "eth0", oif: undefined, state };
  const terms = [
    nftChain(sender.output, out, header, "ipv4"),
    nftChain(receiver.input, into, header, "ipv4"),
  ];
  if (!isAnswer) {
    terms.push(
      securityGroups(sender.groups, "egress", membersOf(places, a), header, "ipv4"),
      securityGroups(receiver.groups, "ingress", membersOf(places, b), header, "ipv4"),
    );
  }
  const subnet = ({ host }: Place): string | undefined => host.instance?.subnet;
  if (subnet(a) !== subnet(b)) {
    terms.push(networkAcl(draw.acls[a.tier], "egress", header, "ipv4"));
    terms.push(networkAcl(draw.acls[b.tier], "ingress", header, "ipv4"));
  }
  if (a.host.site !== b.host.site) {
    const { there, back } = draw.isRouted;
    terms.push((a.host.site === "us-west" ? there : back) ? "true" : "false");
  }
  return and(...terms);
}

/**
 * What is asked passes, and so does its answer, whichever ephemeral port the client took (Linux: 32768 to 60999). Of
 * ICMP an echo request is asked, and its reply comes back (RFC 792); other protocols have neither ports nor types.
 */
function converses(draw: Drawn, places: readonly Place[], [a, b]: readonly [Place, Place]): Term {
  const [from, to] = [literal(a.host.address), literal(b.host.address)];
  const there = passes(draw, places, [a, b], { src: from, dst: to, port: "dport", type: "type" });
  const back = passes(draw, places, [b, a], { src: to, dst: from, port: "client", type: byte(0) });
  const always = `(forall ((client (_ BitVec 16))) (=> ${inPorts("client", 32768, 60999)} ${back}))`;
  const once = `(let ((client ${port(0)})) ${back})`;
  const hasPorts = or(isProtocol(numbers.tcp), isProtocol(numbers.udp));
  return and(there, ite(hasPorts, always, once));
}

/** Of all conversations, in how many something passes. */
let passing = 0;

function questionsOf(plan: NetworkPlan, draw: Drawn): Question[] {
  const network = networkOf(plan, draw);
  const prover = proverOf(network);
  expect(prover.world.unread).toEqual([]);
  const places = placesOf(network);
  return places.flatMap((a) =>
    places.flatMap((b): Question[] => {
      if (a === b) return [];
      const { traffic } = prover.ask({ kind: "host", host: a.host.key }, parseAddress(b.host.address));
      if (traffic !== 0) passing++;
      const claim = inTraffic(prover.world.table.set(traffic));
      const script = [
        declarePacket("ipv4"),
        `(assert ${or(not(isProtocol(numbers.icmp)), `(= type ${byte(8)})`)})`,
        `(assert (distinct ${claim} ${converses(draw, places, [a, b])}))`,
      ].join("\n");
      return [{ about: `${a.host.key} to ${b.host.key}: ${JSON.stringify(draw)}`, script }];
    }),
  );
}

it(`agrees about all conversations in ${networks} random networks`, async () => {
  const plan = planWith();
  const questions = fc.sample(drawn, { seed, numRuns: networks }).flatMap((draw) => questionsOf(plan, draw));
  expect(await solver.disagreements(questions)).toEqual([]);
  expect(passing).toBeGreaterThan(questions.length / 20);
  expect(passing).toBeLessThan(questions.length);
});
