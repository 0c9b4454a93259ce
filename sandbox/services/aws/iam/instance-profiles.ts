/** Instance profiles: what EC2 hands a role to an instance in. */
import { randomBytes } from "node:crypto";
import { accountId, type Ec2, type Tags } from "../ec2/account.ts";
import type { Tag } from "../ec2/records.ts";
import { newTags } from "../ec2/tags.ts";
import { homeOfGlobals } from "../regions.ts";
import { refuse } from "./refuse.ts";
import { findRole, type Role } from "./roles.ts";

/** As stored: the role by its name, where `aws iam get-instance-profile` prints it as a whole. */
export interface InstanceProfile {
  Arn: string;
  CreateDate: string;
  InstanceProfileId: string;
  InstanceProfileName: string;
  Path: string;
  /** AWS takes one. */
  RoleNames: string[];
  Tags: Tag[];
}

export type DescribedInstanceProfile = Omit<InstanceProfile, "RoleNames"> & { Roles: Role[] };

export function describeInstanceProfile(ec2: Ec2, profile: InstanceProfile): DescribedInstanceProfile {
  const { RoleNames, ...described } = profile;
  return { ...described, Roles: RoleNames.flatMap((name) => ec2.get("iam-roles", name) ?? []) };
}

function findProfile(ec2: Ec2, operation: string, name: string): InstanceProfile {
  const detail = `Instance Profile ${name} cannot be found.`;
  return ec2.get("iam-instance-profiles", name) ?? refuse(operation, "NoSuchEntity", detail, 404);
}

/** The profiles that a role is in. */
export function profilesOf(ec2: Ec2, role: string): InstanceProfile[] {
  return ec2.list("iam-instance-profiles", ({ RoleNames }) => RoleNames.includes(role));
}

export function createInstanceProfile(ec2: Ec2, name: string, path: string, tags: Tags): void {
  const operation = "CreateInstanceProfile";
  if (ec2.get("iam-instance-profiles", name) !== undefined) {
    refuse(operation, "EntityAlreadyExists", `Instance Profile ${name} already exists.`, 409);
  }
  ec2.put("iam-instance-profiles", name, {
    Arn: `arn:aws:iam::${accountId}:instance-profile${path}${name}`,
    CreateDate: new Date().toISOString(),
    InstanceProfileId: `AIPA${randomBytes(9).toString("hex").toUpperCase().slice(0, 17)}`,
    InstanceProfileName: name,
    Path: path,
    RoleNames: [],
    Tags: newTags(operation, tags),
  });
}

export function tagInstanceProfile(ec2: Ec2, name: string, tags: Tags): void {
  const operation = "TagInstanceProfile";
  const profile = findProfile(ec2, operation, name);
  ec2.put("iam-instance-profiles", name, { ...profile, Tags: newTags(operation, tags) });
}

export function addRole(ec2: Ec2, name: string, role: string): void {
  const operation = "AddRoleToInstanceProfile";
  const profile = findProfile(ec2, operation, name);
  findRole(ec2, operation, role);
  if (profile.RoleNames.length > 0) {
    refuse(operation, "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", 409);
  }
  ec2.put("iam-instance-profiles", name, { ...profile, RoleNames: [role] });
}

export function removeRole(ec2: Ec2, name: string, role: string): void {
  const operation = "RemoveRoleFromInstanceProfile";
  const profile = findProfile(ec2, operation, name);
  if (!profile.RoleNames.includes(role)) {
    refuse(operation, "NoSuchEntity", `The role with name ${role} cannot be found.`, 404);
  }
  ec2.put("iam-instance-profiles", name, { ...profile, RoleNames: [] });
}

/** Instances that have it keep it, and lose its credentials. */
export function deleteInstanceProfile(ec2: Ec2, name: string): void {
  const operation = "DeleteInstanceProfile";
  if (findProfile(ec2, operation, name).RoleNames.length > 0) {
    const detail = "Cannot delete entity, must remove roles from instance profile first.";
    refuse(operation, "DeleteConflict", detail, 409);
  }
  ec2.remove("iam-instance-profiles", name);
}

/** A profile that EC2 can give an instance; `undefined` where there is none. IAM has no regions. */
export function profileNamed(ec2: Ec2, name: string): InstanceProfile | undefined {
  return ec2.in(homeOfGlobals)?.get("iam-instance-profiles", name);
}
