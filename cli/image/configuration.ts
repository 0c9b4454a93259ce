/** The plan of a stack of which not everything can be known yet: a machine has no host key before its first boot. */
import { parseNetworkConfig } from "../../components/config/parse.ts";
import type { NetworkPlan } from "../../components/plan/model.ts";
import { planNetwork } from "../../components/plan/plan.ts";
import { readStackFile, type StandIn } from "../stack-file.ts";

/** What no image depends on. The operator's keys are not among them: an image without them lets nobody in. */
const unneeded: readonly StandIn[] = ["hostKey", "ami", "id", "role", "cidrs"];

/**
 * The plan by a stack's file, as far as images depend on it.
 * @throws {SandboxError} where there is no such file, or it is none of a stack.
 * @throws {ConfigError} with everything that is wrong with the network in it.
 */
export function planForImages(file: string, stack: string): NetworkPlan {
  return planNetwork(parseNetworkConfig(readStackFile(file, stack, unneeded).network), stack);
}
