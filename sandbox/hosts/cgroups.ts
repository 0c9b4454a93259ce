/**
 * Control groups: how every process of a machine is known, whatever it has forked, and nothing else is.
 *
 * A machine's group is `/roadnet-<sandboxId>-<name>` in the cgroup v2 hierarchy. Which processes are in it is read
 * from /proc, because the caller may stand in a mount namespace without control groups (`ip netns exec` hides
 * them); where the hierarchy itself is needed it is mounted for the moment, in a mount namespace of its own.
 */
import { readdirSync, readFileSync } from "node:fs";
import { processStartTicks } from "../service.ts";
import { runOrThrow } from "./run.ts";

/** Where scripts that run in a mount namespace of their own mount the hierarchy: systemd looks for it there. */
export const hierarchyMount = "/sys/fs/cgroup";

/** The path of a process's group, from the text of /proc/PID/cgroup; `undefined` where there is no cgroup v2. */
export function groupOf(text: string): string | undefined {
  return /^0::\/(.*?)(?: \(deleted\))?$/m.exec(text)?.[1];
}

/** The groups whose names begin with `prefix`, with the ids of the live processes in and below each. */
export function groupsWithPrefix(prefix: string): ReadonlyMap<string, readonly number[]> {
  const groups = new Map<string, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    let group: string | undefined;
    try {
      group = groupOf(readFileSync(`/proc/${entry}/cgroup`, "utf8"))?.split("/")[0];
    } catch {
      continue; // It has ended since the folder was read.
    }
    if (group?.startsWith(prefix) !== true) continue;
    // One that has ended and waits for its parent cannot be ended again.
    if (processStartTicks(Number(entry)) === undefined) continue;
    groups.set(group, [...(groups.get(group) ?? []), Number(entry)]);
  }
  return groups;
}

/** Ids of all processes in a group and the groups below it. */
export function groupMembers(name: string): readonly number[] {
  return groupsWithPrefix(name).get(name) ?? [];
}

/** Kills every process of a group; `false` if some were there, so that the caller looks again. */
export function killGroup(name: string): boolean {
  const members = groupMembers(name);
  for (const pid of members) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  return members.length === 0;
}

const removeScript = `set -eu
mount -t cgroup2 none ${hierarchyMount}
for group in "${hierarchyMount}/"$1; do
  if [ -d "$group" ]; then find "$group" -depth -type d -exec rmdir {} +; fi
done
`;

/**
 * Removes a group and those below it; `pattern` may end in `*`, which stands for the rest of a name.
 *
 * @throws if a process is left in one of them.
 */
export async function removeGroups(pattern: string): Promise<void> {
  await runOrThrow(["unshare", "--mount", "sh", "-c", removeScript, "sh", pattern], { timeoutSeconds: 10 });
}
