/** Managed policies that are attached to roles. */
import type { Ec2 } from "../ec2/account.ts";
import { refuse } from "./refuse.ts";
import { findRole } from "./roles.ts";

export interface AttachedPolicy {
  PolicyArn: string;
  PolicyName: string;
}

/** What `list-attached-role-policies` prints for a role. */
export interface AttachedPolicies {
  RoleName: string;
  AttachedPolicies: AttachedPolicy[];
}

/** Managed policies of a role (IAM/latest/UserGuide/reference_iam-quotas.html). */
const mostAttachedPolicies = 10;

/** AWS keeps more than a thousand of its own, in each partition under the same path; these are known here. */
const policiesOfAws: ReadonlySet<string> = new Set([
  "AmazonSSMManagedInstanceCore",
  "CloudWatchAgentServerPolicy",
  "ReadOnlyAccess",
]);

/** The name of a policy that can be attached; `undefined` where there is none of that ARN. */
function nameOf(arn: string): string | undefined {
  const [, name] = /^arn:aws(?:-cn|-us-gov)?:iam::aws:policy\/([\w+=,.@-]+)$/.exec(arn) ?? [];
  return name !== undefined && policiesOfAws.has(name) ? name : undefined;
}

export function attachedPolicies(ec2: Ec2, role: string): readonly AttachedPolicy[] {
  return ec2.get("iam-attached-policies", role)?.AttachedPolicies ?? [];
}

/** Attaching what is attached changes nothing. */
export function attachPolicy(ec2: Ec2, role: string, arn: string): void {
  const operation = "AttachRolePolicy";
  findRole(ec2, operation, role);
  const attached = attachedPolicies(ec2, role);
  if (attached.some(({ PolicyArn }) => PolicyArn === arn)) return;
  const name = nameOf(arn);
  if (name === undefined) {
    refuse(operation, "NoSuchEntity", `Policy ${arn} does not exist or is not attachable.`, 404);
  }
  if (attached.length >= mostAttachedPolicies) {
    const detail = `Cannot exceed quota for PoliciesPerRole: ${mostAttachedPolicies}`;
    refuse(operation, "LimitExceeded", detail, 409);
  }
  const added = { PolicyArn: arn, PolicyName: name };
  ec2.put("iam-attached-policies", role, { RoleName: role, AttachedPolicies: [...attached, added] });
}

export function detachPolicy(ec2: Ec2, role: string, arn: string): void {
  const operation = "DetachRolePolicy";
  findRole(ec2, operation, role);
  const attached = attachedPolicies(ec2, role);
  const kept = attached.filter(({ PolicyArn }) => PolicyArn !== arn);
  if (kept.length === attached.length) {
    refuse(operation, "NoSuchEntity", `Policy ${arn} was not found.`, 404);
  }
  if (kept.length === 0) ec2.remove("iam-attached-policies", role);
  else ec2.put("iam-attached-policies", role, { RoleName: role, AttachedPolicies: kept });
}
