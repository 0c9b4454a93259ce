/** From Cloudflare's edge to an origin, as one request goes: its connection, who answers, and what is behind that. */
import type { Prover } from "../prover.ts";
import type { Point } from "../sets/intervals.ts";
import { portTraffic } from "../sets/traffic.ts";
import { edgeName, follow, fromEdge, type Leg } from "./legs.ts";
import type { EdgeModel, HostServices, PublicZone, Target, ZoneTls } from "./model.ts";
import { lookUpPublic, type NameStop } from "./public-dns.ts";
import { throughTunnel } from "./tunnel.ts";

export type Scheme = "http" | "https";

/** What the edge asks an origin for. */
export interface OriginRequest {
  readonly scheme: Scheme;
  readonly port: number;
  /** The Host header. */
  readonly host: string;
  readonly path: string;
  /** Whether the edge shows its client certificate. */
  readonly showsCertificate: boolean;
  /** Whether the visitor came by HTTPS. */
  readonly isSecure: boolean;
}

export type Verdict = "pass" | "blocked" | "unknown";

/** How a request to an origin ends. */
export interface Reached {
  readonly verdict: Verdict;
  /** Who answers, in words. */
  readonly by: string;
  readonly legs: readonly Leg[];
  readonly conditions: readonly string[];
  readonly stop: NameStop | undefined;
}

export interface Scene {
  readonly prover: Prover;
  readonly model: EdgeModel;
}

export function portPoint(protocol: "tcp" | "udp", port: number): Point {
  return portTraffic(protocol, port)[0] ?? 0;
}

export function ended(
  by: string,
  legs: readonly Leg[],
  stop: NameStop | undefined,
  conditions: readonly string[] = [],
): Reached {
  return { verdict: stop === undefined ? "pass" : "blocked", by, legs, conditions, stop };
}

/**
 * How the edge speaks to origins: flexible is for port 443 alone, and every other port that HTTPS came to is as in full
 * (ssl/origin-configuration/ssl-modes/flexible); otherwise as the visitor does, to the port that the visitor took.
 */
export function originSide(
  { mode }: ZoneTls,
  scheme: Scheme,
  port: number,
): { readonly scheme: Scheme; readonly port: number } {
  return scheme === "https" && mode === "flexible" && port === 443
    ? { scheme: "http", port: 80 }
    : { scheme, port };
}

/** Whoever shows no certificate is refused once the connection stands (authenticated origin pulls). */
function certificateStop(
  host: string,
  services: HostServices | undefined,
  request: OriginRequest,
): NameStop | undefined {
  if (services?.demandsCertificate !== true || request.scheme === "http" || request.showsCertificate) {
    return undefined;
  }
  const reason = `demands Cloudflare's client certificate, which the edge does not show for ${request.host}`;
  return { place: host, reason, path: "dns.zones" };
}

/** What a load balancer of ours says to plain HTTP. */
function redirectStop(host: string, request: OriginRequest): NameStop | undefined {
  if (!request.isSecure) return undefined;
  const reason =
    "answers HTTP with a redirect to HTTPS, by which the visitor came already: it goes in circles";
  return { place: host, reason, path: "dns.zones" };
}

/** The first backend that answers; a load balancer passes by those that do not. */
function behind(
  { prover }: Scene,
  host: string,
  backends: HostServices["backends"],
): { readonly legs: readonly Leg[]; readonly stop: NameStop | undefined } {
  let refused: NameStop | undefined;
  let failed: Leg | undefined;
  for (const { host: backend, address, port } of backends) {
    const ends = { from: host, to: backend };
    const { leg, stop } = follow(prover, { kind: "host", host }, address, portPoint("tcp", port), ends);
    if (stop === undefined) return { legs: [leg], stop: undefined };
    refused ??= stop;
    failed ??= leg;
  }
  return { legs: failed === undefined ? [] : [failed], stop: refused };
}

function toAddress(scene: Scene, address: Point, request: OriginRequest): Reached {
  const { prover, model } = scene;
  const { space } = prover.world;
  const shown = space.textOf(address);
  const ends = { from: edgeName, to: shown };
  const { leg, stop } = fromEdge(prover, address, portPoint("tcp", request.port), ends);
  const { arrival } = leg.answer;
  if (stop !== undefined) return ended(shown, [leg], stop);
  if (arrival?.kind !== "host") {
    const nobody = {
      place: shown,
      reason: "is nobody of this network, so nobody knows whether it answers",
      path: "",
    };
    return { ...ended(shown, [leg], nobody), verdict: "unknown" };
  }
  const { host } = arrival;
  const named = { ...leg, to: host };
  const services = model.services.get(host);
  const certificate = certificateStop(host, services, request);
  if (certificate !== undefined) return ended(host, [named], certificate);
  if (services?.redirectsHttp === true && request.scheme === "http") {
    return ended(host, [named], redirectStop(host, request), [`${host} answers with a redirect to HTTPS`]);
  }
  const { legs, stop: unanswered } = behind(scene, host, services?.backends ?? []);
  return ended(host, [named, ...legs], unanswered);
}

/** An origin that has a name is looked up by the edge, as anybody on the internet would. */
function toName(scene: Scene, name: string, request: OriginRequest): Reached {
  const { found, decisions } = lookUpPublic(scene.model, name);
  if (found.kind === "addresses") {
    const [first, ...others] = found.addresses.map((address) => toAddress(scene, address, request));
    const worst = others.find(({ stop }) => stop !== undefined);
    const shown = first?.stop === undefined ? (worst ?? first) : first;
    if (shown !== undefined) return { ...shown, legs: [...decisions, ...shown.legs] };
  }
  const stop =
    found.kind === "none" || found.kind === "unknown"
      ? found.stop
      : { place: name, reason: "is no origin: Cloudflare itself answers for it", path: "dns.zones" };
  const verdict = found.kind === "unknown" ? "unknown" : "blocked";
  return { ...ended(name, decisions, stop), verdict };
}

/** What happens to the request at the origin. */
export function reachTarget(scene: Scene, target: Target | undefined, request: OriginRequest): Reached {
  switch (target?.kind) {
    case undefined:
      return ended("nobody", [], { place: edgeName, reason: "the origin has no address", path: "dns.zones" });
    case "address":
      return toAddress(scene, target.address, request);
    case "name":
      return toName(scene, target.name, request);
    case "tunnel":
      return throughTunnel(scene, target.tunnel, request);
  }
}

/** Conditions that hang on the zone's settings. */
export function tlsConditions({ tls }: PublicZone, { scheme }: { readonly scheme: Scheme }): string[] {
  return tls?.mode === "strict" && scheme === "https"
    ? ["the origin shows a certificate that Cloudflare trusts (TLS mode strict)"]
    : [];
}
