/** `npm run bench fleet` after the bootstrap: measures, and writes what it has measured as JSON. See `usage`. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Ansible, ansibleVersion } from "./ansible.ts";
import { Engine } from "./engine.ts";
import { describeFleet, type FleetResult } from "./report.ts";
import { playSize, type SizeResult } from "./rounds.ts";
import { World } from "./world.ts";

export const usage = `Options of npm run bench fleet:
  --hosts 5,10,20,40   how many hosts, one after the other
  --rounds 3,3,3,2     how often both sides take their turns with each
  --add                adds rounds to what was measured before with as many hosts, instead of replacing it
  --report             measures nothing, and writes the report of what was measured before
  --note SENTENCE      what a reader of the report should know about the machine while it was measured
  --parallel 16        resources that our engine works on at the same time
  --forks 20           hosts that Ansible works on at the same time, at most
`;

const { values } = parseArgs({
  options: {
    hosts: { type: "string", default: "5,10,20,40" },
    rounds: { type: "string", default: "3,3,3,2" },
    add: { type: "boolean", default: false },
    note: { type: "string", default: "" },
    report: { type: "boolean", default: false },
    parallel: { type: "string", default: "16" },
    forks: { type: "string", default: "20" },
    output: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

function numbers(name: string, text: string): number[] {
  const list = text.split(",").map(Number);
  if (list.some((each) => !Number.isInteger(each) || each < 1 || each > 150)) {
    throw new Error(`--${name} must be numbers from 1 to 150, and is ${text}`);
  }
  return list;
}

function progress(line: string): void {
  process.stderr.write(`  fleet       ${line}\n`);
}

/** What earlier runs have measured with other numbers of hosts stays; with as many, it does if it is to be added to. */
function merge(old: readonly SizeResult[], fresh: FleetResult): FleetResult {
  const sizes = fresh.sizes.map((size): SizeResult => {
    const before = values.add ? old.find(({ hosts }) => hosts === size.hosts) : undefined;
    return { ...size, rounds: [...(before?.rounds ?? []), ...size.rounds] };
  });
  const kept = old.filter(({ hosts }) => fresh.sizes.every((size) => size.hosts !== hosts));
  return { ...fresh, sizes: [...kept, ...sizes].sort((a, b) => a.hosts - b.hosts) };
}

async function run(output: string): Promise<void> {
  const sizes = numbers("hosts", values.hosts);
  const rounds = numbers("rounds", values.rounds);
  const [parallel = 1] = numbers("parallel", values.parallel);
  const [forks = 1] = numbers("forks", values.forks);
  const old = existsSync(output) ? (JSON.parse(readFileSync(output, "utf8")) as FleetResult).sizes : [];
  const world = new World();
  const engine = new Engine(world, parallel);
  const ansible = new Ansible(world, forks);
  const tearDown = async (): Promise<void> => {
    await ansible.remove();
    await world.tearDown();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void tearDown().finally(() => process.exit(130));
    });
  }
  try {
    await world.setUp(progress);
    await engine.setUp();
    const settings = { parallel, forks, provider: engine.provider, ansible: await ansibleVersion() };
    let measured: readonly SizeResult[] = [];
    for (const [index, count] of sizes.entries()) {
      const earlier = measured;
      const times = rounds[index] ?? rounds.at(-1) ?? 1;
      await playSize({ world, engine, ansible, progress }, count, times, ({ side, first, again }, soFar) => {
        const [one, two] = [first, again].map(({ wallSeconds }) => wallSeconds.toFixed(1));
        progress(`${count} hosts, ${side}: ${one} s, and ${two} s with nothing to do`);
        // A size counts when both sides have taken the same number of turns.
        if (soFar.rounds.length % 2 !== 0) return;
        measured = [...earlier, soFar];
        const merged = merge(old, { sizes: measured, ...settings });
        writeFileSync(output, `${JSON.stringify(merged, undefined, 2)}\n`);
      });
    }
  } finally {
    await tearDown();
  }
}

function report(output: string): void {
  const result = JSON.parse(readFileSync(output, "utf8")) as FleetResult;
  process.stdout.write(describeFleet(result, values.note));
}

if (values.help || values.output === undefined) process.stdout.write(usage);
else {
  if (!values.report) await run(values.output);
  report(values.output);
}
