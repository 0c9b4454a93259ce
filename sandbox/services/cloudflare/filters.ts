/** Lists: which items a query asks for, in which order, and which page of them. */
import { refusals } from "./errors.ts";
import { textStrings } from "./content.ts";
import type { DnsRecord, Zone } from "./store.ts";
import type { Credentials } from "./credentials.ts";

export interface Page<T> {
  readonly items: readonly T[];
  readonly info: {
    readonly page: number;
    readonly per_page: number;
    readonly count: number;
    readonly total_count: number;
    readonly total_pages: number;
  };
}

type Test<T> = (item: T) => boolean;

function integer(query: URLSearchParams, name: string, absent: number): number {
  const text = query.get(name);
  if (text === null || text === "") return absent;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw refusals.invalidBody();
  return value;
}

/** One page of a list: `page` from 1 and `per_page` of the query. */
export function paginate<T>(
  items: readonly T[],
  query: URLSearchParams,
  perPage: number,
  most: number,
): Page<T> {
  const page = integer(query, "page", 1);
  const size = Math.min(integer(query, "per_page", perPage), most);
  const shown = items.slice((page - 1) * size, page * size);
  return {
    items: shown,
    info: {
      page,
      per_page: size,
      count: shown.length,
      total_count: items.length,
      total_pages: Math.ceil(items.length / size),
    },
  };
}

function choice(query: URLSearchParams, name: string, allowed: readonly string[], absent: string): string {
  const value = query.get(name) ?? absent;
  if (!allowed.includes(value)) throw refusals.invalidBody();
  return value;
}

/** A test of all or any of several; without a test everything passes. */
function combine<T>(tests: readonly Test<T>[], match: string): Test<T> {
  if (tests.length === 0) return () => true;
  return match === "any"
    ? (item) => tests.some((test) => test(item))
    : (item) => tests.every((test) => test(item));
}

function sorted<T>(items: readonly T[], key: (item: T) => string | number, direction: string): readonly T[] {
  const sign = direction === "desc" ? -1 : 1;
  return items.toSorted((a, b) => {
    const [x, y] = [key(a), key(b)];
    return x === y ? 0 : x < y ? -sign : sign;
  });
}

const textOperators: Readonly<Record<string, (text: string, wanted: string) => boolean>> = {
  equal: (text, wanted) => text.toLowerCase() === wanted.toLowerCase(),
  not_equal: (text, wanted) => text.toLowerCase() !== wanted.toLowerCase(),
  starts_with: (text, wanted) => text.toLowerCase().startsWith(wanted.toLowerCase()),
  ends_with: (text, wanted) => text.toLowerCase().endsWith(wanted.toLowerCase()),
  contains: (text, wanted) => text.toLowerCase().includes(wanted.toLowerCase()),
  starts_with_case_sensitive: (text, wanted) => text.startsWith(wanted),
  ends_with_case_sensitive: (text, wanted) => text.endsWith(wanted),
  contains_case_sensitive: (text, wanted) => text.includes(wanted),
};

/** `contains:example`, or a text alone for equality: how zones are searched. */
function textFilter(wanted: string): (text: string) => boolean {
  const colon = wanted.indexOf(":");
  const operator = colon < 0 ? undefined : textOperators[wanted.slice(0, colon)];
  if (operator === undefined) return (text) => text.toLowerCase() === wanted.toLowerCase();
  return (text) => operator(text, wanted.slice(colon + 1));
}

/** `GET /zones`; internal zones are left out unless asked for. */
export function listZones(
  zones: readonly Zone[],
  query: URLSearchParams,
  credentials: Credentials,
): Page<Zone> {
  const tests: Test<Zone>[] = [];
  const add = (name: string, make: (wanted: string) => Test<Zone>) => {
    const wanted = query.get(name);
    if (wanted !== null && wanted !== "") tests.push(make(wanted));
  };
  add("name", (wanted) => {
    const test = textFilter(wanted);
    return (zone) => test(zone.name);
  });
  add("status", (wanted) => (zone) => zone.status === wanted.toLowerCase());
  add("account.id", (wanted) => () => wanted === credentials.accountId);
  add("account.name", (wanted) => {
    const test = textFilter(wanted);
    return () => test(credentials.accountName);
  });
  const types = query.getAll("type").flatMap((value) => value.split(",").filter((type) => type !== ""));
  const visible = zones.filter((zone) =>
    types.length === 0 ? zone.type !== "internal" : types.includes(zone.type),
  );
  const match = choice(query, "match", ["all", "any"], "all");
  const order = choice(query, "order", ["name", "status", "account.id", "account.name", "plan.id"], "name");
  const direction = choice(query, "direction", ["asc", "desc"], "asc");
  const key = (zone: Zone) =>
    order === "status" ? zone.status : order === "plan.id" ? zone.plan : zone.name;
  return paginate(sorted(visible.filter(combine(tests, match)), key, direction), query, 20, 50);
}

