/**
 * The state of the simulated Cloudflare in SQLite: zones with their records, and everything else as the API shows it.
 *
 * Every request is one transaction, committed to disk before it is answered, so a `kill -9` at any moment leaves
 * either all of a request or nothing of it.
 */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { openDatabase } from "../database.ts";
import type { RecordData } from "./content.ts";

export type ZoneStatus = "initializing" | "pending" | "active" | "moved";
export type ZoneType = "full" | "partial" | "secondary" | "internal";
export type ZonePlan = "free" | "pro" | "business" | "enterprise";

export interface Zone {
  readonly id: string;
  readonly name: string;
  readonly status: ZoneStatus;
  readonly paused: boolean;
  readonly type: ZoneType;
  readonly plan: ZonePlan;
  readonly nameServers: readonly string[];
  readonly vanityNameServers: readonly string[];
  readonly verificationKey: string | undefined;
  /** ISO 8601 with microseconds, as all times here. */
  readonly createdOn: string;
  readonly modifiedOn: string;
  readonly activatedOn: string | undefined;
}

export interface DnsRecord {
  readonly id: string;
  readonly zoneId: string;
  /** Complete, lower case, Punycode, without the last dot. */
  readonly name: string;
  readonly type: string;
  readonly content: string;
  /** What tells the record from others of its name and type. */
  readonly contentKey: string;
  readonly data: RecordData | undefined;
  readonly priority: number | undefined;
  readonly proxied: boolean;
  /** Seconds; 1 is automatic. */
  readonly ttl: number;
  readonly comment: string | undefined;
  readonly tags: readonly string[];
  readonly settings: Readonly<Record<string, boolean>>;
  readonly privateRouting: boolean | undefined;
  readonly createdOn: string;
  readonly modifiedOn: string;
  readonly commentModifiedOn: string | undefined;
  readonly tagsModifiedOn: string | undefined;
}

/** What belongs to an account or to a zone, besides records. */
export type ObjectKind =
  | "monitor"
  | "pool"
  | "load_balancer"
  | "tunnel"
  | "tunnel_configuration"
  | "setting"
  | "dnssec"
  | "ruleset"
  | "access_policy"
  | "access_app";

/** An object by the API's own names. */
export interface StoredObject {
  readonly id: string;
  readonly [name: string]: unknown;
}

const schema = `
  CREATE TABLE IF NOT EXISTS zones (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS records (
    id TEXT PRIMARY KEY,
    zone_id TEXT NOT NULL REFERENCES zones (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    content_key TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (zone_id, name, type, content_key)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, scope, id)
  ) STRICT;
`;
const schemaVersion = 2;

type Row = Record<string, SQLOutputValue>;

function prepare(database: DatabaseSync): void {
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
  const found = Number(database.prepare("PRAGMA user_version").get()?.user_version ?? 0);
  if (found > schemaVersion) {
    throw new Error(`the Cloudflare state has schema ${found}, this program knows ${schemaVersion} only`);
  }
  database.exec(schema);
  database.exec(`PRAGMA user_version = ${schemaVersion}`);
}

function zoneOf(row: Row): Zone {
  return JSON.parse(String(row.body)) as Zone;
}

function objectOf(row: Row): StoredObject {
  return JSON.parse(String(row.body)) as StoredObject;
}

function recordOf(row: Row): DnsRecord {
  return JSON.parse(String(row.body)) as DnsRecord;
}

export class Store {
  readonly #database: DatabaseSync;
  /** Above every number of an earlier process that wrote less than a row each millisecond. */
  readonly #firstRevision = Date.now();
  readonly #waiting = new Set<() => void>();

  /** @param directory where the database file stands or is to stand; `undefined` for one in memory. */
  constructor(directory: string | undefined) {
    this.#database = openDatabase(directory, "cloudflare.sqlite", prepare);
  }

  close(): void {
    this.#wake();
    this.#database.close();
  }

