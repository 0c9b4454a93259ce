/** aws_egress_only_internet_gateway, from internal/service/ec2/vpc_egress_only_internet_gateway.go. */
import { fromTagList } from "../ec2/account.ts";
import { createEgressOnlyGateway, deleteEgressOnlyGateway } from "../ec2/egress-only-gateways.ts";
import { during, unless } from "../errors.ts";
import { requiredText } from "../json.ts";
import type { ResourceType } from "../table.ts";

export const egressOnlyInternetGateway: ResourceType = {
  token: "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
  upstream: {
    resource: "aws_egress_only_internet_gateway",
    file: "internal/service/ec2/vpc_egress_only_internet_gateway.go",
    sdk: "sdkv2",
  },
  properties: { vpcId: { kind: "text", mode: "required", replaces: true } },
  tagged: true,
  create: ({ ec2, tags }, inputs) =>
    during("creating EC2 Egress-only Internet Gateway", () =>
      createEgressOnlyGateway(ec2, requiredText(inputs, "vpcId"), tags),
    ).EgressOnlyInternetGatewayId,
  read: ({ ec2 }, id) => {
    const gateway = ec2.get("egress-only-internet-gateways", id);
    return gateway && { tagsAll: fromTagList(gateway.Tags), vpcId: gateway.Attachments[0]?.VpcId };
  },
  // Its tags are all that can change, and those are set for every type alike.
  update: () => undefined,
  delete: ({ ec2 }, id) => {
    during(`deleting EC2 Egress-only Internet Gateway (${id})`, () =>
      unless(["InvalidGatewayID.NotFound"], () => {
        deleteEgressOnlyGateway(ec2, id);
      }),
    );
  },
};
