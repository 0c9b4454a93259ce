import { expect, it } from "vitest";

import type { EngineRun } from "../../../bench/preview/bed.ts";
import { describePreview } from "../../../bench/preview/report.ts";
import type { Round, Side, SizeResult } from "../../../bench/preview/rounds.ts";
import { asCommonJs, ways, type StartUp } from "../../../bench/preview/start-up.ts";

function run(wallSeconds: number, loadedSeconds = 0): EngineRun {
  return {
    ...{
      wallSeconds,
      loadedSeconds,
      loadedCpuSeconds: loadedSeconds * 2,
      driverCpuSeconds: wallSeconds / 2,
      machineCpuSeconds: wallSeconds * 2,
    },
    ...{ driverMiB: 900, hostProcessMiB: 0, programMiB: 300, programCpuSeconds: wallSeconds / 4 },
  };
}

function round(side: Side, preview: number, up: number): Round {
  return { side, runs: { preview: run(preview), up: run(up), previewAgain: run(10), upAgain: run(12) } };
}

function size(regions: number, rounds: readonly Round[]): SizeResult {
  const at = "2026-01-02T03:04:05.000Z";
  return { regions, peerings: regions, resources: 100 * regions, components: 10 * regions, at, rounds };
}

const startUps: readonly StartUp[] = ways.map((way, index) => ({
  way,
  run: run(20, [1.5, 1, 9, 1.6][index]),
}));
const result = {
  sizes: [
    size(2, [round("ours", 4, 8), round("flat", 4, 8)]),
    size(32, [round("ours", 40, 100), round("flat", 36, 80), round("flat", 32, 80), round("ours", 44, 100)]),
  ],
  startUps,
  providers: "aws 1.0.0 (stand-in)",
};

it("tells the share of ours at the largest size, and whether the goals are met", () => {
  const text = describePreview(result);
  // (42 − 34) / 42 and (100 − 80) / 100.
  expect(text).toContain(
    "With 32 regions, preview from nothing: the share of ours is 19.0 %; the goal is below 15 %: missed. Of processor time it is 19.0 %.",
  );
  expect(text).toContain("update from nothing: the share of ours is 20.0 %; the goal is below 15 %: missed.");
  expect(text).toContain(
    "preview with nothing to do: the share of ours is 0.0 %; the goal is below 15 %: met.",
  );
  expect(text).toContain(
    "The start-up is 6.0 times as fast as with ts-node where nothing is kept, as in CI; the goal is 2: met. In processor time it is 6.0 times.",
  );
  expect(text).toContain(
    "The start-up is 1.6 times as fast as with ts-node where both have kept what they compiled; the goal is 2: missed.",
  );
});

it("tells times with their spread, per resource, and what else it takes", () => {
  const text = describePreview(result, "It rained.");
  expect(text).toContain(
    "| 32 | preview from nothing | 40.0 / **42.0** / 44.0 | 32.0 / **34.0** / 36.0 | **19.0 %** | 19.0 % | 13.1 | 10.6 |",
  );
  expect(text).toContain("| 32 | 32 | 3200 | 320 | 2 | 2026-01-02 03:04 |");
  expect(text).toContain("| memory of the program's process at its peak, MiB | 300 |");
  expect(text).toContain("\n\nIt rained.\n\n- With 32 regions");
  expect(text).toContain(
    "| ours: Node.js strips the types | 1.50 / **1.50** / 1.50 | 3.00 / **3.00** / 3.00 | 20.0 / **20.0** / 20.0 | 300 | 1 |",
  );
});

it("leaves out what was not measured", () => {
  expect(describePreview({ ...result, startUps: [] })).not.toContain("ts-node");
  expect(describePreview({ ...result, sizes: [] })).not.toContain("regions,");
  expect(describePreview({ ...result, sizes: result.sizes.slice(0, 1) })).toContain(
    "With 2 regions, preview from nothing: the share of ours is 0.0 %; the goal is for 32 regions, below 15 %: not measured.",
  );
});

it("turns a module into one that CommonJS can have", () => {
  const text = [
    `import { a } from "./a.ts";`,
    `import type { B } from "../b/c.ts";`,
    `import * as aws from "@pulumi/aws";`,
    `const file = new URL("ask-host.ts", import.meta.url);`,
    `if (import.meta.main) {`,
    `  await a();`,
    `}`,
    ``,
  ];
  expect(asCommonJs(text.join("\n")).split("\n")).toEqual([
    `import { a } from "./a";`,
    `import type { B } from "../b/c";`,
    `import * as aws from "@pulumi/aws";`,
    `const file = new URL("ask-host.ts", require("node:url").pathToFileURL(__filename));`,
    ``,
  ]);
});
