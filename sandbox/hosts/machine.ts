/**
 * The sandbox's machines: Debian in systemd-nspawn, each in a network namespace that the fabric has made and
 * addressed.
 *
 * A machine outlives the process that started it, and is found again by its record, `hosts/NAME/machine.json`. All
 * functions may be called in any state, also in that which a crash or a reboot of the real machine has left, and
 * bring it to the one that their name says.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sandboxPaths, type SandboxPaths } from "../paths.ts";
import { groupMembers, groupsWithPrefix, killGroup, removeGroups } from "./cgroups.ts";
import { findLeader } from "./exec.ts";
import { groupPrefix, machineFolders, machineGroup } from "./folders.ts";
import { ensureImage, imageIn, type HostImage } from "./image.ts";
import { prepareKeys } from "./keys.ts";
import { consoleTail, launch, namespaceFile } from "./launch.ts";
import { raiseLimits } from "./limits.ts";
import { createLayer, machineIdentity, seedBoot } from "./overlay.ts";
import { noteUse } from "./prune.ts";
import { isAlive, signalProcess, waitUntil, type ProcessIdentity } from "./processes.ts";
import { waitForBoot, type BootResult } from "./ready.ts";

export interface Machine {
  /** Unique in the sandbox: 1 to 40 of a-z, 0-9 and -; names its folder, log and keys. */
  readonly name: string;
  /** Name of a network namespace in which `eth0` (or what the machine has) is up and addressed. */
  readonly namespace: string;
  /** An EC2 instance boots through cloud-init; a Pi is what Raspberry Pi Imager has left. */
  readonly kind: "instance" | "pi";
  readonly hostname: string;
  readonly address: string;
  readonly gateway: string;
  readonly prefixLength: number;
  /** Addresses of resolvers, for /etc/resolv.conf. */
  readonly dns: readonly string[];
  /** What cloud-init reads, decoded: `#cloud-config …` or `#!…`. Instances only. */
  readonly userData?: string | undefined;
  /** Another id under the same name is another machine, which starts from nothing. Instances only. */
  readonly instanceId?: string | undefined;
  /** The user whom Raspberry Pi Imager has set up; `pi` by default. Pis only. */
  readonly user?: string | undefined;
  /** Folders that are disks of their own: kept apart from the system's layer, on a plain file system. */
  readonly disks?: readonly string[] | undefined;
  /** What its owner runs on it, as TCP ports by name: a stand-in serves them from the start. Pis only. */
  readonly serves?: Readonly<Record<string, number>> | undefined;
  /** Folder of an image that is laid out like that of the recipe, to be used instead of it; see image.ts. */
  readonly image?: string | undefined;
}

interface MachineRecord {
  readonly machine: Machine;
  readonly identity: string;
  /** Folder of the image that lies under the machine's layer. */
  readonly image: string;
  /** The supervisor, where the machine was last seen running. */
  readonly supervisor?: ProcessIdentity | undefined;
}

export interface StopOptions {
  /** How long a clean shutdown may take, in seconds, before the power is cut; 20 by default. */
  readonly timeoutSeconds?: number;
}

/** How long a first boot may take, in seconds, while others boot on the same two cores. */
const bootTimeoutSeconds = 180;

/**
 * Brings a machine up: resolves when its systemd has started everything and sshd listens, at once where it already
 * runs in the given namespace. Builds the image where there is none.
 *
 * @returns how the boot went: like a real machine it is up even if a unit of it has failed.
 * @throws if the machine does not come up; the message has the end of its console.
 */
export async function startMachine(
  machine: Machine,
  paths: SandboxPaths = sandboxPaths(),
): Promise<BootResult> {
  if (machine.kind === "pi") await prepareKeys([machine.name], paths);
  const identity = machineIdentity(machine, paths);
  let record = readRecord(machine.name, paths);
  if (record?.identity !== identity) {
    await killMachine(machine.name, paths);
    record = undefined;
  } else if (runs(record, paths)) {
    const booted = isInNamespace(machine, paths) ? await waitWhileAlive(record, paths) : undefined;
    if (booted !== undefined) return booted;
    await stopMachine(machine.name, {}, paths);
  }
  await clean(machine.name, paths);
  raiseLimits();
  record = await layOut(machine, identity, record, paths);
  await seedBoot(machine, paths);
  const supervisor = await launch(machine, imageIn(record.image), paths);
  await writeRecord({ ...record, machine, supervisor }, paths);
  const booted = await waitWhileAlive({ ...record, supervisor }, paths);
  if (booted !== undefined) return booted;
  throw new Error(`${machine.name} ended while it was starting:\n${consoleTail(machine.name, paths)}`);
}

