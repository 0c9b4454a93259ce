/** `roadnet map` from the command line: what it writes, and what it refuses. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { network } from "../proof/describe/network.ts";
import { roadnet } from "./roadnet.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-map-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("roadnet map", () => {
  it("writes a page, replaces it, and prints the same bytes", async () => {
    const file = join(folder, "prod.html");
    const { code, stdout } = await roadnet(["map", "--out", file]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^.*prod\.html: stack prod, \d+ boxes, 0 findings, \d+ kB\n$/),
    ]);
    const page = readFileSync(file, "utf8");
    expect(page.length).toBeLessThan(900_000);
    // Nothing of the machine that made it is in it.
    expect(page).not.toContain(process.cwd());
    expect((await roadnet(["map", "--out", file])).code).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(page);
    expect((await roadnet(["map", "--out", "-"])).stdout).toBe(page);
  });

  it("replaces nothing else unless it is told to, and says what cannot be written", async () => {
    const file = join(folder, "thesis.html");
    writeFileSync(file, "years of work");
    const refused = await roadnet(["map", "--out", file]);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      `roadnet: ${file} is there, and is no map: --force replaces it.\n`,
    ]);
    expect(readFileSync(file, "utf8")).toBe("years of work");
    expect((await roadnet(["map", "--out", file, "--force"])).code).toBe(0);
    const nowhere = await roadnet(["map", "--out", "/proc/nowhere/map.html"]);
    expect([nowhere.code, nowhere.stderr]).toEqual([
      2,
      expect.stringContaining("Nothing can be written to /proc/nowhere/map.html: "),
    ]);
  });

  it("draws what AWS described, and tells as JSON what it would", async () => {
    writeFileSync(join(folder, "all.json"), JSON.stringify(network()));
    const file = join(folder, "account.html");
    const made = await roadnet(["map", "--describe", join(folder, "all.json"), "--out", file, "--json"]);
    expect([made.code, JSON.parse(made.stdout)]).toEqual([0, expect.objectContaining({ file, findings: 0 })]);
    expect(readFileSync(file, "utf8")).toContain('data-id="region:vpc-0a"');
    const told = await roadnet(["map", "--out", "-", "--json", "--no-findings"]);
    const { data } = JSON.parse(told.stdout) as { data: { title: string; verified: string } };
    expect([data.title, data.verified]).toEqual(["stack prod", "nobody has verified it"]);
  });

  it.each([[["--stack", "nowhere"]], [["--describe", "/nonexistent"]]])("%j ends with 2", async (args) => {
    expect((await roadnet(["map", ...args, "--out", join(folder, "none.html")])).code).toBe(2);
  });
});
