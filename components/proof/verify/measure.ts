/** Flows as a measure: who is meant to reach whom, and who may, by the numbers of parties and of targets. */
import { formatEndpoint, type Endpoint } from "../../config/flows.ts";
import type { FlowPlan } from "../../plan/model.ts";
import { intersection, isEmpty, union, unionAll } from "../sets/intervals.ts";
import { parseTraffic, protocolTraffic, type TrafficId, type TrafficSet } from "../sets/traffic.ts";
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

/** Ascending numbers of parties, or of targets. */
export type Numbers = readonly number[];

/** What one flow, or several of the same, says of pairs of a sender and a target. */
export interface Meaning {
  readonly traffic: TrafficId;
  /** Parties that are to be able to. */
  readonly required: Numbers;
  /** Parties that may; `undefined` for everybody. */
  readonly permitted: Numbers | undefined;
  /** Targets that it is about. */
  readonly targets: Numbers;
  /** Of these, those whose parties must be reached, each at one of them at least. */
  readonly requiredTargets: Numbers;
}

export interface MeasuredFlow extends Meaning {
  readonly plan: FlowPlan;
  /** Ends that are nobody: a role without hosts, an address that nobody has. */
  readonly empty: readonly Endpoint[];
}

/** By IPv6 a flow may pass and need not: whether a service has it is another question. */
const isOldFamily = (party: Party | undefined): boolean =>
  party?.kind !== "internet" || party.part.family === 4;

/** Every number once, in ascending order. */
export function ascending(numbers: Iterable<number>): Numbers {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** One side of a flow. */
interface Side {
  readonly all: Numbers;
  readonly required: Numbers;
  readonly empty: readonly Endpoint[];
}

/** Finds out once for each end, and once for each list of them, who that is. */
class Ends {
  readonly #parties: Parties;
  readonly #world: World;
  readonly #hosts: ReadonlyMap<string, number>;
  readonly #sources = new Map<string, Numbers>();
  readonly #targets = new Map<string, Numbers>();
  readonly #sides = new Map<string, Side>();

  constructor(parties: Parties, world: World) {
    this.#parties = parties;
    this.#world = world;
    this.#hosts = new Map(
      parties.all.flatMap((party, index): [string, number][] =>
        party.kind === "host" ? [[party.plan.key, index]] : [],
      ),
    );
  }

  senders(ends: readonly Endpoint[]): Side {
    const { all } = this.#parties;
    return this.#side(
      "from",
      ends,
      (end) => this.#source(end),
      (number) => isOldFamily(all[number]),
    );
  }

  receivers(ends: readonly Endpoint[]): Side {
    const { targets } = this.#parties;
    return this.#side(
      "to",
      ends,
      (end) => this.#target(end),
      (number) => isOldFamily(targets[number]?.party),
    );
  }

  #side(
    side: "from" | "to",
    ends: readonly Endpoint[],
    find: (end: Endpoint) => Numbers,
    isRequired: (number: number) => boolean,
  ): Side {
    const key = `${side} ${ends.map(formatEndpoint).join(", ")}`;
    const known = this.#sides.get(key);
    if (known !== undefined) return known;
    const all = ascending(ends.flatMap(find));
    const made = {
      all,
      required: all.filter(isRequired),
      empty: ends.filter((end) => find(end).length === 0),
    };
    this.#sides.set(key, made);
    return made;
  }

  /** A host is found by its key, since most flows are about single hosts; for all others everybody is looked at. */
  #source(end: Endpoint): Numbers {
    const { all, byParty } = this.#parties;
    if (end.kind === "host") return this.#numberOf(end.host);
    return remembered(this.#sources, formatEndpoint(end), () =>
      [...all.keys()].filter((number) => {
        const [party, own] = [all[number], byParty[number]];
        return party !== undefined && meansSource(end, party, own ?? [], this.#world);
      }),
    );
  }

  #target(end: Endpoint): Numbers {
    const { targets, targetNumbers } = this.#parties;
    if (end.kind === "host") {
      return this.#numberOf(end.host).flatMap((number) => targetNumbers[number] ?? []);
    }
    return remembered(this.#targets, formatEndpoint(end), () =>
      [...targets.keys()].filter((number) => {
        const target = targets[number];
        return target !== undefined && meansTarget(end, target, this.#world);
      }),
    );
  }

  #numberOf(host: string): Numbers {
    const found = this.#hosts.get(host);
    return found === undefined ? [] : [found];
  }
}

