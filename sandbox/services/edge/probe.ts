/**
 * One look of a monitor at an endpoint, as load-balancing/monitors describes it: a real request over the same ways that
 * visitors' requests take.
 */
import { failures, OriginError } from "./errors.ts";
import type { Headers } from "./headers.ts";
import { ask, connectOrigin, type OriginAnswer, type Ways } from "./origin.ts";
import type { TunnelCarrier } from "./proxy.ts";
import { targetOf } from "./routing.ts";
import type { Monitor } from "./state.ts";
import type { Endpoint } from "./steering.ts";

export type Finding =
  | { readonly kind: "up"; readonly milliseconds: number }
  /** `isTimeout` says whether the monitor's retries are for it. */
  | { readonly kind: "down"; readonly reason: string; readonly isTimeout: boolean }
  /** The sandbox has no monitors of this type: nothing is known. */
  | { readonly kind: "unknown"; readonly reason: string };

/** As much of a body as Cloudflare looks at for the expected text. */
const mostBodyBytes = 100 * 1024;
const mostRedirects = 3;

/** `200`, `2xx`, or several between commas; empty takes any. */
export function expects(codes: string, status: number): boolean {
  if (codes.trim() === "") return true;
  return codes.split(",").some((code) => {
    const wanted = code.trim().toLowerCase();
    return wanted.endsWith("xx") ? String(status).startsWith(wanted.slice(0, 1)) : wanted === String(status);
  });
}

/** The endpoint's own `Host` goes before the monitor's (additional-options/override-http-host-headers). */
export function probeHeaders({ header }: Monitor, { origin }: Endpoint): Headers {
  const said = Object.entries(header ?? {}).map(([name, values]): [string, string | readonly string[]] => [
    name.toLowerCase(),
    values.length === 1 ? (values[0] ?? "") : values,
  ]);
  const own = origin.header?.Host?.[0];
  return {
    host: origin.address,
    "user-agent":
      "Mozilla/5.0 (compatible;Cloudflare-Traffic-Manager/1.0; +https://www.cloudflare.com/traffic-manager/;)",
    ...Object.fromEntries(said),
    ...(own === undefined ? {} : { host: own }),
  };
}

function hostOf(headers: Headers): string {
  return String(headers.host).replace(/:\d+$/, "");
}

/** How a monitor gets at endpoints. */
export interface Reach {
  readonly ways: Ways;
  readonly tunnels: TunnelCarrier;
  /** Whether a zone of that name shows the edge's certificate to origins. */
  readonly isPull: (zone: string) => boolean;
}

async function requestOnce(
  monitor: Monitor,
  endpoint: Endpoint,
  path: string,
  { ways, tunnels, isPull }: Reach,
): Promise<OriginAnswer> {
  const headers = probeHeaders(monitor, endpoint);
  const wanted = { method: monitor.method, path, headers, body: undefined, isUpgrade: false };
  const target = targetOf(endpoint.origin.address, endpoint.origin.port);
  if (target.kind === "tunnel") return await tunnels.ask(target.tunnel, wanted, monitor.timeout);
  const isTls = monitor.type === "https";
  const port = monitor.port === 0 ? (target.port ?? (isTls ? 443 : 80)) : monitor.port;
  const { allow_insecure: insecure, probe_zone: zone } = monitor;
  const tls = isTls ? { serverName: hostOf(headers), verify: !insecure, isPull: isPull(zone) } : undefined;
  const socket = await connectOrigin({ address: target.address, port, tls }, ways);
  return await ask(socket, wanted, monitor.timeout);
}

async function textOf({ body, abandon }: OriginAnswer): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= mostBodyBytes) break;
  }
  abandon();
  return Buffer.concat(chunks).subarray(0, mostBodyBytes).toString("utf8");
}

async function request(monitor: Monitor, endpoint: Endpoint, reach: Reach): Promise<string | undefined> {
  let { path } = monitor;
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const answer = await requestOnce(monitor, endpoint, path, reach);
    const text = await textOf(answer);
    const { location } = answer.headers;
    if (monitor.follow_redirects && answer.status >= 300 && answer.status < 400 && location !== undefined) {
      const url = new URL(location, "http://endpoint.invalid");
      path = url.pathname + url.search;
      continue;
    }
    if (!expects(monitor.expected_codes, answer.status)) return `response code ${answer.status}`;
    const { expected_body: body } = monitor;
    return text.toLowerCase().includes(body.toLowerCase()) ? undefined : "response body mismatch";
  }
  return "too many redirects";
}

async function look(monitor: Monitor, endpoint: Endpoint, reach: Reach): Promise<string | undefined> {
  if (monitor.type !== "tcp") return await request(monitor, endpoint, reach);
  const { address } = endpoint.origin;
  const socket = await connectOrigin({ address, port: monitor.port, tls: undefined }, reach.ways);
  socket.destroy();
  return undefined;
}

const timeouts: ReadonlySet<number> = new Set([failures.connectTimeout.code, failures.responseTimeout.code]);

/** Looks once, for as long as the monitor says. */
export async function probe(monitor: Monitor, endpoint: Endpoint, reach: Reach): Promise<Finding> {
  if (!["http", "https", "tcp"].includes(monitor.type)) {
    return { kind: "unknown", reason: `the sandbox has no monitors of type ${monitor.type}` };
  }
  const { timeout } = monitor;
  const limits = { connectSeconds: timeout, handshakeSeconds: timeout, responseSeconds: timeout };
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new OriginError(failures.responseTimeout, `no answer within ${timeout} s`));
    }, timeout * 1_000);
  });
  try {
    const fault = await Promise.race([
      look(monitor, endpoint, { ...reach, ways: { ...reach.ways, limits } }),
      late,
    ]);
    if (fault !== undefined) return { kind: "down", reason: fault, isTimeout: false };
    return { kind: "up", milliseconds: performance.now() - began };
  } catch (error) {
    const isTimeout = error instanceof OriginError && timeouts.has(error.failure.code);
    return { kind: "down", reason: (error as Error).message, isTimeout };
  } finally {
    clearTimeout(timer);
  }
}
