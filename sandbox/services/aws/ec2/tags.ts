/** Tags, which the EC2 API sets on any resource by its id. */
import { ApiError } from "../errors.ts";
import { fromTagList, toTagList, type Ec2, type Tags } from "./account.ts";
import type { RecordKind, Tag } from "./records.ts";

const taggable = {
  vpc: "vpcs",
  subnet: "subnets",
  igw: "internet-gateways",
  eigw: "egress-only-internet-gateways",
  rtb: "route-tables",
  acl: "network-acls",
  sg: "security-groups",
  sgr: "security-group-rules",
  eipalloc: "addresses",
  nat: "nat-gateways",
  pcx: "vpc-peering-connections",
  vpce: "vpc-endpoints",
  fl: "flow-logs",
  i: "instances",
  vol: "volumes",
} as const satisfies Readonly<Record<string, RecordKind>>;

const maximumTags = 50;

/** The tags of a new resource, checked as `CreateTags` checks them. */
export function newTags(operation: string, tags: Tags): Tag[] {
  for (const [key, value] of Object.entries(tags)) {
    if (key.toLowerCase().startsWith("aws:")) {
      throw new ApiError(
        operation,
        "InvalidParameterValue",
        `Tag keys starting with 'aws:' are reserved for internal use`,
      );
    }
    if (key === "" || key.length > 127 || value.length > 255) {
      throw new ApiError(
        operation,
        "InvalidParameterValue",
        `Tag key or value exceeds the maximum length: '${key}'`,
      );
    }
  }
  if (Object.keys(tags).length > maximumTags) {
    throw new ApiError(
      operation,
      "TagLimitExceeded",
      "The maximum number of Tags for a resource has been reached.",
    );
  }
  return toTagList(tags);
}

/** Makes the tags of a resource exactly these, as a pair of `CreateTags` and `DeleteTags` does. */
export function replaceTags(ec2: Ec2, id: string, tags: Tags): void {
  const operation = "CreateTags";
  const kind = (taggable as Readonly<Record<string, (typeof taggable)[keyof typeof taggable]>>)[
    id.slice(0, id.indexOf("-"))
  ];
  const list = newTags(operation, tags);
  if (kind === undefined) {
    throw new ApiError(operation, "InvalidID", `The ID '${id}' is not valid`);
  }
  const record = ec2.find(operation, kind, id);
  record.Tags = list;
  ec2.put(kind, id, record);
}

/** Every tagged resource of a region, for the tagging API and for lookups by tag. */
export function listTagged(ec2: Ec2): { id: string; type: string; tags: Record<string, string> }[] {
  return Object.values(taggable).flatMap((kind) =>
    ec2.list(kind).map((record) => ({
      ...identify(record),
      tags: fromTagList(record.Tags),
    })),
  );
}

/** The id of a taggable record, and its type as it stands in ARNs. */
function identify(record: object): { id: string; type: string } {
  for (const [field, type] of idFields) {
    const id = (record as Readonly<Record<string, unknown>>)[field];
    if (typeof id === "string") {
      return { id, type };
    }
  }
  throw new Error(`a taggable record has none of the fields ${idFields.map(([field]) => field).join(", ")}`);
}

/** In an order in which the record's own id comes before those of what it belongs to. */
const idFields = [
  ["FlowLogId", "vpc-flow-log"],
  ["SecurityGroupRuleId", "security-group-rule"],
  ["GroupId", "security-group"],
  ["NatGatewayId", "natgateway"],
  ["VolumeId", "volume"],
  ["InstanceId", "instance"],
  ["AllocationId", "elastic-ip"],
  ["SubnetId", "subnet"],
  ["NetworkAclId", "network-acl"],
  ["RouteTableId", "route-table"],
  ["InternetGatewayId", "internet-gateway"],
  ["EgressOnlyInternetGatewayId", "egress-only-internet-gateway"],
  ["VpcPeeringConnectionId", "vpc-peering-connection"],
  ["VpcEndpointId", "vpc-endpoint"],
  ["VpcId", "vpc"],
] as const;
