/**
 * Reads nftables rules as the plan writes them. The grammar is a part of nft's; whatever else a rule says is an
 * error, because a rule that is not understood must not be taken for harmless.
 */
import type { AddressSet } from "../sets/addresses.ts";
import { difference, interval, unionAll } from "../sets/intervals.ts";
import {
  allTraffic,
  icmpTraffic,
  portTraffic,
  protocolTraffic,
  type PortProtocol,
  type TrafficSet,
} from "../sets/traffic.ts";

export type ConnectionState = "new" | "established" | "related" | "invalid";

/** A condition on the names of interfaces: one of them, or none of them. */
export interface InterfaceMatch {
  readonly names: readonly string[];
  readonly negated: boolean;
}

/** A condition on addresses, still as text: networks are read where symbols are known. */
export interface AddressMatch {
  readonly networks: readonly string[];
  /** A set that fills with sources as they come (`ssh_first`): at a source's first packet it is empty. */
  readonly isFilledLater: boolean;
  readonly negated: boolean;
}

export type NftAction =
  | { readonly kind: "accept" | "drop" | "masquerade" | "nothing" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

export interface NftRule {
  readonly text: string;
  readonly iif: InterfaceMatch | undefined;
  readonly oif: InterfaceMatch | undefined;
  /** All of them must match. */
  readonly from: readonly AddressMatch[];
  readonly to: readonly AddressMatch[];
  readonly traffic: TrafficSet;
  /** Source ports, of TCP and UDP alike; clients' are ephemeral. */
  readonly sourcePorts: readonly (readonly [from: number, to: number])[] | undefined;
  readonly states: readonly ConnectionState[] | undefined;
  readonly action: NftAction;
}

type Draft = { -readonly [Key in keyof NftRule]: NftRule[Key] };

const icmpTypes: Readonly<Record<string, number>> = {
  "echo-reply": 0,
  "destination-unreachable": 3,
  "echo-request": 8,
};
const icmpv6Types: Readonly<Record<string, number>> = {
  "echo-request": 128,
  "echo-reply": 129,
  "nd-router-advert": 134,
  "nd-neighbor-solicit": 135,
  "nd-neighbor-advert": 136,
};

function tokens(text: string): string[] {
  return text.match(/"[^"]*"|[{}(),|&]|!=|==|[^\s{}(),|&"!=]+/g) ?? [];
}

/** Reads one rule, word by word. */
class Reader {
  readonly #words: readonly string[];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#words = tokens(text);
  }

  get ended(): boolean {
    return this.#at >= this.#words.length;
  }

  fail(): never {
    const word = this.#words[this.#at - 1] ?? "";
    throw new Error(`the proof cannot read the nftables rule "${this.#text}" at "${word}"`);
  }

  next(): string {
    const word = this.#words[this.#at++];
    return word ?? this.fail();
  }

  /** Takes the word if it is the next one. */
  takes(word: string): boolean {
    if (this.#words[this.#at] !== word) return false;
    this.#at++;
    return true;
  }

  expects(...words: readonly string[]): void {
    for (const word of words) if (this.next() !== word) this.fail();
  }

  negation(): boolean {
    if (this.takes("!=")) return true;
    this.takes("==");
    return false;
  }

  /** One value, or those between braces, or several with commas. */
  values(): string[] {
    const found: string[] = [];
    const braced = this.takes("{");
    do found.push(this.next().replace(/^"|"$/g, ""));
    while (this.takes(","));
    if (braced) this.expects("}");
    return found;
  }
}

function range(reader: Reader, text: string): readonly [from: number, to: number] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return reader.fail();
  return [Number(match[1]), Number(match[2] ?? match[1])];
}

function restrict(draft: Draft, traffic: TrafficSet): void {
  draft.traffic = difference(draft.traffic, difference(allTraffic, traffic));
}

function readAddresses(reader: Reader, draft: Draft): void {
  const side = reader.next();
  if (side === "hoplimit") {
    // Neighbours' packets come with 255, since no router has passed them on.
    reader.next();
    return;
  }
  if (side !== "saddr" && side !== "daddr") reader.fail();
  const negated = reader.negation();
  const values = reader.values();
  const isFilledLater = values.some((value) => value.startsWith("@"));
  const match: AddressMatch = { networks: isFilledLater ? [] : values, isFilledLater, negated };
  if (side === "saddr") draft.from = [...draft.from, match];
  else draft.to = [...draft.to, match];
}

function readPorts(reader: Reader, draft: Draft, protocol: PortProtocol): void {
  const what = reader.next();
  if (protocol === "tcp" && what === "flags") {
    // Of a connection's first packet, which is the one that is followed here.
    reader.expects("&", "(", "syn", "|", "rst", ")");
    reader.negation();
    reader.expects("syn");
    restrict(draft, protocolTraffic("tcp"));
    return;
  }
  if (protocol === "tcp" && what === "option") {
    reader.expects("maxseg", "size", "set");
    reader.next();
    return;
  }
  if (what !== "dport" && what !== "sport") reader.fail();
  const negated = reader.negation();
  const ranges = reader.values().map((text) => range(reader, text));
  if (what === "sport") {
    if (negated) reader.fail();
    restrict(draft, protocolTraffic(protocol));
    draft.sourcePorts = ranges;
    return;
  }
  const named = unionAll(ranges.map(([from, to]) => portTraffic(protocol, from, to)));
  restrict(draft, negated ? difference(protocolTraffic(protocol), named) : named);
}

