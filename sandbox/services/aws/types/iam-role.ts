/** aws_iam_role and aws_iam_role_policy, from internal/service/iam/role.go and role_policy.go. */
import { fromTagList } from "../ec2/account.ts";
import { during, ProviderError, unless } from "../errors.ts";
import {
  createRole,
  deleteRole,
  deleteRolePolicy,
  putRolePolicy,
  rolePolicy as policyOf,
  tagRole,
  updateRole,
} from "../iam/roles.ts";
import { profilesOf, removeRole } from "../iam/instance-profiles.ts";
import { integer, requiredText, text, type Properties } from "../json.ts";
import type { Context, Property, ResourceType, Table } from "../table.ts";
import { all, between, doesNotMatch, isJson, length, sameDocument } from "../validators.ts";
import { prefixOf, uniqueName, uniqueSuffixLength } from "./names.ts";

/** internal/service/iam/validate.go, validResourceName. */
const plain = doesNotMatch(/[^0-9A-Za-z=,.@\-_+]/, "must match [\\w+=,.@-]");

/** Of a role, a policy in one, or an instance profile. */
export function nameProperty(other: string, most: number): Property {
  return {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    conflictsWith: [other],
    validate: all(plain, length(1, most)),
  };
}

const document: Property = { kind: "text", mode: "required", validate: isJson, same: sameDocument };
const inside = "policies inside the role's own resource; use aws.iam.RolePolicy";

const roleProperties: Table = {
  arn: { kind: "text", mode: "computed" },
  assumeRolePolicy: document,
  createDate: { kind: "text", mode: "computed" },
  description: { kind: "text", mode: "optional", validate: length(0, 1000) },
  forceDetachPolicies: { kind: "bool", mode: "optional", default: false },
  inlinePolicies: {
    kind: "object-set",
    mode: "optional-computed",
    upstream: "inline_policy",
    notSimulated: inside,
  },
  managedPolicyArns: {
    kind: "set",
    mode: "optional-computed",
    notSimulated: "managed policies in the role's own resource; use aws.iam.RolePolicyAttachment",
  },
  maxSessionDuration: { kind: "int", mode: "optional", default: 3600, validate: between(3600, 43200) },
  name: nameProperty("namePrefix", 64),
  namePrefix: nameProperty("name", 64 - uniqueSuffixLength),
  path: { kind: "text", mode: "optional", replaces: true, default: "/", validate: length(0, 512) },
  permissionsBoundary: { kind: "text", mode: "optional", notSimulated: "permissions boundaries" },
  uniqueId: { kind: "text", mode: "computed" },
};

function inputOf(name: string, inputs: Properties) {
  return {
    name,
    assumeRolePolicy: requiredText(inputs, "assumeRolePolicy"),
    description: text(inputs, "description"),
    maxSessionDuration: integer(inputs, "maxSessionDuration") ?? 3600,
  };
}

function createIamRole({ ec2, tags }: Context, inputs: Properties): string {
  const prefix = text(inputs, "namePrefix");
  const name = prefix === undefined ? requiredText(inputs, "name") : uniqueName(prefix);
  during(`creating IAM Role (${name})`, () => {
    createRole(ec2, { ...inputOf(name, inputs), path: text(inputs, "path") ?? "/" }, tags);
  });
  return name;
}

function readRole({ ec2 }: Context, id: string, prior: Properties): Properties | undefined {
  const role = ec2.get("iam-roles", id);
  const known = text(prior, "assumeRolePolicy");
  return (
    role && {
      arn: role.Arn,
      assumeRolePolicy: sameDocument(known, role.AssumeRolePolicyDocument)
        ? known
        : role.AssumeRolePolicyDocument,
      createDate: role.CreateDate,
      description: role.Description ?? "",
      maxSessionDuration: role.MaxSessionDuration,
      name: role.RoleName,
      namePrefix: prefixOf(role.RoleName),
      path: role.Path,
      tagsAll: fromTagList(role.Tags),
      uniqueId: role.RoleId,
    }
  );
}

export const iamRole: ResourceType = {
  token: "aws:iam/role:Role",
  upstream: { resource: "aws_iam_role", file: "internal/service/iam/role.go", sdk: "sdkv2" },
  properties: roleProperties,
  tagged: true,
  global: true,
  setTags: ({ ec2, tags }, id) => {
    tagRole(ec2, id, tags);
  },
  autoName: "name",
  create: createIamRole,
  read: readRole,
  update: ({ ec2 }, id, { after, changed }) => {
    if (["assumeRolePolicy", "description", "maxSessionDuration"].some((name) => changed.has(name))) {
      during(`updating IAM Role (${id})`, () => {
        updateRole(ec2, inputOf(id, after));
      });
    }
    return undefined;
  },
  delete: ({ ec2 }, id) => {
    during(`deleting IAM Role (${id})`, () =>
      unless(["NoSuchEntity"], () => {
        // Upstream takes it out of its profiles first (deleteRoleInstanceProfiles).
        for (const profile of profilesOf(ec2, id)) removeRole(ec2, profile.InstanceProfileName, id);
        deleteRole(ec2, id);
      }),
    );
  },
  retriesDelete: ["DeleteConflict"],
};

/** `ROLE:POLICY`. */
function parseId(id: string): [role: string, policy: string] {
  const [role, ...rest] = id.split(":");
  if (role === undefined || rest.length === 0) {
    throw new ProviderError("role_policy id must be of the form <role name>:<policy name>");
  }
  return [role, rest.join(":")];
}

function put({ ec2 }: Context, role: string, policy: string, inputs: Properties): void {
  during(`putting IAM Role (${role}) Policy (${policy})`, () => {
    putRolePolicy(ec2, role, policy, requiredText(inputs, "policy"));
  });
}

export const iamRolePolicy: ResourceType = {
  token: "aws:iam/rolePolicy:RolePolicy",
  upstream: { resource: "aws_iam_role_policy", file: "internal/service/iam/role_policy.go", sdk: "sdkv2" },
  properties: {
    name: nameProperty("namePrefix", 128),
    namePrefix: nameProperty("name", 128 - uniqueSuffixLength),
    policy: document,
    role: { kind: "text", mode: "required", replaces: true },
  },
  tagged: false,
  global: true,
  autoName: "name",
  create: (context, inputs) => {
    const prefix = text(inputs, "namePrefix");
    const policy = prefix === undefined ? requiredText(inputs, "name") : uniqueName(prefix);
    const role = requiredText(inputs, "role");
    put(context, role, policy, inputs);
    return `${role}:${policy}`;
  },
  read: ({ ec2 }, id, prior) => {
    const [role, name] = parseId(id);
    const found = policyOf(ec2, role, name);
    const known = text(prior, "policy");
    if (found === undefined) return undefined;
    return { name, namePrefix: prefixOf(name), policy: sameDocument(known, found) ? known : found, role };
  },
  update: (context, id, { after }) => {
    put(context, ...parseId(id), after);
    return undefined;
  },
  delete: ({ ec2 }, id) => {
    during(`deleting IAM Role Policy (${id})`, () =>
      unless(["NoSuchEntity"], () => {
        deleteRolePolicy(ec2, ...parseId(id));
      }),
    );
  },
};
