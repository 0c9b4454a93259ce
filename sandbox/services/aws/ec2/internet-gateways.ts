/** Internet gateways. A VPC has at most one, and one gateway serves at most one VPC. */
import { ApiError } from "../errors.ts";
import { accountId, newId, type Ec2, type Tags } from "./account.ts";
import type { InternetGateway } from "./records.ts";
import { newTags } from "./tags.ts";

export function createInternetGateway(ec2: Ec2, tags: Tags): InternetGateway {
  const operation = "CreateInternetGateway";
  if (ec2.list("internet-gateways").length >= ec2.quotas.internetGatewaysPerRegion) {
    throw new ApiError(
      operation,
      "InternetGatewayLimitExceeded",
      "The maximum number of internet gateways has been reached.",
    );
  }
  const id = newId("igw");
  return ec2.put("internet-gateways", id, {
    Attachments: [],
    InternetGatewayId: id,
    OwnerId: accountId,
    Tags: newTags(operation, tags),
  });
}

/** The gateway attached to a VPC. */
export function internetGatewayOf(ec2: Ec2, vpcId: string): InternetGateway | undefined {
  return ec2.list("internet-gateways", (gateway) =>
    gateway.Attachments.some((attachment) => attachment.VpcId === vpcId),
  )[0];
}

export function attachInternetGateway(ec2: Ec2, gatewayId: string, vpcId: string): void {
  const operation = "AttachInternetGateway";
  const gateway = ec2.find(operation, "internet-gateways", gatewayId);
  ec2.find(operation, "vpcs", vpcId);
  const [attachment] = gateway.Attachments;
  if (attachment !== undefined) {
    throw new ApiError(
      operation,
      "Resource.AlreadyAssociated",
      `resource ${gatewayId} is already attached to network ${attachment.VpcId}`,
    );
  }
  if (internetGatewayOf(ec2, vpcId) !== undefined) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Network ${vpcId} already has an internet gateway attached`,
    );
  }
  gateway.Attachments = [{ State: "available", VpcId: vpcId }];
  ec2.put("internet-gateways", gatewayId, gateway);
}

export function detachInternetGateway(ec2: Ec2, gatewayId: string, vpcId: string): void {
  const operation = "DetachInternetGateway";
  const gateway = ec2.find(operation, "internet-gateways", gatewayId);
  if (!gateway.Attachments.some((attachment) => attachment.VpcId === vpcId)) {
    throw new ApiError(
      operation,
      "Gateway.NotAttached",
      `resource ${gatewayId} is not attached to network ${vpcId}`,
    );
  }
  const mapped = ec2.list(
    "network-interfaces",
    (candidate) =>
      candidate.VpcId === vpcId &&
      candidate.PrivateIpAddresses.some((address) => address.Association !== undefined),
  );
  if (mapped.length > 0) {
    throw new ApiError(
      operation,
      "DependencyViolation",
      `Network ${vpcId} has some mapped public address(es). ` +
        "Please unmap those public address(es) before detaching the gateway.",
    );
  }
  gateway.Attachments = [];
  ec2.put("internet-gateways", gatewayId, gateway);
}

export function deleteInternetGateway(ec2: Ec2, gatewayId: string): void {
  const operation = "DeleteInternetGateway";
  const gateway = ec2.find(operation, "internet-gateways", gatewayId);
  if (gateway.Attachments.length > 0) {
    throw new ApiError(
      operation,
      "DependencyViolation",
      `The internetGateway '${gatewayId}' has dependencies and cannot be deleted.`,
    );
  }
  ec2.remove("internet-gateways", gatewayId);
}
