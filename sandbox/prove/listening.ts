/** Ports on which something listens in a namespace, whoever opened them. */
import { forEachBounded } from "../fabric/apply.ts";
import type { Kernel } from "../fabric/kernel.ts";

/** As many namespaces are worked on at once. */
const concurrency = 4;

/** Reads `ss -Hlntu`: the ports of listening sockets that are not the loopback's own. */
export function parseListening(text: string): number[] {
  const ports = text.split("\n").flatMap((line) => {
    const local = line.trim().split(/\s+/)[4] ?? "";
    const match = /^(.*):(\d+)$/.exec(local);
    if (match === null || /^(?:127\.|\[::1\])/.test(match[1] ?? "")) return [];
    return [Number(match[2])];
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}

export async function listeningPorts(
  kernel: Kernel,
  roles: readonly string[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, readonly number[]>();
  await forEachBounded(roles, concurrency, async (role) => {
    found.set(role, parseListening(await kernel.execute(role, ["ss", "-Hlntu"])));
  });
  return found;
}
