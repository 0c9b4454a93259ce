/**
 * A connection to an origin, and one request on it. What goes wrong is told by Cloudflare's numbers.
 *
 * The connection is made first and alone, so that a request that found none can be tried elsewhere: nothing of it has
 * been sent. Connections are not used again; an origin sees one for each request.
 */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { connect as netConnect, isIP, type Socket } from "node:net";
import type { Duplex, Readable } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { failures, OriginError } from "./errors.ts";
import type { Headers } from "./headers.ts";

export interface OriginLimits {
  /** Of the TCP handshake. Seconds, as all of these; the numbers are Cloudflare's (fundamentals/reference/connection-limits). */
  readonly connectSeconds: number;
  readonly handshakeSeconds: number;
  /** Until the response begins. */
  readonly responseSeconds: number;
}

export const cloudflareLimits: OriginLimits = {
  connectSeconds: 19,
  handshakeSeconds: 15,
  responseSeconds: 120,
};

/** How the edge gets at origins; tests have another way than the sandbox's internet. */
export interface Ways {
  readonly limits: OriginLimits;
  /** IPv4 addresses of a name. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  /** The edge's own, which no origin may have. */
  readonly own: ReadonlySet<string>;
  /** The address that origins see; the system's choice where it is left out. */
  readonly from?: string;
  /** Authorities, in PEM, that strict mode takes certificates of. */
  readonly authorities: readonly string[];
  /** What it shows to origins by which zones have it say who it is; without it, nothing. */
  readonly pullCertificate?: () => { readonly cert: string; readonly key: string };
  /** Where a connection for an address and port really goes. */
  readonly locate?: (address: string, port: number) => { readonly host: string; readonly port: number };
}

export interface Connection {
  readonly address: string;
  readonly port: number;
  /** Nothing for plain HTTP. */
  readonly tls:
    | {
        readonly serverName: string;
        readonly verify: boolean;
        /** Whether the edge shows its certificate to an origin that asks for one (authenticated origin pulls). */
        readonly isPull: boolean;
      }
    | undefined;
}

/** How the network's own errors are called; everything else about a connection is a refusal. */
const connectFailures: Readonly<Record<string, (typeof failures)[keyof typeof failures]>> = {
  ETIMEDOUT: failures.connectTimeout,
  EHOSTUNREACH: failures.unreachable,
  ENETUNREACH: failures.unreachable,
  EPERM: failures.unreachable,
  EACCES: failures.unreachable,
};

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}

async function addressOf({ address }: Connection, ways: Ways): Promise<string> {
  let found: readonly string[];
  try {
    found = isIP(address) === 0 ? await ways.resolve(address) : [address];
  } catch (error) {
    throw new OriginError(failures.originDns, `${address}: ${(error as Error).message}`);
  }
  const [first] = found;
  if (first === undefined) throw new OriginError(failures.originDns, `${address} has no address`);
  if (ways.own.has(first)) throw new OriginError(failures.prohibitedAddress, `${address} is the edge itself`);
  return first;
}

/** Settles with the connection's first event of these, or with the failure when the time is over. */
async function settled(
  socket: Socket,
  event: "connect" | "secureConnect",
  seconds: number,
  late: OriginError,
  explain: (error: Error) => OriginError,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: OriginError): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => {
      fail(late);
    }, seconds * 1_000);
    // Stays on the socket: an error after the event is for whoever uses the connection.
    socket.on("error", (error) => {
      fail(explain(error));
    });
    socket.once("close", () => {
      fail(explain(new Error("the origin hung up")));
    });
    socket.once(event, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function connectTcp(target: Connection, ways: Ways): Promise<Socket> {
  const address = await addressOf(target, ways);
  const { host, port } = ways.locate?.(address, target.port) ?? { host: address, port: target.port };
  const from = ways.from === undefined ? {} : { localAddress: ways.from };
  const socket = netConnect({ host, port, noDelay: true, ...from });
  const where = `${address}:${target.port}`;
  await settled(
    socket,
    "connect",
    ways.limits.connectSeconds,
    new OriginError(failures.connectTimeout, `${where} does not answer`),
    (error) =>
      new OriginError(connectFailures[codeOf(error)] ?? failures.refused, `${where}: ${error.message}`),
  );
  return socket;
}

const certificateCodes = /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|HOSTNAME_|ERR_TLS_CERT_)/;

/** @throws {OriginError} */
export async function connectOrigin(target: Connection, ways: Ways): Promise<Socket> {
  const socket = await connectTcp(target, ways);
  if (target.tls === undefined) return socket;
  const { serverName, verify, isPull } = target.tls;
  const secure = tlsConnect({
    socket,
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: verify,
    ...(isPull ? ways.pullCertificate?.() : {}),
    ...(verify ? { ca: [...ways.authorities] } : {}),
  });
  await settled(
    secure,
    "secureConnect",
    ways.limits.handshakeSeconds,
    new OriginError(failures.handshake, `${target.address} does not end its handshake`),
    (error) =>
      new OriginError(
        verify && certificateCodes.test(codeOf(error)) ? failures.certificate : failures.handshake,
        `${target.address}: ${error.message}`,
      ),
  );
  return secure;
}

export interface OriginRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Headers;
  /** Nothing where there is none. */
  readonly body: Readable | undefined;
  readonly isUpgrade: boolean;
  /** Ends the wait for an answer. */
  readonly signal?: AbortSignal;
}

export interface OriginAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** The connection, where the origin agreed to make it another protocol's. */
  readonly upgraded?: { readonly stream: Duplex; readonly head: Buffer };
  /** Ends what is still going on, when the visitor has left. */
  readonly abandon: () => void;
}

/**
 * Sends one request on a connection of its own and resolves with the answer's beginning.
 *
 * @throws {OriginError} if there is no answer, or none that is HTTP
 */
export async function ask(
  socket: Socket,
  { method, path, headers, body, isUpgrade, signal }: OriginRequest,
  responseSeconds: number,
): Promise<OriginAnswer> {
  return await new Promise<OriginAnswer>((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => socket,
      method,
      path,
      headers: headers as Record<string, string | string[]>,
      setHost: false,
    });
    const abandon = (): void => {
      outgoing.destroy();
      socket.destroy();
    };
    const fail = (error: OriginError): void => {
      clearTimeout(timer);
      abandon();
      reject(error);
    };
    const timer = setTimeout(() => {
      fail(new OriginError(failures.responseTimeout, `no response within ${responseSeconds} s`));
    }, responseSeconds * 1_000);
    const leave = (): void => {
      fail(new OriginError(failures.unknown, "the visitor has left"));
    };
    signal?.addEventListener("abort", leave);
    const answer = (response: IncomingMessage): Omit<OriginAnswer, "upgraded"> => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", leave);
      return { status: response.statusCode ?? 0, headers: response.headers, body: response, abandon };
    };
    outgoing.on("response", (response: IncomingMessage) => {
      resolve(answer(response));
    });
    outgoing.on("upgrade", (response: IncomingMessage, stream: Duplex, head: Buffer) => {
      if (isUpgrade) resolve({ ...answer(response), upgraded: { stream, head } });
      else fail(new OriginError(failures.unknown, "the origin changes the protocol unasked"));
    });
    outgoing.on("error", (error) => {
      fail(new OriginError(failures.unknown, error.message));
    });
    if (body === undefined) outgoing.end();
    else body.on("error", abandon).pipe(outgoing);
  });
}