  /** Runs `body` wholly or not at all; `beforeCommit` is for tests that stop the process at the worst moment. */
  transaction<T>(body: () => T, beforeCommit: () => void = () => undefined): T {
    const before = this.revision;
    this.#database.exec("BEGIN IMMEDIATE");
    let result: T;
    try {
      result = body();
      beforeCommit();
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
    if (this.revision !== before) this.#wake();
    return result;
  }

  /** Rises with every row that is written, over restarts too. */
  get revision(): number {
    const row = this.#database.prepare("SELECT total_changes() AS n").get();
    return this.#firstRevision + Number(row?.n ?? 0);
  }

  /** Resolves as soon as the revision is another one than `known`, at the latest when the time is over. */
  async waitForRevision(known: number, timeoutSeconds: number): Promise<number> {
    if (this.revision === known && timeoutSeconds > 0) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, timeoutSeconds * 1_000);
        this.#waiting.add(wake);
      });
    }
    return this.revision;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** All zones by name. */
  zones(): readonly Zone[] {
    return this.#database.prepare("SELECT body FROM zones ORDER BY name").all().map(zoneOf);
  }

  zone(id: string): Zone | undefined {
    const row = this.#database.prepare("SELECT body FROM zones WHERE id = ?").get(id);
    return row === undefined ? undefined : zoneOf(row);
  }

  zoneByName(name: string): Zone | undefined {
    const row = this.#database.prepare("SELECT body FROM zones WHERE name = ?").get(name);
    return row === undefined ? undefined : zoneOf(row);
  }

  putZone(zone: Zone): void {
    this.#database
      .prepare(
        "INSERT INTO zones (id, name, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body",
      )
      .run(zone.id, zone.name, JSON.stringify(zone));
  }

  /** Removes a zone with all that belongs to it. */
  deleteZone(id: string): void {
    this.#database.prepare("DELETE FROM zones WHERE id = ?").run(id);
    this.#database.prepare("DELETE FROM objects WHERE scope = ?").run(id);
  }

  /** A zone's records in the order in which they were made. */
  records(zoneId: string): readonly DnsRecord[] {
    return this.#database
      .prepare("SELECT body FROM records WHERE zone_id = ? ORDER BY rowid")
      .all(zoneId)
      .map(recordOf);
  }

  recordsNamed(zoneId: string, name: string): readonly DnsRecord[] {
    return this.#database
      .prepare("SELECT body FROM records WHERE zone_id = ? AND name = ? ORDER BY rowid")
      .all(zoneId, name)
      .map(recordOf);
  }

  /** Whether the zone has a record of this name or below it. */
  hasNode(zoneId: string, name: string): boolean {
    const row = this.#database
      .prepare(
        "SELECT 1 AS found FROM records WHERE zone_id = ? AND (name = ? OR substr(name, ?) = ?) LIMIT 1",
      )
      .get(zoneId, name, -(name.length + 1), `.${name}`);
    return row !== undefined;
  }

  record(zoneId: string, id: string): DnsRecord | undefined {
    const row = this.#database
      .prepare("SELECT body FROM records WHERE zone_id = ? AND id = ?")
      .get(zoneId, id);
    return row === undefined ? undefined : recordOf(row);
  }

  countRecords(zoneId: string): number {
    const row = this.#database.prepare("SELECT count(*) AS n FROM records WHERE zone_id = ?").get(zoneId);
    return Number(row?.n ?? 0);
  }

  putRecord(record: DnsRecord): void {
    this.#database
      .prepare(
        `INSERT INTO records (id, zone_id, name, type, content_key, body) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, type = excluded.type,
           content_key = excluded.content_key, body = excluded.body`,
      )
      .run(record.id, record.zoneId, record.name, record.type, record.contentKey, JSON.stringify(record));
  }

  deleteRecord(id: string): void {
    this.#database.prepare("DELETE FROM records WHERE id = ?").run(id);
  }

  /**
   * Objects of a kind in the order in which they were made.
   *
   * @param scope the account's or zone's id; `undefined` for those of all.
   */
  objects(kind: ObjectKind, scope?: string): readonly StoredObject[] {
    const query =
      scope === undefined
        ? this.#database.prepare("SELECT body FROM objects WHERE kind = ? ORDER BY rowid").all(kind)
        : this.#database
            .prepare("SELECT body FROM objects WHERE kind = ? AND scope = ? ORDER BY rowid")
            .all(kind, scope);
    return query.map(objectOf);
  }

  object(kind: ObjectKind, scope: string, id: string): StoredObject | undefined {
    const row = this.#database
      .prepare("SELECT body FROM objects WHERE kind = ? AND scope = ? AND id = ?")
      .get(kind, scope, id);
    return row === undefined ? undefined : objectOf(row);
  }

  putObject<T extends StoredObject>(kind: ObjectKind, scope: string, object: T): T {
    this.#database
      .prepare(
        `INSERT INTO objects (kind, scope, id, body) VALUES (?, ?, ?, ?)
         ON CONFLICT (kind, scope, id) DO UPDATE SET body = excluded.body`,
      )
      .run(kind, scope, object.id, JSON.stringify(object));
    return object;
  }

  deleteObject(kind: ObjectKind, scope: string, id: string): void {
    this.#database
      .prepare("DELETE FROM objects WHERE kind = ? AND scope = ? AND id = ?")
      .run(kind, scope, id);
  }
}
