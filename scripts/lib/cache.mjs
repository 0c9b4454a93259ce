/** What the bootstrap fetched or built, outside the tree, so that every clone of this machine shares it. */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { makeFolder, reasonOf } from "./folder.mjs";
import { withLock } from "./lock.mjs";
import { SetupError } from "./progress.mjs";

export function cacheDirectory(/** @type {NodeJS.ProcessEnv} */ environment = process.env) {
  const base = environment.XDG_CACHE_HOME || join(environment.HOME || homedir(), ".cache");
  return resolve(base, "blackroad-network");
}

/** The folder of an entry that is complete; `undefined` if there is none. */
export function findCached(/** @type {string} */ name, environment = process.env) {
  const folder = join(cacheDirectory(environment), name);
  return existsSync(join(folder, ".complete")) ? folder : undefined;
}

/** Makes the cache's folder; refuses one that cannot be. */
export function prepareCache() {
  const cache = cacheDirectory();
  try {
    makeFolder(cache);
    accessSync(cache, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new SetupError(
      `What is downloaded and built cannot be kept in ${cache}: ${reasonOf(error)}. Set XDG_CACHE_HOME to a folder that can be written.`,
      2,
    );
  }
  return cache;
}

/** Refuses at once where the disk could not hold what is about to be made. */
export function requireSpace(/** @type {string} */ folder, /** @type {number} */ gibibytes) {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  const free = (bavail * bsize) / 2 ** 30;
  if (free < gibibytes) {
    throw new SetupError(
      `${folder} has ${free.toFixed(1)} GiB free, and ${gibibytes} GiB are needed: free some space, or set XDG_CACHE_HOME to a folder on a larger disk.`,
    );
  }
}

/**
 * The folder of an entry, made now if there is none. `make` fills a folder beside it that is renamed when it is
 * complete, so a killed run leaves no half result; two runs at once make it once.
 *
 * @param {string} name
 * @param {{say: (detail: string) => void, timeoutSeconds: number}} options
 * @param {(staging: string) => Promise<void>} make
 */
export async function cached(name, options, make) {
  const found = findCached(name);
  if (found !== undefined) {
    return found;
  }
  const cache = prepareCache();
  const target = join(cache, name);
  const lock = {
    purpose: `making ${name}`,
    timeoutSeconds: options.timeoutSeconds,
    onWait: (/** @type {{pid: number}} */ owner) =>
      options.say(`waiting for process ${owner.pid}, which is making the same`),
  };
  return withLock(join(cache, "locks", name), lock, async () => {
    if (findCached(name) !== undefined) {
      return target;
    }
    // Whoever else began this has ended, or the lock would not be ours: their leavings can go.
    for (const entry of readdirSync(cache)) {
      if (entry === name || entry.startsWith(`${name}.new-`)) {
        rmSync(join(cache, entry), { recursive: true, force: true });
      }
    }
    const staging = `${target}.new-${process.pid}`;
    mkdirSync(staging);
    try {
      await make(staging);
      writeFileSync(join(staging, ".complete"), "");
      renameSync(staging, target);
    } catch (error) {
      rmSync(staging, { recursive: true, force: true });
      throw error;
    }
    return target;
  });
}
