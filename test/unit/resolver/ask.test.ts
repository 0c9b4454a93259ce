/** One question to one name server, as packets on the loopback: answers, silence, strangers, and what does not fit. */
import { createSocket } from "node:dgram";
import { decode, encode } from "dns-packet";
import { expect, it, onTestFinished } from "vitest";
import type { Reply } from "../../../sandbox/services/cloudflare/dns-answer.ts";
import { answerMessage, answerMessageLater } from "../../../sandbox/services/cloudflare/dns-message.ts";
import { listenDns, type Answering } from "../../../sandbox/services/cloudflare/dns-server.ts";
import { ask } from "../../../sandbox/services/resolver/ask.ts";

const host = "127.0.0.1";
const base = { name: "redis.internal", type: "A" as const, timeoutMilliseconds: 300 };

async function serve(answering: Answering): Promise<{ address: string; port: number }> {
  const server = await listenDns(answering, { host, port: 0 });
  onTestFinished(() => server.close());
  return { address: host, port: server.address.port };
}

const saying = (count: number): Reply => ({
  code: "NOERROR",
  answers: Array.from({ length: count }, (_, index) => ({
    name: "redis.internal",
    type: "A" as const,
    ttl: 60,
    data: `10.0.${Math.floor(index / 250)}.${index % 250}`,
  })),
  authorities: [],
});

it("is answered, from the address that it is asked from", async () => {
  const clients: string[] = [];
  const server = await serve((query, transport, client) => {
    clients.push(`${transport} ${client}`);
    return answerMessage({ resolve: () => saying(1) }, query, transport);
  });
  const reply = await ask({ ...base, server, source: "127.0.0.9" });
  expect(reply).toMatchObject({ code: "NOERROR", answers: [{ data: "10.0.0.0", ttl: 60 }] });
  expect(clients).toEqual(["udp 127.0.0.9"]);
});

it("is asked again over TCP where the answer does not fit, from the same address", async () => {
  const clients: string[] = [];
  const server = await serve((query, transport, client) => {
    clients.push(`${transport} ${client}`);
    return answerMessage({ resolve: () => saying(200) }, query, transport);
  });
  const reply = await ask({ ...base, server, source: "127.0.0.9" });
  expect(reply.answers).toHaveLength(200);
  expect(clients).toEqual(["udp 127.0.0.9", "tcp 127.0.0.9"]);
});

it("tells a name that does not exist from a server that fails", async () => {
  const none: Reply = { code: "NXDOMAIN", answers: [], authorities: [] };
  const missing = await serve((query, transport) => answerMessage({ resolve: () => none }, query, transport));
  expect((await ask({ ...base, server: missing, source: undefined })).code).toBe("NXDOMAIN");
  const failing = await serve((query, transport) =>
    answerMessage(
      {
        resolve: () => {
          throw new Error("broken");
        },
      },
      query,
      transport,
    ),
  );
  expect((await ask({ ...base, server: failing, source: undefined })).code).toBe("SERVFAIL");
});

it("gives up on silence, and takes no answer with another number", async () => {
  const silent = createSocket("udp4");
  onTestFinished(() => {
    silent.close();
  });
  await new Promise<void>((done) => silent.bind(0, host, done));
  silent.on("message", (query, peer) => {
    const { id = 0, questions = [] } = decode(query);
    const stray = encode({ type: "response", id: (id + 1) % 65_536, questions, answers: [] });
    silent.send(stray, peer.port, peer.address);
  });
  const server = { address: host, port: silent.address().port };
  await expect(ask({ ...base, server, source: undefined })).rejects.toThrow("127.0.0.1 does not answer");
});

it("may be answered later, and what is no question is dealt with at once", async () => {
  const asked: string[] = [];
  const server = await serve((query, transport) =>
    answerMessageLater(
      async (name, type) => {
        asked.push(`${name} ${type}`);
        return Promise.resolve(saying(1));
      },
      query,
      transport,
    ),
  );
  expect((await ask({ ...base, server, source: undefined })).answers).toHaveLength(1);
  const transfer = ask({ ...base, server, source: undefined, type: "AXFR" });
  expect((await transfer).code).toBe("REFUSED");
  expect(asked).toEqual(["redis.internal A"]);
});
