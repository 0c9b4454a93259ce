import * as pulumi from "@pulumi/pulumi";

import type { FlowLogPlan } from "../plan/model.ts";
import * as regional from "./regional.ts";
import type { Vpc } from "./vpc.ts";

export interface FlowLogsArgs {
  readonly vpc: Vpc;
  readonly plan: FlowLogPlan;
}

/** Flow logs of a region's VPC, with the group that they go to and the role by which AWS writes there. */
export class FlowLogs extends pulumi.ComponentResource {
  constructor(name: string, args: FlowLogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:aws:FlowLogs", name, {}, opts);
    const { plan, vpc } = args;
    const region = vpc.plan.awsRegion;
    const tags = { Name: plan.key, site: vpc.plan.key };
    const group = new regional.LogGroup(
      plan.key,
      { region, name: plan.logGroup, retentionInDays: plan.retentionDays, tags },
      { parent: this },
    );
    const role = new regional.Role(
      plan.key,
      { name: plan.role, assumeRolePolicy: trust(region), tags },
      { parent: this },
    );
    const policy = new regional.RolePolicy(
      plan.key,
      { name: "write-flow-logs", role: role.name, policy: group.arn.apply(writing) },
      { parent: this },
    );
    new regional.FlowLog(
      plan.key,
      {
        region,
        vpcId: vpc.id,
        trafficType: plan.traffic,
        logDestinationType: "cloud-watch-logs",
        logDestination: group.arn,
        iamRoleArn: role.arn,
        tags,
      },
      // Without its policy the role can write nothing, and AWS tells that only in the log's own status.
      { parent: this, dependsOn: [policy] },
    );
    this.registerOutputs({});
  }
}

/** Only flow logs of this region may use the role (vpc/latest/userguide/flow-logs-iam-role.html). */
function trust(region: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "vpc-flow-logs.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: { ArnLike: { "aws:SourceArn": `arn:*:ec2:${region}:*:vpc-flow-log/*` } },
      },
    ],
  });
}

/** The group itself is the program's, so the role makes none. */
function writing(groupArn: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        Resource: `${groupArn}:*`,
      },
      // It can be granted for all groups only.
      { Effect: "Allow", Action: "logs:DescribeLogGroups", Resource: "*" },
    ],
  });
}
