/** In which order a change reaches the hosts. */
import type { NetworkConfig } from "../config/schema.ts";
import type { HostPlan, RolloutPlan } from "./model.ts";

const circle = "hosts are reached through each other in a circle";

/**
 * First the canary, and before it only what it is reached through; then the hubs, one after the other, since a bad
 * change must never take both ways away at once; then all others, in batches, with what stands behind another host
 * in later ones than that host.
 *
 * @throws Error where hosts are reached through each other in a circle; the configuration's rules refuse it.
 */
export function planRollout(config: NetworkConfig, hosts: readonly HostPlan[]): RolloutPlan {
  const { batchSize, soakSeconds } = config.rollout;
  const hub = config.wireguard.hubs[config.wireguard.managementHub]?.host;
  const canary =
    config.rollout.canary ?? (hub === undefined ? undefined : `${config.wireguard.managementHub}/${hub}`);
  const byKey = new Map(hosts.map((host) => [host.key, host]));
  const done = new Set<string>();
  const batches: string[][] = [];
  const add = (batch: readonly string[]): void => {
    for (const key of batch) done.add(key);
    if (batch.length > 0) batches.push([...batch]);
  };
  for (const key of canary === undefined ? [] : wayTo(byKey, canary)) add([key]);
  for (const { key } of hosts.filter(({ role, key }) => role === "hub" && !done.has(key))) add([key]);
  while (done.size < hosts.length) {
    const ready = hosts.filter(
      (host) => !done.has(host.key) && crossedBy(host).every((crossed) => done.has(crossed)),
    );
    if (ready.length === 0) throw new Error(circle);
    for (let at = 0; at < ready.length; at += batchSize) {
      add(ready.slice(at, at + batchSize).map(({ key }) => key));
    }
  }
  return { batches, canary: canary !== undefined && byKey.has(canary) ? canary : undefined, soakSeconds };
}

/** The hosts that a host's ways of confirming cross. */
function crossedBy({ management, otherPaths }: HostPlan): string[] {
  const crossed = [management, ...otherPaths].flatMap(({ via, through }) => [via, through]);
  return [...new Set(crossed.filter((key) => key !== undefined))];
}

/** A host with everything that it is reached through before it. */
function wayTo(hosts: ReadonlyMap<string, HostPlan>, key: string, behind: readonly string[] = []): string[] {
  const host = hosts.get(key);
  if (host === undefined) return [];
  if (behind.includes(key)) throw new Error(circle);
  const before = crossedBy(host).flatMap((crossed) => wayTo(hosts, crossed, [...behind, key]));
  return [...new Set([...before, key])];
}