function protocolNumbered(reader: Reader, text: string): TrafficSet {
  if (text === "tcp" || text === "udp" || text === "icmp" || text === "icmpv6") return protocolTraffic(text);
  if (text === "ipv6-icmp") return protocolTraffic("icmpv6");
  return /^\d{1,3}$/.test(text) ? protocolTraffic(Number(text)) : reader.fail();
}

function readIcmp(reader: Reader, draft: Draft, family: "icmp" | "icmpv6"): void {
  reader.expects("type");
  const known = family === "icmp" ? icmpTypes : icmpv6Types;
  const types = reader
    .values()
    .map((name) => known[name] ?? (/^\d+$/.test(name) ? Number(name) : reader.fail()));
  restrict(draft, unionAll(types.map((type) => icmpTraffic(family, type))));
}

const states: readonly ConnectionState[] = ["new", "established", "related", "invalid"];

function readState(reader: Reader, draft: Draft): void {
  reader.expects("state");
  draft.states = reader.values().map((text) => states.find((state) => state === text) ?? reader.fail());
}

function readInterface(reader: Reader): InterfaceMatch {
  const negated = reader.negation();
  return { negated, names: reader.values() };
}

/** Sets are filled as packets pass; what is in them later is not followed. */
function readSetChange(reader: Reader): void {
  if (!reader.next().startsWith("@")) reader.fail();
  reader.expects("{", "ip", "saddr", "}");
}

function readReject(reader: Reader, draft: Draft): void {
  if (reader.takes("with")) {
    reader.next();
    reader.next();
  }
  draft.action = { kind: "drop" };
}

const readers: Readonly<Record<string, (reader: Reader, draft: Draft) => void>> = {
  iifname: (reader, draft) => (draft.iif = readInterface(reader)),
  oifname: (reader, draft) => (draft.oif = readInterface(reader)),
  ip: (reader, draft) => {
    draft.from = [...draft.from, v4Only];
    readAddresses(reader, draft);
  },
  ip6: (reader, draft) => {
    draft.from = [...draft.from, v6Only];
    readAddresses(reader, draft);
  },
  tcp: (reader, draft) => {
    readPorts(reader, draft, "tcp");
  },
  udp: (reader, draft) => {
    readPorts(reader, draft, "udp");
  },
  icmp: (reader, draft) => {
    readIcmp(reader, draft, "icmp");
  },
  icmpv6: (reader, draft) => {
    readIcmp(reader, draft, "icmpv6");
  },
  meta: (reader, draft) => {
    reader.expects("l4proto");
    restrict(draft, unionAll(reader.values().map((text) => protocolNumbered(reader, text))));
  },
  ct: readState,
  add: readSetChange,
  update: readSetChange,
  counter: () => undefined,
  comment: (reader) => reader.next(),
  accept: (_, draft) => (draft.action = { kind: "accept" }),
  drop: (_, draft) => (draft.action = { kind: "drop" }),
  reject: readReject,
  masquerade: (_, draft) => (draft.action = { kind: "masquerade" }),
  jump: (reader, draft) => (draft.action = { kind: "jump", chain: reader.next() }),
  goto: (reader, draft) => (draft.action = { kind: "goto", chain: reader.next() }),
};

/** What `ip` and `ip6` say before anything else. */
const v4Only: AddressMatch = { networks: ["::/0"], isFilledLater: false, negated: true };
const v6Only: AddressMatch = { networks: ["::/0"], isFilledLater: false, negated: false };

/**
 * Reads one rule of nft's.
 * @throws Error naming the word that is not understood
 */
export function readNftRule(text: string): NftRule {
  const reader = new Reader(text);
  const draft: Draft = {
    text,
    iif: undefined,
    oif: undefined,
    from: [],
    to: [],
    traffic: allTraffic,
    sourcePorts: undefined,
    states: undefined,
    action: { kind: "nothing" },
  };
  while (!reader.ended) {
    const read = readers[reader.next()] ?? reader.fail();
    read(reader, draft);
  }
  return draft;
}

/** Whether the interface's name is one that is meant; an unknown name matches only what is negated. */
export function matchesInterface(match: InterfaceMatch | undefined, name: string | undefined): boolean {
  if (match === undefined) return true;
  return (name !== undefined && match.names.includes(name)) !== match.negated;
}

/** Every address, symbols included. */
export const everywhere: AddressSet = interval(-Number.MAX_SAFE_INTEGER, 2n ** 130n);
