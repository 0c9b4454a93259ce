/** Wrong edits about the operator, regions, sites, security groups and quotas. */
import { breach, list, type Breach } from "./stack-file.ts";
import { operatorKey } from "./stack.ts";

/** A further region, in which nothing is wrong. */
const far = (options: object = {}): object => ({
  awsRegion: "ap-south-1",
  availabilityZones: ["ap-south-1a", "ap-south-1b"],
  ami: "ami-0123456789abcdef0",
  ...options,
});

/** Like it, with networks that are written alone. */
const written = (subnets: object, options: object = {}): object =>
  far({ vpcCidr: "172.20.0.0/16", tiers: [], subnets, ...options });

/** A further VPC in us-west's AWS region. */
const beside = (slot: number, options: object = {}): object => ({
  ...far({ awsRegion: "us-west-2", slot, tiers: ["public", "private"], ...options }),
  availabilityZones: ["us-west-2a"],
});

const site = (network: string, gateway: string): object => ({ network, gateway, nodes: {} });

const balancer = (address: string): object => ({
  role: "load-balancer",
  address,
  instanceType: "t3.small",
  securityGroups: ["public"],
  elasticIp: true,
});

const openings = (count: number): object[] =>
  list(count, (index) => ({ port: 1000 + index, protocol: "tcp", source: "0.0.0.0/0" }));

