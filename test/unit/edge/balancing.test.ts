/** Requests for a load balancer's name through the edge, on loopback. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bed } from "./bed.ts";
import { balancer, origin, pool } from "./describe-json.ts";

const bed = new Bed();

beforeAll(async () => {
  await bed.open("http", 80);
});

afterAll(() => {
  bed.close();
});

describe("a load balancer", () => {
  function balanced(more: Record<string, unknown> = {}, originMore: Record<string, unknown> = {}) {
    bed.apply({
      zones: { "zone.test": { balancers: [balancer("api.zone.test", ["west", "east"], more)] } },
      pools: [
        pool("west", [
          origin("1", "198.51.100.20", { weight: 1, ...originMore }),
          origin("2", "198.51.100.21", { weight: 0 }),
        ]),
        pool("east", [origin("1", "198.51.100.22")]),
      ],
    });
  }

  beforeAll(async () => {
    await bed.refusing("198.51.100.20:80");
    await bed.http("198.51.100.21:80");
    await bed.http("198.51.100.22:80");
    await bed.http("198.51.100.20:8000");
  });

  it("tries a request once more at another endpoint of the pool where the first cannot be reached", async () => {
    balanced();
    const { at, body } = await bed.echo("http://api.zone.test/", { method: "POST", body: "whole" });
    expect([at, body]).toEqual(["198.51.100.21:80", "whole"]);
  });

  it("has endpoints with ports and host names of their own", async () => {
    balanced({}, { port: 8_000, header: { Host: ["west.zone.test"] } });
    const { at, headers } = await bed.echo("http://api.zone.test/");
    expect([at, headers.host]).toEqual(["198.51.100.20:8000", "west.zone.test"]);
  });

  it("gives browsers a cookie that brings them back to their endpoint", async () => {
    balanced({ session_affinity: "cookie" }, { port: 8_000 });
    const { headers } = await bed.ask("http://api.zone.test/");
    const [cookie = ""] = (headers["set-cookie"] ?? []).map((line) => line.split(";")[0] ?? "");
    expect(cookie).toMatch(/^__cflb=/);
    const again = await bed.ask("http://api.zone.test/", { headers: { cookie } });
    expect([again.status, again.headers["set-cookie"]]).toEqual([200, undefined]);
  });

  it("leaves a session alone whose endpoint cannot be reached, unless it is told otherwise", async () => {
    const place = { host: "127.0.0.1", port: bed.places.get("198.51.100.21:80")?.port ?? 0 };
    bed.places.set("198.51.100.20:9000", place);
    const ask = async (failover: string, headers: Record<string, string>) => {
      const attributes = { session_affinity_attributes: { zero_downtime_failover: failover } };
      balanced({ session_affinity: "cookie", ...attributes }, { port: 9_000 });
      return await bed.ask("http://api.zone.test/", { headers });
    };
    const first = await ask("none", {});
    const cookie = (first.headers["set-cookie"]?.[0] ?? "").split(";")[0] ?? "";
    await bed.refusing("198.51.100.20:9000");
    expect((await ask("none", { cookie })).status).toBe(521);
    const once = await ask("temporary", { cookie });
    expect([once.status, once.headers["set-cookie"]]).toEqual([200, undefined]);
    const moved = await ask("sticky", { cookie });
    const another = (moved.headers["set-cookie"]?.[0] ?? "").split(";")[0] ?? "";
    expect([moved.status, another]).toEqual([200, expect.stringMatching(/^__cflb=/)]);
    expect(another).not.toBe(cookie);
    // A new visitor's session begins where the request went.
    const fresh = await ask("none", {});
    expect((fresh.headers["set-cookie"]?.[0] ?? "").split(";")[0]).toBe(another);
    expect((await ask("none", { cookie: another })).status).toBe(200);
  });

  it("without any endpoint says so", async () => {
    bed.apply({
      zones: { "zone.test": { balancers: [balancer("api.zone.test", ["west"])] } },
      pools: [pool("west", [origin("1", "198.51.100.20", { enabled: false })])],
    });
    const { status, body } = await bed.ask("http://api.zone.test/");
    expect([status, body.split("\n")[0]]).toEqual([503, "error code: 503"]);
  });
});
