/** Z3's opinion on the rules of a network that AWS described: ACLs that allow and deny, and groups with references. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Gate } from "../../../../components/proof/rules/gate.ts";
import type { World } from "../../../../components/proof/world/model.ts";
import { fields } from "../describe/changes.ts";
import { eniOf, machines, type Json } from "../describe/network.ts";
import { describedWith } from "../describe/questions.ts";
import { seed } from "../seeded.ts";
import * as random from "./described-random.ts";
import { describedAcl, describedGroup, type Entry, type Permission } from "./described-semantics.ts";
import { claimOf } from "./gates.ts";
import { declarePacket, type Family, type Term } from "./packet.ts";
import { Solver, type Question } from "./solver.ts";

/** The soak asks for more. */
const ruleSets = Number(process.env.ROADNET_RULE_SETS ?? 40);
/** Members of groups are many networks, and each of them is a question for Z3. */
const groupSets = Math.ceil(ruleSets / 4);
const families: readonly Family[] = ["ipv4", "ipv6"];
const directions = [false, true];

let solver: Solver;
beforeAll(async () => {
  solver = await Solver.start();
});
afterAll(() => {
  solver.end();
});

interface Asked {
  readonly about: unknown;
  readonly world: World;
  readonly gate: Gate | undefined;
  readonly named: readonly string[];
  readonly family: Family;
  readonly semantics: Term;
}

/** A packet that one of the two takes and the other does not. */
function differ({ about, world, gate, named, family, semantics }: Asked): Question {
  if (gate === undefined) throw new Error("the network has no such gate");
  const claim = claimOf(gate, world.table, named, family);
  const script = `${declarePacket(family)}\n(assert (distinct ${claim} ${semantics}))`;
  return { about: JSON.stringify(about), script };
}

function aclQuestions(entries: readonly Entry[]): Question[] {
  const { world } = describedWith([fields("NetworkAcls", "acl-0a", { Entries: entries })]);
  const acl = world.regions.get("vpc-0a")?.subnets.get("subnet-0a1")?.acl;
  const named = entries.map(({ CidrBlock, Ipv6CidrBlock }) => CidrBlock ?? Ipv6CidrBlock ?? "");
  return directions.flatMap((egress) =>
    families.map((family) => {
      const semantics = describedAcl(entries, egress, family);
      return differ({
        about: entries,
        world,
        gate: acl?.[egress ? "egress" : "ingress"],
        named,
        family,
        semantics,
      });
    }),
  );
}

it(`agrees with ${ruleSets} random network ACLs, which allow and deny`, async () => {
  const questions = fc.sample(random.entries, { seed, numRuns: ruleSets }).flatMap(aclQuestions);
  expect(await solver.disagreements(questions)).toEqual([]);
});

/** The private addresses of each group's one interface. */
const members = new Map(
  [machines.web, machines.app, machines.db].map((machine): [string, string[]] => {
    const { groups, address } = machine;
    const sixth = "ipv6" in machine ? [`${machine.ipv6}/128`] : [];
    return [groups[0], [`${address}/32`, ...sixth]];
  }),
);

function groupQuestions([inwards, outwards]: readonly [Permission[], Permission[]]): Question[] {
  const rules: Json = { IpPermissions: inwards, IpPermissionsEgress: outwards };
  const { world } = describedWith([fields("SecurityGroups", "sg-0a0", rules)]);
  const own = world.regions.get("vpc-0a")?.interfaces.get(eniOf("i-0a0"));
  const named = [...inwards, ...outwards].flatMap(({ IpRanges, Ipv6Ranges }) => [
    ...IpRanges.map(({ CidrIp }) => CidrIp),
    ...Ipv6Ranges.map(({ CidrIpv6 }) => CidrIpv6),
  ]);
  const all = [...named, ...[...members.values()].flat()];
  return directions.flatMap((egress) =>
    families.map((family) => {
      const semantics = describedGroup(egress ? outwards : inwards, egress, members, family);
      const gate = own?.[egress ? "egress" : "ingress"];
      return differ({ about: rules, world, gate, named: all, family, semantics });
    }),
  );
}

it(`agrees with ${groupSets} random security groups, references in the VPC and over a peering included`, async () => {
  const both = fc.tuple(random.permissions, random.permissions);
  const questions = fc.sample(both, { seed, numRuns: groupSets }).flatMap(groupQuestions);
  expect(await solver.disagreements(questions)).toEqual([]);
});
