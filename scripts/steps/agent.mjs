/** The programs of `edge/` that the Pulumi program and the sandbox need, in `edge/dist/`. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../lib/lock.mjs";
import { mustRun } from "../lib/run.mjs";
import { withTools } from "./node.mjs";

/**
 * What is built: for the hosts of either architecture; and for this machine the agent of hosts that are made of files,
 * what the sandbox's machines, which are of its architecture, have for cloudflared and for BlackRoad's services, and what
 * asks the sandbox's network with packets.
 *
 * @type {readonly {output: string, program: string, environment: Record<string, string>}[]}
 */
const builds = [
  {
    output: "reef-agent-linux-amd64",
    program: "reef-agent",
    environment: { GOOS: "linux", GOARCH: "amd64" },
  },
  {
    output: "reef-agent-linux-arm64",
    program: "reef-agent",
    environment: { GOOS: "linux", GOARCH: "arm64" },
  },
  { output: "reef-agent-paper", program: "reef-agent-paper", environment: {} },
  { output: "cloudflared-stand-in", program: "cloudflared-stand-in", environment: {} },
  { output: "service-stand-in", program: "service-stand-in", environment: {} },
  { output: "packet-prober", program: "packet-prober", environment: {} },
];

const buildTimeoutSeconds = 900;

/** The module's sources without its tests, sorted. */
function sources(/** @type {string} */ edge) {
  const names = /** @type {string[]} */ (readdirSync(edge, { recursive: true }));
  return names
    .filter((name) => /(?:^|\/)go\.(?:mod|sum)$|\.go$/.test(name) && !name.endsWith("_test.go"))
    .sort();
}

/** Names what would be built: equal hashes, equal programs. */
function hashSources(/** @type {string} */ edge) {
  const hash = createHash("sha256");
  for (const name of sources(edge)) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(edge, name)))
      .update("\0");
  }
  return hash.digest("hex");
}

/**
 * Builds the agent where its sources have changed. The result depends on the sources and the version of Go alone, so
 * that two operators' updates do not take turns in replacing it.
 *
 * @param {string} checkout
 * @param {string | undefined} goFolder holds the `go` command, where it is not on PATH
 * @param {(detail: string) => void} say
 * @returns {Promise<string>} what was done
 */
export async function ensureAgent(checkout, goFolder, say) {
  const edge = join(checkout, "edge");
  const dist = join(edge, "dist");
  const stamp = join(dist, ".sources");
  const hash = hashSources(edge);
  const isBuilt = () =>
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === hash &&
    builds.every(({ output }) => existsSync(join(dist, output)));
  if (isBuilt()) {
    return "up to date";
  }
  mkdirSync(dist, { recursive: true });
  const lock = {
    purpose: "building the agent",
    timeoutSeconds: buildTimeoutSeconds,
    onWait: (/** @type {{pid: number}} */ owner) => say(`waiting for process ${owner.pid}, which builds it`),
  };
  return withLock(join(dist, ".lock"), lock, async () => {
    if (isBuilt()) {
      return "up to date";
    }
    rmSync(stamp, { force: true });
    for (const { output, program, environment } of builds) {
      say(`building ${output}`);
      const draft = join(dist, `${output}.new`);
      const flags = [
        "-trimpath",
        "-buildvcs=false",
        "-ldflags",
        `-s -w -X main.version=${hash.slice(0, 12)}`,
      ];
      await mustRun(`Building ${output}`, "go", ["build", ...flags, "-o", draft, `./cmd/${program}`], {
        cwd: edge,
        timeoutSeconds: buildTimeoutSeconds,
        env: {
          ...withTools([goFolder]),
          CGO_ENABLED: "0",
          GOTOOLCHAIN: "local",
          GOFLAGS: "",
          ...environment,
        },
      });
      renameSync(draft, join(dist, output));
    }
    writeFileSync(stamp, hash);
    return `built from edge/ (${hash.slice(0, 12)})`;
  });
}
