/** aws_flow_log, from internal/service/ec2/vpc_flow_log.go: of a VPC, to CloudWatch Logs. */
import { fromTagList } from "../ec2/account.ts";
import { createFlowLog, deleteFlowLog } from "../ec2/flow-logs.ts";
import { during, unless } from "../errors.ts";
import { integer, requiredText, text, type Properties } from "../json.ts";
import type { Context, Property, ResourceType, Table } from "../table.ts";
import { oneOf } from "../validators.ts";

const resources = [
  "eniId",
  "regionalNatGatewayId",
  "subnetId",
  "transitGatewayAttachmentId",
  "transitGatewayId",
  "vpcId",
] as const;

const resource: Property = { kind: "text", mode: "optional", replaces: true, exactlyOneOf: resources };
const ofOthers: Property = { ...resource, notSimulated: "flow logs of anything but VPCs" };

const properties: Table = {
  arn: { kind: "text", mode: "computed" },
  deliverCrossAccountRole: {
    kind: "text",
    mode: "optional",
    replaces: true,
    notSimulated: "other accounts",
  },
  destinationOptions: { kind: "object", mode: "optional", replaces: true, notSimulated: "S3" },
  eniId: ofOthers,
  iamRoleArn: { kind: "text", mode: "optional", replaces: true },
  logDestination: { kind: "text", mode: "optional-computed", replaces: true },
  logDestinationType: {
    kind: "text",
    mode: "optional",
    replaces: true,
    default: "cloud-watch-logs",
    validate: (value, name) =>
      oneOf("cloud-watch-logs", "s3", "kinesis-data-firehose")(value, name) ??
      (value === "cloud-watch-logs" ? undefined : "the sandbox's AWS has flow logs to CloudWatch Logs only"),
  },
  logFormat: { kind: "text", mode: "optional-computed", replaces: true },
  maxAggregationInterval: {
    kind: "int",
    mode: "optional",
    replaces: true,
    default: 600,
    validate: (value, name) =>
      value === 60 || value === 600
        ? undefined
        : `expected ${name} to be one of [60 600], got ${JSON.stringify(value)}`,
  },
  regionalNatGatewayId: ofOthers,
  subnetId: ofOthers,
  tagFieldSpecifications: {
    kind: "objects",
    mode: "optional",
    replaces: true,
    upstream: "tag_field_specification",
    notSimulated: "tags in records",
  },
  trafficType: {
    kind: "text",
    mode: "optional",
    replaces: true,
    validate: oneOf("ACCEPT", "REJECT", "ALL"),
  },
  transitGatewayAttachmentId: ofOthers,
  transitGatewayId: ofOthers,
  vpcId: resource,
};

function create({ ec2, tags }: Context, inputs: Properties): string {
  const vpcId = requiredText(inputs, "vpcId");
  return during(`creating Flow Log (${vpcId})`, () =>
    createFlowLog(
      ec2,
      {
        vpcId,
        trafficType: text(inputs, "trafficType"),
        logDestination: text(inputs, "logDestination")?.replace(/:\*$/, ""),
        roleArn: text(inputs, "iamRoleArn"),
        logFormat: text(inputs, "logFormat"),
        maxAggregationInterval: integer(inputs, "maxAggregationInterval") ?? 600,
      },
      tags,
    ),
  );
}

function read({ ec2 }: Context, id: string): Properties | undefined {
  const log = ec2.get("flow-logs", id);
  return (
    log && {
      arn: ec2.arn(`vpc-flow-log/${id}`),
      iamRoleArn: log.DeliverLogsPermissionArn,
      logDestination: log.LogDestination,
      logDestinationType: log.LogDestinationType,
      logFormat: log.LogFormat,
      maxAggregationInterval: log.MaxAggregationInterval,
      tagsAll: fromTagList(log.Tags),
      trafficType: log.TrafficType,
      vpcId: log.ResourceId,
    }
  );
}

export const flowLog: ResourceType = {
  token: "aws:ec2/flowLog:FlowLog",
  upstream: { resource: "aws_flow_log", file: "internal/service/ec2/vpc_flow_log.go", sdk: "sdkv2" },
  properties,
  tagged: true,
  create,
  read,
  delete: ({ ec2 }, id) => {
    during(`deleting Flow Log (${id})`, () =>
      unless(["InvalidFlowLogId.NotFound"], () => {
        deleteFlowLog(ec2, id);
      }),
    );
  },
};
