/** IAM roles and the policies inside them. IAM has no regions; its records lie in us-east-1, where AWS runs it. */
import { randomBytes } from "node:crypto";
import { accountId, type Ec2, type Tags } from "../ec2/account.ts";
import type { Tag } from "../ec2/records.ts";
import { newTags } from "../ec2/tags.ts";
import { attachedPolicies } from "./attached-policies.ts";
import { profilesOf } from "./instance-profiles.ts";
import { refuse } from "./refuse.ts";

/** As `aws iam get-role` prints it, documents decoded. */
export interface Role {
  Arn: string;
  AssumeRolePolicyDocument: string;
  CreateDate: string;
  Description?: string;
  MaxSessionDuration: number;
  Path: string;
  RoleId: string;
  RoleName: string;
  Tags: Tag[];
}

/** What `get-role-policy` tells for each of a role's own policies, by its name. */
export interface RolePolicies {
  RoleName: string;
  Policies: Record<string, string>;
}

function requireStatements(operation: string, document: string): void {
  const parsed: unknown = JSON.parse(document);
  const statement = typeof parsed === "object" && parsed !== null && "Statement" in parsed;
  if (!statement) refuse(operation, "MalformedPolicyDocument", "Syntax errors in policy.");
}

export function findRole(ec2: Ec2, operation: string, name: string): Role {
  const role = ec2.get("iam-roles", name);
  const detail = `The role with name ${name} cannot be found.`;
  return role ?? refuse(operation, "NoSuchEntity", detail, 404);
}

export interface RoleInput {
  readonly name: string;
  readonly path: string;
  readonly assumeRolePolicy: string;
  readonly description: string | undefined;
  readonly maxSessionDuration: number;
}

export function createRole(ec2: Ec2, input: RoleInput, tags: Tags): void {
  const operation = "CreateRole";
  const { name, path, description } = input;
  if (ec2.get("iam-roles", name) !== undefined) {
    refuse(operation, "EntityAlreadyExists", `Role with name ${name} already exists.`, 409);
  }
  requireStatements(operation, input.assumeRolePolicy);
  ec2.put("iam-roles", name, {
    Arn: `arn:aws:iam::${accountId}:role${path}${name}`,
    AssumeRolePolicyDocument: input.assumeRolePolicy,
    CreateDate: new Date().toISOString(),
    ...(description === undefined ? {} : { Description: description }),
    MaxSessionDuration: input.maxSessionDuration,
    Path: path,
    RoleId: `AROA${randomBytes(9).toString("hex").toUpperCase().slice(0, 17)}`,
    RoleName: name,
    Tags: newTags(operation, tags),
  });
  ec2.put("iam-role-policies", name, { RoleName: name, Policies: {} });
}

export function updateRole(ec2: Ec2, input: Omit<RoleInput, "path">): void {
  const role = findRole(ec2, "UpdateRole", input.name);
  requireStatements("UpdateAssumeRolePolicy", input.assumeRolePolicy);
  const changed: Role = {
    ...role,
    AssumeRolePolicyDocument: input.assumeRolePolicy,
    MaxSessionDuration: input.maxSessionDuration,
  };
  delete changed.Description;
  const { description } = input;
  ec2.put("iam-roles", input.name, {
    ...changed,
    ...(description === undefined ? {} : { Description: description }),
  });
}

export function tagRole(ec2: Ec2, name: string, tags: Tags): void {
  const operation = "TagRole";
  ec2.put("iam-roles", name, { ...findRole(ec2, operation, name), Tags: newTags(operation, tags) });
}

export function rolePolicy(ec2: Ec2, role: string, policy: string): string | undefined {
  return ec2.get("iam-role-policies", role)?.Policies[policy];
}

/** Writes the policy, whether there is one of the name or not. */
export function putRolePolicy(ec2: Ec2, role: string, policy: string, document: string): void {
  const operation = "PutRolePolicy";
  findRole(ec2, operation, role);
  requireStatements(operation, document);
  const policies = ec2.get("iam-role-policies", role)?.Policies ?? {};
  ec2.put("iam-role-policies", role, { RoleName: role, Policies: { ...policies, [policy]: document } });
}

export function deleteRolePolicy(ec2: Ec2, role: string, policy: string): void {
  const operation = "DeleteRolePolicy";
  findRole(ec2, operation, role);
  if (rolePolicy(ec2, role, policy) === undefined) {
    refuse(operation, "NoSuchEntity", `The role policy with name ${policy} cannot be found.`, 404);
  }
  const policies = Object.entries(ec2.get("iam-role-policies", role)?.Policies ?? {});
  const kept = Object.fromEntries(policies.filter(([name]) => name !== policy));
  ec2.put("iam-role-policies", role, { RoleName: role, Policies: kept });
}

export function deleteRole(ec2: Ec2, name: string): void {
  const operation = "DeleteRole";
  findRole(ec2, operation, name);
  const conflict = (first: string): never =>
    refuse(operation, "DeleteConflict", `Cannot delete entity, must ${first} first.`, 409);
  if (profilesOf(ec2, name).length > 0) conflict("remove roles from instance profile");
  if (attachedPolicies(ec2, name).length > 0) conflict("detach all policies");
  if (Object.keys(ec2.get("iam-role-policies", name)?.Policies ?? {}).length > 0) conflict("delete policies");
  ec2.remove("iam-attached-policies", name);
  ec2.remove("iam-role-policies", name);
  ec2.remove("iam-roles", name);
}
