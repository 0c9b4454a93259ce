/** The sandbox's own life: started twice, crashed, stopped, started again, and two at once. */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createProgress } from "../../scripts/lib/progress.mjs";
import { recoverSandbox } from "../../cli/commands/recover.ts";
import { sandboxDown } from "../../sandbox/down.ts";
import { mustRunPulumi } from "../../sandbox/engine.ts";
import { findEngineProcesses } from "../../sandbox/engines.ts";
import { verifySealed } from "../../sandbox/fabric/life.ts";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { countResources, findInterruption } from "../../sandbox/interrupted.ts";
import { sandboxId, sandboxPaths, type SandboxPaths } from "../../sandbox/paths.ts";
import { findService } from "../../sandbox/service.ts";
import { sandboxStatus } from "../../sandbox/status.ts";
import { endProcess, serviceNames } from "../../sandbox/supervise.ts";
import { sandboxUp } from "../../sandbox/up.ts";

const execute = promisify(execFile);
const paths = sandboxPaths();
const progress = createProgress({ write: () => undefined });

/** Where the first line of a page comes through the tunnel from us-west's API. */
const apiThroughTunnel = ["curl", "--silent", "--fail", "--max-time", "20", "http://10.0.10.11:8080/"];

async function start(where: SandboxPaths, packets: boolean): Promise<Readonly<Record<string, number>>> {
  const recover = (_reason: string, broken: SandboxPaths) => recoverSandbox(broken);
  return await sandboxUp({ paths: where, packets, progress, recover });
}

/** Everything on the machine that bears the sandbox's mark. */
async function remains(where: SandboxPaths): Promise<string[]> {
  const id = sandboxId(where.root);
  const namespaces = (await execute("ip", ["netns", "list"])).stdout.split("\n");
  const links = (await execute("ip", ["-oneline", "link"])).stdout.split("\n");
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const processes = readdirSync("/proc").flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ")] : [];
    } catch {
      return [];
    }
  });
  const marked = (lines: readonly string[]) =>
    lines.filter(
      (line) => line.includes(where.root) || line.includes(`rn-${id}`) || line.includes(`roadnet-${id}`),
    );
  return [
    ...marked([...namespaces, ...links, ...mounts]),
    // The test runner itself may name the folder on its command line.
    ...marked(processes).filter((line) => !line.includes("vitest")),
    ...findEngineProcesses(where).map((pid) => `engine ${pid}`),
    ...serviceNames.filter((name) => findService(name, where) !== undefined),
    ...marked(existsSync("/etc/netns") ? readdirSync("/etc/netns") : []),
  ];
}

describe("with packets", () => {
  it("a second start finds everything as it should be", async () => {
    const changes = await start(paths, true);
    expect(Object.keys(changes)).toEqual(["same"]);
    expect(changes.same).toBeGreaterThan(100);
  });

  it("preview shows no change", async () => {
    const preview = await mustRunPulumi(["preview", "--json"], { paths });
    const { changeSummary } = JSON.parse(preview) as { changeSummary: Record<string, number> };
    expect(Object.keys(changeSummary)).toEqual(["same"]);
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
    expect(Object.keys(await start(paths, true))).toEqual(["same"]);
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
    expect(await start(paths, true)).toEqual({ same: before });
    expect(countResources(paths)).toBe(before);
    const answer = await execInMachine("lucidia", apiThroughTunnel, {}, paths);
    expect(answer.stdout).toContain("api-1.us-west");
  });
});

describe("the control plane alone", () => {
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
    await start(where, false);
    expect(findInterruption(where)).toBeUndefined();
    const preview = await mustRunPulumi(["preview", "--json"], { paths: where });
    const { changeSummary } = JSON.parse(preview) as { changeSummary: Record<string, number> };
    expect(Object.keys(changeSummary)).toEqual(["same"]);
    expect(countResources(where)).toBe(countResources(paths));
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
});