const networkBreaches: readonly Breach[] = [
  breach("schema", { "regions far": far({ vpcCidr: "172.20.0.0/15" }) }, [
    "regions.far.vpcCidr",
    "aws/vpc-size",
  ]),
  breach("schema", { "regions us-west subnets public 1": "10.0.2.0/29" }, [
    "regions.us-west.subnets.public[1]",
    "aws/subnet-size",
  ]),
  breach("schema", { "regions us-west subnets public 1": "10.0.2.1/24" }, [
    "regions.us-west.subnets.public[1]",
    "aws/canonical-network",
  ]),
  breach("schema", { "account role": "network" }, ["account.role", "aws/role-arn"]),
  breach("schema", { "account externalId": "a" }, ["account.externalId", "aws/external-id"]),
  breach("accountHasRole", { "account id": "111122223333" }, "account.role"),
  breach(
    "accountHasRole",
    { account: { id: "444455556666", externalId: "blackroad" } },
    "account.externalId",
  ),
  breach(
    "accountIsInPartition",
    { "regions far": far({ awsRegion: "cn-north-1", availabilityZones: ["cn-north-1a", "cn-north-1b"] }) },
    ["regions.far.awsRegion", "aws/role-partition"],
  ),
  breach("operatorExists", { "operator cidrs": [] }, "operator.cidrs"),
  breach("operatorExists", { "operator authorizedKeys": [] }, "operator.authorizedKeys"),
  breach("operatorIsNarrow", { "operator cidrs 0": "0.0.0.0/0" }, "operator.cidrs[0]"),
  breach(
    "operatorKeysAreDistinct",
    { "operator authorizedKeys 1": operatorKey },
    "operator.authorizedKeys[1]",
  ),
  breach("regionsHaveSlots", { "regions far": far({ slot: 64 }) }, "regions.far.slot"),
  breach("vpcsSpareSlots", { "regions far": far({ vpcCidr: "10.8.0.0/16" }) }, "regions.far.vpcCidr"),
  breach("vpcsSpareDocker", { "regions far": far({ vpcCidr: "172.17.0.0/20" }) }, [
    "regions.far.vpcCidr",
    "aws/vpc-docker-range",
  ]),
  breach("placesDoNotOverlap", { "sites cabin": site("10.1.64.0/24", "10.1.64.1") }, "sites.cabin.network"),
  breach(
    "placesDoNotOverlap",
    {
      "regions far": far({ vpcCidr: "172.20.0.0/16" }),
      "regions farther": far({ vpcCidr: "172.20.0.0/17" }),
      "peerings 1": ["farther", "far"],
    },
    ["regions.farther.vpcCidr", "aws/peering-apart"],
  ),
  breach("placesHaveOneName", { "sites us-west": site("192.168.7.0/24", "192.168.7.1") }, "sites.us-west"),
  breach("zonesBelongToRegion", { "regions eu-west availabilityZones 1": "eu-west-2b" }, [
    "regions.eu-west.availabilityZones[1]",
    "aws/zone-of-region",
  ]),
  breach("zonesBelongToRegion", { "regions eu-west availabilityZones 1": "usw2-az2" }, [
    "regions.eu-west.availabilityZones[1]",
    "aws/zone-of-region",
  ]),
  breach("tiersHaveRoom", { "regions us-west tiers 3": "public" }, "regions.us-west.tiers[3]"),
  breach(
    "zonesHaveSlots",
    { "regions far": far({ availabilityZones: ["ap-south-1a", "ap-south-1i"] }) },
    "regions.far.availabilityZones[1]",
  ),
  breach("subnetsFit", { "regions us-west subnets public 1": "10.1.2.0/24" }, [
    "regions.us-west.subnets.public[1]",
    "aws/subnet-in-vpc",
  ]),
  breach("subnetsFit", { "regions far": written({ public: ["172.20.1.0/24", "172.20.1.128/25"] }) }, [
    "regions.far.subnets.public[1]",
    "aws/subnets-apart",
  ]),
  breach(
    "subnetsSpareSlots",
    { "regions us-west subnets public 1": "10.0.3.0/24" },
    "regions.us-west.subnets.public[1]",
  ),
  breach(
    "subnetsHaveZones",
    { "regions us-west subnets public 2": "10.0.99.0/24" },
    "regions.us-west.subnets.public[2]",
  ),
  breach("databaseTiersSpanZones", { "regions us-west tiers": ["public", "private"] }, [
    "regions.us-west.subnets.database[0]",
    "aws/database-zones",
  ]),
  breach(
    "zonesHaveIpv6Numbers",
    {
      "regions far": written(
        { public: ["172.20.1.0/24"] },
        { availabilityZones: ["ap-south-1i"], ipv6: "networks" },
      ),
    },
    "regions.far.availabilityZones[0]",
  ),
  breach(
    "zonesHaveIpv6Numbers",
    {
      "regions far": written(
        { public: ["172.20.1.0/24", "172.20.2.0/24"] },
        { availabilityZones: ["ap-south-1a", "aps1-az1"], ipv6: "networks" },
      ),
    },
    "regions.far.availabilityZones[1]",
  ),
  breach(
    "endpointsAreDistinct",
    { "regions eu-west gatewayEndpoints": ["s3", "s3"] },
    "regions.eu-west.gatewayEndpoints[1]",
  ),
  breach("retentionsExist", { "regions us-west flowLogs retentionDays": 31 }, [
    "regions.us-west.flowLogs.retentionDays",
    "aws/log-retention",
  ]),
  breach("natHasSubnets", { "regions far": far({ tiers: ["public"], nat: "single" }) }, "regions.far.nat"),
  breach("natHasSubnets", { "regions far": far({ tiers: ["private"], nat: "single" }) }, [
    "regions.far.nat",
    "aws/nat-in-public-subnet",
  ]),
  breach("natZonesExist", { "regions us-west natZone": "us-west-2c" }, "regions.us-west.natZone"),
  breach(
    "natZonesExist",
    {
      "regions far": written(
        { public: ["172.20.1.0/24"], private: ["172.20.10.0/24"] },
        { nat: "single", natZone: "ap-south-1b" },
      ),
    },
    ["regions.far.natZone", "aws/nat-in-public-subnet"],
  ),
  breach(
    "peeringsJoinRegions",
    { "peerings 0 1": "eu-wst" },
    "peerings[0][1]",
    // Without the peering eu-west has no way to the name server of consul.
    "dns.private.forwardingRules.consul.targets[0]",
  ),
  breach(
    "siteAddressesFit",
    { "sites edge-home nodes lucidia": "192.168.4.255" },
    "sites.edge-home.nodes.lucidia",
  ),
  breach(
    "operatorsStandOnSite",
    { "sites edge-home operators": ["192.168.5.0/24"] },
    "sites.edge-home.operators[0]",
  ),
];

