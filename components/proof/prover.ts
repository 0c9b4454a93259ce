/** Answers whether packets get from one place to another and back, on the network as the plan has it. */
import { difference, isEmpty, type Point } from "./sets/intervals.ts";
import { noTraffic, portTraffic, type TrafficId, type TrafficSet } from "./sets/traffic.ts";
import type { HostNode, Tunnel, TunnelPeer, World } from "./world/model.ts";
import { Walker } from "./world/walk.ts";
import type { Source } from "./world/source.ts";
import type { Arrival, Stop, Way } from "./world/way.ts";

export interface Answer {
  readonly forward: Way;
  /** `undefined` where nothing gets there. */
  readonly back: Way | undefined;
  /** What gets there and whose answers come back, for sure. */
  readonly traffic: TrafficId;
  /** The same with what may do so or not: more than `traffic` where a question cannot be answered. */
  readonly possible: TrafficId;
  /** Who takes it there, even where answers do not come back. */
  readonly arrival: Arrival | undefined;
}

/** What may get there and back, or not. */
export function hangingOf({ world: { table } }: Prover, { traffic, possible }: Answer): TrafficSet {
  return traffic === possible ? noTraffic : difference(table.set(possible), table.set(traffic));
}

function sourceOf(arrival: Arrival, address: Point): Source {
  switch (arrival.kind) {
    case "host":
      return { kind: "host", host: arrival.host, address };
    case "device":
      return { kind: "device", segment: arrival.segment, address };
    case "internet":
      return { kind: "internet", address };
    case "service":
      return { kind: "service", region: arrival.region, address };
  }
}

/** Whether the answer has come to whoever asked. */
function isBack(source: Source, arrival: Arrival | undefined): boolean {
  switch (source.kind) {
    case "host":
      return arrival?.kind === "host" && arrival.host === source.host;
    case "device":
      return arrival?.kind === "device" && arrival.segment === source.segment;
    case "internet":
    case "service":
      return arrival?.kind === source.kind;
  }
}

/** What stops the packets that would carry a tunnel, there or back. */
export interface CarrierStop {
  /** The hosts that call and are called. */
  readonly from: string;
  readonly to: string;
  readonly traffic: TrafficId;
  readonly isBack: boolean;
  readonly stop: Stop;
}

interface TunnelState {
  readonly up: boolean;
  readonly reason: string;
  /** Whether it hangs on a symbol. */
  readonly undecided?: boolean;
  /** Where it is down because packets do not get through. */
  readonly carrier?: CarrierStop | undefined;
}

export class Prover {
  readonly world: World;
  readonly #walker: Walker;
  /** By the hosts at either end. */
  readonly #tunnels = new Map<string, Map<string, TunnelState>>();

  constructor(world: World) {
    this.world = world;
    this.#walker = new Walker(world, (tunnel, peer) => this.tunnelState(tunnel, peer));
  }

