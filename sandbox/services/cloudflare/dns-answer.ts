/**
 * What the sandbox's resolver answers: the zones of the simulated Cloudflare, and the names of the sandbox itself.
 *
 * The resolver is the whole DNS of the sandbox's internet: it knows every zone, so it never asks anyone else, and
 * what it does not know does not exist (RFC 1034, 4.3.2; wildcards as in RFC 4592; negative answers as in RFC 2308).
 */
import { isIPv4, isIPv6 } from "node:net";
import type { Answer, CaaData, RecordType, SrvData } from "dns-packet";
import { textStrings } from "./content.ts";
import type { LoadBalancer } from "./load-balancers.ts";
import { isWithin } from "./names.ts";
import type { Pool } from "./pools.ts";
import type { DnsRecord, Store, Zone } from "./store.ts";

/** Names of the sandbox itself with their addresses: `page.sandbox.test`. */
export type StaticNames = Readonly<Record<string, readonly string[]>>;

export type ResponseCode = "NOERROR" | "NXDOMAIN" | "SERVFAIL" | "NOTIMP" | "REFUSED";

export interface Reply {
  readonly code: ResponseCode;
  readonly answers: readonly Answer[];
  /** The SOA of a negative answer. */
  readonly authorities: readonly Answer[];
}

/** What "automatic" means for a record that is not proxied; a proxied name lives as long. */
const automaticTtlSeconds = 300;
/** How long a negative answer may be remembered: the last field of Cloudflare's SOA records. */
const negativeTtlSeconds = 1_800;
/** Longer chains of CNAMEs are taken for loops. */
const longestChain = 8;

/** Types that the API stores and the wire format's library can write. */
const servedTypes: ReadonlySet<string> = new Set([
  "A",
  "AAAA",
  "CAA",
  "CNAME",
  "MX",
  "NS",
  "PTR",
  "SRV",
  "TXT",
]);

function soa(name: string, primary: string, modifiedOn: string, ttl: number): Answer {
  return {
    type: "SOA",
    name,
    ttl,
    data: {
      mname: primary,
      rname: "dns.cloudflare.com",
      serial: Math.floor(Date.parse(modifiedOn) / 1_000),
      refresh: 10_000,
      retry: 2_400,
      expire: 604_800,
      minimum: negativeTtlSeconds,
    },
  };
}

function zoneSoa(zone: Zone, ttl: number): Answer {
  return soa(zone.name, zone.nameServers[0] ?? "ns.cloudflare.com", zone.modifiedOn, ttl);
}

/** The record as it goes over the wire; `undefined` if the library cannot write its type. */
function toWire(record: DnsRecord, name: string): Answer | undefined {
  const ttl = record.ttl === 1 ? automaticTtlSeconds : record.ttl;
  const { content } = record;
  switch (record.type) {
    case "A":
    case "AAAA":
    case "CNAME":
    case "NS":
    case "PTR":
      return { type: record.type, name, ttl, data: content };
    case "MX":
      return { type: "MX", name, ttl, data: { preference: record.priority ?? 0, exchange: content } };
    case "TXT":
      return { type: "TXT", name, ttl, data: [...textStrings(content)] };
    case "SRV":
      return { type: "SRV", name, ttl, data: record.data as unknown as SrvData };
    case "CAA":
      return {
        type: "CAA",
        name,
        ttl,
        data: record.data as unknown as CaaData,
      };
    default:
      return undefined;
  }
}

