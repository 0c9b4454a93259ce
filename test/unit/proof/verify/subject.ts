/** Stack files with edits, verified. */
import { parseNetworkConfig } from "../../../../components/config/parse.ts";
import { networkKey } from "../../../../components/config/problem.ts";
import type { NetworkConfig } from "../../../../components/config/schema.ts";
import type { NetworkPlan } from "../../../../components/plan/model.ts";
import { planNetwork } from "../../../../components/plan/plan.ts";
import type { Verification } from "../../../../components/proof/verify/model.ts";
import { verify } from "../../../../components/proof/verify/verify.ts";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import { withEdits, type Edits } from "../../config/stack-file.ts";
import { filledFile, valuesOf } from "../../config/stack.ts";

export interface Subject {
  readonly config: NetworkConfig;
  readonly plan: NetworkPlan;
}

/** A stack's file with the edits made, planned. */
export function planned(stack: string, edits: Edits = {}): Subject {
  const config = parseNetworkConfig(valuesOf(withEdits(filledFile(stack), edits))[networkKey]);
  return { config, plan: planNetwork(config, stack) };
}

export function verified({ plan }: Subject): Verification {
  return verify(plan, buildWorld(plan));
}

/** What is told of a stack's file with the edits made: `stopped 22/tcp us-west/hub-1 > us-west/api-2 @ path`. */
export function toldOf(stack: string, edits: Edits): string[] {
  return verified(planned(stack, edits)).violations.map(
    ({ kind, traffic, from, to, path }) => `${kind} ${traffic} ${from.join()} > ${to.join()} @ ${path}`,
  );
}