const groupBreaches: readonly Breach[] = [
  breach("groupNamesAreFree", { "securityGroups default": {} }, "securityGroups.default"),
  breach(
    "groupRegionsExist",
    { "securityGroups public regions": ["us-west", "eu-west", "us-est"] },
    "securityGroups.public.regions[2]",
  ),
  breach(
    "portsFitProtocols",
    { "securityGroups internal egress 0 port": 443 },
    "securityGroups.internal.egress[0].port",
  ),
  breach(
    "groupReferencesExist",
    { "securityGroups database ingress 0 source": "sg-internl" },
    "securityGroups.database.ingress[0].source",
  ),
  breach(
    "groupReferencesExist",
    {
      "securityGroups western": { regions: ["us-west"] },
      "securityGroups database ingress 0 source": "sg-western",
    },
    ["securityGroups.database.ingress[0].source", "aws/groups-within-region"],
  ),
  breach(
    "rulesAreDistinct",
    { "securityGroups public ingress 2": { port: 443, protocol: "tcp", source: "0.0.0.0/0" } },
    "securityGroups.public.ingress[2]",
  ),
  breach(
    "groupReferencesExist",
    { "securityGroups internal ingress 0 source": "vpc-us-est" },
    "securityGroups.internal.ingress[0].source",
  ),
  breach(
    "rulesAreDistinct",
    { "securityGroups public ingress 2": { port: 443, protocol: "tcp", source: "anywhere" } },
    "securityGroups.public.ingress[2]",
  ),
  breach(
    "ipv6RulesHaveRegions",
    { "securityGroups public ingress 2": { port: 443, protocol: "tcp", source: "::/0" } },
    "securityGroups.public.ingress[2].source",
  ),
  breach(
    "schema",
    {
      "regions us-west ipv6": "networks",
      "securityGroups public ingress 2": { port: 443, protocol: "tcp", source: "2001:DB8::/32" },
    },
    ["securityGroups.public.ingress[2].source", "aws/canonical-network"],
  ),
  breach("groupsAreWithinQuota", { "securityGroups public ingress": openings(61) }, [
    "securityGroups.public.ingress",
    "aws/quota-group-rules",
  ]),
  breach(
    "plan",
    { "securityGroups public ingress": openings(20) },
    ["regions.eu-west.subnets.public", "aws/quota-acl-rules"],
    ["regions.us-west.subnets.public", "aws/quota-acl-rules"],
  ),
];

const quotaBreaches: readonly Breach[] = [
  breach("groupQuotasExist", { quotas: { securityGroupsPerInterface: 17 } }, [
    "quotas.securityGroupsPerInterface",
    "aws/quota-groups-per-interface",
  ]),
  breach("peeringQuotaExists", { quotas: { activePeeringsPerVpc: 126 } }, [
    "quotas.activePeeringsPerVpc",
    "aws/quota-peerings",
  ]),
  breach(
    "vpcsAreWithinQuota",
    Object.fromEntries(list(5, (index) => [`regions zone-${index}`, beside(2 + index)])),
    ["regions.zone-4.awsRegion", "aws/quota-vpcs"],
    ["regions.zone-4.awsRegion", "aws/quota-internet-gateways"],
  ),
  breach(
    "egressOnlyGatewaysAreWithinQuota",
    {
      quotas: { egressOnlyGatewaysPerRegion: 1 },
      "regions us-west ipv6": "networks",
      "regions west-2": beside(2, { ipv6: "networks" }),
    },
    ["regions.west-2.ipv6", "aws/quota-egress-only-gateways"],
  ),
  breach(
    "elasticIpsAreWithinQuota",
    { "hosts us-west lb-3": balancer("10.0.2.30"), "hosts us-west lb-4": balancer("10.0.2.40") },
    ["hosts.us-west.lb-4.elasticIp", "aws/quota-elastic-ips"],
  ),
  breach(
    "natGatewaysAreWithinQuota",
    { quotas: { natGatewaysPerZone: 1 }, "regions west-2": beside(2, { nat: "single" }) },
    ["regions.west-2.nat", "aws/quota-nat-gateways"],
  ),
  breach(
    "vpcPartsAreWithinQuota",
    { quotas: { subnetsPerVpc: 5 } },
    ["regions.eu-west.subnets", "aws/quota-subnets"],
    ["regions.us-west.subnets", "aws/quota-subnets"],
  ),
  breach(
    "vpcPartsAreWithinQuota",
    { quotas: { activePeeringsPerVpc: 1 }, "regions far": far(), "peerings 1": ["us-west", "far"] },
    ["regions.us-west", "aws/quota-peerings"],
  ),
  breach(
    "vpcPartsAreWithinQuota",
    {
      "wireguard peers edge-home/blackroad-pi routes": list(
        500,
        (index) => `172.${20 + Math.floor(index / 250)}.${index % 250}.0/24`,
      ),
    },
    ["regions.eu-west", "aws/quota-routes"],
    ["regions.us-west", "aws/quota-routes"],
  ),
];

export const placeBreaches: readonly Breach[] = [...networkBreaches, ...groupBreaches, ...quotaBreaches];
