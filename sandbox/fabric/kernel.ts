/** The commands by which the fabric reads and changes the kernel. Thin: no decision is made here. */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run, runOrThrow } from "../hosts/run.ts";
import { namespaceName, sandboxDirectory } from "../paths.ts";
import type { Family } from "./blocks.ts";
import { IPV6_LINE } from "./commands.ts";
import type { Sysctl } from "./state.ts";

const NAMESPACES = "/run/netns";
const RESOLVERS = "/etc/netns";

/** Longer than any of these commands takes on a machine that is busy booting hosts. */
const TIMEOUT_SECONDS = 60;

/** Reads `path value` per line; IPv6 may be missing from the kernel, and then it is off as wanted. */
const WRITE_SYSCTLS = `
while read -r path value; do
  case $path in net/ipv6/*) [ -e /proc/sys/net/ipv6 ] || continue ;; esac
  echo "$value" > "/proc/sys/$path" || exit 1
done`;

/** A link as `ip -json -details link` tells it. */
export interface ShownLink {
  readonly ifindex: number;
  readonly ifname: string;
  /** Index of the other end of a pair, in its own namespace. */
  readonly link_index?: number;
  /** Number under which this namespace knows the one of the other end; missing if it is the same. */
  readonly link_netnsid?: number;
  readonly linkinfo?: { readonly info_kind?: string };
}

interface ShownAddresses {
  readonly ifname: string;
  readonly addr_info: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

/** Lines for `ip` itself and those for `ip -6`, with its options. */
function byFamily(lines: readonly string[]): [string[], string[]][] {
  const ipv6 = lines.filter((line) => line.startsWith(IPV6_LINE));
  return [
    [[], lines.filter((line) => !ipv6.includes(line))],
    [["-6"], ipv6.map((line) => line.slice(IPV6_LINE.length))],
  ];
}

/** The namespaces of one sandbox, by role. */
export class Kernel {
  readonly #root: string;

  constructor(root: string = sandboxDirectory()) {
    this.#root = root;
  }

  fullName(role: string): string {
    return namespaceName(role, this.#root);
  }

  #file(role: string): string {
    return join(NAMESPACES, this.fullName(role));
  }

  /** Roles of this sandbox in a folder that has an entry per namespace. */
  #rolesIn(folder: string): string[] {
    const prefix = this.fullName("");
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch {
      return [];
    }
    return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }

  /** Sorted roles of all namespaces of this sandbox, whoever made them. */
  roles(): string[] {
    return this.#rolesIn(NAMESPACES).sort();
  }

