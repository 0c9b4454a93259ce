import * as aws from "@pulumi/aws";

import { partitionOf } from "../config/partition.ts";
import { accountArgs } from "../plan/account.ts";
import type { NetworkPlan } from "../plan/model.ts";

/**
 * The provider's own region. Nothing is made there, as every resource names its own (see `conventions.ts`); but the
 * provider wants one, and a changed one replaces the provider and with it every resource that it has made. So it
 * follows from the partition alone, in which an account lies for good, and never from which regions a stack has.
 * @param awsRegions the stack's regions, all of one partition
 */
export function homeRegion(awsRegions: readonly string[]): string | undefined {
  const [any] = awsRegions;
  return any === undefined ? undefined : partitionOf(any).home;
}

/** One process for all regions. */
export function createProvider({ account, regions }: Pick<NetworkPlan, "account" | "regions">): aws.Provider {
  const region = homeRegion(regions.map(({ awsRegion }) => awsRegion));
  return new aws.Provider("aws", { ...(region === undefined ? {} : { region }), ...accountArgs(account) });
}
