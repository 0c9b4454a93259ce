/** The account as `aws ec2 describe-*` prints it. */
import { Ec2, homeOf } from "./ec2/account.ts";
import { primaryInterface, rootVolume } from "./ec2/instances.ts";
import type { Instance } from "./ec2/instance-records.ts";
import type {
  Address,
  InternetGateway,
  IpPermission,
  NatGateway,
  NetworkAcl,
  NetworkInterface,
  PrefixList,
  RouteTable,
  SecurityGroup,
  SecurityGroupRule,
  Subnet,
  Vpc,
  VpcEndpoint,
  VpcPeeringConnection,
} from "./ec2/records.ts";
import { routeState } from "./ec2/route-tables.ts";
import { permissionsOf } from "./ec2/security-groups.ts";
import { freeAddresses } from "./ec2/subnets.ts";
import { zoneIdOf } from "./route53/hosted-zone.ts";
import { recordSetsOf, type RecordSet } from "./route53/record-sets.ts";
import { describeZone, type DescribedZone } from "./route53/zones.ts";
import {
  describeAddresses,
  describeEndpoint,
  type DescribedEndpoint,
  type EndpointAddress,
} from "./route53resolver/endpoints.ts";
import { describeRule, type DescribedRule, type ResolverRuleAssociation } from "./route53resolver/rules.ts";
import type { EgressOnlyGateway } from "./ec2/egress-only-gateways.ts";
import type { FlowLog } from "./ec2/flow-logs.ts";
import type { AttachedPolicy } from "./iam/attached-policies.ts";
import { describeInstanceProfile, type DescribedInstanceProfile } from "./iam/instance-profiles.ts";
import type { Role } from "./iam/roles.ts";
import { describeLogGroup, type LogGroup } from "./logs/groups.ts";
import { describeSubnetGroup, type DbSubnetGroup } from "./rds/subnet-groups.ts";
import { prefixLists } from "./ec2/vpc-endpoints.ts";
import type { Quotas } from "./quotas.ts";
import { regions } from "./regions.ts";
import type { Records } from "./store.ts";

export type DescribedSecurityGroup = SecurityGroup & {
  IpPermissions: IpPermission[];
  IpPermissionsEgress: IpPermission[];
};

export type DescribedInstance = Instance & {
  BlockDeviceMappings: {
    DeviceName: string;
    Ebs: { AttachTime: string; DeleteOnTermination: boolean; Status: "attached"; VolumeId: string };
  }[];
  NetworkInterfaces: NetworkInterface[];
  PrivateDnsName: string;
  PrivateIpAddress: string;
  PublicDnsName: string;
  PublicIpAddress?: string;
  SecurityGroups: NetworkInterface["Groups"];
  SourceDestCheck: boolean;
};

/** One region; the keys are the names of the files that `roadnet sandbox describe` writes. */
export interface RegionDescription {
  readonly vpcs: { readonly Vpcs: readonly Vpc[] };
  readonly subnets: { readonly Subnets: readonly Subnet[] };
  readonly "route-tables": { readonly RouteTables: readonly RouteTable[] };
  readonly "internet-gateways": { readonly InternetGateways: readonly InternetGateway[] };
  readonly "egress-only-internet-gateways": {
    readonly EgressOnlyInternetGateways: readonly EgressOnlyGateway[];
  };
  readonly "nat-gateways": { readonly NatGateways: readonly NatGateway[] };
  readonly "network-acls": { readonly NetworkAcls: readonly NetworkAcl[] };
  readonly "security-groups": { readonly SecurityGroups: readonly DescribedSecurityGroup[] };
  readonly "security-group-rules": { readonly SecurityGroupRules: readonly SecurityGroupRule[] };
  readonly instances: {
    readonly Reservations: readonly {
      readonly Groups: readonly never[];
      readonly Instances: readonly DescribedInstance[];
      readonly OwnerId: string;
      readonly ReservationId: string;
    }[];
  };
  readonly "network-interfaces": { readonly NetworkInterfaces: readonly NetworkInterface[] };
  readonly addresses: { readonly Addresses: readonly Address[] };
  readonly "vpc-peering-connections": { readonly VpcPeeringConnections: readonly VpcPeeringConnection[] };
  readonly "vpc-endpoints": { readonly VpcEndpoints: readonly VpcEndpoint[] };
  readonly "prefix-lists": { readonly PrefixLists: readonly PrefixList[] };
  /** Of `aws rds`, as all else is of `aws ec2`. */
  readonly "flow-logs": { readonly FlowLogs: readonly FlowLog[] };
  /** Of `aws logs`. */
  readonly "log-groups": { readonly logGroups: readonly LogGroup[] };
  readonly "db-subnet-groups": { readonly DBSubnetGroups: readonly DbSubnetGroup[] };
  /** Of `aws route53resolver`. */
  readonly "resolver-endpoints": { readonly ResolverEndpoints: readonly DescribedEndpoint[] };
  /** By endpoint: what `list-resolver-endpoint-ip-addresses` prints. */
  readonly "resolver-endpoint-addresses": Readonly<
    Record<string, { readonly IpAddresses: readonly EndpointAddress[] }>
  >;
  readonly "resolver-rules": { readonly ResolverRules: readonly DescribedRule[] };
  readonly "resolver-rule-associations": {
    readonly ResolverRuleAssociations: readonly ResolverRuleAssociation[];
  };
  /** By instance: what `describe-instance-attribute --attribute userData` prints. */
  readonly "user-data": Readonly<
    Record<string, { readonly InstanceId: string; readonly UserData: { readonly Value?: string } }>
  >;
}

