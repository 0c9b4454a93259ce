/**
 * An engine that is killed at any moment: `roadnet recover` and the next update lead to the same network as if nothing
 * had been, with nothing made twice and nothing forgotten.
 *
 * The moments are drawn from a seed, which is printed; ROADNET_SEED repeats them, ROADNET_KILL_POINTS says how many.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { questionFor } from "../../cli/recover/questions.ts";
import {
  canonicalCloud,
  canonicalState,
  cloudKeys,
  differences,
  repeatedUrnTags,
  stateKeys,
  type StackState,
} from "./cloud-state.ts";
import {
  countMoments,
  describeMoment,
  drawMoment,
  interrupt,
  seededRandom,
  type Counts,
} from "./interrupt.ts";
import { PaperSandbox } from "./paper-sandbox.ts";
import { foundByHand } from "./unlisted.ts";

declare module "vitest" {
  interface TaskMeta {
    /** What happened, for the report of `npm run soak`. */
    note?: string;
  }
}

const seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 2 ** 31));
const pointCount = Number(process.env.ROADNET_KILL_POINTS ?? 1);

const upArgs = ["up", "--yes", "--skip-preview", "--suppress-outputs"];
const destroyArgs = ["destroy", "--yes", "--skip-preview"];

/**
 * An update that replaces instances (the old one first) and a subnet and groups (the new one first), changes records
 * and rules, and adds and removes others.
 */
const edits: readonly (readonly [string, string])[] = [
  ["ami-0deb1a12000000001", "ami-0deb1a12000000003"],
  ["database: [10.0.20.0/24]", "database: [10.0.20.0/24, 10.0.250.0/24]"],
  ["_spf.google.com", "_spf.example.com"],
  ["name: ws, type", "name: wss, type"],
  ["8080-8090", "8080-8091"],
  ["description: Database", "description: Databases"],
];

interface Finished {
  readonly state: Record<string, unknown>;
  readonly cloud: unknown;
}

let sandbox: PaperSandbox;
/** What undisturbed runs led to, before and after the update. */
let before: Finished;
let after: Finished;
let counts: Readonly<Record<"first up" | "update" | "destroy", Counts>>;
/** What is in the sandbox now. */
let isDeployed = false;
let isUpdated = false;

async function look() {
  const state: StackState = await sandbox.state();
  const aws = await sandbox.aws.describe();
  const cloudflare = await sandbox.cloudflare.describeAll();
  return { state, aws, cloudflare };
}

/** The state is read back first: some outputs, such as a group's rules, are of the moment of their creation. */
async function finished(): Promise<Finished> {
  await sandbox.mustPulumi("refresh", "--yes", "--skip-preview");
  const { state, aws, cloudflare } = await look();
  return { state: canonicalState(state), cloud: canonicalCloud(state, aws, cloudflare) };
}

/** Changes the stack's configuration to the other form. */
function switchConfiguration(): void {
  sandbox.editConfiguration(isUpdated ? edits.map(([from, to]) => [to, from] as const) : edits);
  isUpdated = !isUpdated;
}

async function reset(deployed: boolean): Promise<void> {
  if (deployed === isDeployed) return;
  await (deployed ? sandbox.up() : sandbox.destroy());
  isDeployed = deployed;
}

async function mustRecover(): Promise<string> {
  const args = ["recover", "--stack", "sandbox"];
  const first = await sandbox.roadnet(args);
  const flags = first.exitCode === 2 ? foundByHand(first.output, await sandbox.aws.describe()) : [];
  const { exitCode, output } = flags.length === 0 ? first : await sandbox.roadnet([...args, ...flags]);
  expect(exitCode, output).toBe(0);
  return output;
}

/** The same as an undisturbed run leads to; every id once; nothing to change. */
async function expectFinished(): Promise<void> {
  const { state, aws, cloudflare } = await look();
  expect(stateKeys(state)).toEqual(cloudKeys(aws, cloudflare));
  expect(repeatedUrnTags(aws)).toEqual([]);
  await sandbox.mustPulumi("preview", "--expect-no-changes");
  const wanted = isUpdated ? after : before;
  const { state: resources, cloud } = await finished();
  expect(differences(resources, wanted.state)).toEqual([]);
  expect(differences(cloud, wanted.cloud)).toEqual([]);
}

