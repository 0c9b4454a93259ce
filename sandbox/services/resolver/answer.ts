/** What the resolver of a VPC answers: by itself about private zones, and otherwise what others say. */
import type { Answer, RecordType } from "dns-packet";
import type { Reply } from "../cloudflare/dns-answer.ts";
import type { ask } from "./ask.ts";
import { plain, wayOf, type ForwardingRule, type NameServer, type PrivateZone, type Way } from "./names.ts";

/** Longer chains of CNAMEs are taken for loops. */
const longestChain = 8;

/** Of each attempt; clients wait for five seconds. */
const timeoutMilliseconds = 1500;

/** How long a negative answer of a private zone may be remembered: the least of the SOA's TTL and its last field. */
const negativeTtlSeconds = 900;

export interface Surroundings {
  readonly ways: readonly Way[];
  /** The internet's name server. */
  readonly internet: NameServer;
  readonly ask: typeof ask;
}

const failure: Reply = { code: "SERVFAIL", answers: [], authorities: [] };

function toWire(name: string, type: string, ttl: number, value: string): Answer {
  return { name, type, ttl, data: type === "CNAME" ? plain(value) : value } as Answer;
}

function soa({ domain, records }: PrivateZone): Answer[] {
  const set = records.find(({ name, type }) => name === domain && type === "SOA");
  const [mname = "", rname = "", ...numbers] = (set?.values[0] ?? "").split(" ");
  const [serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0] = numbers.map(Number);
  const data = { mname: plain(mname), rname: plain(rname), serial, refresh, retry, expire, minimum };
  return set === undefined ? [] : [{ name: domain, type: "SOA", ttl: negativeTtlSeconds, data }];
}

/** The records of the name itself, else those of the wildcard above it that is nearest (RFC 4592). */
function recordsOf(
  { domain, records }: PrivateZone,
  name: string,
): readonly PrivateZone["records"][number][] {
  const exists = (each: string): boolean =>
    records.some((record) => record.name === each || record.name.endsWith(`.${each}`));
  if (exists(name)) return records.filter((record) => record.name === name);
  const labels = name.split(".");
  const above = labels.slice(1).map((_, index) => labels.slice(index + 1).join("."));
  const closest = above.find((each) => each === domain || exists(each));
  return records.filter((record) => record.name === `*.${closest ?? domain}`);
}

/** What a private zone itself says; a CNAME is followed by whoever asked. */
function fromZone(zone: PrivateZone, name: string, type: RecordType): Reply {
  const key = plain(name);
  const found = recordsOf(zone, key);
  const set = found.find((record) => record.type === type) ?? found.find((record) => record.type === "CNAME");
  if (set !== undefined && ["A", "CNAME"].includes(set.type)) {
    const answers = set.values.map((value) => toWire(name, set.type, set.ttl, value));
    return { code: "NOERROR", answers, authorities: [] };
  }
  const isKnown = found.length > 0 || zone.records.some((record) => record.name.endsWith(`.${key}`));
  // A name that the zone does not have does not exist, whatever the internet says of it.
  return { code: isKnown ? "NOERROR" : "NXDOMAIN", answers: [], authorities: soa(zone) };
}

/** Asks one target after the other, each from another of the endpoint's addresses, until one answers. */
async function forwarded(
  { targets, sources }: ForwardingRule,
  question: { readonly name: string; readonly type: RecordType },
  around: Surroundings,
): Promise<Reply> {
  for (const [index, server] of [...targets, ...targets].entries()) {
    const source = sources[index % sources.length];
    // Without an endpoint there is nowhere to ask from.
    if (source === undefined) return failure;
    try {
      return await around.ask({ ...question, server, source, timeoutMilliseconds });
    } catch {
      // The next one may answer.
    }
  }
  return failure;
}

function step(name: string, type: RecordType, around: Surroundings): Promise<Reply> | Reply {
  const way = wayOf(around.ways, name);
  if (way?.kind === "zone") return fromZone(way, name, type);
  if (way?.kind === "forward") return forwarded(way, { name, type }, around);
  return around
    .ask({
      server: around.internet,
      source: undefined,
      name,
      type,
      timeoutMilliseconds: 2 * timeoutMilliseconds,
    })
    .catch(() => failure);
}

/** Where the answers lead from a name by CNAMEs; the name itself where they do not. */
function endOf(answers: readonly Answer[], name: string): string {
  let current = name;
  for (let hop = 0; hop < longestChain; hop += 1) {
    const alias = answers.find((each) => each.type === "CNAME" && plain(each.name) === plain(current));
    if (alias === undefined || typeof (alias as { data?: unknown }).data !== "string") return current;
    current = (alias as { readonly data: string }).data;
  }
  return current;
}

/** Answers one question, following CNAMEs from one zone, rule or the internet to another. */
export async function resolve(name: string, type: RecordType, around: Surroundings): Promise<Reply> {
  const answers: Answer[] = [];
  let current = name;
  for (let hop = 0; hop <= longestChain; hop += 1) {
    const reply = await step(current, type, around);
    answers.push(...reply.answers);
    const end = endOf(reply.answers, current);
    const isAnswered = reply.answers.some((each) => each.type === type && plain(each.name) === plain(end));
    // Who said where the name leads may not know what is there.
    if (type === "CNAME" || isAnswered || plain(end) === plain(current)) return { ...reply, answers };
    current = end;
  }
  return failure;
}
