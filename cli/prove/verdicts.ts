/** The proof's answers to what packets are asked. */
import type { Answer, Prover } from "../../components/proof/prover.ts";
import { has, union, type Point } from "../../components/proof/sets/intervals.ts";
import { icmpTraffic, portTraffic, type TrafficSet } from "../../components/proof/sets/traffic.ts";
import type { Step } from "../../components/proof/world/way.ts";
import type { ProbeProtocol } from "../../sandbox/prove/prober.ts";
import type { Asker, Target } from "./subjects.ts";

export interface Verdict {
  /** What gets there and whose answers come back. */
  readonly answered: TrafficSet;
  /** What gets there. */
  readonly arrived: TrafficSet;
  /** Name of the asker that takes it there. */
  readonly taker: string | undefined;
  /** What hangs on a symbol. */
  readonly undecided: TrafficSet;
}

/** What asks with a protocol at a port, as a set of one. */
function kindOf(protocol: ProbeProtocol, port: number, { kind }: Target): TrafficSet {
  if (protocol !== "echo") return portTraffic(protocol, port);
  return kind === "ipv6" ? icmpTraffic("icmpv6", 128) : icmpTraffic("icmp", 8);
}

/** The same as a point. */
export function pointOf(protocol: ProbeProtocol, port: number, target: Target): Point {
  return kindOf(protocol, port, target)[0] ?? 0;
}

function takerOf({ arrival }: Answer, target: Target): string | undefined {
  switch (arrival?.kind) {
    case "host":
      return arrival.host;
    case "device":
      return `device ${arrival.segment}`;
    case "internet":
      // Whoever has the address there.
      return target.owner;
    case undefined:
      return undefined;
  }
}

/** What the proof says of everything between two. */
export function verdictOf(prover: Prover, asker: Asker, target: Target): Verdict {
  const { table } = prover.world;
  const answer = prover.ask(asker.source, target.point);
  const { forward, back, traffic } = answer;
  return {
    answered: table.set(traffic),
    arrived: answer.arrival === undefined ? [] : table.set(forward.traffic),
    taker: takerOf(answer, target),
    undecided: union(forward.undecided, back?.undecided ?? []),
  };
}

export interface Reason {
  readonly verdict: "pass" | "blocked" | "undecided";
  /** What stops it, or who answers. */
  readonly reason: string;
  /** The place in the stack's configuration that decides. */
  readonly path: string;
  /** Hop by hop, there and back. */
  readonly steps: readonly string[];
}

const words = ({ place, what }: Step): string => `${place}: ${what}`;

/** Why the proof says what it says of one kind of traffic. */
export function reasonOf(
  prover: Prover,
  asker: Asker,
  target: Target,
  protocol: ProbeProtocol,
  port: number,
): Reason {
  const { table } = prover.world;
  const traffic = kindOf(protocol, port, target);
  const point = traffic[0] ?? 0;
  const answer = prover.ask(asker.source, target.point, table.id(traffic), point);
  const { forward, back } = answer;
  const steps = [
    ...forward.steps,
    ...(back?.steps ?? []).map((step) => ({ ...step, what: `back, ${step.what}` })),
  ];
  const stop = prover.stopOf(answer);
  if (answer.traffic !== 0 || stop === undefined) {
    const taker = takerOf(answer, target) ?? "nobody";
    return { verdict: "pass", reason: `${taker} answers`, path: "", steps: steps.map(words) };
  }
  const isOpen = has(forward.undecided, point) || has(back?.undecided ?? [], point);
  return {
    verdict: isOpen ? "undecided" : "blocked",
    reason: `${forward.isStopped ? "" : "the answer stops at "}${stop.place}: ${stop.reason}`,
    path: stop.path,
    steps: steps.map(words),
  };
}