function remembered(known: Map<string, Numbers>, key: string, make: () => Numbers): Numbers {
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}

/** What each of the flows means, in their order. */
export function measure(flows: readonly FlowPlan[], parties: Parties, world: World): MeasuredFlow[] {
  const ends = new Ends(parties, world);
  const traffic = new Map<string, TrafficId>();
  const { targets } = parties;
  // Who may go anywhere on the internet may go to devices on the way, which nobody manages.
  const devices = [...targets.keys()].filter((number) => targets[number]?.party.kind === "devices");
  const withDevices = new Map<Numbers, Numbers>();
  return flows.map((plan): MeasuredFlow => {
    const [senders, receivers] = [ends.senders(plan.from), ends.receivers(plan.to)];
    const text = plan.traffic.join(",");
    const id = traffic.get(text) ?? world.table.id(flowTraffic(plan.traffic));
    traffic.set(text, id);
    let reached = receivers.all;
    if (plan.to.some(({ kind }) => kind === "internet")) {
      reached = withDevices.get(receivers.all) ?? ascending([...receivers.all, ...devices]);
      withDevices.set(receivers.all, reached);
    }
    return {
      plan,
      traffic: id,
      required: senders.required,
      // What is open to the internet is open to everybody: who may come from there may also come from inside.
      permitted: plan.from.some(({ kind }) => kind === "internet") ? undefined : senders.all,
      targets: reached,
      requiredTargets: receivers.required,
      empty: [...senders.empty, ...receivers.empty],
    };
  });
}

/** The first flow that intends it for the sender and the receiver; what is joined may be of several flows. */
export function intending(
  flows: readonly MeasuredFlow[],
  { all, targetNumbers }: Parties,
  { from, to, traffic }: { readonly from: Party; readonly to: Party; readonly traffic: TrafficSet },
  world: World,
): FlowPlan | undefined {
  const [sender, receiver] = [all.indexOf(from), all.indexOf(to)];
  const addresses = new Set(targetNumbers[receiver]);
  const found = flows.find(
    (flow) =>
      flow.plan.kind === "intended" &&
      flow.required.includes(sender) &&
      flow.requiredTargets.some((number) => addresses.has(number)) &&
      !isEmpty(intersection(world.table.set(flow.traffic), traffic)),
  );
  return found?.plan;
}

const all = (group: readonly Meaning[], pick: (meaning: Meaning) => Numbers): Numbers =>
  group.length === 1 && group[0] !== undefined ? pick(group[0]) : ascending(group.flatMap(pick));

/**
 * As few meanings as say the same: flows from the same senders are one to all of their receivers, and flows to the same
 * receivers one from all of their senders. Most flows are about one host each and say the same of many.
 */
export function joined(flows: readonly MeasuredFlow[]): Meaning[] {
  // A party that is meant by one of its addresses must be reached there, whatever another flow says of its others.
  const isWhole = ({ plan }: MeasuredFlow): boolean => plan.to.every(({ kind }) => kind !== "network");
  const textOf = (numbers: Numbers | undefined): string => numbers?.join(" ") ?? "everybody";
  const bySenders = [
    ...Map.groupBy(flows.filter(isWhole), ({ traffic, required, permitted }) =>
      [traffic, textOf(required), textOf(permitted)].join(),
    ).values(),
  ].flatMap((group): Meaning[] => {
    const [first] = group;
    if (first === undefined) return [];
    return [
      {
        ...first,
        targets: all(group, ({ targets }) => targets),
        requiredTargets: all(group, ({ requiredTargets }) => requiredTargets),
      },
    ];
  });
  const whole = [...bySenders, ...flows.filter((flow) => !isWhole(flow))];
  return [
    ...Map.groupBy(whole, ({ traffic, permitted, targets, requiredTargets }) =>
      [traffic, permitted === undefined, textOf(targets), textOf(requiredTargets)].join(),
    ).values(),
  ].flatMap((group): Meaning[] => {
    const [first] = group;
    if (first === undefined) return [];
    const permitted = first.permitted === undefined ? undefined : all(group, (each) => each.permitted ?? []);
    return [{ ...first, required: all(group, ({ required }) => required), permitted }];
  });
}
