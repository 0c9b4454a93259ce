/** Rules about the plan itself, in the order in which their findings are told. */
import type { PlanFinding } from "../model.ts";
import { spareDocker, spareSharedSpace } from "./address-space.ts";
import { allowedIpsAreApart } from "./allowed-ips.ts";
import { waysAreSymmetric } from "./asymmetric.ts";
import { ingressLeadsToServices, namesLeadToHosts } from "./names.ts";
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
  ingressLeadsToServices,
];

/** Everything that is wrong with the plan itself. */
export function findingsOf(subject: Subject): PlanFinding[] {
  return planRules.flatMap(({ id, source, find }) =>
    [...find(subject)].map(({ path, message }) => ({ rule: id, source, path, message })),
  );
}
