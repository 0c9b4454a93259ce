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

type FilledSet = NonNullable<ShownSet["set"]>;

async function filledSets(kernel: Kernel, role: string): Promise<readonly FilledSet[]> {
  const text = await kernel.execute(role, ["nft", "--json", "list", "sets"]);
  return (JSON.parse(text) as { nftables: readonly ShownSet[] }).nftables.flatMap(({ set }) =>
    set !== undefined && [set.flags].flat().some((flag) => filledByRules.includes(flag ?? "")) ? [set] : [],
  );
}

/**
 * Empties the sets of nftables that rules fill by themselves, such as that of those who have opened SSH lately: the proof
 * speaks of somebody's first packet.
 */
export class Memory {
  readonly #kernel: Kernel;
  readonly #sets = new Map<string, readonly FilledSet[]>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** In the namespaces with these roles. */
  async forget(roles: readonly string[]): Promise<void> {
    await forEachBounded(roles, concurrency, async (role) => {
      const sets = this.#sets.get(role) ?? (await filledSets(this.#kernel, role));
      this.#sets.set(role, sets);
      if (sets.length === 0) return;
      const commands = sets.map(({ family, table, name }) => `flush set ${family} ${table} ${name}\n`);
      await this.#kernel.execute(role, ["nft", "--file", "-"], commands.join(""));
    });
  }
}
