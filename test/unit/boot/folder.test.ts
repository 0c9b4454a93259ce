import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { emptyFolder, prepareFolder, removeFolder } from "../../../sandbox/folder.ts";
import { SandboxError } from "../../../sandbox/mode.ts";
import { sandboxDirectory, sandboxPaths } from "../../../sandbox/paths.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "roadnet-folder-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(base, { recursive: true, force: true });
});

function refusalOf(root: string): string {
  try {
    prepareFolder(sandboxPaths(root));
  } catch (error) {
    expect(error).toBeInstanceOf(SandboxError);
    expect((error as SandboxError).exitCode).toBe(2);
    return (error as SandboxError).message;
  }
  return "";
}

describe("a folder that can be none of a sandbox is refused", () => {
  it("a file, and what would be below one", () => {
    const file = join(base, "file");
    writeFileSync(file, "");
    expect(refusalOf(file)).toContain(`${file} is not a folder`);
    expect(refusalOf(join(file, "x"))).toContain(`${file} is not a folder`);
    expect(refusalOf("/dev/null")).toContain("/dev/null is not a folder");
  });

  // A recursive mkdir there never ends.
  it.skipIf(process.platform !== "linux")("where nothing can be made, at once", () => {
    expect(refusalOf("/proc/x/y")).toContain("nothing can be made at /proc/x");
  });

  it.skipIf(process.getuid?.() !== 0)("another user's", () => {
    const foreign = join(base, "foreign");
    mkdirSync(foreign, { mode: 0o700 });
    process.seteuid?.(65_534);
    try {
      expect(refusalOf(foreign)).toContain(`${foreign} may not be written by this user`);
      expect(refusalOf(join(base, "new"))).toContain("may not be written by this user");
    } finally {
      process.seteuid?.(0);
    }
  });

  it("one whose path is too long for the sockets in it", () => {
    expect(refusalOf(join(base, "x".repeat(100)))).toContain("too long for the unix sockets in it; 87 bytes");
    expect(existsSync(join(base, "x".repeat(100)))).toBe(false);
  });

  it.each(["with space", "a,b", "a:b", "50%", "#1", "what?"])("one named %j", (name) => {
    expect(refusalOf(join(base, name))).toContain("its path may have no spaces, and none of");
  });

  it.each(["thesis.tex", "mode.json", "project"])("one with something else in it, such as %s", (name) => {
    mkdirSync(join(base, name));
    expect(refusalOf(base)).toContain(`it holds something else (${name})`);
    expect(readdirSync(base)).toEqual([name]);
  });
});

it("a folder is one of a sandbox if it is new, empty, begun or complete", () => {
  const root = join(base, "a", "b");
  expect(refusalOf(root)).toBe("");
  mkdirSync(join(root, "run"));
  expect(refusalOf(root)).toBe("");
  writeFileSync(join(root, "mode.json"), "{}");
  writeFileSync(join(root, "notes.txt"), "");
  expect(refusalOf(root)).toBe("");
});

it("deleting takes what is the sandbox's and nothing else", () => {
  const paths = sandboxPaths(join(base, "sandbox"));
  prepareFolder(paths);
  for (const folder of [paths.run, paths.state, paths.keys]) mkdirSync(folder, { recursive: true });
  for (const name of ["mode.json", "plugins.json", "thesis.tex"]) writeFileSync(join(paths.root, name), "");
  writeFileSync(join(base, "outside"), "");
  symlinkSync(base, paths.hosts);
  expect(emptyFolder(paths)).toEqual(["thesis.tex"]);
  removeFolder(paths);
  expect(readdirSync(paths.root)).toEqual(["thesis.tex"]);
  expect(existsSync(join(base, "outside"))).toBe(true);
  rmSync(join(paths.root, "thesis.tex"));
  removeFolder(paths);
  expect(existsSync(paths.root)).toBe(false);
});

it("an empty ROADNET_SANDBOX_DIR is none", () => {
  expect(sandboxDirectory({ ROADNET_SANDBOX_DIR: "" })).toBe(sandboxDirectory({}));
});
