/** The cases of what stands around a VPC's subnets: network ACLs, endpoints, DB subnet groups. */
import { present } from "../../../sandbox/services/aws/check.ts";
import type { Json, Properties } from "../../../sandbox/services/aws/json.ts";
import { region, tags, type Scene, type TypeCases } from "./change-case.ts";
import { types } from "./harness.ts";

const s3 = "com.amazonaws.us-west-2.s3";

const vpcEndpoint: TypeCases = {
  base: ({ world }) => ({ vpcId: world.vpc.id, serviceName: s3 }),
  cases: [
    region,
    tags,
    ["autoAccept", true, "update"],
    ["dnsOptions", { dnsRecordIpType: "ipv4" }, "refused"],
    ["ipAddressType", "dualstack", "refused"],
    ["policy", '{"Version": "2012-10-17", "Statement": []}', "update"],
    ["policy", "no JSON", "refused"],
    ["privateDnsEnabled", true, "refused"],
    ["resourceConfigurationArn", "arn:aws:vpc-lattice:us-west-2:111122223333:rcfg/x", "refused"],
    ["routeTableIds", ({ world }) => [world.table.id], "update"],
    ["securityGroupIds", ({ world }) => [world.group.id], "refused"],
    ["serviceName", "com.amazonaws.us-west-2.dynamodb", "replace"],
    ["serviceNetworkArn", "arn:aws:vpc-lattice:us-west-2:111122223333:sn/x", "refused"],
    ["serviceRegion", "eu-west-1", "refused"],
    ["subnetConfigurations", [{ ipv4: "10.0.1.9" }], "refused"],
    ["subnetIds", ({ world }) => [world.subnet.id], "refused"],
    ["vpcEndpointType", "Interface", "refused"],
    ["vpcEndpointType", "Gateway", "same"],
    ["vpcId", ({ other }) => other.vpc.id, "replace"],
  ],
};

const endpointId = async ({ cloud, world }: Scene, serviceName = s3): Promise<string> =>
  (await cloud.create(types.vpcEndpoint, { vpcId: world.vpc.id, serviceName })).id;

const endpointRouteTable: TypeCases = {
  base: async (scene) => ({ vpcEndpointId: await endpointId(scene), routeTableId: scene.world.table.id }),
  cases: [
    region,
    ["routeTableId", ({ other }) => other.table.id, "replace"],
    ["vpcEndpointId", (scene) => endpointId(scene, "com.amazonaws.us-west-2.dynamodb"), "replace"],
  ],
};

const subnetIn = async ({ cloud, world }: Scene, zone: string, part: number): Promise<string> => {
  const place = { vpcId: world.vpc.id, availabilityZone: `us-west-2${zone}` };
  return (await cloud.create(types.subnet, { ...place, cidrBlock: `10.0.${part}.0/24` })).id;
};

const dbSubnetGroup: TypeCases = {
  base: async (scene) => ({
    name: "base",
    subnetIds: [await subnetIn(scene, "a", 20), await subnetIn(scene, "b", 21)],
  }),
  cases: [
    region,
    tags,
    ["description", "other words", "update"],
    ["name", "other", "replace"],
    ["name", "us-west/database", "refused"],
    ["name", "default", "refused"],
    ["namePrefix", "base-", "refused"],
    [
      "subnetIds",
      async (scene) => [await subnetIn(scene, "c", 22), await subnetIn(scene, "d", 23)],
      "update",
    ],
  ],
};

const entry = (ruleNo: number, more: Properties = {}): Json => [
  {
    ruleNo,
    action: "allow",
    protocol: "tcp",
    fromPort: 22,
    toPort: 22,
    cidrBlock: "192.0.2.0/24",
    ...present(more),
  },
];

const ipv6Entry = (ipv6CidrBlock: string): Json => [
  { ruleNo: 100, action: "allow", protocol: "tcp", fromPort: 22, toPort: 22, ipv6CidrBlock },
];

const networkAcl: TypeCases = {
  base: ({ world }) => ({ vpcId: world.vpc.id, ingress: entry(100) }),
  cases: [
    region,
    tags,
    ["egress", entry(100), "update"],
    ["ingress", entry(100, { toPort: 23 }), "update"],
    ["ingress", entry(200, { protocol: "1", fromPort: 0, toPort: 0, icmpType: 3, icmpCode: -1 }), "update"],
    ["ingress", entry(100, { protocol: "6" }), "same"],
    ["ingress", entry(32767), "refused"],
    ["ingress", entry(100, { protocol: "smoke-signals" }), "refused"],
    ["ingress", entry(100, { action: "perhaps" }), "refused"],
    ["ingress", ipv6Entry("2001:db8::/32"), "update"],
    ["ingress", ipv6Entry("2001:db8::1/32"), "refused"],
    ["subnetIds", ({ world }) => [world.subnet.id], "update"],
    ["vpcId", ({ other }) => other.vpc.id, "replace"],
  ],
};

const aclId = async ({ cloud }: Scene, vpc: string): Promise<string> =>
  (await cloud.create(types.networkAcl, { vpcId: vpc })).id;

const networkAclAssociation: TypeCases = {
  base: async (scene) => ({
    networkAclId: await aclId(scene, scene.world.vpc.id),
    subnetId: scene.world.subnet.id,
  }),
  cases: [
    region,
    ["networkAclId", (scene) => aclId(scene, scene.world.vpc.id), "replace"],
    ["subnetId", ({ other }) => other.subnet.id, "replace"],
  ],
};

export const networkChanges: Readonly<Record<string, TypeCases>> = {
  [types.networkAcl]: networkAcl,
  [types.networkAclAssociation]: networkAclAssociation,
  [types.vpcEndpoint]: vpcEndpoint,
  [types.endpointRouteTable]: endpointRouteTable,
  [types.dbSubnetGroup]: dbSubnetGroup,
};
