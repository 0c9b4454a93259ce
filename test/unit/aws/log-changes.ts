/** The cases of flow logs and the group that they go to, and of IAM; see changes.ts. */
import type { Json } from "../../../sandbox/services/aws/json.ts";
import { region, tags, type Scene, type TypeCases } from "./change-case.ts";
import { types, type Made } from "./harness.ts";

export const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: { Service: "vpc-flow-logs.amazonaws.com" }, Action: "sts:AssumeRole" },
  ],
});
const policy = JSON.stringify({ Version: "2012-10-17", Statement: [] });

const role = ({ cloud }: Scene, name = "base"): Promise<Made> =>
  cloud.create(types.iamRole, { name, assumeRolePolicy: trust });
const arnOf = ({ outputs }: Made): Json => outputs.arn ?? null;

const flowLog: TypeCases = {
  base: async (scene) => ({
    vpcId: scene.world.vpc.id,
    trafficType: "ALL",
    iamRoleArn: arnOf(await role(scene)),
    logDestination: arnOf(await scene.cloud.create(types.logGroup, { name: "/base" })),
  }),
  cases: [
    region,
    tags,
    ["deliverCrossAccountRole", "arn:aws:iam::444455556666:role/x", "refused"],
    ["destinationOptions", { fileFormat: "parquet" }, "refused"],
    ["eniId", "eni-0123456789abcdef0", "refused"],
    ["iamRoleArn", async (scene) => arnOf(await role(scene, "other")), "replace"],
    [
      "logDestination",
      async ({ cloud }) => arnOf(await cloud.create(types.logGroup, { name: "/other" })),
      "replace",
    ],
    ["logDestinationType", "s3", "refused"],
    ["logDestinationType", "cloud-watch-logs", "same"],
    ["logFormat", "${srcaddr} ${dstaddr}", "replace"],
    ["maxAggregationInterval", 60, "replace"],
    ["maxAggregationInterval", 61, "refused"],
    ["regionalNatGatewayId", "nat-0123456789abcdef0", "refused"],
    ["subnetId", ({ world }) => world.subnet.id, "refused"],
    ["tagFieldSpecifications", [{ resourceType: "instance", tagKeys: ["Name"] }], "refused"],
    ["trafficType", "REJECT", "replace"],
    ["trafficType", "SOME", "refused"],
    ["transitGatewayAttachmentId", "tgw-attach-0123456789abcdef0", "refused"],
    ["transitGatewayId", "tgw-0123456789abcdef0", "refused"],
    ["vpcId", ({ other }) => other.vpc.id, "replace"],
  ],
};

const logGroup: TypeCases = {
  base: () => ({ name: "/base", retentionInDays: 30 }),
  cases: [
    region,
    tags,
    ["deletionProtectionEnabled", true, "update"],
    ["kmsKeyId", "arn:aws:kms:us-west-2:111122223333:key/x", "refused"],
    ["logGroupClass", "INFREQUENT_ACCESS", "replace"],
    ["logGroupClass", "FREQUENT", "refused"],
    ["name", "/other", "replace"],
    ["name", "/base group", "refused"],
    ["namePrefix", "/base-", "refused"],
    ["retentionInDays", 60, "update"],
    ["retentionInDays", undefined, "update"],
    ["retentionInDays", 31, "refused"],
    ["skipDestroy", true, "update"],
  ],
};

const iamRole: TypeCases = {
  base: () => ({ name: "base", assumeRolePolicy: trust }),
  cases: [
    tags,
    ["assumeRolePolicy", policy, "update"],
    ["assumeRolePolicy", trust.replaceAll(",", ", "), "same"],
    ["assumeRolePolicy", "no JSON", "refused"],
    ["description", "why", "update"],
    ["forceDetachPolicies", true, "update"],
    ["inlinePolicies", [{ name: "x", policy }], "refused"],
    ["managedPolicyArns", ["arn:aws:iam::aws:policy/ReadOnlyAccess"], "refused"],
    ["maxSessionDuration", 7200, "update"],
    ["maxSessionDuration", 60, "refused"],
    ["name", "other", "replace"],
    ["name", "us-west/base", "refused"],
    ["namePrefix", "base-", "refused"],
    ["path", "/other/", "replace"],
    ["permissionsBoundary", "arn:aws:iam::111122223333:policy/x", "refused"],
  ],
};

const iamRolePolicy: TypeCases = {
  base: async (scene) => ({ name: "base", role: (await role(scene)).id, policy }),
  cases: [
    ["name", "other", "replace"],
    ["namePrefix", "base-", "refused"],
    ["policy", trust, "update"],
    ["policy", "no JSON", "refused"],
    ["role", async (scene) => (await role(scene, "other")).id, "replace"],
  ],
};

const managed = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";

const iamRolePolicyAttachment: TypeCases = {
  base: async (scene) => ({ role: (await role(scene)).id, policyArn: managed }),
  cases: [
    ["policyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess", "replace"],
    ["policyArn", "AmazonSSMManagedInstanceCore", "refused"],
    ["role", async (scene) => (await role(scene, "other")).id, "replace"],
  ],
};

const iamInstanceProfile: TypeCases = {
  base: async (scene) => ({ name: "base", role: (await role(scene)).id }),
  cases: [
    tags,
    ["name", "other", "replace"],
    ["name", "us-west/base", "refused"],
    ["namePrefix", "base-", "refused"],
    ["path", "/other/", "replace"],
    ["role", async (scene) => (await role(scene, "other")).id, "update"],
    ["role", undefined, "update"],
  ],
};

export const logChanges: Readonly<Record<string, TypeCases>> = {
  [types.flowLog]: flowLog,
  [types.logGroup]: logGroup,
  [types.iamRole]: iamRole,
  [types.iamRolePolicy]: iamRolePolicy,
  [types.iamRolePolicyAttachment]: iamRolePolicyAttachment,
  [types.iamInstanceProfile]: iamInstanceProfile,
};
