/** What of a sandbox is on the machine, wherever that is. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { promisify } from "node:util";
import { findEngineProcesses } from "../../sandbox/engines.ts";
import { sandboxId, type SandboxPaths } from "../../sandbox/paths.ts";
import { findService } from "../../sandbox/service.ts";
import { serviceNames } from "../../sandbox/supervise.ts";

const execute = promisify(execFile);

/** Everything on the machine that bears the sandbox's mark. */
export async function remains(where: SandboxPaths): Promise<string[]> {
  const id = sandboxId(where.root);
  const namespaces = (await execute("ip", ["netns", "list"])).stdout.split("\n");
  const links = (await execute("ip", ["-oneline", "link"])).stdout.split("\n");
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const processes = readdirSync("/proc").flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ")] : [];
    } catch {
      return [];
    }
  });
  const marked = (lines: readonly string[]) =>
    lines.filter(
      (line) => line.includes(where.root) || line.includes(`rn-${id}`) || line.includes(`roadnet-${id}`),
    );
  return [
    ...marked([...namespaces, ...links, ...mounts]),
    // The test runner itself may name the folder on its command line.
    ...marked(processes).filter((line) => !line.includes("vitest")),
    ...findEngineProcesses(where).map((pid) => `engine ${pid}`),
    ...serviceNames.filter((name) => findService(name, where) !== undefined),
    ...marked(existsSync("/etc/netns") ? readdirSync("/etc/netns") : []),
  ];
}
