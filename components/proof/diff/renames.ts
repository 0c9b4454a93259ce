/** Hosts that have another name in the other network: a new name by itself neither loses nor gains a flow. */
import { flowKey, type End, type Flow, type Flows } from "./flows.ts";

export interface Rename {
  readonly from: string;
  readonly to: string;
}

/** Those of the one network's hosts that the other does not have, by place and first address. */
function onlyIn(one: Flows, other: Flows): Map<string, End> {
  const names = new Set(other.ends.map(({ name }) => name));
  return new Map(
    one.ends
      .filter(({ name, isHost }) => isHost && !names.has(name))
      .map((end) => [`${end.place} ${end.addresses[0] ?? ""}`, end]),
  );
}

/** Hosts that are gone, and in whose place there is one of another name, with the same address. */
export function renamesOf(base: Flows, head: Flows): Rename[] {
  const added = onlyIn(head, base);
  return [...onlyIn(base, head)].flatMap(([key, { name }]) => {
    const now = added.get(key);
    return now === undefined ? [] : [{ from: name, to: now.name }];
  });
}

/** The flows by the names that their ends have now. */
export function renamed(flows: Flows, renames: readonly Rename[]): Flows {
  if (renames.length === 0) return flows;
  const names = new Map(renames.map(({ from, to }) => [from, to]));
  const end = (one: End): End => ({ ...one, name: names.get(one.name) ?? one.name });
  const all = [...flows.flows.values()].map((flow): [string, Flow] => {
    const now = { ...flow, from: end(flow.from), to: end(flow.to) };
    return [flowKey(now.from, now.to), now];
  });
  const pair = (text: string): string =>
    text
      .split(" -> ")
      .map((name) => names.get(name) ?? name)
      .join(" -> ");
  return { ends: flows.ends.map(end), flows: new Map(all), undecided: flows.undecided.map(pair) };
}
