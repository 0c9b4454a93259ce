/** `npm run bench proof` after the bootstrap: measures, and writes what it has measured as JSON. See `usage`. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeProof, proofPlot, type ProofResult, type Row } from "./report.ts";
import type { Measured, Side } from "./run.ts";

export const usage = `Options of npm run bench proof:
  --networks prod,2x10,5x20,10x50,20x100,50x200
                       production's, and grown ones: REGIONSxHOSTS of each region
  --rounds 3           how often each is measured, in a new process every time
  --most-pairs 600000  how many pairs may be asked for one by one, which takes some µs each
  --report             measures nothing, and writes the report of what was measured before
  --note SENTENCE      what a reader of the report should know about the machine while it was measured
`;

const { values } = parseArgs({
  options: {
    networks: { type: "string", default: "prod,2x10,5x20,10x50,20x100,50x200" },
    rounds: { type: "string", default: "3" },
    "most-pairs": { type: "string", default: "600000" },
    report: { type: "boolean", default: false },
    note: { type: "string", default: "" },
    output: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const plotFile = join(import.meta.dirname, "..", "..", "docs", "bench-proof.svg");

function measure(side: Side, network: string): Measured {
  const run = join(import.meta.dirname, "run.ts");
  const text = execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", run, side, network], {
    encoding: "utf8",
    maxBuffer: 2 ** 24,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(text) as Measured;
}

function row(side: Side, network: string, rounds: number): Row {
  process.stderr.write(`  proof       ${network}, ${side}\n`);
  return { network, side, rounds: Array.from({ length: rounds }, () => measure(side, network)) };
}

/** @throws where the two sides do not come to the same */
function compare(ours: Row, others: Row): void {
  const [mine, theirs] = [ours, others].map(({ rounds }) => rounds[0]?.first);
  if (mine?.pairs !== theirs?.pairs || mine?.verdict !== theirs?.verdict) {
    throw new Error(`${ours.network}: by classes and pair by pair something else is found`);
  }
  if (mine?.problems !== 0) throw new Error(`${ours.network} is to be a network in which nothing is wrong`);
}

function measureAll(networks: readonly string[], rounds: number, mostPairs: number): ProofResult {
  const rows: Row[] = [];
  for (const network of networks) {
    const ours = row("classes", network, rounds);
    rows.push(ours);
    if ((ours.rounds[0]?.first.pairs ?? 0) <= mostPairs) {
      const others = row("pairs", network, rounds);
      compare(ours, others);
      rows.push(others);
    }
    if (network === "prod") rows.push(row("packets", network, 1));
  }
  return { rows };
}

function run(output: string): void {
  const networks = values.networks.split(",");
  const wrong = networks.find((network) => !/^(prod|\d+x\d+)$/.test(network));
  if (wrong !== undefined) throw new Error(`${wrong} is no network: it must be prod or like 5x20`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds must be a whole number from 1");
  const result = measureAll(networks, rounds, Number(values["most-pairs"]));
  writeFileSync(output, `${JSON.stringify(result, undefined, 2)}\n`);
}

if (values.help || values.output === undefined) process.stdout.write(usage);
else {
  if (!values.report) run(values.output);
  if (!existsSync(values.output)) throw new Error("nothing was measured before");
  const result = JSON.parse(readFileSync(values.output, "utf8")) as ProofResult;
  writeFileSync(plotFile, proofPlot(result));
  process.stdout.write(describeProof(result, values.note));
}
