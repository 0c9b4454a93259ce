import { EventEmitter } from "node:events";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLanes, type Lanes } from "../../../scripts/lib/lanes.mjs";

let printed: string;
let signals: EventEmitter;
let lanes: Lanes;

beforeEach(() => {
  printed = "";
  signals = new EventEmitter();
  lanes = createLanes({ write: (text) => (printed += text), signals });
});

afterEach(() => {
  lanes.close();
});

const { env } = process;
const terminated = 128 + constants.signals.SIGTERM;

describe("lanes", () => {
  it("run side by side: each line, of both outputs, says whose it is", async () => {
    const meet = (own: string, other: string): string =>
      `echo ${own}; touch "$0/${own}"; until [ -e "$0/${other}" ]; do sleep 0.01; done; echo; echo met >&2`;
    const folder = (await lanes.run("setup", "mktemp", ["-d"], { env, quiet: true })).stdout.trim();
    const both = await Promise.all([
      lanes.run("one", "sh", ["-c", meet("a", "b"), folder], { env }),
      lanes.run("two", "sh", ["-c", `${meet("b", "a")}; exit 3`, folder], { env }),
    ]);
    expect(both.map(({ code }) => code)).toEqual([0, 3]);
    const lines = printed.trimEnd().split("\n");
    for (const [label, own] of [
      ["one", "a"],
      ["two", "b"],
    ] as const) {
      const mark = `${label.padEnd(8)}|`;
      const its = lines.filter((line) => line.startsWith(mark));
      expect(its.sort()).toEqual([mark, `${mark} ${own}`, `${mark} met`].sort());
    }
    expect(lines).toHaveLength(6);
    await lanes.run("end", "rm", ["-r", folder], { env });
  });

  it("keep what is quiet, and print what it complains about", async () => {
    const result = await lanes.run("go", "sh", ["-c", "echo kept; echo shown >&2"], { env, quiet: true });
    expect(result).toEqual({ code: 0, stdout: "kept\n" });
    expect(printed).toBe("go      | shown\n");
  });

  const hasGroups = existsSync("/proc/self/autogroup");
  it.skipIf(!hasGroups)("share the processors with one another before anything in them does", async () => {
    const ask = (patient: boolean) =>
      lanes.run("group", "sh", ["-c", "sleep 0.2; cat /proc/self/autogroup"], { env, quiet: true, patient });
    const groups = await Promise.all([ask(false), ask(true)]);
    const [own, patient] = groups.map(({ stdout }) => /^\/autogroup-(\d+) nice (-?\d+)$/m.exec(stdout) ?? []);
    expect(patient?.[1]).not.toBe(own?.[1]);
    expect([own?.[2], patient?.[2]]).toEqual(["0", "3"]);
  });

  it("let the patient step back", async () => {
    const ask = (patient: boolean) =>
      lanes.run("nice", "sh", ["-c", "sleep 0.2; nice"], { env, quiet: true, patient });
    const own = Number((await ask(false)).stdout);
    expect(Number((await ask(true)).stdout)).toBeGreaterThan(own);
  });

  it("say where there is no such program", async () => {
    await expect(lanes.run("none", "no-such-program-4711", [], { env })).rejects.toThrow(/ENOENT/);
  });

  it.each(["SIGTERM", "SIGHUP", "SIGINT"] as const)(
    "all end by %s, with what they have started, and nothing is begun after it",
    async (signal) => {
      // A shell's background jobs do not hear SIGINT.
      const script = "sleep 60 & echo up; wait";
      const both = [true, false].map((patient) => lanes.run("lane", "sh", ["-c", script], { env, patient }));
      await vi.waitFor(() => {
        expect(printed.match(/up/g)).toHaveLength(2);
      });
      signals.emit(signal, signal);
      expect((await Promise.all(both)).map(({ code }) => code)).toEqual([terminated, terminated]);
      expect((await lanes.run("late", "echo", ["late"], { env })).code).toBe(terminated);
      expect(printed).not.toContain("late");
    },
  );
});
