/** Plays the person who looks for what recovery cannot ask the provider for: see `--found` of `roadnet recover`. */
import type { Description } from "../../sandbox/services/aws/client.ts";

const askedFor =
  /list-resolver-rule-associations --region (\S+) --filters Name=ResolverRuleId,Values=(\S+) Name=VPCId,Values=(\S+)\n *--found '(.+)=ID'/g;

/**
 * The flags with which recovery goes on: for each association that it asked for, its id or `none`.
 * @param output what a recovery printed that stopped
 */
export function foundByHand(output: string, { regions }: Description): string[] {
  return [...output.matchAll(askedFor)].flatMap(([, region = "", rule, vpc, urn = ""]) => {
    const there = regions[region]?.["resolver-rule-associations"].ResolverRuleAssociations ?? [];
    const found = there.find(({ ResolverRuleId, VPCId }) => ResolverRuleId === rule && VPCId === vpc);
    return ["--found", `${urn}=${found?.Id ?? "none"}`];
  });
}
