/** Rules about the plan itself, in the order in which their findings are told. */
import { edgeFindings } from "../../edge/findings.ts";
import type { PlanFinding } from "../model.ts";
import { spareDocker, spareSharedSpace } from "./address-space.ts";
import { allowedIpsAreApart } from "./allowed-ips.ts";
import { waysAreSymmetric } from "./asymmetric.ts";
import { namesLeadToHosts } from "./names.ts";
import { portsAreApart } from "./ports.ts";
import type { PlanRule, Subject } from "./rule.ts";
import { tunnelsComeUp } from "./tunnels-up.ts";

export const planRules: readonly PlanRule[] = [
  spareDocker,
  spareSharedSpace,
  allowedIpsAreApart,
  tunnelsComeUp,
  waysAreSymmetric,
  portsAreApart,
  namesLeadToHosts,
];

/** Everything that is wrong with the plan itself, and with its names, load balancers and tunnels. */
export function findingsOf(subject: Subject): PlanFinding[] {
  const own = planRules.flatMap(({ id, source, find }) =>
    [...find(subject)].map(({ path, message }) => ({ rule: id, source, path, message })),
  );
  return [...own, ...edgeFindings(subject.prover)];
}
