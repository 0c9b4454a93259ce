/**
 * Hosts made of files, for a machine where no packets can be had: no root, or another system than Linux.
 *
 * `$ROADNET_PAPER_HOSTS/ADDRESS` stands for the host at that address. A command runs here, with `ROADNET_ROOT` naming
 * the folder and with `paper-bin/` first in `PATH`, whose programs stand in for those that would change this machine.
 * Nothing is asked of any network.
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { RemoteFiles } from "./copy.ts";
import { parseHostKey } from "./host-key.ts";
import type { Connection, Endpoint } from "./inputs.ts";
import type { MachineAt } from "./paper-machines.ts";
import { runProcess } from "./processes.ts";
import type { OpenHost } from "./remote.ts";
import { exitText } from "./session.ts";
import type { Session } from "./session.ts";

const paperPrograms = resolve(import.meta.dirname, "paper-bin");

/** The folder of the host at an address. Refuses what would be a path. */
export function paperHostFolder(hosts: string, address: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._:-]*$/.test(address)) {
    throw new Error(`dial tcp: lookup ${address}: no such host`);
  }
  return join(resolve(hosts), address);
}

/**
 * The pinned key must be one of the host's. A host that has none yet takes the pinned one for its own, as an
 * instance takes the one in its user data; the private half exists nowhere.
 */
function checkHostKey(folder: string, endpoint: Endpoint): void {
  if (endpoint.hostKey === undefined) return;
  const pinned = parseHostKey(endpoint.hostKey);
  const keys = join(folder, "etc/ssh");
  mkdirSync(keys, { recursive: true });
  const files = readdirSync(keys).filter((name) => name.endsWith(".pub"));
  if (files.length === 0) {
    const file = join(keys, `ssh_host_${pinned.type.replace(/^ssh-|-.*$/g, "")}_key`);
    writeFileSync(file, "This host is made of files; there is no private key.\n", { mode: 0o600 });
    writeFileSync(`${file}.pub`, `${pinned.type} ${pinned.blob.toString("base64")}\n`);
    return;
  }
  const known = files.some((name) =>
    parseHostKey(readFileSync(join(keys, name), "utf8")).blob.equals(pinned.blob),
  );
  if (!known) {
    throw new Error(
      `after ${endpoint.dialErrorLimit} failed attempts: ssh: handshake failed: ssh: host key mismatch`,
    );
  }
}

/**
 * A host answers on the addresses of its tunnels too: they lead to the same folder. The last machine that has been
 * there has them, as a hub sends to the peer that has called last.
 */
function linkTunnels(hosts: string, address: string): void {
  const folder = realpathSync(paperHostFolder(hosts, address));
  const tunnels = join(folder, "etc/wireguard");
  if (!existsSync(tunnels)) return;
  for (const name of readdirSync(tunnels).filter((file) => file.endsWith(".conf"))) {
    const config = readFileSync(join(tunnels, name), "utf8");
    for (const [, own = ""] of config.matchAll(/^Address = ([0-9.]+)\//gm)) {
      const link = paperHostFolder(hosts, own);
      const isHost = lstatSync(link, { throwIfNoEntry: false })?.isDirectory() ?? false;
      if (isHost) continue;
      rmSync(link, { force: true });
      symlinkSync(basename(folder), link);
    }
  }
}

/** Makes the host findable by its name: `by-name/NAME` points to its folder. */
function linkByName(hosts: string, address: string): void {
  const file = join(paperHostFolder(hosts, address), "etc/hostname");
  if (!existsSync(file)) return;
  const name = readFileSync(file, "utf8").trim();
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name)) return;
  const links = join(resolve(hosts), "by-name");
  mkdirSync(links, { recursive: true });
  const link = join(links, name);
  rmSync(link, { force: true });
  symlinkSync(join("..", address), link);
}

/** Debian's sshd_config: `AcceptEnv LANG LC_*`. */
const acceptedVariable = /^(?:LANG|LC_[A-Z]+)$/;

function homeOf(user: string): string {
  return user === "root" ? "root" : join("home", user);
}

function paperSession(hosts: string, connection: Connection, signal: AbortSignal): Session {
  const folder = paperHostFolder(hosts, connection.host);
  const accepted: Record<string, string> = {};
  return {
    setVariable: (name, value) => {
      if (!acceptedVariable.test(name)) return Promise.reject(new Error("ssh: setenv failed"));
      accepted[name] = value;
      return Promise.resolve();
    },
    run: async (command, stdin, output) => {
      // Nothing of the engine's own environment, which holds secrets, reaches the host.
      const environment = {
        ...accepted,
        HOME: join(folder, homeOf(connection.user)),
        LOGNAME: connection.user,
        PATH: `${paperPrograms}:${process.env.PATH ?? "/usr/bin:/bin"}`,
        ROADNET_NODE: process.execPath,
        ROADNET_PAUSE_SECONDS: "0",
        ROADNET_ROOT: folder,
        SHELL: "/bin/sh",
        USER: connection.user,
      };
      const args = ["-c", command];
      const end = await runProcess(
        { file: "/bin/sh", args, folder: environment.HOME, environment, stdin, signal },
        output,
      );
      const failure = exitText(end);
      if (failure !== undefined) throw new Error(failure);
    },
  };
}

function paperFiles(folder: string, user: string): RemoteFiles {
  // A relative path is one below the user's home folder.
  const inside = (path: string) =>
    join(folder, path.startsWith("/") ? join("/", path) : join("/", homeOf(user), path));
  return {
    stat: (path) => {
      const found = statSync(inside(path), { throwIfNoEntry: false });
      return Promise.resolve(found === undefined ? undefined : found.isDirectory() ? "folder" : "file");
    },
    makeFolder: (path) => mkdir(inside(path)),
    write: (path, content) => writeFile(inside(path), content),
  };
}

/** Opens hosts in the folder `hosts` instead of on the network. A new machine at an old address has an empty disk. */
export function onPaper(hosts: string, machineAt: MachineAt = () => Promise.resolve(undefined)): OpenHost {
  const meet = async (endpoint: Endpoint) => {
    const machine = await machineAt(endpoint.host);
    if (machine !== undefined) forgetOlderMachine(hosts, endpoint.host, machine);
    checkHostKey(prepare(hosts, endpoint), endpoint);
  };
  return async (connection, operation) => {
    if (connection.proxy !== undefined) await meet(connection.proxy);
    await meet(connection);
    const folder = paperHostFolder(hosts, connection.host);
    return {
      session: () => Promise.resolve(paperSession(hosts, connection, operation.signal)),
      files: () => Promise.resolve(paperFiles(folder, connection.user)),
      close: () => {
        linkByName(hosts, connection.host);
        linkTunnels(hosts, connection.host);
      },
    };
  };
}

/** Throws away the files of the machine that had the address before this one. */
function forgetOlderMachine(hosts: string, address: string, machine: string): void {
  const folder = paperHostFolder(hosts, address);
  const notes = join(resolve(hosts), ".machines");
  const note = join(notes, address);
  const older = existsSync(note) ? readFileSync(note, "utf8") : undefined;
  if (older === machine) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(notes, { recursive: true });
  writeFileSync(note, machine);
}

function prepare(hosts: string, endpoint: Endpoint): string {
  const folder = paperHostFolder(hosts, endpoint.host);
  for (const part of [homeOf(endpoint.user), "etc/ssh", "var/lib"])
    mkdirSync(join(folder, part), { recursive: true });
  return folder;
}
