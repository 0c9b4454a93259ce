/** Damaged state of a simulated cloud is told with its file and the remedy, by the service's own log too. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SandboxError } from "../../../sandbox/mode.ts";
import { sandboxPaths, type SandboxPaths } from "../../../sandbox/paths.ts";
import { Store as AwsStore } from "../../../sandbox/services/aws/store.ts";
import { Store as CloudflareStore } from "../../../sandbox/services/cloudflare/store.ts";
import { openDatabase } from "../../../sandbox/services/database.ts";

let paths: SandboxPaths;
beforeEach(() => {
  paths = sandboxPaths(mkdtempSync(join(tmpdir(), "roadnet-database-")));
});
afterEach(() => {
  rmSync(paths.root, { recursive: true });
});

const remedy = "delete the sandbox with `npm stop -- --purge`, then run `npm start`";

function thrownBy(work: () => unknown): Error | undefined {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

interface Case {
  readonly name: "aws" | "cloudflare";
  readonly file: string;
  readonly open: (folder: string) => { close(): void };
  readonly args: readonly string[];
}

const cases: readonly Case[] = [
  { name: "aws", file: "account.sqlite", open: (folder) => new AwsStore(folder), args: [] },
  {
    name: "cloudflare",
    file: "cloudflare.sqlite",
    open: (folder) => new CloudflareStore(folder),
    args: ["--api", "127.0.0.1:0"],
  },
];

describe.each(cases)("the $name service's state", ({ name, file, open, args }) => {
  const damage = (change: (bytes: Buffer) => Buffer): void => {
    mkdirSync(paths[name], { recursive: true });
    open(paths[name]).close();
    const path = join(paths[name], file);
    writeFileSync(path, change(readFileSync(path)));
  };

  it.each([
    ["is no database", () => Buffer.from("this was a file once, and is another now".repeat(50))],
    [
      "has pages of zeroes",
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096)]),
    ],
  ])("that %s is told with its file and what to do", (_, change) => {
    damage(change);
    const failure = thrownBy(() => open(paths[name]));
    expect(failure).toBeInstanceOf(SandboxError);
    expect(failure?.message).toContain(`${join(paths[name], file)} is damaged (`);
    expect(failure?.message).toContain(remedy);
  });

  it("ends the service with one line of its log", async () => {
    damage(() => Buffer.from("x".repeat(5000)));
    const main = resolve("sandbox", "services", name, "main.ts");
    const env = { ...process.env, ROADNET_SANDBOX_DIR: paths.root };
    const said = await new Promise<{ code: unknown; output: string }>((done) => {
      const argv = ["--disable-warning=ExperimentalWarning", main, ...args];
      execFile(process.execPath, argv, { env, timeout: 60_000 }, (error, stdout, stderr) => {
        done({ code: error?.code, output: stdout + stderr });
      });
    });
    expect(said.code).toBe(1);
    expect(said.output).toContain(remedy);
    expect(said.output.trim().split("\n")).toHaveLength(1);
  });
});

it("passes on whatever else is wrong", () => {
  const other = new Error("schema 7");
  const prepare = (): void => {
    throw other;
  };
  expect(() => openDatabase(paths.root, "x.sqlite", prepare)).toThrow(other);
});
