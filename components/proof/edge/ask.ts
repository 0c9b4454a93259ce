/**
 * Questions by name: `internet → api.blackroad.io 443/tcp`. The answer is a chain of connections, each with the way
 * there and the way of the answers, and of what was decided between them.
 */
import { proxiedPorts } from "../../config/cloudflare-networks.ts";
import { Prover } from "../prover.ts";
import { isV6Point } from "../sets/addresses.ts";
import type { Point } from "../sets/intervals.ts";
import { formatKind, portOf } from "../sets/traffic.ts";
import type { Source } from "../world/source.ts";
import { steer, type Served, type Steered } from "./balancer.ts";
import { edgeAddresses, edgeName, follow, toAny, type Leg } from "./legs.ts";
import type { Balancer, EdgeModel, ZoneTls } from "./model.ts";
import {
  originSide,
  reachTarget,
  tlsConditions,
  type OriginRequest,
  type Scene,
  type Scheme,
  type Verdict,
} from "./origin.ts";
import type { EdgeRoute, NameStop } from "./public-dns.ts";
import { plainName, resolve } from "./resolve.ts";
import { withoutHosts } from "./without.ts";

export interface NameOptions {
  /** The path of a request, where rules of a tunnel ask for it. */
  readonly path?: string | undefined;
  /** Hosts, regions or sites that are taken to be down. */
  readonly without?: readonly string[] | undefined;
}

export interface NameAnswer {
  /** `unknown` where it hangs on what the configuration does not say: it must not count as passing. */
  readonly verdict: Verdict;
  readonly name: string;
  /** How the name is resolved, and the asker's own connection. */
  readonly legs: readonly Leg[];
  /** Who answers; where it is several, any of them, and each is a way of its own that goes on from there. */
  readonly servers: readonly Served[];
  /** Who answers when those are down, in that order. */
  readonly then: readonly Served[];
  /** What else must be so for the verdict to hold: an identity, a certificate. */
  readonly conditions: readonly string[];
  /** Why it does not pass. */
  readonly stop: NameStop | undefined;
}

function sourceName(source: Source): string {
  switch (source.kind) {
    case "host":
      return source.host;
    case "device":
      return `a device of ${source.segment}`;
    case "internet":
      return "internet";
    case "service":
      return `a service of AWS's in ${source.region}`;
  }
}

type Draft = { -readonly [Key in keyof NameAnswer]: NameAnswer[Key] };

function schemeOf(traffic: Point): { readonly scheme: Scheme; readonly port: number } | undefined {
  const { protocol, port = 0 } = portOf(traffic) ?? {};
  if (protocol !== "tcp") return undefined;
  const schemes = ["http", "https"] as const;
  const scheme = schemes.find((each) => (proxiedPorts[each] as readonly number[]).includes(port));
  return scheme === undefined ? undefined : { scheme, port };
}

/** Whether the source has addresses of the address's family. */
export function speaks({ world }: Prover, source: Source, address: Point): boolean {
  if (source.kind === "internet") return isV6Point(source.address) === isV6Point(address);
  const own = source.kind === "host" ? world.hosts.get(source.host)?.addresses.keys() : [];
  return !isV6Point(address) || [...(own ?? [])].some(isV6Point);
}

class Question {
  readonly #prover: Prover;
  readonly #model: EdgeModel;
  readonly #source: Source;
  readonly #traffic: Point;
  readonly #path: string;

  constructor(prover: Prover, model: EdgeModel, source: Source, traffic: Point, path: string) {
    this.#prover = prover;
    this.#model = model;
    this.#source = source;
    this.#traffic = traffic;
    this.#path = path;
  }

  get #scene(): Scene {
    return { prover: this.#prover, model: this.#model };
  }

