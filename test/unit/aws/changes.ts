/**
 * What one change of each property does, written down by hand from the upstream provider's documentation and source.
 *
 * `refused` is a failure of the check: the value is invalid, the property cannot stand beside the base's, or the
 * simulator does not have the feature. `same` means that the value says what was said before.
 */
import type { Json, Properties } from "../../../sandbox/services/aws/json.ts";
import { region, tags, type Scene, type TypeCases } from "./change-case.ts";
import { instanceInputs, types } from "./harness.ts";
import { instanceCases } from "./instance-changes.ts";
import { logChanges } from "./log-changes.ts";
import { route53Changes } from "./route53-changes.ts";
import { networkChanges } from "./network-changes.ts";

const ipv6Block = "2001:db8::/64";

const vpc: TypeCases = {
  base: () => ({ cidrBlock: "10.9.0.0/16", tags: { Name: "base" } }),
  cases: [
    region,
    tags,
    ["assignGeneratedIpv6CidrBlock", true, "update"],
    ["cidrBlock", "10.8.0.0/16", "replace"],
    ["cidrBlock", "10.0.0.0/15", "refused"],
    ["cidrBlock", "10.9.0.1/16", "refused"],
    ["enableDnsHostnames", true, "update"],
    ["enableDnsSupport", false, "update"],
    ["enableNetworkAddressUsageMetrics", true, "update"],
    ["instanceTenancy", "shared", "refused"],
    ["instanceTenancy", undefined, "same"],
    ["ipv4IpamPoolId", "ipam-pool-0123456789abcdef0", "refused"],
    ["ipv4NetmaskLength", 20, "refused"],
    ["ipv6CidrBlock", ipv6Block, "refused"],
    ["ipv6CidrBlockNetworkBorderGroup", "us-west-2", "refused"],
    ["ipv6IpamPoolId", "ipam-pool-0123456789abcdef0", "refused"],
    ["ipv6NetmaskLength", 56, "refused"],
  ],
};

const subnet: TypeCases = {
  base: ({ world }) => ({ vpcId: world.vpc.id, cidrBlock: "10.0.7.0/24", availabilityZone: "us-west-2a" }),
  cases: [
    region,
    tags,
    ["assignIpv6AddressOnCreation", true, "update"],
    ["availabilityZone", "us-west-2b", "replace"],
    ["availabilityZone", undefined, "same"],
    ["availabilityZoneId", "usw2-az2", "refused"],
    ["cidrBlock", "10.0.8.0/24", "replace"],
    ["cidrBlock", "10.0.8.1/24", "refused"],
    ["customerOwnedIpv4Pool", "pool", "refused"],
    ["enableDns64", true, "update"],
    ["enableLniAtDeviceIndex", 1, "refused"],
    ["enableResourceNameDnsARecordOnLaunch", true, "update"],
    ["enableResourceNameDnsAaaaRecordOnLaunch", true, "update"],
    ["ipv4IpamPoolId", "ipam-pool-0123456789abcdef0", "refused"],
    ["ipv4NetmaskLength", 24, "refused"],
    ["ipv6CidrBlock", ipv6Block, "update"],
    ["ipv6CidrBlock", "2001:db8::1/64", "refused"],
    ["ipv6IpamPoolId", "ipam-pool-0123456789abcdef0", "refused"],
    ["ipv6Native", true, "refused"],
    ["ipv6NetmaskLength", 64, "refused"],
    ["mapCustomerOwnedIpOnLaunch", true, "refused"],
    ["mapPublicIpOnLaunch", true, "update"],
    ["outpostArn", "arn:aws:outposts:us-west-2:111122223333:outpost/op-1", "refused"],
    ["privateDnsHostnameTypeOnLaunch", "resource-name", "update"],
    ["privateDnsHostnameTypeOnLaunch", "any-name", "refused"],
    ["vpcId", ({ other }) => other.vpc.id, "replace"],
  ],
};

