/** Opens a service's SQLite database, and says what to do about one that is damaged. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SandboxError } from "../mode.ts";

/** SQLite's result codes for a file that is damaged, and for one that never was a database. */
const damageCodes: ReadonlySet<unknown> = new Set([11, 26]);

function isDamage(error: unknown): error is Error {
  return error instanceof Error && damageCodes.has((error as { readonly errcode?: unknown }).errcode);
}

function damaged(file: string, how: string): SandboxError {
  return new SandboxError(
    `${file} is damaged (${how}), and the sandbox's cloud was in it. Nothing can be saved of it: ` +
      "delete the sandbox with `npm stop -- --purge`, then run `npm start`.",
  );
}

/**
 * Opens a database and looks through it: a damaged page would otherwise be met in the middle of an update.
 *
 * @param folder where its file lies; made if it is missing. `undefined` for a database in memory
 * @param prepare what brings an open database into the form that its user needs
 * @throws {SandboxError} where the file is damaged, with the remedy
 */
export function openDatabase(
  folder: string | undefined,
  name: string,
  prepare: (database: DatabaseSync) => void,
): DatabaseSync {
  if (folder !== undefined) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = folder === undefined ? ":memory:" : join(folder, name);
  const database = new DatabaseSync(file);
  try {
    const check = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
    if (check !== "ok") throw damaged(file, String(check).replaceAll(/\s+/g, " "));
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw isDamage(error) ? damaged(file, error.message) : error;
  }
}
