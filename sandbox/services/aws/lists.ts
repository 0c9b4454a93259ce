/** Data sources that find resources by tags, filters and names: `aws.ec2.getInstances`, `aws.ec2.getEips` and the like. */
import { fromTagList, type Ec2 } from "./ec2/account.ts";
import type { Address, Tag } from "./ec2/records.ts";
import { prefixListOf } from "./ec2/vpc-endpoints.ts";
import { ProviderError } from "./errors.ts";
import { object, objects, text, texts, type Json, type Properties } from "./json.ts";
import { homeOfGlobals } from "./regions.ts";

type DataSource = (ec2: Ec2, args: Properties) => Properties;

/** What of a record filters can look at, besides its tags. */
type Values = Readonly<Record<string, string>>;

/** The records for which every tag and every filter holds, a filter by any of its values. */
function select<T extends { Tags: Tag[] }>(
  records: readonly T[],
  args: Properties,
  valuesOf: (record: T) => Values,
  wanted = object(args, "tags") ?? {},
): T[] {
  return records.filter((record) => {
    const tags = fromTagList(record.Tags);
    const values = valuesOf(record);
    const holds = (filter: Properties): boolean => {
      const name = text(filter, "name") ?? "";
      const isTag = name.startsWith("tag:");
      if (!isTag && values[name] === undefined) {
        throw new ProviderError(`the sandbox's AWS does not know the filter ${JSON.stringify(name)}`);
      }
      const value = isTag ? tags[name.slice("tag:".length)] : values[name];
      return value !== undefined && texts(filter, "values").includes(value);
    };
    return (
      Object.entries(wanted).every(([key, value]) => tags[key] === value) &&
      objects(args, "filters").every(holds)
    );
  });
}

/** ec2_instances_data_source.go: running ones, unless states are named. */
function getInstances(ec2: Ec2, args: Properties): Properties {
  const named = texts(args, "instanceStateNames");
  const states = named.length === 0 ? ["running"] : named;
  const found = select(
    ec2.list("instances", ({ State }) => states.includes(State.Name)),
    args,
    (instance) => ({
      "instance-id": instance.InstanceId,
      "vpc-id": instance.VpcId,
      "subnet-id": instance.SubnetId,
    }),
    object(args, "instanceTags") ?? {},
  );
  const ids = found.map(({ InstanceId }) => InstanceId);
  const interfaces = ec2.list("network-interfaces", ({ Attachment }) =>
    ids.includes(Attachment?.InstanceId ?? ""),
  );
  return {
    id: ec2.region.name,
    ids,
    instanceTags: args.instanceTags ?? {},
    ipv6Addresses: [],
    privateIps: interfaces.map(({ PrivateIpAddress }) => PrivateIpAddress),
    publicIps: interfaces.flatMap(({ Association }) =>
      Association === undefined ? [] : [Association.PublicIp],
    ),
  };
}

/** A data source that answers with ids alone. */
function idList(ec2: Ec2, args: Properties, ids: readonly string[], more: Properties = {}): Properties {
  return { id: ec2.region.name, ids: [...ids], tags: args.tags ?? {}, ...more };
}

function getNatGateways(ec2: Ec2, args: Properties): Properties {
  const vpc = text(args, "vpcId");
  const gateways = ec2.list("nat-gateways", ({ VpcId }) => VpcId === (vpc ?? VpcId));
  const found = select(gateways, args, ({ State, SubnetId, VpcId, NatGatewayId }) => ({
    "nat-gateway-id": NatGatewayId,
    state: State,
    "subnet-id": SubnetId,
    "vpc-id": VpcId,
  }));
  return idList(
    ec2,
    args,
    found.map(({ NatGatewayId }) => NatGatewayId),
  );
}

function getRouteTables(ec2: Ec2, args: Properties): Properties {
  const vpc = text(args, "vpcId");
  const tables = ec2.list("route-tables", ({ VpcId }) => VpcId === (vpc ?? VpcId));
  const found = select(tables, args, ({ VpcId, RouteTableId }) => ({
    "route-table-id": RouteTableId,
    "vpc-id": VpcId,
  }));
  return idList(
    ec2,
    args,
    found.map(({ RouteTableId }) => RouteTableId),
  );
}