function nameWithin(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/** All that a zone says about one name: its own records, those of a wildcard, or nothing. */
type Node =
  | { readonly kind: "records"; readonly records: readonly DnsRecord[] }
  /** The name exists, because there are names below it. */
  | { readonly kind: "empty" }
  | { readonly kind: "missing" };

export class Resolver {
  readonly #store: Store;
  readonly #names: StaticNames;
  readonly #edge: readonly string[];

  /**
   * @param edge where the edge is: what proxied names answer. The sandbox's internet has IPv4 only, so unlike
   *   Cloudflare's this one has no IPv6 addresses.
   */
  constructor(store: Store, names: StaticNames, edge: readonly string[]) {
    this.#store = store;
    this.#names = names;
    this.#edge = edge;
  }

  /** Answers one question; `name` is spelt in the answer as it was in the question. */
  resolve(name: string, type: RecordType): Reply {
    const zones = this.#store.zones();
    const answers: Answer[] = [];
    let current = name;
    for (let hop = 0; hop <= longestChain; hop += 1) {
      const step = this.#step(zones, current, type);
      answers.push(...step.answers);
      if (step.next === undefined) {
        return { code: step.code, answers, authorities: step.authorities };
      }
      current = step.next;
    }
    return { code: "SERVFAIL", answers: [], authorities: [] };
  }

  #step(zones: readonly Zone[], name: string, type: RecordType): Reply & { readonly next?: string } {
    const key = nameWithin(name);
    const zone = zones
      .filter((candidate) => isWithin(key, candidate.name))
      .toSorted((a, b) => b.name.length - a.name.length)[0];
    if (zone === undefined) return this.#static(name, key, type);
    const balancer = this.#balancer(zone, key);
    const known = this.#node(zone, key);
    const node: Node = known.kind === "missing" && balancer !== undefined ? { kind: "empty" } : known;
    const negative = [zoneSoa(zone, negativeTtlSeconds)];
    if (node.kind === "missing") return { code: "NXDOMAIN", answers: [], authorities: negative };
    const records = node.kind === "records" ? node.records : [];
    const own = this.#own(zone, key, name, type, records);
    if (own.length > 0) return { code: "NOERROR", answers: own, authorities: [] };
    const edge =
      balancer === undefined
        ? this.#proxied(zone, name, type, records)
        : this.#balanced(zone, name, type, balancer);
    if (edge !== undefined)
      return { code: "NOERROR", answers: edge, authorities: edge.length > 0 ? [] : negative };
    const alias = records.find((record) => record.type === "CNAME");
    if (alias !== undefined) return this.#follow(zone, key, name, type, alias);
    const asked = records.filter((record) => record.type === type);
    if (asked.length > 0 && !servedTypes.has(type)) return { code: "NOTIMP", answers: [], authorities: [] };
    const answers = asked.flatMap((record) => toWire(record, name) ?? []);
    return { code: "NOERROR", answers, authorities: answers.length > 0 ? [] : negative };
  }

  /** Records that Cloudflare makes by itself: SOA and NS of the zone. */
  #own(
    zone: Zone,
    key: string,
    name: string,
    type: RecordType,
    records: readonly DnsRecord[],
  ): readonly Answer[] {
    if (key !== zone.name) return [];
    if (type === "SOA") return [{ ...zoneSoa(zone, negativeTtlSeconds), name }];
    if (type !== "NS" || records.some((record) => record.type === "NS")) return [];
    return zone.nameServers.map((server) => ({ type: "NS", name, ttl: 86_400, data: server }));
  }

  /**
   * What is answered for a proxied name: one proxied record makes the whole name proxied (dns/proxy-status), unless the
   * zone is paused. Only addresses are the edge's; other types are answered as they stand.
   */
  #proxied(
    zone: Zone,
    name: string,
    type: RecordType,
    records: readonly DnsRecord[],
  ): readonly Answer[] | undefined {
    const proxied = records.filter((record) => record.proxied && !zone.paused);
    if (proxied.length === 0 || !["A", "AAAA", "CNAME"].includes(type)) return undefined;
    if (type !== "A" || proxied.some((record) => record.settings.ipv6_only === true)) return [];
    return this.#edge.map((data) => ({ type: "A", name, ttl: automaticTtlSeconds, data }));
  }

  /** The load balancer of exactly this name; it goes before records of the name. */
  #balancer(zone: Zone, key: string): LoadBalancer | undefined {
    const balancers = this.#store.objects("load_balancer", zone.id) as readonly LoadBalancer[];
    return balancers.find(({ name, enabled }) => enabled && name === key);
  }

  /**
   * A proxied load balancer is answered by the edge; another one by the addresses of the first pool that is enabled.
   * Which of its origins are healthy only the edge knows.
   */
  #balanced(
    zone: Zone,
    name: string,
    type: RecordType,
    balancer: LoadBalancer,
  ): readonly Answer[] | undefined {
    if (!["A", "AAAA", "CNAME"].includes(type)) return undefined;
    if (type !== "A") return [];
    if (balancer.proxied && !zone.paused)
      return this.#edge.map((data) => ({ type, name, ttl: automaticTtlSeconds, data }));
    const pools = this.#store.objects("pool") as readonly Pool[];
    const used = [...balancer.default_pools, balancer.fallback_pool].flatMap(
      (id) => pools.find((pool) => pool.id === id && pool.enabled) ?? [],
    )[0];
    const origins = (used?.origins ?? []).filter(({ enabled, address }) => enabled && isIPv4(address));
    const ttl = balancer.ttl ?? automaticTtlSeconds;
    return origins.map(({ address }) => ({ type, name, ttl, data: address }));
  }

  /** An alias is answered as such, or, at the zone's own name and where the record asks for it, by its target. */
  #follow(
    zone: Zone,
    key: string,
    name: string,
    type: RecordType,
    alias: DnsRecord,
  ): Reply & { next?: string } {
    const flatten = key === zone.name || alias.settings.flatten_cname === true;
    const wire = toWire(alias, name);
    if (!flatten && wire !== undefined) {
      const chain = { code: "NOERROR" as const, answers: [wire], authorities: [] };
      return type === "CNAME" ? chain : { ...chain, next: alias.content };
    }
    const negative = {
      code: "NOERROR" as const,
      answers: [],
      authorities: [zoneSoa(zone, negativeTtlSeconds)],
    };
    if (type !== "A" && type !== "AAAA") {
      const beside = this.#store.recordsNamed(zone.id, key).filter((record) => record.type === type);
      const answers = beside.flatMap((record) => toWire(record, name) ?? []);
      return answers.length > 0 ? { code: "NOERROR", answers, authorities: [] } : negative;
    }
    const target = this.resolve(alias.content, type);
    if (target.code !== "NOERROR") return { code: "SERVFAIL", answers: [], authorities: [] };
    const addresses = target.answers.filter((answer) => answer.type === type);
    return addresses.length === 0
      ? negative
      : { code: "NOERROR", answers: addresses.map((answer) => ({ ...answer, name })), authorities: [] };
  }

  #node(zone: Zone, key: string): Node {
    const records = this.#store.recordsNamed(zone.id, key);
    if (records.length > 0) return { kind: "records", records };
    if (key === zone.name || this.#store.hasNode(zone.id, key)) return { kind: "empty" };
    // The closest name that exists above decides whether there is a wildcard (RFC 4592, 3.3.1).
    for (let above = key; above !== zone.name;) {
      above = above.slice(above.indexOf(".") + 1);
      const wild = this.#store.recordsNamed(zone.id, `*.${above}`);
      if (wild.length > 0) return { kind: "records", records: wild };
      if (above === zone.name || this.#store.hasNode(zone.id, above)) break;
    }
    return { kind: "missing" };
  }

  #static(name: string, key: string, type: RecordType): Reply {
    const root = [soa("", "ns.sandbox.test", new Date(0).toISOString(), negativeTtlSeconds)];
    const addresses = this.#names[key];
    if (addresses === undefined) {
      const isAbove = Object.keys(this.#names).some((known) => known.endsWith(`.${key}`));
      return { code: isAbove ? "NOERROR" : "NXDOMAIN", answers: [], authorities: root };
    }
    const answers = addresses.flatMap((data): Answer[] => {
      if (type === "A" && isIPv4(data)) return [{ type, name, ttl: automaticTtlSeconds, data }];
      if (type === "AAAA" && isIPv6(data)) return [{ type, name, ttl: automaticTtlSeconds, data }];
      return [];
    });
    return { code: "NOERROR", answers, authorities: answers.length > 0 ? [] : root };
  }
}
