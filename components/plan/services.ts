/** What a region has for AWS's own services: gateway endpoints, the subnets that RDS may use, flow logs. */
import type { RegionConfig } from "../config/schema.ts";
import { byKey, cutName } from "./keys.ts";
import type { DatabaseSubnetGroupPlan, FlowLogPlan, GatewayEndpointPlan, SubnetPlan } from "./model.ts";

/**
 * An endpoint serves the tiers that have a way out. The database tier has none, and an endpoint would be one: to
 * every bucket of every account.
 */
export function planGatewayEndpoints(
  key: string,
  region: RegionConfig,
  subnets: readonly SubnetPlan[],
): GatewayEndpointPlan[] {
  const outward = subnets.filter(({ tier }) => tier !== "database").map(({ routeTable }) => routeTable);
  if (outward.length === 0) return [];
  return region.gatewayEndpoints
    .map((service) => ({
      key: `${key}/endpoint/${service}`,
      service: `com.amazonaws.${region.awsRegion}.${service}`,
      routeTables: [...new Set(outward)].sort(),
    }))
    .sort(byKey);
}

/** @param stack sets apart what several stacks have in one account; RDS takes lower case only */
export function planDatabaseSubnetGroup(
  key: string,
  stack: string,
  subnets: readonly SubnetPlan[],
): DatabaseSubnetGroupPlan | undefined {
  const own = subnets.filter(({ tier }) => tier === "database").map((subnet) => subnet.key);
  if (own.length === 0) return undefined;
  return { key: `${key}/database`, name: `${stack.toLowerCase()}-${key}-database`, subnets: own };
}

/** The longest name that IAM takes for a role. */
const roleNameLength = 64;

const trafficTypes = { accepted: "ACCEPT", rejected: "REJECT", all: "ALL" } as const;

export function planFlowLog(key: string, stack: string, { flowLogs }: RegionConfig): FlowLogPlan | undefined {
  if (flowLogs === undefined) return undefined;
  return {
    key: `${key}/flow-logs`,
    logGroup: `/blackroad/${stack}/${key}/flow-logs`,
    role: cutName(`${stack}-${key}-flow-logs`, roleNameLength),
    traffic: trafficTypes[flowLogs.traffic],
    retentionDays: flowLogs.retentionDays,
  };
}
