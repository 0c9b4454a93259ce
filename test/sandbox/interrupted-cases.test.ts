/**
 * Recovery where it must not go on, where it is cut short itself, and where a provider or a cloud fails in mid-update.
 *
 * One case is drawn from a seed, which is printed; ROADNET_SEED repeats it, ROADNET_CASES says how many, or "all".
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "vitest";
import { Cases } from "./cases.ts";
import { cloudKeys, repeatedUrnTags, stateKeys } from "./cloud-state.ts";
import { interrupt, killEngine, seededRandom } from "./interrupt.ts";
import { PaperSandbox } from "./paper-sandbox.ts";
import { notesOnDisk } from "./state-writes.ts";

/** Each starts with a finished stack and ends with one, whatever ran before it. */
const cases = new Cases("interrupted cases");
const random = seededRandom(cases.seed);

const upArgs = ["up", "--yes", "--skip-preview", "--suppress-outputs"];

let sandbox: PaperSandbox;

beforeAll(async () => {
  sandbox = await PaperSandbox.start("cases");
  await sandbox.up();
});

afterAll(async () => {
  await sandbox.remove();
});

function recover(...flags: readonly string[]) {
  return sandbox.roadnet(["recover", "--stack", "sandbox", ...flags]);
}

async function expectRecovered(...flags: readonly string[]): Promise<void> {
  const { exitCode, output } = await recover(...flags);
  expect(exitCode, output).toBe(0);
}

/** Every id on either side is on the other, once; and there is nothing to change. */
async function expectConverged(): Promise<void> {
  const aws = await sandbox.aws.describe();
  const cloudflare = await sandbox.cloudflare.describeAll();
  expect(stateKeys(await sandbox.state())).toEqual(cloudKeys(aws, cloudflare));
  expect(repeatedUrnTags(aws)).toEqual([]);
  await sandbox.mustPulumi("preview", "--expect-no-changes");
}

/** Each change of the configuration gives the next update something to create, to change and to delete. */
let variant = 0;
function changeConfiguration(): void {
  const form = (n: number) =>
    [
      ["_spf.google.com ~all", "_spf.google.com -all"][n % 2] ?? "",
      ["8080-8090", "8080-8091"][n % 2] ?? "",
      ["database: [10.0.20.0/24]", "database: [10.0.20.0/24, 10.0.250.0/24]"][n % 2] ?? "",
    ] as const;
  const [from, to] = [form(variant), form(variant + 1)];
  sandbox.editConfiguration(from.map((text, index) => [text, to[index] ?? ""] as const));
  variant++;
}

cases.add("with nothing to recover it says so", async () => {
  expect(await recover()).toEqual({ exitCode: 0, output: "sandbox: nothing to recover\n" });
});

cases.add("while an engine is at work it refuses, and does not disturb it", async () => {
  changeConfiguration();
  await sandbox.aws.addFault({ fault: "hold" });
  const update = sandbox.pulumi(upArgs);
  const [held] = await sandbox.aws.waitForFault(["arrived"], 300);
  expect(held?.state).toBe("arrived");
  const { exitCode, output } = await recover();
  expect(output).toMatch(/process \d+ is updating sandbox since .*: wait for it, or end it first/);
  expect(exitCode).toBe(2);
  await sandbox.aws.clearFaults();
  const { exitCode: updated, stdout } = await update;
  expect(updated, stdout).toBe(0);
  await expectConverged();
});

cases.add("a lock of another machine needs --force", async () => {
  const folder = join(sandbox.paths.state, ".pulumi/locks/organization/blackroad-network/sandbox");
  const file = join(folder, "00000000-0000-4000-8000-000000000000.json");
  const owner = {
    pid: 1,
    username: "someone",
    hostname: "elsewhere.invalid",
    timestamp: new Date().toISOString(),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(owner));
  const refused = await recover();
  expect(refused.output).toMatch(/someone@elsewhere\.invalid holds the lock .* then use --force/);
  expect(refused.exitCode).toBe(2);
  expect(existsSync(file)).toBe(true);
  const forced = await recover("--force");
  expect(forced.exitCode, forced.output).toBe(0);
  expect(forced.output).toContain("lock taken away: process 1 of someone@elsewhere.invalid");
  expect(existsSync(file)).toBe(false);
});

