/** Instance profiles, the policies of their roles, and the instances that have them. */
import { describe, expect, it } from "vitest";
import type { Properties } from "../../../sandbox/services/aws/json.ts";
import { instanceInputs, inWorld, refusalOf, refuses, TestCloud, types, type Made } from "./harness.ts";

const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const managed = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";

const roleNamed = (cloud: TestCloud, name: string): Promise<Made> =>
  cloud.create(types.iamRole, { name, assumeRolePolicy: trust });

const profileOf = (cloud: TestCloud, role: Made, more: Properties = {}): Promise<Made> =>
  cloud.create(types.iamInstanceProfile, { name: "shell", role: role.id, ...more });

describe("an instance profile", () => {
  it("has one role, is found by its name from any region, and keeps its tags", async () => {
    using cloud = new TestCloud();
    const role = await roleNamed(cloud, "shell");
    const made = await profileOf(cloud, role, { tags: { stack: "a" } });
    expect(made.outputs).toMatchObject({
      arn: "arn:aws:iam::111122223333:instance-profile/shell",
      role: "shell",
      uniqueId: expect.stringMatching(/^AIPA[0-9A-Z]{17}$/) as string,
    });
    expect(made.outputs).not.toHaveProperty("region");
    cloud.config = { region: "eu-west-1" };
    const token = "aws:iam/getInstanceProfile:getInstanceProfile";
    expect(await cloud.invoke(token, { name: "shell" })).toMatchObject({ roleName: "shell" });
    await expect(cloud.invoke(token, { name: "other" })).rejects.toThrow("couldn't find resource");
    await refuses(
      cloud,
      types.iamInstanceProfile,
      { name: "shell" },
      "EntityAlreadyExists",
      "Instance Profile shell already exists.",
    );
    await refuses(
      cloud,
      types.iamInstanceProfile,
      { name: "other", role: "nobody" },
      "NoSuchEntity",
      "The role with name nobody cannot be found.",
    );
    const tagged = await cloud.update(made, { ...made.inputs, tags: { stack: "b" } });
    expect((await cloud.read(tagged))?.outputs.tags).toEqual({ stack: "b" });
    const [described] = cloud.service.describe().global["instance-profiles"].InstanceProfiles;
    expect(described?.Roles.map(({ RoleName }) => RoleName)).toEqual(["shell"]);
  });

  it("lets its role go when either is deleted", async () => {
    using cloud = new TestCloud();
    const role = await roleNamed(cloud, "shell");
    const made = await profileOf(cloud, role);
    await cloud.delete(role);
    expect((await cloud.read(made))?.outputs.role).toBeUndefined();
    await cloud.delete(made);
    await cloud.delete(made);
    expect(await cloud.read(made)).toBeUndefined();
  });
});

describe("a managed policy", () => {
  it("is attached once, however often it is asked for, and stands in the way of its role's end", async () => {
    using cloud = new TestCloud();
    const role = await roleNamed(cloud, "shell");
    const inputs = { role: role.id, policyArn: managed };
    const made = await cloud.create(types.iamRolePolicyAttachment, inputs);
    expect((await cloud.create(types.iamRolePolicyAttachment, inputs)).id).toBe(`shell/${managed}`);
    expect(cloud.service.describe().global["attached-role-policies"]).toEqual({
      shell: { AttachedPolicies: [{ PolicyArn: managed, PolicyName: "AmazonSSMManagedInstanceCore" }] },
    });
    expect(await cloud.import(types.iamRolePolicyAttachment, made.id)).toMatchObject({ outputs: inputs });
    const conflict = await refusalOf(cloud.delete(role));
    expect(conflict).toMatchObject({ code: "DeleteConflict" });
    expect(conflict.message).toContain("must detach all policies first");
    await cloud.delete(made);
    await cloud.delete(made);
    expect(await cloud.read(made)).toBeUndefined();
    await cloud.delete(role);
  });

  it("must exist", async () => {
    using cloud = new TestCloud();
    const role = await roleNamed(cloud, "shell");
    const policyArn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCor";
    await refuses(
      cloud,
      types.iamRolePolicyAttachment,
      { role: role.id, policyArn },
      "NoSuchEntity",
      `Policy ${policyArn} does not exist or is not attachable.`,
    );
  });
});

describe("an instance", () => {
  it("has the profile that it is given, and another in its place", async () => {
    await inWorld(async (cloud, world) => {
      const first = await profileOf(cloud, await roleNamed(cloud, "shell"));
      const second = await profileOf(cloud, await roleNamed(cloud, "other"), { name: "other" });
      const inputs = instanceInputs(world, { iamInstanceProfile: first.id });
      const made = await cloud.create(types.instance, inputs);
      expect(made.outputs.iamInstanceProfile).toBe("shell");
      const shown = () =>
        cloud.service.describe().regions["us-west-2"]?.instances.Reservations[0]?.Instances[0]
          ?.IamInstanceProfile;
      expect(shown()).toEqual({ Arn: first.outputs.arn, Id: first.outputs.uniqueId });
      const changed = await cloud.update(made, { ...inputs, iamInstanceProfile: second.id });
      expect(changed.outputs.iamInstanceProfile).toBe("other");
      expect(shown()).toEqual({ Arn: second.outputs.arn, Id: second.outputs.uniqueId });
    });
  });

  it("takes none that is not there or has no role", async () => {
    await inWorld(async (cloud, world) => {
      const attempt = (iamInstanceProfile: string, message: string) =>
        refuses(
          cloud,
          types.instance,
          instanceInputs(world, { iamInstanceProfile }),
          "InvalidParameterValue",
          message,
        );
      await attempt("shell", "Invalid IAM Instance Profile name");
      await cloud.create(types.iamInstanceProfile, { name: "shell" });
      await attempt("shell", "has no associated IAM Roles");
      const made = await cloud.create(types.instance, instanceInputs(world));
      const update = cloud.update(made, instanceInputs(world, { iamInstanceProfile: "nobody's" }));
      expect(await refusalOf(update)).toMatchObject({ code: "InvalidParameterValue" });
    });
  });
});
