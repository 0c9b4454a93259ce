import { EventEmitter } from "node:events";
import { constants } from "node:os";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLanes, type Lanes } from "../../../scripts/lib/lanes.mjs";

let printed: string;
let signals: EventEmitter;
let lanes: Lanes;

function create(isTTY = false): Lanes {
  return createLanes({ write: (text) => (printed += text), signals, isTTY });
}

beforeEach(() => {
  printed = "";
  signals = new EventEmitter();
  lanes = create();
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

  it("let the patient step back", async () => {
    const ask = (patient: boolean) =>
      lanes.run("nice", "sh", ["-c", "sleep 0.2; nice"], { env, quiet: true, patient });
    const own = Number((await ask(false)).stdout);
    expect(Number((await ask(true)).stdout)).toBe(Math.max(own, 10));
  });

  it("say where there is no such program", async () => {
    await expect(lanes.run("none", "no-such-program-4711", [], { env })).rejects.toThrow(/ENOENT/);
  });

  it.each(["SIGTERM", "SIGHUP", "SIGINT"] as const)(
    "all end by %s, and nothing is begun after it",
    async (signal) => {
      const both = [1, 2].map((n) => lanes.run(`lane ${n}`, "sh", ["-c", "echo up; exec sleep 60"], { env }));
      await vi.waitFor(() => {
        expect(printed.match(/up/g)).toHaveLength(2);
      });
      signals.emit(signal, signal);
      const code = 128 + constants.signals[signal];
      expect((await Promise.all(both)).map((result) => result.code)).toEqual([code, code]);
      expect((await lanes.run("late", "echo", ["late"], { env })).code).toBe(terminated);
      expect(printed).not.toContain("late");
    },
  );

  it("get Ctrl-C from the terminal itself where there is one, once", async () => {
    lanes.close();
    lanes = create(true);
    const running = lanes.run("one", "sh", ["-c", "echo up; sleep 1; echo its own end"], { env });
    await vi.waitFor(() => {
      expect(printed).toContain("up");
    });
    signals.emit("SIGINT", "SIGINT");
    expect((await running).code).toBe(0);
    expect(printed).toContain("its own end");
    expect((await lanes.run("late", "echo", ["late"], { env })).code).toBe(terminated);
  });
});
