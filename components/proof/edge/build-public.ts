/** From the plan to public zones, load balancers and tunnels. */
import type {
  AccessPlan,
  CloudflareTunnelPlan,
  DnsRecordPlan,
  DnsZonePlan,
  LoadBalancerPlan,
  PoolPlan,
  ZoneSettingPlan,
} from "../../plan/cloudflare/model.ts";
import type { NetworkPlan, Template } from "../../plan/model.ts";
import { isAddress, parseAddress } from "../sets/addresses.ts";
import type { Eni, RegionNode } from "../world/model.ts";
import type { Balancer, CloudflareTunnel, Pool, PublicRecord, PublicZone, Target, ZoneTls } from "./model.ts";

export interface PublicContext {
  readonly plan: NetworkPlan;
  readonly regions: ReadonlyMap<string, RegionNode>;
}

function interfaceOf({ regions }: PublicContext, host: string): Eni | undefined {
  return regions.get(host.split("/")[0] ?? "")?.interfaces.get(host);
}

/** `undefined` for what leads nowhere: a text of no name, or an address that the host has not. */
function targetOf(context: PublicContext, content: Template | undefined): Target | undefined {
  const [first, ...more] = content ?? [];
  if (first === undefined) return undefined;
  if (typeof first === "string") {
    if (more.length > 0) return undefined;
    return isAddress(first)
      ? { kind: "address", address: parseAddress(first) }
      : { kind: "name", name: first.toLowerCase().replace(/\.$/, "") };
  }
  if (first.kind === "tunnel-id") return { kind: "tunnel", tunnel: first.tunnel };
  if (first.kind !== "public-address" && first.kind !== "ipv6-address") return undefined;
  const eni = interfaceOf(context, first.host);
  const address = first.kind === "public-address" ? eni?.publicAddress : eni?.ipv6;
  return address === undefined ? undefined : { kind: "address", address };
}

function recordOf(context: PublicContext, { name, type, proxied, content }: DnsRecordPlan): PublicRecord {
  const connects = type === "A" || type === "AAAA" || type === "CNAME";
  return { name, type, proxied, target: connects ? targetOf(context, content) : undefined };
}

const modes: readonly ZoneTls["mode"][] = ["off", "flexible", "full", "strict"];

function tlsOf(settings: readonly ZoneSettingPlan[]): ZoneTls | undefined {
  const value = (id: ZoneSettingPlan["id"]): string | undefined =>
    settings.find((setting) => setting.id === id)?.value;
  const mode = modes.find((known) => known === value("ssl"));
  if (mode === undefined) return undefined;
  return {
    mode,
    redirect: value("always_use_https") === "on",
    originPulls: value("tls_client_auth") === "on",
  };
}

function poolOf(context: PublicContext, balancer: string, { key, origins }: PoolPlan): Pool {
  return {
    key,
    name: key.slice(balancer.length + 1),
    endpoints: origins.map(({ name, address, hostHeader }) => ({
      name,
      target: targetOf(context, address),
      hostHeader,
    })),
    path: `cloudflare.loadBalancers["${balancer}"].pools`,
  };
}

/** The port of every load balancer's monitor: `components/cloudflare/load-balancer.ts` asks by HTTPS. */
const monitorPort = 443;

function balancerOf(context: PublicContext, plan: LoadBalancerPlan): Balancer {
  const pools = plan.pools.map((pool) => poolOf(context, plan.name, pool));
  const { path, hostHeader, asZone } = plan.monitor;
  return {
    name: plan.name,
    proxied: plan.proxied,
    pools,
    fallback: pools.find(({ key }) => key === plan.fallback),
    steering: plan.steering,
    probe: { port: monitorPort, path, host: hostHeader, asZone },
    path: `cloudflare.loadBalancers["${plan.name}"]`,
  };
}

function zoneOf(context: PublicContext, { name, managed, records, settings }: DnsZonePlan): PublicZone {
  const byName = new Map<string, PublicRecord[]>();
  for (const record of records) {
    byName.set(record.name, [...(byName.get(record.name) ?? []), recordOf(context, record)]);
  }
  const balancers = context.plan.cloudflare.loadBalancers
    .filter(({ zone }) => zone === name)
    .map((plan): [string, Balancer] => [plan.name, balancerOf(context, plan)]);
  return {
    name,
    managed,
    records: byName,
    balancers: new Map(balancers),
    tls: tlsOf(settings),
    path: `dns.zones.${name}`,
  };
}

function tunnelOf({ name, host, ingress }: CloudflareTunnelPlan): CloudflareTunnel {
  return { name, host, ingress, path: `cloudflare.tunnels.${name}` };
}

function admitted({ emails, emailDomains }: AccessPlan): string {
  const people = [...emails, ...emailDomains.map((domain) => `anybody at ${domain}`)];
  return people.length === 0 ? "nobody" : people.join(" or ");
}

export function buildPublic(context: PublicContext): {
  readonly zones: Map<string, PublicZone>;
  readonly tunnels: Map<string, CloudflareTunnel>;
  readonly access: Map<string, string>;
} {
  const { zones, cloudflare } = context.plan;
  return {
    zones: new Map(zones.map((zone) => [zone.name, zoneOf(context, zone)])),
    tunnels: new Map(cloudflare.tunnels.map((tunnel) => [tunnel.name, tunnelOf(tunnel)])),
    access: new Map(cloudflare.access.map((access) => [access.name, admitted(access)])),
  };
}
