/** Egress-only internet gateways: IPv6 out of a VPC, and nothing in but answers. */
import { ApiError } from "../errors.ts";
import { newId, type Ec2, type Tags } from "./account.ts";
import type { Tag } from "./records.ts";
import { newTags } from "./tags.ts";

export interface EgressOnlyGateway {
  Attachments: { State: "attached"; VpcId: string }[];
  EgressOnlyInternetGatewayId: string;
  Tags: Tag[];
}

/** A VPC takes one at a time (amazon-vpc-limits.html); the page names no code, so the one here is the limit's. */
export function createEgressOnlyGateway(ec2: Ec2, vpcId: string, tags: Tags): EgressOnlyGateway {
  const operation = "CreateEgressOnlyInternetGateway";
  ec2.find(operation, "vpcs", vpcId);
  const all = ec2.list("egress-only-internet-gateways");
  const second = all.some(({ Attachments }) => Attachments.some((attachment) => attachment.VpcId === vpcId));
  if (second || all.length >= ec2.quotas.egressOnlyGatewaysPerRegion) {
    throw new ApiError(
      operation,
      "EgressOnlyInternetGatewayLimitExceeded",
      second
        ? `Network ${vpcId} already has an egress-only internet gateway attached`
        : "The maximum number of egress-only internet gateways has been reached.",
    );
  }
  const id = newId("eigw");
  return ec2.put("egress-only-internet-gateways", id, {
    Attachments: [{ State: "attached", VpcId: vpcId }],
    EgressOnlyInternetGatewayId: id,
    Tags: newTags(operation, tags),
  });
}

export function deleteEgressOnlyGateway(ec2: Ec2, id: string): void {
  ec2.find("DeleteEgressOnlyInternetGateway", "egress-only-internet-gateways", id);
  ec2.remove("egress-only-internet-gateways", id);
}
