/** The API's HTTP server: from bytes to {@link answer} and back, with the faults that were asked for in between. */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { answer, failure, type ApiResponse } from "./api.ts";
import type { Credentials } from "./credentials.ts";
import { refusals } from "./errors.ts";
import type { FaultPlan, Meeting } from "../faults.ts";
import { whatWentWrong, type Log } from "../log.ts";
import type { CallLog } from "./calls.ts";
import type { FaultCall } from "./faults.ts";
import type { ApiRequest } from "./route.ts";
import type { Store } from "./store.ts";

/** Larger than any request that the simulator knows. */
const mostBodyBytes = 1024 * 1024;

/** Reads a request's body; `undefined` if it is larger than allowed. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The rest is read and dropped, so that the client gets to read its answer.
    if (size <= mostBodyBytes) chunks.push(chunk);
    else if (size > 16 * mostBodyBytes) return undefined;
  }
  return size > mostBodyBytes ? undefined : Buffer.concat(chunks).toString("utf8");
}

export function writeJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (status === 204) {
    response.writeHead(status, headers).end();
    return;
  }
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

/** `, 81058 An identical record already exists.` */
function reasonsOf({ body }: ApiResponse): string {
  const { errors = [] } = body as { errors?: readonly { code: number; message: string }[] };
  return errors.map(({ code, message }) => `, ${code} ${message}`).join("");
}

export interface ApiParts {
  readonly store: Store;
  readonly credentials: Credentials;
  readonly faults: FaultPlan<FaultCall>;
  readonly calls: CallLog;
  /** For what the operator must know, one line each. */
  readonly log: Log;
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

/** Sends the first half of an answer and cuts the connection. */
function cutShort(response: ServerResponse, { status, body }: ApiResponse): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.write(text.slice(0, Math.ceil(text.length / 2)), () => {
    response.socket?.destroy();
  });
}

class ApiServer {
  readonly #parts: ApiParts;

  constructor(parts: ApiParts) {
    this.#parts = parts;
  }

  async handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { faults, calls, log } = this.#parts;
    const body = await readBody(message);
    const url = new URL(message.url ?? "/", "http://api.invalid");
    const method = message.method ?? "GET";
    const fault = faults.meet({ method, path: url.pathname });
    const sequence = calls.begin(method, url.pathname + url.search, body ?? "", fault?.fault);
    let result: ApiResponse | undefined;
    try {
      const { authorization } = message.headers;
      const request = {
        method,
        path: url.pathname,
        query: url.searchParams,
        authorization,
        body: body ?? "",
      };
      result = await this.#respond(body === undefined ? undefined : request, fault, response);
    } catch (error) {
      log(`${method} ${url.pathname}: ${whatWentWrong(error)}`);
      result = failure(refusals.internal());
    }
    if (result === undefined) return;
    calls.end(sequence, result.status);
    if (result.status >= 400) log(`${method} ${url.pathname}: ${result.status}${reasonsOf(result)}`);
    const ray = `${randomBytes(8).toString("hex")}-SBX`;
    writeJson(response, result.status, result.body, { "cf-ray": ray, ...result.headers });
  }

  /** What to answer; `undefined` if the connection was cut instead. */
  async #respond(
    request: ApiRequest | undefined,
    fault: Meeting | undefined,
    response: ServerResponse,
  ): Promise<ApiResponse | undefined> {
    const perform = (beforeCommit?: () => void) =>
      request === undefined
        ? failure(refusals.oversizedBody())
        : answer(this.#parts.store, this.#parts.credentials, request, beforeCommit);
    if (fault === undefined) return perform();
    const isAfter = fault.when === "after";
    const done = isAfter ? perform() : undefined;
    switch (fault.fault) {
      case "throttle":
        return failure(refusals.throttled(fault.seconds));
      case "error":
        return failure(refusals.internal());
      case "timeout":
        await fault.hold();
        response.socket?.destroy();
        return undefined;
      case "drop":
        if (done === undefined) response.socket?.destroy();
        else cutShort(response, done);
        return undefined;
      case "hold":
        await fault.hold();
        return done ?? perform();
      case "die":
        if (fault.when === "during") return perform(die);
        die();
        return undefined;
    }
  }
}

/** The API, not yet listening. */
export function createApiServer(parts: ApiParts): Server {
  const api = new ApiServer(parts);
  const server = createServer({ requestTimeout: 60_000, keepAliveTimeout: 65_000 }, (message, response) => {
    // A client that has gone away is no fault of the server's.
    response.on("error", () => undefined);
    api.handle(message, response).catch(() => {
      response.socket?.destroy();
    });
  });
  server.on("clientError", (_error, socket) => {
    socket.destroy();
  });
  return server;
}
