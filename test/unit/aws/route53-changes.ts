/** The cases of Route 53: private zones, their records and VPCs, and what resolvers forward; see changes.ts. */
import type { Json } from "../../../sandbox/services/aws/json.ts";
import { region, tags, type Scene, type TypeCases } from "./change-case.ts";
import { types, type Made } from "./harness.ts";

const vpcRegion = "us-west-2";

function zone({ cloud, world }: Scene, name = "base.internal"): Promise<Made> {
  return cloud.create(types.hostedZone, { name, vpcs: [{ vpcId: world.vpc.id, vpcRegion }] });
}

const hostedZone: TypeCases = {
  base: ({ world }) => ({ name: "base.internal", vpcs: [{ vpcId: world.vpc.id, vpcRegion }] }),
  cases: [
    tags,
    ["comment", "why", "update"],
    ["comment", "x".repeat(257), "refused"],
    ["delegationSetId", "N0123456789", "refused"],
    ["enableAcceleratedRecovery", true, "refused"],
    ["forceDestroy", true, "update"],
    ["name", "other.internal", "replace"],
    ["name", "base.internal.", "same"],
    ["vpcs", ({ other }) => [{ vpcId: other.vpc.id, vpcRegion }], "update"],
    ["vpcs", ({ world }) => [{ vpcId: world.vpc.id }], "same"],
    ["vpcs", [], "refused"],
  ],
};

const zoneAssociation: TypeCases = {
  base: async (scene) => ({ zoneId: (await zone(scene)).id, vpcId: scene.other.vpc.id, vpcRegion }),
  cases: [
    ["vpcId", ({ world }) => world.vpc.id, "replace"],
    ["vpcRegion", "eu-west-1", "replace"],
    ["vpcRegion", undefined, "same"],
    ["zoneId", async (scene) => (await zone(scene, "other.internal")).id, "replace"],
  ],
};

const record: TypeCases = {
  base: async (scene) => ({
    zoneId: (await zone(scene)).id,
    name: "redis.base.internal",
    type: "A",
    ttl: 300,
    records: ["10.0.10.50"],
  }),
  cases: [
    ["aliases", [{ name: "x", zoneId: "Z1", evaluateTargetHealth: false }], "refused"],
    ["allowOverwrite", true, "update"],
    ["cidrRoutingPolicy", { collectionId: "x", locationName: "x" }, "refused"],
    ["failoverRoutingPolicies", [{ type: "PRIMARY" }], "refused"],
    ["geolocationRoutingPolicies", [{ country: "US" }], "refused"],
    ["geoproximityRoutingPolicy", { awsRegion: "us-west-2" }, "refused"],
    ["healthCheckId", "x", "refused"],
    ["latencyRoutingPolicies", [{ region: "us-west-2" }], "refused"],
    ["multivalueAnswerRoutingPolicy", true, "refused"],
    ["name", "other.base.internal", "replace"],
    ["name", "Redis.base.internal.", "same"],
    ["records", ["10.0.10.51", "10.0.10.52"], "update"],
    ["records", undefined, "refused"],
    ["setIdentifier", "x", "refused"],
    ["ttl", 60, "update"],
    ["type", "CNAME", "update"],
    ["type", "MX", "refused"],
    ["weightedRoutingPolicies", [{ weight: 1 }], "refused"],
    ["zoneId", async (scene) => (await zone(scene, "other.internal")).id, "replace"],
  ],
};

/** Two subnets of the scene's VPC. */
async function subnets({ cloud, world }: Scene): Promise<[string, string]> {
  const inputs = { vpcId: world.vpc.id, cidrBlock: "10.0.2.0/24", availabilityZone: "us-west-2b" };
  return [world.subnet.id, (await cloud.create(types.subnet, inputs)).id];
}

async function endpointInputs(scene: Scene, name = "base") {
  const [one, two] = await subnets(scene);
  const addresses: Json = [
    { subnetId: one, ip: "10.0.1.4" },
    { subnetId: two, ip: "10.0.2.4" },
  ];
  return {
    name,
    direction: "OUTBOUND",
    ipAddresses: addresses,
    securityGroupIds: [scene.world.group.id],
  };
}

const addressesOf = (made: Made): Json[] =>
  Array.isArray(made.inputs.ipAddresses) ? made.inputs.ipAddresses : [];

