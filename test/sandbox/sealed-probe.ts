/**
 * Ways out of a sandbox, tried from the inside only, and counters that would show a packet that got out. Nothing here
 * sends a packet from the machine's own network.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { forEachBounded } from "../../sandbox/fabric/apply.ts";
import { Kernel } from "../../sandbox/fabric/kernel.ts";
import { run, runOrThrow } from "../../sandbox/hosts/run.ts";

/** Long enough for an answer from the same machine, however busy it is. */
const patienceSeconds = 2;
/** Each waits for most of its time. */
const concurrency = 24;
/** Of the machine's services the one that nobody misses if it is there; closed, it answers with a reset. */
const probePort = 9;

export interface Target {
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
  /** What it is, for messages. */
  readonly name: string;
}

/** Addresses of the machine itself and of its gateways: what a leak would lead to first. */
export async function machineTargets(): Promise<Target[]> {
  const own = Object.entries(networkInterfaces()).flatMap(([device, addresses]) =>
    (addresses ?? [])
      .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"))
      .map(({ family, address }): Target => ({ family, address, name: `the machine's ${device}` })),
  );
  const gateways: Target[] = [];
  for (const family of ["IPv4", "IPv6"] as const) {
    const text = await runOrThrow([
      "ip",
      "-json",
      family === "IPv4" ? "-4" : "-6",
      "route",
      "show",
      "default",
    ]);
    for (const { gateway } of JSON.parse(text.trim() || "[]") as { gateway?: string }[]) {
      if (gateway !== undefined && !gateway.startsWith("fe80:")) {
        gateways.push({ family, address: gateway, name: "the machine's gateway" });
      }
    }
  }
  return [...own, ...gateways];
}

/** Whether a TCP segment from this place gets an answer from the target. @throws if the probe itself fails. */
async function answers(enter: readonly string[], target: Target, port: number): Promise<boolean> {
  const [kind, host] = target.family === "IPv4" ? ["TCP4", target.address] : ["TCP6", `[${target.address}]`];
  const probe = `${kind}:${host}:${port},connect-timeout=${patienceSeconds}`;
  const { exitCode, stderr } = await run([...enter, "socat", "-u", "/dev/null", probe], {
    timeoutSeconds: 30,
  });
  if (exitCode === 0 || /refused|reset/i.test(stderr)) return true;
  if (/timed out|no route to host|unreachable|cannot assign|permission denied/i.test(stderr)) return false;
  throw new Error(`the probe itself failed (${exitCode}): ${stderr}`);
}

/** Sends what needs no answer to be noticed by a counter. */
async function send(enter: readonly string[], target: Target): Promise<void> {
  const host = target.family === "IPv4" ? target.address : `[${target.address}]`;
  const kind = target.family === "IPv4" ? "UDP4" : "UDP6";
  await run([...enter, "socat", "-u", "-", `${kind}:${host}:${probePort}`], {
    stdin: "out",
    timeoutSeconds: 30,
  });
  await run([...enter, "ping", "-c", "1", "-W", "1", target.address], { timeoutSeconds: 30 });
}

/** Tries every target from every one of the namespaces. @returns who got an answer from whom. */
export async function tryWaysOut(
  namespaces: readonly string[],
  targets: readonly Target[],
  port: number = probePort,
): Promise<string[]> {
  const reached: string[] = [];
  const attempts = namespaces.flatMap((name) => targets.map((target) => ({ name, target })));
  await forEachBounded(attempts, concurrency, async ({ name, target }) => {
    const enter = ["ip", "netns", "exec", name];
    await send(enter, target);
    if (await answers(enter, target, port))
      reached.push(`${name} reaches ${target.name} (${target.address})`);
  });
  return reached.sort();
}

/** The same from the network of a process, whose namespace may have lost its name. */
export async function tryFromProcess(pid: number, targets: readonly Target[]): Promise<string[]> {
  const reached: string[] = [];
  for (const target of targets) {
    const enter = ["nsenter", `--target=${pid}`, "--net"];
    await send(enter, target);
    if (await answers(enter, target, probePort)) reached.push(`process ${pid} reaches ${target.name}`);
  }
  return reached;
}

/** All IPv4 addresses that something in the sandbox has. */
export async function sandboxAddresses(root: string): Promise<string[]> {
  const kernel = new Kernel(root);
  const found = new Set<string>();
  for (const role of kernel.roles()) {
    for (const { cidr } of await kernel.addresses(role)) found.add(cidr.split("/")[0] ?? "");
  }
  return [...found].sort();
}

interface ShownDevice {
  readonly ifname: string;
}

/** Counts packets; does nothing else to them. */
export interface Watch {
  /** Packets since it began, by what they did. */
  count(): Promise<Readonly<Record<string, number>>>;
  stop(): Promise<void>;
}

/**
 * Counts, in the machine's own network (or in a namespace that stands for it), the packets from a sandbox's addresses
 * that go out by one of its devices, and those that come in by a device that was not there when the counting began.
 */
export async function watchMachine(addresses: readonly string[], namespace?: string): Promise<Watch> {
  const place = namespace === undefined ? [] : ["ip", "netns", "exec", namespace];
  const devices = JSON.parse(await runOrThrow([...place, "ip", "-json", "link", "show"])) as ShownDevice[];
  const table = `roadnet_watch_${process.pid}_${Math.floor(Math.random() * 1e6)}`;
  const names = devices.map(({ ifname }) => JSON.stringify(ifname)).join(", ");
  const sources = addresses.join(", ");
  const egress = devices.map(
    ({ ifname }, index) =>
      `chain out${index} {
        type filter hook egress device ${JSON.stringify(ifname)} priority -500;
        ip saddr { ${sources} } counter name left
        arp saddr ip { ${sources} } counter name left
      }`,
  );
  const text = `
    table netdev ${table} {
      counter left {}
      ${egress.join("\n")}
    }
    table inet ${table} {
      counter entered {}
      counter forwarded {}
      chain entering {
        type filter hook prerouting priority -500;
        iifname != { ${names} } ip saddr { ${sources} } counter name entered
      }
      chain forwarding {
        type filter hook forward priority -500;
        ip saddr { ${sources} } counter name forwarded
      }
    }`;
  await runOrThrow([...place, "nft", "--file", "-"], { stdin: text });
  return {
    count: async () => {
      const counts: Record<string, number> = {};
      for (const family of ["netdev", "inet"]) {
        const shown = JSON.parse(
          await runOrThrow([...place, "nft", "--json", "list", "counters", "table", family, table]),
        ) as { nftables: readonly { counter?: { name: string; packets: number } }[] };
        for (const { counter } of shown.nftables) {
          if (counter !== undefined) counts[counter.name] = counter.packets;
        }
      }
      return counts;
    },
    stop: async () => {
      for (const family of ["netdev", "inet"]) {
        await runOrThrow([...place, "nft", "delete", "table", family, table]);
      }
    },
  };
}

/** The name of the sandbox's namespace in which a process is; `undefined` where it is in none of them. */
export function namespaceOf(pid: number, kernel: Kernel): string | undefined {
  let inode: number;
  try {
    inode = Number(/\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1]);
  } catch {
    return undefined;
  }
  return kernel.roles().find((role) => statSync(`/run/netns/${kernel.fullName(role)}`).ino === inode);
}

/** The processes below one, itself included. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It has ended since the folder was read.
    }
  }
  const found = [pid];
  for (const parent of found) {
    for (const [child, its] of parents) if (its === parent && !found.includes(child)) found.push(child);
  }
  return found;
}
