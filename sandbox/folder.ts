/**
 * The sandbox's folder itself: whether it can be one, before anything is made in it; and its deletion, which takes what
 * is the sandbox's and nothing else.
 */
import { accessSync, constants, existsSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { makeFolder, reasonOf } from "../scripts/lib/folder.mjs";
import { SandboxError } from "./mode.ts";
import type { SandboxPaths } from "./paths.ts";

/** What Linux takes for the path of a unix socket, in bytes. */
const socketPathBytes = 107;
/** The sandbox's longest: that of Pulumi's events is shorter. */
const longestSocket = "cloudflare.sock";

const modeFiles = ["mode.json", "mode.json.new"];
/** What `roadnet sandbox prove` remembers. */
const provenFiles = ["proven.yaml", "proven.yaml.new"];

/** Tells that a folder is a sandbox's: the first file in it and the last, since purging deletes by names alone. */
const markerName = ".roadnet-sandbox";
const markerText =
  "The folder of a sandbox of blackroad-network: `npm stop -- --purge` deletes what is in it.\n";

function ownNames({ root, ...folders }: SandboxPaths): readonly string[] {
  const files = ["plugins.json", ...modeFiles, ...provenFiles, markerName].map((name) => join(root, name));
  return [...Object.values(folders), ...files].map((path) => basename(path));
}

function refusal(root: string, reason: string): SandboxError {
  return new SandboxError(
    `There can be no sandbox in ${root}: ${reason}. Set ROADNET_SANDBOX_DIR to a folder of its own, such as /var/tmp/sandbox.`,
    2,
  );
}

/** What is in the folder and not the sandbox's. */
function strangersIn(paths: SandboxPaths): readonly string[] {
  const own = ownNames(paths);
  return readdirSync(paths.root).filter((name) => !own.includes(name));
}

/** Takes an empty folder for the sandbox. What is in one that was not taken is somebody else's, whatever it is called. */
function takeFolder(paths: SandboxPaths): readonly string[] {
  const marker = join(paths.root, markerName);
  if (existsSync(marker)) return [];
  const strangers = readdirSync(paths.root);
  if (strangers.length === 0) writeFileSync(marker, markerText, { mode: 0o600 });
  return strangers;
}

/**
 * Makes the sandbox's folder, if there is none.
 *
 * @throws {SandboxError} with exit code 2 where it cannot be one: not a folder, not to be written, in use for
 * something else, or of a name that the sandbox's parts cannot have
 */
export function prepareFolder(paths: SandboxPaths): void {
  const { root } = paths;
  // overlayfs separates its folders by commas and colons, and Pulumi takes its backend's folder as a URL.
  if (/[\s,:\\"'%#?]/.test(root)) {
    throw refusal(root, "its path may have no spaces, and none of , : \\ \" ' % # ? in it");
  }
  const socket = join(paths.run, longestSocket);
  if (process.platform !== "win32" && Buffer.byteLength(socket) > socketPathBytes) {
    const most = socketPathBytes - (Buffer.byteLength(socket) - Buffer.byteLength(root));
    throw refusal(root, `its path is too long for the unix sockets in it; ${most} bytes are the most`);
  }
  let strangers: readonly string[];
  try {
    makeFolder(root, 0o700);
    accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK);
    strangers = takeFolder(paths);
  } catch (error) {
    throw refusal(root, reasonOf(error));
  }
  if (strangers.length > 0) {
    const some = [...strangers.slice(0, 3), ...(strangers.length > 3 ? ["…"] : [])].join(", ");
    throw refusal(root, `it holds something else (${some})`);
  }
}

/**
 * Deletes what is the sandbox's in its folder, except what is in use while it is being deleted (`run`, with the lock);
 * last, what tells that it is a sandbox.
 *
 * @returns names of what is not the sandbox's and stays
 * @throws {SandboxError} if something cannot be deleted
 */
export function emptyFolder(paths: SandboxPaths): readonly string[] {
  const names = ownNames(paths).filter((name) => join(paths.root, name) !== paths.run);
  const last = (name: string): number => (name === markerName ? 2 : modeFiles.includes(name) ? 1 : 0);
  try {
    for (const name of names.toSorted((a, b) => last(a) - last(b))) {
      rmSync(join(paths.root, name), { recursive: true, force: true });
    }
    return strangersIn(paths);
  } catch (error) {
    throw new SandboxError(`${paths.root} could not be deleted: ${(error as Error).message}.`);
  }
}

/** Deletes the folder itself, what `run` held and the marker, unless something else is left in it. */
export function removeFolder(paths: SandboxPaths): void {
  rmSync(paths.run, { recursive: true, force: true });
  if (strangersIn(paths).length === 0) rmSync(join(paths.root, markerName), { force: true });
  try {
    rmdirSync(paths.root);
  } catch {
    // Something that is not the sandbox's is in it, or it is a mount or a link, which are not the sandbox's either.
  }
}
