/** Flow logs with the group and the role that they need, and what AWS refuses about each. */
import { describe, expect, it } from "vitest";
import type { Properties } from "../../../sandbox/services/aws/json.ts";
import { inWorld, refusalOf, refuses, TestCloud, types } from "./harness.ts";
import { trust } from "./log-changes.ts";

const region = "us-west-2";
const policy = JSON.stringify({ Version: "2012-10-17", Statement: [] });

async function destination(cloud: TestCloud): Promise<Properties> {
  const role = await cloud.create(types.iamRole, { name: "writer", assumeRolePolicy: trust });
  const group = await cloud.create(types.logGroup, { name: "/flows", retentionInDays: 30 });
  return { iamRoleArn: role.outputs.arn, logDestination: group.outputs.arn };
}

describe("a flow log", () => {
  it("goes to its group by its role, and goes away with its VPC", async () => {
    using cloud = new TestCloud();
    const vpc = await cloud.create(types.vpc, { cidrBlock: "10.9.0.0/16" });
    const inputs = { vpcId: vpc.id, trafficType: "REJECT", ...(await destination(cloud)) };
    const made = await cloud.create(types.flowLog, inputs);
    expect(made.id).toMatch(/^fl-0[0-9a-f]{16}$/);
    expect(made.outputs.logFormat).toMatch(/^\$\{version\} \$\{account-id\} .* \$\{log-status\}$/);
    const [log] = cloud.service.describe().regions[region]?.["flow-logs"].FlowLogs ?? [];
    expect(log).toMatchObject({
      DeliverLogsPermissionArn: "arn:aws:iam::111122223333:role/writer",
      LogGroupName: "/flows",
      ResourceId: vpc.id,
      TrafficType: "REJECT",
    });
    expect(await cloud.import(types.flowLog, made.id)).toMatchObject({ id: made.id });
    await cloud.delete(vpc);
    expect(await cloud.read(made)).toBeUndefined();
    await cloud.delete(made);
  });

  it("is refused twice, without a role that AWS may use, and to something else than a group", async () => {
    await inWorld(
      async (cloud, { vpc }) => {
        const given = { vpcId: vpc.id, trafficType: "ALL", ...(await destination(cloud)) };
        const stranger = await cloud.create(types.iamRole, { name: "stranger", assumeRolePolicy: policy });
        const attempt = (more: Properties, code: string, message: string) =>
          refuses(cloud, types.flowLog, { ...given, ...more }, code, message);
        await attempt(
          { iamRoleArn: stranger.outputs.arn },
          "InvalidParameter",
          "Unable to assume given IAM role",
        );
        await attempt(
          { logDestination: "arn:aws:s3:::bucket" },
          "InvalidParameter",
          "is not the ARN of a log group",
        );
        await attempt({ trafficType: undefined }, "MissingParameter", "TrafficType");
        await cloud.create(types.flowLog, given);
        await attempt({}, "FlowLogAlreadyExists", "existing Flow Log");
        await attempt({ trafficType: "REJECT" }, "FlowLogsLimitExceeded", "maximum number of flow logs");
      },
      { flowLogsPerResource: 1 },
    );
  });

  it("is found by the tagging API alone", async () => {
    await inWorld(async (cloud, { vpc }) => {
      const tags = { stack: "a", urn: "1" };
      const inputs = { vpcId: vpc.id, trafficType: "ALL", ...(await destination(cloud)), tags };
      const made = await cloud.create(types.flowLog, inputs);
      const found = await cloud.invoke("aws:resourcegroupstaggingapi/getResources:getResources", {
        resourceTypeFilters: ["ec2:vpc-flow-log"],
        tagFilters: Object.entries(tags).map(([key, value]) => ({ key, values: [value] })),
      });
      expect(found.resourceTagMappingLists).toMatchObject([{ resourceArn: made.outputs.arn }]);
    });
  });
});