/** A TXT record's text without its quotation marks, so that a search finds it in either form. */
function searchable(record: DnsRecord): readonly string[] {
  if (record.type !== "TXT") return [record.content];
  return [record.content, Buffer.concat(textStrings(record.content)).toString("utf8")];
}

const partTests: Readonly<Record<string, (text: string, wanted: string) => boolean>> = {
  exact: (text, wanted) => text === wanted,
  contains: (text, wanted) => text.includes(wanted),
  startswith: (text, wanted) => text.startsWith(wanted),
  endswith: (text, wanted) => text.endsWith(wanted),
};

/** Tests of `name`, `name.exact`, `name.contains` and so on, case-insensitively as DNS is. */
function partFilters(
  query: URLSearchParams,
  property: string,
  texts: (record: DnsRecord) => readonly string[],
): Test<DnsRecord>[] {
  const asked = Object.entries(partTests).map(
    ([part, test]) => [query.get(`${property}.${part}`), test] as const,
  );
  const plain = [query.get(property), textOperators.equal] as const;
  return [...asked, plain].flatMap(([wanted, test]) => {
    if (wanted === null || wanted === "" || test === undefined) return [];
    const lower = wanted.toLowerCase();
    // A TXT record is found by its text, quoted or not.
    const forms = [lower, lower.replace(/^"(.*)"$/s, "$1")];
    return [
      (record: DnsRecord) =>
        texts(record).some((text) => forms.some((form) => test(text.toLowerCase(), form))),
    ];
  });
}

function commentFilters(query: URLSearchParams): Test<DnsRecord>[] {
  const tests = partFilters(query, "comment", (record) =>
    record.comment === undefined ? [] : [record.comment],
  );
  if (query.has("comment.present")) tests.push((record) => record.comment !== undefined);
  if (query.has("comment.absent")) tests.push((record) => record.comment === undefined);
  return tests;
}

/** `tag=owner:net` and its operators; a tag is `name` or `name:value`. */
function tagFilters(query: URLSearchParams): Test<DnsRecord>[] {
  const tests = partFilters(query, "tag", (record) => record.tags);
  const nameOf = (tag: string) => (tag.split(":", 1)[0] ?? tag).toLowerCase();
  for (const [operator, expected] of [
    ["tag.present", true],
    ["tag.absent", false],
  ] as const) {
    const wanted = query.get(operator)?.toLowerCase();
    if (wanted === undefined || wanted === "") continue;
    tests.push((record) => record.tags.some((tag) => nameOf(tag) === wanted) === expected);
  }
  return tests;
}

/** `GET /zones/ZONE/dns_records` */
export function listRecords(records: readonly DnsRecord[], query: URLSearchParams): Page<DnsRecord> {
  const tests: Test<DnsRecord>[] = [
    ...partFilters(query, "name", (record) => [record.name]),
    ...partFilters(query, "content", searchable),
    ...commentFilters(query),
  ];
  const tagTests = tagFilters(query);
  if (tagTests.length > 0) tests.push(combine(tagTests, choice(query, "tag_match", ["all", "any"], "all")));
  const type = query.get("type")?.toUpperCase();
  if (type !== undefined && type !== "") tests.push((record) => record.type === type);
  const proxied = query.get("proxied");
  if (proxied !== null && proxied !== "") tests.push((record) => String(record.proxied) === proxied);
  const matching = records.filter(combine(tests, choice(query, "match", ["all", "any"], "all")));
  const search = query.get("search")?.toLowerCase() ?? "";
  const found = matching.filter((record) =>
    [record.name, record.content, record.type, record.comment ?? "", ...record.tags].some((text) =>
      text.toLowerCase().includes(search),
    ),
  );
  const order = choice(query, "order", ["type", "name", "content", "ttl", "proxied"], "type");
  const direction = choice(query, "direction", ["asc", "desc"], "asc");
  const key = (record: DnsRecord): string | number => {
    if (order === "ttl") return record.ttl;
    if (order === "proxied") return Number(record.proxied);
    return order === "name" ? record.name : order === "content" ? record.content : record.type;
  };
  return paginate(sorted(found, key, direction), query, 100, 5_000_000);
}