const internetGateway: TypeCases = {
  base: async ({ cloud }) => ({ vpcId: (await cloud.create(types.vpc, { cidrBlock: "10.9.0.0/16" })).id }),
  cases: [
    region,
    tags,
    [
      "vpcId",
      async ({ cloud }) => (await cloud.create(types.vpc, { cidrBlock: "10.10.0.0/16" })).id,
      "update",
    ],
    ["vpcId", undefined, "same"],
  ],
};

const internetGatewayAttachment: TypeCases = {
  base: async ({ cloud }) => ({
    vpcId: (await cloud.create(types.vpc, { cidrBlock: "10.9.0.0/16" })).id,
    internetGatewayId: (await cloud.create(types.internetGateway, {})).id,
  }),
  cases: [
    region,
    ["internetGatewayId", ({ world }) => world.gateway.id, "replace"],
    ["vpcId", ({ world }) => world.vpc.id, "replace"],
  ],
};

const toGateway = ({ world }: Scene): Json => [{ cidrBlock: "0.0.0.0/0", gatewayId: world.gateway.id }];

const routeTable: TypeCases = {
  base: ({ world }) => ({ vpcId: world.vpc.id }),
  cases: [
    region,
    tags,
    ["propagatingVgws", ["vgw-0123456789abcdef0"], "refused"],
    ["routes", toGateway, "update"],
    ["vpcId", ({ other }) => other.vpc.id, "replace"],
  ],
};

const routeTableAssociation: TypeCases = {
  base: ({ world }) => ({ routeTableId: world.table.id, subnetId: world.subnet.id }),
  cases: [
    region,
    ["gatewayId", ({ world }) => world.gateway.id, "refused"],
    [
      "routeTableId",
      async ({ cloud, world }) => (await cloud.create(types.routeTable, { vpcId: world.vpc.id })).id,
      "update",
    ],
    [
      "subnetId",
      async ({ cloud, world }) =>
        (await cloud.create(types.subnet, { vpcId: world.vpc.id, cidrBlock: "10.0.9.0/24" })).id,
      "replace",
    ],
  ],
};

/** A route can have only one target, so any other target beside the base's is refused; see routes.test.ts. */
const route: TypeCases = {
  base: ({ world }) => ({
    routeTableId: world.table.id,
    destinationCidrBlock: "0.0.0.0/0",
    gatewayId: world.gateway.id,
  }),
  cases: [
    region,
    ["carrierGatewayId", "cagw-0123456789abcdef0", "refused"],
    ["coreNetworkArn", "arn:aws:networkmanager::111122223333:core-network/x", "refused"],
    ["destinationCidrBlock", "192.0.2.0/24", "replace"],
    ["destinationIpv6CidrBlock", "::/0", "refused"],
    ["destinationPrefixListId", "pl-0123456789abcdef0", "refused"],
    ["egressOnlyGatewayId", "eigw-0123456789abcdef0", "refused"],
    ["gatewayId", ({ other }) => other.gateway.id, "update"],
    ["localGatewayId", "lgw-0123456789abcdef0", "refused"],
    ["natGatewayId", "nat-0123456789abcdef0", "refused"],
    ["networkInterfaceId", "eni-0123456789abcdef0", "refused"],
    ["odbNetworkArn", "arn:aws:odb:us-west-2:111122223333:odb-network/x", "refused"],
    ["routeTableId", ({ other }) => other.table.id, "replace"],
    ["transitGatewayId", "tgw-0123456789abcdef0", "refused"],
    ["vpcEndpointId", "vpce-0123456789abcdef0", "refused"],
    ["vpcPeeringConnectionId", "pcx-0123456789abcdef0", "refused"],
  ],
};

const instanceId = async ({ cloud, world }: Scene): Promise<string> =>
  (await cloud.create(types.instance, instanceInputs(world))).id;
const interfaceId = async ({ cloud, world }: Scene): Promise<Json> =>
  (await cloud.create(types.instance, instanceInputs(world))).outputs.primaryNetworkInterfaceId ?? null;

