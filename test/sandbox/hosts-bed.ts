/**
 * Two machines on one Ethernet, with an operator beside them, in namespaces without a way out; and what tests ask
 * about them.
 *
 *     op (bridge, 192.168.77.1) ── i-a (192.168.77.10)
 *                               └─ pi-b (192.168.77.20)
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { groupsWithPrefix } from "../../sandbox/hosts/cgroups.ts";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { groupPrefix } from "../../sandbox/hosts/folders.ts";
import { ensureImage } from "../../sandbox/hosts/image.ts";
import { agentSocket, operatorPublicKeyFile, startAgent, stopAgent } from "../../sandbox/hosts/keys.ts";
import { stopAllMachines, type Machine } from "../../sandbox/hosts/machine.ts";
import { prepareRepository } from "../../sandbox/hosts/repository.ts";
import { run, runOrThrow, type RunResult } from "../../sandbox/hosts/run.ts";
import { namespaceName, sandboxPaths } from "../../sandbox/paths.ts";
import { loadAuthority } from "../../sandbox/services/edge/certificates.ts";

export const root = mkdtempSync(join(tmpdir(), "roadnet-hosts-"));
export const paths = sandboxPaths(root);
export const operator = namespaceName("op", root);
export const addresses = { "i-a": "192.168.77.10", "pi-b": "192.168.77.20" } as const;
export type Name = keyof typeof addresses;
export const names = Object.keys(addresses) as readonly Name[];

let web: ChildProcess | undefined;

/** A file server on the operator's port 80, as the sandbox's internet has one. */
const webServer = `
const { createServer } = require("node:http");
const { createReadStream } = require("node:fs");
const { join } = require("node:path");
createServer((request, response) => {
  const path = decodeURIComponent(request.url.replace(/^.debian./, ""));
  createReadStream(join(process.argv[1], path))
    .on("error", () => { response.writeHead(404).end(); })
    .pipe(response);
}).listen(80, "192.168.77.1", () => console.log("listening"));
`;

/** A shell that stops at the first error, outside of all machines. */
export async function shell(script: string): Promise<string> {
  return await runOrThrow(["sh", "-euc", script]);
}

export async function makeNamespace(name: Name): Promise<void> {
  const namespace = namespaceName(`h-${name}`, root);
  await shell(`
    ip netns add ${namespace}
    ip link add eth0 netns ${namespace} type veth peer name ${name} netns ${operator}
    ip -n ${operator} link set ${name} master br0 up
    ip -n ${namespace} link set lo up
    ip -n ${namespace} link set eth0 up
    ip -n ${namespace} address add ${addresses[name]}/24 dev eth0`);
}

export function machine(name: Name, kind: Machine["kind"], more: Partial<Machine>): Machine {
  return {
    name,
    kind,
    namespace: namespaceName(`h-${name}`, root),
    hostname: `${name}.test`,
    address: addresses[name],
    gateway: "192.168.77.1",
    prefixLength: 24,
    dns: ["192.168.77.1"],
    ...more,
  };
}

