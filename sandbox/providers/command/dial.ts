/**
 * Opening an SSH connection, with the retries of @pulumi/command 1.2.1 (`remote/connection.go`).
 *
 * What is retried: the TCP connection together with the SSH handshake; through a proxy, each of the two steps apart.
 * Only the TCP connection has a time limit of its own.
 */
import { connect as connectSocket } from "node:net";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "ssh2";
import type { ConnectConfig } from "ssh2";
import { agentSocket, authenticator, loginMethods, reachAgent } from "./login.ts";
import type { LoginMethod } from "./login.ts";
import { dialErrorText, joinHostPort } from "./go-text.ts";
import { parseHostKey } from "./host-key.ts";
import type { HostKey } from "./host-key.ts";
import type { Connection, Endpoint } from "./inputs.ts";

export interface DialContext {
  readonly signal: AbortSignal;
  /** Told of every failure that is followed by another try. */
  retrying(message: string): void;
  readonly environment: NodeJS.ProcessEnv;
  readonly backOff: BackOff;
}

export interface BackOff {
  readonly firstMilliseconds: number;
  readonly factor: number;
  readonly mostMilliseconds: number;
}

/** Pulumi's own defaults, `sdk/go/common/util/retry/until.go`. */
export const standardBackOff: BackOff = { firstMilliseconds: 100, factor: 1.5, mostMilliseconds: 5_000 };

/** An open connection, and the one to the proxy that carries it. */
export interface Dialled {
  readonly client: Client;
  close(): void;
}

interface Prepared {
  readonly endpoint: Endpoint;
  readonly address: string;
  readonly hostKey: HostKey | undefined;
  readonly methods: readonly LoginMethod[];
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What cannot be mended by trying again: keys that do not parse, an agent that is not there. */
async function prepare(endpoint: Endpoint, context: DialContext): Promise<Prepared> {
  const hostKey = endpoint.hostKey === undefined ? undefined : parseHostKey(endpoint.hostKey);
  const agent = agentSocket(endpoint, context.environment);
  const methods = loginMethods(endpoint, agent);
  if (agent !== undefined) await reachAgent(agent);
  return { endpoint, address: joinHostPort(endpoint.host, endpoint.port), hostKey, methods };
}

/**
 * Runs `attempt` until it succeeds, failed once more often than `limit` (which may be -1 for no limit), or the
 * update was cancelled.
 */
async function retry<T>(
  what: string,
  limit: number,
  context: DialContext,
  attempt: () => Promise<T>,
): Promise<T> {
  let delay = context.backOff.firstMilliseconds;
  for (let tries = 0; ; tries += 1) {
    context.signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      context.signal.throwIfAborted();
      if (limit > -1 && tries + 1 > limit) {
        throw new Error(`after ${tries} failed attempts: ${message(error)}`, { cause: error });
      }
    }
    context.retrying(`${what} ${tries + 1}/${limit === -1 ? "inf" : limit} failed: retrying`);
    await sleep(Math.min(delay, context.backOff.mostMilliseconds), undefined, {
      signal: context.signal,
    }).catch(() => undefined);
    delay = Math.min(delay, context.backOff.mostMilliseconds) * context.backOff.factor;
  }
}

