/**
 * How a service says that it is ready, and how others find it and know that it still lives.
 *
 * A process is identified by its id together with its start time in the kernel's clock ticks, because ids are used
 * again: a record left by a crash must never point at a stranger's process.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { processStartTicks } from "../scripts/lib/process.mjs";
import { sandboxPaths, type SandboxPaths, type ServiceName } from "./paths.ts";

export { processStartTicks };

export interface ServiceRecord {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat; 0 where there is no /proc. */
  readonly startTicks: number;
  /** What else its callers must know, such as `{"url": "http://127.0.0.1:41234"}`. */
  readonly details: Readonly<Record<string, string | number>>;
}

function recordFile(paths: SandboxPaths, service: ServiceName): string {
  return join(paths.run, `${service}.json`);
}

/** Called by a service once it answers: leaves the record by which it is found and, later, ended. */
export function announceReady(
  service: ServiceName,
  details: ServiceRecord["details"] = {},
  paths: SandboxPaths = sandboxPaths(),
): void {
  const record: ServiceRecord = {
    pid: process.pid,
    startTicks: processStartTicks(process.pid) ?? 0,
    details,
  };
  mkdirSync(paths.run, { recursive: true, mode: 0o700 });
  const file = recordFile(paths, service);
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
}

/** The record of a service that is alive now; `undefined` if it never started, has ended or has crashed. */
export function findService(
  service: ServiceName,
  paths: SandboxPaths = sandboxPaths(),
): ServiceRecord | undefined {
  const record = readRecord(service, paths);
  if (record === undefined) return undefined;
  return processStartTicks(record.pid) === record.startTicks ? record : undefined;
}

/** A record that was damaged is none. */
function readRecord(service: ServiceName, paths: SandboxPaths): ServiceRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(recordFile(paths, service), "utf8")) as ServiceRecord | null;
    return typeof record?.pid === "number" ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Called by a service that ends: removes what it left behind, unless another has come in its place. */
export function retire(service: ServiceName, paths: SandboxPaths = sandboxPaths()): void {
  const record = readRecord(service, paths);
  if (record === undefined || record.pid === process.pid) forgetService(service, paths);
}

/** Removes what a service left behind; called when it is known to have ended. */
export function forgetService(service: ServiceName, paths: SandboxPaths = sandboxPaths()): void {
  rmSync(recordFile(paths, service), { force: true });
  rmSync(join(paths.run, `${service}.sock`), { force: true });
}
