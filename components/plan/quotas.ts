/** What can be counted against AWS's quotas only once it is compiled. */
import { ConfigError, formatPath, type ConfigProblem } from "../config/problem.ts";
import { mostRulesPerNetworkAcl } from "../config/quotas.ts";
import type { NetworkConfig } from "../config/schema.ts";
import type { NetworkAclPlan, RegionPlan } from "./model.ts";

/** @param closing how many entries AWS has of its own, which deny the rest: one for each family */
function aclProblems(
  region: string,
  { tier, rules }: NetworkAclPlan,
  most: number,
  closing: number,
): ConfigProblem[] {
  return (["ingress", "egress"] as const).flatMap((direction): ConfigProblem[] => {
    const count = rules.filter((rule) => rule.direction === direction).length + closing;
    if (count <= most) return [];
    const joining = `join networks and ports of the groups there, or set regions.${region}.networkAcls to false`;
    const advice =
      count <= mostRulesPerNetworkAcl
        ? `Ask AWS for more and set quotas.rulesPerNetworkAcl, or ${joining}.`
        : `AWS grants nobody more than ${mostRulesPerNetworkAcl}: ${joining}.`;
    return [
      {
        path: formatPath(["regions", region, "subnets", tier]),
        message: `would have ${count} ${direction} rules in its network ACL, compiled from its hosts' security groups and AWS's own that denies the rest, and the account's quota is ${most}. ${advice}`,
        rule: "aws/quota-acl-rules",
      },
    ];
  });
}

/** @throws {ConfigError} with everything that is more than the account's quotas */
export function refuseBeyondQuota(config: NetworkConfig, regions: readonly RegionPlan[]): void {
  const problems = regions.flatMap(({ key, networkAcls, ipv6 }) =>
    networkAcls.flatMap((acl) =>
      aclProblems(key, acl, config.quotas.rulesPerNetworkAcl, ipv6 === undefined ? 1 : 2),
    ),
  );
  if (problems.length > 0) throw new ConfigError(problems);
}
