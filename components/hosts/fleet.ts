import type * as pulumi from "@pulumi/pulumi";

import type { HostAsking } from "../config/load.ts";
import { found } from "../lookup.ts";
import type { Authority } from "../pki/authority.ts";
import type { HostPlan, NetworkPlan } from "../plan/model.ts";
import type { SymbolTable } from "../resolve.ts";
import { Host, type HostInstance } from "./host.ts";

export interface FleetArgs {
  /** Of the plan, what is about hosts. */
  readonly plan: Pick<NetworkPlan, "hosts" | "rollout">;
  readonly symbols: SymbolTable;
  /** By host key. */
  readonly instances: ReadonlyMap<string, HostInstance>;
  /** The DNS records: a tunnel cannot come up before the name of its other end resolves. */
  readonly records: readonly pulumi.Resource[];
  /** Signs the hosts' certificates; needed where the plan has any. */
  readonly authority: Authority | undefined;
  readonly asking: HostAsking;
}

/**
 * Meets and configures every host, batch by batch as the rollout says: whoever fails, those of later batches are
 * left as they are. Returns the hosts by key.
 */
export function createFleet(args: FleetArgs): ReadonlyMap<string, Host> {
  const { hosts, rollout } = args.plan;
  const fleet = new Map<string, Host>();
  const byKey = new Map(hosts.map((host) => [host.key, host]));
  // Files name other hosts' public keys, so all are met before any is configured. What is met through another
  // host's tunnel can be met only when that tunnel is up, and has no key of that kind.
  for (const plan of hosts.filter(isMetDirectly).sort(hubsFirst)) meet(args, fleet, plan);
  let before: readonly pulumi.Resource[] = [];
  for (const batch of rollout.batches) {
    const plans = batch.map((key) => found(byKey, key, "host"));
    for (const plan of plans) if (!fleet.has(plan.key)) meet(args, fleet, plan);
    before = plans.flatMap((plan) => configure(args, fleet, plan, before));
    const canary = batch.find((key) => key === rollout.canary);
    if (canary !== undefined && rollout.soakSeconds > 0) {
      before = [...before, found(fleet, canary, "host").soak(rollout.soakSeconds)];
    }
  }
  return fleet;
}

function isMetDirectly({ firstContact }: HostPlan): boolean {
  return firstContact.path.through === undefined;
}

/** Instances are met through their region's hub. */
function hubsFirst(a: HostPlan, b: HostPlan): number {
  return Number(b.role === "hub") - Number(a.role === "hub");
}

function meet(
  { symbols, instances, authority, asking }: FleetArgs,
  fleet: Map<string, Host>,
  plan: HostPlan,
): void {
  const { via, through } = plan.firstContact.path;
  const crossed = through === undefined ? [] : [via, through].filter((key) => key !== undefined);
  const host = new Host(plan.key, {
    plan,
    symbols,
    bastions: fleet,
    instance: instances.get(plan.key),
    crossed: crossed.flatMap((key) => found(fleet, key, "host").applied),
    authority,
    asking,
  });
  fleet.set(plan.key, host);
}

/** @returns what is done when the host is. */
function configure(
  { records }: FleetArgs,
  fleet: ReadonlyMap<string, Host>,
  plan: HostPlan,
  before: readonly pulumi.Resource[],
): readonly pulumi.Resource[] {
  const host = found(fleet, plan.key, "host");
  host.configure([...before, ...(plan.role === "vpn-peer" ? records : [])]);
  return host.applied;
}
