/**
 * One measurement, in a process of its own: `node run.ts SIDE NETWORK`. Prints it as JSON.
 *
 * What is measured is what `roadnet verify` and every preview do: from the stack's file as it is read to the plan, from
 * the plan to the network as packets see it, and everything of `verify`: for each ordered pair of hosts, devices and
 * parts of the internet, and each address of whoever is asked, what gets there and back of all traffic; that beside all
 * flows; and the findings about the plan, its names and Cloudflare's edge.
 */
import { createHash } from "node:crypto";
import type { NetworkPlan } from "../../components/plan/model.ts";
import { Prover } from "../../components/proof/prover.ts";
import { runs } from "../../components/proof/sets/intervals.ts";
import type { TrafficId, TrafficTable } from "../../components/proof/sets/traffic.ts";
import { alikeIn, nobodyAlike, type Alike } from "../../components/proof/verify/alike.ts";
import { compare } from "../../components/proof/verify/compare.ts";
import { findingsOf } from "../../components/proof/verify/findings/index.ts";
import { measure } from "../../components/proof/verify/measure.ts";
import { isBeyondUs, partiesOf, sourceOf } from "../../components/proof/verify/parties.ts";
import { verify } from "../../components/proof/verify/verify.ts";
import { buildWorld } from "../../components/proof/world/build.ts";
import { networkOf, productionNetwork } from "./network.ts";

/** `classes` is ours; `pairs` verifies the same by asking for each pair; `packets` asks for each kind of packet as well. */
export const sides = ["classes", "pairs", "packets"] as const;
export type Side = (typeof sides)[number];

export interface Verification {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** How many questions the prover was asked for all pairs. */
  readonly questions: number;
  /** Ordered pairs of somebody and an address that the verdict is about. */
  readonly pairs: number;
  /** A hash of all that was found: two sides must find the same. */
  readonly verdict: string;
  readonly problems: number;
}

/** Processor time of the parts, one after the other, in seconds. */
export interface Parts {
  readonly world: number;
  readonly classes: number;
  readonly flows: number;
  readonly pairs: number;
  readonly findings: number;
}

export interface Measured {
  readonly hosts: number;
  readonly regions: number;
  readonly flows: number;
  /** From the stack's file to the plan: no part of the verification. */
  readonly planCpuSeconds: number;
  /** The first in a new process, as in a preview; and one more, when everything is compiled. */
  readonly first: Verification;
  readonly again: Verification;
  /** Of a third one. */
  readonly parts: Parts | undefined;
  /** Of the whole process at its peak: plan, Node.js and the first verification. */
  readonly peakMiB: number;
}

function cpuSeconds(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

interface Outcome extends Pick<Verification, "questions" | "pairs" | "problems"> {
  readonly found: unknown;
}

type Work = (plan: NetworkPlan) => Outcome;

/** @param alike whom the network treats alike; without it, it is found out */
function verifying(alike?: Alike): Work {
  return (plan) => {
    const { questions, pairs, ...found } = verify(
      plan,
      buildWorld(plan),
      alike === undefined ? {} : { alike },
    );
    const problems = found.violations.length + found.findings.length;
    return { questions, pairs, problems, found };
  };
}

/** Of all parties, those between which single packets are sent: all pairs of them would take hours. */
const packetSample = 3;

/** Each port of TCP and UDP, each type of ICMP, each protocol. */
function everyKind(table: TrafficTable): TrafficId[] {
  return [...runs(table.set(1))].flatMap(([first, last]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => {
      const kind = Number(first) + index;
      return table.id([kind, kind + 1]);
    }),
  );
}

/** Asks for every packet by itself, and compares it with nothing. */
function packetByPacket(plan: NetworkPlan): Outcome {
  const prover = new Prover(buildWorld(plan));
  const { all, byParty } = partiesOf(plan, prover.world);
  const kinds = everyKind(prover.world.table);
  const count = { questions: 0, pairs: 0 };
  let passing = 0;
  const sample = all.slice(0, packetSample);
  for (const from of sample) {
    for (const [index, to] of sample.entries()) {
      if (isBeyondUs(from, to)) continue;
      for (const { address } of byParty[index] ?? []) {
        count.pairs++;
        for (const kind of kinds) {
          count.questions++;
          if (prover.ask(sourceOf(from), address, kind).traffic !== 0) passing++;
        }
      }
    }
  }
  return { ...count, problems: 0, found: passing };
}

const works: Readonly<Record<Side, Work>> = {
  classes: verifying(),
  pairs: verifying(nobodyAlike),
  packets: packetByPacket,
};

function timed(work: Work, plan: NetworkPlan): Verification {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const { found, ...counted } = work(plan);
  const [seconds, used] = [(performance.now() - started) / 1000, cpuSeconds(cpu)];
  const verdict = createHash("sha256").update(JSON.stringify(found)).digest("hex");
  return { ...counted, seconds, cpuSeconds: used, verdict };
}

/** What {@link verify} does, step by step. */
function partsOf(plan: NetworkPlan): Parts {
  const timedPart = <Value>(part: () => Value): readonly [Value, number] => {
    const cpu = process.cpuUsage();
    const value = part();
    return [value, cpuSeconds(cpu)];
  };
  const [world, worldSeconds] = timedPart(() => buildWorld(plan));
  const [{ alike, parties }, classes] = timedPart(() => ({
    alike: alikeIn(world),
    parties: partiesOf(plan, world),
  }));
  const [flows, flowSeconds] = timedPart(() => measure(plan.flows, parties, world));
  const prover = new Prover(world);
  const [comparison, pairs] = timedPart(() => compare(prover, parties, flows, { alike }));
  const [, findings] = timedPart(() =>
    findingsOf({ plan, prover, comparison }, { causes: new Set(), places: new Set() }),
  );
  return { world: worldSeconds, classes, flows: flowSeconds, pairs, findings };
}

function measureSide(side: Side, network: string): Measured {
  const [regions = 0, hostsPerRegion = 0] = network.split("x").map(Number);
  const cpu = process.cpuUsage();
  const plan = network === "prod" ? productionNetwork() : networkOf({ regions, hostsPerRegion });
  const planCpuSeconds = cpuSeconds(cpu);
  const work = works[side];
  const first = timed(work, plan);
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  return {
    hosts: plan.hosts.length,
    regions: plan.regions.length,
    flows: plan.flows.length,
    planCpuSeconds,
    first,
    again: timed(work, plan),
    parts: side === "classes" ? partsOf(plan) : undefined,
    peakMiB,
  };
}

const [side, network = "prod"] = process.argv.slice(2);
const chosen = sides.find((each) => each === side);
if (chosen === undefined) throw new Error(`the sides are ${sides.join(", ")}`);
process.stdout.write(`${JSON.stringify(measureSide(chosen, network))}\n`);
