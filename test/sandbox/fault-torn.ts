/**
 * What a power cut may undo, done to a machine's disk. A container keeps everything that it ever wrote, so this reads
 * from the log of the stepped agent what had not been synced, and undoes some of that: a file that was not synced gets
 * any part of its content, a folder that was not synced loses any of its changes.
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  readdirSync,
  rmdirSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

interface Step {
  readonly pid: string;
  readonly number: string;
  readonly operation: string;
  readonly paths: readonly string[];
}

/** `apply 123 17 rename /a /b`. Programs that were run are steps too, and undo nothing. */
function parse(line: string): Step {
  const [, pid = "", number = "", operation = "", ...paths] = line.split(" ");
  return { pid, number, operation, paths };
}

const changesFolder = new Set(["create", "symlink", "mkdir", "rename", "remove", "rmdir"]);
const changesContent = new Set(["create", "append", "truncate"]);

/** The steps whose outcome a power cut may undo. The last of the log was never carried out, unless the run ended. */
function unsynced(log: readonly string[]): { readonly folders: Step[]; readonly contents: Step[] } {
  let folders: Step[] = [];
  let contents: Step[] = [];
  for (const step of log.filter((line) => !line.includes(" before ")).map(parse)) {
    const [path = ""] = step.paths;
    if (step.operation === "syncall") {
      folders = [];
      contents = [];
    }
    if (step.operation === "syncfile") contents = contents.filter(({ paths }) => paths[0] !== path);
    if (step.operation === "syncfolder") folders = folders.filter((each) => dirname(changed(each)) !== path);
    if (changesFolder.has(step.operation)) folders.push(step);
    if (changesContent.has(step.operation)) contents.push(step);
  }
  return { folders, contents };
}

/** The entry that a step changed in its folder. */
function changed({ operation, paths }: Step): string {
  return (operation === "rename" ? paths[1] : paths[0]) ?? "";
}

/** Undoes what `random` chooses, the last first. Returns what was done, for messages. */
export function tear(upper: string, log: readonly string[], random: () => number): readonly string[] {
  const { folders, contents } = unsynced(log);
  const done: string[] = [];
  for (const { operation, paths } of contents) {
    const path = join(upper, paths[0] ?? "");
    if (operation === "truncate" || !existsSync(path) || !lstatSync(path).isFile()) continue;
    // What an addition found there may have been synced.
    const kept = operation === "append" ? Number(paths[1]) : 0;
    const added = lstatSync(path).size - kept;
    truncateSync(path, kept + Math.floor(random() * added));
    if (random() < 0.5) writeFileSync(path, Buffer.alloc(Math.min(added, 64), 0), { flag: "a" });
    done.push(`tore ${paths[0] ?? ""}`);
  }
  for (const step of folders.reverse()) {
    if (random() < 0.5) continue;
    undo(upper, step);
    done.push(`undid ${step.operation} ${step.paths.join(" ")}`);
  }
  return done;
}

function undo(upper: string, { pid, number, operation, paths }: Step): void {
  const shadow = join(upper, "var/lib/reef-agent-steps", `${pid}-${number}`);
  const [first = "", second = ""] = paths.map((path) => join(upper, path));
  // A folder whose end is on the disk was empty by then.
  if (!existsSync(dirname(first))) return;
  switch (operation) {
    case "create":
    case "symlink":
      rmSync(first, { force: true });
      return;
    case "mkdir":
      if (existsSync(first) && readdirSync(first).length === 0) rmdirSync(first);
      return;
    case "rmdir":
      mkdirSync(first);
      return;
    case "remove":
      if (existsSync(shadow)) renameSync(shadow, first);
      return;
    case "rename":
      if (existsSync(second)) renameSync(second, first);
      if (existsSync(shadow)) renameSync(shadow, second);
  }
}
