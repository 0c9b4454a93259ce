/** As whom the provider calls, and in which accounts it works. */
import { describe, expect, it } from "vitest";
import { readSettings } from "../../../sandbox/providers/aws/config.ts";
import { Refusal, refusalOf, TestCloud, types } from "./harness.ts";

const account = "111122223333";
const first = `arn:aws:iam::${account}:role/OrganizationAccountAccessRole`;
const callerToken = "aws:index/getCallerIdentity:getCallerIdentity";

const trusting = (more: object): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: account }, ...more }],
  });

/** Configures the provider, as the engine does before anything else. */
async function configure(cloud: TestCloud): Promise<unknown> {
  const never = new Promise<void>(() => undefined);
  const answer = await cloud.service.provide({ method: "configure", config: cloud.config }, { gone: never });
  if (answer?.error !== undefined) throw new Refusal(answer.error.message, answer.error.code);
  return answer?.result;
}

describe("the provider", () => {
  it("reads roles and accounts as the SDK sends them, in JSON", () => {
    const args = {
      assumeRoles: JSON.stringify([{ roleArn: first, externalId: "x", sessionName: "s" }]),
      allowedAccountIds: JSON.stringify([account]),
    };
    expect(readSettings(args, {})).toMatchObject({
      assumeRoles: [{ roleArn: first, externalId: "x", sessionName: "s" }],
      allowedAccountIds: [account],
    });
    expect(Object.keys(readSettings({}, {}))).toEqual(["maxRetries"]);
  });

  it("calls as the account's user, or as the role that it assumes", async () => {
    using cloud = new TestCloud();
    const user = await cloud.invoke(callerToken);
    expect(user).toMatchObject({ accountId: account, arn: `arn:aws:iam::${account}:user/sandbox` });
    cloud.config = { assumeRoles: [{ roleArn: first, sessionName: "prod" }], region: "us-west-2" };
    const assumed = await cloud.invoke(callerToken);
    expect(assumed).toMatchObject({
      arn: `arn:aws:sts::${account}:assumed-role/OrganizationAccountAccessRole/prod`,
    });
    expect(await configure(cloud)).toMatchObject({ Account: account, Arn: assumed.arn });
  });

  it("goes on in no account but those that it may touch", async () => {
    using cloud = new TestCloud();
    cloud.config = { allowedAccountIds: ["444455556666"] };
    expect((await refusalOf(configure(cloud))).message).toContain(`AWS account ID not allowed: ${account}`);
    cloud.config = { forbiddenAccountIds: [account] };
    expect((await refusalOf(configure(cloud))).message).toContain("not allowed");
    cloud.config = { allowedAccountIds: ["444455556666", account] };
    expect(await configure(cloud)).toMatchObject({ Account: account });
  });
});

describe("a role", () => {
  const arnOf = (name: string): string => `arn:aws:iam::${account}:role/${name}`;
  const make = (cloud: TestCloud, name: string, more: object = {}) =>
    cloud.create(types.iamRole, { name, assumeRolePolicy: trusting(more) });

  async function refused(cloud: TestCloud, roleArn: string, externalId?: string): Promise<void> {
    const role = { roleArn, ...(externalId === undefined ? {} : { externalId }) };
    cloud.config = { ...cloud.config, assumeRoles: [role] };
    const refusal = await refusalOf(configure(cloud));
    expect(refusal.code).toBe("AccessDenied");
    expect(refusal.message).toContain(`IAM Role (${roleArn}) cannot be assumed.`);
    expect(refusal.message).toContain(`is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`);
  }

  it("lets in those whom it trusts, with the external id that it asks for", async () => {
    using cloud = new TestCloud();
    await make(cloud, "deploy", { Condition: { StringEquals: { "sts:ExternalId": "blackroad" } } });
    await make(cloud, "machine", { Principal: { Service: "ec2.amazonaws.com" } });
    await refused(cloud, arnOf("deploy"));
    await refused(cloud, arnOf("deploy"), "somebody");
    await refused(cloud, arnOf("machine"));
    await refused(cloud, arnOf("nobody"));
    await refused(cloud, "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole");
    cloud.config = { assumeRoles: [{ roleArn: arnOf("deploy"), externalId: "blackroad" }] };
    expect(await configure(cloud)).toMatchObject({
      Arn: `arn:aws:sts::${account}:assumed-role/deploy/aws-go-sdk`,
    });
  });
});
