/**
 * Gives one host up, over SSH: `reef-agent leave` brings it back to how it was found. Run as a program, when a host is
 * deleted, with a {@link LeaveRequest} as JSON on standard input.
 *
 * A host that cannot be reached must not keep an update from its end, and is not forgotten either: it is written down in
 * the request's folder, a file for each, and the next updates try again (`departed.ts`).
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import { runOver, type AskRoute } from "./ask-host.ts";

export interface LeaveRequest {
  /** Key in the plan. */
  readonly host: string;
  /** Tried in this order. */
  readonly routes: readonly AskRoute[];
  /** Where hosts out of reach are written down. */
  readonly folder: string;
}

/** A host that has left the plan, and could not be told. */
export interface DepartedHost {
  readonly format: "roadnet-departed/1";
  readonly host: string;
  readonly routes: readonly AskRoute[];
  /** When that was tried last, in ISO 8601. */
  readonly triedAt: string;
  /** Whether it had begun to leave when the connection was lost, which may have been its own tunnel's. */
  readonly begun: boolean;
  /** By the route's name. */
  readonly reasons: Readonly<Record<string, string>>;
}

export type Left = "left" | "out of reach";

const connectSeconds = 5;
/** Units stop, and interfaces go back. */
const leaveSeconds = 180;
/** One that lost its connection by leaving is asked on the other routes whether it is done. */
const rounds = 3;

const begins = "leaving";
/** A host without an agent has nothing of ours. */
const command = `command -v reef-agent >/dev/null || exit 0; echo ${begins}; exec reef-agent leave`;

/** Where a host is written down. */
export function departedFile(folder: string, host: string): string {
  return join(folder, `${host.replaceAll("/", "+")}.json`);
}

/** Has a host leave, or writes it down. */
export async function leave({ host, routes, folder }: LeaveRequest, pauseMilliseconds = 2000): Promise<Left> {
  const file = departedFile(folder, host);
  const seen = { begun: false };
  const reasons: Record<string, string> = {};
  for (let round = 1; round <= rounds; round++) {
    for (const route of routes) {
      const onOutput = (printed: string): void => {
        seen.begun ||= printed.startsWith(begins);
      };
      try {
        await runOver(route, { command, stdin: "", connectSeconds, seconds: leaveSeconds, onOutput });
        rmSync(file, { force: true });
        return "left";
      } catch (error) {
        reasons[route.name] = error instanceof Error ? error.message : String(error);
      }
    }
    if (!seen.begun) break;
    await sleep(pauseMilliseconds);
  }
  const triedAt = new Date().toISOString();
  const record: DepartedHost = {
    format: "roadnet-departed/1",
    host,
    routes,
    triedAt,
    begun: seen.begun,
    reasons,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
  return "out of reach";
}

if (import.meta.main) {
  const request = JSON.parse(await text(process.stdin)) as LeaveRequest;
  const outcome = await leave(request);
  const said =
    outcome === "left"
      ? "is as it was found"
      : `cannot be reached; ${departedFile(request.folder, request.host)} remembers it, and the next update tries again`;
  process.stdout.write(`${request.host} ${said}\n`);
}
