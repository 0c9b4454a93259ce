import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sandboxPaths, type SandboxPaths } from "../../../sandbox/paths.ts";
import { findService, processStartTicks } from "../../../sandbox/service.ts";
import { endProcess, logNames, startService, stopService } from "../../../sandbox/supervise.ts";

const serviceModule = resolve("sandbox/service.ts");

let paths: SandboxPaths;
beforeEach(() => {
  paths = sandboxPaths(mkdtempSync(join(tmpdir(), "roadnet-supervise-")));
});
afterEach(async () => {
  await stopService("aws", paths);
  rmSync(paths.root, { recursive: true });
});

/** A service that does what the text says. */
function service(text: string): { name: "aws"; main: string; timeoutSeconds: number } {
  const main = join(paths.root, "main.ts");
  writeFileSync(main, `import { announceReady } from ${JSON.stringify(serviceModule)};\n${text}`);
  return { name: "aws", main, timeoutSeconds: 10 };
}

const sound = `setInterval(() => undefined, 1000); announceReady("aws", { url: "http://127.0.0.1:1" });`;

describe("startService", () => {
  it("starts a service once and finds it from then on", async () => {
    const first = await startService(service(sound), paths);
    expect(first.started).toBe(true);
    expect(first.record.details).toEqual({ url: "http://127.0.0.1:1" });
    const second = await startService(service(sound), paths);
    expect(second).toEqual({ record: first.record, started: false });
  });

  it("starts one anew that has crashed", async () => {
    const { record } = await startService(service(sound), paths);
    process.kill(record.pid, "SIGKILL");
    await endProcess(record);
    expect(findService("aws", paths)).toBeUndefined();
    const again = await startService(service(sound), paths);
    expect(again.started).toBe(true);
    expect(again.record.pid).not.toBe(record.pid);
  });

  it("tells why one ended, by its own log", async () => {
    await startService(service(sound), paths);
    await stopService("aws", paths);
    writeFileSync(join(paths.log, "aws.log"), "an old line\n");
    const broken = service(`console.error("port is taken"); process.exit(7);`);
    const started = startService(broken, paths);
    await expect(started).rejects.toThrow(
      /aws service did not start: it ended with code 7[^]*port is taken$/,
    );
    await expect(started).rejects.not.toThrow("an old line");
  });

  it("ends one that is not ready in time", async () => {
    const file = join(paths.root, "pid");
    const text = `import { writeFileSync } from "node:fs";
      setInterval(() => undefined, 1000); writeFileSync(${JSON.stringify(file)}, String(process.pid));`;
    const started = startService({ ...service(text), timeoutSeconds: 2 }, paths);
    await expect(started).rejects.toThrow("it was not ready after 2 s");
    expect(processStartTicks(Number(readFileSync(file, "utf8")))).toBeUndefined();
  });
});

describe("stopService", () => {
  it("ends a service, and has nothing to do the second time", async () => {
    const { record } = await startService(service(sound), paths);
    expect(await stopService("aws", paths)).toBe(true);
    expect(processStartTicks(record.pid)).toBeUndefined();
    expect(await stopService("aws", paths)).toBe(false);
  });

  it("kills one that does not listen", async () => {
    const { record } = await startService(service(`process.on("SIGTERM", () => undefined); ${sound}`), paths);
    await endProcess(record, 0.3);
    expect(processStartTicks(record.pid)).toBeUndefined();
  });

  it("ends one whose start was killed before it was ready", async () => {
    const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
    const pid = child.pid ?? 0;
    mkdirSync(paths.run, { recursive: true });
    const record = { pid, startTicks: processStartTicks(pid) };
    writeFileSync(join(paths.run, "aws.starting"), JSON.stringify(record));
    await stopService("aws", paths);
    expect(processStartTicks(pid)).toBeUndefined();
    expect(existsSync(join(paths.run, "aws.starting"))).toBe(false);
  });

  it("leaves a stranger alone who has the id of a service that is long gone", async () => {
    const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
    const pid = child.pid ?? 0;
    const startTicks = (processStartTicks(pid) ?? 0) - 1;
    mkdirSync(paths.run, { recursive: true });
    writeFileSync(join(paths.run, "aws.json"), JSON.stringify({ pid, startTicks, details: {} }));
    await stopService("aws", paths);
    expect(processStartTicks(pid)).toBe(startTicks + 1);
    child.kill("SIGKILL");
  });
});

it("logs are named by their files", () => {
  mkdirSync(paths.log, { recursive: true });
  for (const name of ["pulumi.log", "aws.log", "events-1.json"]) {
    writeFileSync(join(paths.log, name), "");
  }
  expect(logNames(paths)).toEqual(["aws", "pulumi"]);
});
