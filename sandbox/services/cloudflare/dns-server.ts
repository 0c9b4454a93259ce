/** A resolver's sockets: UDP and TCP on each address (RFC 7766). */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** From a message to its answer, at once or later; nothing for what deserves none. */
export type Answering = (
  query: Buffer,
  transport: "udp" | "tcp",
  /** Who asks. */
  client: string,
) => Promise<Buffer | undefined> | Buffer | undefined;

const idleMilliseconds = 10_000;
const mostConnections = 200;

/** Splits a TCP stream into messages, each behind its length in two bytes. */
function serveConnection(answering: Answering, socket: Socket): void {
  const answer = async (query: Buffer): Promise<void> => {
    const reply = await answering(query, "tcp", socket.remoteAddress ?? "");
    if (reply === undefined) {
      socket.destroy();
      return;
    }
    const prefix = Buffer.alloc(2);
    prefix.writeUInt16BE(reply.length);
    if (!socket.destroyed) socket.write(Buffer.concat([prefix, reply]));
  };
  let pending: Buffer = Buffer.alloc(0);
  socket.setTimeout(idleMilliseconds, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const length = pending.readUInt16BE(0);
      const query = pending.subarray(2, 2 + length);
      pending = pending.subarray(2 + length);
      // Answers may come in another order than questions (RFC 7766, 6.2.1.1).
      answer(query).catch(() => socket.destroy());
    }
  });
}

async function listenTcp(answering: Answering, { host, port }: Address): Promise<Server> {
  const server = createServer((socket) => {
    serveConnection(answering, socket);
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return server;
}

async function listenUdp(answering: Answering, { host, port }: Address): Promise<UdpSocket> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.on("message", (query, peer) => {
    // An address that cannot be answered is the client's loss, and so is a socket that has been closed meanwhile.
    const answer = async (): Promise<void> => {
      const reply = await answering(query, "udp", peer.address);
      if (reply !== undefined) socket.send(reply, peer.port, peer.address, () => undefined);
    };
    answer().catch(() => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, host, resolve);
  });
  // An ICMP error about one client must not end the service.
  socket.removeAllListeners("error");
  socket.on("error", () => undefined);
  return socket;
}

export interface DnsServer {
  /** Where it listens, with the port that the kernel chose where 0 was asked for. */
  readonly address: Address;
  close(): Promise<void>;
}

/** Listens on one address over UDP and TCP, on the same port. */
export async function listenDns(answering: Answering, address: Address): Promise<DnsServer> {
  const tcp = await listenTcp(answering, address);
  const bound = tcp.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : address.port;
  const udp = await listenUdp(answering, { host: address.host, port });
  return {
    address: { host: address.host, port },
    close: async () => {
      udp.close();
      await new Promise<void>((resolve) => {
        tcp.close(() => {
          resolve();
        });
      });
    },
  };
}
