/**
 * Which pool and which of its endpoints a load balancer sends a request to. Pure but for the random numbers that are
 * handed in.
 *
 * Sources: load-balancing/understand-basics/traffic-steering (steering-policies, origin-level-steering, fallback pools)
 * and load-balancing/additional-options/load-balancing-rules.
 */
import { createHash } from "node:crypto";
import { parseCondition, type Condition, type RuleRequest } from "./expression.ts";
import type { Balancer, EdgeState, Origin, Overrides, Pool } from "./state.ts";

/** An endpoint of a pool; endpoints' names are unique in their pool only. */
export interface Endpoint {
  readonly pool: Pool;
  readonly origin: Origin;
}

export function endpointKey({ pool, origin }: Endpoint): string {
  return `${pool.id}/${origin.name}`;
}

/** What the monitors have found. An endpoint that has not been looked at yet, or by nobody, counts as up. */
export interface Health {
  isUp(endpoint: Endpoint): boolean;
}

export interface SteeringContext {
  readonly health: Health;
  /** Requests that are on their way at an endpoint now. */
  readonly outstanding: (endpoint: Endpoint) => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly clientAddress: string;
}

/** A balancer's own settings with those of the rules that fit, later ones over earlier ones. */
export type Effective = Omit<Balancer, "rules">;

const conditions = new Map<string, Condition | undefined>();
/** More texts than an account can have rules: what is parsed again costs time only. */
const mostConditions = 1_000;

/** A condition that cannot be read never fits; {@link unreadableRules} tells of it. */
function conditionOf(text: string): Condition | undefined {
  if (!conditions.has(text)) {
    if (conditions.size >= mostConditions) conditions.clear();
    try {
      conditions.set(text, parseCondition(text));
    } catch {
      conditions.set(text, undefined);
    }
  }
  return conditions.get(text);
}

/** Rules that the edge leaves out, with the reason, for whoever reads its status. */
export function unreadableRules(state: EdgeState): readonly string[] {
  return state.zones.flatMap(({ load_balancers }) =>
    load_balancers.flatMap(({ name, rules }) =>
      rules.flatMap((rule) => {
        try {
          parseCondition(rule.condition);
          return [];
        } catch (error) {
          return [`rule ${rule.name} of ${name} is left out: ${(error as Error).message}`];
        }
      }),
    ),
  );
}

export function effective(balancer: Balancer, request: RuleRequest): Effective {
  const { rules, ...own } = balancer;
  let result: Effective = own;
  for (const rule of rules.toSorted((a, b) => a.priority - b.priority)) {
    if (rule.disabled || conditionOf(rule.condition)?.(request) !== true) continue;
    const { default_pools, fallback_pool, steering_policy, session_affinity, ...others }: Overrides =
      rule.overrides;
    result = {
      ...result,
      ...others,
      default_pools: default_pools ?? result.default_pools,
      fallback_pool: fallback_pool ?? result.fallback_pool,
      steering_policy: steering_policy ?? result.steering_policy,
      session_affinity: session_affinity ?? result.session_affinity,
    };
    if (rule.terminates === true) break;
  }
  return result;
}

export function endpointsOf(pool: Pool): readonly Endpoint[] {
  return pool.origins.filter(({ enabled }) => enabled).map((origin) => ({ pool, origin }));
}

function healthyEndpoints(pool: Pool, health: Health): readonly Endpoint[] {
  return endpointsOf(pool).filter((endpoint) => health.isUp(endpoint));
}

/** Whether as many endpoints are up as the pool wants, and one at least. */
export function isPoolHealthy(pool: Pool, health: Health): boolean {
  return pool.enabled && healthyEndpoints(pool, health).length >= Math.max(1, pool.minimum_origins);
}

/** Picks by weight; equal ones where all weigh nothing. */
function weighted<T>(items: readonly T[], weight: (item: T) => number, random: number): T | undefined {
  const total = items.reduce((sum, item) => sum + weight(item), 0);
  if (total <= 0) return items[Math.floor(random * items.length)];
  let left = random * total;
  const found = items.find((item) => {
    left -= weight(item);
    return left < 0;
  });
  return found ?? items.at(-1);
}

function poolsNamed(ids: readonly string[], state: EdgeState): readonly Pool[] {
  return ids.flatMap((id) => state.pools.get(id) ?? []);
}

/** Pools that may be used, the first to be used first: those that are healthy, else the fallback pool as it is. */
export function usablePools(
  balancer: Effective,
  state: EdgeState,
  { health, random }: Pick<SteeringContext, "health" | "random">,
): readonly Pool[] {
  const healthy = poolsNamed(balancer.default_pools, state).filter((pool) => isPoolHealthy(pool, health));
  if (healthy.length === 0) return poolsNamed([balancer.fallback_pool], state);
  // Pools have equal weights unless `random_steering` says otherwise, which the sandbox keeps without acting on it. The
  // other policies go by places and times that one edge does not have; without them they go by the order (off).
  if (balancer.steering_policy !== "random") return healthy;
  const first = Math.floor(random() * healthy.length);
  return [...healthy.slice(first), ...healthy.slice(0, first)];
}

function leastBusy(endpoints: readonly Endpoint[], context: SteeringContext): Endpoint | undefined {
  const load = (endpoint: Endpoint): number =>
    endpoint.origin.weight > 0
      ? (context.outstanding(endpoint) + 1) / endpoint.origin.weight
      : Number.POSITIVE_INFINITY;
  const least = Math.min(...endpoints.map(load));
  const candidates = endpoints.filter((endpoint) => load(endpoint) === least);
  return candidates[Math.floor(context.random() * candidates.length)];
}

/** The same client gets the same endpoint as long as the endpoints are the same. */
function byHash(endpoints: readonly Endpoint[], client: string): Endpoint | undefined {
  const digest = createHash("sha256").update(client).digest();
  return weighted(endpoints, ({ origin }) => origin.weight, digest.readUInt32BE(0) / 2 ** 32);
}

/**
 * One endpoint of a pool by the pool's own steering; where none is up, as in a fallback pool, any that is enabled.
 *
 * @param without endpoints that were tried already
 */
export function pickEndpoint(
  pool: Pool,
  context: SteeringContext,
  without: readonly Endpoint[] = [],
  stable = false,
): Endpoint | undefined {
  const tried = new Set(without.map(endpointKey));
  const left = (endpoints: readonly Endpoint[]): readonly Endpoint[] =>
    endpoints.filter((endpoint) => !tried.has(endpointKey(endpoint)));
  const healthy = left(healthyEndpoints(pool, context.health));
  const endpoints = healthy.length > 0 ? healthy : left(endpointsOf(pool));
  if (endpoints.length === 0) return undefined;
  const policy = pool.origin_steering?.policy ?? "random";
  if (stable || policy === "hash") return byHash(endpoints, context.clientAddress);
  if (policy === "least_outstanding_requests" || policy === "least_connections")
    return leastBusy(endpoints, context);
  return weighted(endpoints, ({ origin }) => origin.weight, context.random());
}
