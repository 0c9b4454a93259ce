/**
 * AWS's default quotas. Every one can be overridden: an account can ask for more, and a test wants fewer.
 *
 * Source: docs.aws.amazon.com, "Amazon VPC quotas" (vpc/latest/userguide/amazon-vpc-limits.html), "Amazon EC2
 * endpoints and quotas" (general/latest/gr/ec2-service.html), "Quotas and constraints for Amazon RDS"
 * (AmazonRDS/latest/UserGuide/CHAP_Limits.html) and Route 53's "Quotas"
 * (Route53/latest/DeveloperGuide/DNSLimitations.html).
 */
export interface Quotas {
  readonly vpcsPerRegion: number;
  readonly subnetsPerVpc: number;
  readonly ipv6BlocksPerVpc: number;
  readonly internetGatewaysPerRegion: number;
  readonly egressOnlyGatewaysPerRegion: number;
  readonly natGatewaysPerZone: number;
  readonly elasticIpsPerRegion: number;
  readonly routeTablesPerVpc: number;
  /** Routes that someone made; the local route does not count. */
  readonly routesPerTable: number;
  readonly securityGroupsPerRegion: number;
  /** Per direction, and for IPv4 and IPv6 apart. */
  readonly rulesPerSecurityGroup: number;
  readonly securityGroupsPerInterface: number;
  readonly networkAclsPerVpc: number;
  /** Per direction and for both families together, with those that deny everything. */
  readonly rulesPerNetworkAcl: number;
  readonly activePeeringsPerVpc: number;
  /**
   * Requests from the account that nobody has accepted. The page of quotas counts those of the account in a region, and
   * the API's own list of errors those of a VPC: this is the narrower of the two.
   */
  readonly outstandingPeeringsPerRegion: number;
  readonly gatewayEndpointsPerRegion: number;
  readonly flowLogsPerResource: number;
  readonly dbSubnetGroupsPerRegion: number;
  readonly subnetsPerDbSubnetGroup: number;
  readonly hostedZonesPerAccount: number;
  readonly vpcsPerHostedZone: number;
  readonly recordsPerHostedZone: number;
  readonly resolverEndpointsPerRegion: number;
  readonly addressesPerResolverEndpoint: number;
  readonly resolverRulesPerRegion: number;
  readonly targetsPerResolverRule: number;
}

export const defaultQuotas: Quotas = {
  vpcsPerRegion: 5,
  subnetsPerVpc: 200,
  ipv6BlocksPerVpc: 5,
  internetGatewaysPerRegion: 5,
  egressOnlyGatewaysPerRegion: 5,
  natGatewaysPerZone: 5,
  elasticIpsPerRegion: 5,
  routeTablesPerVpc: 200,
  routesPerTable: 500,
  securityGroupsPerRegion: 2500,
  rulesPerSecurityGroup: 60,
  securityGroupsPerInterface: 5,
  networkAclsPerVpc: 200,
  rulesPerNetworkAcl: 20,
  activePeeringsPerVpc: 50,
  outstandingPeeringsPerRegion: 25,
  gatewayEndpointsPerRegion: 20,
  flowLogsPerResource: 10,
  dbSubnetGroupsPerRegion: 50,
  subnetsPerDbSubnetGroup: 20,
  hostedZonesPerAccount: 500,
  vpcsPerHostedZone: 300,
  recordsPerHostedZone: 10_000,
  resolverEndpointsPerRegion: 4,
  addressesPerResolverEndpoint: 6,
  resolverRulesPerRegion: 1000,
  targetsPerResolverRule: 6,
};

/**
 * Reads overrides such as `{"vpcsPerRegion": 20}`.
 *
 * @throws if a name is unknown or a value is not a whole number of at least 0.
 */
export function parseQuotas(json: string): Quotas {
  const overrides: unknown = JSON.parse(json);
  if (typeof overrides !== "object" || overrides === null || Array.isArray(overrides)) {
    throw new Error("quotas are a JSON object of numbers");
  }
  for (const [name, value] of Object.entries(overrides)) {
    if (!Object.hasOwn(defaultQuotas, name)) {
      throw new Error(`unknown quota ${name}; known are ${Object.keys(defaultQuotas).join(", ")}`);
    }
    if (!Number.isInteger(value) || Number(value) < 0) {
      throw new Error(`quota ${name} must be a whole number of at least 0`);
    }
  }
  return { ...defaultQuotas, ...overrides };
}
