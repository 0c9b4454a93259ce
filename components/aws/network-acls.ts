import * as pulumi from "@pulumi/pulumi";

import { found } from "../lookup.ts";
import type { NetworkAclPlan, NetworkAclRulePlan } from "../plan/model.ts";
import * as regional from "./regional.ts";
import type { Vpc } from "./vpc.ts";

export interface NetworkAclsArgs {
  readonly vpc: Vpc;
}

/**
 * A region's network ACLs. Their rules stand inline, where a rule that somebody adds by hand is seen and taken away
 * (docs/decisions/0002-network-acls.md); each subnet's association is a resource of its own, so that a further zone
 * adds one and changes none.
 */
export class NetworkAcls extends pulumi.ComponentResource {
  constructor(name: string, args: NetworkAclsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:aws:NetworkAcls", name, {}, opts);
    for (const acl of args.vpc.plan.networkAcls) this.#createAcl(acl, args.vpc);
    this.registerOutputs({});
  }

  #createAcl(acl: NetworkAclPlan, vpc: Vpc): void {
    const region = vpc.plan.awsRegion;
    const rulesOf = (direction: NetworkAclRulePlan["direction"]) =>
      acl.rules.filter((rule) => rule.direction === direction).map(inlineRule);
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

/**
 * A rule as the provider takes it. Ports are zero where the protocol has none, and -1 stands for every type and code
 * of ICMP; left out, they would be type 0, an echo reply.
 */
function inlineRule({ number, protocol, ports, icmpType, cidr }: NetworkAclRulePlan) {
  const [fromPort, toPort] =
    protocol === "tcp" || protocol === "udp" ? [ports?.from ?? 0, ports?.to ?? 65535] : [0, 0];
  return {
    ruleNo: number,
    action: "allow",
    protocol: protocolNumbers[protocol],
    fromPort,
    toPort,
    cidrBlock: cidr,
    ...(protocol === "icmp" ? { icmpType: icmpType ?? -1, icmpCode: -1 } : {}),
  };
}
