import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sandboxPaths, type SandboxPaths } from "../../../sandbox/paths.ts";
import { alone } from "../../../sandbox/prove/alone.ts";

let paths: SandboxPaths;
const underWay = (): boolean => existsSync(join(paths.run, "prove.under-way"));

beforeEach(() => {
  paths = sandboxPaths(mkdtempSync(join(tmpdir(), "rn-alone-")));
  mkdirSync(paths.run, { recursive: true });
});

afterEach(() => {
  rmSync(paths.root, { recursive: true });
});

describe("whoever sends packets", () => {
  it("waits until nobody else does, and says for whom", async () => {
    const told: string[] = [];
    let end: () => void = () => undefined;
    const first = alone(paths, undefined, async () => {
      await new Promise<void>((resolve) => (end = resolve));
      told.push("first ends");
    });
    const second = alone(
      paths,
      (line) => told.push(line),
      async () => {
        told.push("second begins");
        return Promise.resolve();
      },
    );
    await vi.waitFor(() => {
      expect(told).toContain(`waiting for process ${process.pid}, which is comparing packets with the proof`);
      expect(underWay()).toBe(true);
    });
    end();
    await Promise.all([first, second]);
    expect(told.filter((line) => !line.startsWith("waiting"))).toEqual(["first ends", "second begins"]);
    expect(underWay()).toBe(false);
  });

  it("lets others, and has them clean up, where it fails", async () => {
    const failing = alone(paths, undefined, () => Promise.reject(new Error("no packets today")));
    await expect(failing).rejects.toThrow("no packets today");
    expect(underWay()).toBe(true);
    await expect(alone(paths, undefined, () => Promise.resolve("done"))).resolves.toBe("done");
    expect(underWay()).toBe(false);
  });
});
