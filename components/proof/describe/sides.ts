/** Who is meant by a rule: networks, prefix lists, and groups by their members. */
import type { GateRule, Side } from "../rules/gate.ts";
import { allV4, allV6, type SymbolSpace } from "../sets/addresses.ts";
import { difference, isEmpty, nowhere, union, unionAll, type Intervals } from "../sets/intervals.ts";
import { networksOf, type Export } from "./collect.ts";
import type { Match } from "./traffic.ts";

export const everyAddress: Intervals = union(allV4, allV6);

/** Nobody can tell who. */
export const somebody: Side = { addresses: nowhere, undecided: everyAddress };

export function networkSide(space: SymbolSpace, network: string): Side {
  return { addresses: space.network(network), undecided: nowhere };
}

/** The networks of a prefix list as one; anybody may be in one that the export does not have. */
export function prefixListSide(space: SymbolSpace, { prefixLists, notes }: Export, id: string): Side {
  const list = prefixLists.get(id);
  const networks = list === undefined ? undefined : networksOf(list.value);
  if (networks !== undefined) {
    return { addresses: unionAll(networks.map((network) => space.network(network))), undecided: nowhere };
  }
  notes.add({
    file: list?.file ?? "",
    object: id,
    field: "Entries",
    consequence:
      "the export does not say which networks are in the prefix list (describe-prefix-lists, " +
      "get-managed-prefix-list-entries): what hangs on it cannot be answered",
  });
  return somebody;
}

/** A rule of a gate for what matches for sure, and one for what may match or not. */
export function rulesOf(
  match: Match,
  side: Side,
  rule: Omit<GateRule, "from" | "to" | "traffic">,
  direction: "ingress" | "egress",
): GateRule[] {
  const placed = (at: Side): Pick<GateRule, "from" | "to"> =>
    direction === "ingress" ? { from: at, to: undefined } : { from: undefined, to: at };
  const doubtful: Side = { addresses: nowhere, undecided: union(side.addresses, side.undecided) };
  return [
    { ...rule, ...placed(side), traffic: match.sure },
    { ...rule, ...placed(doubtful), traffic: difference(match.maybe, match.sure) },
  ].filter(({ traffic }) => !isEmpty(traffic));
}
