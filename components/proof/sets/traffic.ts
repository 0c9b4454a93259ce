/**
 * What packets carry, as points on one line: TCP and UDP by destination port, ICMP and ICMPv6 by type, and every
 * other protocol as a whole. A set of them is a {@link TrafficSet}.
 *
 * Source ports are not part of it: clients open connections from ephemeral ones, see {@link replyTo}.
 */
import {
  covers,
  difference,
  intersection,
  interval,
  isEmpty,
  keyOf,
  nowhere,
  runs,
  union,
  unionAll,
  type Intervals,
  type Point,
} from "./intervals.ts";

export type TrafficSet = Intervals;

const ports = 2 ** 16;
const types = 2 ** 8;

/** Where each protocol begins on the line. */
const starts = { tcp: 0, udp: ports, icmp: 2 * ports, icmpv6: 2 * ports + types } as const;
const othersStart = 2 * ports + 2 * types;

/** IANA's numbers of the protocols that have a stretch of their own. */
const numbered: Readonly<Record<number, keyof typeof starts>> = {
  1: "icmp",
  6: "tcp",
  17: "udp",
  58: "icmpv6",
};

export type PortProtocol = "tcp" | "udp";

export const noTraffic: TrafficSet = nowhere;

function wholeOf(protocol: keyof typeof starts): TrafficSet {
  const size = protocol === "tcp" || protocol === "udp" ? ports : types;
  return interval(starts[protocol], starts[protocol] + size);
}

/** One port, or all from the first to the last. */
export function portTraffic(protocol: PortProtocol, from: number, to: number = from): TrafficSet {
  return interval(starts[protocol] + from, starts[protocol] + to + 1);
}

/** Protocol and port of one kind of traffic; `undefined` where it has no ports. */
export function portOf(
  traffic: Point,
): { readonly protocol: PortProtocol; readonly port: number } | undefined {
  const at = Number(traffic);
  if (at < starts.tcp || at >= starts.icmp) return undefined;
  return at < starts.udp ? { protocol: "tcp", port: at } : { protocol: "udp", port: at - starts.udp };
}

export function icmpTraffic(family: "icmp" | "icmpv6", type?: number): TrafficSet {
  return type === undefined ? wholeOf(family) : interval(starts[family] + type, starts[family] + type + 1);
}

/** A protocol by its name, or by IANA's number. */
export function protocolTraffic(protocol: keyof typeof starts | number): TrafficSet {
  if (typeof protocol === "string") return wholeOf(protocol);
  const named = numbered[protocol];
  return named === undefined ? interval(othersStart + protocol, othersStart + protocol + 1) : wholeOf(named);
}

export const allTraffic: TrafficSet = unionAll(
  Array.from({ length: types }, (_, number) => protocolTraffic(number)),
);

export const allTcp: TrafficSet = wholeOf("tcp");
export const allUdp: TrafficSet = wholeOf("udp");
export const allIcmp: TrafficSet = union(wholeOf("icmp"), wholeOf("icmpv6"));

/** Echo requests, of either family. */
export const echoRequest: TrafficSet = union(icmpTraffic("icmp", 8), icmpTraffic("icmpv6", 128));

/** Source ports of clients. */
export interface EphemeralPorts {
  readonly from: number;
  readonly to: number;
}

/** Linux's `net.ipv4.ip_local_port_range`, as every kernel comes with it. */
export const linuxPorts: EphemeralPorts = { from: 32768, to: 60999 };

/** AWS's NAT gateways (vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports). */
export const natGatewayPorts: EphemeralPorts = { from: 1024, to: 65535 };

/**
 * What comes back for each kind of traffic: TCP and UDP go to the client's source port, whichever it took, an echo
 * gets its reply, everything else goes back as it came. For a reply to pass, all of its set must.
 */
export function replyTo(
  traffic: TrafficSet,
  client: EphemeralPorts,
): [asked: TrafficSet, reply: TrafficSet][] {
  const answered: [TrafficSet, TrafficSet][] = [
    [allTcp, portTraffic("tcp", client.from, client.to)],
    [allUdp, portTraffic("udp", client.from, client.to)],
    [icmpTraffic("icmp", 8), icmpTraffic("icmp", 0)],
    [icmpTraffic("icmpv6", 128), icmpTraffic("icmpv6", 129)],
  ];
  const split = answered.map(([kind, reply]): [TrafficSet, TrafficSet] => [
    intersection(traffic, kind),
    reply,
  ]);
  const rest = difference(traffic, unionAll(answered.map(([kind]) => kind)));
  const same = [...runs(rest)].map(([first, last]): [TrafficSet, TrafficSet] => {
    const run = interval(first, Number(last) + 1);
    return [run, run];
  });
  return [...split, ...same].filter(([asked]) => !isEmpty(asked));
}

function formatRun(first: number, last: number): string[] {
  const texts: string[] = [];
  for (const protocol of ["tcp", "udp", "icmp", "icmpv6"] as const) {
    const [low = 0, end = 0] = wholeOf(protocol) as number[];
    const from = Math.max(first, low);
    const to = Math.min(last, end - 1);
    if (from > to) continue;
    const isPorts = protocol === "tcp" || protocol === "udp";
    const [a, b] = [from - low, to - low];
    if (from === low && to === end - 1) texts.push(`all ${protocol}`);
    else if (isPorts) texts.push(a === b ? `${a}/${protocol}` : `${a}-${b}/${protocol}`);
    else texts.push(a === b ? `${protocol} type ${a}` : `${protocol} types ${a}-${b}`);
  }
  const from = Math.max(first, othersStart) - othersStart;
  if (last >= othersStart) {
    const to = last - othersStart;
    texts.push(from === to ? `protocol ${from}` : `protocols ${from}-${to}`);
  }
  return texts;
}

