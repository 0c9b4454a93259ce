/** Answers that take another way than their questions: whatever remembers connections on either way drops them. */
import { hostPath } from "../../../plan/flows/flow.ts";
import { Adviser } from "../advice.ts";
import { singly } from "../compare.ts";
import { explainStop } from "../explain.ts";
import type { PlanRule } from "./rule.ts";

export const waysAreSymmetric: PlanRule = {
  id: "routes/asymmetric",
  source: "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html",
  *find({ plan, comparison, prover }) {
    const adviser = new Adviser(plan, prover.world);
    const told = new Set<string>();
    for (const { from, target, traffic } of singly(comparison.oneWay)) {
      const question = { from, target, traffic: prover.world.table.set(traffic)[0] ?? 0 };
      const { witness, root } = explainStop(prover, [question]);
      const [{ key, path, mend } = { key: "", path: "", mend: "" }] = adviser.advise([{ root }]);
      if (told.has(key)) continue;
      told.add(key);
      const { party } = target;
      const { place, reason } = root.stop;
      const how = mend === "" ? "" : ` To mend it, ${mend}.`;
      yield {
        cause: key,
        // Where the answer gets lost beyond the network, whoever sends it is to be given another way.
        path: path === "" && party.kind === "host" ? hostPath(party.plan.key) : path,
        message: `loses answers: ${witness.traffic} from ${witness.from} gets to ${witness.to} (${witness.toAddress}), and the answer does not come back: ${place}: ${reason}.${how}`,
      };
    }
  },
};
