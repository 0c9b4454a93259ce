/** The examples of `roadnet … --help`, on the running sandbox. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askService } from "../../sandbox/ask.ts";
import { examples, type Example } from "../examples.ts";

/**
 * What changes or ends the sandbox that all suites share, ids that no sandbox has, what needs an owner's keys and card
 * (test/unit/cli/image.test.ts), what has a plan of its own (guard.test.ts), and what asks a sandbox for minutes
 * (prove.test.ts).
 */
const elsewhere = [
  "sandbox up",
  "sandbox down",
  "sandbox drift",
  "sandbox prove",
  "recover",
  "image",
  "guard",
];
/** Asks Pulumi's servers. */
const downloads = "providers --check";

const shown = await examples();
const run = shown.filter(({ args }) => {
  const line = args.join(" ");
  return !elsewhere.some((start) => line.startsWith(start)) && !line.includes(downloads);
});

function roadnet(args: readonly string[]): Promise<{ code: number; output: string }> {
  const argv = ["--disable-warning=ExperimentalWarning", resolve("cli/main.ts"), ...args];
  return new Promise((done) => {
    execFile(process.execPath, argv, { timeout: 120_000, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      done({
        code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1,
        output: stdout + stderr,
      });
    });
  });
}

/**
 * What examples call folders with an export, an instance and files to write: here, the sandbox's own, and such as go
 * away afterwards.
 */
const folder = mkdtempSync(join(tmpdir(), "roadnet-examples-"));
const exported = ["export", "monday", "friday"].map((name) => join(folder, name));
const instead = new Map([
  ...exported.map((path): [string, string] => [basename(path), path]),
  ...["/tmp/map.html", "account.html"].map((name): [string, string] => [name, join(folder, basename(name))]),
]);

interface Instances {
  readonly Reservations: readonly {
    readonly Instances: readonly {
      readonly InstanceId: string;
      readonly Tags: readonly { Value: string }[];
    }[];
  }[];
}

beforeAll(async () => {
  for (const path of exported) {
    const { code, output } = await roadnet(["sandbox", "describe", path]);
    expect([code, output]).toEqual([0, output]);
  }
  const file = join(folder, "export", "us-west-2", "instances.json");
  const { Reservations } = JSON.parse(readFileSync(file, "utf8")) as Instances;
  const api = Reservations.flatMap((each) => each.Instances).find(({ Tags }) =>
    Tags.some(({ Value }) => Value.endsWith("api-1")),
  );
  expect(api).toBeDefined();
  instead.set("i-0123456789abcdef0", api?.InstanceId ?? "");
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await askService("aws", "DELETE", "/faults");
  await askService("cloudflare", "DELETE", "/faults");
  for (const path of ["/tmp/cloud", "/tmp/map.html"]) rmSync(path, { recursive: true, force: true });
});

// What several helps show is run once.
const lines = new Map(run.map(({ args }) => [args.join(" "), args]));

test.each([...lines])("roadnet %s", async (line, args) => {
  const { code, output } = await roadnet(args.map((word) => instead.get(word) ?? word));
  expect([code, output], line).toEqual([0, output]);
  // One example's fault must not be the next one's trouble.
  if (line.startsWith("sandbox fail")) {
    await askService("aws", "DELETE", "/faults");
    await askService("cloudflare", "DELETE", "/faults");
  }
});

test("something was run of every command that is not tried elsewhere", () => {
  const commandsOf = (all: readonly Example[]): string[] =>
    [...new Set(all.map(({ command }) => command))].filter((command) => !elsewhere.includes(command)).sort();
  expect(commandsOf(run)).toEqual(commandsOf(shown));
  expect(commandsOf(run)).toContain("sandbox describe");
});