function getSecurityGroups(ec2: Ec2, args: Properties): Properties {
  const found = select(ec2.list("security-groups"), args, ({ GroupId, GroupName, VpcId }) => ({
    "group-id": GroupId,
    "group-name": GroupName,
    "vpc-id": VpcId,
  }));
  return idList(
    ec2,
    args,
    found.map(({ GroupId }) => GroupId),
    {
      arns: found.map(({ SecurityGroupArn }) => SecurityGroupArn),
      vpcIds: found.map(({ VpcId }) => VpcId),
    },
  );
}

function getSecurityGroupRules(ec2: Ec2, args: Properties): Properties {
  const found = select(ec2.list("security-group-rules"), args, ({ GroupId, SecurityGroupRuleId }) => ({
    "group-id": GroupId,
    "security-group-rule-id": SecurityGroupRuleId,
  }));
  return idList(
    ec2,
    args,
    found.map(({ SecurityGroupRuleId }) => SecurityGroupRuleId),
  );
}

function getNetworkAcls(ec2: Ec2, args: Properties): Properties {
  const vpc = text(args, "vpcId");
  const acls = ec2.list("network-acls", ({ VpcId }) => VpcId === (vpc ?? VpcId));
  const found = select(acls, args, ({ IsDefault, NetworkAclId, VpcId }) => ({
    default: String(IsDefault),
    "network-acl-id": NetworkAclId,
    "vpc-id": VpcId,
  }));
  return idList(
    ec2,
    args,
    found.map(({ NetworkAclId }) => NetworkAclId),
  );
}

function getVpcPeeringConnections(ec2: Ec2, args: Properties): Properties {
  const found = select(ec2.list("vpc-peering-connections"), args, (connection) => ({
    "accepter-vpc-info.vpc-id": connection.AccepterVpcInfo.VpcId,
    "requester-vpc-info.vpc-id": connection.RequesterVpcInfo.VpcId,
    "status-code": connection.Status.Code,
    "vpc-peering-connection-id": connection.VpcPeeringConnectionId,
  }));
  return idList(
    ec2,
    args,
    found.map(({ VpcPeeringConnectionId }) => VpcPeeringConnectionId),
  );
}

function addressValues({ AllocationId, AssociationId, InstanceId, PublicIp }: Address): Values {
  return {
    "allocation-id": AllocationId,
    "association-id": AssociationId ?? "",
    "instance-id": InstanceId ?? "",
    "public-ip": PublicIp,
  };
}

function getEips(ec2: Ec2, args: Properties): Properties {
  const found = select(ec2.list("addresses"), args, addressValues);
  return {
    allocationIds: found.map(({ AllocationId }) => AllocationId),
    id: ec2.region.name,
    publicIps: found.map(({ PublicIp }) => PublicIp),
    tags: args.tags ?? {},
  };
}

/** The only one of what was found, as data sources of a single resource demand. */
export function only<T>(found: readonly T[], noun: string): T {
  const [first, ...others] = found;
  if (first === undefined) throw new ProviderError(`no matching ${noun} found`);
  if (others.length > 0) {
    throw new ProviderError(
      `multiple ${noun}s matched; use additional constraints to reduce matches to a single ${noun}`,
    );
  }
  return first;
}

