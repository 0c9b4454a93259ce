/** node_modules as package-lock.json has it. */
import { existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { prepareCache, requireSpace } from "../lib/cache.mjs";
import { withLock } from "../lib/lock.mjs";
import { mustRun } from "../lib/run.mjs";
import { npmCommand } from "./node.mjs";

/**
 * @typedef {{version?: string, integrity?: string, optional?: boolean, link?: boolean}} LockEntry
 * @typedef {{packages: Record<string, LockEntry>}} LockFile
 */

function readLock(/** @type {string} */ file) {
  try {
    return /** @type {LockFile} */ (JSON.parse(readFileSync(file, "utf8"))).packages;
  } catch {
    return undefined;
  }
}

/**
 * Whether npm's own record of what it installed agrees with the lock file. npm writes that record last, so an
 * installation that was killed does not count.
 */
export function isInstalled(/** @type {string} */ checkout) {
  const wanted = readLock(join(checkout, "package-lock.json"));
  const present = readLock(join(checkout, "node_modules", ".package-lock.json"));
  if (wanted === undefined || present === undefined) {
    return false;
  }
  const agrees = Object.entries(wanted).every(([path, entry]) => {
    const other = present[path];
    if (path === "" || other === undefined) {
      // Optional packages of other platforms are never installed.
      return path === "" || entry.optional === true;
    }
    return other.version === entry.version && other.integrity === entry.integrity;
  });
  return agrees && Object.keys(present).every((path) => path in wanted);
}

/** `npx roadnet` works offline once the command stands where npx looks first. */
function linkCommand(/** @type {string} */ checkout) {
  const link = join(checkout, "node_modules", ".bin", "roadnet");
  if (!existsSync(link)) {
    rmSync(link, { force: true });
    symlinkSync("../../scripts/roadnet.mjs", link);
  }
}

/** @returns {Promise<string>} what was done, for the user */
export async function ensurePackages(
  /** @type {string} */ checkout,
  /** @type {(detail: string) => void} */ say,
) {
  if (isInstalled(checkout)) {
    linkCommand(checkout);
    return "up to date";
  }
  const key = createHash("sha256").update(checkout).digest("hex").slice(0, 12);
  const lock = {
    purpose: `npm ci in ${checkout}`,
    timeoutSeconds: 1200,
    onWait: (/** @type {{pid: number}} */ owner) =>
      say(`waiting for process ${owner.pid}, which runs npm ci`),
  };
  return withLock(join(prepareCache(), "locks", `npm-${key}`), lock, async () => {
    if (isInstalled(checkout)) {
      return "installed by another run";
    }
    requireSpace(checkout, 1.5);
    say("npm ci");
    const [command, ...args] = npmCommand();
    // No package needs its install script; @pulumi/command's would install a plugin where it does not belong.
    await mustRun(
      "npm ci",
      command,
      [...args, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
      { cwd: checkout, timeoutSeconds: 900 },
    );
    linkCommand(checkout);
    return "installed with npm ci";
  });
}
