/**
 * What answers in the operator's namespace: on each address given, an API on 8080 and WebSockets on 8081 that say who
 * they are and what they were asked, and on 1.1.1.1 a resolver for which every name has the address 192.0.2.53.
 */
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

const addresses = process.argv.slice(2);

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { localAddress, localPort } = request.socket;
  response.setHeader("content-type", "application/json");
  response.end(
    JSON.stringify({ address: localAddress, port: localPort, url: request.url, headers: request.headers }),
  );
}

function upgrade({ headers, socket: from }: IncomingMessage, socket: Duplex): void {
  const { localAddress = "", localPort = 0 } = from;
  // RFC 6455, section 4.2.2: the key with the protocol's own GUID behind it.
  const accept = createHash("sha1")
    .update(`${headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\nX-Served-By: ${localAddress}:${localPort}\r\n\r\n`,
  );
  socket.on("error", () => {
    socket.destroy();
  });
}

/** The question with an answer behind it: a pointer to its name, type A, class IN, 60 seconds, four bytes. */
function dnsAnswer(question: Buffer): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 53]);
  const reply = Buffer.concat([question.subarray(0, end), record]);
  reply.writeUInt16BE(0x8180, 2);
  for (const [index, count] of [1, 1, 0, 0].entries()) reply.writeUInt16BE(count, 4 + 2 * index);
  return reply;
}

const listening = addresses.flatMap((address) =>
  [8080, 8081].map(async (port) => {
    await new Promise<void>((resolve) => {
      createServer(answer).on("upgrade", upgrade).listen(port, address, resolve);
    });
  }),
);
const resolver = createSocket("udp4");
resolver.on("message", (question, { port, address }) => {
  resolver.send(dnsAnswer(question), port, address);
});
listening.push(
  new Promise<void>((resolve) => {
    resolver.bind(53, "1.1.1.1", resolve);
  }),
);
await Promise.all(listening);
console.log("listening");
