/** What the benchmark has measured, as a section of docs/bench.md. Pure. */
import { fitLine, summarize, type Line } from "../lib/statistics.ts";
import type { Round, Run, Side, SizeResult } from "./rounds.ts";

export interface FleetResult {
  readonly sizes: readonly SizeResult[];
  readonly parallel: number;
  readonly forks: number;
  /** Which provider of SSH commands our side had. */
  readonly provider: string;
  /** Ansible's own word for its version. */
  readonly ansible: string;
}

/** As the goal has them: by which factor ours is to be faster. */
const goals = { first: 3, again: 10 } as const;
type Phase = keyof typeof goals;

/** The size of a fleet that nobody has here. */
const extrapolated = 1000;

function values(rounds: readonly Round[], side: Side, phase: Phase, pick: (run: Run) => number): number[] {
  return rounds.filter((round) => round.side === side).map((round) => pick(round[phase]));
}

function medianOf(rounds: readonly Round[], side: Side, phase: Phase, pick: (run: Run) => number): number {
  return summarize(values(rounds, side, phase, pick)).median;
}

const wall = ({ wallSeconds }: Run): number => wallSeconds;

function spread(numbers: readonly number[]): string {
  const { min, median, max } = summarize(numbers);
  return `${min.toFixed(1)} / **${median.toFixed(1)}** / ${max.toFixed(1)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

function timeRow({ hosts, at, rounds }: SizeResult, phase: Phase): string[] {
  const [ours, theirs] = (["ours", "ansible"] as const).map((side) => values(rounds, side, phase, wall));
  const [mine, other] = [summarize(ours ?? []).median, summarize(theirs ?? []).median];
  return [
    String(hosts),
    String(ours?.length ?? 0),
    spread(ours ?? []),
    spread(theirs ?? []),
    (mine / hosts).toFixed(2),
    (other / hosts).toFixed(2),
    `**${(other / mine).toFixed(1)}×**`,
    at.slice(0, 16).replace("T", " "),
  ];
}

function timeTable(sizes: readonly SizeResult[], phase: Phase): string[] {
  return table(
    [
      "hosts",
      "rounds",
      "ours, s",
      "Ansible, s",
      "ours, s per host",
      "Ansible, s per host",
      "ratio",
      "measured (UTC)",
    ],
    sizes.map((size) => timeRow(size, phase)),
  );
}

const costs: readonly (readonly [name: string, pick: (run: Run) => number, digits: number])[] = [
  ["SSH connections, most of any host", ({ connections }) => connections, 0],
  ["operator's memory at its peak, MiB", ({ driverMiB }) => driverMiB, 0],
  ["largest process on a host, MiB", ({ hostProcessMiB }) => hostProcessMiB, 0],
  ["operator's processor time, s", ({ driverCpuSeconds }) => driverCpuSeconds, 1],
  ["processor time of operator and hosts, s", ({ machineCpuSeconds }) => machineCpuSeconds, 1],
];

function costTable({ rounds }: SizeResult): string[] {
  const cell = (side: Side, phase: Phase, pick: (run: Run) => number, digits: number): string =>
    medianOf(rounds, side, phase, pick).toFixed(digits);
  return table(
    ["", "ours, first", "Ansible, first", "ours, nothing to do", "Ansible, nothing to do"],
    costs.map(([name, pick, digits]) => [
      name,
      cell("ours", "first", pick, digits),
      cell("ansible", "first", pick, digits),
      cell("ours", "again", pick, digits),
      cell("ansible", "again", pick, digits),
    ]),
  );
}

function minutes(seconds: number): string {
  return seconds < 120 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`;
}

function extrapolation(sizes: readonly SizeResult[]): string[] {
  const fit = (side: Side, phase: Phase, pick: (run: Run) => number): Line =>
    fitLine(sizes.map(({ hosts, rounds }) => [hosts, medianOf(rounds, side, phase, pick)] as const));
  const at = ({ intercept, slope }: Line): string => minutes(intercept + slope * extrapolated);
  const row = (side: Side, phase: Phase): string[] => {
    const [time, operator] = [
      fit(side, phase, wall),
      fit(side, phase, ({ driverCpuSeconds }) => driverCpuSeconds),
    ];
    return [
      `${side === "ours" ? "ours" : "Ansible"}, ${phase === "first" ? "first" : "nothing to do"}`,
      `${time.intercept.toFixed(1)} s + ${time.slope.toFixed(2)} s × hosts`,
      time.rSquared.toFixed(3),
      at(time),
      at(operator),
    ];
  };
  return table(
    [
      "",
      "straight line through the medians",
      "R²",
      `${extrapolated} hosts`,
      "the operator's processor time for it, on all cores together",
    ],
    (["first", "again"] as const).flatMap((phase) => [row("ours", phase), row("ansible", phase)]),
  );
}

function verdict({ hosts, rounds }: SizeResult, phase: Phase): string {
  const ratio = medianOf(rounds, "ansible", phase, wall) / medianOf(rounds, "ours", phase, wall);
  const what = phase === "first" ? "the first run" : "the run with nothing to do";
  const outcome = ratio >= goals[phase] ? "met" : "missed";
  return `With ${hosts} hosts, ${what} is ${ratio.toFixed(1)} times as fast as Ansible's; the goal is ${goals[phase]}: ${outcome}.`;
}

/**
 * The section below the heading.
 *
 * @param note a sentence about the circumstances; may be empty
 */
export function describeFleet(result: FleetResult, note = ""): string {
  const { sizes, parallel, forks, provider, ansible } = result;
  const largest = sizes.at(-1);
  if (largest === undefined) throw new Error("nothing was measured");
  const lines = [
    `Ours is \`pulumi up --skip-preview --parallel ${parallel}\` with the program's own components (the command provider is the ${provider}); the other is ${ansible} from Debian with \`strategy: free\`, pipelining, ControlPersist and up to ${forks} forks.`,
    "",
    ...(note === "" ? [] : [note, ""]),
    `- ${verdict(largest, "first")}`,
    `- ${verdict(largest, "again")}`,
    "",
    "### First run",
    "",
    "Onto machines that have the packages and nothing else; min / **median** / max of the rounds.",
    "",
    ...timeTable(sizes, "first"),
    "",
    "### Nothing to do",
    "",
    ...timeTable(sizes, "again"),
    "",
    `### What else it takes, with ${largest.hosts} hosts`,
    "",
    ...costTable(largest),
    "",
    ...(sizes.length < 2
      ? []
      : [
          `### ${extrapolated} hosts: an extrapolation`,
          "",
          `Nobody has run this. It is a straight line through ${sizes.map(({ hosts }) => hosts).join(", ")} hosts, with operator and hosts on the same few cores: a real fleet brings processors of its own. What grows faster than the fleet does not show in so few hosts: our engine, for one, writes its whole state anew after every step of a first run.`,
          "",
          ...extrapolation(sizes),
          "",
        ]),
  ];
  return lines.join("\n");
}