export interface Description {
  readonly revision: number;
  /** The regions in which something exists. */
  readonly regions: Readonly<Record<string, RegionDescription>>;
  /** What AWS has once for all regions. */
  readonly global: GlobalDescription;
}

export interface GlobalDescription {
  /** Of `aws iam`. */
  readonly roles: { readonly Roles: readonly Role[] };
  readonly "instance-profiles": { readonly InstanceProfiles: readonly DescribedInstanceProfile[] };
  /** By role: what `aws iam list-attached-role-policies` prints. */
  readonly "attached-role-policies": Readonly<
    Record<string, { readonly AttachedPolicies: readonly AttachedPolicy[] }>
  >;
  /** By zone: what `aws route53 get-hosted-zone` prints. */
  readonly "hosted-zones": Readonly<Record<string, DescribedZone>>;
  /** By zone: what `aws route53 list-resource-record-sets` prints. */
  readonly "record-sets": Readonly<Record<string, { readonly ResourceRecordSets: readonly RecordSet[] }>>;
}

export function describe(records: Records, quotas: Quotas, revision: number): Description {
  const described: Record<string, RegionDescription> = {};
  for (const region of regions) {
    const ec2 = new Ec2(records, region, quotas);
    const isEmpty = (
      ["vpcs", "internet-gateways", "addresses", "vpc-peering-connections", "log-groups"] as const
    ).every((kind) => ec2.list(kind).length === 0);
    if (!isEmpty) {
      described[region.name] = describeRegion(ec2);
    }
  }
  return { revision, regions: described, global: describeGlobal(homeOf(records, quotas)) };
}

function describeGlobal(home: Ec2): GlobalDescription {
  const profiles = home.list("iam-instance-profiles");
  const attached = home.list("iam-attached-policies");
  const zones = home.list("hosted-zones");
  const byZone = <T>(value: (zone: (typeof zones)[number]) => T): Record<string, T> =>
    Object.fromEntries(zones.map((zone) => [zoneIdOf(zone), value(zone)]));
  return {
    roles: { Roles: home.list("iam-roles") },
    "instance-profiles": {
      InstanceProfiles: profiles.map((profile) => describeInstanceProfile(home, profile)),
    },
    "attached-role-policies": Object.fromEntries(
      attached.map(({ RoleName, AttachedPolicies }) => [RoleName, { AttachedPolicies }]),
    ),
    "hosted-zones": byZone((zone) => describeZone(home, zone)),
    "record-sets": byZone((zone) => ({ ResourceRecordSets: recordSetsOf(home, zoneIdOf(zone)) })),
  };
}

