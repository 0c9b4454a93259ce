/** Wrong edits to a network, one for each rule of AWS that a stack's file can break. */
import type { RuleId } from "../../../components/config/sources.ts";
import { type Change } from "./subject.ts";

interface Breach {
  readonly rule: RuleId;
  readonly changes: readonly Change[];
  readonly path: string;
}

export const list = <Item>(length: number, make: (index: number) => Item): Item[] =>
  Array.from({ length }, (_, index) => make(index));

/** A further region that nothing else is in. */
export const lonely = (awsRegion: string, options: object = {}): object => ({
  awsRegion,
  availabilityZones: [`${awsRegion}a`],
  tiers: ["public", "private"],
  ami: "ami-0123456789abcdef0",
  ...options,
});

/** Five more VPCs in us-west-2, each by a free slot. */
export const crowd: readonly Change[] = list(5, (index) => [
  `regions crowd-${index}`,
  lonely("us-west-2", { slot: 2 + index }),
]);

const internal = (...records: readonly object[]): Change => [
  "dns private",
  { zones: { "blackroad.internal": { homeRegion: "us-west", records } } },
];

/** The zone's path. */
const zoneAt = 'dns.private.zones["blackroad.internal"]';

const forwarded = (more: object = {}): Change => [
  "dns private",
  {
    forwardingRules: { consul: { targets: ["10.0.10.11"] } },
    outboundEndpoints: { "us-west": ["10.0.10.4", "10.0.11.4"] },
    ...more,
  },
];

const spoke = (index: number): string => `spoke-${index}`;

