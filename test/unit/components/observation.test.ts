/** What follows from what a host says: the number of its next apply, and what a preview tells. */
import { describe, expect, it } from "vitest";

import { noAgent } from "../../../components/hosts/ask-host.ts";
import {
  applyNumber,
  describeObservation,
  firstApplyNumber,
  leadsThere,
  parseObservation,
  type HostPlanReport,
  type Observation,
  watchSeconds,
} from "../../../components/hosts/observation.ts";
import { reportOf } from "./mocked-hosts.ts";

const asked = (reachedBy: string, more: Partial<HostPlanReport>): Observation => ({
  kind: "asked",
  reachedBy,
  report: reportOf(more),
});
const bare = (reachedBy: string): Observation => ({ kind: "bare", reachedBy });
const unreachable: Observation = { kind: "unreachable", reasons: { tunnel: "no route" } };

describe("applyNumber", () => {
  it.each<[string, Observation, number]>([
    ["a host in order has the number of the last apply", asked("hub", { attempt: 6, inOrder: true }), 6],
    ["a host that is not in order gets the next", asked("hub", { attempt: 6 }), 7],
    ["an agent that was never told a number", asked("hub", { attempt: 0 }), 1],
    ["an agent too old for the document", asked("hub", { attempt: 6, refused: "unknown part" }), 7],
    ["a machine without an agent", bare("hub"), 1],
    ["a host that does not say", unreachable, 0],
  ])("%s", (_, observation, number) => {
    expect(applyNumber(observation)).toBe(number);
  });
});

describe("firstApplyNumber", () => {
  const numbers = { "on-site": 3, tunnel: 6 };
  it.each<[string, Observation, number]>([
    [
      "the management path leads there: the number of the last that came by the first path",
      asked("tunnel", { attempt: 6, inOrder: true, numbers }),
      3,
    ],
    [
      "also when there is something to do, which the second configuration does",
      asked("tunnel", { attempt: 6, numbers }),
      3,
    ],
    ["only the first path leads there: the next", asked("on-site", { attempt: 6, numbers }), 7],
    [
      "the first generation is committed, and the tunnel does not lead there yet: the next",
      asked("on-site", { attempt: 3, inOrder: true, numbers: { "on-site": 3 } }),
      4,
    ],
    [
      "the last one waits for its confirmation, which leads the management path there: the next",
      asked("tunnel", { attempt: 3, open: { number: 3 }, numbers: { "on-site": 3 } }),
      4,
    ],
    [
      "what waits is the second configuration: the last that came by the first path",
      asked("tunnel", { attempt: 6, open: { number: 6 }, numbers }),
      3,
    ],
    ["it has never been there", bare("on-site"), 1],
    ["it does not say", unreachable, 0],
    [
      "nothing came by the first path that the host remembers: the next",
      asked("tunnel", { attempt: 6, numbers: {} }),
      7,
    ],
  ])("%s", (_, observation, number) => {
    expect(firstApplyNumber(observation, "on-site")).toBe(number);
  });
});

describe("leadsThere", () => {
  const numbers = { "on-site": 3, tunnel: 6 };
  it.each<[string, Observation, boolean]>([
    [
      "the management path leads to a host in order",
      asked("tunnel", { attempt: 6, inOrder: true, numbers }),
      true,
    ],
    ["and to one that is not", asked("tunnel", { attempt: 6, numbers }), true],
    ["and to one that has lost its numbers", asked("tunnel", { attempt: 6, numbers: {} }), true],
    [
      "and to one whose second configuration waits",
      asked("tunnel", { attempt: 6, open: { number: 6 }, numbers }),
      true,
    ],
    ["and to one without its agent", bare("tunnel"), true],
    ["only the first path leads there", asked("on-site", { attempt: 6, numbers }), false],
    ["it is new", bare("on-site"), false],
    ["it does not say", unreachable, false],
    [
      "the path is there only until the first configuration is reverted",
      asked("tunnel", { attempt: 7, open: { number: 7 }, numbers: { "on-site": 7 } }),
      false,
    ],
    [
      "the same of a host that was never on a generation, and has lost its numbers",
      asked("tunnel", { attempt: 1, open: { number: 1 }, numbers: {}, committed: { number: 0, digest: "" } }),
      false,
    ],
    [
      "the second configuration waits on a host that has lost its numbers",
      asked("tunnel", { attempt: 7, open: { number: 7 }, numbers: {}, committed: { number: 1, digest: "" } }),
      true,
    ],
  ])("%s", (_, observation, leads) => {
    expect(leadsThere(observation, "on-site")).toBe(leads);
  });
});

describe("parseObservation", () => {
  const line = (value: unknown): string => `${JSON.stringify(value)}\n`;

  it("tells hosts out of reach, hosts without an agent and hosts that answer apart", () => {
    expect(parseObservation("h", line({ unreachable: { hub: "why" } }))).toEqual({
      kind: "unreachable",
      reasons: { hub: "why" },
    });
    expect(parseObservation("h", line({ reachedBy: "hub", said: noAgent }))).toEqual(bare("hub"));
    const report = reportOf({ attempt: 2 });
    expect(parseObservation("h", line({ reachedBy: "hub", said: JSON.stringify(report) }))).toEqual({
      kind: "asked",
      reachedBy: "hub",
      report,
    });
  });

  it("refuses another format, with the host's name", () => {
    const said = JSON.stringify({ ...reportOf({}), format: "reef-plan/2" });
    expect(() => parseObservation("us-west/hub-1", line({ reachedBy: "hub", said }))).toThrow(
      'us-west/hub-1: its agent answers in the format "reef-plan/2", which this program does not read',
    );
  });

  it("says which host it was whose answer is no JSON", () => {
    expect(() =>
      parseObservation("us-west/hub-1", line({ reachedBy: "hub", said: "Last login: …" })),
    ).toThrow(/us-west\/hub-1.*Last login/);
  });
});

describe("describeObservation", () => {
  it("has nothing to say of a host in order, or of one that is new", () => {
    expect(describeObservation("h", asked("hub", { inOrder: true }))).toBeUndefined();
    expect(describeObservation("h", bare("hub"))).toBeUndefined();
  });

  it("says by which ways a host cannot be reached, and why not", () => {
    const both: Observation = {
      kind: "unreachable",
      reasons: { tunnel: "no route", "on-site": "timed out" },
    };
    expect(describeObservation("edge-home/lucidia", both)).toBe(
      "edge-home/lucidia cannot be reached, so what an update would change there is not known " +
        "(by tunnel: no route; by on-site: timed out)",
    );
  });

  it("says what has drifted, what could not be checked and what an update changes, with its text", () => {
    const report = {
      attempt: 4,
      drift: [{ part: "unit", name: "nginx.service", how: "is not running" }],
      couldNotCheck: ["nftables: nft is missing"],
      difference: [
        { what: "file", name: "/etc/a", how: "changed", text: "-old\n+new\n" },
        { what: "package", name: "b", how: "added" },
      ],
    };
    expect(describeObservation("h", asked("hub", report))).toBe(
      [
        "h, on generation 4:",
        "drifted: unit nginx.service is not running",
        "could not be checked: nftables: nft is missing",
        "file /etc/a: changed",
        "    -old",
        "    +new",
        "package b: added",
      ].join("\n"),
    );
  });
});

describe("watchSeconds", () => {
  it.each([
    ["2-0a", 10],
    ["12-0a", 10],
    ["1-0a", 0],
    ["none", 0],
  ])("after %s is %i", (token, seconds) => {
    expect(watchSeconds(token, 10)).toBe(seconds);
  });
});
