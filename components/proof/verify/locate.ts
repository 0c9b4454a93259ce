/** From what decides to what is to be changed in the stack's file, where the proof cannot name it by itself. */
import type { NetworkConfig } from "../../config/schema.ts";
import type { Verification, Violation } from "./model.ts";

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
  return groups === undefined ? violation : { ...violation, path: groups };
}

/** The same, with an instance's groups in place of what was made from them. */
export function locateRules(verification: Verification, config: NetworkConfig): Verification {
  return { ...verification, violations: verification.violations.map((each) => located(each, config)) };
}
