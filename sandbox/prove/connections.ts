/**
 * What the sandbox's routers remember of probes. A change of gates ends the connections that would not be let through
 * any more, one by one or, where they are many, all of a namespace: it is not to find thousands of ours among them.
 */
import { forEachBounded } from "../fabric/apply.ts";
import type { Kernel } from "../fabric/kernel.ts";
import type { PortRun } from "./source-ports.ts";

/** As many namespaces are worked on at once. */
const concurrency = 4;

/** Those that end by themselves within so many seconds are left to it. */
const soonSeconds = 3;

function fieldOf(line: string, name: string): string | undefined {
  return new RegExp(`(?:^| )${name} (\\S+)`).exec(line)?.[1];
}

/**
 * Turns `conntrack --dump --output save` into the commands that delete those from the runs of source ports. Those that
 * live longest come first: the program ends at the first that it does not find any more.
 */
export function deletions(dump: string, runs: readonly PortRun[]): string[] {
  return dump
    .split("\n")
    .map((line) => ({ line, left: Number(fieldOf(line, "-t")) }))
    .filter(({ line, left }) => {
      const port = Number(fieldOf(line, "--sport") ?? fieldOf(line, "--icmp-id"));
      return left > soonSeconds && runs.some(([from, to]) => port >= from && port <= to);
    })
    .sort((a, b) => b.left - a.left)
    .map(({ line }) => {
      const kept = ["-s", "-d", "-p", "--sport", "--dport", "--icmp-type", "--icmp-code", "--icmp-id"];
      const words = kept.flatMap((name) => {
        const value = fieldOf(line, name);
        return value === undefined ? [] : [name, value];
      });
      return ["-D", ...words].join(" ");
    });
}

/** Ends what namespaces remember of probes from these source ports. */
export async function forgetConnections(
  kernel: Kernel,
  roles: readonly string[],
  runs: readonly PortRun[],
): Promise<void> {
  await forEachBounded(roles, concurrency, async (role) => {
    const dump = await kernel.execute(role, ["conntrack", "--dump", "--output", "save"]);
    const commands = deletions(dump, runs);
    if (commands.length === 0) return;
    // One that somebody else has ended meanwhile is an error to the program, and none to us.
    await kernel.execute(
      role,
      ["sh", "-c", "conntrack --load-file - >/dev/null 2>&1 || true"],
      `${commands.join("\n")}\n`,
    );
  });
}
