/** What of the real machine's settings is too small for a dozen systems on one kernel. */
import { readFileSync, writeFileSync } from "node:fs";

const inotifyFile = "/proc/sys/fs/inotify/max_user_instances";

/**
 * inotify instances that root may have, on the real machine and in all machines of all sandboxes together. Each
 * machine takes about ten (systemd, D-Bus, wireguard-go); Linux allows 128. Where they run out, services fail with
 * "too many open files".
 */
const inotifyInstances = 1024;

/**
 * Raises the limit where it is lower, until the real machine's next reboot. The sandbox leaves it raised when it
 * stops, as others may by then depend on it.
 *
 * @throws if the limit is lower and may not be changed, as in a confined container.
 */
export function raiseLimits(file: string = inotifyFile): void {
  const current = Number(readFileSync(file, "utf8"));
  if (current >= inotifyInstances) return;
  try {
    writeFileSync(file, `${inotifyInstances}\n`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `fs.inotify.max_user_instances is ${current}, too low for the sandbox's machines, and could not be raised ` +
        `(${reason}); run: sysctl fs.inotify.max_user_instances=${inotifyInstances}`,
      { cause: error },
    );
  }
}
