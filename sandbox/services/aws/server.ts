/** The service's HTTP interface, on a unix socket. docs/architecture.md lists the requests. */
import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { parseDrift } from "./drift.ts";
import { ProviderError, ApiError } from "./errors.ts";
import { whatWentWrong, type Log } from "../log.ts";
import type { Json } from "./json.ts";
import type { ProviderRequest } from "./protocol.ts";
import type { AwsService } from "./service.ts";

/** Enough for user data of 16 KiB and much around it. */
const maximumBodyBytes = 4 * 1024 * 1024;
const maximumPollSeconds = 300;

/** A refusal of the request itself, answered with a status of its own. */
class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function createAwsServer(service: AwsService, log: Log = () => undefined): Server {
  const server = createServer((request, response) => {
    answer(service, request, response).catch((error: unknown) => {
      const known = error instanceof HttpError || error instanceof ProviderError || error instanceof ApiError;
      const status = error instanceof HttpError ? error.status : known ? 409 : 500;
      const reason = error instanceof Error ? error.message : String(error);
      log(
        `${request.method ?? ""} ${request.url ?? ""}: ${status}, ${known ? reason : whatWentWrong(error)}`,
      );
      send(response, status, { error: reason });
    });
  });
  // Long polls and held calls may stay open for as long as their caller wants.
  server.requestTimeout = 0;
  return server;
}

/** Listens on a socket that only this user can open, after removing what a crash left behind. */
export async function listen(server: Server, socket: string): Promise<void> {
  rmSync(socket, { force: true });
  const umask = process.umask(0o077);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(socket, resolve);
    });
  } finally {
    process.umask(umask);
  }
}

type Handler = (service: AwsService, url: URL, request: IncomingMessage, response: ServerResponse) => unknown;

/** `undefined` as an answer drops the connection. */
const routes: Readonly<Record<string, Handler>> = {
  "GET /health": () => ({ ok: true }),
  "GET /revision": async ({ store }, url) => ({
    revision: await store.waitForRevision(number(url, "after", -1), pollSeconds(url)),
  }),
  "GET /describe": (service) => service.describe(),
  "GET /calls": (service) => service.calls,
  "GET /faults": (service, url) => parsed((query) => service.faults.answer(query), url.searchParams),
  "POST /faults": async (service, _url, request) =>
    parsed((body) => service.faults.add(body), await readJson(request)),
  "DELETE /faults": (service) => service.faults.clear(),
  "POST /drift": async (service, _url, request) =>
    service.drift(await parsed(parseDrift, await readJson(request))),
  "POST /provider": async (service, _url, request, response) => {
    const gone = new Promise<void>((resolve) => {
      response.once("close", resolve);
    });
    return service.provide((await readJson(request)) as unknown as ProviderRequest, { gone });
  },
};

async function answer(
  service: AwsService,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://aws.sandbox");
  const handler = routes[`${request.method ?? ""} ${url.pathname}`];
  if (handler === undefined) {
    throw new HttpError(
      404,
      `no ${request.method ?? ""} ${url.pathname}; there is ${Object.keys(routes).join(", ")}`,
    );
  }
  const body = await handler(service, url, request, response);
  if (body === undefined) {
    response.destroy();
  } else {
    send(response, 200, body);
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (!response.destroyed) {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  }
}

function number(url: URL, name: string, otherwise: number): number {
  const text = url.searchParams.get(name);
  if (text === null) {
    return otherwise;
  }
  const value = Number(text);
  if (!Number.isFinite(value)) {
    throw new HttpError(400, `${name} must be a number`);
  }
  return value;
}

function pollSeconds(url: URL): number {
  return Math.min(number(url, "timeoutSeconds", 0), maximumPollSeconds);
}

/** What is wrong about a request itself is answered with 400. */
async function parsed<From, T>(parse: (from: From) => T | Promise<T>, from: From): Promise<T> {
  try {
    return await parse(from);
  } catch (error) {
    throw new HttpError(400, error instanceof Error ? error.message : String(error));
  }
}

async function readJson(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumBodyBytes) {
      throw new HttpError(413, `a request has at most ${maximumBodyBytes} bytes`);
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as Json;
  } catch {
    throw new HttpError(400, "the body is not JSON");
  }
}