const resolverEndpoint: TypeCases = {
  base: (scene) => endpointInputs(scene),
  cases: [
    region,
    tags,
    ["direction", "INBOUND", "refused"],
    ["direction", "SIDEWAYS", "refused"],
    [
      "ipAddresses",
      ({ world }, made) => [...addressesOf(made), { subnetId: world.subnet.id, ip: "10.0.1.9" }],
      "update",
    ],
    [
      "ipAddresses",
      ({ world }, made) => [...addressesOf(made).slice(1), { subnetId: world.subnet.id, ip: "10.0.1.9" }],
      "update",
    ],
    [
      "ipAddresses",
      ({ world }, made) => [...addressesOf(made).slice(1), { subnetId: world.subnet.id }],
      "same",
    ],
    ["ipAddresses", (_, made) => [...addressesOf(made)].reverse(), "same"],
    ["ipAddresses", (_, made) => addressesOf(made).slice(1), "refused"],
    ["name", "other", "update"],
    ["name", "us-west/base", "refused"],
    ["name", "123", "refused"],
    ["protocols", ["DoH"], "refused"],
    ["protocols", ["Do53"], "same"],
    ["resolverEndpointType", "DUALSTACK", "refused"],
    ["resolverEndpointType", "IPV4", "same"],
    ["rniEnhancedMetricsEnabled", true, "refused"],
    [
      "securityGroupIds",
      async ({ cloud, world }) => [
        (await cloud.create(types.securityGroup, { vpcId: world.vpc.id, name: "other" })).id,
      ],
      "replace",
    ],
    ["securityGroupIds", [], "refused"],
    ["targetNameServerMetricsEnabled", true, "refused"],
  ],
};

async function rule(scene: Scene, name = "base"): Promise<Made> {
  const endpoint = await scene.cloud.create(types.resolverEndpoint, await endpointInputs(scene, name));
  return scene.cloud.create(types.resolverRule, ruleInputs(endpoint.id, name));
}

const ruleInputs = (endpointId: string, name = "base") => ({
  name,
  domainName: "consul",
  ruleType: "FORWARD",
  resolverEndpointId: endpointId,
  targetIps: [{ ip: "10.0.1.11", port: 8600 }],
});

const resolverRule: TypeCases = {
  base: async (scene) => {
    const endpoint = await scene.cloud.create(types.resolverEndpoint, await endpointInputs(scene));
    return ruleInputs(endpoint.id);
  },
  cases: [
    region,
    tags,
    ["domainName", "mesh", "replace"],
    ["domainName", "consul.", "same"],
    ["name", "other", "update"],
    [
      "resolverEndpointId",
      async ({ cloud, world }) => {
        const ipAddresses = ["10.0.1.20", "10.0.1.21"].map((ip) => ({ subnetId: world.subnet.id, ip }));
        const inputs = { direction: "OUTBOUND", ipAddresses, securityGroupIds: [world.group.id] };
        return (await cloud.create(types.resolverEndpoint, inputs)).id;
      },
      "update",
    ],
    ["resolverEndpointId", undefined, "replace"],
    ["ruleType", "SYSTEM", "refused"],
    ["targetIps", [{ ip: "10.0.1.12", port: 8600 }], "update"],
    ["targetIps", [{ ip: "10.0.1.11" }], "update"],
    ["targetIps", [{ ip: "10.0.1.11", port: 8600, protocol: "Do53" }], "same"],
    ["targetIps", [{ ip: "10.0.1.11", port: 0 }], "refused"],
    ["targetIps", [{ ip: "10.0.1.11", protocol: "DoH" }], "refused"],
  ],
};

const ruleAssociation: TypeCases = {
  base: async (scene) => ({
    name: "base",
    resolverRuleId: (await rule(scene)).id,
    vpcId: scene.world.vpc.id,
  }),
  cases: [
    region,
    ["name", "other", "replace"],
    ["resolverRuleId", "rslvr-rr-0123456789abcdef0", "replace"],
    ["vpcId", ({ other }) => other.vpc.id, "replace"],
  ],
};

export const route53Changes: Readonly<Record<string, TypeCases>> = {
  [types.hostedZone]: hostedZone,
  [types.zoneAssociation]: zoneAssociation,
  [types.record]: record,
  [types.resolverEndpoint]: resolverEndpoint,
  [types.resolverRule]: resolverRule,
  [types.resolverRuleAssociation]: ruleAssociation,
};