const eip: TypeCases = {
  base: () => ({ domain: "vpc" }),
  cases: [
    region,
    tags,
    ["address", "198.18.0.77", "replace"],
    ["associateWithPrivateIp", "10.0.1.9", "update"],
    ["customerOwnedIpv4Pool", "ipv4pool-coip-1", "refused"],
    ["domain", "standard", "replace"],
    ["domain", "classic", "refused"],
    ["domain", undefined, "same"],
    ["instance", instanceId, "update"],
    ["ipamPoolId", "ipam-pool-0123456789abcdef0", "refused"],
    ["networkBorderGroup", "us-west-2-lax-1", "replace"],
    ["networkInterface", interfaceId, "update"],
    ["publicIpv4Pool", "ipv4pool-ec2-1", "replace"],
  ],
};

const eipAssociation: TypeCases = {
  base: async (scene) => ({
    allocationId: (await scene.cloud.create(types.eip, {})).id,
    instanceId: await instanceId(scene),
  }),
  cases: [
    region,
    ["allocationId", async ({ cloud }) => (await cloud.create(types.eip, {})).id, "replace"],
    ["allowReassociation", true, "replace"],
    ["instanceId", instanceId, "replace"],
    ["networkInterfaceId", interfaceId, "refused"],
    ["privateIpAddress", "10.0.1.99", "replace"],
    ["publicIp", "198.18.0.99", "replace"],
  ],
};

const natGateway: TypeCases = {
  base: async ({ cloud, world }) => ({
    allocationId: (await cloud.create(types.eip, {})).id,
    subnetId: world.subnet.id,
  }),
  cases: [
    region,
    tags,
    ["allocationId", async ({ cloud }) => (await cloud.create(types.eip, {})).id, "replace"],
    ["availabilityMode", "zonal", "same"],
    ["availabilityMode", "regional", "refused"],
    ["availabilityZoneAddresses", [{ availabilityZone: "us-west-2a" }], "refused"],
    ["connectivityType", "private", "refused"],
    ["connectivityType", "public", "same"],
    ["privateIp", "10.0.1.200", "replace"],
    ["privateIp", "10.0.1", "refused"],
    ["secondaryAllocationIds", ["eipalloc-0123456789abcdef0"], "refused"],
    ["secondaryPrivateIpAddressCount", 1, "refused"],
    ["secondaryPrivateIpAddresses", ["10.0.1.201"], "refused"],
    ["subnetId", ({ other }) => other.subnet.id, "replace"],
    ["vpcId", ({ other }) => other.vpc.id, "replace"],
  ],
};

const options = { allowRemoteVpcDnsResolution: true };
const pair = ({ world, other }: Scene): Properties => ({ vpcId: world.vpc.id, peerVpcId: other.vpc.id });

const peering: TypeCases = {
  base: (scene) => ({ ...pair(scene), autoAccept: true }),
  cases: [
    region,
    tags,
    ["accepter", options, "update"],
    ["autoAccept", false, "update"],
    ["peerOwnerId", "444455556666", "replace"],
    ["peerRegion", "eu-west-1", "replace"],
    ["peerVpcId", "vpc-0123456789abcdef0", "replace"],
    ["requester", options, "update"],
    ["vpcId", "vpc-0123456789abcdef0", "replace"],
  ],
};

const pendingId = async (scene: Scene): Promise<string> =>
  (await scene.cloud.create(types.peering, pair(scene))).id;

const accepter: TypeCases = {
  base: async (scene) => ({ vpcPeeringConnectionId: await pendingId(scene), autoAccept: true }),
  cases: [
    region,
    tags,
    ["accepter", options, "update"],
    ["autoAccept", false, "update"],
    ["requester", options, "update"],
    ["vpcPeeringConnectionId", "pcx-0123456789abcdef0", "replace"],
  ],
};

