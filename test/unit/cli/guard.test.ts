/** `roadnet guard` as it is typed: where the document comes from, what it exits with, and what it runs. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { approvalFor } from "../guard/approval.ts";
import { previewText, withGuard, type PreviewName } from "../guard/previews.ts";
import { roadnet, type Given, type Outcome } from "./roadnet.ts";

const subnet = "subnet us-west/database/us-west-2a";
const subnetUrn =
  "urn:pulumi:sandbox::blackroad-network::blackroad:aws:Vpc$aws:ec2/subnet:Subnet::us-west/database/us-west-2a";

/** Plays `pulumi`: writes down what it was asked, and answers a preview with a file. */
const script = `#!${process.execPath}
const { appendFileSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const args = process.argv.slice(2);
appendFileSync(join(__dirname, "log"), JSON.stringify([process.cwd(), ...args]) + "\\n");
if (args[0] === "preview") process.stdout.write(readFileSync(join(__dirname, "preview"), "utf8"));
if (args[0] === "state" && process.env.PLAYED_REFUSAL) {
  console.error(process.env.PLAYED_REFUSAL);
  process.exit(255);
}
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-guard-"));
  writeFileSync(join(folder, "pulumi"), script);
  chmodSync(join(folder, "pulumi"), 0o755);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "commonjs" }));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function guard(args: readonly string[], { input, env }: Given = {}): Promise<Outcome> {
  const PATH = `${folder}:${process.env.PATH ?? ""}`;
  return roadnet(["guard", ...args], { ...(input === undefined ? {} : { input }), env: { PATH, ...env } });
}

/** What the played `pulumi` was asked, by folder and arguments. */
function asked(): string[][] {
  const log = join(folder, "log");
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as string[]);
}

const today = (plusDays = 0): string =>
  new Date(Date.now() + plusDays * 86_400_000).toISOString().slice(0, 10);

/** The document, in whose configuration these are approved as of today. */
function approving(name: PreviewName, ...resources: readonly string[]): string {
  const days = { approved: today(-1), expires: today(6) };
  return withGuard(name, { approvals: resources.map((resource) => approvalFor(resource, days)) });
}

describe("the verdict", () => {
  it("passes what takes nothing away, from standard input or a file", async () => {
    const file = join(folder, "plan.json");
    writeFileSync(file, previewText("quiet"));
    const passed = {
      code: 0,
      stdout: "sandbox: the plan passes: it takes nothing away that is guarded\n",
      stderr: "",
    };
    expect(await guard([], { input: previewText("quiet") })).toEqual(passed);
    expect(await guard(["-"], { input: previewText("quiet") })).toEqual(passed);
    expect(await guard([file])).toEqual(passed);
  });

  it("stops with 1, a list, what would let it through, and no colours in a pipe", async () => {
    const { code, stdout, stderr } = await guard([], { input: previewText("subnet") });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout.split("\n")).toEqual([
      "sandbox: the plan is stopped: 1 change that nobody approved",
      `  stopped  ${subnet}: would be replaced (cidrBlock would change)`,
      `    ${subnetUrn}`,
      "To let one through, add it to the stack's file, at blackroad-network:network.guard.approvals:",
      `  - resource: ${subnet}`,
      "    reason: why it may go",
      "    by: who answers for it",
      `    approved: ${today()}`,
      `    expires: ${today(7)}`,
      "",
    ]);
  });

  it("is 2 where it cannot be given", async () => {
    const { code, stdout } = await guard([], { input: previewText("records-unshown") });
    expect(code).toBe(2);
    expect(stdout).toContain(
      "sandbox: the plan cannot be judged\n  unclear  guard.test would have 5 records",
    );
  });

  it("is one document with --json", async () => {
    const { code, stdout } = await guard(["--json"], { input: approving("subnet", "vpc eu-west") });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      passes: false,
      stack: "sandbox",
      stopped: [{ threat: "replace", resource: subnet, urns: [subnetUrn] }],
      approved: [],
      unclear: [],
      approvals: [{ resource: "vpc eu-west", standing: "in force" }],
      notes: [],
      lifted: [],
    });
  });

  it("names an approval that is over as what did not help", async () => {
    const days = { approved: "2026-05-01", expires: "2026-05-08" };
    const input = withGuard("subnet", { approvals: [approvalFor(subnet, days)] });
    const { code, stdout } = await guard([], { input });
    expect(code).toBe(1);
    const path = "blackroad-network:network.guard.approvals[0]";
    expect(stdout).toContain(`    its approval expired on 2026-05-08 (${path})\n`);
    expect(stdout).toContain(`  note     ${path}.expires: the approval of ${subnet} expired on 2026-05-08\n`);
  });
});

describe("a question without an answer", () => {
  it.each([
    [["--nonsense"], "unknown option '--nonsense'"],
    [["a", "b"], "too many arguments"],
    [["/nonexistent/plan.json"], "roadnet: The document cannot be read: ENOENT: no such file"],
    [["/"], "roadnet: The document cannot be read: EISDIR"],
    [[], "roadnet: There is nothing in the document. Did the preview fail?"],
    [["--stack", "prod", "--cwd", "/nonexistent"], "roadnet: There is no folder /nonexistent: "],
  ])("%j is 2", async (args, message) => {
    const { code, stdout, stderr } = await guard(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });

  it("is a document that is cut short, is no preview, or is of one that failed", async () => {
    const half = previewText("subnet").slice(0, 5000);
    expect(await guard([], { input: half })).toMatchObject({ code: 2, stdout: "" });
    expect((await guard([], { input: half })).stderr).toContain(
      "roadnet: The document is cut short after 5000 c",
    );
    const failed = await guard([], { input: previewText("failed") });
    expect(failed.code).toBe(2);
    expect(failed.stderr).toContain("so there is no plan:\nerror: The network's configuration has 1 problem");
  });

  it("is a configuration that is refused, with its path", async () => {
    const input = withGuard("quiet", { approvals: [approvalFor("vpc us-west", { reason: undefined })] });
    const { code, stderr } = await guard([], { input });
    expect(code).toBe(2);
    expect(stderr).toContain("network.guard.approvals[0].reason\n    is missing: it must be a reason");
  });

  it("is another stack's document", async () => {
    const { code, stderr } = await guard(["-", "--stack", "prod"], { input: previewText("quiet") });
    expect(code).toBe(2);
    expect(stderr).toBe("roadnet: The document is of the stack sandbox, not of prod.\n");
  });

  it("is a preview that printed nothing", async () => {
    writeFileSync(join(folder, "pulumi"), "#!/bin/sh\necho 'error: no stack named prod' >&2\nexit 255\n");
    const { code, stderr } = await guard(["--stack", "prod", "--cwd", folder]);
    expect(code).toBe(2);
    expect(stderr).toContain("roadnet: `pulumi preview` of prod failed: error: no stack named prod\n");
  });
});

describe("without a document", () => {
  it("the stack is previewed whole, and nothing else is run", async () => {
    writeFileSync(join(folder, "preview"), previewText("subnet"));
    const { code, stdout } = await guard(["--stack", "acme/net/sandbox", "--cwd", folder]);
    expect(code).toBe(1);
    expect(stdout).toContain(`stopped  ${subnet}`);
    const flags = ["--json", "--show-sames", "--ignore-protect", "--stack", "acme/net/sandbox"];
    expect(asked()).toEqual([[folder, "preview", ...flags, "--non-interactive", "--color", "never"]]);
  });
});

describe("--unprotect", () => {
  const unprotected = [subnetUrn, "--yes", "--stack", "sandbox", "--non-interactive", "--color", "never"];

  it("lifts the protection of what is approved, and says so", async () => {
    const input = approving("subnet", subnet, "vpc us-west");
    const { code, stdout } = await guard(["--unprotect", "--cwd", folder], { input });
    expect(code).toBe(0);
    expect(stdout).toContain(`The protection of ${subnet} is lifted, and of nothing else`);
    expect(asked()).toEqual([[folder, "state", "unprotect", ...unprotected]]);
  });

  it("is needed for that", async () => {
    const { code, stdout } = await guard(["--cwd", folder], { input: approving("subnet", subnet) });
    expect(code).toBe(0);
    expect(stdout).toContain(`${subnet} is still protected: \`roadnet guard --unprotect\``);
    expect(asked()).toEqual([]);
  });

  it.each([
    ["is stopped", "unprotected" as const, [subnet], 1],
    ["is cut short", "subnet-refused" as const, [subnet], 2],
  ])("lifts nothing where the plan %s", async (_, name, resources, expected) => {
    const input = approving(name, ...resources);
    const { code, stdout } = await guard(["--unprotect", "--cwd", folder, "--json"], { input });
    expect(code).toBe(expected);
    expect(JSON.parse(stdout)).toMatchObject({ passes: false, lifted: [] });
    expect(asked()).toEqual([]);
  });

  it("that fails is no success", async () => {
    const input = approving("subnet", subnet);
    const env = { PLAYED_REFUSAL: "error: the stack is currently locked by 1 lock(s)" };
    const { code, stderr } = await guard(["--unprotect", "--cwd", folder], { input, env });
    expect(code).toBe(2);
    expect(stderr).toContain(
      `The protection of ${subnetUrn} could not be lifted: error: the stack is currently locked`,
    );
    expect(stderr).toContain("No protection was lifted.");
  });
});

it("the help tells every exit code", async () => {
  const { stdout } = await guard(["--help"]);
  expect(stdout).toMatch(/Exit codes: 0 the plan passes, 1 it is stopped, 2 it cannot be judged/);
});
