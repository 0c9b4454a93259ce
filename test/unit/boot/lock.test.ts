import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockOwner, tryLock, withLock } from "../../../scripts/lib/lock.mjs";

const module = join(import.meta.dirname, "..", "..", "..", "scripts", "lib", "lock.mjs");
const execute = promisify(execFile);

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-lock-"));
  file = join(folder, "sub", "lock");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("a lock", () => {
  it("has one owner, who is named to others, until it is given back", () => {
    const first = tryLock(file, "the first");
    expect(tryLock(file, "the second").owner).toMatchObject({ pid: process.pid, purpose: "the first" });
    first.release?.();
    expect(lockOwner(file)).toBeUndefined();
    const third = tryLock(file, "the third");
    expect(third.release).toBeDefined();
    third.release?.();
    expect(existsSync(file)).toBe(false);
  });

  it("is taken over from a process that was killed", async () => {
    const script = `import { tryLock } from ${JSON.stringify(module)};
      tryLock(${JSON.stringify(file)}, "a victim"); console.log("held"); setInterval(() => {}, 1000);`;
    const victim = spawn(process.execPath, ["--input-type=module", "-e", script]);
    await new Promise((resolve) => victim.stdout.once("data", resolve));
    expect(tryLock(file, "me").owner?.pid).toBe(victim.pid);
    const ended = new Promise((resolve) => victim.once("close", resolve));
    victim.kill("SIGKILL");
    await ended;
    expect(tryLock(file, "me").release).toBeDefined();
  });

  it("is not another process's because that has the dead owner's id", () => {
    tryLock(file, "me");
    const record = JSON.parse(readFileSync(file, "utf8")) as { startTicks: number };
    writeFileSync(file, JSON.stringify({ ...record, startTicks: record.startTicks - 1 }));
    expect(lockOwner(file)).toBeUndefined();
    expect(tryLock(file, "me again").release).toBeDefined();
  });

  it("is taken over where a crash cut the file short", () => {
    tryLock(file, "me");
    writeFileSync(file, '{"pid": 1');
    expect(tryLock(file, "me again").release).toBeDefined();
  });

  it("is given up on after the time that was set", async () => {
    tryLock(file, "someone slow");
    const work = () => Promise.resolve("never");
    await expect(withLock(file, { purpose: "me", timeoutSeconds: 0.2 }, work)).rejects.toThrow(
      "someone slow",
    );
  });

  it("is given back when the work throws", async () => {
    const work = () => Promise.reject(new Error("broken"));
    await expect(withLock(file, { purpose: "me", timeoutSeconds: 1 }, work)).rejects.toThrow("broken");
    expect(existsSync(file)).toBe(false);
  });

  it("lets one of many processes in at a time, also over a stale lock", async () => {
    const counter = join(folder, "counter");
    writeFileSync(counter, "0");
    tryLock(file, "stale");
    writeFileSync(file, JSON.stringify({ pid: 999_999_999, startTicks: 1, purpose: "long dead" }));
    const script = `import { withLock } from ${JSON.stringify(module)};
      import { readFileSync, writeFileSync } from "node:fs";
      for (let i = 0; i < 3; i++) {
        await withLock(${JSON.stringify(file)}, { purpose: "count", timeoutSeconds: 60 }, async () => {
          const value = Number(readFileSync(${JSON.stringify(counter)}, "utf8"));
          await new Promise((resolve) => setTimeout(resolve, 20));
          writeFileSync(${JSON.stringify(counter)}, String(value + 1));
        });
      }`;
    const child = () => execute(process.execPath, ["--input-type=module", "-e", script]);
    await Promise.all([child(), child(), child(), child()]);
    expect(readFileSync(counter, "utf8")).toBe("12");
  });
});
