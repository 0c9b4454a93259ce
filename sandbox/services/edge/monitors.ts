/**
 * The monitors: who looks at which endpoint when, and what is thought of it.
 *
 * Source: load-balancing/monitors and load-balancing/understand-basics/health-details. A look that ran out of time is
 * repeated at once, `retries` times; an endpoint changes sides after `consecutive_up` or `consecutive_down` looks in a
 * row, 0 and 1 meaning the first. Cloudflare looks from several places, the sandbox's edge is one.
 */
import type { Log } from "../log.ts";
import type { Finding } from "./probe.ts";
import type { EdgeState, Monitor } from "./state.ts";
import { endpointKey, endpointsOf, type Endpoint, type Health } from "./steering.ts";

export interface EndpointHealth {
  /** `undefined` until the first look has ended. */
  readonly isUp: boolean | undefined;
  /** Looks in a row that found the opposite of what is thought. */
  readonly against: number;
  /** Why the last look failed. */
  readonly reason: string | undefined;
  /** Of the last look that succeeded. */
  readonly milliseconds: number | undefined;
}

export const unseen: EndpointHealth = {
  isUp: undefined,
  against: 0,
  reason: undefined,
  milliseconds: undefined,
};

/** What is thought of an endpoint after one more look. The first look decides alone. */
export function think(
  before: EndpointHealth,
  finding: Finding,
  { consecutive_up, consecutive_down }: Pick<Monitor, "consecutive_up" | "consecutive_down">,
): EndpointHealth {
  if (finding.kind === "unknown") return { ...unseen, reason: finding.reason };
  const isUp = finding.kind === "up";
  const seen = {
    reason: isUp ? undefined : finding.reason,
    milliseconds: isUp ? finding.milliseconds : before.milliseconds,
  };
  if (before.isUp === undefined || before.isUp === isUp) return { ...seen, isUp, against: 0 };
  const against = before.against + 1;
  const needed = Math.max(1, isUp ? consecutive_up : consecutive_down);
  return against >= needed ? { ...seen, isUp, against: 0 } : { ...seen, isUp: before.isUp, against };
}

/** The clock, so that tests need not wait. */
export interface Clock {
  /** Runs the work after so many milliseconds; the result takes that back. */
  after(milliseconds: number, work: () => void): () => void;
}

export const realClock: Clock = {
  after: (milliseconds, work) => {
    const timer = setTimeout(work, milliseconds);
    return () => {
      clearTimeout(timer);
    };
  },
};

interface Watch {
  endpoint: Endpoint;
  readonly monitor: Monitor;
  health: EndpointHealth;
  /** Takes back what is scheduled. */
  cancel: () => void;
  isOver: boolean;
}

export interface MonitorParts {
  readonly probe: (monitor: Monitor, endpoint: Endpoint) => Promise<Finding>;
  readonly log: Log;
  readonly clock?: Clock;
}

/** What decides on the look itself: whatever of it changes, the endpoint is looked at anew. */
function fingerprint(monitor: Monitor, { origin }: Endpoint): string {
  const { address, port, header } = origin;
  return JSON.stringify([monitor, address, port, header]);
}

export class Monitors implements Health {
  readonly #parts: MonitorParts;
  readonly #clock: Clock;
  readonly #watches = new Map<string, Watch>();

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? realClock;
  }

  isUp(endpoint: Endpoint): boolean {
    return this.#watches.get(endpointKey(endpoint))?.health.isUp ?? true;
  }

  healthOf(endpoint: Endpoint): EndpointHealth {
    return this.#watches.get(endpointKey(endpoint))?.health ?? unseen;
  }

  /** Watches exactly what the state says is to be watched; what did not change goes on as it was. */
  follow(state: EdgeState): void {
    const wanted = new Map<string, { readonly endpoint: Endpoint; readonly monitor: Monitor }>();
    for (const pool of state.pools.values()) {
      const monitor = state.monitors.get(pool.monitor ?? "");
      if (monitor === undefined || !pool.enabled) continue;
      for (const endpoint of endpointsOf(pool)) wanted.set(endpointKey(endpoint), { endpoint, monitor });
    }
    for (const [key, watch] of this.#watches) {
      if (!wanted.has(key)) this.#end(key, watch);
    }
    for (const [key, { endpoint, monitor }] of wanted) this.#watch(key, endpoint, monitor);
  }

  /** Ends all watching. */
  close(): void {
    for (const [key, watch] of this.#watches) this.#end(key, watch);
  }

  #end(key: string, watch: Watch): void {
    watch.isOver = true;
    watch.cancel();
    this.#watches.delete(key);
  }

  #watch(key: string, endpoint: Endpoint, monitor: Monitor): void {
    const before = this.#watches.get(key);
    if (before !== undefined) {
      if (fingerprint(before.monitor, before.endpoint) === fingerprint(monitor, endpoint)) {
        before.endpoint = endpoint;
        return;
      }
      this.#end(key, before);
    }
    const health = before?.endpoint.origin.address === endpoint.origin.address ? before.health : unseen;
    const watch: Watch = { endpoint, monitor, health, cancel: () => undefined, isOver: false };
    this.#watches.set(key, watch);
    void this.#look(watch);
  }

  /** Looks, thinks, and comes again after the interval, which is from look to look. */
  async #look(watch: Watch): Promise<void> {
    const began = performance.now();
    const finding = await this.#probe(watch);
    if (watch.isOver) return;
    const before = watch.health;
    watch.health = think(before, finding, watch.monitor);
    if (before.isUp !== watch.health.isUp) this.#tell(watch);
    const rest = watch.monitor.interval * 1_000 - (performance.now() - began);
    watch.cancel = this.#clock.after(Math.max(0, rest), () => void this.#look(watch));
  }

  async #probe(watch: Watch): Promise<Finding> {
    for (let left = watch.monitor.retries; ; left -= 1) {
      const finding = await this.#parts.probe(watch.monitor, watch.endpoint);
      if (finding.kind !== "down" || !finding.isTimeout || left <= 0 || watch.isOver) return finding;
    }
  }

  #tell({ endpoint, health }: Watch): void {
    const { pool, origin } = endpoint;
    const state = health.isUp === undefined ? "unknown" : health.isUp ? "up" : "down";
    this.#parts.log(
      `${pool.name}/${origin.name} (${origin.address}) is ${state}${health.reason === undefined ? "" : `: ${health.reason}`}`,
    );
  }
}
