/** Starts of a sandbox without packets: two at once, and those that are killed. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { createProgress } from "../../scripts/lib/progress.mjs";
import { recoverSandbox } from "../../cli/commands/recover.ts";
import { sandboxDown } from "../../sandbox/down.ts";
import { mustRunPulumi, stackName } from "../../sandbox/engine.ts";
import { findEngineProcesses } from "../../sandbox/engines.ts";
import { countResources, findInterruption } from "../../sandbox/interrupted.ts";
import { sandboxPaths, type SandboxPaths } from "../../sandbox/paths.ts";
import { sandboxUp } from "../../sandbox/up.ts";
import { acceptedResources } from "./accepted.ts";
import { remains } from "./remains.ts";

const progress = createProgress({ write: () => undefined });
const main = resolve("cli/main.ts");
const folders: SandboxPaths[] = [];

function newSandbox(): SandboxPaths {
  const created = sandboxPaths(mkdtempSync(join(tmpdir(), "roadnet-life-")));
  folders.push(created);
  return created;
}

function startProcess(where: SandboxPaths) {
  const env = { ...process.env, ROADNET_SANDBOX_DIR: where.root };
  const argv = ["--disable-warning=ExperimentalWarning", main, "sandbox", "up", "--no-packets"];
  return spawn(process.execPath, argv, { env, stdio: ["ignore", "pipe", "inherit"] });
}

async function finish(
  child: ReturnType<typeof startProcess>,
): Promise<{ code: number | null; text: string }> {
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return await new Promise((done) => {
    child.once("close", (code) => {
      done({ code, text });
    });
  });
}

afterEach(async () => {
  for (const folder of folders.splice(0)) {
    await sandboxDown({ paths: folder, progress, purge: true });
  }
});
afterAll(() => {
  for (const folder of folders) {
    rmSync(folder.root, { recursive: true, force: true });
  }
});

it("of two starts at once the second waits, and finds nothing left to do", async () => {
  const where = newSandbox();
  const both = await Promise.all([finish(startProcess(where)), finish(startProcess(where))]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  const texts = both.map(({ text }) => text);
  expect(texts.filter((text) => text.includes("the other process has finished"))).toHaveLength(1);
  expect(texts.filter((text) => text.includes("nothing to do"))).toHaveLength(1);
});

it("a start that was killed at any moment is mended by the next", async () => {
  const where = newSandbox();
  // Other suites draw from the same variable, so it may be any number.
  const milliseconds = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 15_000)) % 15_000;
  console.log(`killed after ${milliseconds} ms (ROADNET_SEED)`);
  const child = startProcess(where);
  const ended = finish(child);
  await new Promise((wake) => setTimeout(wake, milliseconds));
  child.kill("SIGKILL");
  await ended;
  const recover = (_reason: string, broken: SandboxPaths) => recoverSandbox(broken);
  await sandboxUp({ paths: where, packets: false, progress, recover });
  expect(findInterruption(where)).toBeUndefined();
  const preview = await mustRunPulumi(["preview", "--json"], { paths: where });
  const { changeSummary } = JSON.parse(preview) as { changeSummary: Record<string, number> };
  expect(Object.keys(changeSummary)).toEqual(["same"]);
  // And the stack itself.
  expect(countResources(where)).toBe(acceptedResources(stackName).length + 1);
  expect(readdirSync(where.rendered).length).toBeGreaterThan(5);
});

it("a start that was killed can be taken down, with its engine", async () => {
  const where = newSandbox();
  const child = startProcess(where);
  const ended = finish(child);
  const deadline = Date.now() + 120_000;
  while (findEngineProcesses(where).length === 0 && Date.now() < deadline) {
    await new Promise((wake) => setTimeout(wake, 100));
  }
  child.kill("SIGKILL");
  await ended;
  await sandboxDown({ paths: where, progress, purge: true });
  expect(await remains(where)).toEqual([]);
  expect(readdirSync(tmpdir())).not.toContain(where.root.split("/").at(-1));
});
