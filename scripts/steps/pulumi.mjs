/**
 * Pulumi's CLI and its Node.js language host, side by side in one folder: found on PATH, else downloaded from
 * Pulumi, else built from their Go modules.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, readFileSync, realpathSync } from "node:fs";
import { rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { cached, findCached, requireSpace } from "../lib/cache.mjs";
import { SetupError } from "../lib/progress.mjs";
import { explainFailure, lastLines, mustRun, run } from "../lib/run.mjs";
import { isAtLeast, platformName, pulumiArchives, pulumiVersion } from "../lib/versions.mjs";
import { ensureGo } from "./go.mjs";

/** @typedef {{folder: string, description: string}} PulumiChoice `folder` holds both programs */

const entryName = `pulumi-${pulumiVersion}-${platformName()}`;
const connectTimeoutMilliseconds = 8_000;
const downloadTimeoutMilliseconds = 900_000;
const buildTimeoutSeconds = 3_000;
const languageHost = "pulumi-language-nodejs";

/** The language host that is built, under a name by which nothing but its wrapper finds it. */
const builtHost = "pulumi-language-nodejs-built";

/**
 * Today's engine sends a project's options with each request; the host that can be built is from a time when they were
 * flags. Without the flag it would load the TypeScript compiler at every run, for a program that needs none.
 */
export const hostWrapper = `#!/bin/sh
# What Pulumi.yaml says, for a language host that is too old to be told so by the engine.
exec "\${0%/*}/${builtHost}" -typescript=false "$@"
`;

/** Those folders of PATH that hold a suitable CLI with its language host beside it; else why not. */
async function findOnPath() {
  const reasons = [];
  for (const folder of new Set((process.env.PATH ?? "").split(delimiter))) {
    const file = join(folder, "pulumi");
    if (folder === "" || !existsSync(file)) {
      continue;
    }
    const result = await run(file, ["version"], {
      timeoutSeconds: 30,
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "1" },
    });
    const version = result.stdout.trim().replace(/^v/, "");
    const home = [folder, dirname(realpathSync(file))].find((name) => existsSync(join(name, languageHost)));
    if (result.code !== 0 || !isAtLeast(version, pulumiVersion)) {
      reasons.push(`${file} is ${version || "broken"}, older than ${pulumiVersion}`);
    } else if (home === undefined) {
      reasons.push(`${file} has no ${languageHost} beside it`);
    } else {
      return { found: { folder: home, description: `${version}, found in ${home}` }, reasons };
    }
  }
  return { found: undefined, reasons };
}

function describeCached(/** @type {string} */ folder) {
  return `${pulumiVersion}, ${readFileSync(join(folder, "origin"), "utf8").trim()} earlier, from the cache`;
}

/** Without installing anything: the CLI on PATH if it will do, else the cached one. */
export async function findPulumi() {
  const { found } = await findOnPath();
  const folder = findCached(entryName);
  return found ?? (folder === undefined ? undefined : { folder, description: describeCached(folder) });
}

/**
 * Fetches the official archive and unpacks it into `staging`.
 *
 * @param {string} staging
 * @param {(detail: string) => void} say
 * @param {string} server
 * @returns {Promise<string | undefined>} why it could not be had; `undefined` when it is there
 */
export async function download(staging, say, server = "https://get.pulumi.com") {
  const expected = pulumiArchives[/** @type {keyof typeof pulumiArchives} */ (platformName())];
  if (expected === undefined) {
    return `no official archive is known for ${platformName()}`;
  }
  const name = `pulumi-v${pulumiVersion}-${platformName()}.tar.gz`;
  const archive = join(staging, name);
  say(`downloading ${name}`);
  try {
    const abort = new AbortController();
    const connecting = setTimeout(() => abort.abort(new Error("no answer")), connectTimeoutMilliseconds);
    const whole = setTimeout(() => abort.abort(new Error("too slow")), downloadTimeoutMilliseconds);
    try {
      const response = await fetch(`${server}/releases/sdk/${name}`, { signal: abort.signal });
      clearTimeout(connecting);
      if (!response.ok || response.body === null) {
        return `${server} answered ${response.status}`;
      }
      await pipeline(Readable.fromWeb(response.body), createWriteStream(archive));
    } finally {
      clearTimeout(connecting);
      clearTimeout(whole);
    }
  } catch (error) {
    const { message, cause } = /** @type {Error} */ (error);
    const detail = cause instanceof Error ? cause.message : message;
    return `${server} could not be reached (${detail})`;
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(archive), hash);
  const digest = hash.digest("hex");
  if (digest !== expected) {
    rmSync(archive);
    return `the downloaded ${name} has the SHA-256 ${digest} instead of ${expected} and was thrown away`;
  }
  await mustRun("Unpacking Pulumi", "tar", ["-xzf", archive, "--strip-components=1", "--no-same-owner"], {
    cwd: staging,
    timeoutSeconds: 300,
  });
  rmSync(archive);
  return undefined;
}

