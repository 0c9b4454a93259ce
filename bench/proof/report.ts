/** What the benchmark has measured, as a section of docs/bench.md and a plot. Pure. */
import { plotOf } from "../lib/plot.ts";
import { fitLine, summarize } from "../lib/statistics.ts";
import { publishedTable } from "./published.ts";
import type { Measured, Parts, Side, Verification } from "./run.ts";

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

type Figure = (verification: Verification) => number;
const onTheClock: Figure = ({ seconds }) => seconds;
const processorTime: Figure = ({ cpuSeconds }) => cpuSeconds;

function values({ rounds }: Row, when: "first" | "again", figure: Figure): number[] {
  return rounds.map((round) => figure(round[when]));
}

function median(row: Row, when: "first" | "again", figure: Figure): number {
  return summarize(values(row, when, figure)).median;
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

function rowOf({ rows }: ProofResult, network: string, side: Side): Row | undefined {
  return rows.find((row) => row.network === network && row.side === side);
}

function verdict(result: ProofResult): string[] {
  return goals.map(({ network, what, seconds, mebibytes }) => {
    const row = rowOf(result, network, "classes");
    if (row === undefined) return `- ${what}: not measured.`;
    const [took, cpu] = [median(row, "first", onTheClock), median(row, "first", processorTime)];
    const isMet = took < seconds && (mebibytes === undefined || peak(row) < mebibytes);
    const memory = mebibytes === undefined ? "" : ` and ${mebibytes} MiB`;
    const again = `${(median(row, "again", processorTime) * 1000).toFixed(0)} ms once everything is compiled`;
    const used = `${(took * 1000).toFixed(0)} ms on the clock, ${(cpu * 1000).toFixed(0)} ms of processor time (${again}), ${peak(row).toFixed(0)} MiB`;
    return `- ${what}, in a new process: ${used}; the goal is ${seconds * 1000} ms${memory}: ${isMet ? "met" : "missed"}.`;
  });
}

/** Both sides' processor time in one run. */
function ratios(result: ProofResult): string[] {
  const networks = [...new Set(result.rows.map(({ network }) => network))];
  return networks.flatMap((network) => {
    const [ours, pairs] = [rowOf(result, network, "classes"), rowOf(result, network, "pairs")];
    if (ours === undefined || pairs === undefined) return [];
    const ratio = median(pairs, "first", processorTime) / median(ours, "first", processorTime);
    return [
      `- ${network}: pair by pair takes ${ratio.toFixed(1)} times the processor time, and finds the same.`,
    ];
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
  const { first, hosts, flows } = one;
  return [
    row.network,
    String(hosts),
    String(flows),
    sideNames[row.side],
    String(first.pairs),
    String(first.questions),
    spread(values(row, "first", processorTime), 1000, 0),
    spread(values(row, "first", onTheClock), 1000, 0),
    spread(values(row, "again", processorTime), 1000, 0),
    peak(row).toFixed(0),
    (summarize(row.rounds.map(({ planCpuSeconds }) => planCpuSeconds)).median * 1000).toFixed(0),
  ];
}

const partNames: Readonly<Record<keyof Parts, string>> = {
  world: "the network as packets see it",
  classes: "whom it treats alike",
  flows: "whom flows mean",
  pairs: "all pairs, beside all flows",
  findings: "the plan, names and the edge",
};

function partRow(row: Row): string[] {
  const parts = row.rounds.flatMap(({ parts }) => parts ?? []);
  const each = (Object.keys(partNames) as (keyof Parts)[]).map((name) =>
    (summarize(parts.map((one) => one[name])).median * 1000).toFixed(0),
  );
  const perQuestion = summarize(
    row.rounds.map(({ parts: own, first }) => (own?.pairs ?? 0) / first.questions),
  ).median;
  return [row.network, ...each, (perQuestion * 1e6).toFixed(1)];
}

function isGrown({ network }: Row): boolean {
  return network !== "prod";
}

function pointsOf({ rows }: ProofResult, side: Side): (readonly [number, number])[] {
  return rows
    .filter((row) => row.side === side && isGrown(row))
    .map((row) => [row.rounds[0]?.hosts ?? 0, median(row, "first", processorTime)] as const);
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
    title: "Full verification: processor time over size",
    x: "hosts",
    y: "seconds",
    series: all.map(({ side, colour }) => ({
      name: sideNames[side],
      colour,
      points: pointsOf(result, side),
    })),
  });
}

/** What others have published: which of it can be set beside ours, and which cannot. */
const published: readonly string[] = [
  "They answer other questions about other networks on other machines. What can be compared is the order of magnitude of a whole answer, how it grows, and what is part of it; no ratio between theirs and ours means anything.",
  "",
  ...publishedTable,
];

const what: readonly string[] = [
  "Verification is all that `roadnet verify` does for a stack, and what previews and updates do before the first resource: from the plan to the network as packets see it; what gets from everybody to everybody, of all traffic at once, and whose answers come back; that beside everything that is meant; why, for what differs; and the findings about the plan itself, its names, load balancers and tunnels. In these networks nothing is wrong, and a round that finds something fails. Reading the file and planning is not part of it, and has a column of its own. A new process has compiled nothing yet, as in a preview.",
  "",
  "Everybody is each host with each of its addresses, the devices that nobody manages, and the parts of the internet that rules or flows tell apart. Ours asks once for any two of those that nothing tells apart, neither the network (`components/proof/classes`) nor a flow (`components/proof/verify/alike.ts`). Beside it the same verification asks for every pair by itself, where there are not too many; it must find the same, or the benchmark fails. Between three places of production alone, every packet is asked for by itself: each port, type and protocol.",
  "",
  "Networks are production's file and, as REGIONSxHOSTS, ones grown from it: so many regions, each peered with every other, each with so many hosts in two zones and three tiers, with production's flows for each region and hub.",
];

const timesHead = [
  "network",
  "hosts",
  "flows",
  "side",
  "pairs",
  "questions",
  "processor time, ms",
  "on the clock, ms",
  "processor time once more, ms",
  "memory at its peak, MiB",
  "reading and planning before it, ms",
];

export function describeProof(result: ProofResult, note: string): string {
  const ours = result.rows.filter(({ side }) => side === "classes");
  const growths = (["classes", "pairs"] as const).flatMap((side) => {
    const power = growth(result, side);
    return power === undefined ? [] : [`${sideNames[side]}, hosts to the power of ${power}`];
  });
  return [
    ...what,
    ...(note === "" ? [] : ["", note]),
    "",
    ...verdict(result),
    ...ratios(result),
    ...(growths.length === 0 ? [] : [`- Growth of processor time: ${growths.join("; ")}.`]),
    "",
    "![Time over size](bench-proof.svg)",
    "",
    "### Times",
    "",
    "Min / **median** / max of the rounds, each in a new process.",
    "",
    ...table(timesHead, result.rows.map(timeRow)),
    "",
    "### Where it goes",
    "",
    "Processor time in ms of one more verification in the same process, step by step, and of a question in µs; medians.",
    "",
    ...table(["network", ...Object.values(partNames), "µs per question"], ours.map(partRow)),
    "",
    "### Published figures",
    "",
    ...published,
    "",
  ].join("\n");
}
