/** DNS records, as developers.cloudflare.com/api/resources/dns/subresources/records describes them. */
import { contentKey, isProxiableTarget, normaliseContent, recordTypes } from "./content.ts";
import { refusals } from "./errors.ts";
import type { Fields } from "./fields.ts";
import { normaliseRecordName } from "./names.ts";
import type { DnsRecord, Store, Zone } from "./store.ts";
import { newId, quotas, timestamp } from "./zones.ts";

const addressTypes: ReadonlySet<string> = new Set(["A", "AAAA", "CNAME"]);
const settingNames: readonly string[] = ["ipv4_only", "ipv6_only", "flatten_cname"];

/** A record as the API shows it. */
export function renderRecord(record: DnsRecord): Fields {
  return {
    id: record.id,
    name: record.name,
    type: record.type,
    content: record.content,
    ...(record.priority === undefined ? {} : { priority: record.priority }),
    ...(record.data === undefined ? {} : { data: record.data }),
    proxiable: addressTypes.has(record.type) && isProxiableTarget(record.type, record.content),
    proxied: record.proxied,
    ttl: record.ttl,
    settings: record.settings,
    ...(record.privateRouting === undefined ? {} : { private_routing: record.privateRouting }),
    meta: {},
    comment: record.comment ?? null,
    tags: record.tags,
    created_on: record.createdOn,
    modified_on: record.modifiedOn,
    ...(record.commentModifiedOn === undefined ? {} : { comment_modified_on: record.commentModifiedOn }),
    ...(record.tagsModifiedOn === undefined ? {} : { tags_modified_on: record.tagsModifiedOn }),
  };
}

/** A zone whose records are asked for; the API does not find the route of an unknown one. */
export function recordZone(store: Store, id: string, path: string): Zone {
  const zone = store.zone(id);
  if (zone === undefined) throw refusals.unroutable(path);
  return zone;
}

export function requireRecord(store: Store, zone: Zone, id: string): DnsRecord {
  const record = store.record(zone.id, id);
  if (record === undefined) throw refusals.recordNotFound();
  return record;
}

function readBoolean(value: unknown, absent: boolean): boolean {
  if (value === undefined || value === null) return absent;
  if (typeof value !== "boolean") throw refusals.invalidBody();
  return value;
}

function readTtl(value: unknown, proxied: boolean): number {
  if (value === undefined || value === null) return 1;
  if (typeof value !== "number" || !Number.isInteger(value)) throw refusals.ttl();
  if (value !== 1 && (value < 60 || value > 86_400)) throw refusals.ttl();
  // Cloudflare alone decides how long an answer about its own edge lives.
  return proxied ? 1 : value;
}

function readComment(value: unknown, zone: Zone): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw refusals.invalidBody();
  const limit = quotas(zone).comment;
  if (value.length > limit) throw refusals.commentLength(value.length, limit);
  return value;
}

function readTags(value: unknown, zone: Zone): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.some((tag) => typeof tag !== "string" || tag === "")) {
    throw refusals.invalidBody();
  }
  const tags = [...new Set(value as string[])].sort();
  const quota = quotas(zone).tags;
  if (tags.length > quota) throw refusals.tagQuota(tags.length, quota);
  return tags;
}

function readSettings(value: unknown): Readonly<Record<string, boolean>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw refusals.invalidBody();
  const given = Object.entries(value).filter(([name, on]) => settingNames.includes(name) && on !== null);
  if (given.some(([, on]) => typeof on !== "boolean")) throw refusals.invalidBody();
  return Object.fromEntries(given);
}

function readPriority(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 65_535) {
    throw refusals.priority();
  }
  return value;
}

function readProxied(body: Fields, type: string, content: string): boolean {
  const proxied = readBoolean(body.proxied, false);
  if (!proxied) return false;
  if (!addressTypes.has(type)) throw refusals.notProxiable();
  const isPrivate = body.private_routing === true;
  if (!isPrivate && !isProxiableTarget(type, content)) throw refusals.proxiedTarget(content);
  return true;
}

type Draft = Omit<DnsRecord, "id" | "createdOn" | "modifiedOn" | "commentModifiedOn" | "tagsModifiedOn">;

/** Everything that a body says of a record, checked and normalised. */
function readRecord(zone: Zone, body: Fields): Draft {
  if (typeof body.type !== "string") throw refusals.missingField("type");
  const type = body.type.toUpperCase();
  if (!recordTypes.has(type)) throw refusals.recordType(body.type);
  if (typeof body.name !== "string") throw refusals.missingField("name");
  const name = normaliseRecordName(body.name, zone.name);
  if (name === undefined) throw refusals.recordName();
  const priority = readPriority(body.priority);
  const content = normaliseContent(type, { content: body.content, data: body.data, priority }, zone.name);
  if (type === "CNAME" && content.content === name) throw refusals.cnameLoop();
  const proxied = readProxied(body, type, content.content);
  return {
    zoneId: zone.id,
    name,
    type,
    content: content.content,
    contentKey: contentKey(type, content),
    data: content.data,
    priority: content.priority,
    proxied,
    ttl: readTtl(body.ttl, proxied),
    comment: readComment(body.comment, zone),
    tags: readTags(body.tags, zone),
    settings: readSettings(body.settings),
    privateRouting:
      body.private_routing === undefined || body.private_routing === null
        ? undefined
        : readBoolean(body.private_routing, false),
  };
}

