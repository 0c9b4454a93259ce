/** What the benchmark has measured, as a section of docs/bench.md. Pure. */
import { summarize } from "../lib/statistics.ts";
import type { EngineRun } from "./bed.ts";
import { phases, type Phase, type Round, type Side, type SizeResult } from "./rounds.ts";
import { ways, type StartUp, type Way } from "./start-up.ts";

export interface PreviewResult {
  readonly sizes: readonly SizeResult[];
  readonly startUps: readonly StartUp[];
  readonly providers: string;
}

/** As the issue has them: ours' largest share of time beyond the flat program's, with how many regions; and by how much it starts faster. */
const goals = { share: 0.15, regions: 32, startUp: 2 } as const;

const phaseNames: Readonly<Record<Phase, string>> = {
  preview: "preview from nothing",
  up: "update from nothing",
  previewAgain: "preview with nothing to do",
  upAgain: "update with nothing to do",
};

type Pick = (run: EngineRun) => number;
const wall: Pick = ({ wallSeconds }) => wallSeconds;
const processor: Pick = ({ driverCpuSeconds }) => driverCpuSeconds;

function values(rounds: readonly Round[], side: Side, phase: Phase, pick: Pick): number[] {
  return rounds.filter((round) => round.side === side).map(({ runs }) => pick(runs[phase]));
}

function median({ rounds }: SizeResult, side: Side, phase: Phase, pick: Pick): number {
  return summarize(values(rounds, side, phase, pick)).median;
}

