/** A preview of prod where nobody can reach the hosts, as in a pull request. */
import { beforeAll, describe, expect, it, vi } from "vitest";

import { documentOf } from "./golden.ts";
import { runProgram, type ProgramRun } from "./program.ts";

let run: ProgramRun;
const shown: string[] = [];

beforeAll(async () => {
  const keep = (line: unknown) => {
    shown.push(String(line));
  };
  vi.spyOn(console, "log").mockImplementation(keep);
  vi.spyOn(console, "warn").mockImplementation(keep);
  run = await runProgram("prod", { preview: true, config: { "blackroad-network:askHosts": "false" } });
  vi.restoreAllMocks();
}, 120_000);

describe("a preview that asks nobody", () => {
  it("asks nobody, and has nothing to tell", () => {
    expect(run.asked).toEqual([]);
    expect(shown).toEqual([]);
  });

  it("does not take the missing number for a change", () => {
    const ignored = (step: string) =>
      run.resources
        .filter(({ name }) => name.endsWith(`/${step}`))
        .map(({ options }) => options.ignoreChanges);
    expect(ignored("apply").length).toBeGreaterThan(3);
    expect(new Set(ignored("apply").map(String))).toEqual(new Set(["create"]));
    expect(ignored("first-apply").length).toBeGreaterThan(1);
    expect(new Set(ignored("first-apply").map(String))).toEqual(
      new Set(["connection,create,stdin,triggers"]),
    );
  });

  it("does not take keys and first configurations that nobody was asked about for lost", () => {
    const steps = /\/(?:bootstrap|keys|first-agent|first-apply|first-confirm\/on-site)$/;
    const kept = run.resources.filter(({ name }) => steps.test(name));
    expect(kept.length).toBeGreaterThan(20);
    for (const { name, options } of kept) expect(options.ignoreChanges, name).toContain("triggers");
  });

  it("still shows a changed document", () => {
    for (const { name, inputs } of run.resources.filter((resource) => resource.name.endsWith("/apply")))
      expect(documentOf(inputs.stdin), name).toBeDefined();
  });
});