const peeringOptions: TypeCases = {
  base: async (scene) => ({
    vpcPeeringConnectionId: (await scene.cloud.create(types.peering, { ...pair(scene), autoAccept: true }))
      .id,
  }),
  cases: [
    region,
    ["accepter", options, "update"],
    ["requester", options, "update"],
    ["vpcPeeringConnectionId", "pcx-0123456789abcdef0", "replace"],
  ],
};

const rules: Json = [{ protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["192.0.2.0/24"] }];

const securityGroup: TypeCases = {
  base: ({ world }) => ({ vpcId: world.vpc.id, name: "base" }),
  cases: [
    region,
    tags,
    ["description", "other words", "replace"],
    ["egress", rules, "update"],
    ["ingress", rules, "update"],
    ["ingress", [{ protocol: "tcp", fromPort: 22, toPort: 22 }], "refused"],
    ["name", "other", "replace"],
    ["name", "sg-base", "refused"],
    ["namePrefix", "base-", "refused"],
    ["revokeRulesOnDelete", true, "update"],
    ["vpcId", ({ other }) => other.vpc.id, "replace"],
  ],
};

const defaultSecurityGroup: TypeCases = {
  base: ({ world }) => ({ vpcId: world.vpc.id }),
  cases: [
    region,
    tags,
    ["egress", rules, "update"],
    ["ingress", rules, "update"],
    ["revokeRulesOnDelete", true, "update"],
    ["vpcId", ({ other }) => other.vpc.id, "replace"],
  ],
};

const rule: TypeCases = {
  base: ({ world }) => ({
    securityGroupId: world.group.id,
    ipProtocol: "tcp",
    fromPort: 80,
    toPort: 90,
    cidrIpv4: "192.0.2.0/24",
  }),
  cases: [
    region,
    tags,
    ["cidrIpv4", "198.51.100.0/24", "update"],
    ["cidrIpv4", "198.51.100.1/24", "refused"],
    ["cidrIpv6", "2001:db8::/32", "refused"],
    ["description", "why", "update"],
    ["fromPort", 81, "update"],
    ["fromPort", 65536, "refused"],
    ["ipProtocol", "udp", "update"],
    ["ipProtocol", "6", "same"],
    ["prefixListId", "pl-0123456789abcdef0", "refused"],
    ["referencedSecurityGroupId", ({ world }) => world.group.id, "refused"],
    ["securityGroupId", ({ other }) => other.group.id, "replace"],
    ["toPort", 91, "update"],
  ],
};

export const changes: Readonly<Record<string, TypeCases>> = {
  [types.vpc]: vpc,
  [types.subnet]: subnet,
  [types.internetGateway]: internetGateway,
  [types.internetGatewayAttachment]: internetGatewayAttachment,
  [types.egressOnlyGateway]: {
    base: ({ world }) => ({ vpcId: world.vpc.id }),
    cases: [region, tags, ["vpcId", ({ other }) => other.vpc.id, "replace"]],
  },
  [types.routeTable]: routeTable,
  [types.routeTableAssociation]: routeTableAssociation,
  [types.route]: route,
  [types.eip]: eip,
  [types.eipAssociation]: eipAssociation,
  [types.natGateway]: natGateway,
  [types.peering]: peering,
  [types.accepter]: accepter,
  [types.peeringOptions]: peeringOptions,
  [types.securityGroup]: securityGroup,
  [types.defaultSecurityGroup]: defaultSecurityGroup,
  [types.ingressRule]: rule,
  [types.egressRule]: rule,
  [types.instance]: instanceCases,
  ...networkChanges,
  ...logChanges,
  ...route53Changes,
};

/** Updates that AWS itself refuses, although the provider sends them: with its code. */
export const refusedByAws: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [types.subnet]: {
    // The VPC has no IPv6; ipv6.test.ts has one that does.
    assignIpv6AddressOnCreation: "InvalidParameterValue",
    ipv6CidrBlock: "InvalidSubnet.Range",
  },
  [types.route]: { gatewayId: "InvalidParameterValue" },
  [types.instance]: {
    ipv6AddressCount: "InvalidParameterValue",
    ipv6Addresses: "InvalidParameterValue",
  },
};
