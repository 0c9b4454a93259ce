/**
 * Host images that nobody needs any more. Each change of the recipe makes a new one, of about a gigabyte, beside those
 * that other checkouts and stopped sandboxes use.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { sandboxId, sandboxPaths } from "../paths.ts";

/** How many are kept whoever uses them: today's, and that of the checkout one comes back to. */
const keptImages = 2;

/** In an image: a file per sandbox that has a machine on it, with the sandbox's folder. */
const usersFolder = "users";

/** Names of folders that are being deleted begin so. */
const prunedPrefix = "pruned-";

/** Marks an image as used now. */
export function touchImage(folder: string): void {
  const now = new Date();
  utimesSync(folder, now, now);
}

/** Notes that a sandbox has a machine on an image, so that it stays for as long as the machine does. */
export function noteUse(folder: string, root: string): void {
  touchImage(folder);
  mkdirSync(join(folder, usersFolder), { recursive: true });
  writeFileSync(join(folder, usersFolder, sandboxId(root)), root);
}

/** Whether a machine of one of the sandboxes that used an image, running or not, still lies on it. */
function isInUse(folder: string): boolean {
  const users = join(folder, usersFolder);
  if (!existsSync(users)) return false;
  return readdirSync(users).some((name) => {
    const { hosts } = sandboxPaths(readFileSync(join(users, name), "utf8"));
    if (!existsSync(hosts)) return false;
    return readdirSync(hosts).some((host) => {
      try {
        const record: unknown = JSON.parse(readFileSync(join(hosts, host, "machine.json"), "utf8"));
        return (record as { image?: unknown }).image === folder;
      } catch {
        // A machine that was never finished will be made anew.
        return false;
      }
    });
  });
}

/**
 * Deletes all images but the two that were used last and those on which machines lie. Only called with the lock of the
 * images held.
 *
 * @param cache the folder that holds them
 * @returns the names of those that were deleted
 */
export async function pruneImages(cache: string): Promise<readonly string[]> {
  const byUse = readdirSync(cache)
    .filter((name) => name.startsWith("image-"))
    .map((name) => join(cache, name))
    .filter((folder) => statSync(folder).isDirectory())
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  const old = byUse.slice(keptImages).filter((folder) => !isInUse(folder));
  for (const folder of old) {
    // In one step, so that nobody finds half an image, whatever ends this process.
    await rename(folder, join(dirname(folder), `${prunedPrefix}${basename(folder)}`));
  }
  for (const name of readdirSync(cache).filter((each) => each.startsWith(prunedPrefix))) {
    await rm(join(cache, name), { recursive: true, force: true });
  }
  return old.map((folder) => basename(folder));
}
