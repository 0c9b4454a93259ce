/** `roadnet verify` from the command line: exit codes, lines of the file, JSON. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sources } from "../../../components/config/sources.ts";
import { routes, type Change } from "../proof/describe/changes.ts";
import { network, to } from "../proof/describe/network.ts";
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
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/^ {2}Pulumi\.refused\.yaml:\d+: regions\.us-west\.nat$/m),
    ]);
    const missing = await roadnet(["verify", "--stack", "nowhere", "--cwd", folder]);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("There is no stack nowhere")]);
  });

  it("tells a refused file by line, rule and source, also as JSON", async () => {
    const record = { name: "www", type: "A", content: "10.0.1.20" };
    const file = stackWith("private", { "dns zones blackroad.io records 8": record });
    const { code, stdout } = await roadnet(["--json", "verify", "--stack", "private", "--cwd", folder]);
    const line = 1 + file.split("\n").findIndex((text) => text.includes("content: 10.0.1.20"));
    expect([code, JSON.parse(stdout)]).toEqual([
      2,
      {
        stack: "private",
        clean: false,
        refused: [
          {
            path: 'dns.zones["blackroad.io"].records[8].content',
            line,
            message:
              "is private: nobody outside reaches 10.0.1.20, and it shows the layout inside. Leave the record out of a public zone.",
            rule: "cloudflare/private-origins",
            source: sources["cloudflare/private-origins"],
          },
        ],
      },
    ]);
  });

  it("says what to write, and how to see more", async () => {
    stackWith("narrow", { "securityGroups vault ingress 0 port": 8201 });
    const { code, stdout } = await roadnet(["verify", "--stack", "narrow", "--cwd", folder]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^stack narrow has 1 violation \(/);
    expect(stdout).toContain("\n    to mend it: add a rule that lets it in\n");
    expect(stdout).toMatch(/^roadnet why us-west\/api-1 us-west\/vault-1 8200\/tcp /m);
  });
});

describe("roadnet verify --describe", () => {
  function exported(name: string, ...changes: readonly Change[]): string {
    const of = network();
    for (const change of changes) change(of);
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(of));
    return file;
  }

  it("ends with 0 for a network with nothing wrong", async () => {
    const { code, stdout } = await roadnet(["verify", "--describe", exported("whole")]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining(": no route leads nowhere, and no answer gets lost (45 pairs)."),
    ]);
  });

  it("ends with 1 where something is found, by the id of what has it", async () => {
    const { code, stdout } = await roadnet([
      "--json",
      "verify",
      "--describe",
      exported("half", routes("rtb-0b0", "10.0.0.0/16")),
    ]);
    const { clean, findings } = JSON.parse(stdout) as { clean: boolean; findings: { path: string }[] };
    expect([code, clean, findings.map(({ path }) => path)]).toEqual([1, false, ["rtb-0b0"]]);
  });

  it("ends with 2 where too little is known, and where there is nothing to read", async () => {
    const beyond = to("10.1.0.0/16", { TransitGatewayId: "tgw-0a" });
    const file = exported("beyond", routes("rtb-0a1", "10.1.0.0/16", beyond));
    const told = await roadnet(["verify", "--describe", file]);
    expect([told.code, told.stdout]).toEqual([
      2,
      expect.stringContaining("pairs nobody can tell what passes"),
    ]);
    expect((await roadnet(["verify", "--describe", join(folder, "nowhere")])).code).toBe(2);
  });
});
