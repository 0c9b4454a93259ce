/** What the edge does with a request, from the visitor's headers to the last byte of the answer. */
import { randomBytes } from "node:crypto";
import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { pipeline, type Readable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Log } from "../log.ts";
import { judge, withIdentity, type AccessKey } from "./access.ts";
import { Affinity, type AffinityRequest } from "./affinity.ts";
import { failurePage, failures, OriginError, type EdgeFailure } from "./errors.ts";
import type { Visit } from "./front.ts";
import { toOrigin, toVisitor, type Headers } from "./headers.ts";
import { ask, connectOrigin, type OriginAnswer, type OriginRequest, type Ways } from "./origin.ts";
import { hostName, route, targetOf, type Destination, type Target } from "./routing.ts";
import type { EdgeState, EdgeZone } from "./state.ts";
import {
  effective,
  endpointKey,
  pickEndpoint,
  type Endpoint,
  type Health,
  type SteeringContext,
} from "./steering.ts";

/** Takes requests to a tunnel's connectors. */
export interface TunnelCarrier {
  /** @throws {OriginError} if no connector is there, or what it is asked fails */
  ask(tunnel: string, request: OriginRequest, responseSeconds: number): Promise<OriginAnswer>;
}

export interface ProxyParts {
  readonly state: () => EdgeState;
  readonly health: Health;
  readonly ways: Ways;
  readonly tunnels: TunnelCarrier;
  readonly access: AccessKey;
  readonly log: Log;
  readonly random?: () => number;
}

/** Whom a request goes to, and with which `Host`. */
interface Aim {
  readonly target: Target;
  readonly host: string;
  readonly endpoint?: Endpoint;
  /** By which the visitor comes back here, if it is to; asked for once this was reached. */
  readonly cookie: () => string | undefined;
}

interface Plan {
  readonly first: Aim;
  /** Where it goes once more if the first cannot be reached at all. */
  readonly second: () => Aim | undefined;
}

interface Scene {
  readonly visit: Visit;
  readonly ray: string;
  readonly host: string;
  readonly zone: EdgeZone;
  readonly clientAddress: string;
}

/** Past the doorman. */
interface Passing extends Scene {
  readonly identity: { readonly token: string; readonly email: string } | undefined;
  /** Says that the visitor has left. */
  readonly signal: AbortSignal;
}

interface Reached {
  readonly answer: OriginAnswer;
  readonly aim: Aim;
  /** To be called when the answer is over. */
  readonly done: () => void;
}

/** Where the sandbox's edge stands, in its rays. */
const place = "SBX";

/** A response for a connection whose parser has let go of it. */
export function respondOn(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once("finish", () => {
    response.detachSocket(socket);
    socket.end();
  });
  return response;
}

export class Proxy {
  readonly #parts: ProxyParts;
  readonly #affinity = new Affinity();
  readonly #outstanding = new Map<string, number>();

  constructor(parts: ProxyParts) {
    this.#parts = parts;
  }

