/** Answers that take another way than their questions: whatever remembers connections on either way drops them. */
import { hostPath } from "../../../plan/flows/flow.ts";
import { singly } from "../compare.ts";
import { explainStop } from "../explain.ts";
import type { PlanRule } from "./rule.ts";

export const waysAreSymmetric: PlanRule = {
  id: "routes/asymmetric",
  source: "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html",
  *find({ comparison, prover }) {
    const told = new Set<string>();
    for (const { from, target, traffic } of singly(comparison.oneWay)) {
      const question = { from, target, traffic: prover.world.table.set(traffic)[0] ?? 0 };
      const { witness, place, rule, path } = explainStop(prover, [question]);
      const key = `${place}\n${rule}\n${target.party.name}`;
      if (told.has(key)) continue;
      told.add(key);
      const { party } = target;
      yield {
        // Where the answer gets lost beyond the network, whoever sends it is to be given another way.
        path: path === "" && party.kind === "host" ? hostPath(party.plan.key) : path,
        message: `loses answers: ${witness.traffic} from ${witness.from} gets to ${witness.to} (${witness.toAddress}), and the answer does not come back: ${place}: ${rule}.`,
      };
    }
  },
};
