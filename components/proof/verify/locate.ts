/** From a rule in the words of the proof to the element of the stack's file that it was written as. */
import type { NetworkConfig } from "../../config/schema.ts";
import type { Verification, Violation } from "./model.ts";

type Direction = "ingress" | "egress";

/** A written rule in the proof's words, but for its peer, which may stand for several networks. */
function wordsOf(
  direction: Direction,
  { port, protocol }: { port: string | number; protocol: string },
): string {
  return `${direction} ${protocol}${port === "all" ? "" : ` ${port}`} ${direction === "ingress" ? "from" : "to"} `;
}

/** Whether a peer as it is written may be the one that the plan has. */
function isPeer(written: string, planned: string): boolean {
  if (written === planned) return true;
  return !/^[\d:]|^sg-/.test(written) && !planned.startsWith("sg-");
}

function indexOf(rule: string, direction: Direction, group: NetworkConfig["securityGroups"][string]): number {
  const rules = group[direction].map((each) => ({
    words: wordsOf(direction, each),
    peer: "source" in each ? each.source : each.destination,
  }));
  const fits = rules.map(
    ({ words, peer }) => rule.startsWith(words) && isPeer(peer, rule.slice(words.length)),
  );
  const exact = rules.findIndex(({ words, peer }) => rule === `${words}${peer}`);
  return exact >= 0 ? exact : fits.indexOf(true);
}

/** The groups of an instance, where several of them together decide. */
function groupsOf(key: string | undefined, { hosts }: NetworkConfig): string | undefined {
  const [site = "", name = ""] = (key ?? "").split("/");
  const groups = hosts[site]?.[name]?.securityGroups;
  return groups === undefined ? undefined : `hosts.${site}.${name}.securityGroups`;
}

function located(violation: Violation, config: NetworkConfig): Violation {
  const { path, place, rule, from, to } = violation;
  // An ACL is compiled from the groups of the hosts behind it, so that those are what is to change.
  const isAcl = place.includes("network ACL");
  const [, at] = /^network interface of ([^,]+)/.exec(place) ?? [];
  const [decides] = isAcl ? (rule.includes("ingress") ? to : from) : [at];
  const groups = isAcl || path === "securityGroups" ? groupsOf(decides, config) : undefined;
  if (groups !== undefined) return { ...violation, path: groups };
  const [, name = "", direction] = /^securityGroups\.([^.]+)\.(ingress|egress)$/.exec(path) ?? [];
  const group = config.securityGroups[name];
  if (group === undefined || (direction !== "ingress" && direction !== "egress")) return violation;
  const index = indexOf(rule, direction, group);
  return index < 0 ? violation : { ...violation, path: `${path}[${index}]` };
}

/** The same with paths that lead to single rules of security groups. */
export function locateRules(verification: Verification, config: NetworkConfig): Verification {
  return { ...verification, violations: verification.violations.map((each) => located(each, config)) };
}
