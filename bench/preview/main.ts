/** `npm run bench preview` after the bootstrap: measures, and writes what it has measured as JSON. See `usage`. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Bed } from "./bed.ts";
import { mostRegions } from "./network.ts";
import { describePreview, type PreviewResult } from "./report.ts";
import { playSize, type SizeResult } from "./rounds.ts";
import { playStartUps } from "./start-up.ts";

export const usage = `Options of npm run bench preview:
  --regions 2,8,32     how many regions, one after the other; ${mostRegions} at most, and "" for none
  --rounds 3           how often both sides take their turns with each; one number for each of the regions, or for all
  --start-ups 3        how often the program is started in each way; 0 leaves what was measured before
  --add                adds to what was measured before in the same way, instead of replacing it
  --report             measures nothing, and writes the report of what was measured before
  --note SENTENCE      what a reader of the report should know about the machine while it was measured
`;

const { values } = parseArgs({
  options: {
    regions: { type: "string", default: "2,8,32" },
    rounds: { type: "string", default: "3" },
    "start-ups": { type: "string", default: "3" },
    add: { type: "boolean", default: false },
    note: { type: "string", default: "" },
    report: { type: "boolean", default: false },
    output: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

function numbers(name: string, text: string, least: number, most: number): number[] {
  const list = text === "" ? [] : text.split(",").map(Number);
  if (list.some((each) => !Number.isInteger(each) || each < least || each > most)) {
    throw new Error(`--${name} must be numbers from ${least} to ${most}, and is ${text}`);
  }
  return list;
}

function progress(line: string): void {
  process.stderr.write(`  preview     ${line}\n`);
}

function read(output: string): PreviewResult | undefined {
  return existsSync(output) ? (JSON.parse(readFileSync(output, "utf8")) as PreviewResult) : undefined;
}

/** What earlier runs have measured with other numbers of regions stays; with as many, it does if it is to be added to. */
function merge(old: readonly SizeResult[], fresh: readonly SizeResult[]): SizeResult[] {
  const sizes = fresh.map((size): SizeResult => {
    const before = values.add ? old.find(({ regions }) => regions === size.regions) : undefined;
    return { ...size, rounds: [...(before?.rounds ?? []), ...size.rounds] };
  });
  const kept = old.filter(({ regions }) => fresh.every((size) => size.regions !== regions));
  return [...kept, ...sizes].sort((a, b) => a.regions - b.regions);
}

async function run(output: string): Promise<void> {
  const sizes = numbers("regions", values.regions, 2, mostRegions);
  const rounds = numbers("rounds", values.rounds, 1, 100);
  const [startUps = 0] = numbers("start-ups", values["start-ups"], 0, 100);
  const old = read(output);
  const bed = new Bed();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void bed.tearDown().finally(() => process.exit(130));
    });
  }
  let result: PreviewResult = { sizes: old?.sizes ?? [], startUps: old?.startUps ?? [], providers: "" };
  const keep = (more: Partial<PreviewResult>): void => {
    result = { ...result, ...more };
    writeFileSync(output, `${JSON.stringify(result, undefined, 2)}\n`);
  };
  try {
    progress("bringing a sandbox without packets up");
    await bed.setUp();
    keep({ providers: bed.providers });
    if (startUps > 0) {
      const before = values.add ? result.startUps : [];
      keep({ startUps: [...before, ...(await playStartUps(bed, startUps, progress))] });
    }
    const measured = new Map<number, SizeResult>();
    for (const [index, count] of sizes.entries()) {
      const onRound = (soFar: SizeResult): void => {
        measured.set(count, soFar);
        keep({ sizes: merge(old?.sizes ?? [], [...measured.values()]) });
      };
      await playSize(bed, count, rounds[index] ?? rounds.at(-1) ?? 1, { progress, onRound });
    }
  } finally {
    await bed.tearDown();
  }
}

function report(output: string): void {
  const result = read(output);
  if (result === undefined) throw new Error("nothing was measured before");
  process.stdout.write(describePreview(result, values.note));
}

if (values.help || values.output === undefined) process.stdout.write(usage);
else {
  if (!values.report) await run(values.output);
  report(values.output);
}
