/** Flow logs of VPCs, to CloudWatch Logs. That they are configured is simulated; nobody writes records. */
import { ApiError } from "../errors.ts";
import { homeOfGlobals } from "../regions.ts";
import { newId, type Ec2, type Tags } from "./account.ts";
import type { Tag } from "./records.ts";
import { newTags } from "./tags.ts";

export interface FlowLog {
  CreationTime: string;
  DeliverLogsPermissionArn: string;
  DeliverLogsStatus: "SUCCESS";
  FlowLogId: string;
  FlowLogStatus: "ACTIVE";
  LogDestination: string;
  LogDestinationType: "cloud-watch-logs";
  LogFormat: string;
  LogGroupName: string;
  MaxAggregationInterval: number;
  ResourceId: string;
  Tags: Tag[];
  TrafficType: string;
}

/** AWS's default (vpc/latest/userguide/flow-log-records.html, version 2). */
export const defaultFormat =
  "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
    .split(" ")
    .map((field) => `\${${field}}`)
    .join(" ");

export interface FlowLogInput {
  readonly vpcId: string;
  readonly trafficType: string | undefined;
  readonly logDestination: string | undefined;
  readonly roleArn: string | undefined;
  readonly logFormat: string | undefined;
  readonly maxAggregationInterval: number;
}

const groupPattern = /^arn:aws:logs:[a-z0-9-]+:\d{12}:log-group:([^:*]+)$/;

export function createFlowLog(ec2: Ec2, input: FlowLogInput, tags: Tags): string {
  const operation = "CreateFlowLogs";
  const { vpcId, trafficType, roleArn } = input;
  ec2.find(operation, "vpcs", vpcId);
  if (trafficType === undefined) {
    throw new ApiError(operation, "MissingParameter", "The request must contain the parameter TrafficType");
  }
  const destination = input.logDestination ?? "";
  const [, group] = groupPattern.exec(destination) ?? [];
  if (group === undefined) {
    throw new ApiError(
      operation,
      "InvalidParameter",
      `LogDestination: ${destination} is not the ARN of a log group`,
    );
  }
  const role = ec2.in(homeOfGlobals)?.list("iam-roles", ({ Arn }) => Arn === roleArn)[0];
  if (role?.AssumeRolePolicyDocument.includes("vpc-flow-logs.amazonaws.com") !== true) {
    throw new ApiError(operation, "InvalidParameter", "Unable to assume given IAM role");
  }
  const own = ec2.list("flow-logs", ({ ResourceId }) => ResourceId === vpcId);
  if (own.some((each) => each.LogDestination === destination && each.TrafficType === trafficType)) {
    throw new ApiError(
      operation,
      "FlowLogAlreadyExists",
      "Error. There is an existing Flow Log with the same configuration and log destination.",
    );
  }
  if (own.length >= ec2.quotas.flowLogsPerResource) {
    throw new ApiError(
      operation,
      "FlowLogsLimitExceeded",
      "The maximum number of flow logs has been reached.",
    );
  }
  const id = newId("fl");
  ec2.put("flow-logs", id, {
    CreationTime: new Date().toISOString(),
    DeliverLogsPermissionArn: role.Arn,
    DeliverLogsStatus: "SUCCESS",
    FlowLogId: id,
    FlowLogStatus: "ACTIVE",
    LogDestination: destination,
    LogDestinationType: "cloud-watch-logs",
    LogFormat: input.logFormat ?? defaultFormat,
    LogGroupName: group,
    MaxAggregationInterval: input.maxAggregationInterval,
    ResourceId: vpcId,
    Tags: newTags(operation, tags),
    TrafficType: trafficType,
  });
  return id;
}

export function deleteFlowLog(ec2: Ec2, id: string): void {
  ec2.find("DeleteFlowLogs", "flow-logs", id);
  ec2.remove("flow-logs", id);
}
