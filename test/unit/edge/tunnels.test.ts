/** The edge and the connector of the hosts' package, a Go program of its own, over TLS on loopback. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Registration } from "../../../sandbox/services/edge/tunnels.ts";
import { createAuthority } from "../../../sandbox/services/edge/certificates.ts";
import { authority, Bed, echo, portOf } from "./bed.ts";
import { balancer, monitor, origin, pool, record } from "./describe-json.ts";

const program = resolve(import.meta.dirname, "../../../edge/dist/cloudflared-stand-in");
const tunnel = "5e9c0a52-9d52-4d6e-8f0c-5f2e3c1b7a10";
const secret = Buffer.alloc(32, 7).toString("base64");
const folder = mkdtempSync(join(tmpdir(), "rn-tunnels-"));
const connectors: ChildProcess[] = [];

const authenticate = async ({ accountTag, tunnelId, tunnelSecret }: Registration): Promise<void> => {
  await Promise.resolve();
  if (accountTag !== "account" || tunnelId !== tunnel || tunnelSecret !== secret) {
    throw new Error("Unauthorized: Invalid tunnel secret");
  }
};

/** A sign of life every two seconds: a connector may be slow on a machine that has other things to do. */
const bed = new Bed({ authenticate, timings: { answerMilliseconds: 15_000, pingMilliseconds: 2_000 } });
let dial = "";

async function start(
  token: object,
  authorityFile = "ca.pem",
): Promise<{ child: ChildProcess; said: () => string }> {
  const text = Buffer.from(JSON.stringify(token)).toString("base64");
  const args = ["--edge", dial, "--cacert", join(folder, authorityFile), "tunnel", "run"];
  const child = spawn(program, args, {
    env: { ...process.env, TUNNEL_TOKEN: text },
    stdio: ["ignore", "ignore", "pipe"],
  });
  connectors.push(child);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await once(child, "spawn");
  return { child, said: () => said };
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

function indexes(): readonly number[] {
  return bed.edge.tunnels.connections(tunnel).map(({ index }) => index);
}

async function connected(): Promise<void> {
  await vi.waitFor(
    () => {
      const found = bed.edge.tunnels.connections(tunnel);
      expect(found.map(({ configuration }) => configuration)).toEqual([version, version, version, version]);
    },
    { timeout: 20_000, interval: 20 },
  );
}

let version = 0;
let service = 0;

/** The tunnel's rules in a new version; a load balancer that ends in the tunnel. */
function apply(ingress: readonly object[] = rules()): void {
  version += 1;
  bed.apply({
    zones: {
      "zone.test": {
        records: [
          record("dash.zone.test", "CNAME", `${tunnel}.cfargotunnel.com`),
          record("unknown.zone.test", "CNAME", `${tunnel}.cfargotunnel.com`),
          record("down.zone.test", "CNAME", `${tunnel}.cfargotunnel.com`),
        ],
        balancers: [balancer("api.zone.test", ["west", "home"])],
      },
    },
    pools: [
      pool("west", [origin("1", "198.51.100.1")], { monitor: "m" }),
      pool("home", [origin("1", `${tunnel}.cfargotunnel.com`, { header: { Host: ["api.zone.test"] } })], {
        monitor: "m",
      }),
    ],
    monitors: [monitor("m", { interval: 15, timeout: 1, header: { Host: ["api.zone.test"] } })],
    tunnels: [
      { id: tunnel, name: "t", remote_config: true, configuration: { version, config: { ingress } } },
    ],
  });
}

function rules(): readonly object[] {
  return [
    { hostname: "dash.zone.test", service: `http://127.0.0.1:${service}` },
    { hostname: "api.zone.test", service: `http://127.0.0.1:${service}` },
    { hostname: "down.zone.test", service: "http://127.0.0.1:1" },
    { service: "http_status:404" },
  ];
}

beforeAll(async () => {
  expect(existsSync(program), "`npm run agent` builds it").toBe(true);
  writeFileSync(join(folder, "ca.pem"), authority.pem);
  await bed.open("http", 80);
  await bed.open("https", 443);
  const server = await bed.http("192.168.4.38:8080", (request, response) => {
    if (request.url === "/slow") {
      response.write("one ");
      setTimeout(() => response.end("two"), 200);
      return;
    }
    echo("home")(request, response);
  });
  server.on("upgrade", (_request, socket) => {
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: BBBB\r\n\r\n",
    );
    socket.once("data", (chunk: Buffer) => socket.end(chunk.toString().toUpperCase()));
  });
  service = portOf(server);
  await bed.refusing("198.51.100.1:80");
  const listener = bed.edge.tunnelServer();
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  dial = `127.0.0.1:${portOf(listener)}`;
  bed.tidy(listener);
});

