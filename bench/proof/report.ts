/** What the benchmark has measured, as a section of docs/bench.md and a plot. Pure. */
import { plotOf } from "../lib/plot.ts";
import { fitLine, summarize } from "../lib/statistics.ts";
import type { Measured, Side, Verification } from "./run.ts";

export interface Row {
  readonly network: string;
  readonly side: Side;
  /** One process each. */
  readonly rounds: readonly Measured[];
}

export interface ProofResult {
  readonly rows: readonly Row[];
}

/** As the issue has them. */
const goals = [
  { network: "prod", what: "production", seconds: 0.1, mebibytes: undefined },
  { network: "50x200", what: "50 regions with 200 hosts each", seconds: 2, mebibytes: 1024 },
] as const;

type Pick = (verification: Verification) => number;
const whole: Pick = ({ worldSeconds, classesSeconds, pairsSeconds }) =>
  worldSeconds + classesSeconds + pairsSeconds;

function values({ rounds }: Row, when: "first" | "again", pick: Pick): number[] {
  return rounds.map((round) => pick(round[when]));
}

function median(row: Row, when: "first" | "again", pick: Pick): number {
  return summarize(values(row, when, pick)).median;
}

function spread(numbers: readonly number[], factor: number, digits: number): string {
  const { min, median: middle, max } = summarize(numbers);
  const [low, mid, high] = [min, middle, max].map((each) => (each * factor).toFixed(digits));
  return `${low ?? ""} / **${mid ?? ""}** / ${high ?? ""}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

function peak({ rounds }: Row): number {
  return Math.max(...rounds.map(({ peakMiB }) => peakMiB));
}

function verdict({ rows }: ProofResult): string[] {
  return goals.map(({ network, what, seconds, mebibytes }) => {
    const row = rows.find((each) => each.network === network && each.side === "classes");
    if (row === undefined) return `- ${what}: not measured.`;
    const took = median(row, "first", whole);
    const cpu = median(row, "first", ({ cpuSeconds }) => cpuSeconds);
    const isMet = took < seconds && (mebibytes === undefined || peak(row) < mebibytes);
    const memory = mebibytes === undefined ? "" : ` and ${mebibytes} MiB`;
    const used = `${(took * 1000).toFixed(0)} ms, ${(cpu * 1000).toFixed(0)} ms of processor time, ${peak(row).toFixed(0)} MiB`;
    return `- ${what}, everything from the plan on, in a new process: ${used}; the goal is ${seconds * 1000} ms${memory}: ${isMet ? "met" : "missed"}.`;
  });
}

const sideNames: Readonly<Record<Side, string>> = {
  classes: "ours, by classes",
  pairs: "every pair by itself",
  packets: "every packet by itself",
};

function timeRow(row: Row): string[] {
  const [one] = row.rounds;
  if (one === undefined) throw new Error("nothing was measured");
  const { first, hosts, classes } = one;
  return [
    row.network,
    String(hosts),
    sideNames[row.side],
    String(classes),
    String(first.questions),
    String(first.pairs),
    spread(values(row, "first", whole), 1000, 0),
    spread(values(row, "again", whole), 1000, 0),
    (median(row, "first", ({ cpuSeconds }) => cpuSeconds) * 1000).toFixed(0),
    peak(row).toFixed(0),
    (summarize(row.rounds.map(({ planSeconds }) => planSeconds)).median * 1000).toFixed(0),
  ];
}

function partRow(row: Row): string[] {
  const parts: readonly Pick[] = [
    ({ worldSeconds }) => worldSeconds,
    ({ classesSeconds }) => classesSeconds,
    ({ pairsSeconds }) => pairsSeconds,
  ];
  const perQuestion = median(row, "first", ({ pairsSeconds, questions }) => pairsSeconds / questions);
  return [
    row.network,
    ...parts.map((part) => (median(row, "first", part) * 1000).toFixed(0)),
    (perQuestion * 1e6).toFixed(1),
  ];
}

function isGrown({ network }: Row): boolean {
  return network !== "prod";
}

function pointsOf({ rows }: ProofResult, side: Side): (readonly [number, number])[] {
  return rows
    .filter((row) => row.side === side && isGrown(row))
    .map((row) => [row.rounds[0]?.hosts ?? 0, median(row, "first", whole)] as const);
}

/** By which power of the number of hosts the time grows; `undefined` for fewer than two sizes. */
function growth(result: ProofResult, side: Side): string | undefined {
  const points = pointsOf(result, side).map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  return points.length < 2 ? undefined : fitLine(points).slope.toFixed(2);
}

/** Of those that have been measured at more than one size. */
export function proofPlot(result: ProofResult): string {
  const all = [
    { side: "classes", colour: "#0b6e99" },
    { side: "pairs", colour: "#c4541a" },
  ] as const;
  return plotOf({
    title: "What passes between all hosts: time over size",
    x: "hosts",
    y: "seconds",
    series: all.map(({ side, colour }) => ({
      name: sideNames[side],
      colour,
      points: pointsOf(result, side),
    })),
  });
}

/**
 * What others have published. They answer other questions about other networks on other machines, so that the numbers
 * stand beside ours for their order of magnitude alone.
 */
const published: readonly string[] = [
  "- Delta-net (Horn, Kheradmand, Prasad, NSDI 2017) takes 40 µs for a change to one forwarding rule. It keeps the whole network as atoms and follows changes; ours starts anew each time, since a preview has one network to judge.",
  "- Atomic predicates (Yang, Lam, ICNP 2013 and ToN 2016) take 40 ms for a reachability tree from one place, over 6.9 million forwarding rules. Ours has some hundreds of rules, which are stateful and ordered, and follows answers too.",
  "- KATch (Moeller and others, PLDI 2024) answers reachability in NetKAT well under a second for networks of its benchmarks. NetKAT has neither connection tracking nor address translation by state.",
  "- Batfish (Brown and others, SIGCOMM 2023) takes minutes for networks of thousands of devices, from vendors' configurations, routing protocols included: most of what it computes is given in our plan.",
];

export function describeProof(result: ProofResult, note: string): string {
  const ours = result.rows.filter(({ side }) => side === "classes");
  const growths = (["classes", "pairs"] as const).flatMap((side) => {
    const power = growth(result, side);
    return power === undefined ? [] : [`${sideNames[side]}: hosts to the power of ${power}`];
  });
  return [
    "Each question is what gets from one place to another of all traffic at once, and whose answers come back. Places are hosts with each of their addresses, devices that nobody manages, and the parts of the internet that rules tell apart. Ours asks once for each two classes of places that nothing in the network tells apart (`components/proof/classes`); beside it the same prover asks for every pair by itself, and, between three places of production alone, for every packet by itself: each port, type and protocol. Pairs by classes and by themselves must come to the same number that pass, or the benchmark fails.",
    "",
    "Networks are production's file and, as REGIONSxHOSTS, ones grown from it: so many regions, each peered with every other, each with so many hosts in two zones and three tiers.",
    ...(note === "" ? [] : ["", note]),
    "",
    ...verdict(result),
    ...(growths.length === 0 ? [] : [`- Growth: ${growths.join("; ")}.`]),
    "",
    "![Time over size](bench-proof.svg)",
    "",
    "### Times",
    "",
    "From the plan to the last answer, in ms: min / **median** / max of the rounds, each in a new process. The plan itself is not part of it.",
    "",
    ...table(
      [
        "network",
        "hosts",
        "side",
        "classes",
        "questions",
        "pairs",
        "first in its process, ms",
        "once more, ms",
        "processor time of the first, ms",
        "memory at its peak, MiB",
        "the plan, ms",
      ],
      result.rows.map(timeRow),
    ),
    "",
    "### Where it goes",
    "",
    ...table(["network", "model, ms", "classes, ms", "questions, ms", "µs per question"], ours.map(partRow)),
    "",
    "### Published figures",
    "",
    ...published,
    "",
  ].join("\n");
}
