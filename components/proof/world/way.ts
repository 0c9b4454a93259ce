/** What is known of packets while they are under way: their header, what of them is left, and what they have met. */
import type { Gate, Origin } from "../rules/gate.ts";
import { difference, type Point } from "../sets/intervals.ts";
import {
  linuxPorts,
  noTraffic,
  oneKind,
  replyTo,
  type EphemeralPorts,
  type TrafficId,
  type TrafficSet,
} from "../sets/traffic.ts";
import type { World } from "./model.ts";
import type { Obstacle } from "./obstacle.ts";

/** Where packets end up. */
export type Arrival =
  | { readonly kind: "host"; readonly host: string; readonly link: string }
  /** A device of a LAN that nobody manages. */
  | { readonly kind: "device"; readonly segment: string }
  | { readonly kind: "internet" }
  /** A service of AWS's, by a VPC's gateway endpoint. */
  | { readonly kind: "service"; readonly region: string; readonly endpoint: string };

/** Something on the way, in words. */
export interface Step {
  readonly place: string;
  readonly what: string;
  readonly path: string;
  readonly from: Point;
  readonly to: Point;
  /** For a gate: what it lets through between the two, and what decides about the traffic that was asked for. */
  readonly gate?: {
    readonly passes: TrafficSet;
    readonly verdict: string;
    readonly origin: Origin;
    /** Every rule that would let the traffic pass if it were the only one. */
    readonly acceptors: readonly Origin[];
    readonly at: Obstacle | undefined;
  };
}

/** Why nothing goes on. */
export interface Stop {
  readonly place: string;
  readonly reason: string;
  readonly path: string;
  readonly from: Point;
  readonly to: Point;
  readonly origin?: Origin;
  readonly obstacle?: Obstacle | undefined;
}

interface Hidden {
  readonly outside: Point;
  readonly inside: Point;
  readonly clients: EphemeralPorts;
}

/** What devices remember of packets that passed: the answer needs it. */
export class Conversation {
  /** So few that a list is faster than a set. */
  readonly #tracked: object[] = [];
  #hidden: Map<object, Hidden> | undefined;
  /** The client's source ports, as they are seen where the packet is. */
  clients: EphemeralPorts;

  constructor(clients: EphemeralPorts) {
    this.clients = clients;
  }

  remember(device: object): void {
    if (!this.remembers(device)) this.#tracked.push(device);
  }

  remembers(device: object): boolean {
    return this.#tracked.includes(device);
  }

  /** The device sends with the outer address, and perhaps ports of its own, what came from the inner one. */
  hide(device: object, inside: Point, outside: Point, ports: EphemeralPorts = this.clients): void {
    this.#hidden ??= new Map();
    this.#hidden.set(device, { inside, outside, clients: this.clients });
    this.clients = ports;
  }

  /** On the way back behind the device, the client's ports are those from before it. */
  reveal(device: object): void {
    this.clients = this.#hidden?.get(device)?.clients ?? this.clients;
  }

  /** Whom the device means by the address. */
  behind(device: object, outside: Point): Point | undefined {
    const hidden = this.#hidden?.get(device);
    return hidden?.outside === outside ? hidden.inside : undefined;
  }
}

/** A packet that meets more places than this goes in circles. */
const mostHops = 64;

export interface WayOptions {
  /** What is asked about; all of it unless said otherwise. */
  readonly traffic?: TrafficId;
  /** All that may be under way, where some of it is not sure. */
  readonly possible?: TrafficId;
  /** What the way there left behind, where this is the way back. */
  readonly answering?: Conversation;
  /** Writes down every step, and decides gates for this kind of traffic. */
  readonly explain?: Point | undefined;
}

/** Of every way on which nobody looks: there are very many. */
const noSteps: Step[] = [];
Object.freeze(noSteps);

/** What a gate is called where somebody is told of it. */
export interface GatePlace {
  readonly place: string;
  readonly path: string;
  /** What it is to whoever looks for a change, where there is anything to change. */
  readonly obstacle: Obstacle | undefined;
}

export class Way {
  readonly world: World;
  readonly isReply: boolean;
  readonly conversation: Conversation;
  from: Point;
  to: Point;
  /** What is left for sure. */
  traffic: TrafficId;
  /** The same with all that may be left or not: it hangs on a symbol, or on what nobody can tell. */
  possible: TrafficId;
  arrival: Arrival | undefined;
  readonly steps: Step[];
  readonly explain: Point | undefined;
  /** Where nothing more was sure, and where nothing more was possible. */
  #doubt: (() => Stop) | undefined;
  #stop: (() => Stop) | undefined;
  #hops = 0;

  constructor(world: World, from: Point, to: Point, options: WayOptions) {
    const { traffic = 1, possible = traffic, answering, explain } = options;
    this.world = world;
    this.from = from;
    this.to = to;
    this.traffic = traffic;
    this.possible = possible;
    this.isReply = answering !== undefined;
    this.conversation = answering ?? new Conversation(world.clients?.others ?? linuxPorts);
    this.explain = explain;
    this.steps = explain === undefined ? noSteps : [];
  }

