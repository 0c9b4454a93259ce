/**
 * Headers on their way: what the edge adds for the origin (fundamentals/reference/http-headers), what ends at a hop
 * (RFC 9110, 7.6.1), and what the visitor is told.
 */
import type { IncomingHttpHeaders } from "node:http";

/** By lower-case names. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

const hopByHop: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer", "upgrade"],
  ...["proxy-authenticate", "proxy-authorization", "http2-settings", "expect"],
]);

function named(headers: IncomingHttpHeaders): readonly string[] {
  return (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
}

/** Headers without those that are for this connection only, by their nature or because `Connection` names them. */
export function endToEnd(headers: IncomingHttpHeaders): Headers {
  const own = new Set(named(headers));
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || name.startsWith(":") || hopByHop.has(name) || own.has(name)
        ? []
        : [[name, value]],
    ),
  );
}

export interface Forwarding {
  /** What the origin is asked for. */
  readonly host: string;
  readonly clientAddress: string;
  readonly scheme: "http" | "https";
  readonly ray: string;
  /** Whether the zone wants to know countries; the sandbox's internet has none, so that all are unknown. */
  readonly withCountry: boolean;
  /** The protocol that the connection is to become. */
  readonly upgrade: string | undefined;
}

/** A visitor can claim none of what the edge says: such headers are taken off. */
const edgesOwn: ReadonlySet<string> = new Set([
  ...["cf-connecting-ip", "cf-ray", "cf-visitor", "cf-ipcountry", "true-client-ip", "x-forwarded-proto"],
  ...["cf-access-jwt-assertion", "cf-access-authenticated-user-email", "cdn-loop", "host"],
]);

export function toOrigin(visitor: IncomingHttpHeaders, forwarding: Forwarding): Headers {
  const { host, clientAddress, scheme, ray, upgrade } = forwarding;
  const kept = Object.entries(endToEnd(visitor)).filter(([name]) => !edgesOwn.has(name));
  const loop = [visitor["cdn-loop"], "cloudflare"].flat().filter((part) => part !== undefined);
  const before = visitor["x-forwarded-for"];
  return {
    host,
    ...Object.fromEntries(kept),
    "x-forwarded-for": [before, clientAddress]
      .flat()
      .filter((part) => part !== undefined)
      .join(","),
    "x-forwarded-proto": scheme,
    "cf-connecting-ip": clientAddress,
    "cf-ray": ray,
    "cf-visitor": JSON.stringify({ scheme }),
    ...(forwarding.withCountry ? { "cf-ipcountry": "XX" } : {}),
    "cdn-loop": loop.join("; "),
    ...(upgrade === undefined ? {} : { connection: "Upgrade", upgrade }),
  };
}

/** What the visitor gets: the origin's headers, and who answers. Nothing is cached, so that everything is dynamic. */
export function toVisitor(origin: IncomingHttpHeaders, ray: string, cookie: string | undefined): Headers {
  const kept = endToEnd(origin);
  const cookies = [kept["set-cookie"] ?? [], cookie ?? []].flat();
  return {
    ...kept,
    ...(cookies.length === 0 ? {} : { "set-cookie": cookies }),
    server: "cloudflare",
    "cf-cache-status": "DYNAMIC",
    "cf-ray": ray,
  };
}
