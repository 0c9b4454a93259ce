/** What a region has for AWS's own services: gateway endpoints, and the subnets that RDS may use. */
import type { RegionConfig } from "../config/schema.ts";
import { byKey } from "./keys.ts";
import type { DatabaseSubnetGroupPlan, GatewayEndpointPlan, SubnetPlan } from "./model.ts";

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