/** How the boot of a running machine goes; `undefined` if the machine ends instead. */
async function waitWhileAlive(record: MachineRecord, paths: SandboxPaths): Promise<BootResult | undefined> {
  const { supervisor } = record;
  const name = record.machine.name;
  const lives = (): boolean => supervisor !== undefined && isAlive(supervisor);
  try {
    return await waitForBoot(name, bootTimeoutSeconds, paths, lives);
  } catch (error) {
    if (!lives()) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}\n${consoleTail(name, paths)}`, { cause: error });
  }
}

/** The machine's layer as it was left, or a new one where there is none or its image has gone. */
async function layOut(
  machine: Machine,
  identity: string,
  record: MachineRecord | undefined,
  paths: SandboxPaths,
): Promise<MachineRecord> {
  if (record !== undefined && isFolder(imageIn(record.image).root)) {
    noteUse(record.image, paths.root);
    return record;
  }
  const image: HostImage = machine.image === undefined ? await ensureImage() : imageIn(machine.image);
  noteUse(image.folder, paths.root);
  const folders = machineFolders(machine.name, paths);
  await mkdir(folders.folder, { recursive: true, mode: 0o700 });
  // Without a record a layer counts as never finished, so one that is cut short here is made anew next time.
  await rm(folders.record, { force: true });
  await rm(folders.console, { force: true });
  await createLayer(machine, image, paths);
  const created: MachineRecord = { machine, identity, image: image.folder };
  await writeRecord(created, paths);
  return created;
}

/** Shuts a machine down as `poweroff` does, or as a power cut where that takes too long. Its disk stays. */
export async function stopMachine(
  name: string,
  options: StopOptions = {},
  paths: SandboxPaths = sandboxPaths(),
): Promise<void> {
  const record = readRecord(name, paths);
  const supervisor = record?.supervisor;
  if (record !== undefined && supervisor !== undefined && runs(record, paths)) {
    // systemd-nspawn turns SIGTERM into the signal by which systemd powers off.
    signalProcess(supervisor, "SIGTERM");
    await waitUntil(() => !isAlive(supervisor), options.timeoutSeconds ?? 20);
  }
  await killMachine(name, paths);
}

/** Cuts a machine's power: all of its processes end at once, and its disk stays as it is. */
export async function killMachine(name: string, paths: SandboxPaths = sandboxPaths()): Promise<void> {
  const supervisor = readRecord(name, paths)?.supervisor;
  if (supervisor !== undefined) signalProcess(supervisor, "SIGKILL");
  await clean(name, paths);
  const record = readRecord(name, paths);
  if (record?.supervisor !== undefined) await writeRecord({ ...record, supervisor: undefined }, paths);
}

/** Ends a machine and throws its disk away; for a Pi, with its host key. */
export async function destroyMachine(name: string, paths: SandboxPaths = sandboxPaths()): Promise<void> {
  await killMachine(name, paths);
  await rm(machineFolders(name, paths).folder, { recursive: true, force: true });
}

/** The machines that run now. */
export function runningMachines(paths: SandboxPaths = sandboxPaths()): readonly Machine[] {
  return knownNames(paths).flatMap((name) => {
    const record = readRecord(name, paths);
    return record !== undefined && runs(record, paths) ? [record.machine] : [];
  });
}

/** Shuts all machines of the sandbox down, also those that a crash has left without a record. */
export async function stopAllMachines(
  options: StopOptions = {},
  paths: SandboxPaths = sandboxPaths(),
): Promise<void> {
  await Promise.all(knownNames(paths).map(async (name) => stopMachine(name, options, paths)));
  const prefix = groupPrefix(paths);
  for (const group of groupsWithPrefix(prefix).keys()) await clean(group.slice(prefix.length), paths);
  await removeGroups(`${prefix}*`);
}

/** Ends what is left of a machine's processes, and removes what its supervisor leaves outside of its own folder. */
async function clean(name: string, paths: SandboxPaths): Promise<void> {
  const group = machineGroup(name, paths);
  if (!(await waitUntil(() => killGroup(group), 10))) {
    throw new Error(`${name}: processes ${groupMembers(group).join(", ")} do not end, not even by SIGKILL`);
  }
  await removeGroups(group);
  for (const folder of ["propagate", "unix-export"]) {
    await rm(join("/run/systemd/nspawn", folder, group), { recursive: true, force: true });
  }
}

function runs(record: MachineRecord, paths: SandboxPaths): boolean {
  return (
    record.supervisor !== undefined &&
    isAlive(record.supervisor) &&
    groupMembers(machineGroup(record.machine.name, paths)).includes(record.supervisor.pid)
  );
}

/** Whether a running machine is in the namespace that now has the name; the fabric may have made it anew. */
function isInNamespace(machine: Machine, paths: SandboxPaths): boolean {
  const leader = findLeader(machine.name, paths);
  if (leader === undefined) return false;
  try {
    const wanted = statSync(namespaceFile(machine.namespace)).ino;
    return readlinkSync(`/proc/${leader}/ns/net`) === `net:[${wanted}]`;
  } catch {
    return false;
  }
}

function knownNames(paths: SandboxPaths): readonly string[] {
  try {
    return readdirSync(paths.hosts).sort();
  } catch {
    return [];
  }
}

function readRecord(name: string, paths: SandboxPaths): MachineRecord | undefined {
  try {
    return JSON.parse(readFileSync(machineFolders(name, paths).record, "utf8")) as MachineRecord;
  } catch {
    return undefined;
  }
}

/** Readable by root alone: user data holds a host key, if only a throw-away one. */
async function writeRecord(record: MachineRecord, paths: SandboxPaths): Promise<void> {
  const file = machineFolders(record.machine.name, paths).record;
  await writeFile(`${file}.new`, JSON.stringify(record, undefined, 2), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