/** One kind of traffic as a set. */
export function oneKind(traffic: Point): TrafficSet {
  return [traffic, Number(traffic) + 1];
}

/** `443/tcp` */
export function formatKind(traffic: Point): string {
  return formatTraffic(oneKind(traffic));
}

/** `22/tcp, 8080-8090/tcp`, `everything`, `nothing`. */
export function formatTraffic(set: TrafficSet): string {
  if (isEmpty(set)) return "nothing";
  if (keyOf(set) === keyOf(allTraffic)) return "everything";
  const others = difference(allTraffic, unionAll([allTcp, allUdp, allIcmp]));
  const hasOthers = isEmpty(difference(others, set));
  const shown = hasOthers ? difference(set, others) : set;
  const texts = [...runs(shown)].flatMap(([first, last]) => formatRun(Number(first), Number(last)));
  return [...texts, ...(hasOthers ? ["all other protocols"] : [])].join(", ");
}

const namedProtocols = ["tcp", "udp", "icmp", "icmpv6"] as const;

/**
 * Reads `443/tcp`, `8080-8090/tcp`, `icmp` (an echo request), `all`, or a protocol alone.
 * @throws Error where the text is none of these
 */
export function parseTraffic(text: string): TrafficSet {
  if (text === "all") return allTraffic;
  if (text === "icmp" || text === "ping") return icmpTraffic("icmp", 8);
  if (text === "icmpv6") return icmpTraffic("icmpv6", 128);
  const named = namedProtocols.find((protocol) => protocol === text);
  if (named !== undefined) return wholeOf(named);
  const match = /^(\d{1,5})(?:-(\d{1,5}))?\/(tcp|udp)$/.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (match === null || from > to || to >= ports) {
    throw new Error(`${text} is no traffic: it must be like 443/tcp, 8080-8090/tcp, 51820/udp, icmp or all`);
  }
  return portTraffic(match[3] === "udp" ? "udp" : "tcp", from, to);
}

/** The number of an interned set. 0 is {@link noTraffic}, 1 is {@link allTraffic}. */
export type TrafficId = number;

/** By the numbers of two sets, of which there are few. */
type Memory = TrafficId[][];

/** Gives equal sets one number, and remembers what was computed of them: the same few meet again and again. */
export class TrafficTable {
  readonly #sets: TrafficSet[] = [];
  readonly #ids = new Map<string, TrafficId>();
  readonly #and: Memory = [];
  readonly #or: Memory = [];
  readonly #minus: Memory = [];
  /** By the clients' ports. */
  readonly #answered = new Map<number, Memory>();
  /** Of the ports that were asked for last, which are nearly always the same. */
  #lastAnswered: { readonly clients: EphemeralPorts; readonly memory: Memory } | undefined;

  constructor() {
    this.id(noTraffic);
    this.id(allTraffic);
  }

  id(set: TrafficSet): TrafficId {
    const key = keyOf(set);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#sets.length;
    this.#sets.push(set);
    this.#ids.set(key, id);
    return id;
  }

  set(id: TrafficId): TrafficSet {
    const found = this.#sets[id];
    if (found === undefined) throw new Error(`no traffic has the number ${id}`);
    return found;
  }

  /** What is in both. */
  and(a: TrafficId, b: TrafficId): TrafficId {
    if (a === b || b === 1) return a;
    if (a === 1) return b;
    if (a === 0 || b === 0) return 0;
    return this.#remember(this.#and, Math.min(a, b), Math.max(a, b), intersection);
  }

  /** What is in either. */
  or(a: TrafficId, b: TrafficId): TrafficId {
    if (a === b || b === 0 || a === 1) return a;
    if (a === 0 || b === 1) return b;
    return this.#remember(this.#or, Math.min(a, b), Math.max(a, b), union);
  }

  /** What is in the first and not in the second. */
  minus(a: TrafficId, b: TrafficId): TrafficId {
    if (a === b || a === 0 || b === 1) return 0;
    if (b === 0) return a;
    return this.#remember(this.#minus, a, b, difference);
  }

  /** Of what was asked, that of which every answer is in the second. */
  answered(asked: TrafficId, passing: TrafficId, clients: EphemeralPorts): TrafficId {
    if (asked === 0 || passing === 1) return asked;
    const memory = this.#answeredBy(clients);
    return this.#remember(memory, asked, passing, (questions, answers) =>
      replyTo(questions, clients)
        .filter(([, reply]) => covers(answers, reply))
        .reduce((sum, [question]) => union(sum, question), noTraffic),
    );
  }

  #answeredBy(clients: EphemeralPorts): Memory {
    if (this.#lastAnswered?.clients === clients) return this.#lastAnswered.memory;
    const range = clients.from * ports + clients.to;
    const memory = this.#answered.get(range) ?? [];
    this.#answered.set(range, memory);
    this.#lastAnswered = { clients, memory };
    return memory;
  }

  #remember(
    memory: Memory,
    a: TrafficId,
    b: TrafficId,
    operation: (a: TrafficSet, b: TrafficSet) => TrafficSet,
  ): TrafficId {
    const row = (memory[a] ??= []);
    return (row[b] ??= this.id(operation(this.set(a), this.set(b))));
  }
}