  ask(name: string): NameAnswer {
    const { found, decisions } = resolve(this.#prover, this.#source, name);
    const draft: Draft = {
      verdict: "pass",
      name,
      legs: decisions,
      servers: [],
      then: [],
      conditions: [],
      stop: undefined,
    };
    switch (found.kind) {
      case "none":
        return { ...draft, verdict: "blocked", stop: found.stop };
      case "unknown":
        return { ...draft, verdict: "unknown", stop: found.stop };
      case "addresses":
        return this.#direct(draft, found.addresses);
      case "balancer":
        return this.#balanced(draft, found.balancer);
      case "edge":
        return this.#overEdge(draft, found.route);
    }
  }

  /** A client takes any of a name's addresses, so every one that it can use must lead somewhere. */
  #direct(draft: Draft, addresses: readonly Point[]): NameAnswer {
    const usable = addresses.filter((address) => speaks(this.#prover, this.#source, address));
    const servers = usable.map((address) => this.#server(address));
    if (servers.length > 0) return this.#judged({ ...draft, servers });
    const reason = "has addresses only of a family that the asker has none of";
    return { ...draft, verdict: "blocked", stop: { place: draft.name, reason, path: "dns.zones" } };
  }

  #server(address: Point): Served {
    const shown = this.#prover.world.space.textOf(address);
    const ends = { from: sourceName(this.#source), to: shown };
    const { leg, stop } = follow(this.#prover, this.#source, address, this.#traffic, ends);
    const { arrival } = leg.answer;
    const by = arrival?.kind === "host" ? arrival.host : shown;
    const verdict = stop === undefined ? "pass" : "blocked";
    const place = { pool: undefined, endpoint: shown, down: undefined };
    return { ...place, verdict, by, legs: [leg], conditions: this.#conditions(by), stop };
  }

  /** Where a load balancer serves others than Cloudflare, it does so for WebSockets alone. */
  #conditions(host: string): string[] {
    if (this.#model.services.get(host)?.demandsCertificate !== true) return [];
    return [`it is a WebSocket: by names that are not proxied ${host} serves nothing else`];
  }

  /** Cloudflare answers with the addresses of the pool that serves, and packets go there directly. */
  #balanced(draft: Draft, balancer: Balancer): NameAnswer {
    const request = this.#request(balancer.name, "https", 443, undefined);
    const { servers, then } = steer(this.#scene, balancer, request);
    const direct = (list: readonly Served[]): Served[] =>
      list.map((served) => {
        const pool = balancer.pools.find(({ name }) => name === served.pool);
        const target = pool?.endpoints.find(({ name }) => name === served.endpoint)?.target;
        if (target?.kind !== "address") return served;
        const { endpoint, down } = served;
        return { ...this.#server(target.address), pool: served.pool, endpoint, down };
      });
    return this.#judged({ ...draft, servers: direct(servers), then: direct(then) });
  }

  #request(host: string, scheme: Scheme, port: number, tls: ZoneTls | undefined): OriginRequest {
    const isSecure = scheme === "https";
    const showsCertificate = tls?.originPulls === true;
    return { scheme, port, host, path: this.#path, showsCertificate, isSecure };
  }

  /** The asker's connection ends at the edge, which is asked by any of Cloudflare's addresses. */
  #overEdge(draft: Draft, route: EdgeRoute): NameAnswer {
    const place = edgeName;
    const source = this.#source;
    const addresses = edgeAddresses(source.kind === "internet" ? source.address : 0);
    const ends = { from: sourceName(source), to: edgeName };
    const { leg, stop } = toAny(this.#prover, source, addresses, this.#traffic, ends);
    const reached = { ...draft, legs: [...draft.legs, leg] };
    if (stop !== undefined) return { ...reached, verdict: "blocked", stop };
    const asked = schemeOf(this.#traffic);
    if (asked === undefined) {
      const shown = formatKind(this.#traffic);
      const reason = `drops ${shown}: for a proxied name Cloudflare takes HTTP on ${proxiedPorts.http.join(", ")} and HTTPS on ${proxiedPorts.https.join(", ")}`;
      return { ...reached, verdict: "blocked", stop: { place, reason, path: route.zone.path } };
    }
    const { tls, path } = route.zone;
    if (tls === undefined) {
      const reason = `how the edge speaks to the origins of ${route.zone.name} is said at Cloudflare, not here`;
      return { ...reached, verdict: "unknown", stop: { place, reason, path: `${path}.tls` } };
    }
    return this.#atEdge(reached, route, tls, asked);
  }

  #atEdge(
    draft: Draft,
    route: EdgeRoute,
    tls: ZoneTls,
    { scheme, port }: { readonly scheme: Scheme; readonly port: number },
  ): NameAnswer {
    const { zone, name } = route;
    const redirect =
      scheme === "http" && tls.redirect
        ? "HTTPS"
        : scheme === "https" && tls.mode === "off"
          ? "HTTP"
          : undefined;
    if (redirect !== undefined) {
      const what = `answers by itself: a redirect to ${redirect}`;
      const legs = [
        ...draft.legs,
        { kind: "decision", place: edgeName, what, path: `${zone.path}.tls` } as const,
      ];
      return { ...draft, legs, conditions: [`the asker follows a redirect to ${redirect}`] };
    }
    const side = originSide(tls, scheme, port);
    const request = { ...this.#request(name, side.scheme, side.port, tls), isSecure: scheme === "https" };
    const admitted = this.#model.access.get(name);
    const conditions = [
      ...(admitted === undefined ? [] : [`Access lets in ${admitted} alone, by a proof of that address`]),
      ...tlsConditions(zone, side),
    ];
    return this.#judged({ ...draft, conditions, ...this.#serve(route, request) });
  }

  #serve({ to, name }: EdgeRoute, request: OriginRequest): Steered {
    if (to.kind === "balancer") return steer(this.#scene, to.balancer, request);
    const servers = to.targets.map((target): Served => {
      const reached = reachTarget(this.#scene, target, request);
      return { ...reached, pool: undefined, endpoint: name, down: undefined };
    });
    return { servers, then: [] };
  }

  /** Any of the servers may be the one, so all must answer. */
  #judged(draft: Draft): NameAnswer {
    const { servers } = draft;
    const bad =
      servers.find(({ verdict }) => verdict === "blocked") ??
      servers.find(({ verdict }) => verdict === "unknown");
    const conditions = [...new Set([...draft.conditions, ...servers.flatMap((each) => each.conditions)])];
    if (servers.length === 0) {
      const stop = { place: edgeName, reason: "has no endpoint to send it to", path: "cloudflare" };
      return { ...draft, verdict: "blocked", conditions, stop };
    }
    return { ...draft, verdict: bad?.verdict ?? "pass", conditions, stop: bad?.stop };
  }
}

/**
 * Follows one kind of traffic from the source to whoever answers by the name.
 * @param traffic one port of TCP or UDP, or any other single kind
 * @throws Error where the network's names are not known, or a host of `without` is none
 */
export function askName(
  prover: Prover,
  source: Source,
  name: string,
  traffic: Point,
  { path = "/", without = [] }: NameOptions = {},
): NameAnswer {
  const { edge } = prover.world;
  if (edge === undefined) throw new Error("nothing is known of this network's names");
  const asked = without.length === 0 ? prover : new Prover(withoutHosts(prover.world, without));
  return new Question(asked, edge, source, traffic, path).ask(plainName(name));
}
