/** The part of the schema that says which AWS account a stack is in, and by which role it works there. */
import { z } from "zod";
import * as leaf from "./leaf.ts";

/** STS takes these (STS/latest/APIReference/API_AssumeRole.html). */
const externalId = leaf.text("an external id of 2 to 1224 letters, digits and +=,.@:/_-", (value) =>
  /^[\w+=,.@:/-]{2,1224}$/.test(value)
    ? undefined
    : {
        message: "must be an external id of 2 to 1224 letters, digits and +=,.@:/_-, as AWS takes it.",
        rule: "aws/external-id",
      },
);

const what = "a role's ARN such as arn:aws:iam::111122223333:role/network";

/** With its path, if it has one; names as IAM takes them. */
const roleArn = leaf.text(what, (value) =>
  parseRoleArn(value) === undefined
    ? { message: `must be ${what}, but is ${leaf.show(value)}.`, rule: "aws/role-arn" }
    : undefined,
);

/** What a role's ARN says of where the role is; `undefined` where the text is none. */
export function parseRoleArn(
  arn: string,
): { readonly partition: string; readonly account: string } | undefined {
  const form = /^arn:(aws|aws-cn|aws-us-gov):iam::(\d{12}):role\/(?:[\x21-\x7e]+\/)?[\w+=,.@-]{1,64}$/;
  const [, partition, account] = form.exec(arn) ?? [];
  return partition === undefined || account === undefined ? undefined : { partition, account };
}

export const account = leaf.record("the AWS account's id, role and externalId", {
  /** The only account that the stack may touch: whatever the credentials, another one is refused. */
  id: leaf.pattern('an AWS account id of 12 digits in quotes, such as "111122223333"', /^\d{12}$/),
  /** The role of the account that the program assumes; without it, it works with the credentials that it finds. */
  role: roleArn.optional(),
  /** What the role's trust policy demands of whoever assumes it, where it demands something. */
  externalId: externalId.optional(),
});

export type AccountConfig = z.output<typeof account>;
