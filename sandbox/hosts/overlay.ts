/** What a machine's own layer holds before its first boot: what EC2, or Raspberry Pi Imager, would have left. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chmod, chown, copyFile, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SandboxPaths } from "../paths.ts";
import { diskFolder, machineFolders } from "./folders.ts";
import type { HostImage } from "./image.ts";
import { hostPublicKeyFile, operatorPublicKeyFile, prepareKeys } from "./keys.ts";
import type { Machine } from "./machine.ts";
import { builtStandIns } from "./repository.ts";

/** The user on an imaged Pi, where the machine does not name another. */
const defaultPiUser = "pi";
const piUserId = 1000;

/** The resolvers of a machine, below its root. */
const resolverFile = "etc/resolv.conf";

/** Has nothing to do with the network: it listens on all addresses that come. */
const serviceUnit = `[Unit]
Description=Stand-in for what the owner runs on this machine

[Service]
Type=exec
User=daemon
ExecStart=/usr/local/bin/service-stand-in --config /etc/service-stand-in.json
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;

/** Where cloud-init's NoCloud data source looks by itself. */
const seedFolder = "var/lib/cloud/seed/nocloud";

/**
 * What makes a machine the one that it is: as long as it stays the same the layer is kept, and when it changes the
 * machine is another one under an old name, and starts from nothing.
 */
export function machineIdentity(machine: Machine, paths: SandboxPaths): string {
  if (machine.kind === "instance") return `instance ${machine.instanceId ?? machine.name}`;
  const facts = [
    machine.user ?? defaultPiUser,
    readFileSync(operatorPublicKeyFile(paths), "utf8"),
    readFileSync(hostPublicKeyFile(machine.name, paths), "utf8"),
    ...(machine.serves === undefined ? [] : [JSON.stringify(machine.serves)]),
  ];
  return `pi ${createHash("sha256").update(facts.join("\n")).digest("hex")}`;
}

/** Wipes what was under this name and lays out a new machine. A Pi keeps the host key that was prepared for it. */
export async function createLayer(machine: Machine, image: HostImage, paths: SandboxPaths): Promise<void> {
  const folders = machineFolders(machine.name, paths);
  const hostKey =
    machine.kind === "pi" ? await readFile(join(folders.upper, "etc/ssh/ssh_host_ed25519_key")) : undefined;
  await rm(folders.disks, { recursive: true, force: true });
  for (const folder of [folders.upper, folders.work, folders.root]) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  await put(folders.upper, "etc/machine-id", `${randomBytes(16).toString("hex")}\n`, 0o444);
  await put(folders.upper, "etc/hostname", `${machine.hostname}\n`, 0o644);
  if (hostKey !== undefined) await imagePi(machine, image, hostKey, paths);
}

async function imagePi(machine: Machine, image: HostImage, key: Buffer, paths: SandboxPaths): Promise<void> {
  const { upper } = machineFolders(machine.name, paths);
  await put(upper, "etc/ssh/ssh_host_ed25519_key", key, 0o600);
  await prepareKeys([], paths);
  const publicKey = join(upper, "etc/ssh/ssh_host_ed25519_key.pub");
  await copyFile(hostPublicKeyFile(machine.name, paths), publicKey);
  await chmod(publicKey, 0o644);

  const short = machine.hostname.split(".")[0] ?? machine.hostname;
  const names = short === machine.hostname ? short : `${machine.hostname} ${short}`;
  await put(upper, "etc/hosts", `127.0.0.1 localhost\n127.0.1.1 ${names}\n::1 localhost\n`, 0o644);
  await put(upper, "etc/cloud/cloud-init.disabled", "", 0o644);
  await addPiUser(upper, image, machine.user ?? defaultPiUser, paths);
  if (machine.serves !== undefined) await addServices(upper, machine, machine.serves);
}

/** The owner's services, in place of which a program of ours answers: no business of whoever configures the host. */
async function addServices(
  upper: string,
  { hostname, address }: Machine,
  serves: Readonly<Record<string, number>>,
): Promise<void> {
  const services = Object.entries(serves).map(([name, port]) => ({ name, listen: `:${port}` }));
  const configuration = { host: hostname, site: "", address, services };
  await put(upper, "usr/local/bin/service-stand-in", await readFile(builtStandIns.service), 0o755);
  await put(upper, "etc/service-stand-in.json", `${JSON.stringify(configuration)}\n`, 0o644);
  const unit = "service-stand-in.service";
  await put(upper, `etc/systemd/system/${unit}`, serviceUnit, 0o644);
  const wanted = join(upper, "etc/systemd/system/multi-user.target.wants");
  await mkdir(wanted, { recursive: true });
  await symlink(`/etc/systemd/system/${unit}`, join(wanted, unit));
}

async function addPiUser(upper: string, image: HostImage, user: string, paths: SandboxPaths): Promise<void> {
  const account = async (file: string, mode: number, line: string): Promise<void> => {
    await put(upper, file, `${await readFile(join(image.root, file), "utf8")}${line}\n`, mode);
  };
  const home = `home/${user}`;
  await account("etc/passwd", 0o644, `${user}:x:${piUserId}:${piUserId}:,,,:/${home}:/bin/bash`);
  await account("etc/group", 0o644, `${user}:x:${piUserId}:`);
  await account("etc/shadow", 0o640, `${user}:*:19000:0:99999:7:::`);
  await account("etc/gshadow", 0o640, `${user}:!::`);
  for (const file of ["etc/shadow", "etc/gshadow"]) await chown(join(upper, file), 0, shadowGroup(image));
  // The name under which Raspberry Pi OS has it.
  await put(upper, "etc/sudoers.d/010_pi-nopasswd", `${user} ALL=(ALL) NOPASSWD: ALL\n`, 0o440);

  await mkdir(join(upper, home, ".ssh"), { recursive: true });
  for (const name of [".bashrc", ".profile", ".bash_logout"]) {
    await put(upper, join(home, name), await readFile(join(image.root, "etc/skel", name)), 0o644, piUserId);
  }
  const authorized = await readFile(operatorPublicKeyFile(paths));
  await put(upper, join(home, ".ssh/authorized_keys"), authorized, 0o600, piUserId);
  for (const [folder, mode] of [
    [home, 0o755],
    [join(home, ".ssh"), 0o700],
  ] as const) {
    await chmod(join(upper, folder), mode);
    await chown(join(upper, folder), piUserId, piUserId);
  }
}

function shadowGroup(image: HostImage): number {
  const line = /^shadow:[^:]*:(\d+):/m.exec(readFileSync(join(image.root, "etc/group"), "utf8"));
  if (line?.[1] === undefined) throw new Error(`${image.root} has no group "shadow"`);
  return Number(line[1]);
}

/**
 * What comes from outside before a boot: the resolvers, as by DHCP, and for an instance its metadata, as by EC2. The
 * machine must not be running.
 */
export async function seedBoot(machine: Machine, paths: SandboxPaths): Promise<void> {
  const folders = machineFolders(machine.name, paths);
  const { upper, root } = folders;
  await mkdir(root, { recursive: true });
  for (const disk of machine.disks ?? []) {
    await mkdir(diskFolder(folders, disk), { recursive: true, mode: 0o755 });
  }
  // A machine that stands somewhere may have been given an address and resolvers of its own since, and asks nobody then.
  const isNew = !existsSync(join(upper, resolverFile));
  if (machine.kind === "instance" || isNew) {
    await put(upper, resolverFile, machine.dns.map((address) => `nameserver ${address}\n`).join(""), 0o644);
  }
  if (machine.kind !== "instance") return;
  const metaData = {
    "instance-id": machine.instanceId ?? machine.name,
    "local-hostname": machine.hostname,
  };
  // JSON is YAML, which is what cloud-init reads.
  await put(upper, join(seedFolder, "meta-data"), `${JSON.stringify(metaData)}\n`, 0o600);
  await put(upper, join(seedFolder, "user-data"), machine.userData ?? "", 0o600);
}

/** Writes a file of a layer, replacing whatever is there; new folders get the modes that they have in the image. */
async function put(
  upper: string,
  path: string,
  content: string | Buffer,
  mode: number,
  owner = 0,
): Promise<void> {
  const file = join(upper, path);
  if (!existsSync(dirname(file))) await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  await rm(file, { force: true, recursive: true });
  await writeFile(file, content, { mode: 0o600 });
  await chown(file, owner, owner);
  await chmod(file, mode);
}
