/** An edge on loopback: its ports, and origins behind addresses that exist in the test alone. */
import { once } from "node:events";
import { createServer as createHttp, request as httpRequest } from "node:http";
import { Server as HttpServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { createServer as createHttps, request as httpsRequest } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createAuthority, issueLeaf, openAuthority } from "../../../sandbox/services/edge/certificates.ts";
import { Edge, type EdgeParts } from "../../../sandbox/services/edge/edge.ts";
import type { FrontPort } from "../../../sandbox/services/edge/front.ts";
import { cloudflareLimits, type OriginLimits } from "../../../sandbox/services/edge/origin.ts";
import { readState } from "../../../sandbox/services/edge/state.ts";
import { describeJson, type Described } from "./describe-json.ts";

export const authority = openAuthority(createAuthority());
const strangers = openAuthority(createAuthority());
const pullAuthority = openAuthority(createAuthority());

/** What the edge shows to origins that ask for a certificate. */
export const pullCertificate = issueLeaf(pullAuthority, ["origin-pull.edge.test"], new Date(), "client_auth");

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return portOf(server);
}

/** What an origin answers that tells what it was asked. */
export interface Echo {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export function echo(at: string): RequestListener {
  return (request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ at, method, path, headers, body } satisfies Echo));
    });
  };
}

export class Bed {
  readonly edge: Edge;
  readonly log: string[] = [];
  /** Where the addresses of the test's internet really are, `198.51.100.1:443`. */
  readonly places = new Map<string, { readonly host: string; readonly port: number }>();
  /** Addresses of names. */
  readonly names = new Map<string, readonly string[]>();
  readonly #servers: Server[] = [];
  readonly #ports = new Map<string, number>();

  constructor(more: Partial<EdgeParts> & { readonly limits?: Partial<OriginLimits> } = {}) {
    this.edge = new Edge({
      authority,
      ways: {
        limits: { ...cloudflareLimits, ...more.limits },
        resolve: async (name) => {
          await sleep(0);
          const found = this.names.get(name);
          if (found === undefined) throw new Error(`queryA ENOTFOUND ${name}`);
          return found;
        },
        own: new Set(["104.16.0.10"]),
        authorities: [authority.pem],
        pullCertificate: () => pullCertificate,
        locate: (address, port) => {
          const found = this.places.get(`${address}:${port}`);
          if (found === undefined) throw new Error(`the test has nothing at ${address}:${port}`);
          return found;
        },
      },
      authenticate: async () => {
        await sleep(0);
        throw new Error("no tunnels here");
      },
      log: (line) => this.log.push(line),
      ...more,
    });
  }

  apply(described: Described): void {
    this.edge.apply(readState(describeJson(described)));
  }

  /** Opens one of the edge's ports. */
  async open(scheme: FrontPort["scheme"], port: number): Promise<number> {
    const server = this.edge.front({ scheme, port }).server();
    this.#servers.push(server);
    const real = await listen(server);
    this.#ports.set(`${scheme}:${port}`, real);
    return real;
  }

  async #at(address: string, server: HttpServer): Promise<HttpServer> {
    this.#servers.push(server);
    this.places.set(address, { host: "127.0.0.1", port: await listen(server) });
    return server;
  }

  /** An origin at an address of the test's internet. */
  async http(address: string, handler: RequestListener = echo(address)): Promise<HttpServer> {
    return await this.#at(address, createHttp(handler));
  }

  /** The same over TLS, with a certificate for the names that a public authority has signed, or a stranger. */
  async https(
    address: string,
    names: readonly string[],
    handler: RequestListener = echo(address),
    signer: "public" | "stranger" = "public",
  ): Promise<HttpServer> {
    const leaf = issueLeaf(signer === "public" ? authority : strangers, names);
    return await this.#at(address, createHttps(leaf, handler));
  }

  /** The same, for those alone who show the edge's certificate. */
  async pulled(address: string, names: readonly string[]): Promise<HttpServer> {
    const demand = { requestCert: true, rejectUnauthorized: true, ca: pullAuthority.pem };
    return await this.#at(address, createHttps({ ...issueLeaf(authority, names), ...demand }, echo(address)));
  }

  /** A port where nobody listens. */
  async refusing(address: string): Promise<void> {
    const server = createHttp();
    this.places.set(address, { host: "127.0.0.1", port: await listen(server) });
    server.close();
    await once(server, "close");
  }

  real(scheme: FrontPort["scheme"], port = scheme === "http" ? 80 : 443): number {
    const found = this.#ports.get(`${scheme}:${port}`);
    if (found === undefined) throw new Error(`the test did not open ${scheme} ${port}`);
    return found;
  }

  /** Asks the edge as a browser would. */
  async ask(url: string, { path, method = "GET", headers = {}, body }: Asked = {}): Promise<Answer> {
    const { protocol, hostname, pathname, search, port } = new URL(url);
    const isTls = protocol === "https:";
    const options = {
      host: "127.0.0.1",
      port: this.real(isTls ? "https" : "http", port === "" ? undefined : Number(port)),
      method,
      path: path ?? pathname + search,
      headers: { host: hostname, ...headers },
      agent: false,
      servername: hostname,
      ca: authority.pem,
    };
    return await new Promise<Answer>((resolve, reject) => {
      const outgoing = (isTls ? httpsRequest : httpRequest)(options, (response) => {
        let received = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (received += chunk));
        response.on("error", reject);
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: received });
        });
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  /** What an origin saw of a request. */
  async echo(url: string, asked: Asked = {}): Promise<Echo> {
    const { status, body } = await this.ask(url, asked);
    if (status !== 200) throw new Error(`${url}: ${status} ${body}`);
    return JSON.parse(body) as Echo;
  }

  async askHttp2(host: string, path: string, body?: string): Promise<Answer> {
    const session = connectHttp2(`https://127.0.0.1:${this.real("https")}`, {
      servername: host,
      ca: authority.pem,
    });
    const stream = session.request({
      ":authority": host,
      ":path": path,
      ":method": body === undefined ? "GET" : "POST",
    });
    stream.end(body);
    let received = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => (received += chunk));
    const answered = once(stream, "response");
    const ended = once(stream, "end");
    const [{ ":status": status = 0, ...headers }] = (await answered) as [
      IncomingHttpHeaders & { ":status"?: number },
    ];
    await ended;
    session.close();
    return { status, headers, body: received };
  }

  /** Closes the server with the bed. */
  tidy(server: Server): void {
    this.#servers.push(server);
  }

  close(): void {
    this.edge.close();
    for (const server of this.#servers) {
      server.close();
      if (server instanceof HttpServer) server.closeAllConnections();
    }
  }
}