export const breaches: readonly Breach[] = [
  {
    rule: "aws/vpc-docker-range",
    changes: [["regions docker", lonely("sa-east-1", { vpcCidr: "172.17.0.0/20" })]],
    path: "regions.docker.vpcCidr",
  },
  {
    rule: "aws/subnet-size",
    changes: [["regions us-west subnets database 0", "10.0.20.0/29"]],
    path: "regions.us-west.subnets.database[0]",
  },
  {
    rule: "aws/zone-of-region",
    changes: [["regions eu-west availabilityZones 1", "eu-west-2b"]],
    path: "regions.eu-west.availabilityZones[1]",
  },
  {
    rule: "aws/zone-of-region",
    changes: [["regions eu-west availabilityZones 1", "usw2-az2"]],
    path: "regions.eu-west.availabilityZones[1]",
  },
  {
    rule: "aws/role-arn",
    changes: [["account role", "arn:aws:iam::444455556666:user/network"]],
    path: "account.role",
  },
  {
    rule: "aws/role-partition",
    changes: [["account role", "arn:aws-us-gov:iam::444455556666:role/network"]],
    path: "regions.eu-west.awsRegion",
  },
  { rule: "aws/external-id", changes: [["account externalId", "a b"]], path: "account.externalId" },
  {
    rule: "aws/session-manager-endpoints",
    changes: [["securityGroups updates egress 1 port", "440-442"]],
    path: "hosts.eu-west.api-1.securityGroups",
  },
  {
    rule: "aws/peering-apart",
    changes: [["regions us-west vpcCidr", "10.1.0.0/16"]],
    path: "regions.us-west.vpcCidr",
  },
  {
    rule: "aws/peering-not-transitive",
    changes: [["regions eu-west nat", "none"]],
    path: "hosts.eu-west.api-1.address",
  },
  { rule: "aws/path-mtu", changes: [["wireguard mtu", 8500]], path: "wireguard.mtu" },
  {
    rule: "aws/log-retention",
    changes: [["regions us-west flowLogs", { retentionDays: 31 }]],
    path: "regions.us-west.flowLogs.retentionDays",
  },
  {
    rule: "aws/database-zones",
    changes: [["regions small", lonely("sa-east-1", { tiers: ["database"] })]],
    path: "regions.small.subnets.database[0]",
  },
  { rule: "aws/quota-vpcs", changes: crowd, path: "regions.us-west.awsRegion" },
  { rule: "aws/quota-internet-gateways", changes: crowd, path: "regions.us-west.awsRegion" },
  {
    rule: "aws/quota-egress-only-gateways",
    changes: [
      ["quotas", { egressOnlyGatewaysPerRegion: 1 }],
      ["regions us-west ipv6", "networks"],
      ["regions small", lonely("us-west-2", { slot: 2, tiers: ["private"], ipv6: "networks" })],
    ],
    path: "regions.us-west.ipv6",
  },
  {
    rule: "aws/quota-elastic-ips",
    changes: [["quotas", { elasticIpsPerRegion: 3 }]],
    path: "hosts.us-west.lb-2.elasticIp",
  },
  {
    rule: "aws/quota-nat-gateways",
    changes: [
      ["quotas", { natGatewaysPerZone: 1 }],
      ["regions crowd", lonely("us-west-2", { slot: 2, nat: "single" })],
    ],
    path: "regions.us-west.nat",
  },
  { rule: "aws/quota-subnets", changes: [["quotas", { subnetsPerVpc: 5 }]], path: "regions.us-west.subnets" },
  {
    rule: "aws/quota-routes",
    changes: [
      ["quotas", { routesPerTable: 60 }],
      ["wireguard peers edge-home/blackroad-pi routes", list(60, (index) => `172.20.${index}.0/24`)],
    ],
    path: "regions.us-west",
  },
  {
    rule: "aws/quota-peerings",
    changes: [
      ...list(51, (index): Change => [
        `regions ${spoke(index)}`,
        lonely("us-east-1", { vpcCidr: `172.${18 + Math.floor(index / 10)}.${(index % 10) * 16}.0/20` }),
      ]),
      ["peerings", list(51, (index) => ["us-west", spoke(index)])],
    ],
    path: "regions.us-west",
  },
  {
    rule: "aws/vpc-size",
    changes: [["regions us-west vpcCidr", "10.0.0.0/15"]],
    path: "regions.us-west.vpcCidr",
  },
  {
    rule: "aws/canonical-network",
    changes: [["regions us-west subnets public 1", "10.0.2.1/24"]],
    path: "regions.us-west.subnets.public[1]",
  },
  {
    rule: "aws/subnet-in-vpc",
    changes: [["regions eu-west subnets private 1", "10.9.11.0/24"]],
    path: "regions.eu-west.subnets.private[1]",
  },
  {
    rule: "aws/subnets-apart",
    changes: [["regions us-west subnets database 0", "10.0.11.128/25"]],
    path: "regions.us-west.subnets.database[0]",
  },
  {
    rule: "aws/reserved-addresses",
    changes: [["hosts us-west api-1 address", "10.0.10.3"]],
    path: "hosts.us-west.api-1.address",
  },
  {
    rule: "aws/groups-within-region",
    changes: [["securityGroups hub regions", ["us-west"]]],
    path: "securityGroups.ssh-from-hub.ingress[0].source",
  },
  {
    rule: "aws/nat-in-public-subnet",
    changes: [
      ["regions eu-west tiers", []],
      ["regions eu-west nat", "perZone"],
      ["regions eu-west subnets public", ["10.1.1.0/24"]],
    ],
    path: "regions.eu-west.nat",
  },
  {
    rule: "aws/quota-group-rules",
    changes: [
      [
        "securityGroups public ingress",
        list(61, (index) => ({ port: 1000 + index, protocol: "tcp", source: "0.0.0.0/0" })),
      ],
    ],
    path: "securityGroups.public.ingress",
  },
  {
    rule: "aws/quota-acl-rules",
    changes: [
      [
        "securityGroups public ingress",
        list(20, (index) => ({ port: 100 + index, protocol: "tcp", source: "0.0.0.0/0" })),
      ],
    ],
    path: "regions.eu-west.subnets.public",
  },
  {
    rule: "aws/quota-groups-per-interface",
    changes: [
      [
        "hosts us-west api-1 securityGroups",
        ["internal", "ssh-from-hub", "updates", "monitoring", "public", "database"],
      ],
    ],
    path: "hosts.us-west.api-1.securityGroups",
  },
  {
    rule: "aws/quota-zone-vpcs",
    changes: [internal(), ["quotas", { vpcsPerHostedZone: 1 }]],
    path: zoneAt,
  },
  {
    rule: "aws/record-set-ttl",
    changes: [
      internal(
        { name: "redis", type: "A", content: "10.0.10.50", ttl: 60 },
        { name: "redis", type: "A", content: "10.0.10.51" },
      ),
    ],
    path: `${zoneAt}.records[1].ttl`,
  },
  {
    rule: "aws/cname-alone",
    changes: [
      internal(
        { name: "redis", type: "A", content: "10.0.10.50" },
        { name: "redis", type: "CNAME", content: "redis.consul" },
      ),
    ],
    path: `${zoneAt}.records[1]`,
  },
  {
    rule: "aws/cname-alone",
    changes: [internal({ name: "@", type: "CNAME", content: "redis.consul" })],
    path: `${zoneAt}.records[0]`,
  },
  {
    rule: "aws/forwarding-first",
    changes: [
      forwarded({
        zones: { "blackroad.internal": { homeRegion: "us-west" } },
        forwardingRules: { "blackroad.internal": { targets: ["10.0.10.11"] } },
      }),
    ],
    path: 'dns.private.forwardingRules["blackroad.internal"]',
  },
  {
    rule: "aws/forwarding-first",
    changes: [
      forwarded({
        zones: {
          "blackroad.internal": {
            homeRegion: "us-west",
            records: [{ name: "a.mesh", type: "A", content: "10.0.10.50" }],
          },
        },
        forwardingRules: { "mesh.blackroad.internal": { targets: ["10.0.10.11"] } },
      }),
    ],
    path: 'dns.private.forwardingRules["mesh.blackroad.internal"]',
  },
  {
    rule: "aws/endpoint-addresses",
    changes: [forwarded({ outboundEndpoints: { "us-west": ["10.0.10.4"] } })],
    path: "dns.private.outboundEndpoints.us-west",
  },
  {
    rule: "aws/reserved-addresses",
    changes: [forwarded({ outboundEndpoints: { "us-west": ["10.0.10.3", "10.0.11.4"] } })],
    path: "dns.private.outboundEndpoints.us-west[0]",
  },
  {
    rule: "aws/quota-endpoint-addresses",
    changes: [
      forwarded({
        outboundEndpoints: {
          "us-west": [...list(6, (index) => `10.0.10.${20 + index}`), "10.0.11.4"],
        },
      }),
    ],
    path: "dns.private.outboundEndpoints.us-west",
  },
  {
    rule: "aws/quota-resolver-endpoints",
    changes: [
      ["quotas", { resolverEndpointsPerRegion: 1 }],
      ["regions crowd", lonely("us-west-2", { slot: 2, availabilityZones: ["us-west-2a", "us-west-2b"] })],
      forwarded({
        forwardingRules: { consul: { targets: ["203.0.113.9"] } },
        outboundEndpoints: { crowd: ["10.2.10.4", "10.2.11.4"], "us-west": ["10.0.10.4", "10.0.11.4"] },
      }),
    ],
    path: "dns.private.outboundEndpoints.us-west",
  },
  {
    rule: "aws/quota-rule-targets",
    changes: [
      forwarded({ forwardingRules: { consul: { targets: list(7, (index) => `10.0.10.${20 + index}`) } } }),
    ],
    path: "dns.private.forwardingRules.consul.targets",
  },
];
