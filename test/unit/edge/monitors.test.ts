import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Monitors, think, unseen, type Clock } from "../../../sandbox/services/edge/monitors.ts";
import type { Finding } from "../../../sandbox/services/edge/probe.ts";
import type { EdgeState } from "../../../sandbox/services/edge/state.ts";
import { endpointKey, isPoolHealthy } from "../../../sandbox/services/edge/steering.ts";
import { monitor, origin, pool, stateOf } from "./describe-json.ts";

const up: Finding = { kind: "up", milliseconds: 1 };
const down: Finding = { kind: "down", reason: "response code 500", isTimeout: false };
const silent: Finding = { kind: "down", reason: "no answer", isTimeout: true };

describe("what is thought of an endpoint", () => {
  const sides = (findings: readonly Finding[], consecutive_up: number, consecutive_down: number) => {
    let health = unseen;
    return findings.map((finding) => {
      health = think(health, finding, { consecutive_up, consecutive_down });
      return health.isUp;
    });
  };

  it("is what the first look finds, and then what so many looks in a row say", () => {
    expect(sides([down, up, up, down, up], 0, 0)).toEqual([false, true, true, false, true]);
    expect(sides([up, down, down, up, down, down, down], 2, 3)).toEqual([
      ...[true, true, true, true, true, true, false],
    ]);
    expect(sides([down, up, down, up, up], 2, 1)).toEqual([false, false, false, false, true]);
  });

  it("changes only after enough looks in a row that say otherwise", () => {
    const looks = fc.array(fc.boolean(), { minLength: 1, maxLength: 30 });
    const needs = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(looks, needs, needs, (found, ups, downs) => {
        const thought = sides(
          found.map((isUp) => (isUp ? up : down)),
          ups,
          downs,
        );
        for (let at = 1; at < thought.length; at += 1) {
          if (thought[at] === thought[at - 1]) continue;
          const needed = Math.max(1, thought[at] === true ? ups : downs);
          const last = found.slice(at + 1 - needed, at + 1);
          expect(last).toEqual(Array.from({ length: needed }, () => thought[at]));
        }
      }),
    );
  });

  it("is nothing where the sandbox cannot look", () => {
    expect(think(unseen, { kind: "unknown", reason: "no icmp" }, monitorTimes)).toEqual({
      ...unseen,
      reason: "no icmp",
    });
  });
});

const monitorTimes = { consecutive_up: 0, consecutive_down: 0 };

/** A clock that stands still until it is told the time. */
class FakeClock implements Clock {
  #now = 0;
  readonly #due: { readonly at: number; readonly work: () => void }[] = [];

  after(milliseconds: number, work: () => void): () => void {
    // The monitors take off what a look lasted, which here is nothing but real time.
    const entry = { at: this.#now + Math.ceil(milliseconds / 1_000) * 1_000, work };
    this.#due.push(entry);
    return () => {
      const index = this.#due.indexOf(entry);
      if (index >= 0) this.#due.splice(index, 1);
    };
  }

  get waiting(): number {
    return this.#due.length;
  }

  async pass(seconds: number): Promise<void> {
    const until = this.#now + seconds * 1_000;
    for (;;) {
      await settle();
      const next = this.#due.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#due.splice(this.#due.indexOf(next), 1);
      this.#now = next.at;
      next.work();
    }
    this.#now = until;
  }
}

/** Lets everything run that waits for nothing. */
async function settle(): Promise<void> {
  for (let step = 0; step < 10; step += 1) await turn();
}

class Bed {
  readonly clock = new FakeClock();
  readonly log: string[] = [];
  readonly looks: string[] = [];
  /** What is found at an endpoint; up where nothing is said. */
  readonly found = new Map<string, Finding>();
  readonly monitors = new Monitors({
    probe: async (_monitor, endpoint) => {
      await turn();
      const key = endpointKey(endpoint);
      this.looks.push(key);
      return this.found.get(key) ?? up;
    },
    log: (line) => this.log.push(line),
    clock: this.clock,
  });

