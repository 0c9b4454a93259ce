/** aws_cloudwatch_log_group, from internal/service/logs/group.go. */
import { fromTagList } from "../ec2/account.ts";
import { during, unless } from "../errors.ts";
import { flag, integer, requiredText, text, type Properties } from "../json.ts";
import {
  createLogGroup,
  deleteLogGroup,
  putDeletionProtection,
  putRetentionPolicy,
  tagLogGroup,
} from "../logs/groups.ts";
import type { Context, ResourceType, Table } from "../table.ts";
import { all, doesNotMatch, length, oneOf } from "../validators.ts";
import { prefixOf, uniqueName, uniqueSuffixLength } from "./names.ts";

/** internal/service/logs/validate.go, validLogGroupName. */
const plain = doesNotMatch(
  /[^a-zA-Z0-9_.\-/#]/,
  "must contain alphanumeric characters, underscores, hyphens, slashes, hash signs and dots only",
);

const retentions = [
  0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const properties: Table = {
  arn: { kind: "text", mode: "computed" },
  deletionProtectionEnabled: { kind: "bool", mode: "optional-computed" },
  kmsKeyId: { kind: "text", mode: "optional", notSimulated: "KMS keys" },
  logGroupClass: {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    validate: oneOf("STANDARD", "INFREQUENT_ACCESS", "DELIVERY"),
  },
  name: {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    conflictsWith: ["namePrefix"],
    validate: all(plain, length(1, 512)),
  },
  namePrefix: {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    conflictsWith: ["name"],
    validate: all(plain, length(1, 512 - uniqueSuffixLength)),
  },
  retentionInDays: {
    kind: "int",
    mode: "optional",
    default: 0,
    validate: (value, name) =>
      typeof value === "number" && retentions.includes(value)
        ? undefined
        : `expected ${name} to be one of [${retentions.join(" ")}], got ${JSON.stringify(value)}`,
  },
  skipDestroy: { kind: "bool", mode: "optional", default: false },
};

/** 0 is for ever. */
function days(inputs: Properties): number | undefined {
  const given = integer(inputs, "retentionInDays") ?? 0;
  return given === 0 ? undefined : given;
}

function create({ ec2, tags }: Context, inputs: Properties): string {
  const prefix = text(inputs, "namePrefix");
  const name = prefix === undefined ? requiredText(inputs, "name") : uniqueName(prefix);
  during(`creating CloudWatch Logs Log Group (${name})`, () => {
    const logGroupClass = text(inputs, "logGroupClass") ?? "STANDARD";
    const deletionProtection = flag(inputs, "deletionProtectionEnabled") ?? false;
    createLogGroup(ec2, { name, logGroupClass, deletionProtection }, tags);
  });
  putRetentionPolicy(ec2, name, days(inputs));
  return name;
}

function read({ ec2 }: Context, id: string): Properties | undefined {
  const group = ec2.get("log-groups", id);
  return (
    group && {
      arn: group.logGroupArn,
      deletionProtectionEnabled: group.deletionProtectionEnabled,
      logGroupClass: group.logGroupClass,
      name: group.logGroupName,
      namePrefix: prefixOf(group.logGroupName),
      retentionInDays: group.retentionInDays ?? 0,
      tagsAll: fromTagList(group.Tags),
    }
  );
}

export const logGroup: ResourceType = {
  token: "aws:cloudwatch/logGroup:LogGroup",
  upstream: { resource: "aws_cloudwatch_log_group", file: "internal/service/logs/group.go", sdk: "sdkv2" },
  properties,
  tagged: true,
  setTags: ({ ec2, tags }, id) => {
    tagLogGroup(ec2, id, tags);
  },
  autoName: "name",
  create,
  read,
  update: ({ ec2 }, id, { after, changed }) => {
    if (changed.has("retentionInDays")) {
      during(`setting CloudWatch Logs Log Group (${id}) retention policy`, () => {
        putRetentionPolicy(ec2, id, days(after));
      });
    }
    if (changed.has("deletionProtectionEnabled")) {
      putDeletionProtection(ec2, id, flag(after, "deletionProtectionEnabled") ?? false);
    }
    return undefined;
  },
  delete: ({ ec2 }, id, state) => {
    if (flag(state, "skipDestroy") === true) return;
    during(`deleting CloudWatch Logs Log Group (${id})`, () =>
      unless(["ResourceNotFoundException"], () => {
        deleteLogGroup(ec2, id);
      }),
    );
  },
};