describe("a log group", () => {
  it("is one of its name in its region, and found by it", async () => {
    using cloud = new TestCloud();
    const made = await cloud.create(types.logGroup, { name: "/flows", tags: { stack: "a" } });
    expect(made.outputs.arn).toBe("arn:aws:logs:us-west-2:111122223333:log-group:/flows");
    await refuses(
      cloud,
      types.logGroup,
      { name: "/flows" },
      "ResourceAlreadyExistsException",
      "already exists",
    );
    await cloud.create(types.logGroup, { name: "/flows", region: "eu-west-1" });
    const token = "aws:cloudwatch/getLogGroup:getLogGroup";
    expect(await cloud.invoke(token, { name: "/flows" })).toMatchObject({ tags: { stack: "a" } });
    await expect(cloud.invoke(token, { name: "/other" })).rejects.toThrow("couldn't find resource");
    const tagged = await cloud.update(made, { name: "/flows", tags: { stack: "b" } });
    expect((await cloud.read(tagged))?.outputs.tags).toEqual({ stack: "b" });
  });

  it("keeps events for ever unless told, and itself where it is protected", async () => {
    using cloud = new TestCloud();
    const inputs = { name: "/flows", retentionInDays: 30, deletionProtectionEnabled: true };
    const made = await cloud.create(types.logGroup, inputs);
    const retention = () =>
      cloud.service.describe().regions[region]?.["log-groups"].logGroups[0]?.retentionInDays;
    expect(retention()).toBe(30);
    const forever = await cloud.update(made, { name: "/flows", deletionProtectionEnabled: true });
    expect(retention()).toBeUndefined();
    expect((await refusalOf(cloud.delete(forever))).code).toBe("ValidationException");
    await cloud.delete(await cloud.update(forever, { name: "/flows", deletionProtectionEnabled: false }));
    expect(await cloud.read(forever)).toBeUndefined();
  });
});

describe("a role", () => {
  it("is there once for all regions, and found by its name from any", async () => {
    using cloud = new TestCloud();
    const inputs = { name: "writer", assumeRolePolicy: trust, tags: { stack: "a" } };
    const made = await cloud.create(types.iamRole, inputs);
    expect(made.outputs).not.toHaveProperty("region");
    cloud.config = { region: "eu-west-1" };
    await refuses(
      cloud,
      types.iamRole,
      inputs,
      "EntityAlreadyExists",
      "Role with name writer already exists.",
    );
    const token = "aws:iam/getRole:getRole";
    expect(await cloud.invoke(token, { name: "writer" })).toMatchObject({ arn: made.outputs.arn });
    await expect(cloud.invoke(token, { name: "reader" })).rejects.toThrow("couldn't find resource");
    expect(cloud.service.describe().global.roles.Roles.map(({ RoleName }) => RoleName)).toEqual(["writer"]);
    cloud.config = {};
    expect(await cloud.import(types.iamRole, "writer")).toMatchObject({ id: "writer" });
    const tagged = await cloud.update(made, { ...inputs, tags: { stack: "b" } });
    expect((await cloud.read(tagged))?.outputs.tags).toEqual({ stack: "b" });
  });

  it("keeps its policies: writing one again changes nothing, and none may be left when it is deleted", async () => {
    using cloud = new TestCloud();
    const role = await cloud.create(types.iamRole, { name: "writer", assumeRolePolicy: trust });
    const inputs = { name: "write", role: role.id, policy };
    const made = await cloud.create(types.iamRolePolicy, inputs);
    expect((await cloud.create(types.iamRolePolicy, inputs)).id).toBe("writer:write");
    expect(await cloud.import(types.iamRolePolicy, made.id)).toMatchObject({ outputs: { role: "writer" } });
    expect((await refusalOf(cloud.delete(role))).code).toBe("DeleteConflict");
    await refuses(cloud, types.iamRolePolicy, { ...inputs, role: "nobody" }, "NoSuchEntity", "nobody");
    const bad = { name: "other", assumeRolePolicy: "{}" };
    await refuses(cloud, types.iamRole, bad, "MalformedPolicyDocument", "Syntax errors in policy.");
    await cloud.delete(made);
    await cloud.delete(made);
    await cloud.delete(role);
    expect(await cloud.read(role)).toBeUndefined();
  });
});