  /** Whether a namespace is there and whole: a crash may leave its name without anything behind it. */
  isWhole(role: string): boolean {
    return statSync(this.#file(role)).dev !== statSync(NAMESPACES).dev;
  }

  async addNamespace(role: string): Promise<void> {
    await this.#run(["ip", "netns", "add", this.fullName(role)]);
    await this.batch(role, ["link set dev lo up"]);
  }

  async deleteNamespace(role: string): Promise<void> {
    await this.#run(["ip", "netns", "delete", this.fullName(role)]);
  }

  /** Ids of the processes that live in a namespace. */
  async processes(role: string): Promise<number[]> {
    const pids = await this.#run(["ip", "netns", "pids", this.fullName(role)]);
    return pids.split("\n").filter(Boolean).map(Number);
  }

  /** `ip` commands, up to the first that fails. In the caller's own namespace if `role` is undefined. */
  async batch(role: string | undefined, lines: readonly string[]): Promise<void> {
    for (const [options, own] of byFamily(lines)) await this.#batch(role, options, own);
  }

  async #batch(
    role: string | undefined,
    options: readonly string[],
    lines: readonly string[],
  ): Promise<void> {
    if (lines.length > 0) {
      const place = role === undefined ? [] : ["-netns", this.fullName(role)];
      const text = `${lines.join("\n")}\n`;
      try {
        await this.#run(["ip", ...options, ...place, "-batch", "-"], text);
      } catch (error) {
        const line = /Command failed -:(\d+)/.exec((error as Error).message)?.[1];
        const culprit = line === undefined ? undefined : lines[Number(line) - 1];
        throw new Error(`${role ?? "links"}: ${culprit ?? "ip"}: ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  }

  /** `ip` commands that may find their work done already (what they delete is gone): failures do not count. */
  async tryBatch(role: string, lines: readonly string[]): Promise<void> {
    for (const [options, own] of byFamily(lines)) {
      if (own.length === 0) continue;
      await run(["ip", ...options, "-netns", this.fullName(role), "-force", "-batch", "-"], {
        stdin: `${own.join("\n")}\n`,
        timeoutSeconds: TIMEOUT_SECONDS,
      });
    }
  }

  async writeSysctls(role: string, sysctls: readonly Sysctl[]): Promise<void> {
    if (sysctls.length > 0) {
      const text = sysctls.map(({ path, value }) => `${path} ${value}\n`).join("");
      await this.execute(role, ["sh", "-c", WRITE_SYSCTLS], text);
    }
  }

  /** Replaces the tables `roadnet` of these families in one transaction; removes one that has no lines. */
  async loadTables(role: string, tables: ReadonlyMap<Family, readonly string[]>): Promise<void> {
    const text = [...tables].flatMap(([family, lines]) => [
      `table ${family} roadnet`,
      `delete table ${family} roadnet`,
      ...(lines.length === 0 ? [] : [`table ${family} roadnet {`, ...lines.map((line) => `  ${line}`), "}"]),
    ]);
    await this.execute(role, ["nft", "--file", "-"], `${text.join("\n")}\n`);
  }

  /** Runs a program in a namespace. @returns its standard output. @throws if it fails. */
  async execute(role: string, argv: readonly string[], stdin = ""): Promise<string> {
    return await this.#run(["ip", "netns", "exec", this.fullName(role), ...argv], stdin);
  }

  /** As {@link execute}, for what may find its work done already. */
  async tryExecute(role: string, argv: readonly string[]): Promise<void> {
    await run(["ip", "netns", "exec", this.fullName(role), ...argv], { timeoutSeconds: TIMEOUT_SECONDS });
  }

  async links(role: string): Promise<ShownLink[]> {
    return await this.#links(["ip", "-netns", this.fullName(role)]);
  }

  async #links(ip: readonly string[]): Promise<ShownLink[]> {
    const text = await this.#run([...ip, "-json", "-details", "link", "show"]);
    return JSON.parse(text.trim() || "[]") as ShownLink[];
  }

  /** Addresses as `device cidr`, without those of the loopback network, and those of a link that the kernel made. */
  async addresses(role: string): Promise<{ device: string; cidr: string }[]> {
    const text = await this.#run(["ip", "-netns", this.fullName(role), "-json", "address", "show"]);
    return (JSON.parse(text || "[]") as ShownAddresses[])
      .flatMap(({ ifname, addr_info }) =>
        addr_info.map(({ local, prefixlen }) => ({
          device: ifname,
          cidr: `${local ?? ""}/${prefixlen ?? 32}`,
        })),
      )
      .filter(({ cidr }) => !/^127\.|^::1\/|^fe80:/.test(cidr));
  }

  /** From the numbers by which a namespace knows others to their full names. */
  async neighbours(role: string): Promise<ReadonlyMap<number, string>> {
    return await this.#neighbours(["ip", "-netns", this.fullName(role)]);
  }

  /** What the caller's own namespace has. @throws if that is one of the sandbox's. */
  async outsideLinks(): Promise<{ links: ShownLink[]; neighbours: ReadonlyMap<number, string> }> {
    const own = statSync("/proc/self/ns/net").ino;
    const inside = this.roles().find((role) => statSync(this.#file(role)).ino === own);
    if (inside !== undefined) {
      throw new Error(`this is ${this.fullName(inside)}: ask from the machine's own namespace`);
    }
    return { links: await this.#links(["ip"]), neighbours: await this.#neighbours(["ip"]) };
  }

  async #neighbours(ip: readonly string[]): Promise<ReadonlyMap<number, string>> {
    const text = await this.#run([...ip, "-json", "netns", "list-id"]);
    const list = JSON.parse(text.trim() || "[]") as { nsid: number; name?: string }[];
    return new Map(list.map(({ nsid, name }) => [nsid, name ?? ""]));
  }

  /** Roles for which /etc/netns has an entry. */
  resolverRoles(): string[] {
    return this.#rolesIn(RESOLVERS);
  }

  /** What `ip netns exec` shows as /etc/resolv.conf. */
  setResolver(role: string, server: string): void {
    const file = join(RESOLVERS, this.fullName(role), "resolv.conf");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `nameserver ${server}\n`);
  }

  removeResolver(role: string): void {
    rmSync(join(RESOLVERS, this.fullName(role)), { recursive: true, force: true });
  }

  async #run(argv: readonly string[], stdin?: string): Promise<string> {
    return await runOrThrow(argv, { stdin, timeoutSeconds: TIMEOUT_SECONDS });
  }
}
