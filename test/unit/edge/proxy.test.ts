/** Requests from a visitor through the edge to origins, on loopback. */
import { EventEmitter, once } from "node:events";
import { createServer, connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { authority, Bed, echo, portOf } from "./bed.ts";
import { record } from "./describe-json.ts";
import { FullListener } from "./full-listener.ts";

const tunnel = "5e9c0a52-9d52-4d6e-8f0c-5f2e3c1b7a10";
const bed = new Bed({ limits: { connectSeconds: 0.4, handshakeSeconds: 0.4, responseSeconds: 0.6 } });

beforeAll(async () => {
  await bed.open("http", 80);
  await bed.open("https", 443);
  await bed.open("https", 8443);
  await bed.http("198.51.100.1:80");
  await bed.https("198.51.100.1:443", ["www.zone.test"]);
  await bed.https("198.51.100.1:8443", ["www.zone.test"]);
});

afterAll(() => {
  bed.close();
});

/** A zone with `www` at an origin, and what else the test wants. */
function zone(settings: Record<string, string> = {}, records: readonly Record<string, unknown>[] = []) {
  const www = record("www.zone.test", "A", "198.51.100.1");
  bed.apply({ zones: { "zone.test": { records: [www, ...records], settings } } });
}

beforeEach(() => {
  zone();
});

describe("an origin that asks who is there", () => {
  it("is shown the edge's certificate where the zone says so", async () => {
    await bed.pulled("198.51.100.9:443", ["pull.zone.test"]);
    const pull = record("pull.zone.test", "A", "198.51.100.9");
    zone({ tls_client_auth: "on" }, [pull]);
    expect((await bed.echo("https://pull.zone.test/")).at).toBe("198.51.100.9:443");
    expect((await bed.echo("https://www.zone.test/")).at).toBe("198.51.100.1:443");
    zone({ tls_client_auth: "off" }, [pull]);
    const { status } = await bed.ask("https://pull.zone.test/");
    expect([520, 525]).toContain(status);
  });
});

describe("a visitor's connection", () => {
  it("is served over HTTP/1.1 and HTTP/2, with a certificate for the zone", async () => {
    const { at } = await bed.echo("https://www.zone.test/a?b=c");
    expect(at).toBe("198.51.100.1:443");
    const { status, headers, body } = await bed.askHttp2("www.zone.test", "/a?b=c", "hello");
    expect([status, headers.server]).toEqual([200, "cloudflare"]);
    expect(JSON.parse(body)).toMatchObject({ method: "POST", path: "/a?b=c", body: "hello" });
    expect(JSON.parse(body)).toMatchObject({
      headers: { host: "www.zone.test", "cf-connecting-ip": "127.0.0.1" },
    });
  });

  it("keeps its port up to the origin", async () => {
    expect((await bed.echo("https://www.zone.test:8443/")).at).toBe("198.51.100.1:8443");
    expect((await bed.echo("http://www.zone.test/")).at).toBe("198.51.100.1:80");
  });

  async function handshake(servername: string, more: object = {}): Promise<string> {
    const socket = connectTls({
      ...{ host: "127.0.0.1", port: bed.real("https"), ca: authority.pem },
      ...(servername === "" ? {} : { servername }),
      ...more,
    });
    return await new Promise<string>((resolve) => {
      socket.once("secureConnect", () => {
        const { subject } = socket.getPeerCertificate();
        resolve(`${socket.getProtocol() ?? ""} ${[subject.CN].flat().join()}`);
        socket.destroy();
      });
      socket.once("error", (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
      });
    });
  }

  it("ends in the handshake where the edge has no certificate for the name", async () => {
    expect(await handshake("www.zone.test")).toBe("TLSv1.3 zone.test");
    expect(await handshake("zone.test")).toBe("TLSv1.3 zone.test");
    for (const name of ["other.test", "deep.www.zone.test", ""]) {
      expect(await handshake(name), name).toBe("ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE");
    }
  });

  it("has the version of TLS that the zone wants at least, from the moment that it is said", async () => {
    const old = { maxVersion: "TLSv1.2" };
    expect(await handshake("www.zone.test", old)).toBe("TLSv1.2 zone.test");
    zone({ min_tls_version: "1.3" });
    expect(await handshake("www.zone.test", old)).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
    expect(await handshake("www.zone.test")).toBe("TLSv1.3 zone.test");
  });

  it("may bring its hello in pieces, and ends if it brings none", async () => {
    const socket = connectTcp(bed.real("https"), "127.0.0.1");
    await once(socket, "connect");
    socket.write("GET / HTTP/1.1\r\n\r\n");
    const [alert] = (await once(socket, "data")) as [Buffer];
    expect([...alert]).toEqual([21, 3, 3, 0, 2, 2, 40]);
    await once(socket, "close");

    const slow = createServer((near) => {
      const far = connectTcp(bed.real("https"), "127.0.0.1");
      near.on("data", (chunk: Buffer) => {
        for (const byte of chunk) far.write(Buffer.from([byte]));
      });
      far.pipe(near);
      near.on("error", () => far.destroy());
      near.on("close", () => far.destroy());
      far.on("error", () => near.destroy());
    });
    slow.listen(0, "127.0.0.1");
    await once(slow, "listening");
    expect(await handshake("www.zone.test", { port: portOf(slow) })).toBe("TLSv1.3 zone.test");
    slow.close();
  });
});

describe("what an origin sees", () => {
  it("is the visitor's request with the edge's headers, which the visitor cannot make up", async () => {
    const { headers, method, path, body } = await bed.echo("https://www.zone.test/x?y", {
      method: "PUT",
      body: "data",
      headers: {
        ...{ "CF-Connecting-IP": "203.0.113.1", "CF-IPCountry": "DE", "X-Forwarded-Proto": "http" },
        ...{ "X-Forwarded-For": "203.0.113.9", "X-Own": "kept", Connection: "X-Hop", "X-Hop": "ends here" },
        "CF-Access-Authenticated-User-Email": "root@zone.test",
      },
    });
    expect([method, path, body]).toEqual(["PUT", "/x?y", "data"]);
    expect(headers).toMatchObject({
      host: "www.zone.test",
      "x-own": "kept",
      "x-forwarded-for": "203.0.113.9,127.0.0.1",
      "x-forwarded-proto": "https",
      "cf-connecting-ip": "127.0.0.1",
      "cf-ipcountry": "XX",
      "cf-visitor": '{"scheme":"https"}',
      "cdn-loop": "cloudflare",
    });
    expect(headers["cf-ray"]).toMatch(/^[0-9a-f]{16}-SBX$/);
    expect([headers["x-hop"], headers["cf-access-authenticated-user-email"]]).toEqual([undefined, undefined]);
  });

  it("depends on the zone's TLS mode", async () => {
    zone({ ssl: "flexible" });
    expect((await bed.echo("https://www.zone.test/")).at).toBe("198.51.100.1:80");
    zone({ ssl: "strict" });
    expect((await bed.echo("https://www.zone.test/")).at).toBe("198.51.100.1:443");
    zone({ ssl: "off" });
    const { status, headers } = await bed.ask("https://www.zone.test/x?y");
    expect([status, headers.location]).toEqual([301, "http://www.zone.test/x?y"]);
  });

  it("is the name of the origin where a record is an alias of another place", async () => {
    bed.names.set("origin.example.net", ["198.51.100.1"]);
    zone({}, [record("alias.zone.test", "CNAME", "origin.example.net")]);
    const { at, headers } = await bed.echo("http://alias.zone.test/");
    expect([at, headers.host]).toEqual(["198.51.100.1:80", "alias.zone.test"]);
  });
});

describe("what a visitor gets", () => {
  it("is the origin's answer, several cookies and nothing of the connection in between", async () => {
    await bed.http("198.51.100.2:80", (_request, response) => {
      response.writeHead(418, {
        "Set-Cookie": ["a=1", "b=2"],
        "X-Origin": "x",
        Connection: "close",
        Server: "own",
      });
      response.end("short");
    });
    zone({}, [record("tea.zone.test", "A", "198.51.100.2")]);
    const { status, headers, body } = await bed.ask("http://tea.zone.test/");
    expect([status, body]).toEqual([418, "short"]);
    expect(headers).toMatchObject({
      "set-cookie": ["a=1", "b=2"],
      "x-origin": "x",
      server: "cloudflare",
      "cf-cache-status": "DYNAMIC",
    });
    const head = await bed.ask("http://tea.zone.test/", { method: "HEAD" });
    expect([head.status, head.body]).toEqual([418, ""]);
  });

  it("is sent to HTTPS where the zone says so, and asks no origin before", async () => {
    zone({ always_use_https: "on" });
    const { status, headers } = await bed.ask("http://www.zone.test/a/b?c");
    expect([status, headers.location]).toEqual([301, "https://www.zone.test/a/b?c"]);
    expect((await bed.echo("https://www.zone.test/a/b?c")).path).toBe("/a/b?c");
  });

  it("ends the request at the origin when the visitor leaves", async () => {
    const seen = new EventEmitter();
    await bed.http("198.51.100.12:80", (request) => {
      seen.emit("asked");
      request.socket.once("close", () => seen.emit("left"));
    });
    zone({}, [record("long.zone.test", "A", "198.51.100.12")]);
    const [asked, left] = [once(seen, "asked"), once(seen, "left")];
    const socket = connectTcp(bed.real("http"), "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: long.zone.test\r\n\r\n");
    await asked;
    const began = performance.now();
    socket.destroy();
    await left;
    // The edge would have waited for an answer for longer.
    expect(performance.now() - began).toBeLessThan(500);
  });

  it("breaks off where the origin does", async () => {
    await bed.http("198.51.100.3:80", (_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      setTimeout(() => response.destroy(), 20);
    });
    zone({}, [record("half.zone.test", "A", "198.51.100.3")]);
    await expect(bed.ask("http://half.zone.test/")).rejects.toThrow("aborted");
  });
});

describe("what the edge says by itself", () => {
  const code = async (url: string): Promise<string> => {
    const { status, body } = await bed.ask(url);
    return `${status} ${body.split("\n")[0] ?? ""}`;
  };

  it("is 409 and 1001 for a name that is not proxied, 403 and 1003 for an address", async () => {
    expect(await code("http://nobody.zone.test/")).toBe("409 error code: 1001");
    expect(await code("http://other.test/")).toBe("409 error code: 1001");
    expect(await code("http://104.16.0.10/")).toBe("403 error code: 1003");
  });

  it("is 521 for an origin that refuses, 522 for one that does not answer", async () => {
    await bed.refusing("198.51.100.4:80");
    const full = await FullListener.open();
    bed.places.set("198.51.100.5:80", { host: "127.0.0.1", port: full.port });
    zone({}, [record("down.zone.test", "A", "198.51.100.4"), record("slow.zone.test", "A", "198.51.100.5")]);
    expect(await code("http://down.zone.test/")).toBe("521 error code: 521");
    expect(await code("http://slow.zone.test/")).toBe("522 error code: 522");
    full.close();
  });

  it("is 525 for an origin without TLS, 526 for a certificate that strict mode does not take", async () => {
    await bed.http("198.51.100.6:443");
    await bed.https("198.51.100.7:443", ["strange.zone.test"], echo("7"), "stranger");
    await bed.https("198.51.100.8:443", ["other.test"], echo("8"));
    const records = [
      record("plain.zone.test", "A", "198.51.100.6"),
      record("strange.zone.test", "A", "198.51.100.7"),
      record("named.zone.test", "A", "198.51.100.8"),
    ];
    zone({}, records);
    expect(await code("https://plain.zone.test/")).toBe("525 error code: 525");
    expect((await bed.echo("https://strange.zone.test/")).at).toBe("7");
    expect((await bed.echo("https://named.zone.test/")).at).toBe("8");
    zone({ ssl: "strict" }, records);
    expect(await code("https://strange.zone.test/")).toBe("526 error code: 526");
    expect(await code("https://named.zone.test/")).toBe("526 error code: 526");
    expect(await code("https://plain.zone.test/")).toBe("525 error code: 525");
  });

  it("is 520 for what is no HTTP, 524 for no response in time", async () => {
    const server = createServer((socket) => socket.end("what?\r\n\r\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    bed.places.set("198.51.100.9:80", { host: "127.0.0.1", port: portOf(server) });
    await bed.http("198.51.100.10:80", () => undefined);
    zone({}, [record("odd.zone.test", "A", "198.51.100.9"), record("mute.zone.test", "A", "198.51.100.10")]);
    expect(await code("http://odd.zone.test/")).toBe("520 error code: 520");
    expect(await code("http://mute.zone.test/")).toBe("524 error code: 524");
    server.close();
  });

  it("is 530 with 1016 for an origin without address and 1033 for a tunnel without connector, 403 with 1000 for itself", async () => {
    bed.names.set("loop.example.net", ["104.16.0.10"]);
    zone({}, [
      record("gone.zone.test", "CNAME", "nowhere.example.net"),
      record("tunnel.zone.test", "CNAME", `${tunnel}.cfargotunnel.com`),
      record("loop.zone.test", "CNAME", "loop.example.net"),
    ]);
    expect(await code("http://gone.zone.test/")).toBe("530 error code: 1016");
    expect(await code("http://tunnel.zone.test/")).toBe("530 error code: 1033");
    expect(await code("http://loop.zone.test/")).toBe("403 error code: 1000");
  });
});

describe("a WebSocket", () => {
  async function upgrade(host: string): Promise<{ readonly head: string; readonly echoed: string }> {
    const socket = connectTls({
      ...{ host: "127.0.0.1", port: bed.real("https"), ca: authority.pem, servername: host },
    });
    await once(socket, "secureConnect");
    const key = "Sec-WebSocket-Key: AAAA\r\nSec-WebSocket-Version: 13";
    socket.write(
      `GET /ws/ HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`,
    );
    let received = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      received += chunk;
      if (received.endsWith("\r\n\r\n")) socket.write("hello");
    });
    await once(socket, "close");
    const [head = "", echoed = ""] = received.split("\r\n\r\n");
    return { head, echoed };
  }

  beforeAll(async () => {
    const server = await bed.https("198.51.100.11:443", ["ws.zone.test"], (_request, response) => {
      response.writeHead(426, { "content-length": 8 }).end("upgrade!");
    });
    server.on("upgrade", (_request, socket) => {
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: BBBB\r\n\r\n",
      );
      socket.once("data", (chunk: Buffer) => socket.end(chunk.toString().toUpperCase()));
    });
  });

  it("goes through, bytes both ways, until one side ends", async () => {
    zone({}, [record("ws.zone.test", "A", "198.51.100.11")]);
    const { head, echoed } = await upgrade("ws.zone.test");
    expect(head.split("\r\n")[0]).toBe("HTTP/1.1 101 Switching Protocols");
    expect(head.toLowerCase()).toContain("sec-websocket-accept: bbbb");
    expect(echoed).toBe("HELLO");
  });

  it("is an ordinary request where the zone has none, or the origin answers so", async () => {
    zone({ websockets: "off" }, [record("ws.zone.test", "A", "198.51.100.11")]);
    const { head, echoed } = await upgrade("ws.zone.test");
    expect([head.split("\r\n")[0], echoed]).toEqual(["HTTP/1.1 426 Upgrade Required", "upgrade!"]);
    zone();
    expect((await upgrade("www.zone.test")).head.split("\r\n")[0]).toBe("HTTP/1.1 200 OK");
    expect((await upgrade("nobody.zone.test")).head.split("\r\n")[0]).toMatch(/^HTTP\/1.1 409 /);
  });
});
