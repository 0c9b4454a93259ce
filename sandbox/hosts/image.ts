/**
 * Builds, once per machine and recipe, what all hosts share: their root file system and the package repository.
 *
 * The result is kept outside the checkout, in `${XDG_CACHE_HOME:-~/.cache}/blackroad-network/image-<hash>/`:
 *
 *     root/       the file system that lies, read-only, under every machine's own layer
 *     packages/   a flat Debian repository, served to the hosts by the sandbox's internet
 *
 * It is built beside its place and renamed into it, so that whoever finds it finds it whole.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync } from "node:fs";
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheDirectory, prepareCache } from "../../scripts/lib/cache.mjs";
import { withLock } from "./lock.ts";
import { pruneImages, touchImage } from "./prune.ts";
import {
  dpkgOptions,
  imageFiles,
  imagePackages,
  kernelPackageControl,
  maskedUnits,
  recipeHash,
  repositoryPackages,
  suite,
} from "./recipe.ts";
import { run, runOrThrow } from "./run.ts";

export interface HostImage {
  readonly folder: string;
  /** Lower layer of every machine. */
  readonly root: string;
  /** What `http://packages.sandbox.test/debian/` serves. */
  readonly packages: string;
}

/** Called with one line per step, and every few seconds while a step lasts. */
export type Progress = (line: string) => void;

/** Longer than any cold build over a slow line; a build that has not ended by then never will. */
const buildTimeoutSeconds = 1800;

/**
 * Run by mmdebstrap when the base system stands: `$1` is its root, and `$APT_CONFIG` makes apt work on it.
 * Downloads, with dependencies, what the image does not already have.
 */
const customizeScript = `#!/bin/sh
set -eu
root=$1
dpkg --root="$root" --force-script-chrootless --install "$KERNEL_PACKAGE"
mkdir -p "$PACKAGES/partial"
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get --yes --quiet --no-install-recommends --download-only \\
  -o APT::Sandbox::User=root -o Dir::Cache::archives="$PACKAGES" -o APT::Keep-Downloaded-Packages=true \\
  install $REPOSITORY_PACKAGES
rm -rf "$PACKAGES/partial" "$PACKAGES/lock"
cp "$KERNEL_PACKAGE" "$PACKAGES/"
`;

/** The parts of an image in its folder. */
export function imageIn(folder: string): HostImage {
  return { folder, root: join(folder, "root"), packages: join(folder, "packages") };
}

/** Where the image of today's recipe lies, or would lie. */
function imagePaths(): HostImage {
  return imageIn(join(cacheDirectory(), `image-${recipeHash([customizeScript])}`));
}

/**
 * The image of today's recipe, built if it is not there. Needs root and a way to a Debian mirror: that of the
 * machine's own apt sources where it has one, else the default of mmdebstrap.
 *
 * Of two builders at once the second waits for the first. A new image takes the place of those that nobody uses.
 */
export async function ensureImage(progress: Progress = () => undefined): Promise<HostImage> {
  const image = imagePaths();
  if (existsSync(image.folder)) {
    touchImage(image.folder);
    return image;
  }
  const cache = prepareCache();
  return await withLock(join(cache, "image.lock"), buildTimeoutSeconds, progress, async () => {
    if (existsSync(image.folder)) return image;
    await removeLeftovers();
    const building = imageIn(join(cache, `building-${process.pid}`));
    try {
      await build(building, progress);
      await rename(building.folder, image.folder);
      touchImage(image.folder);
      for (const name of await pruneImages(cache)) progress(`host image: deleted ${name}, which nobody uses`);
    } finally {
      await rm(building.folder, { recursive: true, force: true });
    }
    return image;
  });
}

/** Only called with the lock held, when nobody can be building. */
async function removeLeftovers(): Promise<void> {
  const cache = cacheDirectory();
  for (const name of await readdir(cache)) {
    if (name.startsWith("building-")) await rm(join(cache, name), { recursive: true, force: true });
  }
}

async function build(image: HostImage, progress: Progress): Promise<void> {
  await mkdir(image.packages, { recursive: true });
  const work = join(image.folder, "work");
  await mkdir(work);
  const kernelPackage = await buildKernelPackage(work);
  const script = join(work, "customize.sh");
  await writeFile(script, customizeScript, { mode: 0o755 });
  const aptOptions = join(work, "apt.conf");
  await writeFile(aptOptions, await machineAptOptions());

  progress(`host image: Debian ${suite} with ${imagePackages.length} packages, and packages for the hosts`);
  await withHeartbeat(progress, "host image", async (onLine) => {
    await runOrThrow(
      [
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        "--format=directory",
        `--include=${imagePackages.join(",")}`,
        ...dpkgOptions.map((option) => `--dpkgopt=${option}`),
        `--aptopt=${aptOptions}`,
        `--customize-hook=${script}`,
        suite,
        image.root,
        ...(await machineMirrors()),
      ],
      {
        timeoutSeconds: buildTimeoutSeconds,
        onLine,
        env: {
          ...process.env,
          LC_ALL: "C.UTF-8",
          DEBIAN_FRONTEND: "noninteractive",
          KERNEL_PACKAGE: kernelPackage,
          PACKAGES: image.packages,
          REPOSITORY_PACKAGES: repositoryPackages.join(" "),
        },
      },
    );
  });
  await finishRoot(image.root);
  progress(`host image: index of ${readdirSync(image.packages).length} packages`);
  await indexPackages(image.packages);
  await rm(work, { recursive: true });
}

