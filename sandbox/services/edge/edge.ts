/** The edge put together: its parts, listening or not. */
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import type { Log } from "../log.ts";
import { AccessKey } from "./access.ts";
import { covers, issueLeaf, ZoneCertificates, type EdgeAuthority } from "./certificates.ts";
import { Front, type FrontPort, type TlsTerms } from "./front.ts";
import { Monitors, type Clock } from "./monitors.ts";
import type { Ways } from "./origin.ts";
import { probe } from "./probe.ts";
import { Proxy, respondOn } from "./proxy.ts";
import { zoneOf } from "./routing.ts";
import { emptyState, type EdgeState } from "./state.ts";
import { connectorName, Tunnels, type Timings, type TunnelParts } from "./tunnels.ts";

export interface EdgeParts {
  readonly authority: EdgeAuthority;
  readonly ways: Ways;
  readonly authenticate: TunnelParts["authenticate"];
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly timings?: Timings;
}

export class Edge {
  readonly access = new AccessKey();
  readonly monitors: Monitors;
  readonly tunnels: Tunnels;
  readonly #parts: EdgeParts;
  readonly #certificates: ZoneCertificates;
  readonly #proxy: Proxy;
  #state: EdgeState = emptyState;

  constructor(parts: EdgeParts) {
    const { authority, ways, authenticate, log, clock, random, timings } = parts;
    const state = (): EdgeState => this.#state;
    this.#parts = parts;
    this.#certificates = new ZoneCertificates(authority);
    this.tunnels = new Tunnels({
      ...{ state, authenticate, log },
      ...(timings === undefined ? {} : { timings }),
    });
    this.monitors = new Monitors({
      probe: async (monitor, endpoint) =>
        await probe(monitor, endpoint, { ways, tunnels: this.tunnels, isPull: (zone) => this.#isPull(zone) }),
      log,
      ...(clock === undefined ? {} : { clock }),
    });
    this.#proxy = new Proxy({
      ...{ state, ways, log, health: this.monitors, tunnels: this.tunnels, access: this.access },
      ...(random === undefined ? {} : { random }),
    });
  }

  get state(): EdgeState {
    return this.#state;
  }

  /** Goes by another state from now on. */
  apply(state: EdgeState): void {
    this.#state = state;
    this.monitors.follow(state);
    this.tunnels.follow(state);
  }

  #isPull(name: string): boolean {
    return this.#state.zones.find((zone) => zone.name === name)?.settings.tls_client_auth === "on";
  }

  #terms(serverName: string | undefined): TlsTerms | undefined {
    const name = serverName ?? "";
    const zone = zoneOf(this.#state, name);
    if (zone === undefined || !covers(zone.name, name)) return undefined;
    const least = zone.settings.min_tls_version;
    return {
      context: () => this.#certificates.context(zone.name),
      name: `${zone.name} ${least}`,
      minVersion: `TLSv${least === "1.0" ? "1" : least}` as TlsTerms["minVersion"],
    };
  }

  front(port: FrontPort): Front {
    return new Front(port, {
      handle: (visit) => {
        this.#proxy.handle(visit);
      },
      respond: respondOn,
      terms: (serverName) => this.#terms(serverName),
    });
  }

  /** What connectors dial, not yet listening. */
  tunnelServer(): TlsServer {
    const server = createTlsServer(issueLeaf(this.#parts.authority, [connectorName]), (socket) => {
      socket.on("error", () => socket.destroy());
      this.tunnels.accept(socket, (socket.remoteAddress ?? "").replace(/^::ffff:/, ""));
    });
    server.on("tlsClientError", (error) => {
      this.#parts.log(`a connector's handshake: ${error.message}`);
    });
    return server;
  }

  close(): void {
    this.monitors.close();
    this.tunnels.close();
  }
}
