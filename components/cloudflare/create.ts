import * as pulumi from "@pulumi/pulumi";

import { found } from "../lookup.ts";
import type { NetworkPlan } from "../plan/model.ts";
import type { SymbolTable } from "../resolve.ts";
import { Access } from "./access.ts";
import { LoadBalancer } from "./load-balancer.ts";
import { Tunnel } from "./tunnel.ts";
import { Zone } from "./zone.ts";

/**
 * Creates the plan's Cloudflare side and defines its tunnels' symbols.
 * @param account whose all of it is; `undefined` where nothing is made that belongs to one
 * @returns the zones by name
 */
export function createCloudflare(
  plan: NetworkPlan,
  symbols: SymbolTable,
  account: string | undefined,
): ReadonlyMap<string, Zone> {
  const { tunnels, loadBalancers, access } = plan.cloudflare;
  const accountId = (): string => {
    if (account === undefined)
      throw new Error("something belongs to a Cloudflare account, and none is configured");
    return account;
  };
  if (tunnels.length > 0) symbols.define({ kind: "cloudflare-account" }, pulumi.output(accountId()));
  for (const tunnel of tunnels) {
    new Tunnel(tunnel.name, { plan: tunnel, symbols, accountId: accountId() });
  }
  const zones = new Map(
    plan.zones.map((zone) => [zone.name, new Zone(zone.name, { plan: zone, symbols, accountId })]),
  );
  for (const balancer of loadBalancers) {
    const zoneId = found(zones, balancer.zone, "zone").id;
    new LoadBalancer(balancer.name, { plan: balancer, symbols, accountId: accountId(), zoneId });
  }
  for (const application of access) {
    new Access(application.name, { plan: application, accountId: accountId() });
  }
  return zones;
}
