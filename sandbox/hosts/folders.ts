/** Where a machine's own things lie. */
import { join } from "node:path";
import { sandboxId, sandboxPaths, type SandboxPaths } from "../paths.ts";

export interface MachineFolders {
  /** `hosts/NAME`: all of the machine. */
  readonly folder: string;
  /** What the machine has written, over the image. */
  readonly upper: string;
  /** overlayfs' scratch space. */
  readonly work: string;
  /** Disks of the machine's own, one folder each; see {@link diskFolder}. */
  readonly disks: string;
  /** Where image and upper are merged, in the mount namespace of the machine's own supervisor only. */
  readonly root: string;
  /** What is known about the machine, see machine.ts. */
  readonly record: string;
  /** The console: what the machine's systemd prints while it boots. */
  readonly console: string;
}

/** @throws if the name could not be that of a folder, a control group and a container. */
export function machineFolders(name: string, paths: SandboxPaths = sandboxPaths()): MachineFolders {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
    throw new Error(
      `machine name ${JSON.stringify(name)}: use 1 to 40 of a-z, 0-9 and -, beginning and ending without -`,
    );
  }
  const folder = join(paths.hosts, name);
  // overlayfs takes its folders in one comma-separated option, with colons between several.
  if (/[,:\\"\s]/.test(folder)) {
    throw new Error(
      `${folder}: the sandbox's folder must be named without spaces, commas, colons and quotes`,
    );
  }
  return {
    folder,
    upper: join(folder, "upper"),
    work: join(folder, "work"),
    disks: join(folder, "disks"),
    root: join(folder, "root"),
    record: join(folder, "machine.json"),
    console: join(paths.log, `${name}.log`),
  };
}

/** Where a disk's contents lie; a machine sees it at its path. */
export function diskFolder({ disks }: MachineFolders, disk: string): string {
  return join(disks, disk.slice(1).replaceAll("/", "-"));
}

/** How the names of all control groups and containers of a sandbox begin. */
export function groupPrefix(paths: SandboxPaths = sandboxPaths()): string {
  return `roadnet-${sandboxId(paths.root)}-`;
}

/** The machine's name on the real machine: of its control group, and of its container for systemd-nspawn. */
export function machineGroup(name: string, paths: SandboxPaths = sandboxPaths()): string {
  return `${groupPrefix(paths)}${name}`;
}