  /**
   * Follows packets there and their answers back.
   * @param traffic what is asked about; everything unless said otherwise
   * @param explain one kind of traffic, for which every step is written down
   */
  ask(source: Source, to: Point, traffic: TrafficId = 1, explain?: Point): Answer {
    const forward = this.#walker.walk(source, to, { traffic, explain });
    const { arrival } = forward;
    if (arrival === undefined || forward.possible === 0)
      return { forward, back: undefined, traffic: 0, possible: forward.possible, arrival: undefined };
    const [asker, answerer] = [forward.from, forward.to];
    const back = this.#walker.walk(sourceOf(arrival, answerer), asker, {
      traffic: forward.traffic,
      possible: forward.possible,
      answering: forward.conversation,
      explain,
    });
    const reached = back.arrival !== undefined && isBack(source, back.arrival);
    if (reached && back.from !== to) {
      back.end(() => ({
        place: "the asker",
        reason: "the answer comes from another address than was asked",
        path: "",
      }));
    } else if (!reached && !back.isStopped) {
      back.end(() => ({ place: "the answer", reason: "goes to somebody else", path: "" }));
    }
    return { forward, back, traffic: reached ? back.traffic : 0, possible: back.possible, arrival };
  }

  /** What stops the packets, or their answers. */
  stopOf({ forward, back, possible }: Answer): Stop | undefined {
    // What stops it for sure says more than what was in doubt before.
    if (possible === 0 && back?.isStopped === true) return back.stop;
    return forward.stop ?? back?.stop;
  }

  /** The tunnel of a host to a peer. */
  tunnelBetween(host: string, peer: string): TunnelState | undefined {
    const tunnel = tunnelsOf(this.world.hosts.get(host)).find((each) => names(each, peer));
    return tunnel === undefined ? undefined : this.tunnelState(tunnel, peer);
  }

  /** A tunnel stands where at least one of its ends can call the other. */
  tunnelState(tunnel: Tunnel, peer: string): TunnelState {
    const [a, b] = tunnel.host < peer ? [tunnel.host, peer] : [peer, tunnel.host];
    const others = this.#tunnels.get(a) ?? new Map<string, TunnelState>();
    const known = others.get(b);
    if (known !== undefined) return known;
    this.#tunnels.set(a, others);
    others.set(b, { up: false, reason: "the packets that carry it would go through itself" });
    const state = this.#tunnelState(tunnel, peer);
    others.set(b, state);
    return state;
  }

  #tunnelState(tunnel: Tunnel, peer: string): TunnelState {
    const theirs = tunnelsOf(this.world.hosts.get(peer)).find((each) => names(each, tunnel.host));
    if (theirs === undefined) return { up: false, reason: `${peer} has no peer ${tunnel.host}` };
    const calls = [this.#call(tunnel, theirs), this.#call(theirs, tunnel)];
    const undecided = calls.some((call) => call.undecided);
    const reason = calls.map((call) => call.reason).join(", and ");
    const carrier = calls.find((call) => call.carrier !== undefined)?.carrier;
    return calls.find(({ up }) => up) ?? { up: false, reason, undecided, carrier };
  }

  #call(caller: Tunnel, called: Tunnel): TunnelState {
    const down = (reason: string): TunnelState => ({ up: false, reason });
    const peer = caller.allowed.entries.find(({ value }) => value.host === called.host)?.value;
    if (peer === undefined) return down(`${caller.host} has no peer ${called.host}`);
    const { endpoint } = peer;
    if (endpoint === undefined) return down(`${caller.host} knows no endpoint of ${called.host}`);
    if (called.listenPort !== endpoint.port)
      return down(`${called.host} does not listen on ${endpoint.port}`);
    const target = this.world.names.get(endpoint.name);
    if (target === undefined) return down(`${endpoint.name} has no address`);
    if (target.kind === "proxied") return down(`${endpoint.name} is proxied, which passes on no UDP`);
    // Whoever calls takes one of them, and nobody says which: all must lead there.
    const calls = target.addresses.map((address) => this.#callAt(caller, called, endpoint, address));
    return calls.find(({ up }) => !up) ?? { up: true, reason: "" };
  }

  #callAt(
    caller: Tunnel,
    called: Tunnel,
    endpoint: NonNullable<TunnelPeer["endpoint"]>,
    address: Point,
  ): TunnelState {
    const down = (reason: string): TunnelState => ({ up: false, reason });
    const traffic = this.world.table.id(portTraffic("udp", endpoint.port));
    const answer = this.ask({ kind: "host", host: caller.host }, address, traffic);
    if (answer.arrival?.kind === "host" && answer.arrival.host !== called.host) {
      return down(`${endpoint.name} leads to ${answer.arrival.host}`);
    }
    if (answer.traffic !== 0) return { up: true, reason: "" };
    const stop = this.stopOf(answer);
    const reason = `${endpoint.port}/udp to ${endpoint.name} stops at ${stop?.place ?? "nobody"}: ${stop?.reason ?? ""}`;
    const hangs = [answer.forward, answer.back].some((way) => way !== undefined && !isEmpty(way.undecided));
    const ends = { from: caller.host, to: called.host, traffic, isBack: answer.forward.stop === undefined };
    const carrier = stop === undefined ? undefined : { ...ends, stop };
    return { ...down(reason), undecided: hangs, carrier };
  }
}

function tunnelsOf(host: HostNode | undefined): Tunnel[] {
  return [...(host?.links.values() ?? [])].flatMap(({ attachment }) =>
    attachment.kind === "tunnel" ? [attachment.tunnel] : [],
  );
}

function names(tunnel: Tunnel, host: string): boolean {
  return tunnel.allowed.entries.some(({ value }) => value.host === host);
}
