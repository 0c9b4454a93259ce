import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isInstalled } from "../../../scripts/steps/npm.mjs";

interface Entry {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
}

let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "roadnet-npm-"));
  mkdirSync(join(checkout, "node_modules"));
});
afterEach(() => {
  rmSync(checkout, { recursive: true });
});

function write(file: string, packages: Readonly<Record<string, Entry>>): void {
  writeFileSync(join(checkout, file), JSON.stringify({ packages }));
}

const zod = { version: "4.6.7", integrity: "sha512-a" };
const wanted = {
  "": { version: "0.1.0" },
  "node_modules/zod": zod,
  "node_modules/fsevents": { version: "2.3.3", integrity: "sha512-b", optional: true },
};

it("is installed when npm's record agrees, optional packages of other platforms aside", () => {
  write("package-lock.json", wanted);
  write("node_modules/.package-lock.json", { "node_modules/zod": zod });
  expect(isInstalled(checkout)).toBe(true);
});

it.each([
  ["another version", { "node_modules/zod": { ...zod, version: "4.6.6" } }],
  ["another content under the same version", { "node_modules/zod": { ...zod, integrity: "sha512-c" } }],
  ["a package too few", {}],
  ["a package too many", { "node_modules/zod": zod, "node_modules/left-pad": { version: "1.3.0" } }],
])("is not installed with %s", (_what, present) => {
  write("package-lock.json", wanted);
  write("node_modules/.package-lock.json", present);
  expect(isInstalled(checkout)).toBe(false);
});

it("is not installed when npm was killed before it wrote its record", () => {
  write("package-lock.json", wanted);
  expect(isInstalled(checkout)).toBe(false);
});
