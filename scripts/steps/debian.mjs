/** Debian and Ubuntu packages: those that are missing, and no others. */
import { readdirSync } from "node:fs";
import { SetupError } from "../lib/progress.mjs";
import { explainFailure, lastLines, mustRun, run } from "../lib/run.mjs";

/** @returns {Promise<string[]>} those of `names` that are not installed, in their order */
export async function missingPackages(/** @type {readonly string[]} */ names) {
  const result = await run(
    "dpkg-query",
    ["--show", "--showformat", "${db:Status-Status} ${Package}\n", ...names],
    { timeoutSeconds: 60 },
  );
  if (result.missing) {
    throw new SetupError(
      "This is not Debian or Ubuntu (there is no dpkg-query), and the sandbox with packets needs their packages: use `npm start -- --no-packets` here.",
    );
  }
  const installed = new Set(
    result.stdout
      .split("\n")
      .filter((line) => line.startsWith("installed "))
      .map((line) => line.slice("installed ".length)),
  );
  return names.filter((name) => !installed.has(name));
}

function hasPackageLists() {
  try {
    return readdirSync("/var/lib/apt/lists").some((name) => name.includes("Packages"));
  } catch {
    return false;
  }
}

/**
 * Installs what is missing of `names`.
 *
 * @param {readonly string[]} names
 * @param {(detail: string) => void} say
 * @returns {Promise<string>} what was done, for the user
 */
export async function ensureDebianPackages(names, say) {
  const missing = await missingPackages(names);
  if (missing.length === 0) {
    return `${names.length} packages found`;
  }
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      `These packages are missing and only root can install them: ${missing.join(" ")}. Run \`sudo apt-get install ${missing.join(" ")}\`, or \`npm start -- --no-packets\`.`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };
  const lock = ["-o", "DPkg::Lock::Timeout=300"];
  const update = () => {
    say("apt-get update");
    return mustRun("apt-get update", "apt-get", [...lock, "update"], { env, timeoutSeconds: 600 });
  };
  const install = () => {
    say(`apt-get install ${missing.join(" ")}`);
    return run("apt-get", [...lock, "install", "--yes", "--no-install-recommends", ...missing], {
      env,
      timeoutSeconds: 1800,
      onLine: (line) => {
        const match = /^(Unpacking|Setting up) ([^ :]+)/.exec(line);
        if (match) {
          say(`${match[1]?.toLowerCase() ?? ""} ${match[2] ?? ""}`);
        }
      },
    });
  };
  if (!hasPackageLists()) {
    await update();
  }
  let result = await install();
  if (result.code !== 0) {
    // The lists may be older than the archive: only fresh ones name files that still exist.
    await update();
    result = await install();
  }
  if (result.code !== 0) {
    const reason = explainFailure(result);
    throw new SetupError(
      `apt-get could not install ${missing.join(" ")}${reason === undefined ? "" : `: ${reason}`}. On Ubuntu they are in "universe". It printed last:\n${lastLines(result)}`,
    );
  }
  return `installed ${missing.join(", ")}`;
}
