/** Rules about the plan itself, in the order in which their findings are told. */
import { edgeFindings } from "../../edge/findings.ts";
import type { Told } from "../causes.ts";
import type { PlanFinding } from "../model.ts";
import { spareDocker, spareSharedSpace } from "./address-space.ts";
import { allowedIpsAreApart } from "./allowed-ips.ts";
import { waysAreSymmetric } from "./asymmetric.ts";
import { aliasesAreAnswered, namesLeadToHosts } from "./names.ts";
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
  aliasesAreAnswered,
];

/** The second says with more care what the first says, too. */
const sameTwice: Readonly<Record<string, string>> = { "edge/origin-stops": "edge/ingress-stops" };

/** What a message is about, before it says why. */
const headOf = ({ message }: PlanFinding): string => message.split(": ")[0] ?? message;

/** Findings of one rule about one line of the stack's file are one, which says why of the first. */
function folded(findings: readonly PlanFinding[]): PlanFinding[] {
  const groups = new Map<string, PlanFinding[]>();
  for (const finding of findings) {
    const key = `${finding.path}\n${sameTwice[finding.rule] ?? finding.rule}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].flatMap((group) => {
    const best = group.filter(({ rule }) => sameTwice[rule] === undefined);
    const [first, ...others] = best.length > 0 ? best : group;
    if (first === undefined) return [];
    const heads = [...new Set(others.map(headOf))].filter((head) => head !== headOf(first));
    return [
      heads.length === 0 ? first : { ...first, message: `${first.message}; so too: ${heads.join("; ")}` },
    ];
  });
}

/**
 * Everything that is wrong with the plan itself, and with its names, load balancers and tunnels.
 * @param told what is told already, of flows that stop
 */
export function findingsOf(subject: Subject, told: Told): PlanFinding[] {
  const own = planRules.flatMap(({ id, source, find }) =>
    [...find(subject)]
      .filter(({ cause }) => cause === undefined || !told.causes.has(cause))
      .map(({ path, message }) => ({ rule: id, source, path, message })),
  );
  const isTold = ({ message }: PlanFinding): boolean =>
    [...told.places].some((place) => message.includes(place));
  return [...own, ...folded(edgeFindings(subject.prover).filter((finding) => !isTold(finding)))];
}
