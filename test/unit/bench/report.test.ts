import { expect, it } from "vitest";

import { describeFleet } from "../../../bench/fleet/report.ts";
import type { Round, Run, Side, SizeResult } from "../../../bench/fleet/rounds.ts";

function run(wallSeconds: number, connections: number): Run {
  return {
    ...{ wallSeconds, connections, driverCpuSeconds: wallSeconds / 2, machineCpuSeconds: wallSeconds * 2 },
    ...{ driverMiB: 100, hostProcessMiB: 20 },
  };
}

function round(side: Side, first: number, again: number): Round {
  return { side, first: run(first, 5), again: run(again, 1) };
}

function size(hosts: number, rounds: readonly Round[]): SizeResult {
  return { hosts, at: "2026-01-02T03:04:05.000Z", rounds };
}

const result = {
  sizes: [
    size(10, [
      round("ours", 20, 5),
      round("ansible", 80, 30),
      round("ansible", 100, 40),
      round("ours", 22, 6),
    ]),
    size(20, [round("ours", 31, 9), round("ansible", 170, 95)]),
  ],
  ...{ parallel: 16, forks: 20, provider: "stand-in 1.2.1", ansible: "ansible [core 2.14.18]" },
};

it("tells median times, their ratio and whether the goals are met", () => {
  const text = describeFleet(result);
  expect(text).toContain(
    "With 20 hosts, the first run is 5.5 times as fast as Ansible's; the goal is 3: met.",
  );
  expect(text).toContain(
    "With 20 hosts, the run with nothing to do is 10.6 times as fast as Ansible's; the goal is 10: met.",
  );
  expect(text).toContain(
    "| 10 | 2 | 20.0 / **21.0** / 22.0 | 80.0 / **90.0** / 100.0 | 2.10 | 9.00 | **4.3×** | 2026-01-02 03:04 |",
  );
  expect(describeFleet(result, "It rained.")).toContain("\n\nIt rained.\n\n- With 20 hosts");
  expect(describeFleet({ ...result, sizes: result.sizes.slice(0, 1) })).toContain(
    "is 6.4 times as fast as Ansible's; the goal is 10: missed.",
  );
});

it("extrapolates by a straight line through the medians, and says that it does", () => {
  const text = describeFleet(result);
  // 21 s with 10 hosts and 31 s with 20: 11 s and 1 s for each.
  expect(text).toContain("| ours, first | 11.0 s + 1.00 s × hosts | 1.000 | 17 min | 8 min |");
  expect(text).toContain("Nobody has run this.");
  expect(describeFleet({ ...result, sizes: result.sizes.slice(0, 1) })).not.toContain("extrapolation");
});
