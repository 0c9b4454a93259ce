/** What hosts remember of packets that came, and judge later ones by. */
import { forEachBounded } from "../fabric/apply.ts";
import type { Kernel } from "../fabric/kernel.ts";

/** As many namespaces are worked on at once. */
const concurrency = 4;

interface ShownSet {
  readonly set?: {
    readonly family: string;
    readonly table: string;
    readonly name: string;
    readonly flags?: string | readonly string[];
  };
}

/** Flags of sets that rules fill: nft 1.0.6 shows `dynamic` in its text alone, and `timeout` in JSON too. */
const filledByRules = ["dynamic", "timeout"];

/**
 * Empties the sets of nftables that rules fill by themselves, such as that of those who have opened SSH lately: the proof
 * speaks of somebody's first packet.
 */
export async function forgetSenders(kernel: Kernel, roles: readonly string[]): Promise<void> {
  await forEachBounded(roles, concurrency, async (role) => {
    const text = await kernel.execute(role, ["nft", "--json", "list", "sets"]);
    const filled = (JSON.parse(text) as { nftables: readonly ShownSet[] }).nftables.flatMap(({ set }) =>
      set !== undefined && [set.flags].flat().some((flag) => filledByRules.includes(flag ?? "")) ? [set] : [],
    );
    if (filled.length === 0) return;
    const commands = filled.map(({ family, table, name }) => `flush set ${family} ${table} ${name}\n`);
    await kernel.execute(role, ["nft", "--file", "-"], commands.join(""));
  });
}