/** A package without files: see {@link kernelPackageControl}. */
async function buildKernelPackage(work: string): Promise<string> {
  const control = join(work, "sandbox-kernel", "DEBIAN", "control");
  await mkdir(dirname(control), { recursive: true });
  await writeFile(control, kernelPackageControl);
  const file = join(work, "sandbox-kernel_1.0.0_all.deb");
  await runOrThrow(["dpkg-deb", "--build", "--root-owner-group", join(work, "sandbox-kernel"), file]);
  return file;
}

/** The machine's proxy and certificate settings, which apt needs on the way to the mirror. */
async function machineAptOptions(): Promise<string> {
  const dump = await runOrThrow(["apt-config", "dump"]);
  return dump
    .split("\n")
    .filter((line) => /^Acquire::https?::/.test(line))
    .map((line) => `${line}\n`)
    .join("");
}

/**
 * The mirrors in the machine's own apt sources, as lines for the suite of the hosts; none where the machine has no
 * Debian sources (an Ubuntu, say), and mmdebstrap takes its default.
 */
async function machineMirrors(): Promise<readonly string[]> {
  const format = "$(LABEL)|$(REPO_URI)|$(COMPONENT)|$(CREATED_BY)|$(CODENAME)";
  const result = await run(["apt-get", "indextargets", "--format", format]);
  if (result.exitCode !== 0) return [];
  return mirrorLines(result.stdout);
}

/** Turns `label|uri|component|created by|codename` lines of apt into lines of a sources.list. */
export function mirrorLines(indexTargets: string): readonly string[] {
  let archive: string | undefined;
  let security: string | undefined;
  for (const line of indexTargets.split("\n")) {
    const [label, uri, component, createdBy] = line.split("|");
    if (uri === undefined || component !== "main" || createdBy !== "Packages") continue;
    if (label === "Debian") archive ??= uri;
    if (label === "Debian-Security") security ??= uri;
  }
  if (archive === undefined) return [];
  return [
    `deb ${archive} ${suite} main`,
    `deb ${archive} ${suite}-updates main`,
    ...(security === undefined ? [] : [`deb ${security} ${suite}-security main`]),
  ];
}

/** What mmdebstrap leaves of the build is replaced by what a host is to find. */
async function finishRoot(root: string): Promise<void> {
  await rm(join(root, "etc/apt/sources.list.d"), { recursive: true, force: true });
  await mkdir(join(root, "etc/apt/sources.list.d"));
  await rm(join(root, "etc/apt/apt.conf.d/99mmdebstrap"), { force: true });
  // No two machines may share a host key, so the image has none.
  for (const name of await readdir(join(root, "etc/ssh"))) {
    if (name.startsWith("ssh_host_")) await rm(join(root, "etc/ssh", name));
  }
  for (const name of await readdir(join(root, "etc/cloud/cloud.cfg.d"))) {
    if (name.endsWith(".cfg")) await rm(join(root, "etc/cloud/cloud.cfg.d", name));
  }
  for (const file of imageFiles) {
    const path = join(root, file.path);
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
    await writeFile(path, file.content);
    await chmod(path, file.mode);
  }
  for (const unit of maskedUnits) {
    const path = join(root, "etc/systemd/system", unit);
    await rm(path, { force: true });
    await symlink("/dev/null", path);
  }
}

/** Writes Packages and Release of a flat repository. */
async function indexPackages(folder: string): Promise<void> {
  const scan = `cd "$1" && dpkg-scanpackages --multiversion . > Packages`;
  await withHeartbeat(
    () => undefined,
    "",
    async () => {
      await runOrThrow(["sh", "-c", scan, "sh", folder], { timeoutSeconds: 300 });
    },
  );
  await writeRelease(folder);
  const index = await readFile(join(folder, "Packages"), "utf8");
  const missing = repositoryPackages.filter((name) => !index.includes(`Package: ${name}\n`));
  if (missing.length > 0) throw new Error(`the package repository lacks ${missing.join(", ")}`);
}

/** Says what the Packages of a flat repository must hash to. Unsigned: the image's sources.list says `trusted`. */
export async function writeRelease(folder: string): Promise<void> {
  const file = join(folder, "Packages");
  const { size } = await lstat(file);
  const digest = await sha256(file);
  const release = [
    "Origin: sandbox",
    "Label: sandbox",
    `Codename: ${suite}`,
    `Date: ${new Date().toUTCString()}`,
    "SHA256:",
    ` ${digest} ${size} Packages`,
    "",
  ].join("\n");
  await writeFile(join(folder, "Release"), release);
}

export async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Repeats the program's latest line every five seconds, so that a long step is seen to move. */
async function withHeartbeat(
  progress: Progress,
  name: string,
  work: (onLine: (line: string) => void) => Promise<void>,
): Promise<void> {
  let latest = "";
  const started = Date.now();
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000);
    progress(`${name}: ${seconds} s, ${latest.slice(0, 100)}`);
  }, 5000);
  try {
    await work((line) => {
      if (line.trim() !== "") latest = line.trim();
    });
  } finally {
    clearInterval(timer);
  }
}
