/**
 * Devices that nobody manages, such as a television, for as long as something is asked from them or about them: a
 * namespace with a cable to a network of a site. They bear the sandbox's names, so that `npm stop` removes also those
 * that were left by a program that was killed.
 */
import { createHash } from "node:crypto";
import { NOT_FORWARDING, NO_IPV6 } from "../fabric/state.ts";
import { Kernel } from "../fabric/kernel.ts";
import { linkName } from "../fabric/names.ts";
import { bridgeOf, switchRole } from "../fabric/site.ts";
import { networksOf } from "../fabric/site-networks.ts";
import type { World } from "../fabric/world.ts";
import { SandboxError } from "../mode.ts";

/** A device as whoever plugs it in configures it. */
export interface Device {
  readonly name: string;
  readonly site: string;
  /** The network's block. */
  readonly network: string;
  readonly address: string;
  /** Where it sends what is not for the network; `undefined` where it knows nobody. */
  readonly gateway: string | undefined;
}

const rolePrefix = "probe-";

export function deviceRole({ site, network }: Device): string {
  return `${rolePrefix}${site}-${network.replaceAll(/[./]/g, "-")}`;
}

/** The same whenever the device is plugged in: its neighbours remember it for a while. The 02 says that it is made up. */
function macOf(role: string): string {
  const digits = createHash("sha256").update(role).digest("hex").slice(0, 10);
  return `02:${digits.match(/../g)?.join(":") ?? ""}`;
}

function bridgeFor(world: World, { site, network }: Device): string {
  const found = world.sites[site];
  const [name] = Object.entries(found === undefined ? {} : networksOf(found)).find(
    ([, each]) => each.network === network,
  ) ?? [undefined];
  if (found === undefined || name === undefined) {
    throw new SandboxError(`The sandbox's world has no network ${network} in ${site}.`, 2);
  }
  return bridgeOf(found, name);
}

async function plugIn(kernel: Kernel, world: World, device: Device): Promise<void> {
  const role = deviceRole(device);
  const port = linkName("q", role);
  const bridge = bridgeFor(world, device);
  await kernel.addNamespace(role);
  await kernel.writeSysctls(role, [...NOT_FORWARDING, ...NO_IPV6]);
  await kernel.batch(switchRole(device.site), [
    `link add ${port} type veth peer name eth0 netns ${kernel.fullName(role)}`,
    `link set ${port} master ${bridge} up`,
  ]);
  await kernel.batch(role, [
    `address add ${device.address}/${device.network.split("/")[1] ?? ""} dev eth0`,
    `link set eth0 address ${macOf(role)} up`,
    ...(device.gateway === undefined ? [] : [`route add default via ${device.gateway}`]),
  ]);
}

async function unplug(kernel: Kernel): Promise<void> {
  for (const role of kernel.roles().filter((each) => each.startsWith(rolePrefix))) {
    // With the namespace goes its end of the cable, and with it the other.
    await kernel.deleteNamespace(role);
  }
}

/** Runs something while the devices are plugged in. */
export async function withDevices<T>(
  kernel: Kernel,
  world: World,
  devices: readonly Device[],
  body: () => Promise<T>,
): Promise<T> {
  await unplug(kernel);
  try {
    for (const device of devices) await plugIn(kernel, world, device);
    return await body();
  } finally {
    await unplug(kernel);
  }
}
