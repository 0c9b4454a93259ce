/**
 * Tunnels from the edge's side: connections that connectors have dialled, and requests that go back over them.
 *
 * As cloudflared with `--protocol http2` has it (cloudflare/cloudflared, connection/http2.go): on the TLS connection that
 * the connector dialled the edge is the HTTP/2 client. Its first stream is the control stream, on which the connector
 * registers; a stream of its own brings each version of the tunnel's configuration; every request is a stream, and a
 * WebSocket one that stays open. Cloudflare's registration is Cap'n Proto, the sandbox's is a line of JSON each way.
 */
import { once } from "node:events";
import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from "node:http2";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Log } from "../log.ts";
import { failures, OriginError } from "./errors.ts";
import type { OriginAnswer, OriginRequest } from "./origin.ts";
import type { TunnelCarrier } from "./proxy.ts";
import type { EdgeState, Tunnel } from "./state.ts";

/** The name in the edge's certificate that connectors look for. */
export const connectorName = "h2.cftunnel.com";
export const upgradeHeader = "cf-cloudflared-proxy-connection-upgrade";
const internalHeaders = "cf-cloudflared-";

const registration = z.object({
  accountTag: z.string(),
  tunnelId: z.string(),
  /** Base64. */
  tunnelSecret: z.string(),
  connIndex: z.int().min(0).max(255),
  options: z.object({ clientId: z.string(), version: z.string() }),
});
export type Registration = z.infer<typeof registration>;

export interface TunnelParts {
  readonly state: () => EdgeState;
  /** Whether the account has this tunnel with this secret. @throws with the refusal's words */
  readonly authenticate: (registration: Registration) => Promise<void>;
  readonly log: Log;
  readonly timings?: Timings;
}

export interface Timings {
  /** Until a connector has registered, or taken a configuration. */
  readonly answerMilliseconds: number;
  /** From one sign of life to the next. */
  readonly pingMilliseconds: number;
}

const usual: Timings = { answerMilliseconds: 15_000, pingMilliseconds: 10_000 };

/** One connection of a connector, as the status shows it. */
export interface Connection {
  readonly index: number;
  readonly client: string;
  readonly version: string;
  readonly from: string;
  readonly since: string;
  /** The version of the configuration that it goes by; none for a tunnel that is configured on its host. */
  readonly configuration: number | undefined;
}

interface Line {
  readonly session: ClientHttp2Session;
  readonly registration: Registration;
  readonly from: string;
  readonly since: string;
  configuration: number | undefined;
  /** The version that it has been sent. */
  sent: number | undefined;
  isReady: boolean;
  streams: number;
}

/** Longer registrations are none. */
const longestLine = 16 * 1024;

/** The first line that a stream brings. */
async function firstLine(stream: ClientHttp2Stream, milliseconds: number): Promise<string> {
  return await new Promise<string>((resolve, reject) => {
    let received = "";
    const end = (error: Error | undefined): void => {
      clearTimeout(timer);
      stream.off("data", onData);
      if (error === undefined) resolve(received.slice(0, received.indexOf("\n")));
      else reject(error);
    };
    const timer = setTimeout(() => {
      end(new Error("it did not answer in time"));
    }, milliseconds);
    const onData = (chunk: string): void => {
      received += chunk;
      if (received.includes("\n")) end(undefined);
      else if (received.length > longestLine) end(new Error("it says too much"));
    };
    stream.setEncoding("utf8");
    stream.on("data", onData);
    stream.once("close", () => {
      end(new Error("it hung up"));
    });
  });
}

export class Tunnels implements TunnelCarrier {
  readonly #parts: TunnelParts;
  readonly #timings: Timings;
  readonly #lines = new Map<string, Set<Line>>();
  readonly #sessions = new Set<ClientHttp2Session>();

  constructor(parts: TunnelParts) {
    this.#parts = parts;
    this.#timings = parts.timings ?? usual;
  }

