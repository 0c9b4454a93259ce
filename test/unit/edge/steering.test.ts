import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Affinity, type AffinityRequest } from "../../../sandbox/services/edge/affinity.ts";
import type { Balancer, EdgeState } from "../../../sandbox/services/edge/state.ts";
import {
  effective,
  endpointKey,
  isPoolHealthy,
  pickEndpoint,
  unreadableRules,
  usablePools,
  type Endpoint,
  type Health,
  type SteeringContext,
} from "../../../sandbox/services/edge/steering.ts";
import { balancer, origin, pool, stateOf } from "./describe-json.ts";

const client = "192.0.2.66";

function without(...down: readonly string[]): Health {
  return { isUp: (endpoint) => !down.includes(endpointKey(endpoint)) };
}

function context(health: Health, more: Partial<SteeringContext> = {}): SteeringContext {
  return { health, random: () => 0, outstanding: () => 0, clientAddress: client, ...more };
}

function request(headers: AffinityRequest["headers"] = {}): AffinityRequest {
  return {
    ...{ method: "GET", host: "api.zone.test", path: "/", query: "", isTls: true, alwaysHttps: true },
    ...{ clientAddress: client, headers },
  };
}

function stateWith(fields: Readonly<Record<string, unknown>> = {}): EdgeState {
  return stateOf({
    zones: { "zone.test": { balancers: [balancer("api.zone.test", ["west", "east", "home"], fields)] } },
    pools: [
      pool("west", [origin("1", "198.51.100.1"), origin("2", "198.51.100.2")]),
      pool("east", [origin("1", "198.51.100.3")]),
      pool("home", [origin("1", "t.cfargotunnel.com")]),
    ],
  });
}

function only(state: EdgeState): Balancer {
  const found = state.zones[0]?.load_balancers[0];
  if (found === undefined) throw new Error("the state has no load balancer");
  return found;
}

function poolsIn(state: EdgeState, health: Health, random = 0): readonly string[] {
  return usablePools(effective(only(state), request()), state, { health, random: () => random }).map(
    ({ name }) => name,
  );
}

describe("pools", () => {
  it("are used in their order, without those that are not healthy", () => {
    const state = stateWith();
    expect(poolsIn(state, without())).toEqual(["west", "east", "home"]);
    expect(poolsIn(state, without("west/1"))).toEqual(["west", "east", "home"]);
    expect(poolsIn(state, without("west/1", "west/2"))).toEqual(["east", "home"]);
    expect(poolsIn(state, without("west/1", "west/2", "east/1"))).toEqual(["home"]);
  });

  it("end with the fallback pool, whose own health does not count", () => {
    const all = without("west/1", "west/2", "east/1", "home/1");
    expect(poolsIn(stateWith(), all)).toEqual(["home"]);
    expect(poolsIn(stateWith({ fallback_pool: "east" }), all)).toEqual(["east"]);
  });

  it("are healthy with as many endpoints as they want", () => {
    const state = stateOf({
      pools: [
        pool(
          "two",
          [origin("1", "a.test"), origin("2", "b.test"), origin("3", "c.test", { enabled: false })],
          {
            minimum_origins: 2,
          },
        ),
        pool("off", [origin("1", "a.test")], { enabled: false }),
        pool("none", [origin("1", "a.test", { enabled: false })], { minimum_origins: 0 }),
      ],
    });
    const healthy = (name: string, health: Health): boolean => {
      const found = state.pools.get(name);
      return found !== undefined && isPoolHealthy(found, health);
    };
    expect(healthy("two", without())).toBe(true);
    expect(healthy("two", without("two/1"))).toBe(false);
    expect(healthy("off", without())).toBe(false);
    expect(healthy("none", without())).toBe(false);
  });

  it("begin anywhere where steering is random", () => {
    const state = stateWith({ steering_policy: "random" });
    expect(poolsIn(state, without(), 0.4)).toEqual(["east", "home", "west"]);
    expect(poolsIn(state, without("east/1"), 0.9)).toEqual(["home", "west"]);
  });
});

