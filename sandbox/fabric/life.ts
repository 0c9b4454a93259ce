/** The fabric's life cycle, for whoever brings a sandbox up or takes it down. */
import { resolve } from "node:path";
import { sandboxDirectory } from "../paths.ts";
import { forEachBounded } from "./apply.ts";
import { CONTROL, desiredState } from "./desired.ts";
import { EMPTY_DESCRIBE } from "./describe.ts";
import { INTERNET, OPERATOR } from "./internet.ts";
import { Kernel, type ShownLink } from "./kernel.ts";
import { RESOLVER } from "./resolver.ts";
import { loadWorld } from "./world.ts";

/** Namespaces that services and the engine are started in, before the fabric runs. */
const BASE_ROLES: readonly string[] = [CONTROL, INTERNET, OPERATOR, RESOLVER];

const CONCURRENCY = 4;

/**
 * Makes what services are started in: `ctl`, `inet` and `rslv` with the addresses that their services listen on, and
 * `op`. What is there already stays as it is; links and routes are the fabric's to make.
 */
export async function createBaseNamespaces(root: string = sandboxDirectory()): Promise<void> {
  const kernel = new Kernel(root);
  const state = desiredState(EMPTY_DESCRIBE, loadWorld(), (role) => kernel.fullName(role));
  const existing = new Set(kernel.roles().filter((role) => kernel.isWhole(role)));
  for (const wanted of state.namespaces.filter(({ role }) => BASE_ROLES.includes(role))) {
    if (!existing.has(wanted.role)) {
      if (kernel.roles().includes(wanted.role)) {
        await kernel.deleteNamespace(wanted.role);
      }
      await kernel.addNamespace(wanted.role);
      await kernel.writeSysctls(wanted.role, wanted.sysctls);
    }
    await kernel.batch(
      wanted.role,
      wanted.addresses
        .filter(({ device }) => device === "lo")
        .map(({ device, cidr }) => `address replace ${cidr} dev ${device}`),
    );
    if (wanted.resolver !== undefined) {
      kernel.setResolver(wanted.role, wanted.resolver);
    }
  }
}

/**
 * Removes every namespace of the sandbox and what belongs to it, also of one that was built in part. Links go first,
 * so that a process that outlives its namespace's name has no way out of it.
 *
 * Services and machines are to be ended before; those that were not are named in the answer.
 */
export async function destroyFabric(root: string = sandboxDirectory()): Promise<string[]> {
  const kernel = new Kernel(root);
  const left: string[] = [];
  await forEachBounded(kernel.roles(), CONCURRENCY, async (role) => {
    if (kernel.isWhole(role)) {
      const pids = await kernel.processes(role);
      left.push(...pids.map((pid) => `process ${pid} still lives in what was ${kernel.fullName(role)}`));
      const links = await kernel.links(role);
      await kernel.tryBatch(
        role,
        links.filter((link) => link.ifname !== "lo").map((link) => `link del ${link.ifname}`),
      );
    }
    await kernel.deleteNamespace(role);
  });
  for (const role of kernel.resolverRoles()) {
    kernel.removeResolver(role);
  }
  return left.sort();
}

/** What of the fabric is there: after {@link destroyFabric}, nothing. */
export function listLeaks(root: string = sandboxDirectory()): string[] {
  const kernel = new Kernel(root);
  return [
    ...kernel.roles().map((role) => `namespace ${kernel.fullName(role)}`),
    ...kernel.resolverRoles().map((role) => `/etc/netns/${kernel.fullName(role)}`),
  ];
}

/** Why a link would let packets out of the sandbox; `undefined` if it does not. */
function breach(
  role: string,
  link: ShownLink,
  neighbours: ReadonlyMap<number, string>,
  ours: ReadonlySet<string>,
): string | undefined {
  if (link.ifname === "lo") {
    return undefined;
  }
  const kind = link.linkinfo?.info_kind;
  if (kind === undefined) {
    return "is a device of the machine";
  }
  if (link.link_netnsid !== undefined) {
    const other = neighbours.get(link.link_netnsid) ?? "";
    return ours.has(other) ? undefined : `leads to ${other === "" ? "a namespace without a name" : other}`;
  }
  // A TUN device carries packets to a process; only machines have such (wireguard-go), which lives in there as well.
  return kind === "tun" && !role.startsWith("h-") ? "leads to a process" : undefined;
}

/**
 * Walks every link of every namespace of the sandbox, and of the machine's own namespace, from which it is called.
 *
 * @returns the links by which a packet could leave the sandbox; none, if it is sealed
 */
export async function verifySealed(root: string = sandboxDirectory()): Promise<string[]> {
  const kernel = new Kernel(root);
  const roles = kernel.roles();
  const ours = new Set(roles.map((role) => kernel.fullName(role)));
  const breaches: string[] = [];
  await forEachBounded(roles, CONCURRENCY, async (role) => {
    const neighbours = await kernel.neighbours(role);
    for (const link of await kernel.links(role)) {
      const reason = breach(role, link, neighbours, ours);
      if (reason !== undefined) {
        breaches.push(`${kernel.fullName(role)}: ${link.ifname} ${reason}`);
      }
    }
  });
  const outside = await kernel.outsideLinks();
  for (const link of outside.links) {
    const other = outside.neighbours.get(link.link_netnsid ?? -1);
    if (other !== undefined && ours.has(other)) {
      breaches.push(`the machine: ${link.ifname} leads to ${other}`);
    }
  }
  return breaches.sort();
}

/** The `nsenter` words that start a program in one of the sandbox's namespaces. */
export function inNamespace(role: string, root: string = sandboxDirectory()): string[] {
  return ["nsenter", `--net=${resolve("/run/netns", new Kernel(root).fullName(role))}`, "--"];
}