afterAll(async () => {
  for (const child of connectors) await stop(child, "SIGKILL");
  bed.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  apply();
});

const token = { a: "account", t: tunnel, s: secret };

describe("a tunnel", () => {
  it("carries what the edge is asked, by its rules, over connections that the connector has dialled", async () => {
    const { said } = await start(token);
    await connected();
    expect(said()).toContain("this is not cloudflared");
    const { at, headers, method, path, body } = await bed.echo("https://dash.zone.test/a?b", {
      method: "POST",
      body: "whole",
    });
    expect([at, method, path, body]).toEqual(["home", "POST", "/a?b", "whole"]);
    expect(headers).toMatchObject({
      host: "dash.zone.test",
      "cf-connecting-ip": "127.0.0.1",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "https",
    });
    expect(Object.keys(headers).filter((name) => name.startsWith("cf-cloudflared"))).toEqual([]);
    expect((await bed.ask("http://dash.zone.test/slow")).body).toBe("one two");
    const many = await Promise.all(
      Array.from({ length: 40 }, async (_each, index) => await bed.echo(`http://dash.zone.test/${index}`)),
    );
    expect(many.map((each) => each.path)).toEqual(Array.from({ length: 40 }, (_each, index) => `/${index}`));
  });

  it("answers 404 for a name that no rule has, 502 for a service that is down", async () => {
    const unknown = await bed.ask("https://unknown.zone.test/");
    expect([unknown.status, unknown.headers["cf-cloudflared-response-meta"]]).toEqual([404, undefined]);
    expect((await bed.ask("https://down.zone.test/")).status).toBe(502);
  });

  it("is where a load balancer ends that has no other pool", async () => {
    await vi.waitFor(async () => {
      const { at, headers } = await bed.echo("https://api.zone.test/api/v1");
      expect([at, headers.host]).toEqual(["home", "api.zone.test"]);
    });
  });

  it("carries WebSockets", async () => {
    const socket = connectTls({
      ...{ host: "127.0.0.1", port: bed.real("https"), ca: authority.pem, servername: "dash.zone.test" },
    });
    await once(socket, "secureConnect");
    socket.write(
      "GET /ws/ HTTP/1.1\r\nHost: dash.zone.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAA\r\n\r\n",
    );
    let received = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      received += chunk;
      if (received.endsWith("\r\n\r\n")) socket.write("hello");
    });
    await once(socket, "close");
    expect(received).toMatch(/^HTTP\/1.1 101 [\s\S]*sec-websocket-accept: BBBB[\s\S]*\r\n\r\nHELLO$/);
  });

  it("goes by new rules as soon as Cloudflare has them", async () => {
    apply([{ service: "http_status:418" }]);
    await connected();
    expect((await bed.ask("https://dash.zone.test/")).status).toBe(418);
  });

  it("without a connector is 530 and 1033, and is there again with the next", async () => {
    const [first] = connectors;
    if (first === undefined) throw new Error("no connector was started");
    await stop(first, "SIGTERM");
    await vi.waitFor(() => {
      expect(indexes()).toEqual([]);
    });
    const { status, body } = await bed.ask("https://dash.zone.test/");
    expect([status, body.split("\n")[0]]).toEqual([530, "error code: 1033"]);
    const { child } = await start(token);
    await connected();
    expect((await bed.echo("https://dash.zone.test/")).at).toBe("home");
    // One that is killed takes its connections with it.
    await stop(child, "SIGKILL");
    await vi.waitFor(() => {
      expect(indexes()).toEqual([]);
    });
  });

  it("forgets a connector that gives no sign of life", async () => {
    const { child } = await start(token);
    await connected();
    child.kill("SIGSTOP");
    await vi.waitFor(
      () => {
        expect(indexes()).toEqual([]);
      },
      { timeout: 15_000, interval: 50 },
    );
    await stop(child, "SIGKILL");
  });

  it("takes no connector with another secret, and its connector no other edge", async () => {
    const wrong = await start({ ...token, s: Buffer.alloc(32, 8).toString("base64") });
    await vi.waitFor(() => {
      expect(wrong.said()).toContain("the edge refuses: Unauthorized: Invalid tunnel secret");
    });
    expect(bed.log.join("\n")).not.toContain(Buffer.alloc(32, 8).toString("base64"));
    writeFileSync(join(folder, "other.pem"), createAuthority().pem);
    const careful = await start(token, "other.pem");
    await vi.waitFor(() => {
      expect(careful.said()).toContain("certificate");
    });
    expect(indexes()).toEqual([]);
  });

  it("that is deleted hangs up on its connectors", async () => {
    await start(token);
    await connected();
    bed.apply({});
    await vi.waitFor(() => {
      expect(indexes()).toEqual([]);
    });
  });
});
