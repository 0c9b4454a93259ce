/**
 * Which pool of a load balancer serves, by what its monitors find, and which ones come after it.
 *
 * Sources: load-balancing/understand-basics/health-details (a pool is healthy while one endpoint is, the fallback pool is
 * used when none is, whatever its health) and traffic-steering/steering-policies (off: in order; others by time, place
 * or chance, so that any healthy pool may be the one).
 */
import type { Balancer, Endpoint, Pool } from "./model.ts";
import { reachTarget, type OriginRequest, type Reached, type Scene } from "./origin.ts";
import type { NameStop } from "./public-dns.ts";

/** One endpoint, and what becomes of a request that goes to it. */
export interface Served extends Reached {
  /** `undefined` where no load balancer has pools. */
  readonly pool: string | undefined;
  readonly endpoint: string;
  /** Why monitors find it down; `undefined` where they find it up, or nobody looks. */
  readonly down: NameStop | undefined;
}

export interface Steered {
  /** What requests go to; where it is several, any of them. */
  readonly servers: readonly Served[];
  /** What they would go to when those are down, in that order. */
  readonly then: readonly Served[];
}

/** Why a monitor finds an endpoint down. */
export function probeStop(
  scene: Scene,
  { probe }: Balancer,
  { target, hostHeader }: Endpoint,
): NameStop | undefined {
  const zone = probe.asZone === undefined ? undefined : scene.model.zones.get(probe.asZone);
  const { stop } = reachTarget(scene, target, {
    scheme: "https",
    port: probe.port,
    host: hostHeader ?? probe.host,
    path: probe.path,
    showsCertificate: zone?.tls?.originPulls === true,
    isSecure: true,
  });
  return stop;
}

interface Judged {
  readonly pool: Pool;
  readonly served: readonly Served[];
}

function judge(scene: Scene, balancer: Balancer, pool: Pool, request: OriginRequest): Judged {
  const served = pool.endpoints.map((endpoint): Served => ({
    ...reachTarget(scene, endpoint.target, { ...request, host: endpoint.hostHeader ?? request.host }),
    pool: pool.name,
    endpoint: endpoint.name,
    down: probeStop(scene, balancer, endpoint),
  }));
  return { pool, served };
}

function up({ served }: Judged): readonly Served[] {
  return served.filter(({ down }) => down === undefined);
}

/** Policies by which pools are taken in their order, where no pools are given to places. */
const inOrder: readonly string[] = ["off", "geo"];

/** Where a request for the load balancer's name goes. */
export function steer(scene: Scene, balancer: Balancer, request: OriginRequest): Steered {
  const judged = balancer.pools.map((pool) => judge(scene, balancer, pool, request));
  const healthy = judged.filter((each) => up(each).length > 0);
  const fallback = judged.find(({ pool }) => pool.key === balancer.fallback?.key);
  if (healthy.length === 0) return { servers: fallback?.served ?? [], then: [] };
  const [first, ...others] = healthy;
  const isOrdered = inOrder.includes(balancer.steering);
  const serving = isOrdered && first !== undefined ? [first] : healthy;
  const next = isOrdered ? others : [];
  // It is asked at the very end even where monitors find it down.
  const last = fallback === undefined || healthy.includes(fallback) ? [] : fallback.served;
  return { servers: serving.flatMap(up), then: [...next.flatMap(up), ...last] };
}
