/** The data sources (`aws.ec2.getVpc` and the like) that the simulated AWS answers. */
import { Ec2, fromTagList, homeOf } from "./ec2/account.ts";
import type { RouteTable, Vpc } from "./ec2/records.ts";
import { listTagged } from "./ec2/tags.ts";
import { ProviderError } from "./errors.ts";
import { object, objects, text, texts, type Json, type Properties } from "./json.ts";
import { listDataSources } from "./lists.ts";
import type { ProviderConfig } from "./provider.ts";
import type { Quotas } from "./quotas.ts";
import { findRegion } from "./regions.ts";
import { route53DataSources } from "./route53/data-sources.ts";
import type { Records } from "./store.ts";
import { callerIdentity } from "./sts.ts";
import { madeRoutes, showRoute } from "./types/route-table.ts";

type DataSource = (ec2: Ec2, args: Properties) => Properties;

/** @throws ProviderError if there is no such function, or if it finds nothing. */
export function invoke(
  records: Records,
  quotas: Quotas,
  config: ProviderConfig,
  token: string,
  args: Properties,
): Properties {
  if (token === callerToken) return getCallerIdentity(homeOf(records, quotas), config);
  const source = dataSources[token];
  if (source === undefined) {
    const known = [callerToken, ...Object.keys(dataSources)].sort().join(", ");
    throw new ProviderError(`the sandbox's AWS has no function ${token}. It has ${known}`);
  }
  const name = text(args, "region") ?? config.region;
  const region = name === undefined ? undefined : findRegion(name);
  if (region === undefined) {
    throw new ProviderError(`invoking ${token}: Invalid AWS Region: ${name ?? "none is configured"}`);
  }
  return { ...args, region: region.name, ...source(new Ec2(records, region, quotas), args) };
}

/** The one function that looks at the provider and not at a region. */
const callerToken = "aws:index/getCallerIdentity:getCallerIdentity";

function getCallerIdentity(ec2: Ec2, config: ProviderConfig): Properties {
  const { Account, Arn, UserId } = callerIdentity(ec2, config);
  return { accountId: Account, arn: Arn, id: Account, userId: UserId };
}

const dataSources: Readonly<Record<string, DataSource>> = {
  "aws:index/getRegion:getRegion": ({ region }) => ({
    description: region.description,
    endpoint: `ec2.${region.name}.amazonaws.com`,
    id: region.name,
    name: region.name,
  }),
  "aws:index/getAvailabilityZones:getAvailabilityZones": getAvailabilityZones,
  "aws:ec2/getVpc:getVpc": getVpc,
  "aws:ec2/getVpcs:getVpcs": (ec2, args) => ({
    id: ec2.region.name,
    ids: findVpcs(ec2, args).map((vpc) => vpc.VpcId),
    tags: args.tags ?? {},
  }),
  "aws:ec2/getSubnets:getSubnets": getSubnets,
  "aws:ec2/getRouteTable:getRouteTable": getRouteTable,
  "aws:ec2/getAmi:getAmi": getAmi,
  "aws:resourcegroupstaggingapi/getResources:getResources": getResources,
  ...listDataSources,
  ...route53DataSources,
};

function getAvailabilityZones(ec2: Ec2, args: Properties): Properties {
  refuseFilters(args, []);
  const zones = ec2.region.zones.filter(
    (zone) =>
      !texts(args, "excludeNames").includes(zone.name) && !texts(args, "excludeZoneIds").includes(zone.id),
  );
  return {
    groupNames: [ec2.region.name],
    id: ec2.region.name,
    names: zones.map((zone) => zone.name),
    zoneIds: zones.map((zone) => zone.id),
  };
}

/** Values of a resource's own that filters can name. */
type Filterable = Readonly<Record<string, string>>;

/** EC2's filters: every filter must hold, by any of its values. `tag:NAME` looks at a tag. */
function passes(args: Properties, values: Filterable, tags: Record<string, string>): boolean {
  return objects(args, "filters").every((filter) => {
    const name = text(filter, "name") ?? "";
    const value = name.startsWith("tag:") ? tags[name.slice("tag:".length)] : values[name];
    return value !== undefined && texts(filter, "values").includes(value);
  });
}

function refuseFilters(args: Properties, known: readonly string[]): void {
  for (const filter of objects(args, "filters")) {
    const name = text(filter, "name") ?? "";
    if (!name.startsWith("tag:") && !known.includes(name)) {
      throw new ProviderError(`the sandbox's AWS does not know the filter ${JSON.stringify(name)}`);
    }
  }
}

