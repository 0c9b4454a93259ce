/**
 * How requests of one client stay with one endpoint: by a cookie that the edge sets, or by headers of the client's.
 *
 * Source: load-balancing/understand-basics/session-affinity. A session ends with its time, and when its endpoint is not
 * up any more.
 */
import { createHash, createHmac, randomBytes } from "node:crypto";
import type { RuleRequest } from "./expression.ts";
import {
  endpointKey,
  endpointsOf,
  pickEndpoint,
  usablePools,
  type Effective,
  type Endpoint,
  type SteeringContext,
} from "./steering.ts";
import type { EdgeState } from "./state.ts";

export interface Chosen {
  readonly endpoint: Endpoint;
  /** A `Set-Cookie` for the client. */
  readonly cookie?: string;
  /** Whether the client belongs to this endpoint, so that another one may not take its place. */
  readonly pinned: boolean;
}

interface Session {
  readonly endpoint: string;
  readonly until: number;
}

const cookieName = "__cflb";
/** Seconds, where the API did not say: 23 hours by cookie, half an hour by header. */
const absentSeconds = { cookie: 82_800, header: 1_800 } as const;
/** Sessions by header that are remembered; the oldest are forgotten first. */
const mostSessions = 100_000;

/** The values of a cookie of this name, in the order in which the client sent them. */
export function cookieValues(headers: RuleRequest["headers"], name: string): readonly string[] {
  return (headers.cookie ?? [])
    .flatMap((line) => line.split(";"))
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1));
}

export interface AffinityRequest extends RuleRequest {
  /** Whether the zone sends everybody to HTTPS, which makes the cookie a secure one. */
  readonly alwaysHttps: boolean;
}

export class Affinity {
  /** Nobody but the edge can make a cookie that leads to an endpoint. */
  readonly #key: Buffer;
  readonly #sessions = new Map<string, Session>();
  readonly #now: () => number;

  constructor(key: Buffer = randomBytes(32), now: () => number = Date.now) {
    this.#key = key;
    this.#now = now;
  }

  /** @returns nothing if the balancer has no endpoint at all */
  choose(
    balancer: Effective,
    state: EdgeState,
    request: AffinityRequest,
    context: SteeringContext,
  ): Chosen | undefined {
    switch (balancer.session_affinity) {
      case "cookie":
      case "ip_cookie":
        return this.#byCookie(balancer, state, request, context);
      case "header":
        return this.#byHeader(balancer, state, request, context);
      default: {
        const endpoint = fresh(balancer, state, context);
        return endpoint === undefined ? undefined : { endpoint, pinned: false };
      }
    }
  }

  /** A session is another endpoint's from now on; what the client must know of it is a cookie, if anything. */
  move(balancer: Effective, endpoint: Endpoint, request: AffinityRequest): string | undefined {
    const { session_affinity: affinity } = balancer;
    if (affinity === "cookie" || affinity === "ip_cookie") return this.#cookie(balancer, endpoint, request);
    const key = affinity === "header" ? sessionKey(balancer, request) : undefined;
    if (key !== undefined)
      this.#remember(key, endpoint, balancer.session_affinity_ttl ?? absentSeconds.header);
    return undefined;
  }

  #byCookie(
    balancer: Effective,
    state: EdgeState,
    request: AffinityRequest,
    context: SteeringContext,
  ): Chosen | undefined {
    const values = cookieValues(request.headers, cookieName);
    const own = candidates(balancer, state).find(
      (endpoint) => context.health.isUp(endpoint) && values.includes(this.#token(balancer, endpoint)),
    );
    if (own !== undefined) return { endpoint: own, pinned: true };
    const endpoint = fresh(balancer, state, context, balancer.session_affinity === "ip_cookie");
    if (endpoint === undefined) return undefined;
    return { endpoint, pinned: false, cookie: this.#cookie(balancer, endpoint, request) };
  }

  #byHeader(
    balancer: Effective,
    state: EdgeState,
    request: AffinityRequest,
    context: SteeringContext,
  ): Chosen | undefined {
    const key = sessionKey(balancer, request);
    if (key === undefined) {
      const endpoint = fresh(balancer, state, context);
      return endpoint === undefined ? undefined : { endpoint, pinned: false };
    }
    const session = this.#sessions.get(key);
    const own =
      session === undefined || session.until <= this.#now()
        ? undefined
        : candidates(balancer, state).find(
            (endpoint) => endpointKey(endpoint) === session.endpoint && context.health.isUp(endpoint),
          );
    const endpoint = own ?? fresh(balancer, state, context);
    if (endpoint === undefined) return undefined;
    this.#remember(key, endpoint, balancer.session_affinity_ttl ?? absentSeconds.header);
    return { endpoint, pinned: own !== undefined };
  }

  /** Every use of a session by header prolongs it. */
  #remember(key: string, endpoint: Endpoint, seconds: number): void {
    this.#sessions.delete(key);
    this.#sessions.set(key, { endpoint: endpointKey(endpoint), until: this.#now() + seconds * 1_000 });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > mostSessions && oldest !== undefined) this.#sessions.delete(oldest);
  }

  #token(balancer: Effective, endpoint: Endpoint): string {
    return createHmac("sha256", this.#key)
      .update(`${balancer.id} ${endpointKey(endpoint)}`)
      .digest("base64url");
  }

  #cookie(balancer: Effective, endpoint: Endpoint, { isTls, alwaysHttps }: AffinityRequest): string {
    const { samesite = "Auto", secure = "Auto" } = balancer.session_affinity_attributes ?? {};
    const isSecure = secure === "Always" || (secure === "Auto" && (alwaysHttps || isTls));
    // "Auto" is Lax with plain HTTP, and with HTTPS None, so that other sites' requests keep their session too.
    const sameSite = samesite === "Auto" ? (isSecure ? "None" : "Lax") : samesite;
    const seconds = balancer.session_affinity_ttl ?? absentSeconds.cookie;
    return [
      `${cookieName}=${this.#token(balancer, endpoint)}`,
      `SameSite=${sameSite}`,
      ...(isSecure ? ["Secure"] : []),
      "path=/",
      `expires=${new Date(this.#now() + seconds * 1_000).toUTCString()}`,
      "HttpOnly",
    ].join("; ");
  }
}

/** Every endpoint that a session may have been given. */
function candidates(balancer: Effective, state: EdgeState): readonly Endpoint[] {
  const ids = [...new Set([...balancer.default_pools, balancer.fallback_pool])];
  return ids
    .flatMap((id) => state.pools.get(id) ?? [])
    .filter(({ enabled }) => enabled)
    .flatMap((pool) => endpointsOf(pool));
}

function fresh(
  balancer: Effective,
  state: EdgeState,
  context: SteeringContext,
  stable = false,
): Endpoint | undefined {
  const [pool] = usablePools(balancer, state, context);
  return pool === undefined ? undefined : pickEndpoint(pool, context, [], stable);
}

/** What tells sessions by header apart; nothing where the request has too few of the headers. */
function sessionKey(balancer: Effective, { headers }: RuleRequest): string | undefined {
  const { headers: names = [], require_all_headers: all = false } =
    balancer.session_affinity_attributes ?? {};
  const found = names.map((name) => headers[name.toLowerCase()]?.join(", ") ?? "");
  const present = found.filter((value) => value !== "").length;
  if (present === 0 || (all && present < names.length)) return undefined;
  return createHash("sha256")
    .update(JSON.stringify([balancer.id, found]))
    .digest("base64");
}
