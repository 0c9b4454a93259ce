/** Recovery with a `pulumi` that only plays what is asked of it: which commands run, and what a refusal becomes. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { recover, RecoverError } from "../../../cli/recover/recover.ts";

interface Played {
  /** What `pulumi whoami` says. */
  readonly url: string;
  /** When the state was written, for one export after the other; the last goes on. */
  readonly written: readonly string[];
  /** What `pulumi stack import` fails with. */
  readonly refusal?: string;
}

const script = `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const played = JSON.parse(readFileSync(join(__dirname, "played.json"), "utf8"));
const args = process.argv.slice(2);
const log = join(__dirname, "log");
const command = args.slice(0, args.findIndex((arg) => arg.startsWith("--"))).join(" ");
const exported = existsSync(log) ? readFileSync(log, "utf8").split("stack export").length - 1 : 0;
appendFileSync(log, command + "\\n");
if (args[0] === "whoami") console.log(JSON.stringify({ user: "somebody", url: played.url }));
if (command === "stack export") {
  const time = played.written[Math.min(exported, played.written.length - 1)];
  const resource = { urn: "urn:pulumi:s::p::blackroad:aws:Routes::r", type: "blackroad:aws:Routes", custom: false };
  const pending_operations = [{ type: "creating", resource }];
  const state = { version: 3, deployment: { manifest: { time }, resources: [], pending_operations } };
  writeFileSync(args[args.indexOf("--file") + 1], JSON.stringify(state));
}
if (command === "stack import" && played.refusal !== undefined) {
  console.error(played.refusal);
  process.exit(255);
}
`;

/** Puts the playing `pulumi` on PATH for one test; returns what has been run. */
function play(played: Played): () => readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "roadnet-played-"));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, "pulumi"), script);
  chmodSync(join(folder, "pulumi"), 0o755);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "commonjs" }));
  writeFileSync(join(folder, "played.json"), JSON.stringify(played));
  vi.stubEnv("PATH", `${folder}:${process.env.PATH ?? ""}`);
  vi.stubEnv("PULUMI_BACKEND_URL", "");
  return () => readFileSync(join(folder, "log"), "utf8").trim().split("\n");
}

function recoverDev() {
  return recover({
    cwd: tmpdir(),
    stack: "dev",
    dryRun: false,
    force: false,
    search: false,
    settleSeconds: 0,
    onProgress: () => undefined,
  });
}

describe("where locks cannot be seen", () => {
  test("the state is mended, nothing is cancelled, and the kind of the backend is told", async () => {
    const ran = play({ url: "s3://states", written: ["2026-11-21T14:22:00Z"] });
    const { unseenLocks, locks, decisions } = await recoverDev();
    expect(unseenLocks).toBe("s3://");
    expect(locks).toEqual([]);
    expect(decisions.map(({ action }) => action)).toEqual(["forget"]);
    expect(ran()).toEqual(["whoami", "stack export", "stack export", "stack import"]);
  });

  test("a lock stops it with what to do", async () => {
    const refusal =
      "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) …";
    play({ url: "s3://states", written: ["2026-11-21T14:22:00Z"], refusal });
    await expect(recoverDev()).rejects.toThrow(/this update has ended; then `pulumi cancel --stack dev`/);
  });

  test("another refusal stays what it is", async () => {
    play({ url: "s3://states", written: ["2026-11-21T14:22:00Z"], refusal: "error: no such bucket" });
    const failure = await recoverDev().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RecoverError);
    expect(String(failure)).toContain("no such bucket");
    expect(String(failure)).not.toContain("pulumi cancel");
  });
});

test("a state that was written meanwhile is not overwritten", async () => {
  const ran = play({ url: "s3://states", written: ["2026-11-21T14:22:00Z", "2026-11-21T14:22:01Z"] });
  await expect(recoverDev()).rejects.toThrow("dev has been updated meanwhile: recover it again");
  expect(ran()).not.toContain("stack import");
});

test("without PULUMI_BACKEND_URL, local files are found by what pulumi says", async () => {
  play({ url: "file://~/no-such-folder", written: ["2026-11-21T14:22:00Z"] });
  expect((await recoverDev()).unseenLocks).toBeUndefined();
});
