/** What is known of packets while they are under way: their header, what of them is left, and what they have met. */
import type { Gate, Origin } from "../rules/gate.ts";
import { covers, difference, isEmpty, union, type Point } from "../sets/intervals.ts";
import { linuxPorts, noTraffic, replyTo, type TrafficId, type TrafficSet } from "../sets/traffic.ts";
import type { World } from "./model.ts";
import type { Obstacle } from "./obstacle.ts";

/** Where packets end up. */
export type Arrival =
  | { readonly kind: "host"; readonly host: string; readonly link: string }
  /** A device of a LAN that nobody manages. */
  | { readonly kind: "device"; readonly segment: string }
  | { readonly kind: "internet" };

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

/** What devices remember of packets that passed: the answer needs it. */
export class Conversation {
  readonly #tracked = new Set<object>();
  readonly #hidden = new Map<object, { readonly outside: Point; readonly inside: Point }>();

  remember(device: object): void {
    this.#tracked.add(device);
  }

  remembers(device: object): boolean {
    return this.#tracked.has(device);
  }

  /** The device sends with the outer address what came from the inner one. */
  hide(device: object, inside: Point, outside: Point): void {
    this.#hidden.set(device, { inside, outside });
  }

  /** Whom the device means by the address. */
  behind(device: object, outside: Point): Point | undefined {
    const hidden = this.#hidden.get(device);
    return hidden?.outside === outside ? hidden.inside : undefined;
  }
}

/** A packet that meets more places than this goes in circles. */
const mostHops = 64;

export interface WayOptions {
  /** What is asked about; all of it unless said otherwise. */
  readonly traffic?: TrafficId;
  /** What the way there left behind, where this is the way back. */
  readonly answering?: Conversation;
  /** Writes down every step, and decides gates for this kind of traffic. */
  readonly explain?: Point;
}

export class Way {
  readonly world: World;
  readonly isReply: boolean;
  readonly conversation: Conversation;
  from: Point;
  to: Point;
  /** What is left. */
  traffic: TrafficId;
  /** What may be left or not: it hangs on a symbol. */
  undecided: TrafficSet = noTraffic;
  arrival: Arrival | undefined;
  readonly steps: Step[] = [];
  readonly explain: Point | undefined;
  #stop: (() => Stop) | undefined;
  #hops = 0;

  constructor(world: World, from: Point, to: Point, { traffic = 1, answering, explain }: WayOptions) {
    this.world = world;
    this.from = from;
    this.to = to;
    this.traffic = traffic;
    this.isReply = answering !== undefined;
    this.conversation = answering ?? new Conversation();
    this.explain = explain;
  }

  get stop(): Stop | undefined {
    return this.#stop?.();
  }

  get isStopped(): boolean {
    return this.#stop !== undefined;
  }

  note(place: string, what: string, path: string): void {
    this.steps.push({ place, what, path, from: this.from, to: this.to });
  }

  /** Nothing goes on from here. What is said is put into words only if somebody asks. */
  end(words: () => Omit<Stop, "from" | "to">): void {
    const { from, to } = this;
    this.traffic = 0;
    this.#stop ??= () => ({ ...words(), from, to });
    if (this.explain === undefined) return;
    const { place, reason, path } = words();
    this.note(place, reason, path);
  }

  /** It hangs on a symbol whether anything goes on. */
  endUndecided(words: () => Omit<Stop, "from" | "to">): void {
    this.undecided = union(this.undecided, this.world.table.set(this.traffic));
    this.end(words);
  }

  /** Counts a place. */
  hop(place: () => string): boolean {
    if (++this.#hops <= mostHops) return true;
    this.end(() => ({ place: place(), reason: "goes in circles", path: "" }));
    return false;
  }

  /**
   * Passes a gate.
   * @param obstacle what the gate is to whoever looks for a change
   * @returns whether anything is left
   */
  through(gate: Gate, place: () => string, path: string, obstacle?: () => Obstacle): boolean {
    const { table } = this.world;
    const { accepted, undecided } = gate.passage(this.from, this.to);
    const before = this.traffic;
    if (undecided !== 0) this.undecided = union(this.undecided, this.#hanging(accepted, undecided));
    this.traffic = this.isReply ? this.#answered(accepted) : table.and(before, accepted);
    if (this.explain !== undefined) this.#noteGate(gate, table.set(accepted), place(), path, obstacle?.());
    if (this.traffic !== 0) return true;
    const { from, to } = this;
    this.#stop ??= () => ({
      ...this.#gateStop(gate, from, to, table.set(before), { place: place(), path }),
      obstacle: obstacle?.(),
    });
    return false;
  }

  /** Of what was asked, that which passes or not with what is undecided. */
  #hanging(accepted: TrafficId, undecided: TrafficId): TrafficSet {
    const { table } = this.world;
    if (!this.isReply) return table.set(table.and(this.traffic, undecided));
    const possible = table.id(union(table.set(accepted), table.set(undecided)));
    return difference(table.set(this.#answered(possible)), table.set(this.#answered(accepted)));
  }

  /** Of what was asked, that of which every answer passes. */
  #answered(accepted: TrafficId): TrafficId {
    if (accepted === 1 || this.traffic === 0) return this.traffic;
    const { table } = this.world;
    const passing = table.set(accepted);
    const parts = replyTo(table.set(this.traffic), linuxPorts).filter(([, reply]) => covers(passing, reply));
    return table.id(parts.reduce((sum, [asked]) => union(sum, asked), noTraffic));
  }

  /** What stands for the traffic at a gate: on the way back, what answers it. */
  #shown(traffic: Point): Point {
    if (!this.isReply) return traffic;
    const [[, reply] = []] = replyTo([traffic, Number(traffic) + 1], linuxPorts);
    return reply?.[0] ?? traffic;
  }

  #noteGate(gate: Gate, passes: TrafficSet, place: string, path: string, at: Obstacle | undefined): void {
    const shown = this.#shown(this.explain ?? 0);
    const { origin, verdict } = gate.decision(this.from, this.to, shown);
    const acceptors = gate.acceptors(this.from, this.to, shown);
    const placed = { ...origin, path: origin.path === "" ? path : origin.path };
    const what = `${verdict}: ${placed.rule}`;
    const step = { place, what, path: placed.path, from: this.from, to: this.to };
    this.steps.push({ ...step, gate: { passes, verdict, origin: placed, acceptors, at } });
  }

  #gateStop(
    gate: Gate,
    from: Point,
    to: Point,
    before: TrafficSet,
    at: { place: string; path: string },
  ): Stop {
    const sample = this.#shown(this.explain ?? before[0] ?? 0);
    const { origin } = gate.decision(from, to, sample);
    const placed = { ...origin, path: origin.path === "" ? at.path : origin.path };
    const reason = isEmpty(this.undecided) ? placed.rule : `hangs on a symbol: ${placed.rule}`;
    return { place: `${at.place}, ${placed.where}`, reason, path: placed.path, from, to, origin: placed };
  }
}
