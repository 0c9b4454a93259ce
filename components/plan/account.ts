/** How the program works in a stack's AWS account. */
import type { AccountConfig } from "../config/account.ts";
import type { AccountPlan } from "./model.ts";

/** The longest name that STS takes for a session. */
const sessionNameLength = 64;

export function planAccount(account: AccountConfig | undefined, stack: string): AccountPlan | undefined {
  if (account === undefined) return undefined;
  return {
    id: account.id,
    role: account.role,
    externalId: account.externalId,
    session: `blackroad-network-${stack}`.slice(0, sessionNameLength),
  };
}

/** What the AWS provider is told of it, for the stack's own provider and for whoever else asks AWS about the stack. */
export interface AccountArgs {
  readonly allowedAccountIds?: string[];
  readonly assumeRoles?: { roleArn: string; sessionName: string; externalId?: string }[];
}

export function accountArgs(account: AccountPlan | undefined): AccountArgs {
  if (account === undefined) return {};
  const { id, role, externalId, session } = account;
  if (role === undefined) return { allowedAccountIds: [id] };
  const assumed = {
    roleArn: role,
    sessionName: session,
    ...(externalId === undefined ? {} : { externalId }),
  };
  return { allowedAccountIds: [id], assumeRoles: [assumed] };
}
