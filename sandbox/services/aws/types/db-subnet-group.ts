/** aws_db_subnet_group, from internal/service/rds/subnet_group.go. */
import { fromTagList } from "../ec2/account.ts";
import { during, unless } from "../errors.ts";
import { requiredText, text, texts, type Properties } from "../json.ts";
import {
  createSubnetGroup,
  deleteSubnetGroup,
  modifySubnetGroup,
  tagSubnetGroup,
} from "../rds/subnet-groups.ts";
import type { Context, ResourceType, Table } from "../table.ts";
import { all, doesNotMatch, length } from "../validators.ts";
import { prefixOf, uniqueName, uniqueSuffixLength } from "./names.ts";

/** internal/service/rds/validate.go, validSubnetGroupName. */
const plain = doesNotMatch(
  /[^ .0-9a-z_-]/,
  "only lowercase alphanumeric characters, hyphens, underscores, periods, and spaces allowed",
);

const properties: Table = {
  arn: { kind: "text", mode: "computed" },
  description: { kind: "text", mode: "optional", default: "Managed by Pulumi" },
  name: {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    conflictsWith: ["namePrefix"],
    validate: all(plain, length(0, 255), doesNotMatch(/^default$/i, '"Default" is not allowed')),
  },
  namePrefix: {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    conflictsWith: ["name"],
    validate: all(plain, length(0, 255 - uniqueSuffixLength)),
  },
  subnetIds: { kind: "set", mode: "required" },
  supportedNetworkTypes: { kind: "set", mode: "computed" },
  vpcId: { kind: "text", mode: "computed" },
};

function create({ ec2, tags }: Context, inputs: Properties): string {
  const prefix = text(inputs, "namePrefix");
  const name = prefix === undefined ? requiredText(inputs, "name") : uniqueName(prefix);
  const input = {
    name,
    description: text(inputs, "description") ?? "",
    subnetIds: texts(inputs, "subnetIds"),
  };
  return during(`creating RDS DB Subnet Group (${name})`, () => createSubnetGroup(ec2, input, tags));
}

function read({ ec2 }: Context, id: string): Properties | undefined {
  const group = ec2.get("db-subnet-groups", id);
  return (
    group && {
      arn: group.DBSubnetGroupArn,
      description: group.DBSubnetGroupDescription,
      name: group.DBSubnetGroupName,
      namePrefix: prefixOf(group.DBSubnetGroupName),
      subnetIds: group.Subnets.map(({ SubnetIdentifier }) => SubnetIdentifier),
      supportedNetworkTypes: group.SupportedNetworkTypes,
      tagsAll: fromTagList(group.Tags),
      vpcId: group.VpcId,
    }
  );
}

export const dbSubnetGroup: ResourceType = {
  token: "aws:rds/subnetGroup:SubnetGroup",
  upstream: { resource: "aws_db_subnet_group", file: "internal/service/rds/subnet_group.go", sdk: "sdkv2" },
  properties,
  tagged: true,
  setTags: ({ ec2, tags }, id) => {
    tagSubnetGroup(ec2, id, tags);
  },
  autoName: "name",
  create,
  read,
  update: ({ ec2 }, id, { after, changed }) => {
    if (changed.has("description") || changed.has("subnetIds")) {
      const description = text(after, "description") ?? "";
      during(`updating RDS DB Subnet Group (${id})`, () => {
        modifySubnetGroup(ec2, { name: id, description, subnetIds: texts(after, "subnetIds") });
      });
    }
    return undefined;
  },
  delete: ({ ec2 }, id) => {
    during(`deleting RDS Subnet Group (${id})`, () =>
      unless(["DBSubnetGroupNotFoundFault"], () => {
        deleteSubnetGroup(ec2, id);
      }),
    );
  },
};