async function expectNothingLeft(): Promise<void> {
  const { state, aws, cloudflare } = await look();
  expect(state.deployment.resources ?? []).toEqual([]);
  expect(aws.regions).toEqual({});
  expect(cloudKeys(aws, cloudflare)).toEqual([]);
}

beforeAll(async () => {
  process.stdout.write(`  interrupted: seed ${seed}, ${pointCount} points\n`);
  sandbox = await PaperSandbox.start("interrupted");
  const first = await countMoments(sandbox, upArgs);
  before = await finished();
  switchConfiguration();
  const update = await countMoments(sandbox, upArgs);
  after = await finished();
  const destroy = await countMoments(sandbox, destroyArgs);
  await expectNothingLeft();
  await sandbox.destroy();
  counts = { "first up": first, update, destroy };
  switchConfiguration();
});

afterAll(async () => {
  await sandbox.remove();
});

test("what is compared depends on the configuration", () => {
  expect(after.state).not.toEqual(before.state);
  expect(after.cloud).not.toEqual(before.cloud);
});

test("whatever the state notes while it is under way, recovery knows how to look for", () => {
  const notes = Object.values(counts).flatMap((each) => each.notes);
  const creating = notes.filter(({ type }) => type === "creating").map(({ resource }) => resource);
  // Nearly every resource of the first update has been seen; two writes may come too fast to be told apart.
  expect(creating.length).toBeGreaterThan(0.9 * Object.keys(before.state).length);
  expect(creating.some(({ custom }) => custom === false)).toBe(true);
  for (const resource of creating) expect(() => questionFor(resource), resource.urn).not.toThrow();
});

/**
 * A destroy forgets a host's first contact before it deletes the instance, and an instance that was met has no
 * throw-away key any more: where the destroy stopped in between, only a new instance can be met.
 */
async function replacements(): Promise<string[]> {
  const resources = (await sandbox.state()).deployment.resources ?? [];
  const met = new Set(resources.map(({ urn }) => urn.split("::").at(-1)));
  return resources
    .filter(
      ({ urn, type }) =>
        type === "aws:ec2/instance:Instance" && !met.has(`${urn.split("::").at(-1) ?? ""}/meet`),
    )
    .flatMap(({ urn }) => ["--replace", urn]);
}

/** How many lines of recovery tell of what: `lock taken away 1, adopted 2`. */
function summary(recovered: string): string {
  const words = ["lock taken away", "adopted", "left to the next update", "forgotten", "read back"];
  const counted = words.map((word) => [
    word,
    recovered.split("\n").filter((line) => line.startsWith(word)).length,
  ]);
  return counted.flatMap(([word, count]) => (count === 0 ? [] : [`${word} ${count}`])).join(", ");
}

describe("killed at a random moment", () => {
  const random = seededRandom(seed);
  const phases = ["first up", "update", "destroy"] as const;
  for (let point = 1; point <= pointCount; point++) {
    const phase = phases[(seed + point) % phases.length] ?? "update";
    const draw = seededRandom(Math.floor(random() * 2 ** 31));
    test(`point ${point}, in ${phase}`, async ({ task }) => {
      await reset(phase !== "first up");
      if (phase === "update") switchConfiguration();
      const moment = drawMoment(counts[phase], draw);
      const killed = await interrupt(sandbox, phase === "destroy" ? destroyArgs : upArgs, moment);
      const recovered = await mustRecover();
      const note = `${killed ? "killed" : "ended undisturbed"} ${describeMoment(moment)}`;
      task.meta.note = `${note}; ${summary(recovered)}`;
      process.stdout.write(`  point ${point}, ${phase}: ${note}\n${recovered}`);
      expect(await mustRecover()).toContain("nothing to recover");
      if (phase === "destroy" && draw() < 0.5) {
        await sandbox.destroy();
        isDeployed = false;
        await expectNothingLeft();
        return;
      }
      await sandbox.mustPulumi(...upArgs, ...(phase === "destroy" ? await replacements() : []));
      isDeployed = true;
      await expectFinished();
    });
  }
});
