/**
 * One measurement, in a process of its own: `node run.ts SIDE NETWORK`. Prints it as JSON.
 *
 * Every side answers the same: for each ordered pair of hosts, devices and parts of the internet, and each address of
 * whoever is asked, what gets there and back of all traffic.
 */
import {
  addressesOf,
  endpointClasses,
  sourceOf,
  type EndpointClass,
} from "../../components/proof/classes/endpoints.ts";
import { allPairs } from "../../components/proof/classes/pairs.ts";
import type { NetworkPlan } from "../../components/plan/model.ts";
import { Prover } from "../../components/proof/prover.ts";
import type { Point } from "../../components/proof/sets/intervals.ts";
import { runs } from "../../components/proof/sets/intervals.ts";
import { buildWorld } from "../../components/proof/world/build.ts";
import type { Source } from "../../components/proof/world/walk.ts";
import { networkOf, productionNetwork } from "./network.ts";

/** `classes` is ours; `pairs` asks for each pair, `packets` for each kind of packet as well. */
export const sides = ["classes", "pairs", "packets"] as const;
export type Side = (typeof sides)[number];

export interface Verification {
  readonly worldSeconds: number;
  /** Of `classes` alone. */
  readonly classesSeconds: number;
  readonly pairsSeconds: number;
  readonly cpuSeconds: number;
  /** How many questions the prover was asked. */
  readonly questions: number;
  /** Ordered pairs of endpoints and addresses that the answers are for, and those among which something passes. */
  readonly pairs: number;
  readonly passing: number;
}

export interface Measured {
  readonly hosts: number;
  readonly regions: number;
  readonly classes: number;
  readonly planSeconds: number;
  /** The first in a new process, as in a preview; and one more, when everything is compiled. */
  readonly first: Verification;
  readonly again: Verification;
  /** Of the whole process at its peak: the plan, Node.js and both verifications. */
  readonly peakMiB: number;
}

interface Count {
  questions: number;
  pairs: number;
  passing: number;
}

function byClasses(prover: Prover, classes: readonly EndpointClass[]): Count {
  const count = { questions: 0, pairs: 0, passing: 0 };
  for (const { pairs, traffic } of allPairs(prover, classes)) {
    count.questions++;
    count.pairs += pairs;
    if (traffic !== 0) count.passing += pairs;
  }
  return count;
}

interface Endpoint {
  readonly isInternet: boolean;
  readonly source: Source;
  readonly addresses: readonly Point[];
}

function everybody(classes: readonly EndpointClass[]): Endpoint[] {
  return classes.flatMap((each): Endpoint[] =>
    each.kind === "host"
      ? each.members.map(({ host, addresses }) => ({
          isInternet: false,
          source: { kind: "host", host },
          addresses,
        }))
      : [
          {
            isInternet: each.kind === "internet",
            source: sourceOf(each),
            addresses: addressesOf(each),
          },
        ],
  );
}

/** As one would without classes: every pair by itself. */
function byPairs(endpoints: readonly Endpoint[], ask: (source: Source, to: Point) => boolean): Count {
  const count = { questions: 0, pairs: 0, passing: 0 };
  for (const from of endpoints) {
    for (const to of endpoints) {
      if (from.isInternet && to.isInternet) continue;
      for (const address of to.addresses) {
        count.pairs++;
        if (ask(from.source, address)) count.passing++;
      }
    }
  }
  return count;
}

/** Every kind of packet by itself: each port of TCP and UDP, each type of ICMP, each protocol. */
function byPackets(prover: Prover, endpoints: readonly Endpoint[]): Count {
  const { table } = prover.world;
  const kinds = [...runs(table.set(1))].flatMap(([first, last]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => {
      const kind = Number(first) + index;
      return table.id([kind, kind + 1]);
    }),
  );
  let questions = 0;
  const count = byPairs(endpoints, (source, to) => {
    let passes = false;
    for (const kind of kinds) {
      questions++;
      if (prover.ask(source, to, kind).traffic !== 0) passes = true;
    }
    return passes;
  });
  return { ...count, questions };
}

function verify(plan: NetworkPlan, side: Side, sample: number): Verification & { readonly classes: number } {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const world = buildWorld(plan);
  const built = performance.now();
  const classes = endpointClasses(world);
  const classed = performance.now();
  const prover = new Prover(world);
  const counted = ((): Count => {
    if (side === "classes") return byClasses(prover, classes);
    const endpoints = everybody(classes);
    if (side === "packets") return byPackets(prover, endpoints.slice(0, sample));
    const count = byPairs(endpoints, (source, to) => prover.ask(source, to).traffic !== 0);
    return { ...count, questions: count.pairs };
  })();
  const ended = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  return {
    worldSeconds: (built - started) / 1000,
    classesSeconds: (classed - built) / 1000,
    pairsSeconds: (ended - classed) / 1000,
    cpuSeconds: (user + system) / 1e6,
    classes: classes.length,
    ...counted,
  };
}

/** Of the endpoints, those between which single packets are sent: all pairs of them would take hours. */
const packetSample = 3;

function measure(side: Side, network: string): Measured {
  const started = performance.now();
  const [regions = 0, hostsPerRegion = 0] = network.split("x").map(Number);
  const plan = network === "prod" ? productionNetwork() : networkOf({ regions, hostsPerRegion });
  const planSeconds = (performance.now() - started) / 1000;
  const { classes, ...first } = verify(plan, side, packetSample);
  const again = verify(plan, side, packetSample);
  return {
    hosts: plan.hosts.length,
    regions: plan.regions.length,
    classes,
    planSeconds,
    first,
    again,
    peakMiB: process.resourceUsage().maxRSS / 1024,
  };
}

const [side, network = "prod"] = process.argv.slice(2);
const chosen = sides.find((each) => each === side);
if (chosen === undefined) throw new Error(`the sides are ${sides.join(", ")}`);
process.stdout.write(`${JSON.stringify(measure(chosen, network))}\n`);