cases.add("killed in the middle it can be repeated", async () => {
  await sandbox.destroy();
  const nth = 1 + Math.floor(random() * 100);
  expect(await interrupt(sandbox, upArgs, { at: "aws", nth, applied: true })).toBe(true);
  const delays = [500, 1500, 3000, 5000].map((most) => Math.floor(most * (0.5 + random() / 2)));
  for (const milliseconds of delays) {
    let pid: number | undefined;
    const run = sandbox.roadnet(["recover", "--stack", "sandbox"], (id) => (pid = id));
    await Promise.race([run, sleep(milliseconds)]);
    try {
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    } catch {
      // It had ended already.
    }
    await killEngine(sandbox);
    await run;
  }
  await expectRecovered();
  await sandbox.up();
  await expectConverged();
});

cases.add("a dry run changes nothing", async () => {
  changeConfiguration();
  await interrupt(sandbox, upArgs, { at: "aws", nth: 2, applied: true });
  const before = await sandbox.state();
  const { exitCode, output } = await recover("--dry-run");
  expect(exitCode, output).toBe(0);
  expect(output).toContain("lock would be taken away");
  expect(await sandbox.state()).toEqual(before);
  await expectRecovered();
  await sandbox.up();
  await expectConverged();
});

cases.add("what an update without recovery made once more is deleted", async () => {
  await sandbox.destroy();
  // The first VPC was made, and nobody knows.
  const match = { type: "aws:ec2/vpc:Vpc", method: "create" };
  await sandbox.aws.addFault({ fault: "hold", when: "after", match });
  const update = sandbox.pulumi(upArgs);
  await sandbox.aws.waitForFault(["applied"], 300);
  // Nothing else is to be under way: an update without recovery cannot make again what needs a name of its own.
  await expect
    .poll(() => notesOnDisk(sandbox.paths).map(({ resource }) => resource.type), {
      timeout: 300_000,
      interval: 200,
    })
    .toEqual([match.type]);
  await killEngine(sandbox);
  await update;
  await sandbox.aws.clearFaults();
  await sandbox.mustPulumi("cancel", "--yes");
  await sandbox.up();
  expect(repeatedUrnTags(await sandbox.aws.describe())).not.toEqual([]);
  const { exitCode, output } = await recover();
  expect(exitCode, output).toBe(0);
  expect(output).toMatch(/left to the next update to delete: vpc-/);
  await sandbox.up();
  await expectConverged();
});

// A cloud or a provider that fails in mid-update.
for (const when of ["before", "after"] as const) {
  cases.add(`a provider that dies ${when} the change`, async () => {
    changeConfiguration();
    await sandbox.aws.addFault({ fault: "die", when, nth: 1 + Math.floor(random() * 4) });
    const failed = await sandbox.pulumi(upArgs);
    await sandbox.aws.clearFaults();
    expect(failed.exitCode).not.toBe(0);
    expect(failed.stdout + failed.stderr).toMatch(/error:/);
    await expectRecovered("--search");
    await sandbox.up();
    await expectConverged();
  });
}

cases.add("throttled and failing for a while, both clouds are asked again", async () => {
  changeConfiguration();
  await sandbox.aws.addFault({ fault: "throttle", nth: 2, times: 3 });
  await sandbox.aws.addFault({ fault: "error", nth: 5, times: 2 });
  await sandbox.aws.addFault({ fault: "drop", nth: 9 });
  await sandbox.cloudflare.addFault({ fault: "throttle", nth: 1, match: { method: "POST" } });
  await sandbox.up();
  await sandbox.aws.clearFaults();
  await sandbox.cloudflare.clearFaults();
  await expectConverged();
});

cases.add("failing for good, the update says so, and the next one converges", async () => {
  changeConfiguration();
  await sandbox.aws.addFault({ fault: "error", nth: 3, times: 1000 });
  await sandbox.cloudflare.addFault({ fault: "error", nth: 1, times: 1000 });
  const failed = await sandbox.pulumi(upArgs);
  await sandbox.aws.clearFaults();
  await sandbox.cloudflare.clearFaults();
  expect(failed.exitCode).not.toBe(0);
  // AWS's words or Cloudflare's: the engine begins nothing more once one of them has given up.
  expect(failed.stdout).toMatch(/InternalError|An error has occurred and it has been logged/);
  await sandbox.up();
  await expectConverged();
});

cases.test();