  /** Answers a visitor, whatever happens. */
  handle(visit: Visit): void {
    const ray = `${randomBytes(8).toString("hex")}-${place}`;
    // Visitors leave when they like.
    visit.request.on("error", () => undefined);
    visit.response.on("error", () => undefined);
    this.#handle(visit, ray).catch((error: unknown) => {
      const failure = error instanceof OriginError ? error.failure : failures.badGateway;
      const { request } = visit;
      this.#parts.log(`${ray} ${request.method ?? ""} ${asked(visit)}: ${(error as Error).message}`);
      refuse(visit, failure, ray);
    });
  }

  async #handle(visit: Visit, ray: string): Promise<void> {
    const host = hostName(asked(visit));
    const destination = route(this.#parts.state(), host);
    if (destination.kind === "direct") {
      refuse(visit, failures.directAddress, ray);
      return;
    }
    if (destination.kind === "unknown") {
      refuse(visit, failures.unknownName, ray);
      return;
    }
    const { zone } = destination;
    const location = redirection(visit, zone, host);
    if (location !== undefined) {
      reply(visit, 301, { location, server: "cloudflare", "cf-ray": ray });
      return;
    }
    const clientAddress = (visit.request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    await this.#pass({ visit, ray, host, zone, clientAddress }, destination);
  }

  /** Past the doorman, to an origin and back. */
  async #pass(
    scene: Scene,
    destination: Exclude<Destination, { kind: "direct" | "unknown" }>,
  ): Promise<void> {
    const { visit, ray, host } = scene;
    const request = ruleRequest(scene);
    const verdict = judge(this.#parts.state().applications, request, this.#parts.access);
    if (verdict.kind === "denied") {
      reply(visit, verdict.status, { ...verdict.headers, server: "cloudflare", "cf-ray": ray });
      return;
    }
    const plan = this.#plan(destination, host, request);
    const leaving = new AbortController();
    const leave = (): void => {
      leaving.abort();
    };
    visit.response.once("close", leave);
    const identity = verdict.kind === "known" ? verdict : undefined;
    const { answer, aim, done } = await this.#try({ ...scene, identity, signal: leaving.signal }, plan);
    visit.response.off("close", leave);
    try {
      await deliver(visit, answer, toVisitor(answer.headers, ray, aim.cookie()));
    } finally {
      done();
    }
  }

  #plan(
    destination: Exclude<Destination, { kind: "direct" | "unknown" }>,
    host: string,
    request: AffinityRequest,
  ): Plan {
    const random = this.#parts.random ?? Math.random;
    if (destination.kind === "records") {
      const { targets } = destination;
      const first = targets[Math.floor(random() * targets.length)];
      if (first === undefined) throw new OriginError(failures.originDns, `${host} has no origin`);
      return { first: { target: first, host, cookie: () => undefined }, second: () => undefined };
    }
    const context: SteeringContext = {
      health: this.#parts.health,
      random,
      outstanding: (endpoint) => this.#outstanding.get(endpointKey(endpoint)) ?? 0,
      clientAddress: request.clientAddress,
    };
    const balancer = effective(destination.balancer, request);
    const chosen = this.#affinity.choose(balancer, this.#parts.state(), request, context);
    if (chosen === undefined) throw new OriginError(failures.unavailable, `${host} has no endpoint`);
    const { endpoint, cookie, pinned } = chosen;
    const aimAt = (at: Endpoint, newCookie: Aim["cookie"]): Aim => ({
      target: targetOf(at.origin.address, at.origin.port),
      host: at.origin.header?.Host?.[0] ?? host,
      endpoint: at,
      cookie: newCookie,
    });
    const failover = balancer.session_affinity_attributes?.zero_downtime_failover ?? "none";
    const second = (): Aim | undefined => {
      // Who has no session may go elsewhere; who has one only if the load balancer says so, for once or for good.
      const other =
        pinned && failover === "none" ? undefined : pickEndpoint(endpoint.pool, context, [endpoint]);
      if (other === undefined || !context.health.isUp(other)) return undefined;
      const stays = pinned && failover !== "sticky";
      return aimAt(other, () => (stays ? undefined : this.#affinity.move(balancer, other, request)));
    };
    return { first: aimAt(endpoint, () => cookie), second };
  }

  async #try(scene: Passing, plan: Plan): Promise<Reached> {
    try {
      return await this.#reach(scene, plan.first);
    } catch (error) {
      const second = error instanceof OriginError && error.isWorthAnotherTry ? plan.second() : undefined;
      if (second === undefined) throw error;
      this.#parts.log(`${scene.ray} ${scene.host}: ${(error as Error).message}; once more elsewhere`);
      return await this.#reach(scene, second);
    }
  }

  async #reach(scene: Passing, aim: Aim): Promise<Reached> {
    const done = this.#count(aim);
    try {
      return { answer: await this.#ask(scene, aim), aim, done };
    } catch (error) {
      done();
      throw error;
    }
  }

  async #ask(
    { visit, ray, zone, clientAddress, identity, signal }: Passing,
    aim: Aim,
  ): Promise<OriginAnswer> {
    const { request, front, upgrade } = visit;
    const { ways, tunnels } = this.#parts;
    const mayUpgrade = upgrade !== undefined && zone.settings.websockets === "on";
    const wanted = mayUpgrade ? request.headers.upgrade : undefined;
    const headers = toOrigin(request.headers, {
      host: aim.host,
      clientAddress,
      scheme: front.scheme,
      ray,
      withCountry: zone.settings.ip_geolocation === "on",
      upgrade: wanted,
    });
    const asked: OriginRequest = {
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers: identity === undefined ? headers : withIdentity(headers, identity),
      body: bodyOf(visit),
      isUpgrade: wanted !== undefined,
      signal,
    };
    const { responseSeconds } = ways.limits;
    if (aim.target.kind === "tunnel") return await tunnels.ask(aim.target.tunnel, asked, responseSeconds);
    const { ssl, tls_client_auth: pull } = zone.settings;
    const isTls = front.scheme === "https" && (ssl === "full" || ssl === "strict");
    // What came over TLS and goes on without it goes to the port of plain HTTP.
    const port = front.scheme === "https" && !isTls ? 80 : front.port;
    const socket = await connectOrigin(
      {
        address: aim.target.address,
        port: aim.target.port ?? port,
        tls: isTls
          ? { serverName: hostName(aim.host), verify: ssl === "strict", isPull: pull === "on" }
          : undefined,
      },
      ways,
    );
    return await ask(socket, asked, responseSeconds);
  }

  #count({ endpoint }: Aim): () => void {
    if (endpoint === undefined) return () => undefined;
    const key = endpointKey(endpoint);
    const change = (by: number): void => {
      const now = (this.#outstanding.get(key) ?? 0) + by;
      if (now <= 0) this.#outstanding.delete(key);
      else this.#outstanding.set(key, now);
    };
    change(1);
    return () => {
      change(-1);
    };
  }
}

