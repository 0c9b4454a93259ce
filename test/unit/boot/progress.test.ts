import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { coloursWanted, createProgress, formatDuration } from "../../../scripts/lib/progress.mjs";

class Screen {
  readonly isTTY: boolean;
  readonly columns = 100;
  text = "";

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function runStep(screen: Screen, environment: NodeJS.ProcessEnv, milliseconds: number): Promise<void> {
  const { step } = createProgress(screen, environment);
  const done = step("hosts", async (say) => {
    say("booting");
    await wait(milliseconds);
    return "3 run";
  });
  await vi.advanceTimersByTimeAsync(milliseconds + 1);
  await done;
}

describe("a step", () => {
  it("is one line where it is quick", async () => {
    const screen = new Screen(false);
    await runStep(screen, {}, 500);
    expect(screen.text).toBe("  hosts       3 run\n");
  });

  it("shows itself after two seconds, and then every twenty, where there is no terminal", async () => {
    const screen = new Screen(false);
    await runStep(screen, {}, 50_000);
    const lines = screen.text.trimEnd().split("\n");
    expect(lines.slice(0, -1)).toEqual([
      "  hosts       booting … 2.0 s",
      "  hosts       booting … 22 s",
      "  hosts       booting … 42 s",
    ]);
    expect(lines.at(-1)).toBe("  hosts       3 run (50 s)");
    expect(screen.text).not.toContain("\u001b");
  });

  it("redraws one line on a terminal", async () => {
    const screen = new Screen(true);
    await runStep(screen, { TERM: "xterm" }, 5_000);
    expect(screen.text).toContain("\r\u001b[K");
    expect(screen.text.split("\n")).toHaveLength(2);
  });

  it("has no colours where NO_COLOR is set", async () => {
    const screen = new Screen(true);
    await runStep(screen, { TERM: "xterm", NO_COLOR: "1" }, 100);
    expect(screen.text).toBe("  hosts       3 run\n");
  });

  it("prints plain lines on a terminal of CI", async () => {
    const screen = new Screen(true);
    await runStep(screen, { TERM: "xterm", CI: "true", NO_COLOR: "1" }, 3_000);
    expect(screen.text).toBe("  hosts       booting … 2.0 s\n  hosts       3 run (3.0 s)\n");
  });

  it("says that it failed and passes the error on", async () => {
    const screen = new Screen(false);
    const { step } = createProgress(screen, {});
    await expect(step("hosts", () => Promise.reject(new Error("no image")))).rejects.toThrow("no image");
    expect(screen.text).toBe("  hosts       failed (0.0 s)\n");
  });

  it("prints nothing where its result is worth no line", async () => {
    const screen = new Screen(false);
    const { step } = createProgress(screen, {});
    await step(
      "hosts",
      () => Promise.resolve(3),
      () => "",
    );
    expect(screen.text).toBe("");
  });
});

describe("formatDuration", () => {
  it.each([
    [400, "0.4 s"],
    [9_949, "9.9 s"],
    [9_960, "10 s"],
    [59_400, "59 s"],
    [292_000, "4 min 52 s"],
  ])("%d ms is %s", (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});

describe("coloursWanted", () => {
  it("needs a terminal that is not dumb", () => {
    expect(coloursWanted({ isTTY: true }, { TERM: "xterm" })).toBe(true);
    expect(coloursWanted({ isTTY: true }, { TERM: "dumb" })).toBe(false);
    expect(coloursWanted({}, { TERM: "xterm" })).toBe(false);
  });
});
