/** aws_internet_gateway, from internal/service/ec2/vpc_internet_gateway.go. */
import { fromTagList, type Ec2 } from "../ec2/account.ts";
import {
  attachInternetGateway,
  createInternetGateway,
  deleteInternetGateway,
  detachInternetGateway,
} from "../ec2/internet-gateways.ts";
import { during, unless } from "../errors.ts";
import { text, type Properties } from "../json.ts";
import type { Context, ResourceType } from "../table.ts";

export function attach(ec2: Ec2, gatewayId: string, vpcId: string): void {
  during(`attaching EC2 Internet Gateway (${gatewayId}) to VPC (${vpcId})`, () => {
    attachInternetGateway(ec2, gatewayId, vpcId);
  });
}

export function detach(ec2: Ec2, gatewayId: string, vpcId: string): void {
  during(`detaching EC2 Internet Gateway (${gatewayId}) from VPC (${vpcId})`, () =>
    unless(["Gateway.NotAttached", "InvalidInternetGatewayID.NotFound"], () => {
      detachInternetGateway(ec2, gatewayId, vpcId);
    }),
  );
}

function create({ ec2, tags }: Context, inputs: Properties): string {
  const gateway = during("creating EC2 Internet Gateway", () => createInternetGateway(ec2, tags));
  const vpcId = text(inputs, "vpcId");
  if (vpcId !== undefined) {
    attach(ec2, gateway.InternetGatewayId, vpcId);
  }
  return gateway.InternetGatewayId;
}

export const internetGateway: ResourceType = {
  token: "aws:ec2/internetGateway:InternetGateway",
  upstream: {
    resource: "aws_internet_gateway",
    file: "internal/service/ec2/vpc_internet_gateway.go",
    sdk: "sdkv2",
  },
  properties: {
    arn: { kind: "text", mode: "computed" },
    ownerId: { kind: "text", mode: "computed" },
    vpcId: { kind: "text", mode: "optional-computed" },
  },
  tagged: true,
  create,
  read: ({ ec2 }, id) => {
    const gateway = ec2.get("internet-gateways", id);
    return (
      gateway && {
        arn: ec2.arn(`internet-gateway/${id}`),
        ownerId: gateway.OwnerId,
        vpcId: gateway.Attachments[0]?.VpcId ?? "",
        tagsAll: fromTagList(gateway.Tags),
      }
    );
  },
  update: ({ ec2 }, id, { before, after, changed }) => {
    if (changed.has("vpcId")) {
      const [old, wanted] = [text(before, "vpcId"), text(after, "vpcId")];
      if (old !== undefined) {
        detach(ec2, id, old);
      }
      if (wanted !== undefined) {
        attach(ec2, id, wanted);
      }
    }
    return undefined;
  },
  delete: ({ ec2 }, id, state) => {
    const vpcId = text(state, "vpcId");
    during(`deleting EC2 Internet Gateway (${id})`, () => {
      if (vpcId !== undefined) {
        detach(ec2, id, vpcId);
      }
      unless(["InvalidInternetGatewayID.NotFound"], () => {
        deleteInternetGateway(ec2, id);
      });
    });
  },
  retriesDelete: ["DependencyViolation"],
};
