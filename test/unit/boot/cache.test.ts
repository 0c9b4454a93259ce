import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cacheDirectory, cached, findCached, requireSpace } from "../../../scripts/lib/cache.mjs";

const options = { say: () => undefined, timeoutSeconds: 10 };

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "roadnet-cache-"));
  vi.stubEnv("XDG_CACHE_HOME", base);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(base, { recursive: true });
});

function fill(staging: string): Promise<void> {
  writeFileSync(join(staging, "tool"), "whole");
  return Promise.resolve();
}

describe("the cache", () => {
  it("is below XDG_CACHE_HOME, else below the home folder", () => {
    expect(cacheDirectory({ XDG_CACHE_HOME: "/x", HOME: "/h" })).toBe("/x/blackroad-network");
    expect(cacheDirectory({ HOME: "/h" })).toBe("/h/.cache/blackroad-network");
  });

  it("makes an entry once", async () => {
    const make = vi.fn(fill);
    const first = await cached("tool-1", options, make);
    const second = await cached("tool-1", options, make);
    expect(first).toBe(second);
    expect(make).toHaveBeenCalledTimes(1);
    expect(readdirSync(first).sort()).toEqual([".complete", "tool"]);
  });

  it("makes an entry once for two that ask at once", async () => {
    const make = vi.fn(async (staging: string) => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      await fill(staging);
    });
    const both = await Promise.all([cached("tool-1", options, make), cached("tool-1", options, make)]);
    expect(new Set(both).size).toBe(1);
    expect(make).toHaveBeenCalledTimes(1);
  });

  it("keeps nothing of a failed attempt, and tries again the next time", async () => {
    const fail = (staging: string) => {
      writeFileSync(join(staging, "tool"), "half");
      return Promise.reject(new Error("cut off"));
    };
    await expect(cached("tool-1", options, fail)).rejects.toThrow("cut off");
    expect(readdirSync(cacheDirectory()).filter((name) => name.startsWith("tool"))).toEqual([]);
    expect(existsSync(join(await cached("tool-1", options, fill), "tool"))).toBe(true);
  });

  it("does not take what a killed run left for an entry, and removes it", async () => {
    const left = join(cacheDirectory(), "tool-1.new-4711");
    mkdirSync(left, { recursive: true });
    mkdirSync(join(cacheDirectory(), "tool-1"));
    mkdirSync(join(cacheDirectory(), "tool-10"));
    expect(findCached("tool-1")).toBeUndefined();
    const folder = await cached("tool-1", options, fill);
    expect(readdirSync(folder)).toContain("tool");
    expect(existsSync(left)).toBe(false);
    expect(existsSync(join(cacheDirectory(), "tool-10"))).toBe(true);
  });
});

it.each([
  ["/dev/null", "/dev/null is not a folder"],
  ["/proc/x", "nothing can be made at /proc/x"],
])("a cache in %s is refused at once", async (folder, reason) => {
  vi.stubEnv("XDG_CACHE_HOME", folder);
  const options = { say: () => undefined, timeoutSeconds: 5 };
  await expect(cached("tool-1", options, () => Promise.resolve())).rejects.toThrow(
    `cannot be kept in ${folder}/blackroad-network: ${reason}`,
  );
});

describe("requireSpace", () => {
  it("refuses in a sentence that says what to do", () => {
    expect(() => {
      requireSpace(base, 1e9);
    }).toThrow(/GiB free, and 1000000000 GiB are needed: free some space/);
    requireSpace(base, 0.001);
  });
});
