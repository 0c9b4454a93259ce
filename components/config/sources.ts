/**
 * The platforms' rules that a configuration can break, by our id, with the page on which the platform states each.
 * A finding names the id, and a refusal prints both.
 */
const aws = "https://docs.aws.amazon.com";
const cloudflare = "https://developers.cloudflare.com";
/** What resolvers, mail servers and certificate authorities keep to. */
const rfc = "https://www.rfc-editor.org/rfc";

export const sources = {
  "aws/vpc-size": `${aws}/vpc/latest/userguide/vpc-cidr-blocks.html`,
  "aws/vpc-docker-range": `${aws}/vpc/latest/userguide/vpc-cidr-blocks.html`,
  "aws/canonical-network": `${aws}/AWSEC2/latest/APIReference/API_CreateSubnet.html`,
  "aws/subnet-size": `${aws}/vpc/latest/userguide/subnet-sizing.html`,
  "aws/subnet-in-vpc": `${aws}/vpc/latest/userguide/subnet-sizing.html`,
  "aws/subnets-apart": `${aws}/vpc/latest/userguide/subnet-sizing.html`,
  "aws/reserved-addresses": `${aws}/vpc/latest/userguide/subnet-sizing.html`,
  "aws/groups-within-region": `${aws}/vpc/latest/peering/vpc-peering-security-groups.html`,
  "aws/zone-of-region": `${aws}/AWSEC2/latest/UserGuide/using-regions-availability-zones.html`,
  "aws/peering-apart": `${aws}/AWSEC2/latest/APIReference/API_CreateVpcPeeringConnection.html`,
  "aws/peering-not-transitive": `${aws}/vpc/latest/peering/vpc-peering-basics.html`,
  "aws/path-mtu": `${aws}/AWSEC2/latest/UserGuide/network_mtu.html`,
  "aws/nat-in-public-subnet": `${aws}/vpc/latest/userguide/nat-gateway-basics.html`,
  "aws/database-zones": `${aws}/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html`,
  "aws/log-retention": `${aws}/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html`,
  "aws/role-arn": `${aws}/IAM/latest/UserGuide/reference_identifiers.html`,
  "aws/role-partition": `${aws}/IAM/latest/UserGuide/reference-arns.html`,
  "aws/external-id": `${aws}/STS/latest/APIReference/API_AssumeRole.html`,
  "aws/session-manager-endpoints": `${aws}/systems-manager/latest/userguide/session-manager-prerequisites.html`,
  "aws/quota-vpcs": `${aws}/vpc/latest/userguide/amazon-vpc-limits.html`,
  "aws/quota-internet-gateways": `${aws}/vpc/latest/userguide/amazon-vpc-limits.html`,
  "aws/quota-egress-only-gateways": `${aws}/vpc/latest/userguide/amazon-vpc-limits.html`,
  "aws/quota-elastic-ips": `${aws}/vpc/latest/userguide/amazon-vpc-limits.html`,
  "aws/quota-nat-gateways": `${aws}/vpc/latest/userguide/amazon-vpc-limits.html`,
  "aws/quota-subnets": `${aws}/vpc/latest/userguide/amazon-vpc-limits.html`,
  "aws/quota-routes": `${aws}/vpc/latest/userguide/amazon-vpc-limits.html`,
  "aws/quota-peerings": `${aws}/vpc/latest/userguide/amazon-vpc-limits.html`,
  "aws/quota-group-rules": `${aws}/vpc/latest/userguide/amazon-vpc-limits.html`,
  "aws/quota-acl-rules": `${aws}/vpc/latest/userguide/amazon-vpc-limits.html`,
  "aws/quota-groups-per-interface": `${aws}/vpc/latest/userguide/amazon-vpc-limits.html`,
  "aws/quota-zone-vpcs": `${aws}/Route53/latest/DeveloperGuide/DNSLimitations.html`,
  "aws/quota-resolver-endpoints": `${aws}/Route53/latest/DeveloperGuide/DNSLimitations.html`,
  "aws/quota-endpoint-addresses": `${aws}/Route53/latest/DeveloperGuide/DNSLimitations.html`,
  "aws/quota-rule-targets": `${aws}/Route53/latest/DeveloperGuide/DNSLimitations.html`,
  "aws/record-set-ttl": `${aws}/Route53/latest/APIReference/API_ResourceRecordSet.html`,
  "aws/cname-alone": `${aws}/Route53/latest/DeveloperGuide/ResourceRecordTypes.html`,
  "aws/endpoint-addresses": `${aws}/Route53/latest/APIReference/API_route53resolver_CreateResolverEndpoint.html`,
  "aws/forwarding-first": `${aws}/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html`,
  "cloudflare/proxied-types": `${cloudflare}/dns/proxy-status/limitations`,
  "cloudflare/proxied-names": `${cloudflare}/dns/manage-dns-records/reference/proxied-dns-records`,
  "cloudflare/proxied-ttl": `${cloudflare}/dns/manage-dns-records/reference/ttl`,
  "cloudflare/ttl-range": `${cloudflare}/dns/manage-dns-records/reference/ttl`,
  "cloudflare/proxied-ports": `${cloudflare}/fundamentals/reference/network-ports`,
  "cloudflare/private-origins": `${cloudflare}/dns/manage-dns-records/how-to/private-network-routing`,
  "cloudflare/origin-elsewhere": `${cloudflare}/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/error-1000`,
  "cloudflare/cname-alone": `${cloudflare}/dns/manage-dns-records/troubleshooting/records-with-same-name`,
  "cloudflare/full-names": `${cloudflare}/dns/manage-dns-records/reference/dns-record-types`,
  "cloudflare/ns-at-apex": `${cloudflare}/dns/manage-dns-records/how-to/subdomains-outside-cloudflare`,
  "cloudflare/ns-alone": `${cloudflare}/dns/manage-dns-records/troubleshooting/records-with-same-name`,
  "dns/mx-target": `${rfc}/rfc2181#section-10.3`,
  "dns/srv-target": `${rfc}/rfc2782#page-3`,
  "dns/srv-name": `${rfc}/rfc2782#page-2`,
  "dns/caa-value": `${rfc}/rfc8659#section-4`,
  "dns/spf-form": `${rfc}/rfc7208#section-4.5`,
  "dns/dmarc-form": `${rfc}/rfc7489#section-6.3`,
  "cloudflare/mode-redirects": `${cloudflare}/ssl/troubleshooting/too-many-redirects`,
  "cloudflare/origin-pulls-mode": `${cloudflare}/ssl/origin-configuration/authenticated-origin-pull/set-up/global`,
  "cloudflare/origin-pulls-sources": `${cloudflare}/fundamentals/security/protect-your-origin-server`,
  "cloudflare/ingress-catch-all": `${cloudflare}/cloudflare-one/connections/connect-networks/do-more-with-tunnels/local-management/configuration-file`,
  "cloudflare/ingress-services": `${cloudflare}/cloudflare-one/connections/connect-networks/routing-to-tunnel/protocols`,
  "cloudflare/tunnel-account": `${cloudflare}/cloudflare-one/connections/connect-networks/routing-to-tunnel/dns`,
  "cloudflare/tunnel-egress": `${cloudflare}/cloudflare-one/connections/connect-networks/configure-tunnels/tunnel-with-firewall`,
  "cloudflare/load-balancer-quota": `${cloudflare}/load-balancing/reference/limitations`,
  "cloudflare/pool-quota": `${cloudflare}/load-balancing/reference/limitations`,
  "cloudflare/endpoint-quota": `${cloudflare}/load-balancing/reference/limitations`,
  "cloudflare/monitor-interval": `${cloudflare}/load-balancing/reference/limitations`,
  "cloudflare/fallback-pool": `${cloudflare}/load-balancing/understand-basics/health-details`,
  "cloudflare/steering-policy": `${cloudflare}/load-balancing/understand-basics/traffic-steering/steering-policies`,
  "cloudflare/load-balancer-ttl": `${cloudflare}/load-balancing/understand-basics/proxy-modes`,
  "cloudflare/affinity-seconds": `${cloudflare}/load-balancing/understand-basics/session-affinity`,
  "cloudflare/affinity-proxied": `${cloudflare}/load-balancing/understand-basics/session-affinity`,
  "cloudflare/load-balancer-overrides": `${cloudflare}/load-balancing/load-balancers/dns-records`,
  "cloudflare/access-proxied": `${cloudflare}/cloudflare-one/applications/configure-apps/self-hosted-public-app`,
} as const;

/** `platform/rule`; once published it keeps its meaning. */
export type RuleId = keyof typeof sources;

export function isRuleId(id: unknown): id is RuleId {
  return typeof id === "string" && Object.hasOwn(sources, id);
}
