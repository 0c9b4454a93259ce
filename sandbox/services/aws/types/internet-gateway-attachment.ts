/** aws_internet_gateway_attachment, from internal/service/ec2/vpc_internet_gateway_attachment.go. */
import { ProviderError } from "../errors.ts";
import { requiredText } from "../json.ts";
import type { ResourceType } from "../table.ts";
import { attach, detach } from "./internet-gateway.ts";

function parseId(id: string): { gatewayId: string; vpcId: string } {
  const [gatewayId, vpcId, ...rest] = id.split(":");
  if (gatewayId === undefined || gatewayId === "" || vpcId === undefined || vpcId === "" || rest.length > 0) {
    throw new ProviderError(`unexpected format for ID (${id}), expected INTERNET-GATEWAY-ID:VPC-ID`);
  }
  return { gatewayId, vpcId };
}

export const internetGatewayAttachment: ResourceType = {
  token: "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment",
  upstream: {
    resource: "aws_internet_gateway_attachment",
    file: "internal/service/ec2/vpc_internet_gateway_attachment.go",
    sdk: "sdkv2",
  },
  properties: {
    internetGatewayId: { kind: "text", mode: "required", replaces: true },
    vpcId: { kind: "text", mode: "required", replaces: true },
  },
  tagged: false,
  create: ({ ec2 }, inputs) => {
    const [gatewayId, vpcId] = [requiredText(inputs, "internetGatewayId"), requiredText(inputs, "vpcId")];
    attach(ec2, gatewayId, vpcId);
    return `${gatewayId}:${vpcId}`;
  },
  read: ({ ec2 }, id) => {
    const { gatewayId, vpcId } = parseId(id);
    const attached = ec2
      .get("internet-gateways", gatewayId)
      ?.Attachments.some((attachment) => attachment.VpcId === vpcId);
    return attached ? { internetGatewayId: gatewayId, vpcId } : undefined;
  },
  delete: ({ ec2 }, id) => {
    const { gatewayId, vpcId } = parseId(id);
    detach(ec2, gatewayId, vpcId);
  },
  retriesDelete: ["DependencyViolation"],
};
