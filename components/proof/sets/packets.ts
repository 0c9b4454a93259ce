/**
 * Exact sets of packets: source × destination × traffic.
 *
 * A set is kept as a decision diagram of three levels. Sources fall into disjoint groups by which packets are in the
 * set from there, destinations likewise within each; a group is one set of addresses, however many networks it has.
 * No group repeats another's contents, none is empty, and groups are in the order of their lowest addresses, so equal
 * sets have equal diagrams.
 */
import {
  difference,
  intersection,
  isEmpty,
  keyOf,
  lowest,
  union,
  type Intervals,
  type Point,
} from "./intervals.ts";
import type { AddressSet } from "./addresses.ts";
import type { TrafficSet } from "./traffic.ts";

/** Groups of destinations, each with what may be sent to them. */
interface Destinations {
  readonly groups: readonly { readonly to: AddressSet; readonly traffic: TrafficSet }[];
  readonly key: string;
}

export interface PacketSet {
  readonly groups: readonly { readonly from: AddressSet; readonly destinations: Destinations }[];
  /** Equal for equal sets, and for no others. */
  readonly key: string;
}

/** One packet. */
export interface Packet {
  readonly from: Point;
  readonly to: Point;
  readonly traffic: number;
}

interface Level<Value> {
  readonly at: AddressSet;
  readonly value: Value;
}

/** What the two levels of the diagram have in common: how values are combined, told apart and found empty. */
interface Values<Value> {
  readonly none: Value;
  readonly key: (value: Value) => string;
  readonly isEmpty: (value: Value) => boolean;
}

/** Groups with equal values become one, empty ones none; the rest are put in order. */
function canonical<Value>(parts: readonly Level<Value>[], values: Values<Value>): Level<Value>[] {
  const byKey = new Map<string, Level<Value>>();
  for (const { at, value } of parts) {
    if (isEmpty(at) || values.isEmpty(value)) continue;
    const key = values.key(value);
    const earlier = byKey.get(key);
    byKey.set(key, { at: earlier === undefined ? at : union(earlier.at, at), value });
  }
  return [...byKey.values()].sort((a, b) => ((lowest(a.at) ?? 0) < (lowest(b.at) ?? 0) ? -1 : 1));
}

/** Cuts both levels at each other's groups, and combines the values of each part. */
function combine<Value>(
  a: readonly Level<Value>[],
  b: readonly Level<Value>[],
  values: Values<Value>,
  operation: (a: Value, b: Value) => Value,
): Level<Value>[] {
  const parts: Level<Value>[] = [];
  let onlyB = b.map(({ at, value }) => ({ at, value }));
  for (const left of a) {
    let rest = left.at;
    const next: Level<Value>[] = [];
    for (const right of onlyB) {
      const both = intersection(rest, right.at);
      if (isEmpty(both)) {
        next.push(right);
        continue;
      }
      parts.push({ at: both, value: operation(left.value, right.value) });
      rest = difference(rest, both);
      const remaining = difference(right.at, both);
      if (!isEmpty(remaining)) next.push({ at: remaining, value: right.value });
    }
    onlyB = next;
    parts.push({ at: rest, value: operation(left.value, values.none) });
  }
  parts.push(...onlyB.map(({ at, value }) => ({ at, value: operation(values.none, value) })));
  return canonical(parts, values);
}

type Operation = (a: Intervals, b: Intervals) => Intervals;

const trafficValues: Values<TrafficSet> = { none: [], key: keyOf, isEmpty };

function destinationsOf(levels: readonly Level<TrafficSet>[]): Destinations {
  const groups = levels.map(({ at, value }) => ({ to: at, traffic: value }));
  return { groups, key: groups.map(({ to, traffic }) => `${keyOf(to)}>${keyOf(traffic)}`).join(";") };
}

const noDestinations = destinationsOf([]);

const destinationValues: Values<Destinations> = {
  none: noDestinations,
  key: ({ key }) => key,
  isEmpty: ({ groups }) => groups.length === 0,
};

function packetSetOf(levels: readonly Level<Destinations>[]): PacketSet {
  const groups = levels.map(({ at, value }) => ({ from: at, destinations: value }));
  return {
    groups,
    key: groups.map(({ from, destinations }) => `${keyOf(from)}:(${destinations.key})`).join("|"),
  };
}

function combineDestinations(a: Destinations, b: Destinations, operation: Operation): Destinations {
  const levels = (set: Destinations): Level<TrafficSet>[] =>
    set.groups.map(({ to, traffic }) => ({ at: to, value: traffic }));
  return destinationsOf(combine(levels(a), levels(b), trafficValues, operation));
}

function combineSets(a: PacketSet, b: PacketSet, operation: Operation): PacketSet {
  const levels = (set: PacketSet): Level<Destinations>[] =>
    set.groups.map(({ from, destinations }) => ({ at: from, value: destinations }));
  return packetSetOf(
    combine(levels(a), levels(b), destinationValues, (left, right) =>
      combineDestinations(left, right, operation),
    ),
  );
}

export const noPackets: PacketSet = packetSetOf([]);

/** Every packet from one of the sources to one of the destinations with one kind of the traffic. */
export function packets(from: AddressSet, to: AddressSet, traffic: TrafficSet): PacketSet {
  const destinations = destinationsOf(canonical([{ at: to, value: traffic }], trafficValues));
  return packetSetOf(canonical([{ at: from, value: destinations }], destinationValues));
}

export function unionOf(a: PacketSet, b: PacketSet): PacketSet {
  return combineSets(a, b, union);
}

export function intersectionOf(a: PacketSet, b: PacketSet): PacketSet {
  return combineSets(a, b, intersection);
}

/** The packets of `a` that are not in `b`. */
export function differenceOf(a: PacketSet, b: PacketSet): PacketSet {
  return combineSets(a, b, difference);
}

export function isEmptySet(set: PacketSet): boolean {
  return set.groups.length === 0;
}

export function equalSets(a: PacketSet, b: PacketSet): boolean {
  return a.key === b.key;
}

/** Some packet of the set, always the same one; `undefined` where the set is empty. */
export function witness(set: PacketSet): Packet | undefined {
  const [group] = set.groups;
  const [inner] = group?.destinations.groups ?? [];
  if (group === undefined || inner === undefined) return undefined;
  return { from: lowest(group.from) ?? 0, to: lowest(inner.to) ?? 0, traffic: Number(lowest(inner.traffic)) };
}

/** Source and destination the other way round. */
export function reversed(set: PacketSet): PacketSet {
  return set.groups
    .flatMap(({ from, destinations }) =>
      destinations.groups.map(({ to, traffic }) => packets(to, from, traffic)),
    )
    .reduce(unionOf, noPackets);
}
