/**
 * A port of the edge: plain HTTP, or TLS by the names that clients ask for with HTTP/1.1 or HTTP/2 in it.
 *
 * Only proxied ports are there at all (fundamentals/reference/network-ports).
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { createServer, Socket, type Server } from "node:net";
import type { Duplex } from "node:stream";
import {
  createServer as createTlsServer,
  type SecureContext,
  type SecureVersion,
  type Server as TlsServer,
} from "node:tls";
import { fatalAlert, handshakeFailure, readHello } from "./client-hello.ts";

export type VisitorRequest = IncomingMessage | Http2ServerRequest;
export type VisitorResponse = ServerResponse | Http2ServerResponse;

export interface FrontPort {
  readonly scheme: "http" | "https";
  /** The port as visitors and origins know it. */
  readonly port: number;
}

/** A request to become another protocol, with what of it came already. */
export interface Upgrade {
  readonly socket: Socket;
  readonly head: Buffer;
}

export interface Visit {
  readonly front: FrontPort;
  readonly request: VisitorRequest;
  readonly response: VisitorResponse;
  readonly upgrade?: Upgrade;
}

export interface TlsTerms {
  readonly context: () => SecureContext;
  /** What the terms are called, so that one server serves all connections on the same. */
  readonly name: string;
  readonly minVersion: SecureVersion;
}

export interface FrontParts {
  readonly handle: (visit: Visit) => void;
  /** Answers a request to upgrade, whose connection has no response of its own. */
  readonly respond: (request: IncomingMessage, socket: Socket) => ServerResponse;
  /** On which terms connections for a name are served; nothing if the edge has no certificate for it. */
  readonly terms: (serverName: string | undefined) => TlsTerms | undefined;
}

export const proxiedPorts: readonly FrontPort[] = [
  ...[80, 8080, 8880, 2052, 2082, 2086, 2095].map((port) => ({ scheme: "http" as const, port })),
  ...[443, 2053, 2083, 2087, 2096, 8443].map((port) => ({ scheme: "https" as const, port })),
];

const helloMilliseconds = 10_000;
/** A visitor's idle connection; Cloudflare's is 900 s at most (fundamentals/reference/connection-limits). */
const idleMilliseconds = 400_000;

export class Front {
  readonly #port: FrontPort;
  readonly #parts: FrontParts;
  readonly #http1;
  readonly #http2;
  readonly #tls = new Map<string, TlsServer>();

  constructor(port: FrontPort, parts: FrontParts) {
    this.#port = port;
    this.#parts = parts;
    this.#http1 = createHttpServer({ keepAliveTimeout: idleMilliseconds }, (request, response) => {
      this.#parts.handle({ front: this.#port, request, response });
    });
    this.#http1.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // It is what came by "connection", which is one.
      if (!(socket instanceof Socket)) throw new TypeError("a connection is no socket");
      socket.on("error", () => socket.destroy());
      const response = this.#parts.respond(request, socket);
      this.#parts.handle({ front: this.#port, request, response, upgrade: { socket, head } });
    });
    this.#http1.on("clientError", (_error, socket) => {
      if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    });
    this.#http2 = createHttp2Server((request, response) => {
      this.#parts.handle({ front: this.#port, request, response });
    });
    this.#http2.on("sessionError", () => undefined);
  }

  /** A server that takes this port's connections, not yet listening. */
  server(): Server {
    return createServer((socket) => {
      socket.on("error", () => socket.destroy());
      if (this.#port.scheme === "http") this.#http1.emit("connection", socket);
      else this.#greet(socket);
    });
  }

  /** Waits for the client's hello and hands the connection on to the server that has the terms for it. */
  #greet(socket: Socket): void {
    let received: Buffer = Buffer.alloc(0);
    const late = setTimeout(() => socket.destroy(), helloMilliseconds);
    socket.once("close", () => {
      clearTimeout(late);
    });
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const hello = readHello(received);
      if (hello.kind === "partial") return;
      clearTimeout(late);
      socket.off("data", onData);
      socket.pause();
      const terms = hello.kind === "hello" ? this.#parts.terms(hello.serverName) : undefined;
      if (terms === undefined) {
        socket.end(fatalAlert(handshakeFailure));
        return;
      }
      socket.unshift(received);
      this.#tlsServer(terms).emit("connection", socket);
    };
    socket.on("data", onData);
  }

  #tlsServer({ name, context, minVersion }: TlsTerms): TlsServer {
    const found = this.#tls.get(name);
    if (found !== undefined) {
      return found;
    }
    const server = createTlsServer({
      SNICallback: (_name, done) => {
        done(null, context());
      },
      minVersion,
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: helloMilliseconds,
    });
    server.on("secureConnection", (socket) => {
      socket.on("error", () => socket.destroy());
      (socket.alpnProtocol === "h2" ? this.#http2 : this.#http1).emit("connection", socket);
    });
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    this.#tls.set(name, server);
    return server;
  }
}
