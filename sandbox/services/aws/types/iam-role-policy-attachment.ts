/** aws_iam_role_policy_attachment, from internal/service/iam/role_policy_attachment.go. */
import { during, ProviderError, unless } from "../errors.ts";
import { attachedPolicies, attachPolicy, detachPolicy } from "../iam/attached-policies.ts";
import { requiredText } from "../json.ts";
import type { ResourceType } from "../table.ts";
import { isArn } from "../validators.ts";

/** `ROLE/POLICY-ARN`. */
function parseId(id: string): [role: string, policyArn: string] {
  const [, role, arn] = /^([^/]+)\/(.+)$/.exec(id) ?? [];
  if (role !== undefined && arn !== undefined) return [role, arn];
  throw new ProviderError(
    `unexpected format for Import ID (${JSON.stringify(id)}), expected <role-name>/<policy_arn>`,
  );
}

export const iamRolePolicyAttachment: ResourceType = {
  token: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
  upstream: {
    resource: "aws_iam_role_policy_attachment",
    file: "internal/service/iam/role_policy_attachment.go",
    sdk: "sdkv2",
  },
  properties: {
    policyArn: { kind: "text", mode: "required", replaces: true, validate: isArn },
    role: { kind: "text", mode: "required", replaces: true },
  },
  tagged: false,
  global: true,
  create: ({ ec2 }, inputs) => {
    const [role, arn] = [requiredText(inputs, "role"), requiredText(inputs, "policyArn")];
    during(`attaching IAM Policy (${arn}) to IAM Role (${role})`, () => {
      attachPolicy(ec2, role, arn);
    });
    return `${role}/${arn}`;
  },
  read: ({ ec2 }, id) => {
    const [role, policyArn] = parseId(id);
    const isThere = attachedPolicies(ec2, role).some(({ PolicyArn }) => PolicyArn === policyArn);
    return isThere ? { policyArn, role } : undefined;
  },
  delete: ({ ec2 }, id) => {
    const [role, arn] = parseId(id);
    during(`detaching IAM Policy (${arn}) from IAM Role (${role})`, () =>
      unless(["NoSuchEntity"], () => {
        detachPolicy(ec2, role, arn);
      }),
    );
  },
};
