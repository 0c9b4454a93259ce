/** The account's role is of the account, and of the partition in which the stack's regions are. */
import { parseRoleArn } from "../account.ts";
import { partitionOf } from "../partition.ts";
import { broken, entries, type Finding, type LooseConfig } from "./rule.ts";

export function* accountHasRole({ account }: LooseConfig): Iterable<Finding> {
  const role = account?.role === undefined ? undefined : parseRoleArn(account.role);
  if (role !== undefined && account?.id !== undefined && role.account !== account.id) {
    const message = `is a role of the account ${role.account}, and account.id is ${account.id}: one of the two is wrong.`;
    yield { path: ["account", "role"], message };
  }
  if (account?.externalId !== undefined && !("role" in account)) {
    const message = "is for a role that is assumed, and there is no account.role: add it, or remove this.";
    yield { path: ["account", "externalId"], message };
  }
}

/** What is in one partition reaches nothing in another. */
export function* accountIsInPartition({ account, regions }: LooseConfig): Iterable<Finding> {
  const role = account?.role === undefined ? undefined : parseRoleArn(account.role);
  if (role === undefined) return;
  for (const [key, { awsRegion }] of entries(regions)) {
    const partition = awsRegion === undefined ? role.partition : partitionOf(awsRegion).name;
    if (partition === role.partition) continue;
    const message = `is in the partition ${partition}, and account.role in ${role.partition}, from which nothing there can be reached: use another region, or a stack of its own.`;
    yield broken("aws/role-partition", ["regions", key, "awsRegion"], message);
  }
}