/** (ours − flat) / ours */
function shareOf(size: SizeResult, phase: Phase, pick: Pick): number {
  const ours = median(size, "ours", phase, pick);
  return (ours - median(size, "flat", phase, pick)) / ours;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function spread(numbers: readonly number[], digits = 1): string {
  const { min, median: middle, max } = summarize(numbers);
  return `${min.toFixed(digits)} / **${middle.toFixed(digits)}** / ${max.toFixed(digits)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

function timeRows(size: SizeResult): string[][] {
  const { regions, resources, rounds } = size;
  return phases.map((phase) => {
    const [ours, flat] = (["ours", "flat"] as const).map((side) => values(rounds, side, phase, wall));
    return [
      String(regions),
      phaseNames[phase],
      spread(ours ?? []),
      spread(flat ?? []),
      `**${percent(shareOf(size, phase, wall))}**`,
      percent(shareOf(size, phase, processor)),
      ((median(size, "ours", phase, wall) * 1000) / resources).toFixed(1),
      ((median(size, "flat", phase, wall) * 1000) / resources).toFixed(1),
    ];
  });
}

const costs: readonly (readonly [name: string, pick: Pick, digits: number])[] = [
  ["memory of the program's process at its peak, MiB", ({ programMiB }) => programMiB, 0],
  ["memory of engine, program and providers at its peak, MiB", ({ driverMiB }) => driverMiB, 0],
  ["processor time of the program's process, s", ({ programCpuSeconds }) => programCpuSeconds, 1],
  ["processor time of engine, program and providers, s", processor, 1],
];

function costTable(size: SizeResult): string[] {
  const columns = (["preview", "up", "upAgain"] as const).flatMap((phase) =>
    (["ours", "flat"] as const).map((side) => ({ phase, side })),
  );
  return table(
    ["", ...columns.map(({ phase, side }) => `${side}, ${phaseNames[phase]}`)],
    costs.map(([name, pick, digits]) => [
      name,
      ...columns.map(({ phase, side }) => median(size, side, phase, pick).toFixed(digits)),
    ]),
  );
}

function sizeTable(sizes: readonly SizeResult[]): string[] {
  return table(
    ["regions", "peerings", "resources of both", "components of ours", "rounds", "measured (UTC)"],
    sizes.map(({ regions, peerings, resources, components, rounds, at }) => [
      ...[regions, peerings, resources, components].map(String),
      String(rounds.filter(({ side }) => side === "ours").length),
      at.slice(0, 16).replace("T", " "),
    ]),
  );
}

function verdict(size: SizeResult, phase: Phase): string {
  const share = shareOf(size, phase, wall);
  const goal = `below ${goals.share * 100} %`;
  const outcome =
    size.regions < goals.regions
      ? `the goal is for ${goals.regions} regions, ${goal}: not measured`
      : `the goal is ${goal}: ${share < goals.share ? "met" : "missed"}`;
  return `- With ${size.regions} regions, ${phaseNames[phase]}: the share of ours is ${percent(share)}; ${outcome}. Of processor time it is ${percent(shareOf(size, phase, processor))}.`;
}

const loaded: Pick = ({ loadedSeconds }) => loadedSeconds;
const loadedProcessor: Pick = ({ loadedCpuSeconds }) => loadedCpuSeconds;

function startUpTimes(startUps: readonly StartUp[], way: Way, pick: Pick): number[] {
  return startUps.filter((each) => each.way === way).map(({ run }) => pick(run));
}

/** By how much ours is faster where nothing is kept, or where both have what they kept. */
function startUpRatio(startUps: readonly StartUp[], isCached: boolean, pick: Pick): number {
  const pair = isCached
    ? (["ours with its cache", "ts-node with its cache"] as const)
    : (["ours", "ts-node"] as const);
  const [ours, theirs] = pair.map((way) => summarize(startUpTimes(startUps, way, pick)).median);
  return (theirs ?? 0) / (ours ?? 0);
}

function startUpVerdict(startUps: readonly StartUp[], isCached: boolean): string {
  const ratio = startUpRatio(startUps, isCached, loaded);
  const outcome = ratio >= goals.startUp ? "met" : "missed";
  const where = isCached ? "where both have kept what they compiled" : "where nothing is kept, as in CI";
  return `- The start-up is ${ratio.toFixed(1)} times as fast as with ts-node ${where}; the goal is ${goals.startUp}: ${outcome}. In processor time it is ${startUpRatio(startUps, isCached, loadedProcessor).toFixed(1)} times.`;
}

const wayNames: Readonly<Record<Way, string>> = {
  ours: "ours: Node.js strips the types",
  "ours with its cache": "ours, with what Node.js has compiled before",
  "ts-node": "ts-node",
  "ts-node with its cache": "ts-node, with what it has compiled before",
};

function startUpSection(startUps: readonly StartUp[]): string[] {
  if (startUps.length === 0) return [];
  const rows = ways.map((way) => {
    const runs = startUps.filter((each) => each.way === way).map(({ run }) => run);
    return [
      wayNames[way],
      spread(startUpTimes(startUps, way, loaded), 2),
      spread(startUpTimes(startUps, way, loadedProcessor), 2),
      spread(runs.map(wall)),
      summarize(runs.map(({ programMiB }) => programMiB)).median.toFixed(0),
      String(runs.length),
    ];
  });
  return [
    "### Start-up",
    "",
    "From the start of the program's process to the first statement of index.ts, when every module is loaded; and the preview of the sandbox's own network with its hosts that this is part of. ts-node is the one that @pulumi/pulumi brings, with the checkout's TypeScript, and checks types as it does by default. It compiles to CommonJS, so it gets a copy of the program whose imports name no ending and whose modules ask for their own place in CommonJS's way; and Node.js must be told not to strip types before it. Ours keeps what it has compiled by `NODE_COMPILE_CACHE`, as `npm start` sets it; ts-node by itself.",
    "",
    ...table(
      [
        "",
        "modules loaded after, s",
        "processor time until then, s",
        "whole preview, s",
        "memory of the program's process, MiB",
        "rounds",
      ],
      rows,
    ),
    "",
  ];
}

/**
 * The section below the heading.
 *
 * @param note a sentence about the circumstances; may be empty
 */
export function describePreview(result: PreviewResult, note = ""): string {
  const { sizes, startUps, providers } = result;
  const largest = sizes.at(-1);
  const lines = [
    `Ours is the cloud part of the program: configuration, plan, AWS and Cloudflare, with the hosts' instances and without what is done on the hosts over SSH, which no flat program does. The flat program is made of what ours has declared: plain JavaScript in modules of a hundred statements, one \`new\` for each resource, without a library and without components. Before every turn the simulated clouds are empty and the stack is new; after it, both sides must have the same resources with the same inputs. Providers: ${providers}.`,
    "",
    ...(note === "" ? [] : [note, ""]),
    ...(largest === undefined ? [] : phases.map((phase) => verdict(largest, phase))),
    ...(startUps.length === 0 ? [] : [startUpVerdict(startUps, false), startUpVerdict(startUps, true)]),
    "",
    ...(largest === undefined ? [] : sizeSections(sizes, largest)),
    ...startUpSection(startUps),
  ];
  return lines.join("\n");
}

function sizeSections(sizes: readonly SizeResult[], largest: SizeResult): string[] {
  return [
    "### Times",
    "",
    "Share is (ours − flat) / ours, by the medians; of the time on the clock, and of the processor time of engine, program and providers, which others on the machine change less. The state is written at the end of an update and not after every step (`PULUMI_SKIP_CHECKPOINTS`), which would take most of both sides' time. Regions are peered in a ring, and production's two with every other; from the seventeenth on, a region is the second VPC in its AWS region.",
    "",
    ...sizeTable(sizes),
    "",
    "Seconds are min / **median** / max of the rounds.",
    "",
    ...table(
      [
        "regions",
        "",
        "ours, s",
        "flat, s",
        "share",
        "of processor time",
        "ours, ms per resource",
        "flat, ms per resource",
      ],
      sizes.flatMap(timeRows),
    ),
    "",
    `### What else it takes, with ${largest.regions} regions`,
    "",
    "Medians of the rounds.",
    "",
    ...costTable(largest),
    "",
  ];
}
