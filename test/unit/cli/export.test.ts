/** Folders with what AWS described, as they are on people's disks. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { notUnderstoodLines, parsePorts, readExport } from "../../../cli/proof/export.ts";
import { SandboxError } from "../../../sandbox/mode.ts";
import { network } from "../proof/describe/network.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-export-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const text = JSON.stringify(network());

describe("an export is read", () => {
  it.each<[string, string, string | Buffer]>([
    ["from a folder in a folder", "111122223333/us-west-2/all.json", text],
    ["whatever the file is called", "describe.out", text],
    ["as PowerShell writes it", "all.json", Buffer.from(`\ufeff${text}`, "utf16le")],
    ["with a mark in front", "all.json", `\ufeff${text}`],
    [
      "with Windows' ends of lines",
      "all.json",
      JSON.stringify(network(), undefined, 2).replaceAll("\n", "\r\n"),
    ],
    ["packed", "all.json.gz", gzipSync(text)],
  ])("%s", (_, name, content) => {
    write(name, content);
    expect(readExport(folder, {}).world.hosts.size).toBe(5);
  });

  it("from one file", () => {
    expect(readExport(write("all", text), {}).world.hosts.size).toBe(5);
  });

  it("once, however many links lead to it", () => {
    write("us-west-2/all.json", text);
    symlinkSync(folder, join(folder, "us-west-2", "back"));
    symlinkSync(join(folder, "us-west-2"), join(folder, "same"));
    symlinkSync(join(folder, "gone.json"), join(folder, "vpcs.json"));
    symlinkSync(join(folder, "round"), join(folder, "round"));
    const { world, notUnderstood } = readExport(folder, {});
    expect(world.hosts.size).toBe(5);
    expect(notUnderstood.map(({ file, consequence }) => `${file} ${consequence}`)).toEqual([
      "round leads nowhere; it is not read",
      "vpcs.json leads nowhere; it is not read",
    ]);
  });

  it("beside what is none, which is reported", () => {
    write("all.json", text);
    write("README.md", "# Export");
    write(".hidden", "no");
    const { notUnderstood } = readExport(folder, {});
    expect(notUnderstood.map(({ file }) => file)).toEqual(["README.md"]);
    expect(notUnderstoodLines(notUnderstood)).toContain("  README.md: is no JSON; it is not read");
  });
});

it.each<[string, () => string, string]>([
  ["nothing there", () => join(folder, "nowhere"), "There is no "],
  ["an empty folder", () => folder, "has no files"],
  [
    "a damaged file that is packed",
    () => (write("a.json.gz", gzipSync(text).subarray(0, 99)), folder),
    "a.json.gz cannot be",
  ],
  ["a damaged file", () => (write("a/vpcs.json", "{"), folder), "a/vpcs.json is no JSON"],
])("%s is a question that cannot be answered", (_, make, says) => {
  const path = make();
  const read = (): unknown => readExport(path, {});
  expect(read).toThrow(SandboxError);
  expect(read).toThrow(says);
  expect(read).toThrow(expect.objectContaining({ exitCode: 2 }));
});

it("ports are a range", () => {
  expect(parsePorts("1024-65535")).toEqual({ from: 1024, to: 65535 });
  for (const wrong of ["", "x", "2-1", "1-65536", "-1"])
    expect(() => parsePorts(wrong)).toThrow("--client-ports");
});