  /** What may be left or not. */
  get undecided(): TrafficSet {
    if (this.possible === this.traffic) return noTraffic;
    const { table } = this.world;
    return difference(table.set(this.possible), table.set(this.traffic));
  }

  get stop(): Stop | undefined {
    return (this.#stop ?? this.#doubt)?.();
  }

  get isStopped(): boolean {
    return this.#stop !== undefined;
  }

  note(place: string, what: string, path: string): void {
    this.steps.push({ place, what, path, from: this.from, to: this.to });
  }

  /** Nothing goes on from here. What is said is put into words only if somebody asks. */
  end(words: () => Omit<Stop, "from" | "to">): void {
    this.possible = 0;
    this.#end(words);
  }

  #end(words: () => Omit<Stop, "from" | "to">): void {
    const { from, to } = this;
    this.traffic = 0;
    this.#stop ??= () => ({ ...words(), from, to });
    if (this.explain === undefined) return;
    const { place, reason, path } = words();
    this.note(place, reason, path);
  }

  /** Nobody can tell whether anything goes on. */
  endUndecided(words: () => Omit<Stop, "from" | "to">): void {
    this.#end(words);
  }

  /** Counts a place. */
  hop(place: string): boolean {
    if (++this.#hops <= mostHops) return true;
    this.end(() => ({ place, reason: "goes in circles", path: "" }));
    return false;
  }

  /**
   * Passes a gate.
   * @param placeOf puts into words which gate it is, of whom and in which direction, if somebody asks
   * @returns whether anything may be left
   */
  through<Owner, Direction>(
    gate: Gate,
    placeOf: (owner: Owner, direction: Direction) => GatePlace,
    owner: Owner,
    direction: Direction,
  ): boolean {
    const { table } = this.world;
    const { accepted, undecided } = gate.passage(this.from, this.to);
    const { traffic: before, possible: mayBe } = this;
    this.traffic = this.#passed(before, accepted);
    const mayPass = table.or(accepted, undecided);
    this.possible = mayBe === before && mayPass === accepted ? this.traffic : this.#passed(mayBe, mayPass);
    if (this.explain !== undefined) this.#noteGate(gate, table.set(accepted), placeOf(owner, direction));
    if (this.traffic !== 0) return true;
    const { from, to } = this;
    const isOver = this.possible === 0;
    const decided = isOver && before === 0 ? mayBe : before;
    const stop = (): Stop => {
      const at = placeOf(owner, direction);
      return {
        ...this.#gateStop(gate, from, to, table.set(decided), { ...at, isOver }),
        obstacle: at.obstacle,
      };
    };
    if (isOver) this.#stop ??= stop;
    else if (before !== 0) this.#doubt ??= stop;
    return !isOver;
  }

  #passed(traffic: TrafficId, accepted: TrafficId): TrafficId {
    const { table } = this.world;
    return this.isReply
      ? table.answered(traffic, accepted, this.conversation.clients)
      : table.and(traffic, accepted);
  }

  /** What stands for the traffic at a gate: on the way back, what answers it. */
  #shown(traffic: Point): Point {
    if (!this.isReply) return traffic;
    const [[, reply] = []] = replyTo(oneKind(traffic), this.conversation.clients);
    return reply?.[0] ?? traffic;
  }

  #noteGate(gate: Gate, passes: TrafficSet, { place, path, obstacle }: GatePlace): void {
    const shown = this.#shown(this.explain ?? 0);
    const { origin, verdict } = gate.decision(this.from, this.to, shown);
    const acceptors = gate.acceptors(this.from, this.to, shown);
    const placed = { ...origin, path: origin.path === "" ? path : origin.path };
    const what = `${verdict}: ${placed.rule}`;
    const step = { place, what, path: placed.path, from: this.from, to: this.to };
    this.steps.push({ ...step, gate: { passes, verdict, origin: placed, acceptors, at: obstacle } });
  }

  #gateStop(
    gate: Gate,
    from: Point,
    to: Point,
    before: TrafficSet,
    at: { readonly place: string; readonly path: string; readonly isOver: boolean },
  ): Stop {
    const sample = this.#shown(this.explain ?? before[0] ?? 0);
    const { origin } = gate.decision(from, to, sample);
    const placed = { ...origin, path: origin.path === "" ? at.path : origin.path };
    // A plan leaves open what its symbols will be; all else that nobody can tell has words of its own.
    const hangs = this.world.clients === undefined ? "hangs on a symbol" : "nobody can tell";
    const reason = at.isOver ? placed.rule : `${hangs}: ${placed.rule}`;
    return { place: `${at.place}, ${placed.where}`, reason, path: placed.path, from, to, origin: placed };
  }
}
