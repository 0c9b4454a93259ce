/** What is found by asking once for all who are alike is what is found by asking for each. */
import { describe, expect, it } from "vitest";
import { Prover } from "../../../../components/proof/prover.ts";
import { alikeIn, type Alike } from "../../../../components/proof/verify/alike.ts";
import { compare } from "../../../../components/proof/verify/compare.ts";
import { measure } from "../../../../components/proof/verify/measure.ts";
import { partiesOf, type Parties } from "../../../../components/proof/verify/parties.ts";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import type { Edits } from "../../config/stack-file.ts";
import { planned } from "./subject.ts";

/** Everybody is asked for. */
function nobodyAlike({ all, targets }: Parties): Alike {
  return { senders: [...all.keys()], targets: [...targets.keys()] };
}

const subjects: readonly (readonly [what: string, edits: Edits])[] = [
  ["as it is", {}],
  [
    "with a database open to every network inside",
    { "securityGroups database ingress 0 source": "10.0.0.0/8" },
  ],
  ["with one api host in fewer groups", { "hosts us-west api-2 securityGroups": ["internal", "updates"] }],
  ["without the database's rule", { "securityGroups database ingress 0": undefined }],
];

describe.each(subjects)("prod %s", (_, edits) => {
  const { plan } = planned("prod", edits);
  const world = buildWorld(plan);
  const parties = partiesOf(plan, world);
  const flows = plan.flows.map((flow) => measure(flow, parties, world));

  it("is found the same by classes as pair by pair", () => {
    const each = compare(new Prover(world), parties, flows, nobodyAlike(parties));
    expect(compare(new Prover(world), parties, flows)).toEqual(each);
    expect(each.pairs).toBeGreaterThan(1600);
  });

  it("has hosts that are alike, and keeps apart whoever is not", () => {
    const { senders } = alikeIn(parties, world);
    const number = (name: string): number | undefined =>
      senders[parties.all.findIndex((party) => party.name === name)];
    const isWhole = edits["hosts us-west api-2 securityGroups"] === undefined;
    expect(number("us-west/api-2") === number("us-west/api-3")).toBe(isWhole);
    expect(number("us-west/hub-1")).not.toBe(number("us-west/api-2"));
  });
});
