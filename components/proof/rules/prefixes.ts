/** Longest prefix first: how routes, AllowedIPs and everything else that names networks find the one that counts. */
import type { SymbolSpace } from "../sets/addresses.ts";
import type { Side } from "./gate.ts";
import { Boundaries, has, nowhere, type Intervals, type Point } from "../sets/intervals.ts";

export interface PrefixEntry<Value> {
  readonly network: string;
  readonly value: Value;
  /**
   * Where nobody knows the entry's networks, such as those of a prefix list: all addresses that they may hold. The
   * entry then matches none of them for sure, and goes before all others; `network` is only its name.
   */
  readonly possible?: Intervals;
}

/** How long the prefix is: 24 of `10.0.0.0/24`, all bits of an address. */
export function prefixLength(network: string): number {
  const [, length = network.includes(":") ? "128" : "32"] = network.split("/");
  return Number(length);
}

interface ReadEntry<Value> extends PrefixEntry<Value>, Side {
  readonly length: number;
}

export interface FoundEntry<Value> extends PrefixEntry<Value> {
  /** As {@link prefixLength} of its network. */
  readonly length: number;
}

/** `undecided` where it hangs on a symbol which network counts. */
export type Found<Value> = FoundEntry<Value> | "undecided" | undefined;

export class PrefixMap<Value> {
  readonly #entries: readonly ReadEntry<Value>[];
  readonly #boundaries: Boundaries;
  readonly #known = new Map<number, Found<Value>>();

  /** Where two entries have the same network, the first counts. */
  constructor(entries: readonly PrefixEntry<Value>[], space: SymbolSpace) {
    const read = entries.map((entry): ReadEntry<Value> => {
      const { network, possible } = entry;
      if (possible !== undefined) {
        return { ...entry, addresses: nowhere, undecided: possible, length: Number.POSITIVE_INFINITY };
      }
      const addresses = space.network(network);
      return { ...entry, addresses, undecided: space.undecided(network), length: prefixLength(network) };
    });
    this.#entries = read.sort((a, b) => b.length - a.length);
    this.#boundaries = new Boundaries(
      read.flatMap(({ addresses, undecided }) => [...addresses, ...undecided]),
    );
  }

  find(address: Point): Found<Value> {
    const place = this.#boundaries.rank(address);
    const known = this.#known.get(place);
    if (known !== undefined || this.#known.has(place)) return known;
    const found = this.#find(address);
    this.#known.set(place, found);
    return found;
  }

  #find(address: Point): Found<Value> {
    for (const entry of this.#entries) {
      const { network, value, length } = entry;
      if (has(entry.addresses, address)) return { network, value, length };
      if (has(entry.undecided, address)) return "undecided";
    }
    return undefined;
  }

  get entries(): readonly PrefixEntry<Value>[] {
    return this.#entries;
  }

  /** Every network that is named: two addresses that lie in the same ones are treated alike. */
  get sides(): readonly Side[] {
    return this.#entries;
  }
}