function getElasticIp(ec2: Ec2, args: Properties): Properties {
  const { id, publicIp } = { id: text(args, "id"), publicIp: text(args, "publicIp") };
  const candidates = ec2.list(
    "addresses",
    (address) =>
      address.AllocationId === (id ?? address.AllocationId) &&
      address.PublicIp === (publicIp ?? address.PublicIp),
  );
  const address = only(select(candidates, args, addressValues), "EC2 EIP");
  return {
    arn: ec2.arn(`elastic-ip/${address.AllocationId}`),
    associationId: address.AssociationId ?? "",
    carrierIp: "",
    customerOwnedIp: "",
    customerOwnedIpv4Pool: "",
    domain: address.Domain,
    id: address.AllocationId,
    instanceId: address.InstanceId ?? "",
    ipamPoolId: "",
    networkInterfaceId: address.NetworkInterfaceId ?? "",
    networkInterfaceOwnerId: address.NetworkInterfaceOwnerId ?? "",
    privateDns: address.PrivateIpAddress === undefined ? "" : ec2.privateDnsName(address.PrivateIpAddress),
    privateIp: address.PrivateIpAddress ?? "",
    ptrRecord: "",
    publicDns: ec2.publicDnsName(address.PublicIp),
    publicIp: address.PublicIp,
    publicIpv4Pool: address.PublicIpv4Pool,
    tags: fromTagList(address.Tags),
  };
}

function getInternetGateway(ec2: Ec2, args: Properties): Properties {
  const id = text(args, "internetGatewayId");
  const candidates = ec2.list(
    "internet-gateways",
    (each) => each.InternetGatewayId === (id ?? each.InternetGatewayId),
  );
  const found = select(candidates, args, ({ InternetGatewayId, Attachments }) => ({
    "attachment.vpc-id": Attachments[0]?.VpcId ?? "",
    "internet-gateway-id": InternetGatewayId,
  }));
  const gateway = only(found, "EC2 Internet Gateway");
  return {
    arn: ec2.arn(`internet-gateway/${gateway.InternetGatewayId}`),
    attachments: gateway.Attachments.map(({ State, VpcId }): Json => ({ state: State, vpcId: VpcId })),
    id: gateway.InternetGatewayId,
    internetGatewayId: gateway.InternetGatewayId,
    ownerId: gateway.OwnerId,
    tags: fromTagList(gateway.Tags),
  };
}

/** vpc_endpoint_data_source.go. */
function getVpcEndpoint(ec2: Ec2, args: Properties): Properties {
  const given = (name: string, value: string): boolean => (text(args, name) ?? value) === value;
  const candidates = ec2.list(
    "vpc-endpoints",
    (each) =>
      given("id", each.VpcEndpointId) &&
      given("serviceName", each.ServiceName) &&
      given("state", each.State) &&
      given("vpcEndpointType", each.VpcEndpointType) &&
      given("vpcId", each.VpcId),
  );
  const found = select(candidates, args, ({ ServiceName, VpcEndpointId, VpcId }) => ({
    "service-name": ServiceName,
    "vpc-endpoint-id": VpcEndpointId,
    "vpc-id": VpcId,
  }));
  const endpoint = only(found, "EC2 VPC Endpoint");
  const list = prefixListOf(ec2, endpoint);
  return {
    arn: ec2.arn(`vpc-endpoint/${endpoint.VpcEndpointId}`),
    cidrBlocks: list.Cidrs,
    dnsEntries: [],
    dnsOptions: [],
    id: endpoint.VpcEndpointId,
    ipAddressType: endpoint.IpAddressType,
    networkInterfaceIds: [],
    ownerId: endpoint.OwnerId,
    policy: endpoint.PolicyDocument,
    prefixListId: list.PrefixListId,
    privateDnsEnabled: endpoint.PrivateDnsEnabled,
    requesterManaged: endpoint.RequesterManaged,
    routeTableIds: endpoint.RouteTableIds,
    securityGroupIds: [],
    serviceName: endpoint.ServiceName,
    serviceRegion: endpoint.ServiceRegion,
    state: endpoint.State,
    subnetIds: [],
    tags: fromTagList(endpoint.Tags),
    vpcEndpointType: endpoint.VpcEndpointType,
    vpcId: endpoint.VpcId,
  };
}

/** internal/service/rds/subnet_group_data_source.go. */
function getDbSubnetGroup(ec2: Ec2, args: Properties): Properties {
  const name = text(args, "name") ?? "";
  const group = ec2.get("db-subnet-groups", name);
  if (group === undefined) {
    throw new ProviderError(`reading RDS DB Subnet Group (${name}): couldn't find resource`);
  }
  return {
    arn: group.DBSubnetGroupArn,
    description: group.DBSubnetGroupDescription,
    id: group.DBSubnetGroupName,
    name: group.DBSubnetGroupName,
    status: group.SubnetGroupStatus,
    subnetIds: group.Subnets.map(({ SubnetIdentifier }) => SubnetIdentifier),
    supportedNetworkTypes: group.SupportedNetworkTypes,
    vpcId: group.VpcId,
  };
}

