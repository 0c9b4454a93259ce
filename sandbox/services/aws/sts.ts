/** Who calls the simulated AWS: the account's user, or a role that it assumes (STS/latest/APIReference). */
import { accountId, type Ec2 } from "./ec2/account.ts";
import { ApiError, ProviderError } from "./errors.ts";
import { isObject, type Json } from "./json.ts";

/** One entry of a provider's `assumeRoles`. */
export interface RoleToAssume {
  readonly roleArn: string;
  readonly externalId?: string;
  readonly sessionName?: string;
}

/** What decides as whom the provider calls, and where it may. */
export interface Credentials {
  readonly assumeRoles?: readonly RoleToAssume[];
  readonly allowedAccountIds?: readonly string[];
  readonly forbiddenAccountIds?: readonly string[];
}

/** As `aws sts get-caller-identity` prints it. */
export interface CallerIdentity {
  readonly Account: string;
  readonly Arn: string;
  readonly UserId: string;
}

const user: CallerIdentity = {
  Account: accountId,
  Arn: `arn:aws:iam::${accountId}:user/sandbox`,
  UserId: "AIDACKCEVSQ6C2EXAMPLE",
};

/**
 * The role that AWS Organizations makes in every account that it makes: somebody must be able to begin there
 * (organizations/latest/userguide/orgs_manage_accounts_access.html). Its trust asks for no external id.
 */
const firstRole = {
  Arn: `arn:aws:iam::${accountId}:role/OrganizationAccountAccessRole`,
  RoleId: "AROA3XFRBF535EXAMPLE1",
  AssumeRolePolicyDocument: JSON.stringify({
    Statement: [{ Effect: "Allow", Principal: { AWS: accountId }, Action: "sts:AssumeRole" }],
  }),
};

/** One value or a list of them, as policies have it. */
function listOf(value: Json | undefined): Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** Whether a statement of a trust policy lets the caller in. Of conditions it knows the external id's alone. */
function letsIn(statement: Json, caller: CallerIdentity, externalId: string | undefined): boolean {
  if (!isObject(statement) || statement.Effect !== "Allow") return false;
  const principal = isObject(statement.Principal) ? listOf(statement.Principal.AWS) : [statement.Principal];
  const names = ["*", caller.Arn, caller.Account, `arn:aws:iam::${caller.Account}:root`];
  const condition = isObject(statement.Condition) ? statement.Condition : {};
  const { StringEquals: equal, ...others } = condition;
  const wanted = isObject(equal) ? listOf(equal["sts:ExternalId"]) : [];
  return (
    listOf(statement.Action).some((action) => action === "sts:AssumeRole" || action === "sts:*") &&
    principal.some((one) => typeof one === "string" && names.includes(one)) &&
    Object.keys(others).length === 0 &&
    (wanted.length === 0 || wanted.includes(externalId ?? ""))
  );
}

/** AWS tells nobody whether a role is not there or does not trust them. */
function assumeRole(ec2: Ec2, caller: CallerIdentity, wanted: RoleToAssume): CallerIdentity {
  const roles = [firstRole, ...ec2.list("iam-roles")];
  const role = roles.find(({ Arn }) => Arn === wanted.roleArn);
  const document = role === undefined ? undefined : (JSON.parse(role.AssumeRolePolicyDocument) as Json);
  const statements = isObject(document) ? listOf(document.Statement) : [];
  if (role === undefined || !statements.some((one) => letsIn(one, caller, wanted.externalId))) {
    const detail = `User: ${caller.Arn} is not authorized to perform: sts:AssumeRole on resource: ${wanted.roleArn}`;
    throw new ApiError("AssumeRole", "AccessDenied", detail, 403, "STS");
  }
  const session = wanted.sessionName ?? "aws-go-sdk";
  const name = role.Arn.slice(role.Arn.lastIndexOf("/") + 1);
  return {
    Account: accountId,
    Arn: `arn:aws:sts::${accountId}:assumed-role/${name}/${session}`,
    UserId: `${role.RoleId}:${session}`,
  };
}

/**
 * As whom the provider calls: each role is assumed as the one before it.
 * @param ec2 the region in which IAM's records are
 * @throws ProviderError where a role cannot be assumed, in the words of the upstream provider's base library
 */
export function callerIdentity(ec2: Ec2, { assumeRoles = [] }: Credentials): CallerIdentity {
  return assumeRoles.reduce((caller, wanted) => {
    try {
      return assumeRole(ec2, caller, wanted);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new ProviderError(
        `Cannot assume IAM Role\n\nIAM Role (${wanted.roleArn}) cannot be assumed.\n\nError: ${error.message}`,
        { cause: error },
      );
    }
  }, user);
}

/**
 * What the provider does when it is configured (internal/conns/config.go): it asks as whom it calls, and works in no
 * account that it was not to touch.
 * @throws ProviderError where it must not go on
 */
export function configure(ec2: Ec2, credentials: Credentials): CallerIdentity {
  const caller = callerIdentity(ec2, credentials);
  const { allowedAccountIds: allowed = [], forbiddenAccountIds: forbidden = [] } = credentials;
  if (forbidden.includes(caller.Account) || (allowed.length > 0 && !allowed.includes(caller.Account))) {
    throw new ProviderError(`AWS account ID not allowed: ${caller.Account}`);
  }
  return caller;
}
