import { once } from "node:events";
import { createServer } from "node:net";
import { connect } from "node:tls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readHello } from "../../../sandbox/services/edge/client-hello.ts";
import { portOf } from "./bed.ts";

/** What Node's own TLS says first. */
async function hello(options: object): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect({ host: "127.0.0.1", port: portOf(server), ...options });
  client.on("error", () => undefined);
  const [socket] = (await once(server, "connection")) as [import("node:net").Socket];
  const [bytes] = (await once(socket, "data")) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

describe("a client's hello", () => {
  it("tells the name that it asks for", async () => {
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"]) {
      const bytes = await hello({ servername: "WWW.zone.test", maxVersion });
      expect(readHello(bytes)).toEqual({ kind: "hello", serverName: "www.zone.test" });
    }
    expect(readHello(await hello({}))).toEqual({ kind: "hello", serverName: undefined });
  });

  it("is partial until its last byte is there, however it is cut into records", async () => {
    const bytes = await hello({ servername: "www.zone.test" });
    for (let length = 0; length < bytes.length; length += 1) {
      expect(readHello(bytes.subarray(0, length)).kind, String(length)).toBe("partial");
    }
    const body = bytes.subarray(5);
    const cut = [body.subarray(0, 3), body.subarray(3, 60), body.subarray(60)].map((part) => {
      const header = Buffer.from([22, 3, 1, 0, 0]);
      header.writeUInt16BE(part.length, 3);
      return Buffer.concat([header, part]);
    });
    expect(readHello(Buffer.concat(cut))).toEqual({ kind: "hello", serverName: "www.zone.test" });
  });

  it("is nothing else, whatever the bytes are", async () => {
    expect(readHello(Buffer.from("GET / HTTP/1.1\r\n")).kind).toBe("other");
    const bytes = await hello({ servername: "www.zone.test" });
    const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(changes, (places) => {
        const changed = Buffer.from(bytes);
        for (const [at, value] of places) changed[at] = value;
        expect(["hello", "partial", "other"]).toContain(readHello(changed).kind);
      }),
      { numRuns: 2_000 },
    );
  });
});