/** A throw-away host key and the user data that brings it, as the network's own instances get it. */
export async function userDataWithHostKey(): Promise<{
  readonly userData: string;
  readonly publicKey: string;
}> {
  const file = join(root, "throw-away");
  rmSync(file, { force: true });
  await runOrThrow(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-C", "throw-away", "-f", file]);
  const publicKey = readFileSync(`${file}.pub`, "utf8").trim();
  const authorized = readFileSync(operatorPublicKeyFile(paths), "utf8").trim();
  const config = {
    ssh_deletekeys: true,
    ssh_keys: { ecdsa_private: readFileSync(file, "utf8"), ecdsa_public: publicKey },
    users: ["default", { name: "ops", ssh_authorized_keys: [authorized] }],
    ssh_authorized_keys: [authorized],
    write_files: [{ path: "/etc/written", content: "by cloud-init\n", permissions: "0640" }],
    runcmd: ["echo once >> /var/lib/ran"],
  };
  return { userData: `#cloud-config\n${JSON.stringify(config)}\n`, publicKey };
}

/** SSH from the operator's namespace, the host's key pinned, the operator's key from the agent alone. */
export async function ssh(
  user: string,
  name: Name,
  pin: string,
  command: string,
  socket = agentSocket(paths),
): Promise<RunResult> {
  const knownHosts = join(root, "known_hosts");
  writeFileSync(knownHosts, `${addresses[name]} ${pin}\n`);
  const options = ["UserKnownHostsFile=" + knownHosts, "StrictHostKeyChecking=yes", "BatchMode=yes"];
  return await run(
    [
      ...["ip", "netns", "exec", operator, "ssh", "-F", "none", "-i", "/nonexistent"],
      ...options.flatMap((option) => ["-o", option]),
      `${user}@${addresses[name]}`,
      command,
    ],
    { env: { ...process.env, SSH_AUTH_SOCK: socket } },
  );
}

export async function inMachine(name: Name, script: string, timeoutSeconds = 60): Promise<string> {
  const result = await execInMachine(name, ["sh", "-euc", script], { timeoutSeconds }, paths);
  if (result.exitCode !== 0) throw new Error(`${name}: ${script}: ${result.stderr}${result.stdout}`);
  return result.stdout.trim();
}

/** What of the sandbox is left on the real machine, by kind; the bed's own web server, which serves its packages, is not. */
export async function leftovers(): Promise<Readonly<Record<string, readonly string[]>>> {
  const processes: string[] = [];
  const mounts: string[] = [];
  const own = [process.pid, web?.pid].map(String);
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry) && !own.includes(entry))) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(root)) processes.push(pid);
      if (readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes(root)) mounts.push(pid);
    } catch {
      // It has ended since the folder was read.
    }
  }
  const groups = await runOrThrow([
    ...["unshare", "--mount", "sh", "-c"],
    `mount -t cgroup2 none /sys/fs/cgroup && cd /sys/fs/cgroup && ls -d ${groupPrefix(paths)}* 2>/dev/null || true`,
  ]);
  const nspawn = await shell(`find /run/systemd/nspawn -name '*${groupPrefix(paths)}*' 2>/dev/null || true`);
  const nonEmpty = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "");
  return {
    processes: [...processes, ...[...groupsWithPrefix(groupPrefix(paths)).values()].flat().map(String)],
    mounts,
    groups: nonEmpty(groups),
    nspawn: nonEmpty(nspawn),
  };
}

/** Builds the image where there is none, and makes all but the machines. */
export async function setUp(): Promise<void> {
  const image = await ensureImage((line) => {
    process.stderr.write(`${line}\n`);
  });
  await shell(`
    ip netns add ${operator}
    ip -n ${operator} link set lo up
    ip -n ${operator} link add br0 type bridge
    ip -n ${operator} link set br0 up
    ip -n ${operator} address add 192.168.77.1/24 dev br0`);
  for (const name of names) await makeNamespace(name);
  await startAgent(paths);
  await prepareRepository(image.packages, paths.packages, loadAuthority(paths).pem);
  const server = spawn("ip", ["netns", "exec", operator, process.execPath, "-e", webServer, paths.packages], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  web = server;
  await new Promise((resolve) => server.stdout.once("data", resolve));
}

/** Takes everything down, in whatever state a failed test has left it. */
export async function tearDown(): Promise<void> {
  await stopAllMachines({}, paths);
  await stopAgent(paths);
  if (web !== undefined) {
    const server = web;
    const exited = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGKILL");
    await exited;
  }
  const left = await shell("ip netns list");
  for (const name of left.split("\n").map((line) => line.split(" ")[0] ?? "")) {
    if (name.startsWith(namespaceName("", root))) await shell(`ip netns delete ${name}`);
  }
  rmSync(root, { recursive: true });
}

/** The network namespaces in which some process stands. */
export function namespacesInUse(): readonly string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        return [readlinkSync(`/proc/${pid}/ns/net`)];
      } catch {
        return [];
      }
    });
}
