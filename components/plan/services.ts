/** What a region has for AWS's own services: gateway endpoints, the subnets that RDS may use, flow logs, Systems Manager. */
import type { RegionConfig } from "../config/schema.ts";
import { byKey, cutName } from "./keys.ts";
import type {
  DatabaseSubnetGroupPlan,
  FlowLogPlan,
  GatewayEndpointPlan,
  SessionManagerPlan,
  SubnetPlan,
} from "./model.ts";
import { partitionOf } from "../config/partition.ts";

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

/** The longest name that IAM takes for a role; for an instance profile it takes a longer one. */
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

/** What lets Systems Manager's agent on a region's instances report to AWS. */
export function planSessionManager(
  key: string,
  stack: string,
  { awsRegion, sessionManager }: RegionConfig,
): SessionManagerPlan | undefined {
  if (!sessionManager) return undefined;
  const { name, domain } = partitionOf(awsRegion);
  return {
    key: `${key}/session-manager`,
    name: cutName(`${stack}-${key}-session-manager`, roleNameLength),
    trusted: `ec2.${domain}`,
    policy: `arn:${name}:iam::aws:policy/AmazonSSMManagedInstanceCore`,
  };
}

/** Where AWS keeps the agent's packages (systems-manager/latest/userguide/agent-install-deb.html): in S3, region by region. */
export function ssmAgentOf({ awsRegion, sessionManager }: RegionConfig): string | undefined {
  if (!sessionManager) return undefined;
  return `https://s3.${awsRegion}.${partitionOf(awsRegion).domain}/amazon-ssm-${awsRegion}/latest`;
}
