/**
 * The provider plugins of a sandbox, in its own PULUMI_HOME and nowhere else: Pulumi's official ones where they can be
 * had, else our stand-ins. aws is always a stand-in, because there is no account behind it.
 */
import { accessSync, constants, cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { cached } from "../scripts/lib/cache.mjs";
import { run } from "../scripts/lib/run.mjs";
import { SandboxError } from "./mode.ts";
import { sandboxPaths, type SandboxPaths } from "./paths.ts";
import { parentVariable } from "./providers/shared/parent.ts";
import { sdkVersion } from "./providers/shared/version.ts";

const checkout = resolve(import.meta.dirname, "..");

/** How long one plugin's download may take, in seconds. */
const downloadTimeoutSeconds = 180;
/** How long a download server may take to answer at all, in milliseconds. */
const connectTimeoutMilliseconds = 5_000;

export const providerNames = ["aws", "cloudflare", "command", "tls", "random"] as const;
export type ProviderName = (typeof providerNames)[number];

/** `ROADNET_PROVIDERS`: which kind to use where there is a choice; unset, whatever can be had. */
export type ProviderWish = "stand-ins" | "official" | undefined;

export interface PluginUse {
  readonly name: ProviderName;
  /** That of the SDK package, to the digit: the engine asks for exactly this one. */
  readonly version: string;
  readonly kind: "official" | "stand-in";
  /** Where it came from, or why it is a stand-in. */
  readonly reason: string;
}

export interface PluginOptions {
  readonly packets: boolean;
  readonly paths?: SandboxPaths;
  readonly say?: (detail: string) => void;
  readonly environment?: NodeJS.ProcessEnv;
}

/** @throws {SandboxError} for a value that is none of the two */
export function providerWish(environment: NodeJS.ProcessEnv): ProviderWish {
  const wish = environment.ROADNET_PROVIDERS;
  if (wish === undefined || wish === "") {
    return undefined;
  }
  if (wish !== "stand-ins" && wish !== "official") {
    throw new SandboxError(`ROADNET_PROVIDERS must be "stand-ins" or "official", and is "${wish}".`);
  }
  return wish;
}

function pluginFolderName(name: ProviderName, version: string): string {
  return `resource-${name}-v${version}`;
}

/** Which plugins a sandbox has; empty before its first start. */
export function readPlugins(paths: SandboxPaths = sandboxPaths()): readonly PluginUse[] {
  try {
    const uses: unknown = JSON.parse(readFileSync(join(paths.root, "plugins.json"), "utf8"));
    return Array.isArray(uses) ? (uses as PluginUse[]) : [];
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A plugin folder's place in a folder that is laid out as a PULUMI_HOME or as its `plugins/`. */
function candidates(folder: string, name: ProviderName, version: string): readonly string[] {
  return [folder, join(folder, "plugins")].map((parent) => join(parent, pluginFolderName(name, version)));
}

/** The plugin's folder in `$PULUMI_PLUGIN_DIR`, unless an install into it was cut short. */
export function findInFolder(folder: string, name: ProviderName, version: string): string | undefined {
  return candidates(folder, name, version).find(
    (candidate) =>
      isExecutable(join(candidate, `pulumi-resource-${name}`)) && !existsSync(`${candidate}.partial`),
  );
}

/** What the folder has of a provider instead of the plugin that is needed; `undefined` if nothing. */
function insteadInFolder(folder: string, name: ProviderName, version: string): string | undefined {
  const [candidate] = candidates(folder, name, version).filter((each) => existsSync(each));
  if (candidate !== undefined) {
    return existsSync(`${candidate}.partial`)
      ? `PULUMI_PLUGIN_DIR has ${name} ${version} as an install that was cut short`
      : `PULUMI_PLUGIN_DIR has ${name} ${version} without an executable pulumi-resource-${name}`;
  }
  const prefix = pluginFolderName(name, "");
  const versions = [folder, join(folder, "plugins")]
    .flatMap((parent) => (existsSync(parent) ? readdirSync(parent, { withFileTypes: true }) : []))
    .filter((entry) => !entry.isFile() && entry.name.startsWith(prefix))
    .map((entry) => entry.name.slice(prefix.length));
  return versions.length === 0
    ? undefined
    : `PULUMI_PLUGIN_DIR has ${name} ${versions.sort().join(" and ")}, and the SDK asks for ${version}`;
}

/** Puts a folder in its place in one step, so that the engine never finds half a plugin. */
function place(target: string, fill: (staging: string) => void): void {
  const staging = `${target}.new-${process.pid}`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  fill(staging);
  rmSync(target, { recursive: true, force: true });
  renameSync(staging, target);
}

/** Shell quoting: everything but a single quote is literal between single quotes. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function placeStandIn(target: string, name: ProviderName): void {
  const main = join(checkout, "sandbox", "providers", name, "main.ts");
  const wrapper = [
    "#!/bin/sh",
    `# The sandbox's stand-in for Pulumi's ${name} provider.`,
    // The engine, read before anything that takes time: it may die while Node.js is loading.
    `export ${parentVariable}=$PPID`,
    `exec ${quote(process.execPath)} --disable-warning=ExperimentalWarning ${quote(main)} "$@"`,
    "",
  ].join("\n");
  place(target, (staging) => {
    writeFileSync(join(staging, `pulumi-resource-${name}`), wrapper, { mode: 0o755 });
  });
}

/** Whether Pulumi's download servers answer; a machine without internet is to learn it at once. */
async function downloadsReachable(): Promise<boolean> {
  try {
    await fetch("https://get.pulumi.com/", {
      method: "HEAD",
      signal: AbortSignal.timeout(connectTimeoutMilliseconds),
    });
    return true;
  } catch {
    return false;
  }
}

/** Downloads an official plugin into the cache; resolves with its folder, or with why there is none. */
async function download(
  name: ProviderName,
  version: string,
  say: (detail: string) => void,
): Promise<{ folder: string } | { refused: string }> {
  const folderName = pluginFolderName(name, version);
  const args = ["plugin", "install", "resource", name, version, "--non-interactive"];
  try {
    const entry = await cached(`plugin-${folderName}`, { say, timeoutSeconds: 600 }, async (staging) => {
      const result = await run("pulumi", args, {
        timeoutSeconds: downloadTimeoutSeconds,
        env: { ...process.env, PULUMI_HOME: staging, PULUMI_SKIP_UPDATE_CHECK: "1" },
      });
      if (result.code !== 0 || findInFolder(staging, name, version) === undefined) {
        const last = `${result.stdout}\n${result.stderr}`.trim().split("\n").at(-1) ?? "";
        throw new SandboxError(result.timedOut ? "it took too long" : last);
      }
    });
    return { folder: join(entry, "plugins", folderName) };
  } catch (error) {
    return { refused: `\`pulumi plugin install\` failed: ${(error as Error).message}` };
  }
}

interface Choice {
  readonly use: PluginUse;
  /** The official plugin's folder to copy; `undefined` for a stand-in, and where it is already in place. */
  readonly from: string | undefined;
}

/** Decides for one provider. What a sandbox once has, it keeps, unless the user says otherwise. */
async function choose(
  name: ProviderName,
  options: Required<PluginOptions>,
  wish: ProviderWish,
  reachable: () => Promise<boolean>,
): Promise<Choice> {
  const version = sdkVersion(name);
  const pluginDir = options.environment.PULUMI_PLUGIN_DIR;
  const instead = pluginDir ? insteadInFolder(resolve(pluginDir), name, version) : undefined;
  const standIn = (reason: string): Choice => ({
    use: { name, version, kind: "stand-in", reason },
    from: undefined,
  });
  const official = (reason: string, from: string | undefined): Choice => ({
    use: { name, version, kind: "official", reason },
    from,
  });
  if (name === "aws") {
    return standIn("always: the sandbox has no AWS account");
  }
  if (name === "command" && !options.packets) {
    return standIn("without packets it keeps hosts made of files");
  }
  if (wish === "stand-ins") {
    return standIn("ROADNET_PROVIDERS=stand-ins");
  }
  const found = pluginDir ? findInFolder(resolve(pluginDir), name, version) : undefined;
  if (found !== undefined) {
    return official("from PULUMI_PLUGIN_DIR", found);
  }
  const before = readPlugins(options.paths).find((use) => use.name === name && use.version === version);
  if (before?.kind === "official" && existsSync(pluginTarget(options.paths, name, version))) {
    return official(before.reason, undefined);
  }
  if (before?.kind === "stand-in" && wish === undefined) {
    return standIn(instead ?? before.reason);
  }
  if (!(await reachable())) {
    return standIn(instead ?? "Pulumi's downloads cannot be reached");
  }
  options.say(`pulumi plugin install resource ${name} ${version}`);
  const result = await download(name, version, options.say);
  return "folder" in result ? official("by `pulumi plugin install`", result.folder) : standIn(result.refused);
}

function pluginTarget(paths: SandboxPaths, name: ProviderName, version: string): string {
  return join(paths.pulumiHome, "plugins", pluginFolderName(name, version));
}

/**
 * Makes the sandbox's PULUMI_HOME hold exactly one plugin for each provider.
 *
 * @throws {SandboxError} if official plugins are demanded and one cannot be had, or a folder is named that is none
 */
export async function installPlugins(options: PluginOptions): Promise<readonly PluginUse[]> {
  const all = {
    paths: options.paths ?? sandboxPaths(),
    say: options.say ?? (() => undefined),
    environment: options.environment ?? process.env,
    packets: options.packets,
  };
  const wish = providerWish(all.environment);
  const pluginDir = all.environment.PULUMI_PLUGIN_DIR;
  if (pluginDir) {
    const found = statSync(pluginDir, { throwIfNoEntry: false });
    const complaint = found === undefined ? "there is no such folder" : "that is no folder: it must be one";
    if (found?.isDirectory() !== true) {
      throw new SandboxError(`PULUMI_PLUGIN_DIR is ${pluginDir}, and ${complaint}.`);
    }
  }
  let answer: Promise<boolean> | undefined;
  const reachable = () => (answer ??= downloadsReachable());
  const choices: Choice[] = [];
  for (const name of providerNames) {
    choices.push(await choose(name, all, wish, reachable));
  }
  const missing = choices.filter(
    ({ use }) => wish === "official" && use.kind === "stand-in" && use.name !== "aws",
  );
  const demanded = missing.filter(({ use }) => use.name !== "command" || all.packets);
  if (demanded.length > 0) {
    const list = demanded.map(({ use }) => `${use.name} ${use.version} (${use.reason})`).join(", ");
    throw new SandboxError(
      `ROADNET_PROVIDERS=official, but these plugins cannot be had: ${list}. Name a folder that holds them in PULUMI_PLUGIN_DIR, or unset ROADNET_PROVIDERS.`,
    );
  }
  for (const { use, from } of choices) {
    const target = pluginTarget(all.paths, use.name, use.version);
    if (use.kind === "stand-in") {
      placeStandIn(target, use.name);
    } else if (from !== undefined) {
      place(target, (staging) => {
        cpSync(from, staging, { recursive: true, dereference: true, mode: constants.COPYFILE_FICLONE });
      });
    }
  }
  const uses = choices.map(({ use }) => use);
  writeFileSync(join(all.paths.root, "plugins.json"), `${JSON.stringify(uses, undefined, 2)}\n`);
  return uses;
}

/** The table that says which plugin each provider is. */
export function pluginTable(uses: readonly PluginUse[]): readonly string[] {
  return uses.map(
    ({ name, version, kind, reason }) =>
      `${name.padEnd(11)} ${version.padEnd(8)} ${kind.padEnd(9)} ${reason}`,
  );
}