/** The host as the visitor wrote it: HTTP/2 has it in a header of its own. */
function asked({ request }: Visit): string | undefined {
  const authority = request.headers[":authority"];
  return typeof authority === "string" ? authority : request.headers.host;
}

/** Where a visitor is sent who came over the wrong one of HTTP and HTTPS for the zone's settings. */
function redirection({ request, front }: Visit, zone: EdgeZone, host: string): string | undefined {
  const { always_use_https: always, ssl } = zone.settings;
  const path = request.url ?? "/";
  if (front.scheme === "http" && always === "on") return `https://${host}${path}`;
  if (front.scheme === "https" && ssl === "off") return `http://${host}${path}`;
  return undefined;
}

function ruleRequest({ visit, host, zone, clientAddress }: Scene): AffinityRequest {
  const { request, front } = visit;
  const [path = "/", ...query] = (request.url ?? "/").split("?");
  const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string[]][] =>
    value === undefined || name.startsWith(":") ? [] : [[name, [value].flat()]],
  );
  return {
    method: request.method ?? "GET",
    host,
    path,
    query: query.join("?"),
    isTls: front.scheme === "https",
    clientAddress,
    headers: Object.fromEntries(headers),
    alwaysHttps: zone.settings.always_use_https === "on",
  };
}

function bodyOf({ request, upgrade }: Visit): Readable | undefined {
  if (upgrade !== undefined) return undefined;
  if ("stream" in request) return request.stream.endAfterHeaders ? undefined : request;
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  return (length === undefined || length === "0") && encoding === undefined ? undefined : request;
}

function reply(visit: Visit, status: number, headers: Headers, text = ""): void {
  const response = visit.response as ServerResponse;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const length = { "content-length": String(Buffer.byteLength(text)) };
  response.writeHead(status, { ...(headers as Record<string, string>), ...length });
  response.end(visit.request.method === "HEAD" ? undefined : text);
}

function refuse(visit: Visit, failure: EdgeFailure, ray: string): void {
  const headers = {
    "content-type": "text/plain; charset=UTF-8",
    "cache-control": "private, no-store",
    server: "cloudflare",
    "cf-ray": ray,
  };
  reply(visit, failure.status, headers, failurePage(failure, ray));
}

/** Hands the answer to the visitor; resolves when one of the two has ended. */
async function deliver(visit: Visit, answer: OriginAnswer, headers: Headers): Promise<void> {
  const response = visit.response as ServerResponse;
  if (answer.upgraded !== undefined && visit.upgrade !== undefined) {
    await join(visit, answer, answer.upgraded, headers);
    return;
  }
  response.writeHead(answer.status, headers as Record<string, string | string[]>);
  // It ends the one when the other breaks off.
  await new Promise<void>((resolve) => {
    pipeline(answer.body, response, () => {
      resolve();
    });
  });
}

/** Both connections become one, of whatever protocol they agreed on. */
async function join(
  visit: Visit,
  answer: OriginAnswer,
  upgraded: NonNullable<OriginAnswer["upgraded"]>,
  headers: Headers,
): Promise<void> {
  const { upgrade, response, request } = visit;
  if (upgrade === undefined) return;
  const { socket, head } = upgrade;
  const { stream } = upgraded;
  // From here on the connection is no HTTP response's.
  (response as ServerResponse).detachSocket(socket);
  const all: Headers = { connection: "Upgrade", upgrade: request.headers.upgrade ?? "websocket", ...headers };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}: ${one}`),
  );
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
  if (upgraded.head.length > 0) socket.write(upgraded.head);
  if (head.length > 0) stream.write(head);
  stream.on("error", () => socket.destroy());
  socket.on("error", () => stream.destroy());
  stream.once("close", () => socket.destroy());
  socket.once("close", () => {
    stream.destroy();
    answer.abandon();
  });
  socket.pipe(stream);
  stream.pipe(socket);
  await finished(socket).catch(() => undefined);
}
