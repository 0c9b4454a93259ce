/** A Node.js that runs TypeScript as it is: the machine's own, or one from npm in the cache. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { cached, findCached, requireSpace } from "../lib/cache.mjs";
import { SetupError } from "../lib/progress.mjs";
import { mustRun } from "../lib/run.mjs";
import { isAtLeast, minimumNode, nodePackages, platformName } from "../lib/versions.mjs";

/** @typedef {{file: string, description: string}} NodeChoice */

/**
 * How to run npm: the one that runs us, with the Node.js it belongs to, else the one on PATH.
 *
 * @returns {readonly [string, ...string[]]}
 */
export function npmCommand(/** @type {NodeJS.ProcessEnv} */ environment = process.env) {
  const { npm_execpath: script, npm_node_execpath: node } = environment;
  const usable = script !== undefined && basename(script) === "npm-cli.js" && existsSync(script);
  return usable && node !== undefined && existsSync(node) ? [node, script] : ["npm"];
}

function nodePackage() {
  const platform = /** @type {keyof typeof nodePackages} */ (platformName());
  return nodePackages[platform];
}

function entryName(/** @type {{version: string}} */ pinned) {
  return `node-${pinned.version}-${platformName()}`;
}

/** Without installing anything: this process's Node.js if it is recent enough, else the cached one. */
export function findNode() {
  if (isAtLeast(process.versions.node, minimumNode)) {
    return { file: process.execPath, description: `${process.versions.node}, found` };
  }
  const pinned = nodePackage();
  const folder = pinned === undefined ? undefined : findCached(entryName(pinned));
  return folder === undefined || pinned === undefined
    ? undefined
    : { file: join(folder, "bin", "node"), description: `${pinned.version}, from the cache` };
}

/** @returns {Promise<NodeChoice>} */
export async function ensureNode(/** @type {(detail: string) => void} */ say) {
  const found = findNode();
  if (found !== undefined) {
    return found;
  }
  const pinned = nodePackage();
  if (pinned === undefined) {
    throw new SetupError(
      `Node.js ${minimumNode} or later is needed, this is ${process.versions.node}, and none is packaged for ${platformName()}: install a current Node.js and try again.`,
    );
  }
  const folder = await cached(entryName(pinned), { say, timeoutSeconds: 900 }, async (staging) => {
    requireSpace(staging, 0.5);
    say(`downloading Node.js ${pinned.version} with npm`);
    const [command, ...args] = npmCommand();
    await mustRun(
      "Downloading Node.js with npm",
      command,
      [...args, "pack", "--silent", "--ignore-scripts", `${pinned.name}@${pinned.version}`],
      { cwd: staging, timeoutSeconds: 600 },
    );
    const archive = join(staging, `${pinned.name}-${pinned.version}.tgz`);
    const digest = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
    if (digest !== pinned.integrity) {
      throw new SetupError(
        `The Node.js package that npm delivered (${pinned.name} ${pinned.version}) has the checksum ${digest} instead of ${pinned.integrity}; nothing of it was run. Check which registry npm uses.`,
      );
    }
    await mustRun("Unpacking Node.js", "tar", ["-xzf", archive, "--strip-components=1", "--no-same-owner"], {
      cwd: staging,
      timeoutSeconds: 300,
    });
    rmSync(archive);
    await mustRun("The downloaded Node.js", join(staging, "bin", "node"), ["--version"], {
      timeoutSeconds: 30,
    });
  });
  const file = join(folder, "bin", "node");
  return {
    file,
    description: `${pinned.version}, downloaded with npm (this machine's is ${process.versions.node})`,
  };
}

/**
 * The environment in which everything after the bootstrap runs: our tools first on PATH.
 *
 * @param {readonly (string | undefined)[]} folders
 * @param {NodeJS.ProcessEnv} environment
 */
export function withTools(folders, environment = process.env) {
  const present = folders.filter((folder) => folder !== undefined);
  const path = [...new Set([...present, ...(environment.PATH ?? "").split(delimiter)])].join(delimiter);
  return {
    ...environment,
    PATH: path,
    // Node.js 22 and 24 call type stripping and SQLite experimental; our providers' stderr is shown to users.
    NODE_OPTIONS: [environment.NODE_OPTIONS, "--disable-warning=ExperimentalWarning"]
      .filter(
        (option, index, all) => option !== undefined && option !== "" && !all[index - 1]?.includes(option),
      )
      .join(" "),
    // From Node.js 24 on `fetch` goes through HTTPS_PROXY if this is set.
    NODE_USE_ENV_PROXY: "1",
  };
}
