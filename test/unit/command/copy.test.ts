/** CopyToRemote and CopyFile, over SFTP to a host on 127.0.0.1. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { overSsh } from "../../../sandbox/providers/command/remote.ts";
import { commandResources } from "../../../sandbox/providers/command/resources.ts";
import { Opaque } from "../../../sandbox/providers/shared/values.ts";
import type { ValueMap } from "../../../sandbox/providers/shared/values.ts";
import { connection, create, failure, host, newOperation, quick } from "./run.ts";

const resources = commandResources(overSsh(quick));
function kind(name: string) {
  const found = resources.find(({ table }) => table.token === `command:remote:${name}`);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

function folder(files: Readonly<Record<string, string>> = {}): string {
  const made = mkdtempSync(join(tmpdir(), "roadnet-copy-"));
  onTestFinished(() => {
    rmSync(made, { recursive: true });
  });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(made, path, ".."), { recursive: true });
    writeFileSync(join(made, path), content);
  }
  return made;
}

const text = (content: string) => new Opaque("asset", { text: content, hash: `hash of ${content}` });
const file = (path: string) => new Opaque("asset", { path, hash: `hash of ${path}` });
const archive = (path: string) => new Opaque("archive", { path, hash: `hash of ${path}` });

async function copy(source: Opaque, remotePath: string) {
  return create(kind("CopyToRemote"), { connection: connection(await host()), source, remotePath });
}

describe("a copy", () => {
  test("of a text makes the folders that are missing", async () => {
    const to = folder();
    const { id, state } = await copy(text("ü"), join(to, "a/b/c"));
    expect(readFileSync(join(to, "a/b/c"), "utf8")).toBe("ü");
    expect(id).toMatch(/^[0-9a-f]{8}$/);
    expect(state.remotePath).toBe(join(to, "a/b/c"));
    expect(await failure(copy(text("x"), to))).toContain("is a directory; when using a text asset");
  });

  test("of a file goes to the path, or into the folder that is there", async () => {
    const from = folder({ "f.txt": "one" });
    const to = folder({ "old/keep": "k", g: "much longer than before" });
    await copy(file(join(from, "f.txt")), join(to, "new/f"));
    await copy(file(join(from, "f.txt")), join(to, "old"));
    await copy(file(join(from, "f.txt")), join(to, "g"));
    const read = (path: string) => readFileSync(join(to, path), "utf8");
    expect([read("new/f"), read("old/f.txt"), read("old/keep"), read("g")]).toEqual([
      "one",
      "one",
      "k",
      "one",
    ]);
  });

  test("of a folder is of itself, with a slash at its end of its content", async () => {
    const from = folder({ "d/x": "x", "d/e/y": "y".repeat(200_000) });
    const to = folder({ "here/z": "z" });
    await copy(archive(join(from, "d")), join(to, "here"));
    await copy(archive(`${join(from, "d")}/`), join(to, "there"));
    const there = (path: string) => existsSync(join(to, path));
    expect(["here/d/x", "here/d/e/y", "here/z", "there/x", "there/e/y"].map(there)).toEqual(
      Array.from({ length: 5 }, () => true),
    );
    expect(readFileSync(join(to, "there/e/y"))).toHaveLength(200_000);
    expect(await failure(copy(archive(join(from, "d")), join(to, "here/z")))).toContain("z");
  });

  test("is repeated for another content or path, not for another connection", async () => {
    const to = folder();
    const copies = kind("CopyToRemote");
    const { id, state, inputs } = await copy(text("one"), join(to, "f"));
    rmSync(join(to, "f"));
    const moved = { ...inputs, connection: connection(await host()) };
    expect(copies.diff(state, moved)).toEqual({ changed: ["connection"], replaces: [] });
    await copies.update?.(newOperation(), id, state, moved);
    expect(existsSync(join(to, "f"))).toBe(false);
    await copies.update?.(newOperation(), id, state, { ...moved, source: text("two") });
    expect(readFileSync(join(to, "f"), "utf8")).toBe("two");
    expect(copies.diff(state, { ...inputs, triggers: ["t"] }).replaces).toEqual(["triggers"]);
  });

  test("of what is no file, folder or text is refused", () => {
    const reasons = (source: ValueMap[string]) =>
      kind("CopyToRemote")
        .check({ connection: { host: "h" }, source, remotePath: "/f" })
        .failures.map(({ reason }) => reason);
    expect(reasons(new Opaque("asset", { uri: "https://h.test/" }))).toEqual([
      "asset must be a path-based file asset or a text asset",
    ]);
    expect(reasons(new Opaque("archive", { assets: {} }))).toEqual([
      "archive must be a path to a file or directory",
    ]);
    expect(reasons("text")).toHaveLength(1);
    expect(reasons(text(""))).toEqual([]);
  });
});

test("CopyFile overwrites a file, and every change replaces it", async () => {
  const from = folder({ f: "content" });
  const to = folder();
  const files = kind("CopyFile");
  const inputs = {
    connection: connection(await host()),
    localPath: join(from, "f"),
    remotePath: join(to, "f"),
  };
  const { state, inputs: checked } = await create(files, inputs);
  expect(readFileSync(join(to, "f"), "utf8")).toBe("content");
  for (const change of [{ localPath: "x" }, { remotePath: "x" }, { triggers: [1] }]) {
    expect(files.diff(state, { ...checked, ...change }).replaces).toEqual(Object.keys(change));
  }
});
