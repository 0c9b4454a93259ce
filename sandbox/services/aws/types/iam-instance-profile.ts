/** aws_iam_instance_profile, from internal/service/iam/instance_profile.go. */
import { fromTagList } from "../ec2/account.ts";
import { during, unless } from "../errors.ts";
import {
  addRole,
  createInstanceProfile,
  deleteInstanceProfile,
  removeRole,
  tagInstanceProfile,
} from "../iam/instance-profiles.ts";
import { requiredText, text, type Properties } from "../json.ts";
import type { Change, Context, ResourceType } from "../table.ts";
import { nameProperty } from "./iam-role.ts";
import { prefixOf, uniqueName, uniqueSuffixLength } from "./names.ts";

function put({ ec2 }: Context, profile: string, role: string): void {
  during(`adding IAM Role (${role}) to IAM Instance Profile (${profile})`, () => {
    addRole(ec2, profile, role);
  });
}

function take({ ec2 }: Context, profile: string, role: string): void {
  during(`removing IAM Role (${role}) from IAM Instance Profile (${profile})`, () =>
    unless(["NoSuchEntity"], () => {
      removeRole(ec2, profile, role);
    }),
  );
}

function create(context: Context, inputs: Properties): string {
  const { ec2, tags } = context;
  const prefix = text(inputs, "namePrefix");
  const name = prefix === undefined ? requiredText(inputs, "name") : uniqueName(prefix);
  during(`creating IAM Instance Profile (${name})`, () => {
    createInstanceProfile(ec2, name, text(inputs, "path") ?? "/", tags);
  });
  const role = text(inputs, "role") ?? "";
  if (role !== "") put(context, name, role);
  return name;
}

function read({ ec2 }: Context, id: string): Properties | undefined {
  const profile = ec2.get("iam-instance-profiles", id);
  return (
    profile && {
      arn: profile.Arn,
      createDate: profile.CreateDate,
      name: profile.InstanceProfileName,
      namePrefix: prefixOf(profile.InstanceProfileName),
      path: profile.Path,
      role: profile.RoleNames[0],
      tagsAll: fromTagList(profile.Tags),
      uniqueId: profile.InstanceProfileId,
    }
  );
}

function update(context: Context, id: string, { before, after, changed }: Change): undefined {
  if (!changed.has("role")) return;
  const [old, wanted] = [text(before, "role") ?? "", text(after, "role") ?? ""];
  if (old !== "") take(context, id, old);
  if (wanted !== "") put(context, id, wanted);
}

export const iamInstanceProfile: ResourceType = {
  token: "aws:iam/instanceProfile:InstanceProfile",
  upstream: {
    resource: "aws_iam_instance_profile",
    file: "internal/service/iam/instance_profile.go",
    sdk: "sdkv2",
  },
  properties: {
    arn: { kind: "text", mode: "computed" },
    createDate: { kind: "text", mode: "computed" },
    name: nameProperty("namePrefix", 128),
    namePrefix: nameProperty("name", 128 - uniqueSuffixLength),
    path: { kind: "text", mode: "optional", replaces: true, default: "/" },
    role: { kind: "text", mode: "optional" },
    uniqueId: { kind: "text", mode: "computed" },
  },
  tagged: true,
  global: true,
  setTags: ({ ec2, tags }, id) => {
    tagInstanceProfile(ec2, id, tags);
  },
  autoName: "name",
  create,
  read,
  update,
  delete: (context, id, state) => {
    const role = text(state, "role") ?? "";
    if (role !== "") take(context, id, role);
    during(`deleting IAM Instance Profile (${id})`, () =>
      unless(["NoSuchEntity"], () => {
        deleteInstanceProfile(context.ec2, id);
      }),
    );
  },
};
