import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readMode, requireMode, settleMode } from "../../../sandbox/mode.ts";
import { sandboxPaths, type SandboxPaths } from "../../../sandbox/paths.ts";

let paths: SandboxPaths;
beforeEach(() => {
  paths = sandboxPaths(mkdtempSync(join(tmpdir(), "roadnet-mode-")));
});
afterEach(() => {
  rmSync(paths.root, { recursive: true });
});

it("a sandbox that never was up has none", () => {
  expect(readMode(paths)).toBeUndefined();
  expect(() => requireMode(paths)).toThrow(`There is no sandbox in ${paths.root} yet: run \`npm start\`.`);
});

it("is settled by the first start and holds for all others", () => {
  settleMode({ packets: false }, paths);
  settleMode({ packets: false }, paths);
  expect(requireMode(paths)).toEqual({ packets: false });
  expect(() => {
    settleMode({ packets: true }, paths);
  }).toThrow(/was made without packets.*npm stop -- --purge/);
  expect(requireMode(paths)).toEqual({ packets: false });
});
