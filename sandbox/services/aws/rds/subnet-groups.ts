/** DB subnet groups: the subnets in which RDS may put a database. */
import { ApiError } from "../errors.ts";
import { accountId, type Ec2, type Tags } from "../ec2/account.ts";
import type { RecordKinds, Subnet } from "../ec2/records.ts";
import { newTags } from "../ec2/tags.ts";

/** Of the RDS API (docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBSubnetGroup.html). */
export interface DbSubnetGroup {
  DBSubnetGroupArn: string;
  DBSubnetGroupDescription: string;
  DBSubnetGroupName: string;
  SubnetGroupStatus: "Complete";
  Subnets: {
    SubnetAvailabilityZone: { Name: string };
    SubnetIdentifier: string;
    SubnetStatus: "Active";
  }[];
  SupportedNetworkTypes: "IPV4"[];
  VpcId: string;
}

function refuse(operation: string, code: string, detail: string, statusCode = 400): never {
  throw new ApiError(operation, code, detail, statusCode, "RDS");
}

/** RDS stores names in lower case. */
function storedName(name: string): string {
  return name.toLowerCase();
}

/** A database needs a second zone to fail over to, even one that stands in a single zone (API_CreateDBSubnetGroup). */
function requireCoverage(operation: string, subnets: readonly Subnet[]): void {
  const zones = [...new Set(subnets.map(({ AvailabilityZone }) => AvailabilityZone))].sort();
  if (zones.length < 2) {
    refuse(
      operation,
      "DBSubnetGroupDoesNotCoverEnoughAZs",
      "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. " +
        `Current AZ coverage: ${zones.join(", ")}. Add subnets to cover at least 2 AZs.`,
    );
  }
}

function findSubnets(ec2: Ec2, operation: string, ids: readonly string[]): Subnet[] {
  const subnets = ids.map((id) => ec2.get("subnets", id));
  const missing = ids.filter((_, index) => subnets[index] === undefined);
  if (missing.length > 0) {
    refuse(operation, "InvalidSubnet", `Some input subnets in :[${missing.join(", ")}] are invalid.`);
  }
  const found = subnets.filter((subnet) => subnet !== undefined);
  if (new Set(found.map(({ VpcId }) => VpcId)).size > 1) {
    refuse(operation, "InvalidParameterValue", "The subnets of a DB subnet group must be in the same VPC.");
  }
  if (found.length > ec2.quotas.subnetsPerDbSubnetGroup) {
    refuse(operation, "DBSubnetQuotaExceededFault", "The maximum number of subnets has been reached.");
  }
  requireCoverage(operation, found);
  return found;
}

function describeSubnets(subnets: readonly Subnet[]): DbSubnetGroup["Subnets"] {
  return subnets.map(({ AvailabilityZone, SubnetId }) => ({
    SubnetAvailabilityZone: { Name: AvailabilityZone },
    SubnetIdentifier: SubnetId,
    SubnetStatus: "Active",
  }));
}

export interface SubnetGroupInput {
  readonly name: string;
  readonly description: string;
  readonly subnetIds: readonly string[];
}

export function createSubnetGroup(ec2: Ec2, input: SubnetGroupInput, tags: Tags): string {
  const operation = "CreateDBSubnetGroup";
  const name = storedName(input.name);
  if (name === "default") {
    refuse(operation, "InvalidParameterValue", "The DB subnet group name default is reserved.");
  }
  if (ec2.get("db-subnet-groups", name) !== undefined) {
    refuse(operation, "DBSubnetGroupAlreadyExists", `The DB subnet group '${name}' already exists.`);
  }
  if (ec2.list("db-subnet-groups").length >= ec2.quotas.dbSubnetGroupsPerRegion) {
    refuse(
      operation,
      "DBSubnetGroupQuotaExceeded",
      "The maximum number of DB subnet groups has been reached.",
    );
  }
  const subnets = findSubnets(ec2, operation, input.subnetIds);
  ec2.put("db-subnet-groups", name, {
    DBSubnetGroupArn: `arn:aws:rds:${ec2.region.name}:${accountId}:subgrp:${name}`,
    DBSubnetGroupDescription: input.description,
    DBSubnetGroupName: name,
    SubnetGroupStatus: "Complete",
    Subnets: describeSubnets(subnets),
    SupportedNetworkTypes: ["IPV4"],
    Tags: newTags(operation, tags),
    VpcId: subnets[0]?.VpcId ?? "",
  });
  return name;
}

function find(ec2: Ec2, operation: string, name: string): RecordKinds["db-subnet-groups"] {
  const group = ec2.get("db-subnet-groups", name);
  return (
    group ?? refuse(operation, "DBSubnetGroupNotFoundFault", `DB subnet group '${name}' not found.`, 404)
  );
}

export function modifySubnetGroup(ec2: Ec2, input: SubnetGroupInput): void {
  const operation = "ModifyDBSubnetGroup";
  const group = find(ec2, operation, input.name);
  ec2.put("db-subnet-groups", input.name, {
    ...group,
    DBSubnetGroupDescription: input.description,
    Subnets: describeSubnets(findSubnets(ec2, operation, input.subnetIds)),
  });
}

export function tagSubnetGroup(ec2: Ec2, name: string, tags: Tags): void {
  const operation = "AddTagsToResource";
  const group = find(ec2, operation, name);
  ec2.put("db-subnet-groups", name, { ...group, Tags: newTags(operation, tags) });
}

export function deleteSubnetGroup(ec2: Ec2, name: string): void {
  find(ec2, "DeleteDBSubnetGroup", name);
  ec2.remove("db-subnet-groups", name);
}

/** As `describe-db-subnet-groups` prints it, which tells no tags. */
export function describeSubnetGroup(group: RecordKinds["db-subnet-groups"]): DbSubnetGroup {
  const described: DbSubnetGroup & { Tags?: unknown } = { ...group };
  delete described.Tags;
  return described;
}