/** Refuses a record that cannot stand beside those of its name. */
function refuseConflicts(store: Store, draft: Draft, self: string | undefined): void {
  const others = store.recordsNamed(draft.zoneId, draft.name).filter((record) => record.id !== self);
  const isIdentical = (other: DnsRecord) =>
    other.type === draft.type && other.contentKey === draft.contentKey;
  if (others.some(isIdentical)) throw refusals.recordIdentical();
  const has = (...types: string[]) => others.some((other) => types.includes(other.type));
  if (draft.type === "CNAME" && has("A", "AAAA", "CNAME")) throw refusals.hostTaken();
  if ((draft.type === "A" || draft.type === "AAAA") && has("CNAME")) throw refusals.cnameTaken();
  // Name servers delegate a name, so nothing else can be said about it here; the zone's own name excepted.
  const zone = store.zone(draft.zoneId);
  if (zone?.name === draft.name) return;
  if (draft.type !== "NS" && has("NS")) throw refusals.nsTaken();
  if (draft.type === "NS" && others.some((other) => other.type !== "NS")) throw refusals.hostTaken();
}

function save(store: Store, draft: Draft, before: DnsRecord | undefined): DnsRecord {
  refuseConflicts(store, draft, before?.id);
  const now = timestamp();
  const sameTags = before !== undefined && JSON.stringify(before.tags) === JSON.stringify(draft.tags);
  const record: DnsRecord = {
    ...draft,
    id: before?.id ?? newId(),
    createdOn: before?.createdOn ?? now,
    modifiedOn: now,
    commentModifiedOn:
      draft.comment === undefined
        ? undefined
        : before?.comment === draft.comment
          ? before.commentModifiedOn
          : now,
    tagsModifiedOn: draft.tags.length === 0 ? undefined : sameTags ? before.tagsModifiedOn : now,
  };
  store.putRecord(record);
  return record;
}

/** `POST /zones/ZONE/dns_records` */
export function createRecord(store: Store, zone: Zone, body: Fields): DnsRecord {
  const draft = readRecord(zone, body);
  if (store.countRecords(zone.id) >= quotas(zone).records) throw refusals.recordQuota();
  return save(store, draft, undefined);
}

/** `PUT`: what the body leaves out gets its default. */
export function overwriteRecord(store: Store, zone: Zone, id: string, body: Fields): DnsRecord {
  const before = requireRecord(store, zone, id);
  return save(store, readRecord(zone, body), before);
}

/** `PATCH`: what the body leaves out stays. */
export function editRecord(store: Store, zone: Zone, id: string, body: Fields): DnsRecord {
  const before = requireRecord(store, zone, id);
  const { content, data, priority, ...rest } = renderRecord(before);
  // A new type starts from its own content; and a new content replaces the parts it was made of.
  const isOther = body.type !== undefined && body.type !== before.type;
  const kept = isOther ? {} : { content, data, priority };
  return save(store, readRecord(zone, { ...rest, ...kept, ...body }), before);
}

export function deleteRecord(store: Store, zone: Zone, id: string): void {
  store.deleteRecord(requireRecord(store, zone, id).id);
}

function readList(value: unknown): readonly Fields[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.some((item) => typeof item !== "object" || item === null)) {
    throw refusals.invalidBody();
  }
  return value as Fields[];
}

function readId(item: Fields): string {
  if (typeof item.id !== "string") throw refusals.missingField("id");
  return item.id;
}

/** `POST /zones/ZONE/dns_records/batch`: deletes, patches, puts, posts, in this order, all or none. */
export function batchRecords(store: Store, zone: Zone, body: Fields): Fields {
  const deletes = readList(body.deletes).map((item) => {
    const record = requireRecord(store, zone, readId(item));
    store.deleteRecord(record.id);
    return record;
  });
  const patches = readList(body.patches).map((item) => editRecord(store, zone, readId(item), item));
  const puts = readList(body.puts).map((item) => overwriteRecord(store, zone, readId(item), item));
  const posts = readList(body.posts).map((item) => createRecord(store, zone, item));
  const shown = { deletes, patches, puts, posts };
  return Object.fromEntries(
    Object.entries(shown).map(([name, records]) => [name, records.map(renderRecord)]),
  );
}
