/** Wrong edits about names inside the network: private zones, forwarding and its endpoints. */
import { breach, list, type Breach, type Edits } from "./stack-file.ts";

const zone = "dns private zones blackroad.internal";
const zoneAt = 'dns.private.zones["blackroad.internal"]';
const at = (index: number, option: string): string =>
  `${zoneAt}.records[${index}]${option === "" ? "" : `.${option}`}`;

/** One record more than the file has. */
const more = (record: object): Edits => ({ [`${zone} records 6`]: record });
const there = (option: string): string => at(6, option);

const zoneBreaches: readonly Breach[] = [
  breach("privateZonesHaveVpcs", { [`${zone} homeRegion`]: "us-est" }, `${zoneAt}.homeRegion`),
  breach("privateZonesHaveVpcs", { quotas: { vpcsPerHostedZone: 1 } }, [zoneAt, "aws/quota-zone-vpcs"]),
  breach("privateRecordsHaveContent", more({ name: "grafana", type: "A" }), there("content")),
  breach("privateRecordsHaveContent", { [`${zone} records 3 host`]: "edge-home/lucida" }, at(3, "host")),
  breach("privateContentsFitTypes", { [`${zone} records 0 content`]: "redis.consul" }, at(0, "content")),
  breach(
    "privateNamesAreBelowZone",
    { [`${zone} records 0 name`]: "redis.blackroad.internal" },
    at(0, "name"),
  ),
  breach("recordSetsFit", more({ name: "redis", type: "A", content: "10.0.10.50" }), there("")),
  breach(
    "recordSetsFit",
    {
      [`${zone} records 0 ttl`]: 300,
      ...more({ name: "redis", type: "A", content: "10.0.10.51", ttl: 60 }),
    },
    [there("ttl"), "aws/record-set-ttl"],
  ),
  breach("recordSetsFit", more({ name: "@", type: "CNAME", content: "redis.consul" }), [
    there(""),
    "aws/cname-alone",
  ]),
  breach("recordSetsFit", more({ name: "redis", type: "CNAME", content: "redis.consul" }), [
    there(""),
    "aws/cname-alone",
  ]),
];

const rules = "dns private forwardingRules";
const consul = "dns.private.forwardingRules.consul";
const endpoints = "dns private outboundEndpoints";
const west = "dns.private.outboundEndpoints.us-west";

const targets = (count: number): string[] => [
  "10.0.10.11",
  ...list(count - 1, (index) => `10.0.10.${60 + index}`),
];

const addresses = (count: number): string[] =>
  list(count, (index) => `10.0.${10 + (index % 2)}.${170 + index}`);

const forwardingBreaches: readonly Breach[] = [
  breach("forwardingSparesZones", { [`${rules} blackroad.internal`]: { targets: targets(1) } }, [
    'dns.private.forwardingRules["blackroad.internal"]',
    "aws/forwarding-first",
  ]),
  breach("forwardingSparesZones", { [`${rules} redis.blackroad.internal`]: { targets: targets(1) } }, [
    'dns.private.forwardingRules["redis.blackroad.internal"]',
    "aws/forwarding-first",
  ]),
  breach("forwardingIsComplete", { [endpoints]: {} }, "dns.private.forwardingRules"),
  breach("forwardingIsComplete", { [rules]: {} }, "dns.private.outboundEndpoints"),
  breach(
    "forwardingIsComplete",
    { [`${endpoints} us-est`]: ["10.3.10.4", "10.3.11.4"] },
    "dns.private.outboundEndpoints.us-est",
  ),
  breach("endpointsHaveAddresses", { [`${endpoints} us-west`]: addresses(1) }, [
    west,
    "aws/endpoint-addresses",
  ]),
  breach("endpointsHaveAddresses", { [`${endpoints} us-west`]: addresses(7) }, [
    west,
    "aws/quota-endpoint-addresses",
  ]),
  breach("endpointAddressesFit", { [`${endpoints} us-west 0`]: "10.0.10.3" }, [
    `${west}[0]`,
    "aws/reserved-addresses",
  ]),
  breach("endpointAddressesFit", { [`${endpoints} us-west 0`]: "10.0.20.4" }, `${west}[0]`),
  breach("endpointAddressesFit", { [`${endpoints} us-west 0`]: "10.0.11.5" }, west),
  breach("endpointAddressesAreDistinct", { [`${endpoints} us-west 0`]: "10.0.10.11" }, `${west}[0]`),
  breach(
    "endpointsAreWithinQuota",
    {
      "regions us-far": {
        ...{ awsRegion: "us-west-2", slot: 5, availabilityZones: ["us-west-2a", "us-west-2b"] },
        ...{ tiers: ["private"], nat: "none", ami: "ami-0123456789abcdef0" },
      },
      peerings: [
        ["us-west", "eu-west"],
        ["us-west", "us-far"],
      ],
      [`${endpoints} us-far`]: ["10.5.10.4", "10.5.11.4"],
      "quotas resolverEndpointsPerRegion": 1,
    },
    [west, "aws/quota-resolver-endpoints"],
  ),
  breach("forwardingTargetsFit", { [`${rules} consul targets`]: targets(7) }, [
    `${consul}.targets`,
    "aws/quota-rule-targets",
  ]),
  breach(
    "forwardingTargetsFit",
    { [`${rules} consul targets 1`]: "10.9.10.11" },
    `${consul}.targets[1]`,
    `${consul}.targets[1]`,
  ),
  breach("standInsHaveHosts", { [`${rules} consul targets 0`]: "10.0.10.60" }, `${consul}.standIn`),
  breach(
    "standInsHaveHosts",
    { [`${rules} consul standIn agent-service 0`]: "us-west/api-9" },
    `${consul}.standIn.agent-service[0]`,
  ),
];

export const insideBreaches: readonly Breach[] = [...zoneBreaches, ...forwardingBreaches];
