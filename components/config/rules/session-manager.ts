/** Instances that are to be reached by Systems Manager reach its endpoints themselves: its agent dials out. */
import type { SecurityGroupConfig } from "../schema.ts";
import { instancesOf, reachesInternet, subnetOf, type Instance } from "./instances.ts";
import { broken, items, type Finding, type Loose, type LooseConfig } from "./rule.ts";

const https = 443;
const everywhere = "0.0.0.0/0";
/** How a rule says it: for IPv4 alone, or for both families. */
const destinations: readonly string[] = [everywhere, "anywhere"];

type EgressRule = NonNullable<NonNullable<Loose<SecurityGroupConfig>["egress"]>[number]>;

/** Whether the rule lets HTTPS out to wherever AWS has its endpoints; `true` for one that is malformed. */
function letsHttpsOut({ port, protocol, destination }: EgressRule): boolean {
  if (destination !== undefined && !destinations.includes(destination)) return false;
  if (protocol === "all" || protocol === undefined) return true;
  if (protocol !== "tcp") return false;
  if (port === undefined || port === "all") return true;
  const [from = https, to = from] = String(port).split("-").map(Number);
  return from <= https && https <= to;
}

function hasSessionManager({ host, region }: Instance): boolean {
  return region.sessionManager === true && host.sessionManager !== false;
}

/**
 * The endpoints have public addresses, and the program makes no interface endpoints, which would lie in the VPC. Of
 * hosts elsewhere that fetch packages or are dialled, `hosts.ts` tells that they have no way out.
 */
export function* sessionManagerHasWay(config: LooseConfig): Iterable<Finding> {
  for (const instance of instancesOf(config)) {
    const { host, path, place } = instance;
    if (!hasSessionManager(instance) || reachesInternet(instance) !== false) continue;
    if (host.role !== "lan-member" && subnetOf(instance)?.tier !== "database") continue;
    const message = `is where Systems Manager cannot be: neither a public address nor a NAT gateway leads from there to ssm, ssmmessages and ec2messages, and the program makes no interface endpoints. Set regions.${place}.nat, or the host's sessionManager to false.`;
    yield broken("aws/session-manager-endpoints", [...path, "address"], message);
  }
}

/** Security groups and the ACLs that follow from them let it out. */
export function* sessionManagerIsLetOut(config: LooseConfig): Iterable<Finding> {
  for (const instance of instancesOf(config)) {
    const { path, host } = instance;
    if (!hasSessionManager(instance) || host.securityGroups === undefined) continue;
    const groups = items(host.securityGroups).map(([, name]) => config.securityGroups?.[name]);
    // A group that is not there or malformed is told elsewhere.
    if (groups.length === 0 || groups.includes(undefined)) continue;
    const rules = groups.flatMap((group) => items(group?.egress).map(([, rule]) => rule));
    if (rules.some(letsHttpsOut)) continue;
    const message = `let nothing out to port ${https} of ${everywhere}, where Systems Manager answers: add a group with such an egress rule, or set the host's sessionManager to false.`;
    yield broken("aws/session-manager-endpoints", [...path, "securityGroups"], message);
  }
}