function hasTags(args: Properties, tags: Record<string, string>): boolean {
  return Object.entries(object(args, "tags") ?? {}).every(([key, value]) => tags[key] === value);
}

const vpcFilters = ["cidr", "cidr-block", "vpc-id", "state", "is-default", "owner-id", "dhcp-options-id"];

function findVpcs(ec2: Ec2, args: Properties): Vpc[] {
  refuseFilters(args, vpcFilters);
  return ec2.list("vpcs", (vpc) => {
    const tags = fromTagList(vpc.Tags);
    const values = {
      cidr: vpc.CidrBlock,
      "cidr-block": vpc.CidrBlock,
      "vpc-id": vpc.VpcId,
      state: vpc.State,
      "is-default": String(vpc.IsDefault),
      "owner-id": vpc.OwnerId,
      "dhcp-options-id": vpc.DhcpOptionsId,
    };
    return hasTags(args, tags) && passes(args, values, tags);
  });
}

function getVpc(ec2: Ec2, args: Properties): Properties {
  const wanted = (name: string, value: string | boolean): boolean =>
    args[name] === undefined || args[name] === null || args[name] === value;
  const found = findVpcs(ec2, args).filter(
    (vpc) =>
      wanted("id", vpc.VpcId) &&
      wanted("cidrBlock", vpc.CidrBlock) &&
      wanted("default", vpc.IsDefault) &&
      wanted("state", vpc.State) &&
      wanted("dhcpOptionsId", vpc.DhcpOptionsId),
  );
  const [vpc] = found;
  if (vpc === undefined || found.length > 1) {
    throw new ProviderError(
      vpc === undefined
        ? "no matching EC2 VPC found"
        : "multiple EC2 VPCs matched; use additional constraints to reduce matches to a single EC2 VPC",
    );
  }
  const settings = ec2.find("DescribeVpcAttribute", "vpc-attributes", vpc.VpcId);
  const [table] = ec2.list(
    "route-tables",
    (candidate) =>
      candidate.VpcId === vpc.VpcId && candidate.Associations.some((association) => association.Main),
  );
  return {
    arn: ec2.arn(`vpc/${vpc.VpcId}`),
    cidrBlock: vpc.CidrBlock,
    cidrBlockAssociations: vpc.CidrBlockAssociationSet.map((association) => ({
      associationId: association.AssociationId,
      cidrBlock: association.CidrBlock,
      state: association.CidrBlockState.State,
    })),
    default: vpc.IsDefault,
    dhcpOptionsId: vpc.DhcpOptionsId,
    enableDnsHostnames: settings.EnableDnsHostnames,
    enableDnsSupport: settings.EnableDnsSupport,
    enableNetworkAddressUsageMetrics: settings.EnableNetworkAddressUsageMetrics,
    id: vpc.VpcId,
    instanceTenancy: vpc.InstanceTenancy,
    ipv6AssociationId: vpc.Ipv6CidrBlockAssociationSet[0]?.AssociationId ?? "",
    ipv6CidrBlock: vpc.Ipv6CidrBlockAssociationSet[0]?.Ipv6CidrBlock ?? "",
    ipv6CidrBlockAssociations: vpc.Ipv6CidrBlockAssociationSet.map((association) => ({
      associationId: association.AssociationId,
      ipSource: association.IpSource,
      ipv6AddressAttribute: association.Ipv6AddressAttribute,
      ipv6CidrBlock: association.Ipv6CidrBlock,
      ipv6Pool: association.Ipv6Pool,
      networkBorderGroup: association.NetworkBorderGroup,
      state: association.Ipv6CidrBlockState.State,
    })),
    mainRouteTableId: table?.RouteTableId,
    ownerId: vpc.OwnerId,
    state: vpc.State,
    tags: fromTagList(vpc.Tags),
  };
}

function getSubnets(ec2: Ec2, args: Properties): Properties {
  refuseFilters(args, [
    "vpc-id",
    "subnet-id",
    "cidr-block",
    "availability-zone",
    "availability-zone-id",
    "map-public-ip-on-launch",
  ]);
  const found = ec2.list("subnets", (subnet) => {
    const tags = fromTagList(subnet.Tags);
    const values = {
      "vpc-id": subnet.VpcId,
      "subnet-id": subnet.SubnetId,
      "cidr-block": subnet.CidrBlock,
      "availability-zone": subnet.AvailabilityZone,
      "availability-zone-id": subnet.AvailabilityZoneId,
      "map-public-ip-on-launch": String(subnet.MapPublicIpOnLaunch),
    };
    return hasTags(args, tags) && passes(args, values, tags);
  });
  return { id: ec2.region.name, ids: found.map((subnet) => subnet.SubnetId), tags: args.tags ?? {} };
}