  state(more: Readonly<Record<string, unknown>> = {}, address = "198.51.100.1"): EdgeState {
    return stateOf({
      pools: [
        pool("west", [origin("1", address), origin("2", "198.51.100.2")], {
          monitor: "m",
          minimum_origins: 2,
        }),
        pool("blind", [origin("1", "198.51.100.3")]),
      ],
      monitors: [monitor("m", { interval: 15, retries: 2, ...more })],
    });
  }

  isHealthy(name: string, state = this.state()): boolean {
    const found = state.pools.get(name);
    return found !== undefined && isPoolHealthy(found, this.monitors);
  }
}

describe("the monitors", () => {
  it("look at once, and again after the interval, at the pools that have one", async () => {
    const bed = new Bed();
    bed.monitors.follow(bed.state());
    await bed.clock.pass(14);
    expect(bed.looks.toSorted()).toEqual(["west/1", "west/2"]);
    await bed.clock.pass(1);
    expect(bed.looks.toSorted()).toEqual(["west/1", "west/1", "west/2", "west/2"]);
    bed.monitors.close();
    await bed.clock.pass(60);
    expect(bed.looks).toHaveLength(4);
  });

  it("take an endpoint out, and with it a pool that has too few, until it is back", async () => {
    const bed = new Bed();
    bed.found.set("west/1", down);
    // Nobody has looked yet: it may be used.
    expect(bed.isHealthy("west")).toBe(true);
    bed.monitors.follow(bed.state());
    await bed.clock.pass(1);
    expect([bed.isHealthy("west"), bed.isHealthy("blind")]).toEqual([false, true]);
    expect(bed.log).toContain("west/1 (198.51.100.1) is down: response code 500");
    bed.found.delete("west/1");
    await bed.clock.pass(15);
    expect(bed.isHealthy("west")).toBe(true);
    expect(bed.log.at(-1)).toBe("west/1 (198.51.100.1) is up");
  });

  it("look again at once when there was no answer, and not when there was a wrong one", async () => {
    const bed = new Bed();
    bed.found.set("west/1", silent);
    bed.found.set("west/2", down);
    bed.monitors.follow(bed.state());
    await bed.clock.pass(1);
    expect(bed.looks.filter((key) => key === "west/1")).toHaveLength(3);
    expect(bed.looks.filter((key) => key === "west/2")).toHaveLength(1);
  });

  it("go on as they were when nothing of theirs changes, and begin anew when something does", async () => {
    const bed = new Bed();
    bed.found.set("west/1", down);
    bed.monitors.follow(bed.state());
    await bed.clock.pass(1);
    bed.monitors.follow(bed.state());
    await bed.clock.pass(1);
    expect([bed.looks.length, bed.clock.waiting]).toEqual([2, 2]);
    // Another path: what is thought stays until somebody has looked.
    bed.monitors.follow(bed.state({ path: "/other" }));
    expect(bed.isHealthy("west")).toBe(false);
    await bed.clock.pass(1);
    expect([bed.looks.length, bed.clock.waiting]).toEqual([4, 2]);
    // Another machine: nothing is known of it.
    bed.monitors.follow(bed.state({ path: "/other" }, "198.51.100.9"));
    expect(bed.isHealthy("west")).toBe(true);
    await bed.clock.pass(1);
    expect([bed.looks.length, bed.clock.waiting]).toEqual([5, 2]);
  });

  it("forget pools that are gone", async () => {
    const bed = new Bed();
    bed.found.set("west/1", down);
    bed.monitors.follow(bed.state());
    await bed.clock.pass(1);
    bed.monitors.follow(stateOf({}));
    await bed.clock.pass(60);
    expect([bed.looks.length, bed.clock.waiting, bed.isHealthy("west")]).toEqual([2, 0, true]);
  });
});
