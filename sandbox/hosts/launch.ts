/** Starting a machine's supervisor (systemd-nspawn) so that it lives on by itself and leaves nothing when it ends. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { SandboxPaths } from "../paths.ts";
import { hierarchyMount } from "./cgroups.ts";
import { diskFolder, machineFolders, machineGroup, type MachineFolders } from "./folders.ts";
import type { HostImage } from "./image.ts";
import type { Machine } from "./machine.ts";
import { identify, type ProcessIdentity } from "./processes.ts";

/**
 * Run in a mount namespace of its own, `$1` to `$5` being the lower, upper, work and merged folder and the control
 * group, the rest the supervisor's command. The merged file system is seen by this machine's supervisor alone, and
 * ends with it, however it ends.
 *
 * The supervisor sees cgroup v2 and nothing else, also where the real machine mixes both versions, or the caller
 * stands where none is mounted.
 */
const launchScript = `set -eu
lower=$1 upper=$2 work=$3 merged=$4 group=${hierarchyMount}/$5
shift 5
mount -t cgroup2 none ${hierarchyMount}
mkdir -p "$group"
echo $$ > "$group/cgroup.procs"
mount -t overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work" overlay "$merged"
exec "$@"
`;

/** What a router needs on top of systemd-nspawn's own set: to configure its network, and to make devices of tun. */
const capabilities = "CAP_NET_ADMIN,CAP_SYS_ADMIN,CAP_NET_RAW,CAP_NET_BIND_SERVICE";

/** The file that stands for a network namespace, as `ip netns add` makes it. */
export function namespaceFile(namespace: string): string {
  return `/run/netns/${namespace}`;
}

/**
 * Starts the supervisor; resolves as soon as it exists, long before the machine has booted.
 *
 * @throws if the namespace or the TUN device is missing, or the supervisor cannot be started.
 */
export async function launch(
  machine: Machine,
  image: HostImage,
  paths: SandboxPaths,
): Promise<ProcessIdentity> {
  const folders = machineFolders(machine.name, paths);
  const namespace = namespaceFile(machine.namespace);
  if (!existsSync(namespace)) {
    throw new Error(`${machine.name}: there is no network namespace ${machine.namespace}`);
  }
  if (!existsSync("/dev/net/tun")) {
    throw new Error("/dev/net/tun is missing: load the kernel's tun module (modprobe tun)");
  }
  mkdirSync(dirname(folders.console), { recursive: true, mode: 0o700 });
  const console = openSync(folders.console, "a", 0o600);
  try {
    const child = spawn("nsenter", launchArguments(machine, image, paths), {
      detached: true,
      stdio: ["ignore", console, console],
      cwd: "/",
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        LANG: "C.UTF-8",
        // Without it /proc/sys/net is read-only in the machine, which then cannot forward.
        SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network",
        // Its lock files would outlive a power cut; that a machine runs once is machine.ts's care.
        SYSTEMD_NSPAWN_LOCK: "0",
      },
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (error) => {
        reject(new Error(`${machine.name}: nsenter could not be started: ${error.message}`));
      });
    });
    child.unref();
    // Every program of the chain replaces the one before, so this is also the supervisor's id.
    if (child.pid === undefined) throw new Error(`${machine.name}: the supervisor has no process id`);
    return identify(child.pid);
  } finally {
    closeSync(console);
  }
}

/** Disks, and the call by which a file server opens what a client names by its handle. */
function diskArguments({ disks = [] }: Machine, folders: MachineFolders): readonly string[] {
  if (disks.length === 0) return [];
  return [
    ...disks.map((disk) => `--bind=${diskFolder(folders, disk)}:${disk}`),
    "--system-call-filter=open_by_handle_at",
  ];
}

/** nsenter into the machine's network namespace, then the script above, then systemd-nspawn. */
function launchArguments(machine: Machine, image: HostImage, paths: SandboxPaths): readonly string[] {
  const folders = machineFolders(machine.name, paths);
  return [
    `--net=${namespaceFile(machine.namespace)}`,
    "unshare",
    "--mount",
    // What is unmounted outside goes in here too, so that a machine never keeps a disk of the real one busy.
    "--propagation=slave",
    "sh",
    "-c",
    launchScript,
    "sh",
    image.root,
    folders.upper,
    folders.work,
    folders.root,
    machineGroup(machine.name, paths),
    "systemd-nspawn",
    "--quiet",
    "--boot",
    `--directory=${folders.root}`,
    `--machine=${machineGroup(machine.name, paths)}`,
    `--hostname=${machine.hostname}`,
    "--network-namespace-path=/proc/self/ns/net",
    "--register=no",
    "--keep-unit",
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    "--bind=/dev/net/tun",
    ...diskArguments(machine, folders),
    `--capability=${capabilities}`,
    // A terminal nobody types on: without one, systemd prints nothing and a boot that fails says not why.
    "--console=read-only",
  ];
}

/** The last lines of a machine's console, for messages. */
export function consoleTail(name: string, paths: SandboxPaths, lines = 15): string {
  try {
    const text = readFileSync(machineFolders(name, paths).console, "utf8");
    return text.replaceAll("\r", "").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "(no console)";
  }
}
