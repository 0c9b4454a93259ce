/** The AWS account of a stack: what may be written of it, and what the provider is told. */
import { describe, expect, it } from "vitest";
import { accountConfig } from "../../../cli/recover/recover.ts";
import { parseRoleArn } from "../../../components/config/account.ts";
import { accountArgs, planAccount } from "../../../components/plan/account.ts";
import { absent, told } from "./subject.ts";

const id = "444455556666";
const role = `arn:aws:iam::${id}:role/network`;

describe("a role's ARN", () => {
  it.each([
    [role, "aws"],
    [`arn:aws:iam::${id}:role/teams/network/deploy`, "aws"],
    [`arn:aws-cn:iam::${id}:role/network`, "aws-cn"],
    [`arn:aws-us-gov:iam::${id}:role/network`, "aws-us-gov"],
  ])("%s tells its partition and account", (arn, partition) => {
    expect(parseRoleArn(arn)).toEqual({ partition, account: id });
  });

  it.each([
    "network",
    `arn:aws:iam::${id}:user/network`,
    `arn:aws:iam:us-west-2:${id}:role/network`,
    "arn:aws:iam::4444:role/network",
    `arn:aws:sts::${id}:assumed-role/network/session`,
    `arn:aws:iam::${id}:role/`,
    `arn:aws:iam::${id}:role/${"n".repeat(65)}`,
    ` ${role}`,
  ])("%s is none", (arn) => {
    expect(parseRoleArn(arn)).toBeUndefined();
  });
});

describe("the account", () => {
  it("is twelve digits in quotes, and the role's", () => {
    expect(told(["account id", Number(id)])).toEqual([
      [
        "account.id",
        `must be an AWS account id of 12 digits in quotes, such as "111122223333", but is ${id}.`,
      ],
    ]);
    expect(told(["account id", "111122223333"])).toEqual([
      [
        "account.role",
        `is a role of the account ${id}, and account.id is 111122223333: one of the two is wrong.`,
      ],
    ]);
    expect(told(["account role", absent])).toEqual([]);
    expect(told(["account", absent])).toEqual([]);
    expect(told(["account externalId", "black/road:1"])).toEqual([]);
  });

  it("is told to the provider, and to whoever asks AWS what a killed update has made", () => {
    const account = { id, role, externalId: "blackroad" };
    const args = accountArgs(planAccount(account, "prod"));
    const assumed = { roleArn: role, sessionName: "blackroad-network-prod", externalId: "blackroad" };
    expect(args).toEqual({ allowedAccountIds: [id], assumeRoles: [assumed] });
    const network = JSON.stringify({ account, regions: "of another version of the program" });
    expect(accountConfig(network, "acme/blackroad-network/prod")).toEqual({
      "aws:allowedAccountIds": { value: JSON.stringify([id]) },
      "aws:assumeRoles": { value: JSON.stringify([assumed]) },
    });
  });

  it("is the credentials' where nothing is said of it", () => {
    expect(accountArgs(planAccount(undefined, "prod"))).toEqual({});
    expect(accountArgs(planAccount({ id }, "prod"))).toEqual({ allowedAccountIds: [id] });
    expect(accountConfig(JSON.stringify({ owner: "x" }), "prod")).toEqual({});
    expect(accountConfig(undefined, "prod")).toEqual({});
  });

  it("has sessions of a name that STS takes", () => {
    expect(planAccount({ id }, "s".repeat(100))?.session).toMatch(/^[\w+=,.@-]{2,64}$/);
  });
});
