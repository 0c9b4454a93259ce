/** What is found by asking once for all who are alike is what is found by asking for each. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FlowPlan, NetworkPlan } from "../../../../components/plan/model.ts";
import { Prover } from "../../../../components/proof/prover.ts";
import { formatAddress } from "../../../../components/proof/sets/addresses.ts";
import { alikeIn, nobodyAlike } from "../../../../components/proof/verify/alike.ts";
import { compare } from "../../../../components/proof/verify/compare.ts";
import { measure } from "../../../../components/proof/verify/measure.ts";
import { partiesOf } from "../../../../components/proof/verify/parties.ts";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import { verify } from "../../../../components/proof/verify/verify.ts";
import type { Edits } from "../../config/stack-file.ts";
import { grown, mutations } from "../networks.ts";
import { holds } from "../seeded.ts";
import { foundBy, plainly } from "./plain.ts";
import { planned } from "./subject.ts";

const subjects: readonly (readonly [what: string, edits: Edits])[] = [
  ["as it is", {}],
  [
    "with a database open to every network inside",
    { "securityGroups database ingress 0 source": "10.0.0.0/8" },
  ],
  ["with one api host in fewer groups", { "hosts us-west api-2 securityGroups": ["internal", "updates"] }],
  ["without the database's rule", { "securityGroups database ingress 0": undefined }],
];

function subjectOf(plan: NetworkPlan) {
  const prover = new Prover(buildWorld(plan));
  const parties = partiesOf(plan, prover.world);
  const comparison = compare(prover, parties, measure(plan.flows, parties, prover.world));
  return { prover, parties, comparison };
}

describe.each(subjects)("prod %s", (_, edits) => {
  const { plan } = planned("prod", edits);
  const { prover, parties, comparison } = subjectOf(plan);

  it("is found the same by kinds as pair by pair and flow by flow", () => {
    const found = foundBy(comparison, prover);
    expect(found).toEqual(plainly(plan, prover, parties));
    expect(found.pairs).toBeGreaterThan(1600);
  });

  it("is verified the same where everybody is asked for", () => {
    const { questions, ...each } = verify(plan, buildWorld(plan), { alike: nobodyAlike });
    const { questions: fewer, ...together } = verify(plan, buildWorld(plan));
    expect(together).toEqual(each);
    expect(questions).toBe(each.pairs);
    expect(fewer < questions).toBe(edits["hosts us-west api-2 securityGroups"] === undefined);
  });

  it("has hosts that are alike, and keeps apart whoever is not", () => {
    const alike = alikeIn(prover.world);
    const nameOf = (name: string): string | undefined => {
      const party = parties.all.find((each) => each.name === name);
      return party === undefined ? undefined : alike(party);
    };
    const isWhole = edits["hosts us-west api-2 securityGroups"] === undefined;
    expect(nameOf("us-west/api-2") === nameOf("us-west/api-3")).toBe(isWhole);
    expect(nameOf("us-west/hub-1")).not.toBe(nameOf("us-west/api-2"));
  });
});

/** From the hub to each address of everybody who has several, as a flow by itself. */
function toEachAddress(plan: NetworkPlan): FlowPlan[] {
  return [...buildWorld(plan).hosts.values()]
    .filter(({ addresses }) => addresses.size > 1)
    .flatMap(({ addresses }) => [...addresses.keys()])
    .map((address): FlowPlan => ({
      kind: "intended",
      from: [{ kind: "host", host: "us-west/hub-1" }],
      to: [{ kind: "network", network: formatAddress(address) }],
      traffic: ["22/tcp"],
      reason: "by this address",
      path: "flows",
      isWritten: true,
    }));
}

describe("flows to single addresses of one host", () => {
  it("must each pass there, whatever passes at another", () => {
    const { plan } = planned("prod");
    const flows = toEachAddress(plan);
    const { prover, parties, comparison } = subjectOf({ ...plan, flows });
    const found = foundBy(comparison, prover);
    expect(found).toEqual(plainly({ ...plan, flows }, prover, parties));
    expect(found.stopped.length).toBeGreaterThan(0);
    expect(found.stopped.length).toBeLessThan(flows.length);
  });
});

describe("random networks", () => {
  it("are found the same by kinds as pair by pair and flow by flow", () => {
    let differing = 0;
    holds(
      fc.property(mutations, (changes) => {
        const plan = changes.reduce((before, change) => change(before), grown);
        const { prover, parties, comparison } = subjectOf(plan);
        const found = foundBy(comparison, prover);
        expect(found).toEqual(plainly(plan, prover, parties));
        differing += found.unintended.length + found.stopped.length;
      }),
      Number(process.env.ROADNET_PROOF_NETWORKS ?? 10),
    );
    expect(differing).toBeGreaterThan(0);
  });
});
