/** Flows gained and lost between two networks, with equal ends merged so that a person can read them. */
import { covers, difference, isEmpty, union } from "../sets/intervals.ts";
import { allTraffic, formatTraffic, noTraffic, protocolTraffic, type TrafficSet } from "../sets/traffic.ts";
import type { End, Flows } from "./flows.ts";

/** What some ends may send to others, or may no more. */
export interface Difference {
  readonly change: "gained" | "lost";
  /** Names of ends, or `every host of PLACE`. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly traffic: string;
}

interface Single {
  readonly change: Difference["change"];
  readonly from: End;
  readonly to: End;
  readonly traffic: string;
}

/** All that a family of addresses has is everything. */
function textOf(traffic: TrafficSet): string {
  const isAll = (["icmp", "icmpv6"] as const).some((other) =>
    covers(union(traffic, protocolTraffic(other)), allTraffic),
  );
  return isAll ? "everything" : formatTraffic(traffic);
}

function singles(base: Flows, head: Flows): Single[] {
  const found: Single[] = [];
  for (const key of new Set([...base.flows.keys(), ...head.flows.keys()])) {
    const [before, after] = [base.flows.get(key), head.flows.get(key)];
    const known = after ?? before;
    if (known === undefined) continue;
    const { from, to } = known;
    const sets = { before: before?.traffic ?? noTraffic, after: after?.traffic ?? noTraffic };
    for (const [change, traffic] of [
      ["gained", difference(sets.after, sets.before)],
      ["lost", difference(sets.before, sets.after)],
    ] as const) {
      if (!isEmpty(traffic)) found.push({ change, from, to, traffic: textOf(traffic) });
    }
  }
  return found;
}

/** Names ends by their places where all of a place's hosts are among them. */
class Namer {
  readonly #hosts = new Map<string, Set<string>>();

  constructor(ends: readonly End[]) {
    for (const { name, place, isHost } of ends) {
      if (isHost) this.#hosts.set(place, (this.#hosts.get(place) ?? new Set()).add(name));
    }
  }

  /** @param others ends on the other side: a host needs no flow to itself for its place to be whole */
  names(ends: readonly End[], others: readonly End[]): string[] {
    const given = new Set(ends.map(({ name }) => name));
    const excused = others.length === 1 ? others[0]?.name : undefined;
    const whole = [...this.#hosts].filter(
      ([, hosts]) => hosts.size > 2 && [...hosts].every((name) => given.has(name) || name === excused),
    );
    const inWhole = new Set(whole.flatMap(([, hosts]) => [...hosts]));
    const rest = [...given].filter((name) => !inWhole.has(name)).sort();
    return [...whole.map(([place]) => `every host of ${place}`).sort(), ...rest];
  }
}

const merged = (names: readonly string[]): string => names.join(", ");

/** Merges one side first, then ends of the other side that have the same on the first. */
function mergeBy(all: readonly Single[], namer: Namer, first: "from" | "to"): Difference[] {
  const second = first === "from" ? "to" : "from";
  const rows = [
    ...Map.groupBy(all, (one) => `${one.change} ${one[second].name} ${one.traffic}`).values(),
  ].map((group) => {
    const [one] = group;
    const other = one === undefined ? [] : [one[second]];
    return {
      group,
      names: namer.names(
        group.map((each) => each[first]),
        other,
      ),
    };
  });
  return [
    ...Map.groupBy(
      rows,
      ({ group: [one], names }) => `${one?.change} ${one?.traffic} ${merged(names)}`,
    ).values(),
  ].map((alike): Difference => {
    const [{ group, names } = { group: [], names: [] }] = alike;
    const others = alike.flatMap((row) => row.group.slice(0, 1).map((one) => one[second]));
    const sides = {
      [first]: names,
      [second]: namer.names(
        others,
        group.map((one) => one[first]),
      ),
    };
    const [one] = group;
    return {
      change: one?.change ?? "gained",
      from: sides.from ?? [],
      to: sides.to ?? [],
      traffic: one?.traffic ?? "",
    };
  });
}

function order(a: Difference, b: Difference): number {
  const key = ({ from, to, traffic }: Difference): string => `${merged(from)} ${merged(to)} ${traffic}`;
  if (a.change !== b.change) return a.change === "gained" ? -1 : 1;
  return key(a) < key(b) ? -1 : 1;
}

/** In as few rows as merging the one side first, or the other, makes of them. */
export function differencesOf(base: Flows, head: Flows): Difference[] {
  const all = singles(base, head);
  const ends = new Map([...base.ends, ...head.ends].map((end) => [end.name, end]));
  const namer = new Namer([...ends.values()]);
  const [bySource, byDestination] = (["from", "to"] as const).map((side) => mergeBy(all, namer, side));
  const shortest =
    (bySource?.length ?? 0) <= (byDestination?.length ?? 0) ? (bySource ?? []) : (byDestination ?? []);
  return shortest.sort(order);
}
