/** A change to the plan in one place, and the same done to the sandbox behind everybody's back. */
import type { HostPlan, NetworkPlan, RegionPlan } from "../../components/plan/model.ts";
import type { Description, DriftRequest } from "../../sandbox/services/aws/client.ts";

/** Who makes the changes. */
export interface Actor {
  readonly drift: (request: DriftRequest) => Promise<{ readonly id: string }>;
  readonly describe: () => Promise<Description>;
  /** Runs a program on a host of the plan. @returns its standard output. @throws if it fails. */
  readonly onHost: (host: string, argv: readonly string[], stdin?: string) => Promise<string>;
}

export const anywhere = "0.0.0.0/0";
export const anywhereIpv6 = "::/0";

export interface Mutation {
  readonly words: string;
  readonly plan: NetworkPlan;
  /** @returns what puts everything back */
  readonly apply: (actor: Actor) => Promise<() => Promise<void>>;
}

export interface Draw {
  readonly plan: NetworkPlan;
  /** `undefined` where there is nothing to pick from. */
  readonly pick: <T>(items: readonly T[]) => T | undefined;
}

/** One of either family, where there are two: a network has more of IPv4. */
export function pickOfFamily<T>(
  pick: Draw["pick"],
  items: readonly T[],
  isOfIpv6: (item: T) => boolean,
): T | undefined {
  const families = [items.filter(isOfIpv6), items.filter((item) => !isOfIpv6(item))];
  return pick(pick(families.filter(({ length }) => length > 0)) ?? []);
}

export function withRegion(
  plan: NetworkPlan,
  key: string,
  change: (region: RegionPlan) => RegionPlan,
): NetworkPlan {
  return { ...plan, regions: plan.regions.map((region) => (region.key === key ? change(region) : region)) };
}

export function withHost(plan: NetworkPlan, key: string, change: (host: HostPlan) => HostPlan): NetworkPlan {
  return { ...plan, hosts: plan.hosts.map((host) => (host.key === key ? change(host) : host)) };
}
