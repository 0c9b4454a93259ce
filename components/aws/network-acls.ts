import * as pulumi from "@pulumi/pulumi";

import { found } from "../lookup.ts";
import { isIpv6 } from "../plan/keys.ts";
import type { NetworkAclPlan, NetworkAclRulePlan } from "../plan/model.ts";
import type { SymbolTable } from "../resolve.ts";
import { networkText } from "./ipv6.ts";
import * as regional from "./regional.ts";
import type { Vpc } from "./vpc.ts";

export interface NetworkAclsArgs {
  readonly vpc: Vpc;
  /** With the networks of regions that have IPv6. */
  readonly symbols: SymbolTable;
}

/**
 * A region's network ACLs. Their rules stand inline, where a rule that somebody adds by hand is seen and taken away
 * (docs/decisions/0002-network-acls.md); each subnet's association is a resource of its own, so that a further zone
 * adds one and changes none.
 */
export class NetworkAcls extends pulumi.ComponentResource {
  constructor(name: string, args: NetworkAclsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:aws:NetworkAcls", name, {}, opts);
    for (const acl of args.vpc.plan.networkAcls) this.#createAcl(acl, args);
    this.registerOutputs({});
  }

  #createAcl(acl: NetworkAclPlan, { vpc, symbols }: NetworkAclsArgs): void {
    const region = vpc.plan.awsRegion;
    const rulesOf = (direction: NetworkAclRulePlan["direction"]) =>
      acl.rules.filter((rule) => rule.direction === direction).map((rule) => inlineRule(rule, symbols));
    const created = new regional.NetworkAcl(
      acl.key,
      {
        region,
        vpcId: vpc.id,
        ingress: rulesOf("ingress"),
        egress: rulesOf("egress"),
        tags: { Name: acl.key, site: vpc.plan.key },
      },
      { parent: this },
    );
    for (const subnet of acl.subnets) {
      new regional.NetworkAclAssociation(
        subnet,
        { region, networkAclId: created.id, subnetId: found(vpc.subnetIds, subnet, "subnet") },
        { parent: this },
      );
    }
  }
}

/** IANA's numbers, which are all that AWS stores; -1 is every protocol. */
const protocolNumbers = { tcp: "6", udp: "17", icmp: "1", all: "-1" } as const;
const icmpv6 = "58";

/**
 * A rule as the provider takes it. Ports are zero where the protocol has none, and -1 stands for every type and code
 * of ICMP; left out, they would be type 0, an echo reply.
 */
function inlineRule(rule: NetworkAclRulePlan, symbols: SymbolTable) {
  const { number, protocol, ports, icmpType, cidr } = rule;
  const [fromPort, toPort] =
    protocol === "tcp" || protocol === "udp" ? [ports?.from ?? 0, ports?.to ?? 65535] : [0, 0];
  return {
    ruleNo: number,
    action: "allow",
    protocol: protocol === "icmp" && isIpv6(cidr) ? icmpv6 : protocolNumbers[protocol],
    fromPort,
    toPort,
    ...(isIpv6(cidr)
      ? { ipv6CidrBlock: networkText(cidr, symbols) }
      : { cidrBlock: networkText(cidr, symbols) }),
    ...(protocol === "icmp" ? { icmpType: icmpType ?? -1, icmpCode: -1 } : {}),
  };
}
