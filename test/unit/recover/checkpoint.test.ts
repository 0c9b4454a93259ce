/** A checkpoint in local files that is cut short: which file that is, and what becomes of it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { checkpointComplaint } from "../../../cli/recover/checkpoint.ts";
import { recover, RecoverError } from "../../../cli/recover/recover.ts";

let backend: string;
let file: string;
beforeEach(() => {
  backend = mkdtempSync(join(tmpdir(), "roadnet-checkpoint-"));
  const folder = join(backend, ".pulumi", "stacks", "blackroad-network");
  mkdirSync(folder, { recursive: true });
  file = join(folder, "dev.json");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(backend, { recursive: true });
});

const whole = '{"version": 3, "checkpoint": {"stack": "dev"}}';
const complaint = () => checkpointComplaint(backend, "blackroad-network", "dev");

test("nothing is said of one that is whole, or is not there", async () => {
  expect(await complaint()).toBeUndefined();
  writeFileSync(file, whole);
  expect(await complaint()).toBeUndefined();
});

test.each(["", whole.slice(0, 20)])("the state before takes the place of %j", async (text) => {
  writeFileSync(file, text);
  writeFileSync(`${file}.bak`, whole);
  const said = await complaint();
  expect(said).toContain(`${file} is cut short or damaged`);
  expect(said).toContain(`cp '${file}.bak' '${file}'`);
  expect(said).toContain("recover with --search");
});

test.each([undefined, whole.slice(0, 9)])(
  "a backup that cannot be read either is no remedy: %j",
  async (text) => {
    writeFileSync(file, "{");
    if (text !== undefined) writeFileSync(`${file}.bak`, text);
    const said = await complaint();
    expect(said).toContain(`${file}.bak, the state before, cannot be read either`);
    expect(said).not.toContain("cp '");
  },
);

const options = {
  stack: "dev",
  dryRun: false,
  force: false,
  search: false,
  found: {},
  adopt: [],
  settleSeconds: 0,
  onProgress: () => undefined,
};

test("recovery tells it before pulumi is asked", async () => {
  writeFileSync(file, "{");
  writeFileSync(`${file}.bak`, whole);
  vi.stubEnv("PULUMI_BACKEND_URL", `file://${backend}`);
  vi.stubEnv("PATH", "/nonexistent");
  const failure = await recover({ ...options, cwd: backend }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RecoverError);
  expect(String(failure)).toContain(`cp '${file}.bak' '${file}'`);
});

test.each(["", "file://"])(
  "recovery names the folder that is not there (PULUMI_BACKEND_URL %j)",
  async (url) => {
    vi.stubEnv("PULUMI_BACKEND_URL", url === "" ? "" : `${url}${backend}`);
    const nowhere = join(backend, "nowhere");
    const failure = await recover({ ...options, cwd: nowhere }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RecoverError);
    expect(String(failure)).toContain(`There is no folder ${nowhere}: `);
  },
);

test("recovery says that there is no pulumi", async () => {
  vi.stubEnv("PULUMI_BACKEND_URL", "");
  vi.stubEnv("PATH", "/nonexistent");
  const failure = await recover({ ...options, cwd: backend }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RecoverError);
  expect(String(failure)).toContain("There is no `pulumi` on PATH");
});