describe("endpoints", () => {
  const weights = fc.array(
    fc.record({ weight: fc.double({ min: 0, max: 1, noNaN: true }), up: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  const policies = fc.constantFrom("random", "hash", "least_outstanding_requests", "least_connections");

  it("that are down get nothing as long as another is up, by every policy", () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(weights, policies, random, (endpoints, policy, drawn) => {
        const origins = endpoints.map(({ weight }, index) => origin(String(index), "a.test", { weight }));
        const found = stateOf({ pools: [pool("p", origins, { origin_steering: { policy } })] }).pools.get(
          "p",
        );
        if (found === undefined) throw new Error("no pool");
        const health: Health = { isUp: ({ origin: { name } }) => endpoints[Number(name)]?.up === true };
        const picked = pickEndpoint(found, context(health, { random: () => drawn }));
        expect(picked).toBeDefined();
        if (endpoints.some(({ up }) => up)) expect(picked !== undefined && health.isUp(picked)).toBe(true);
      }),
    );
  });

  it("share by weight", () => {
    const origins = [origin("a", "a.test", { weight: 0.25 }), origin("b", "b.test", { weight: 0.75 })];
    const found = stateOf({ pools: [pool("p", origins)] }).pools.get("p");
    if (found === undefined) throw new Error("no pool");
    const counts = { a: 0, b: 0 };
    for (let step = 0; step < 100; step += 1) {
      const picked = pickEndpoint(found, context(without(), { random: () => (step + 0.5) / 100 }));
      counts[picked?.origin.name as "a" | "b"] += 1;
    }
    expect(counts).toEqual({ a: 25, b: 75 });
  });

  it("with the fewest requests on their way, for their weight, go first", () => {
    const origins = [origin("a", "a.test"), origin("b", "b.test", { weight: 0.5 })];
    const policy = { origin_steering: { policy: "least_outstanding_requests" } };
    const found = stateOf({ pools: [pool("p", origins, policy)] }).pools.get("p");
    if (found === undefined) throw new Error("no pool");
    const pick = (a: number, b: number): string | undefined =>
      pickEndpoint(
        found,
        context(without(), { outstanding: ({ origin: { name } }) => (name === "a" ? a : b) }),
      )?.origin.name;
    expect([pick(0, 0), pick(1, 0), pick(2, 0), pick(5, 1)]).toEqual(["a", "a", "b", "b"]);
  });

  it("stay the same for a client by hash, whatever the dice say", () => {
    const origins = ["a", "b", "c"].map((name) => origin(name, `${name}.test`));
    const found = stateOf({ pools: [pool("p", origins, { origin_steering: { policy: "hash" } })] }).pools.get(
      "p",
    );
    if (found === undefined) throw new Error("no pool");
    const names = [0, 0.5, 0.99].map(
      (drawn) => pickEndpoint(found, context(without(), { random: () => drawn }))?.origin.name,
    );
    expect(new Set(names).size).toBe(1);
    const clients = Array.from({ length: 60 }, (_each, index) => `192.0.2.${index}`);
    const all = clients.map(
      (clientAddress) => pickEndpoint(found, context(without(), { clientAddress }))?.origin.name,
    );
    expect(new Set(all)).toEqual(new Set(["a", "b", "c"]));
  });
});

describe("rules", () => {
  const rule = (name: string, condition: string, priority: number, overrides: object, more: object = {}) => ({
    ...{ name, condition, priority, overrides, disabled: false },
    ...more,
  });
  const applied = (rules: readonly object[]) => {
    expect(only(stateWith({ rules })).default_pools).toEqual(["west", "east", "home"]);
    return effective(only(stateWith({ rules })), request());
  };

  it("are laid over the load balancer, the later over the earlier, where they fit", () => {
    const found = applied([
      rule("later", "ssl", 2, { default_pools: ["home"], session_affinity: "none" }),
      rule("earlier", "ssl", 1, { default_pools: ["east"], fallback_pool: "east", session_affinity_ttl: 60 }),
      rule("no", "not ssl", 3, { default_pools: ["west"] }),
      rule("off", "ssl", 4, { default_pools: ["west"] }, { disabled: true }),
    ]);
    expect(found).toMatchObject({ default_pools: ["home"], fallback_pool: "east", session_affinity_ttl: 60 });
  });

  it("end where one says so", () => {
    const found = applied([
      rule("first", "ssl", 1, { default_pools: ["east"] }, { terminates: true }),
      rule("second", "ssl", 2, { default_pools: ["home"] }),
    ]);
    expect(found.default_pools).toEqual(["east"]);
  });

  it("that cannot be read are left out and told", () => {
    const rules = [rule("strange", 'ip.geoip.country eq "DE"', 1, { default_pools: ["home"] })];
    expect(applied(rules).default_pools).toEqual(["west", "east", "home"]);
    expect(unreadableRules(stateWith({ rules }))).toEqual([
      "rule strange of api.zone.test is left out: the sandbox's edge does not know ip.geoip.country",
    ]);
  });
});

describe("session affinity", () => {
  const chooser = (now: () => number = () => 0) => new Affinity(Buffer.alloc(32, 1), now);
  const key = (endpoint: Endpoint | undefined) =>
    endpoint === undefined ? undefined : endpointKey(endpoint);
  /** The dice say the second endpoint. */
  const second = (health: Health) => context(health, { random: () => 0.9 });

  function choose(affinity: Affinity, state: EdgeState, asked: AffinityRequest, at: SteeringContext) {
    return affinity.choose(effective(only(state), asked), state, asked, at);
  }

  it("by cookie keeps a client at its endpoint, also after a better pool came back", () => {
    const state = stateWith({ session_affinity: "cookie", session_affinity_ttl: 1_800 });
    const affinity = chooser();
    const first = choose(affinity, state, request(), second(without("west/1", "west/2")));
    expect([key(first?.endpoint), first?.pinned]).toEqual(["east/1", false]);
    const [pair = "", ...attributes] = (first?.cookie ?? "").split("; ");
    expect(pair).toMatch(/^__cflb=[\w-]{43}$/);
    expect(attributes).toEqual([
      ...["SameSite=None", "Secure", "path=/", "expires=Thu, 01 Jan 1970 00:30:00 GMT", "HttpOnly"],
    ]);
    const again = choose(affinity, state, request({ cookie: [`x=1; ${pair}`] }), second(without()));
    expect([key(again?.endpoint), again?.pinned, again?.cookie]).toEqual(["east/1", true, undefined]);
    // Without the cookie the client is a new one.
    expect(key(choose(affinity, state, request(), second(without()))?.endpoint)).toBe("west/2");
  });

  it("by cookie gives another endpoint and cookie when the endpoint goes down, or the cookie is not ours", () => {
    const state = stateWith({ session_affinity: "cookie" });
    const affinity = chooser();
    const pair = (choose(affinity, state, request(), second(without()))?.cookie ?? "").split("; ")[0] ?? "";
    const moved = choose(affinity, state, request({ cookie: [pair] }), second(without("west/2")));
    expect([key(moved?.endpoint), moved?.cookie === undefined]).toEqual(["west/1", false]);
    const forged = choose(
      new Affinity(Buffer.alloc(32, 2), () => 0),
      state,
      request({ cookie: [pair] }),
      context(without()),
    );
    expect([key(forged?.endpoint), forged?.pinned]).toEqual(["west/1", false]);
  });

  it("by header keeps a session for as long as it is used", () => {
    let now = 0;
    const state = stateWith({
      session_affinity: "header",
      session_affinity_ttl: 30,
      session_affinity_attributes: { headers: ["X-Session-ID"], require_all_headers: true },
    });
    const affinity = chooser(() => now);
    const asked = request({ "x-session-id": ["abc"] });
    const at = (seconds: number, dice: SteeringContext) => {
      now = seconds * 1_000;
      return key(choose(affinity, state, asked, dice)?.endpoint);
    };
    expect(at(0, second(without()))).toBe("west/2");
    expect(at(29, context(without()))).toBe("west/2");
    expect(at(58, context(without()))).toBe("west/2");
    expect(at(88, context(without()))).toBe("west/1");
    expect(at(89, second(without("west/1")))).toBe("west/2");
    // Another session, and none at all.
    expect(
      key(choose(affinity, state, request({ "x-session-id": ["def"] }), context(without()))?.endpoint),
    ).toBe("west/1");
    expect(choose(affinity, state, request(), context(without()))?.pinned).toBe(false);
  });

  it("of an address gives the same endpoint before there is a cookie", () => {
    const state = stateWith({ session_affinity: "ip_cookie" });
    const endpoints = [0, 0.5, 0.9].map((drawn) =>
      key(choose(chooser(), state, request(), context(without(), { random: () => drawn }))?.endpoint),
    );
    expect(new Set(endpoints).size).toBe(1);
  });
});
