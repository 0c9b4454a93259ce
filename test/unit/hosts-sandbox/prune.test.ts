import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { noteUse, pruneImages, touchImage } from "../../../sandbox/hosts/prune.ts";

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "roadnet-prune-"));
});
afterEach(() => {
  rmSync(cache, { recursive: true });
});

/** An image that was used so many days ago. */
function image(name: string, days: number): string {
  const folder = join(cache, `image-${name}`);
  mkdirSync(join(folder, "root"), { recursive: true });
  const time = new Date(Date.now() - days * 86_400_000);
  utimesSync(folder, time, time);
  return folder;
}

function images(): string[] {
  return readdirSync(cache).filter((name) => name.startsWith("image-"));
}

it("keeps the two that were used last, and what is no image", async () => {
  for (const [name, days] of [
    ["a", 4],
    ["b", 1],
    ["c", 3],
    ["d", 2],
  ] as const)
    image(name, days);
  mkdirSync(join(cache, "node-24"));
  writeFileSync(join(cache, "image-list"), "");
  mkdirSync(join(cache, "pruned-image-e"));
  expect(await pruneImages(cache)).toEqual(["image-c", "image-a"]);
  expect(images()).toEqual(["image-b", "image-d", "image-list"]);
  expect(existsSync(join(cache, "node-24"))).toBe(true);
  expect(existsSync(join(cache, "pruned-image-e"))).toBe(false);
});

it("a use makes an image one of the last", async () => {
  for (const [name, days] of [
    ["a", 4],
    ["b", 1],
    ["c", 3],
  ] as const)
    image(name, days);
  touchImage(join(cache, "image-a"));
  expect(await pruneImages(cache)).toEqual(["image-c"]);
});

it("keeps an image for as long as a machine lies on it", async () => {
  for (const [name, days] of [
    ["b", 1],
    ["c", 2],
  ] as const)
    image(name, days);
  const old = image("a", 9);
  const root = join(cache, "sandbox");
  noteUse(old, root);
  const time = new Date(0);
  utimesSync(old, time, time);
  mkdirSync(join(root, "hosts", "lucidia"), { recursive: true });
  const record = join(root, "hosts", "lucidia", "machine.json");
  writeFileSync(record, JSON.stringify({ image: old }));
  expect(await pruneImages(cache)).toEqual([]);
  writeFileSync(record, JSON.stringify({ image: join(cache, "image-b") }));
  expect(await pruneImages(cache)).toEqual(["image-a"]);
});
