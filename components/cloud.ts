import type * as pulumi from "@pulumi/pulumi";

import { BootIdentity } from "./hosts/boot-identity.ts";
import type { HostInstance } from "./hosts/host.ts";
import { found } from "./lookup.ts";
import type { HostPlan, NetworkPlan, RegionPlan } from "./plan/model.ts";
import type { SymbolTable } from "./resolve.ts";
import { Hub } from "./wireguard/hub.ts";
import { registerAwsConventions } from "./aws/conventions.ts";
import { FlowLogs } from "./aws/flow-logs.ts";
import { Forwarding } from "./aws/forwarding.ts";
import { Instance } from "./aws/instance.ts";
import { NetworkAcls } from "./aws/network-acls.ts";
import { Peering } from "./aws/peering.ts";
import { PrivateZone } from "./aws/private-zones.ts";
import { createProvider } from "./aws/provider.ts";
import { Routes } from "./aws/routes.ts";
import { SecurityGroups } from "./aws/security-groups.ts";
import { Services } from "./aws/services.ts";
import { SessionManager } from "./aws/session-manager.ts";
import { Vpc } from "./aws/vpc.ts";

export interface Region {
  readonly vpc: Vpc;
  readonly securityGroups: SecurityGroups;
  readonly services: Services;
  /** `undefined` where instances are reached by SSH alone. */
  readonly sessionManager: SessionManager | undefined;
}

/** Everything of the network that is in AWS. */
export interface Cloud {
  /** By region key. */
  readonly regions: ReadonlyMap<string, Region>;
  /** By host key. */
  readonly instances: ReadonlyMap<string, HostInstance>;
  /** By the zone's name. */
  readonly privateZones: ReadonlyMap<string, PrivateZone>;
}

/**
 * Creates the plan's AWS side: regions, their peerings, instances, and the routes to both. Defines the
 * symbols of public addresses and of IPv6.
 */
export function createCloud(plan: NetworkPlan, symbols: SymbolTable): Cloud {
  registerAwsConventions({ owner: plan.owner, stack: plan.stack });
  const opts = { provider: createProvider(plan) };

  const vpcs = plan.regions.map((region): [RegionPlan, Vpc] => [
    region,
    new Vpc(region.key, { plan: region }, opts),
  ]);
  // Rules and routes of one region may speak of another's networks.
  for (const [, vpc] of vpcs) {
    for (const [of, network] of vpc.ipv6Networks) symbols.define({ kind: "ipv6-network", of }, network);
  }
  const regions = new Map(
    vpcs.map(([region, vpc]): [string, Region] => [region.key, createRegion(region, vpc, symbols, opts)]),
  );
  const peeringIds = createPeerings(plan, regions, opts);
  const instances = new Map<string, HostInstance>();
  const interfaceIds = new Map<string, pulumi.Output<string>>();
  for (const host of plan.hosts) {
    if (host.instance === undefined) continue;
    const identity = new BootIdentity(host.key, { host, authorizedKeys: plan.operator.authorizedKeys });
    const instance = createInstance(plan, host, host.instance, found(regions, host.site, "region"), {
      userData: identity.cloudConfig,
      opts,
    });
    if (!host.instance.sourceDestCheck) interfaceIds.set(host.key, instance.interfaceId);
    if (instance.publicAddress !== undefined) {
      symbols.define({ kind: "public-address", host: host.key }, instance.publicAddress);
    }
    if (instance.ipv6Address !== undefined) {
      symbols.define({ kind: "ipv6-address", host: host.key }, instance.ipv6Address);
    }
    instances.set(host.key, { id: instance.id, ready: instance.ready, bootHostKey: identity.hostKey });
  }
  for (const [key, { vpc }] of regions) new Routes(key, { vpc, symbols, peeringIds, interfaceIds }, opts);
  return { regions, instances, privateZones: createNames(plan, regions, opts) };
}

/** Names inside the network: zones that all VPCs know, and what each region's resolver forwards. */
function createNames(
  plan: NetworkPlan,
  regions: ReadonlyMap<string, Region>,
  opts: pulumi.ComponentResourceOptions,
): ReadonlyMap<string, PrivateZone> {
  for (const [key, { vpc, securityGroups }] of regions) {
    const { outboundEndpoint } = vpc.plan;
    if (outboundEndpoint === undefined) continue;
    new Forwarding(key, { vpc, securityGroups, plan: outboundEndpoint }, opts);
  }
  const vpcs = new Map([...regions].map(([key, { vpc }]) => [key, vpc]));
  return new Map(
    plan.privateZones.map((zone) => [zone.name, new PrivateZone(zone.name, { plan: zone, vpcs }, opts)]),
  );
}

/** What a region has in its VPC. */
function createRegion(
  plan: RegionPlan,
  vpc: Vpc,
  symbols: SymbolTable,
  opts: pulumi.ComponentResourceOptions,
): Region {
  const { key, flowLog, sessionManager } = plan;
  const securityGroups = new SecurityGroups(key, { vpc, symbols }, opts);
  new NetworkAcls(key, { vpc, symbols }, opts);
  if (flowLog !== undefined) new FlowLogs(key, { vpc, plan: flowLog }, opts);
  return {
    vpc,
    securityGroups,
    services: new Services(key, { vpc }, opts),
    sessionManager:
      sessionManager === undefined ? undefined : new SessionManager(key, { vpc, plan: sessionManager }, opts),
  };
}

/** The connections' ids by peering key. */
function createPeerings(
  plan: NetworkPlan,
  regions: ReadonlyMap<string, Region>,
  opts: pulumi.ComponentResourceOptions,
): ReadonlyMap<string, pulumi.Output<string>> {
  const peerings = new Map<string, Peering>();
  for (const peering of plan.peerings) {
    const requester = found(regions, peering.requester, "region").vpc;
    const accepter = found(regions, peering.accepter, "region").vpc;
    const after = peering.after === undefined ? [] : [found(peerings, peering.after, "peering").accepted];
    peerings.set(peering.key, new Peering(peering.key, { plan: peering, requester, accepter, after }, opts));
  }
  return new Map([...peerings].map(([key, { id }]) => [key, id]));
}

function createInstance(
  plan: NetworkPlan,
  host: HostPlan,
  instance: NonNullable<HostPlan["instance"]>,
  region: Region,
  { userData, opts }: { userData: pulumi.Output<string>; opts: pulumi.ComponentResourceOptions },
): Instance {
  const { vpc, securityGroups, sessionManager } = region;
  const profile = instance.ssmAgent === undefined ? undefined : sessionManager?.profile;
  const args = { host, instance, vpc, securityGroups, profile, userData };
  const hub = plan.vpn.hubs.find((candidate) => candidate.host === host.key);
  return hub === undefined
    ? new Instance(host.key, args, opts)
    : new Hub(host.key, { ...args, plan: hub }, opts).instance;
}
