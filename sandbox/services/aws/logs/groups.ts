/** Log groups of CloudWatch Logs (docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference). */
import { ApiError } from "../errors.ts";
import { accountId, type Ec2, type Tags } from "../ec2/account.ts";
import type { Tag } from "../ec2/records.ts";
import { newTags } from "../ec2/tags.ts";

/** As `aws logs describe-log-groups` prints it. */
export interface LogGroup {
  arn: string;
  /** Milliseconds since 1970. */
  creationTime: number;
  deletionProtectionEnabled: boolean;
  logGroupArn: string;
  logGroupClass: string;
  logGroupName: string;
  metricFilterCount: 0;
  /** Absent where events are kept for ever. */
  retentionInDays?: number;
  storedBytes: 0;
}

/** With the tags, which the API tells by another call. */
export type TaggedLogGroup = LogGroup & { Tags: Tag[] };

function refuse(operation: string, code: string, detail: string): never {
  throw new ApiError(operation, code, detail, 400, "CloudWatch Logs");
}

function find(ec2: Ec2, operation: string, name: string): TaggedLogGroup {
  const group = ec2.get("log-groups", name);
  return group ?? refuse(operation, "ResourceNotFoundException", "The specified log group does not exist.");
}

export interface LogGroupInput {
  readonly name: string;
  readonly logGroupClass: string;
  readonly deletionProtection: boolean;
}

export function createLogGroup(ec2: Ec2, input: LogGroupInput, tags: Tags): void {
  const operation = "CreateLogGroup";
  if (ec2.get("log-groups", input.name) !== undefined) {
    refuse(operation, "ResourceAlreadyExistsException", "The specified log group already exists");
  }
  const arn = `arn:aws:logs:${ec2.region.name}:${accountId}:log-group:${input.name}`;
  ec2.put("log-groups", input.name, {
    arn: `${arn}:*`,
    creationTime: Date.now(),
    deletionProtectionEnabled: input.deletionProtection,
    logGroupArn: arn,
    logGroupClass: input.logGroupClass,
    logGroupName: input.name,
    metricFilterCount: 0,
    storedBytes: 0,
    Tags: newTags(operation, tags),
  });
}

/** @param days `undefined` keeps events for ever */
export function putRetentionPolicy(ec2: Ec2, name: string, days: number | undefined): void {
  const group = find(ec2, days === undefined ? "DeleteRetentionPolicy" : "PutRetentionPolicy", name);
  const changed: TaggedLogGroup = { ...group };
  delete changed.retentionInDays;
  ec2.put("log-groups", name, { ...changed, ...(days === undefined ? {} : { retentionInDays: days }) });
}

export function putDeletionProtection(ec2: Ec2, name: string, enabled: boolean): void {
  const group = find(ec2, "PutLogGroupDeletionProtection", name);
  ec2.put("log-groups", name, { ...group, deletionProtectionEnabled: enabled });
}

export function tagLogGroup(ec2: Ec2, name: string, tags: Tags): void {
  const operation = "TagResource";
  ec2.put("log-groups", name, { ...find(ec2, operation, name), Tags: newTags(operation, tags) });
}

export function deleteLogGroup(ec2: Ec2, name: string): void {
  const operation = "DeleteLogGroup";
  if (find(ec2, operation, name).deletionProtectionEnabled) {
    refuse(operation, "ValidationException", "The log group is protected from deletion.");
  }
  ec2.remove("log-groups", name);
}

export function describeLogGroup(group: TaggedLogGroup): LogGroup {
  const described: LogGroup & { Tags?: unknown } = { ...group };
  delete described.Tags;
  return described;
}