function openSocket(prepared: Prepared, signal: AbortSignal): Promise<Socket> {
  const { endpoint, address } = prepared;
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host: endpoint.host, port: endpoint.port });
    const fail = (error: Error) => {
      signal.removeEventListener("abort", aborted);
      socket.destroy();
      reject(error);
    };
    const aborted = () => {
      fail(new Error("context canceled"));
    };
    signal.addEventListener("abort", aborted, { once: true });
    socket.setTimeout(endpoint.perDialTimeoutSeconds * 1_000, () => {
      fail(new Error(`dial tcp ${address}: i/o timeout`));
    });
    socket.once("error", (error) => {
      fail(new Error(dialErrorText("tcp", address, error), { cause: error }));
    });
    socket.once("connect", () => {
      signal.removeEventListener("abort", aborted);
      socket.setTimeout(0);
      socket.removeAllListeners("error");
      socket.setKeepAlive(true, 15_000);
      // A session is many small questions and answers; Go's sockets do not hold them back either.
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** The SSH handshake and login on a stream that is open already. Its failure closes the stream. */
function handshake(stream: Duplex, prepared: Prepared, signal: AbortSignal): Promise<Client> {
  const client = new Client();
  return new Promise<Client>((resolve, reject) => {
    const settle = (error?: Error) => {
      signal.removeEventListener("abort", aborted);
      if (error === undefined) {
        resolve(client);
      } else {
        stream.destroy();
        reject(error);
      }
    };
    const fail = (text: string) => {
      settle(new Error(`ssh: handshake failed: ${text}`));
    };
    const aborted = () => {
      fail("context canceled");
    };
    signal.addEventListener("abort", aborted, { once: true });
    // A server that ends the stream before the login is over may leave it half open: no "close" follows then.
    const ended = () => {
      fail("EOF");
    };
    client.once("end", ended);
    client.once("ready", () => {
      client.off("end", ended);
      settle();
    });
    // Stays for the connection's whole life: an error after the handshake shows as the end of what ran over it.
    client.on("error", (error: Error & { level?: string }) => {
      if (error.level !== "agent") fail(error.message);
    });
    client.once("close", () => {
      fail("EOF");
    });
    const { hostKey } = prepared;
    const config: ConnectConfig = {
      sock: stream,
      username: prepared.endpoint.user,
      readyTimeout: 0,
      authHandler: authenticator(prepared.endpoint.user, prepared.methods, fail),
      ...(hostKey !== undefined && {
        algorithms: { serverHostKey: [hostKey.type as "ssh-ed25519"] },
        hostVerifier: (key: Buffer) => {
          const matches = key.equals(hostKey.blob);
          if (!matches) fail("ssh: host key mismatch");
          return matches;
        },
      }),
    };
    client.connect(config);
  });
}

async function dialDirectly(prepared: Prepared, what: string, context: DialContext): Promise<Client> {
  return retry(what, prepared.endpoint.dialErrorLimit, context, async () =>
    handshake(await openSocket(prepared, context.signal), prepared, context.signal),
  );
}

const rejections: Readonly<Record<number, string>> = {
  1: "administratively prohibited",
  2: "connect failed",
  3: "unknown channel type",
  4: "resource shortage",
};

function forward(proxy: Client, endpoint: Endpoint): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    proxy.forwardOut("0.0.0.0", 0, endpoint.host, endpoint.port, (error, channel) => {
      // The type says that an error is always there; it is undefined on success.
      const failure = error as (Error & { reason?: number }) | undefined;
      if (failure === undefined) {
        resolve(channel);
        return;
      }
      const reason = failure.reason === undefined ? "" : (rejections[failure.reason] ?? "unknown reason");
      const text = failure.message.replace("(SSH) Channel open failure: ", "");
      reject(new Error(reason === "" ? text : `ssh: rejected: ${reason} (${text})`));
    });
  });
}

/**
 * Through the proxy, the official provider repeats a failed handshake on the stream that the failure has closed, so
 * that every further try fails too. Here the first failure is at least part of the message.
 */
async function handshakeOverProxy(stream: Duplex, prepared: Prepared, context: DialContext): Promise<Client> {
  let first: unknown;
  return retry("Dial", prepared.endpoint.dialErrorLimit, context, async () => {
    if (first !== undefined) throw new Error(`ssh: handshake failed: EOF (at first: ${message(first)})`);
    try {
      return await handshake(stream, prepared, context.signal);
    } catch (error) {
      first = error;
      throw error;
    }
  });
}

async function dialThrough(proxy: Prepared, target: Prepared, context: DialContext): Promise<Dialled> {
  const carrier = await dialDirectly(proxy, "Dial proxy", context);
  try {
    const stream = await retry("Dial from proxy", target.endpoint.dialErrorLimit, context, () =>
      forward(carrier, target.endpoint),
    );
    const client = await handshakeOverProxy(stream, target, context);
    return {
      client,
      close: () => {
        client.end();
        carrier.end();
      },
    };
  } catch (error) {
    carrier.end();
    throw error;
  }
}

/**
 * Opens the connection. Throws an error whose text is the official provider's: what failed last, and after how many
 * tries.
 */
export async function dial(connection: Connection, context: DialContext): Promise<Dialled> {
  const target = await prepare(connection, context);
  if (connection.proxy === undefined) {
    const client = await dialDirectly(target, "Dial", context);
    return {
      client,
      close: () => {
        client.end();
      },
    };
  }
  try {
    return await dialThrough(await prepare(connection.proxy, context), target, context);
  } catch (error) {
    if (context.signal.aborted) throw error;
    throw new Error(`proxy: ${message(error)}`, { cause: error });
  }
}
