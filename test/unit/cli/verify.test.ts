/** `roadnet verify` from the command line: exit codes, lines of the file, JSON. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withEdits, type Edits } from "../config/stack-file.ts";
import { filledFile } from "../config/stack.ts";
import { roadnet } from "./roadnet.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "verify-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function stackWith(name: string, edits: Edits): string {
  const file = withEdits(filledFile("prod"), edits);
  writeFileSync(join(folder, `Pulumi.${name}.yaml`), file);
  return file;
}

describe("roadnet verify", () => {
  it("ends with 0 for the repository's own prod", async () => {
    const { code, stdout } = await roadnet(["verify", "--stack", "prod"]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^stack prod: everything passes that is meant to, and nothing else \(\d+ pairs, \d+ flows\)\.\n$/,
      ),
    ]);
  });

  it("ends with 1 where something is found, and names file, line and path", async () => {
    const file = stackWith("wide", { "securityGroups database ingress 0 source": "10.0.0.0/8" });
    const { code, stdout } = await roadnet(["verify", "--stack", "wide", "--cwd", folder]);
    const line = 1 + file.split("\n").findIndex((text) => text.includes("description: PostgreSQL"));
    expect(code).toBe(1);
    expect(stdout).toMatch(
      new RegExp(`^  Pulumi\\.wide\\.yaml:${line}: securityGroups\\.database\\.ingress\\[0\\]$`, "m"),
    );
  });

  it("says the same as JSON, with the way of the packet", async () => {
    stackWith("wide", { "securityGroups database ingress 0 source": "10.0.0.0/8" });
    const { code, stdout } = await roadnet(["--json", "verify", "--stack", "wide", "--cwd", folder]);
    const result = JSON.parse(stdout) as { clean: boolean; violations: { kind: string; hops: unknown[] }[] };
    expect([code, result.clean, result.violations.map(({ kind }) => kind)]).toEqual([
      1,
      false,
      ["unintended"],
    ]);
    expect(result.violations[0]?.hops.length).toBeGreaterThan(4);
  });

  it("ends with 2 where it cannot be answered", async () => {
    stackWith("refused", { "regions us-west nat": "sometimes" });
    const refused = await roadnet(["verify", "--stack", "refused", "--cwd", folder]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("regions.us-west.nat")]);
    const missing = await roadnet(["verify", "--stack", "nowhere", "--cwd", folder]);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("There is no stack nowhere")]);
  });
});