/**
 * Builds one program of a Go module, counting packages as they are compiled.
 *
 * @param {{module: string, command: string, output: string, flags: string}} what
 * @param {string} go
 * @param {(detail: string) => void} say
 */
async function buildProgram(what, go, say) {
  const cwd = join(import.meta.dirname, "..", what.module);
  const env = {
    ...process.env,
    CGO_ENABLED: "0",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
    GOFLAGS: "-mod=readonly -buildvcs=false",
  };
  const purpose = `Building ${what.module} with Go`;
  let downloaded = 0;
  say(`${what.module}: fetching Go modules`);
  const listed = await mustRun(purpose, go, ["list", "-deps", what.command], {
    cwd,
    env,
    timeoutSeconds: buildTimeoutSeconds,
    onLine: (line) => {
      if (line.startsWith("go: downloading")) {
        downloaded++;
        say(`${what.module}: fetching Go modules, ${downloaded} so far`);
      }
    },
  });
  const total = listed.stdout.trim().split("\n").length;
  let compiled = 0;
  const report = () => say(`${what.module}: compiling, ${compiled} of at most ${total} packages`);
  report();
  const args = ["build", "-v", "-ldflags", what.flags, "-o", what.output, what.command];
  const result = await run(go, args, {
    cwd,
    env,
    timeoutSeconds: buildTimeoutSeconds,
    onLine: () => {
      compiled++;
      report();
    },
  });
  if (result.code !== 0) {
    const reason = explainFailure(result);
    throw new SetupError(
      `${purpose} failed${reason === undefined ? "" : `: ${reason}`}. It printed last:\n${lastLines(result)}`,
    );
  }
}

/** Builds both programs into `staging`. */
async function build(/** @type {string} */ staging, /** @type {(detail: string) => void} */ say) {
  const go = join((await ensureGo(say)).folder, "go");
  // Sources, compiled packages and result of a first build.
  requireSpace(staging, 5);
  await buildProgram(
    {
      module: "pulumi-cli",
      command: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      output: join(staging, "pulumi"),
      flags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${pulumiVersion}`,
    },
    go,
    say,
  );
  await buildProgram(
    {
      module: "pulumi-language",
      command: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
      output: join(staging, builtHost),
      flags: "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.60.0",
    },
    go,
    say,
  );
  writeFileSync(join(staging, languageHost), hostWrapper, { mode: 0o755 });
}

/** @returns {Promise<PulumiChoice>} */
export async function ensurePulumi(/** @type {(detail: string) => void} */ say) {
  const { found, reasons } = await findOnPath();
  if (found !== undefined) {
    return found;
  }
  const known = findCached(entryName);
  if (known !== undefined) {
    return { folder: known, description: describeCached(known) };
  }
  const folder = await cached(entryName, { say, timeoutSeconds: buildTimeoutSeconds }, async (staging) => {
    const refused = await download(staging, say);
    if (refused === undefined) {
      writeFileSync(join(staging, "origin"), "downloaded from get.pulumi.com");
    } else {
      reasons.push(refused);
      say(`${refused}; building it from source, which takes about five minutes`);
      await build(staging, say);
      writeFileSync(join(staging, "origin"), "built from Go modules");
    }
    await mustRun("The new pulumi", join(staging, "pulumi"), ["version"], { timeoutSeconds: 60 });
  });
  const origin = readFileSync(join(folder, "origin"), "utf8").trim();
  const because = reasons.length === 0 ? "" : ` (${reasons.join("; ")})`;
  return {
    folder,
    description: `${pulumiVersion}, ${origin}${because}`,
  };
}
