import type * as pulumi from "@pulumi/pulumi";

import type { PrivateZone } from "./aws/private-zones.ts";
import type { Zone } from "./cloudflare/zone.ts";
import type { Region } from "./cloud.ts";
import type { Host } from "./hosts/host.ts";
import { found } from "./lookup.ts";
import type { NetworkPlan, RegionPlan, Tier } from "./plan/model.ts";
import type { SymbolTable } from "./resolve.ts";

/**
 * What other stacks may rely on, read with `new pulumi.StackReference("…/blackroad-network/prod")`. Everything else
 * that a stack holds may change without notice.
 *
 * Fields are added without a new version. A field that changes its meaning or goes away raises
 * {@link NetworkOutputs.contractVersion}, so a consumer checks that number first. Names in the maps are the keys of
 * the stack's configuration and stay as long as what they name.
 */
export interface NetworkOutputs {
  readonly contractVersion: 1;
  /** By the region's name: `us-west`. */
  readonly regions: Readonly<Record<string, RegionOutputs>>;
  /** WireGuard hubs, by the name of their region. */
  readonly hubs: Readonly<Record<string, HubOutputs>>;
  /** By place and name: `us-west/api-1`. */
  readonly hosts: Readonly<Record<string, HostOutputs>>;
  /** By the zone's name: `blackroad.io`. */
  readonly zones: Readonly<Record<string, ZoneOutputs>>;
  /** Private ones, at Route 53, by their names: `blackroad.internal`. */
  readonly privateZones: Readonly<Record<string, PrivateZoneOutputs>>;
}

export interface RegionOutputs {
  /** AWS's name: `us-west-2`. */
  readonly awsRegion: string;
  readonly vpcId: pulumi.Output<string>;
  readonly cidr: string;
  /** The VPC's IPv6 network, a /56; only where the region has IPv6. */
  readonly ipv6Cidr?: pulumi.Output<string>;
  /** By tier, then by availability zone, as the configuration names it. A tier without subnets is empty. */
  readonly subnetIds: Readonly<Record<Tier, Readonly<Record<string, pulumi.Output<string>>>>>;
  /** The RDS subnet group of the database tier; only where there is that tier. */
  readonly databaseSubnetGroup?: pulumi.Output<string>;
  /** By the group's name in the configuration. */
  readonly securityGroupIds: Readonly<Record<string, pulumi.Output<string>>>;
}

export interface HubOutputs {
  /** Name and UDP port that peers dial: `vpn.blackroad.io:51820`. */
  readonly endpoint: string;
  readonly publicAddress: pulumi.Output<string>;
  /** WireGuard's, in base64. */
  readonly publicKey: pulumi.Output<string>;
  readonly tunnelAddress: string;
}

export interface HostOutputs {
  /** Its own address at its site. */
  readonly address: string;
  /** Only where it has one. */
  readonly ipv6Address?: pulumi.Output<string>;
  /** Only where it has a tunnel. */
  readonly tunnelAddress?: string;
  readonly hostname: string;
  /** Its SSH host key, in OpenSSH's form: what belongs into `known_hosts`. */
  readonly hostKey: pulumi.Output<string>;
}

export interface ZoneOutputs {
  readonly id: pulumi.Output<string>;
  readonly nameServers: pulumi.Output<string[]>;
  /** What the registrar publishes so that resolvers trust the zone's signatures; only where the stack signs it. */
  readonly ds?: pulumi.Output<string>;
}

export interface PrivateZoneOutputs {
  /** `Z…` */
  readonly id: pulumi.Output<string>;
}

export interface Created {
  readonly plan: NetworkPlan;
  readonly symbols: SymbolTable;
  readonly regions: ReadonlyMap<string, Region>;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly zones: ReadonlyMap<string, Zone>;
  readonly privateZones: ReadonlyMap<string, PrivateZone>;
}

/** The stack's outputs. */
export function networkOutputs(created: Created): NetworkOutputs {
  const { plan, symbols } = created;
  return {
    contractVersion: 1,
    regions: record(
      plan.regions,
      ({ key }) => key,
      (region) => regionOutputs(region, created),
    ),
    hubs: record(
      plan.vpn.hubs,
      ({ region }) => region,
      (hub) => ({
        endpoint: `${hub.endpoint}:${plan.vpn.port}`,
        publicAddress: symbols.resolve({ kind: "public-address", host: hub.host }),
        publicKey: symbols.resolve({ kind: "wireguard-public-key", host: hub.host }),
        tunnelAddress: hub.tunnelAddress,
      }),
    ),
    hosts: record(
      plan.hosts,
      ({ key }) => key,
      (host) => ({
        address: host.address,
        ...(host.instance?.ipv6Number !== undefined
          ? { ipv6Address: symbols.resolve({ kind: "ipv6-address", host: host.key }) }
          : {}),
        ...(host.tunnelAddress === undefined ? {} : { tunnelAddress: host.tunnelAddress }),
        hostname: host.hostname,
        hostKey: found(created.hosts, host.key, "host").hostKey,
      }),
    ),
    zones: record(
      plan.zones,
      ({ name }) => name,
      ({ name }) => {
        const { id, nameServers, ds } = found(created.zones, name, "zone");
        return { id, nameServers, ...(ds === undefined ? {} : { ds }) };
      },
    ),
    privateZones: record(
      plan.privateZones,
      ({ name }) => name,
      ({ name }) => ({ id: found(created.privateZones, name, "private zone").id }),
    ),
  };
}

function regionOutputs(plan: RegionPlan, created: Created): RegionOutputs {
  const { vpc, securityGroups, services } = found(created.regions, plan.key, "region");
  const tier = (name: Tier) =>
    record(
      plan.subnets.filter((subnet) => subnet.tier === name),
      ({ zone }) => zone,
      ({ key }) => found(vpc.subnetIds, key, "subnet"),
    );
  return {
    awsRegion: plan.awsRegion,
    vpcId: vpc.id,
    cidr: plan.cidr,
    ...(plan.ipv6 === undefined ? {} : { ipv6Cidr: found(vpc.ipv6Networks, plan.key, "IPv6 network") }),
    subnetIds: { public: tier("public"), private: tier("private"), database: tier("database") },
    ...(services.databaseSubnetGroup === undefined
      ? {}
      : { databaseSubnetGroup: services.databaseSubnetGroup }),
    securityGroupIds: record(
      plan.securityGroups,
      ({ name }) => name,
      ({ key }) => found(securityGroups.ids, key, "security group"),
    ),
  };
}

function record<T, V>(
  items: readonly T[],
  key: (item: T) => string,
  value: (item: T) => V,
): Readonly<Record<string, V>> {
  return Object.fromEntries(items.map((item) => [key(item), value(item)]));
}
