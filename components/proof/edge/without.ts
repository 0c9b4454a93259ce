/** The network with machines that are down: what fails over is asked about there. */
import { Gate } from "../rules/gate.ts";
import type { HostNode, World } from "../world/model.ts";

/** A machine that is down takes nothing, sends nothing and passes nothing on. */
function down(world: World, host: HostNode): HostNode {
  const origin = { where: "taken out by the question", rule: "it is down", path: host.path };
  const closed = new Gate({ rules: [], otherwise: { verdict: "drop", origin } }, world.table);
  return { ...host, gates: () => [closed], masquerade: () => undefined };
}

/**
 * @param keys hosts, or regions and sites for all hosts there
 * @throws Error where the network has no such host, region or site
 */
export function withoutHosts(world: World, keys: readonly string[]): World {
  const hosts = new Map(world.hosts);
  for (const key of keys) {
    const found = [...world.hosts.values()].filter(
      (host) => host.key === key || host.key.startsWith(`${key}/`),
    );
    if (found.length === 0) throw new Error(`the network has no host, region or site ${key}`);
    for (const host of found) hosts.set(host.key, down(world, host));
  }
  return { ...world, hosts };
}
