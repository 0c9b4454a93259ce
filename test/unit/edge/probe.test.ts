/** A monitor's look at real servers on loopback. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failures, OriginError } from "../../../sandbox/services/edge/errors.ts";
import { cloudflareLimits, type OriginRequest, type Ways } from "../../../sandbox/services/edge/origin.ts";
import { expects, probe } from "../../../sandbox/services/edge/probe.ts";
import type { TunnelCarrier } from "../../../sandbox/services/edge/proxy.ts";
import { authority, Bed, pullCertificate } from "./bed.ts";
import { monitor, origin, pool, stateOf } from "./describe-json.ts";
import { FullListener } from "./full-listener.ts";

const bed = new Bed();
const seen: OriginRequest[] = [];
const tunnels: TunnelCarrier = {
  ask: async (tunnel, request) => {
    await Promise.resolve();
    seen.push(request);
    throw new OriginError(failures.noConnector, `tunnel ${tunnel} has no connector`);
  },
};

const ways: Ways = {
  limits: cloudflareLimits,
  resolve: async () => await Promise.reject(new Error("there are no names here")),
  own: new Set(),
  authorities: [authority.pem],
  pullCertificate: () => pullCertificate,
  locate: (address, port) => bed.places.get(`${address}:${port}`) ?? { host: "127.0.0.1", port: 1 },
};

async function look(
  monitorFields: Readonly<Record<string, unknown>>,
  address = "198.51.100.1",
  originFields: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const state = stateOf({
    pools: [pool("p", [origin("o", address, originFields)], { monitor: "m" })],
    monitors: [monitor("m", { timeout: 1, ...monitorFields })],
  });
  const [watched, own] = [state.monitors.get("m"), state.pools.get("p")];
  const [first] = own?.origins ?? [];
  if (watched === undefined || own === undefined || first === undefined)
    throw new Error("nothing to look at");
  const isPull = (name: string): boolean => name === "pulled.test";
  const finding = await probe(watched, { pool: own, origin: first }, { ways, tunnels, isPull });
  if (finding.kind === "up") return "up";
  return finding.kind === "unknown" ? `unknown: ${finding.reason}` : finding.reason;
}

beforeAll(async () => {
  const handler: Parameters<Bed["http"]>[1] = (request, response) => {
    const { host = "", "x-probe": probed = "", "user-agent": agent = "" } = request.headers;
    switch (request.url) {
      case "/health":
        response.end(`${request.method ?? ""} ${host} ${String(probed)} ${agent}`);
        break;
      case "/moved":
        response.writeHead(302, { location: "/health" }).end();
        break;
      case "/round":
        response.writeHead(302, { location: "/round" }).end();
        break;
      case "/mute":
        break;
      default:
        response.writeHead(503).end("no");
    }
  };
  await bed.http("198.51.100.1:80", handler);
  await bed.http("198.51.100.1:8080", handler);
  await bed.https("198.51.100.1:443", ["lb.test"], handler);
  await bed.https("198.51.100.2:443", ["lb.test"], handler, "stranger");
});

afterAll(() => {
  bed.close();
});

describe("a look", () => {
  it("finds what answers with the code and the text that are expected", async () => {
    expect(await look({})).toBe("up");
    expect(await look({ path: "/other" })).toBe("response code 503");
    expect(await look({ path: "/other", expected_codes: "2xx, 503" })).toBe("up");
    expect(await look({ path: "/other", expected_codes: "" })).toBe("up");
    expect(await look({ expected_body: "cloudflare-traffic-manager" })).toBe("up");
    expect(await look({ expected_body: "absent" })).toBe("response body mismatch");
    expect(await look({ method: "HEAD" })).toBe("up");
  });

  it("asks for the endpoint's host, else the monitor's, else the address, with the monitor's headers", async () => {
    const header = { Host: ["api.test"], "X-Probe": ["yes"] };
    expect(await look({ expected_body: "GET 198.51.100.1 " })).toBe("up");
    expect(await look({ header, expected_body: "GET api.test yes" })).toBe("up");
    const own = { header: { Host: ["own.test"] } };
    expect(await look({ header, expected_body: "GET own.test yes" }, "198.51.100.1", own)).toBe("up");
  });

  it("goes to the monitor's port, else the endpoint's, else the type's", async () => {
    await bed.refusing("198.51.100.3:80");
    await bed.http("198.51.100.3:8080");
    expect(await look({ port: 8_080 }, "198.51.100.3")).toBe("up");
    expect(await look({}, "198.51.100.3", { port: 8_080 })).toBe("up");
    expect(await look({}, "198.51.100.3")).toMatch(/^521 /);
  });

  it("over HTTPS looks at the certificate unless it is told not to", async () => {
    const header = { Host: ["lb.test"] };
    expect(await look({ type: "https", header })).toBe("up");
    expect(await look({ type: "https", header: { Host: ["other.test"] } })).toMatch(/^526 /);
    expect(await look({ type: "https", header }, "198.51.100.2")).toMatch(/^526 /);
    expect(await look({ type: "https", header, allow_insecure: true }, "198.51.100.2")).toBe("up");
  });

  it("shows the edge's certificate as the zone that it asks as", async () => {
    await bed.pulled("198.51.100.6:443", ["lb.test"]);
    const pulled = { type: "https", header: { Host: ["lb.test"] }, path: "/" };
    expect(await look({ ...pulled, probe_zone: "pulled.test" }, "198.51.100.6")).toBe("up");
    expect(await look({ ...pulled, probe_zone: "other.test" }, "198.51.100.6")).toMatch(/^5\d\d /);
    expect(await look(pulled, "198.51.100.6")).toMatch(/^5\d\d /);
  });

  it("follows where the endpoint sends it only if it is to", async () => {
    expect(await look({ path: "/moved" })).toBe("response code 302");
    expect(await look({ path: "/moved", follow_redirects: true })).toBe("up");
    expect(await look({ path: "/round", follow_redirects: true })).toBe("too many redirects");
  });

  it("ends with its time", async () => {
    const full = await FullListener.open();
    bed.places.set("198.51.100.4:80", { host: "127.0.0.1", port: full.port });
    const began = performance.now();
    expect(await look({ path: "/mute" })).toMatch(/^524 /);
    expect(await look({}, "198.51.100.4")).toMatch(/^52[24] /);
    expect(performance.now() - began).toBeLessThan(4_000);
    full.close();
  });

  it("over TCP is content with a connection", async () => {
    expect(await look({ type: "tcp", port: 8_080, path: "", method: "connection_established" })).toBe("up");
    await bed.refusing("198.51.100.5:22");
    expect(await look({ type: "tcp", port: 22 }, "198.51.100.5")).toMatch(/^521 /);
  });

  it("goes through the tunnel where that is the endpoint", async () => {
    const header = { Host: ["api.test"] };
    expect(await look({ type: "https", header }, "t-1.cfargotunnel.com")).toMatch(/^1033 .*t-1/);
    expect(seen.at(-1)).toMatchObject({ path: "/health", headers: { host: "api.test" } });
  });

  it("of a type that the sandbox has not says nothing", async () => {
    expect(await look({ type: "icmp_ping" })).toBe("unknown: the sandbox has no monitors of type icmp_ping");
  });
});

describe("expected codes", () => {
  it.each([
    ["200", 200, true],
    ["200", 201, false],
    ["2xx", 299, true],
    ["2XX,404", 404, true],
    ["2xx", 302, false],
    ["", 500, true],
  ] as const)("%s and %d: %s", (codes, status, expected) => {
    expect(expects(codes, status)).toBe(expected);
  });
});
