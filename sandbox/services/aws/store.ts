/**
 * The simulated account on disk.
 *
 * One SQLite database, one transaction per mutation, written ahead: after a `kill -9` at any instant the next start
 * finds either all of a mutation or nothing of it.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { openDatabase } from "../database.ts";
import type { RecordKind, RecordKinds } from "./ec2/records.ts";

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS record (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, region, id)
  );
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
  INSERT OR IGNORE INTO counter (name, value) VALUES ('revision', 0);
`;

/** The records as one transaction sees them. */
export interface Records {
  get<K extends RecordKind>(kind: K, region: string, id: string): RecordKinds[K] | undefined;
  /** In order of creation. */
  list<K extends RecordKind>(kind: K, region: string): RecordKinds[K][];
  put<K extends RecordKind>(kind: K, region: string, id: string, record: RecordKinds[K]): void;
  remove(kind: RecordKind, region: string, id: string): void;
}

function parse<K extends RecordKind>(_kind: K, row: Readonly<Record<string, unknown>>): RecordKinds[K] {
  return JSON.parse(String(row.body)) as RecordKinds[K];
}

export class Store {
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #list: StatementSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #readRevision: StatementSync;
  readonly #raiseRevision: StatementSync;
  readonly #waiting = new Set<() => void>();

  /** @param folder where the database lies; made if it is missing. */
  constructor(folder: string) {
    this.#database = openDatabase(folder, "account.sqlite", (database) => {
      database.exec(schema);
    });
    this.#get = this.#database.prepare("SELECT body FROM record WHERE kind = ? AND region = ? AND id = ?");
    this.#list = this.#database.prepare(
      "SELECT body FROM record WHERE kind = ? AND region = ? ORDER BY sequence",
    );
    this.#put = this.#database.prepare(
      "INSERT INTO record (kind, region, id, body) VALUES (?, ?, ?, ?) " +
        "ON CONFLICT (kind, region, id) DO UPDATE SET body = excluded.body",
    );
    this.#remove = this.#database.prepare("DELETE FROM record WHERE kind = ? AND region = ? AND id = ?");
    this.#readRevision = this.#database.prepare("SELECT value FROM counter WHERE name = 'revision'");
    this.#raiseRevision = this.#database.prepare(
      "UPDATE counter SET value = value + 1 WHERE name = 'revision'",
    );
  }

  /** Rises by one with every transaction that changed something. */
  get revision(): number {
    return Number(this.#readRevision.get()?.value);
  }

  /** Runs `work` as one transaction: if it throws, nothing of it has happened. */
  transaction<T>(work: (records: Records) => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    const change = { made: false };
    let result: T;
    try {
      result = work(this.#records(change));
      if (change.made) {
        this.#raiseRevision.run();
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
    if (change.made) {
      for (const wake of [...this.#waiting]) {
        wake();
      }
    }
    return result;
  }

  /** Resolves as soon as the revision is above `after`, at the latest when the time is over. */
  async waitForRevision(after: number, timeoutSeconds: number): Promise<number> {
    if (this.revision > after || timeoutSeconds <= 0) {
      return this.revision;
    }
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutSeconds * 1000);
      this.#waiting.add(wake);
    });
    return this.revision;
  }

  close(): void {
    for (const wake of [...this.#waiting]) {
      wake();
    }
    this.#database.close();
  }

  #records(change: { made: boolean }): Records {
    return {
      get: <K extends RecordKind>(kind: K, region: string, id: string) => {
        const row = this.#get.get(kind, region, id);
        return row === undefined ? undefined : parse(kind, row);
      },
      list: <K extends RecordKind>(kind: K, region: string) =>
        this.#list.all(kind, region).map((row) => parse(kind, row)),
      put: (kind, region, id, record) => {
        const body = JSON.stringify(record);
        if (this.#get.get(kind, region, id)?.body !== body) {
          this.#put.run(kind, region, id, body);
          change.made = true;
        }
      },
      remove: (kind, region, id) => {
        if (Number(this.#remove.run(kind, region, id).changes) > 0) {
          change.made = true;
        }
      },
    };
  }
}