/** internal/service/logs/group_data_source.go. */
function getLogGroup(ec2: Ec2, args: Properties): Properties {
  const name = text(args, "name") ?? "";
  const group = ec2.get("log-groups", name);
  if (group === undefined) {
    throw new ProviderError(`reading CloudWatch Logs Log Group (${name}): couldn't find resource`);
  }
  return {
    arn: group.logGroupArn,
    creationTime: group.creationTime,
    deletionProtectionEnabled: group.deletionProtectionEnabled,
    id: name,
    kmsKeyId: "",
    logGroupClass: group.logGroupClass,
    name,
    retentionInDays: group.retentionInDays ?? 0,
    tags: fromTagList(group.Tags),
  };
}

/** internal/service/iam/role_data_source.go. */
function getRole(ec2: Ec2, args: Properties): Properties {
  const name = text(args, "name") ?? "";
  const role = ec2.in(homeOfGlobals)?.get("iam-roles", name);
  if (role === undefined) {
    throw new ProviderError(`reading IAM Role (${name}): couldn't find resource`);
  }
  return {
    arn: role.Arn,
    assumeRolePolicy: role.AssumeRolePolicyDocument,
    createDate: role.CreateDate,
    description: role.Description ?? "",
    id: name,
    maxSessionDuration: role.MaxSessionDuration,
    name,
    path: role.Path,
    permissionsBoundary: "",
    roleLastUseds: [],
    tags: fromTagList(role.Tags),
    uniqueId: role.RoleId,
  };
}

/** internal/service/iam/instance_profile_data_source.go; it tells no tags. */
function getInstanceProfile(ec2: Ec2, args: Properties): Properties {
  const name = text(args, "name") ?? "";
  const home = ec2.in(homeOfGlobals);
  const profile = home?.get("iam-instance-profiles", name);
  if (profile === undefined) {
    throw new ProviderError(`reading IAM Instance Profile (${name}): couldn't find resource`);
  }
  const role = home?.get("iam-roles", profile.RoleNames[0] ?? "");
  return {
    arn: profile.Arn,
    createDate: profile.CreateDate,
    id: profile.InstanceProfileId,
    name,
    path: profile.Path,
    roleArn: role?.Arn ?? "",
    roleId: role?.RoleId ?? "",
    roleName: role?.RoleName ?? "",
  };
}

export const listDataSources: Readonly<Record<string, DataSource>> = {
  "aws:cloudwatch/getLogGroup:getLogGroup": getLogGroup,
  "aws:ec2/getEips:getEips": getEips,
  "aws:ec2/getElasticIp:getElasticIp": getElasticIp,
  "aws:ec2/getInstances:getInstances": getInstances,
  "aws:ec2/getInternetGateway:getInternetGateway": getInternetGateway,
  "aws:ec2/getNatGateways:getNatGateways": getNatGateways,
  "aws:ec2/getNetworkAcls:getNetworkAcls": getNetworkAcls,
  "aws:ec2/getRouteTables:getRouteTables": getRouteTables,
  "aws:ec2/getSecurityGroups:getSecurityGroups": getSecurityGroups,
  "aws:ec2/getVpcEndpoint:getVpcEndpoint": getVpcEndpoint,
  "aws:ec2/getVpcPeeringConnections:getVpcPeeringConnections": getVpcPeeringConnections,
  "aws:iam/getInstanceProfile:getInstanceProfile": getInstanceProfile,
  "aws:iam/getRole:getRole": getRole,
  "aws:rds/getSubnetGroup:getSubnetGroup": getDbSubnetGroup,
  "aws:vpc/getSecurityGroupRules:getSecurityGroupRules": getSecurityGroupRules,
};