/** vpc_route_table_data_source.go: a table by its id, its subnet, its gateway, its VPC, filters or tags. */
function getRouteTable(ec2: Ec2, args: Properties): Properties {
  refuseFilters(args, ["vpc-id", "route-table-id", "association.main"]);
  const found = ec2.list("route-tables", (table) => {
    const tags = fromTagList(table.Tags);
    const values = {
      "vpc-id": table.VpcId,
      "route-table-id": table.RouteTableId,
      "association.main": String(table.Associations.some((association) => association.Main)),
    };
    const associated = (name: string, field: "SubnetId" | "GatewayId"): boolean =>
      text(args, name) === undefined ||
      table.Associations.some((association) => association[field] === text(args, name));
    return (
      (text(args, "routeTableId") ?? table.RouteTableId) === table.RouteTableId &&
      (text(args, "vpcId") ?? table.VpcId) === table.VpcId &&
      associated("subnetId", "SubnetId") &&
      associated("gatewayId", "GatewayId") &&
      hasTags(args, tags) &&
      passes(args, values, tags)
    );
  });
  const [table] = found;
  if (table === undefined || found.length > 1) {
    throw new ProviderError(
      table === undefined
        ? "reading EC2 Route Table: couldn't find resource"
        : `reading EC2 Route Table: too many results: wanted 1, got ${found.length}`,
    );
  }
  return describeRouteTable(ec2, table);
}

function describeRouteTable(ec2: Ec2, table: RouteTable): Properties {
  return {
    arn: ec2.arn(`route-table/${table.RouteTableId}`),
    associations: table.Associations.map((association) => ({
      gatewayId: association.GatewayId ?? "",
      main: association.Main,
      routeTableAssociationId: association.RouteTableAssociationId,
      routeTableId: association.RouteTableId,
      subnetId: association.SubnetId ?? "",
    })),
    id: table.RouteTableId,
    ownerId: table.OwnerId,
    routeTableId: table.RouteTableId,
    routes: madeRoutes(table).map((route) => ({ ...showRoute(route), instanceId: route.InstanceId ?? "" })),
    tags: fromTagList(table.Tags),
    vpcId: table.VpcId,
  };
}

/** Images are not modelled, so an image can be looked up only by its id, which then exists. */
function getAmi(ec2: Ec2, args: Properties): Properties {
  const [id, ...others] = objects(args, "filters")
    .filter((filter) => text(filter, "name") === "image-id")
    .flatMap((filter) => texts(filter, "values"));
  if (id === undefined || others.length > 0 || !/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) {
    throw new ProviderError(
      "the sandbox's AWS has no catalogue of images: name one by the filter image-id, or pin its id",
    );
  }
  return {
    architecture: "x86_64",
    arn: `arn:aws:ec2:${ec2.region.name}::image/${id}`,
    blockDeviceMappings: [],
    creationDate: "2026-01-01T00:00:00.000Z",
    enaSupport: true,
    hypervisor: "xen",
    id,
    imageId: id,
    imageType: "machine",
    name: id,
    ownerId: text(args, "owners") ?? "amazon",
    platformDetails: "Linux/UNIX",
    productCodes: [],
    public: true,
    rootDeviceName: "/dev/sda1",
    rootDeviceType: "ebs",
    state: "available",
    stateReason: {},
    tags: {},
    usageOperation: "RunInstances",
    virtualizationType: "hvm",
  };
}

/** By tags (every filter, by any of its values; a filter without values needs the key alone) and by type. */
function getResources(ec2: Ec2, args: Properties): Properties {
  const types = texts(args, "resourceTypeFilters");
  const arns = texts(args, "resourceArnLists");
  const found = listTagged(ec2)
    .map((resource) => ({ ...resource, arn: ec2.arn(`${resource.type}/${resource.id}`) }))
    .filter(
      (resource) =>
        Object.keys(resource.tags).length > 0 &&
        (types.length === 0 || types.includes("ec2") || types.includes(`ec2:${resource.type}`)) &&
        (arns.length === 0 || arns.includes(resource.arn)) &&
        objects(args, "tagFilters").every((filter) => {
          const value = resource.tags[text(filter, "key") ?? ""];
          const values = texts(filter, "values");
          return value !== undefined && (values.length === 0 || values.includes(value));
        }),
    );
  return {
    id: ec2.region.name,
    resourceTagMappingLists: found.map((resource): Json => ({
      complianceDetails: [],
      resourceArn: resource.arn,
      tags: resource.tags,
    })),
  };
}
