/** The running sandbox's own life: started twice, crashed, stopped and started again. (starts.test.ts has more starts.) */
import { expect, it } from "vitest";
import { createProgress } from "../../scripts/lib/progress.mjs";
import { recoverSandbox } from "../../cli/commands/recover.ts";
import { sandboxDown } from "../../sandbox/down.ts";
import { verifySealed } from "../../sandbox/fabric/life.ts";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { countResources } from "../../sandbox/interrupted.ts";
import { sandboxPaths, type SandboxPaths } from "../../sandbox/paths.ts";
import { findService } from "../../sandbox/service.ts";
import { sandboxStatus } from "../../sandbox/status.ts";
import { endProcess, serviceNames } from "../../sandbox/supervise.ts";
import { sandboxUp } from "../../sandbox/up.ts";
import { remains } from "./remains.ts";

const paths = sandboxPaths();
const progress = createProgress({ write: () => undefined });

/** Where the first line of a page comes through the tunnel from us-west's API. */
const apiThroughTunnel = ["curl", "--silent", "--fail", "--max-time", "20", "http://10.0.10.11:8080/"];

async function start(): Promise<Readonly<Record<string, number>>> {
  const recover = (_reason: string, broken: SandboxPaths) => recoverSandbox(broken);
  return await sandboxUp({ paths, packets: true, progress, recover });
}

it("a second start finds everything as it should be", async () => {
  const changes = await start();
  expect(Object.keys(changes)).toEqual(["same"]);
  expect(changes.same).toBeGreaterThan(100);
});

it("what was killed runs again after a start, and packets flow", async () => {
  const killed = serviceNames.map((name) => {
    const record = findService(name, paths);
    expect(record, name).toBeDefined();
    return record;
  });
  for (const record of killed) {
    if (record !== undefined) {
      process.kill(record.pid, "SIGKILL");
      await endProcess(record);
    }
  }
  expect(Object.keys(await start())).toEqual(["same"]);
  const status = await sandboxStatus(paths);
  const running = status.services.filter(({ pid }) => pid !== undefined).map(({ name }) => name);
  expect(running).toEqual(serviceNames);
  const answer = await execInMachine("lucidia", apiThroughTunnel, {}, paths);
  expect(answer.stdout).toContain("api-1.us-west");
});

it("a stop leaves nothing behind, and the next start resumes", async () => {
  const before = countResources(paths);
  await sandboxDown({ paths, progress });
  expect(await remains(paths)).toEqual([]);
  expect(await verifySealed(paths.root)).toEqual([]);
  expect((await sandboxStatus(paths)).machines).toEqual([]);
  await sandboxDown({ paths, progress });
  // One number for a newcomer: what the update says is what the status says.
  expect(await start()).toEqual({ same: before });
  expect(countResources(paths)).toBe(before);
  const answer = await execInMachine("lucidia", apiThroughTunnel, {}, paths);
  expect(answer.stdout).toContain("api-1.us-west");
});