  /** Takes a connection that a connector has dialled, on which TLS is done. */
  accept(socket: Duplex, from: string): void {
    const session = connect(`https://${connectorName}`, { createConnection: () => socket });
    this.#sessions.add(session);
    session.on("error", (error: Error) => {
      this.#parts.log(`connector at ${from}: ${error.message}`);
    });
    session.once("close", () => {
      this.#sessions.delete(session);
      socket.destroy();
    });
    this.#register(session, from).catch((error: unknown) => {
      this.#parts.log(`connector at ${from}: ${(error as Error).message}`);
      session.destroy();
    });
  }

  async #register(session: ClientHttp2Session, from: string): Promise<void> {
    const { answerMilliseconds } = this.#timings;
    const control = session.request(
      { ":method": "POST", ":path": "/", [upgradeHeader]: "control-stream" },
      { endStream: false },
    );
    control.on("error", () => undefined);
    const said = registration.parse(JSON.parse(await firstLine(control, answerMilliseconds)));
    try {
      await this.#parts.authenticate(said);
    } catch (error) {
      const { message } = error as Error;
      control.end(`${JSON.stringify({ error: message })}\n`);
      // It is to read the answer before the connection is gone.
      await Promise.race([once(control, "close"), sleep(answerMilliseconds, undefined, { ref: false })]);
      throw new Error(`tunnel ${said.tunnelId} is refused: ${message}`, { cause: error });
    }
    const line: Line = {
      ...{ session, registration: said, from, since: new Date().toISOString() },
      ...{ configuration: undefined, sent: undefined, isReady: false, streams: 0 },
    };
    control.write(`${JSON.stringify({ location: "SBX" })}\n`);
    this.#add(line, control);
    const tunnel = this.#parts.state().tunnels.get(said.tunnelId);
    if (tunnel !== undefined) await this.#configure(line, tunnel);
  }

  #add(line: Line, control: ClientHttp2Stream): void {
    const { session, registration: said, from } = line;
    const lines = this.#lines.get(said.tunnelId) ?? new Set();
    this.#lines.set(said.tunnelId, lines.add(line));
    this.#parts.log(`connection ${said.connIndex} of tunnel ${said.tunnelId} from ${from} is up`);
    this.#listen(session);
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      lines.delete(line);
      this.#parts.log(`connection ${said.connIndex} of tunnel ${said.tunnelId} from ${from} is over`);
    };
    session.once("close", end);
    // Requests that are on their way may still end.
    control.once("close", () => {
      end();
      session.close();
    });
    control.resume();
  }

  /** Asks for a sign of life again and again: a connector that went away without a word gives none. */
  #listen(session: ClientHttp2Session): void {
    const { pingMilliseconds } = this.#timings;
    let late: NodeJS.Timeout | undefined;
    const ping = setInterval(() => {
      if (session.destroyed) return;
      late ??= setTimeout(() => {
        session.destroy();
      }, pingMilliseconds);
      session.ping(() => {
        clearTimeout(late);
        late = undefined;
      });
    }, pingMilliseconds);
    session.once("close", () => {
      clearInterval(ping);
      clearTimeout(late);
    });
  }

  /** Tells connectors what has changed, and hangs up on those whose tunnel is gone. */
  follow(state: EdgeState): void {
    for (const [id, lines] of this.#lines) {
      const tunnel = state.tunnels.get(id);
      for (const line of [...lines]) {
        if (tunnel === undefined) line.session.destroy();
        else {
          this.#configure(line, tunnel).catch((error: unknown) => {
            this.#parts.log(`tunnel ${id}: ${(error as Error).message}`);
          });
        }
      }
      if (lines.size === 0 && tunnel === undefined) this.#lines.delete(id);
    }
  }

  /** Sends the configuration's latest version, once; a tunnel that is configured on its host has none here. */
  async #configure(line: Line, { remote_config: isRemote, configuration }: Tunnel): Promise<void> {
    if (!isRemote || configuration.config === null) {
      line.isReady = !isRemote;
      return;
    }
    const { version, config } = configuration;
    if (line.sent !== undefined && line.sent >= version) return;
    line.sent = version;
    const stream = line.session.request(
      { ":method": "PUT", ":path": "/", [upgradeHeader]: "update-configuration" },
      { endStream: false },
    );
    stream.on("error", () => undefined);
    stream.end(JSON.stringify({ version, config }));
    const answer = JSON.parse(await firstLine(stream, this.#timings.answerMilliseconds)) as {
      lastAppliedVersion?: number;
      err?: string | null;
    };
    if (answer.err !== undefined && answer.err !== null && answer.err !== "") {
      this.#parts.log(`tunnel ${line.registration.tunnelId}, version ${version}: ${answer.err}`);
    }
    line.configuration = answer.lastAppliedVersion;
    line.isReady = true;
  }

  /** Connections by tunnel. */
  connections(tunnel: string): readonly Connection[] {
    return [...(this.#lines.get(tunnel) ?? [])]
      .map(({ registration: { connIndex, options }, from, since, configuration }) => ({
        ...{ index: connIndex, client: options.clientId, version: options.version },
        ...{ from, since, configuration },
      }))
      .toSorted((a, b) => a.index - b.index);
  }

  /** Hangs up on everybody. */
  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  async ask(tunnel: string, request: OriginRequest, responseSeconds: number): Promise<OriginAnswer> {
    const ready = [...(this.#lines.get(tunnel) ?? [])].filter(
      ({ isReady, session }) => isReady && !session.closed && !session.destroyed,
    );
    const line = ready.toSorted((a, b) => a.streams - b.streams)[0];
    if (line === undefined) throw new OriginError(failures.noConnector, `tunnel ${tunnel} has no connector`);
    const stream = line.session.request(streamHeaders(request), {
      endStream: request.body === undefined && !isWebSocket(request),
    });
    line.streams += 1;
    stream.once("close", () => {
      line.streams -= 1;
    });
    request.body?.on("error", () => stream.destroy()).pipe(stream);
    return await answerOf(stream, request, responseSeconds);
  }
}

function isWebSocket({ isUpgrade, headers }: OriginRequest): boolean {
  return isUpgrade && String(headers.upgrade).toLowerCase() === "websocket";
}

/** HTTP/2 has no upgrades (RFC 9113, 8.6): what is to become a WebSocket is said in a header between the two. */
function streamHeaders(request: OriginRequest): Record<string, string | string[]> {
  const { method, path, headers } = request;
  const own = ["host", "connection", "upgrade"];
  const others = Object.entries(headers).filter(([name]) => !own.includes(name));
  return {
    ":method": method,
    ":path": path,
    ":authority": String(headers.host),
    ":scheme": "http",
    ...(Object.fromEntries(others) as Record<string, string | string[]>),
    ...(isWebSocket(request) ? { [upgradeHeader]: "websocket" } : {}),
  };
}

async function answerOf(
  stream: ClientHttp2Stream,
  request: OriginRequest,
  responseSeconds: number,
): Promise<OriginAnswer> {
  return await new Promise<OriginAnswer>((resolve, reject) => {
    const fail = (error: OriginError): void => {
      clearTimeout(timer);
      stream.destroy();
      reject(error);
    };
    const timer = setTimeout(() => {
      fail(new OriginError(failures.responseTimeout, `no response within ${responseSeconds} s`));
    }, responseSeconds * 1_000);
    stream.on("error", (error: Error) => {
      fail(new OriginError(failures.badGateway, error.message));
    });
    stream.once("close", () => {
      fail(new OriginError(failures.badGateway, "the connector hung up"));
    });
    const leave = (): void => {
      fail(new OriginError(failures.unknown, "the visitor has left"));
    };
    request.signal?.addEventListener("abort", leave);
    stream.once("response", (headers) => {
      clearTimeout(timer);
      request.signal?.removeEventListener("abort", leave);
      const status = headers[":status"] ?? 502;
      const answer = {
        status,
        headers: ownHeaders(headers),
        body: stream,
        abandon: () => {
          stream.destroy();
        },
      };
      const isUpgraded =
        isWebSocket(request) && status === 200 && headers["sec-websocket-accept"] !== undefined;
      resolve(isUpgraded ? { ...answer, status: 101, upgraded: { stream, head: Buffer.alloc(0) } } : answer);
    });
  });
}

/** Without what connector and edge say to each other. */
function ownHeaders(headers: IncomingHttpHeaders): Record<string, string | string[] | undefined> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith(":") && !name.startsWith(internalHeaders)),
  );
}
