/** Flows as a measure: for every pair of a sender and an address, what is meant to pass, and what may. */
import type { Endpoint } from "../../config/flows.ts";
import type { FlowPlan } from "../../plan/model.ts";
import {
  protocolTraffic,
  parseTraffic,
  type TrafficId,
  type TrafficSet,
  type TrafficTable,
} from "../sets/traffic.ts";
import { union, unionAll } from "../sets/intervals.ts";
import type { World } from "../world/model.ts";
import { meansSource, meansTarget, type Parties, type Party } from "./parties.ts";

/** In a flow `icmp` is all of it, not the echo requests alone that a question means. */
export function flowTraffic(texts: readonly string[]): TrafficSet {
  return unionAll(
    texts.map((text) =>
      text === "icmp" ? union(protocolTraffic("icmp"), protocolTraffic("icmpv6")) : parseTraffic(text),
    ),
  );
}

/** A flow, resolved to the numbers of parties and targets. */
export interface MeasuredFlow {
  readonly plan: FlowPlan;
  readonly traffic: TrafficId;
  /** By the number of a party: whether it is to be able to. */
  readonly required: readonly boolean[];
  /** By the number of a party: whether it may. */
  readonly permitted: readonly boolean[];
  /** Numbers of the targets that it is about. */
  readonly targets: readonly number[];
  /** Who must be reached, each at one of these targets at least. */
  readonly requiredTargets: ReadonlyMap<Party, readonly number[]>;
  /** Ends that are nobody: a role without hosts, an address that nobody has. */
  readonly empty: readonly Endpoint[];
}

/** What is open to the internet is open to everybody: who may come from there may also come from inside. */
function isOpen(plan: FlowPlan): boolean {
  return plan.from.some(({ kind }) => kind === "internet");
}

/** By IPv6 a flow may pass and need not: whether a service has it is another question. */
const isOldFamily = (party: Party): boolean => party.kind !== "internet" || party.part.family === 4;

export function measure(plan: FlowPlan, { all, targets }: Parties, world: World): MeasuredFlow {
  const named = all.map((party) => plan.from.some((end) => meansSource(end, party, targets, world)));
  const reached = [...targets.keys()].filter((number) => {
    const target = targets[number];
    return target !== undefined && plan.to.some((end) => meansTarget(end, target, world));
  });
  const required = new Map<Party, number[]>();
  for (const number of reached) {
    const party = targets[number]?.party;
    if (party !== undefined && isOldFamily(party))
      required.set(party, [...(required.get(party) ?? []), number]);
  }
  // Who may go anywhere on the internet may go to devices on the way, which nobody manages.
  const devices = [...targets.keys()].filter((number) => targets[number]?.party.kind === "devices");
  const toInternet = plan.to.some(({ kind }) => kind === "internet");
  return {
    plan,
    traffic: world.table.id(flowTraffic(plan.traffic)),
    required: all.map((party, index) => named[index] === true && isOldFamily(party)),
    permitted: named.map((isNamed) => isNamed || isOpen(plan)),
    targets: toInternet ? [...new Set([...reached, ...devices])] : reached,
    requiredTargets: required,
    empty: [
      ...plan.from.filter((end) => !all.some((party) => meansSource(end, party, targets, world))),
      ...plan.to.filter((end) => !targets.some((target) => meansTarget(end, target, world))),
    ],
  };
}

/** Unions of sets by their numbers: the same few meet again and again. */
export class Unions {
  readonly #table: TrafficTable;
  readonly #known = new Map<number, TrafficId>();

  constructor(table: TrafficTable) {
    this.#table = table;
  }

  or(a: TrafficId, b: TrafficId): TrafficId {
    if (a === b || b === 0) return a;
    if (a === 0) return b;
    const key = Math.min(a, b) * 2 ** 26 + Math.max(a, b);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = this.#table.id(union(this.#table.set(a), this.#table.set(b)));
    this.#known.set(key, id);
    return id;
  }
}