function describeRegion(ec2: Ec2): RegionDescription {
  const instances = ec2.list("instances");
  return {
    vpcs: { Vpcs: ec2.list("vpcs") },
    subnets: {
      Subnets: ec2
        .list("subnets")
        .map((subnet) => ({ ...subnet, AvailableIpAddressCount: freeAddresses(ec2, subnet) })),
    },
    "route-tables": {
      RouteTables: ec2.list("route-tables").map((table) => ({
        ...table,
        Routes: table.Routes.map((route) => ({ ...route, State: routeState(ec2, table, route) })),
      })),
    },
    "internet-gateways": { InternetGateways: ec2.list("internet-gateways") },
    "egress-only-internet-gateways": {
      EgressOnlyInternetGateways: ec2.list("egress-only-internet-gateways"),
    },
    "nat-gateways": { NatGateways: ec2.list("nat-gateways") },
    "network-acls": { NetworkAcls: ec2.list("network-acls") },
    "security-groups": {
      SecurityGroups: ec2.list("security-groups").map((group) => ({
        ...group,
        IpPermissions: permissionsOf(ec2, group.GroupId, false),
        IpPermissionsEgress: permissionsOf(ec2, group.GroupId, true),
      })),
    },
    "security-group-rules": { SecurityGroupRules: ec2.list("security-group-rules") },
    instances: {
      Reservations: instances.map((instance) => ({
        Groups: [],
        Instances: [describeInstance(ec2, instance)],
        OwnerId: primaryInterface(ec2, instance.InstanceId).OwnerId,
        ReservationId: `r-${instance.InstanceId.slice("i-".length)}`,
      })),
    },
    "network-interfaces": { NetworkInterfaces: ec2.list("network-interfaces") },
    addresses: { Addresses: ec2.list("addresses") },
    "vpc-peering-connections": { VpcPeeringConnections: ec2.list("vpc-peering-connections") },
    "vpc-endpoints": { VpcEndpoints: ec2.list("vpc-endpoints") },
    "prefix-lists": { PrefixLists: prefixLists(ec2) },
    "flow-logs": { FlowLogs: ec2.list("flow-logs") },
    "log-groups": { logGroups: ec2.list("log-groups").map(describeLogGroup) },
    "db-subnet-groups": { DBSubnetGroups: ec2.list("db-subnet-groups").map(describeSubnetGroup) },
    ...describeResolver(ec2),
    "user-data": Object.fromEntries(
      ec2.list("instance-attributes").map((attributes) => [
        attributes.InstanceId,
        {
          InstanceId: attributes.InstanceId,
          UserData: attributes.UserData === "" ? {} : { Value: attributes.UserData },
        },
      ]),
    ),
  };
}

function describeResolver(ec2: Ec2) {
  const endpoints = ec2.list("resolver-endpoints");
  return {
    "resolver-endpoints": { ResolverEndpoints: endpoints.map(describeEndpoint) },
    "resolver-endpoint-addresses": Object.fromEntries(
      endpoints.map((endpoint) => [endpoint.Id, { IpAddresses: describeAddresses(endpoint) }]),
    ),
    "resolver-rules": { ResolverRules: ec2.list("resolver-rules").map(describeRule) },
    "resolver-rule-associations": { ResolverRuleAssociations: ec2.list("resolver-rule-associations") },
  };
}

function describeInstance(ec2: Ec2, instance: Instance): DescribedInstance {
  const target = primaryInterface(ec2, instance.InstanceId);
  const volume = rootVolume(ec2, instance.InstanceId);
  return {
    ...instance,
    BlockDeviceMappings:
      volume === undefined
        ? []
        : [
            {
              DeviceName: volume.DeviceName,
              Ebs: {
                AttachTime: instance.LaunchTime,
                DeleteOnTermination: volume.DeleteOnTermination,
                Status: "attached",
                VolumeId: volume.VolumeId,
              },
            },
          ],
    NetworkInterfaces: [target],
    PrivateDnsName: target.PrivateDnsName ?? "",
    PrivateIpAddress: target.PrivateIpAddress,
    PublicDnsName: target.Association?.PublicDnsName ?? "",
    ...(target.Association === undefined ? {} : { PublicIpAddress: target.Association.PublicIp }),
    SecurityGroups: target.Groups,
    SourceDestCheck: target.SourceDestCheck,
  };
}
