/**
 * Whatever has gone wrong before, one update that nothing disturbs brings the host to what is wanted, and the preview
 * after it is empty.
 */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";

import { SimulatedEngine, UpdateFailed, type Fault } from "./simulated-engine.ts";
import { SimulatedHost, type Wanted } from "./simulated-host.ts";

const seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`convergence of hosts: ROADNET_SEED=${seed}`);

let host: SimulatedHost;
let engine: SimulatedEngine;
let wanted: Wanted;
beforeEach(() => {
  host = new SimulatedHost();
  engine = new SimulatedEngine();
  wanted = { machine: "m1", hub: 1, version: 1, onSite: true };
});

const keys = ["bootstrap"];
const first = ["first-apply", "first-confirm/on-site"];
const second = ["apply", "confirm/tunnel", "confirm/lan"];
const everything = [...keys, "hub", "first-agent", ...first, "agent", "request", ...second];

/** An update that nothing disturbs. */
function converge(): string[] {
  const done = engine.update(host, wanted);
  expect(engine.preview(host, wanted)).toEqual([]);
  expect(host.committed?.document.text).toBe(`full ${wanted.hub} ${wanted.version} ${host.keys.tls ?? ""}`);
  expect([host.open, host.drifted, host.isOld]).toEqual([undefined, false, false]);
  const { tunnel, running } = host.keys;
  expect([engine.hubs.get(wanted.hub), running]).toEqual([tunnel, tunnel]);
  return done;
}

/** The program has a newer agent, which is part of every document. */
function becomeOld(): void {
  wanted = { ...wanted, version: wanted.version + 1 };
  host.isOld = host.committed !== undefined;
}

function fail(fault: Fault): void {
  expect(() => engine.update(host, wanted, fault)).toThrow(UpdateFailed);
}

describe("a machine on a LAN", () => {
  it("is configured in two steps at first, and then left alone", () => {
    expect(engine.preview(host, wanted).slice(0, 5)).toEqual(everything.slice(0, 5));
    expect(converge()).toEqual(everything);
    expect(converge()).toEqual([]);
    expect(host.changes).toBe(2);
  });

  it("needs nobody on its LAN once the tunnel leads to it", () => {
    converge();
    wanted = { ...wanted, onSite: false, version: 2 };
    expect(engine.preview(host, wanted)).toEqual(second);
    expect(converge()).toEqual(second);
  });

  it("is repaired where it has drifted", () => {
    converge();
    host.drifted = true;
    expect(engine.preview(host, wanted)).toEqual(second);
    expect(converge()).toEqual(second);
  });

  it("gets a newer agent where its own cannot read the document", () => {
    converge();
    becomeOld();
    expect(converge()).toEqual(second);
  });

  it("is configured on its LAN again when the tunnel's other end is another one", () => {
    converge();
    wanted = { ...wanted, hub: 2 };
    expect(engine.preview(host, wanted).slice(0, 3)).toEqual(["hub", ...first]);
    expect(converge()).toEqual(["hub", ...first, ...second]);
    wanted = { ...wanted, hub: 3, onSite: false };
    expect(() => engine.update(host, wanted)).toThrow(/no route by on-site/);
  });

  it("is configured from the beginning when it is another machine", () => {
    converge();
    wanted = { ...wanted, machine: "m2" };
    host = new SimulatedHost();
    expect(converge()).toEqual(everything);
  });

  it("is configured from the beginning when it is the same machine, set up anew", () => {
    converge();
    host = new SimulatedHost();
    expect(engine.preview(host, wanted)).toEqual(expect.arrayContaining([...keys, ...first]));
    expect(converge()).toEqual(everything);
  });

  it("is left as it is where nobody can see that it was set up anew, and its hub as well", () => {
    converge();
    const known = engine.hubs.get(1);
    host = new SimulatedHost();
    wanted = { ...wanted, onSite: false };
    expect(engine.preview(host, wanted)).toEqual(expect.not.arrayContaining([...keys, "hub"]));
    expect(() => engine.update(host, wanted)).toThrow(UpdateFailed);
    expect(engine.hubs.get(1)).toBe(known);
    wanted = { ...wanted, onSite: true };
    converge();
  });

  it("needs nobody on its LAN for any lost key or record, as long as its tunnel runs", () => {
    const lose: Record<string, () => void> = {
      tunnel: () => (host.keys.tunnel = undefined),
      "another tunnel key": () => (host.keys.tunnel = "another"),
      tls: () => (host.keys.tls = undefined),
      numbers: () => {
        host.loseNumbers();
      },
      records: () => {
        host.keys.loseRecords();
      },
    };
    for (const [what, happens] of Object.entries(lose)) {
      converge();
      wanted = { ...wanted, onSite: false };
      const { running, tls } = host.keys;
      const { stripped } = host;
      happens();
      const done = converge();
      expect(host.keys.running, what).toBe(running);
      expect(host.keys.tls === tls, what).toBe(what !== "tls");
      expect(done.includes("bootstrap"), what).toBe(what !== "numbers");
      expect(done, what).not.toContain("first-apply");
      expect(host.stripped, what).toBe(stripped);
    }
  });

  it("gets another tunnel key over its LAN when it has lost its own and was switched off", () => {
    converge();
    const { running } = host.keys;
    host.keys.tunnel = undefined;
    host.reboot();
    expect(converge()).toEqual([...keys, "hub", ...first, "request", ...second]);
    expect(host.keys.running).not.toBe(running);
  });

  it("is reverted when one path's confirmation fails, and then applied and confirmed on both anew", () => {
    converge();
    wanted = { ...wanted, version: 2 };
    fail({ at: 3, kind: "command-fails" });
    expect(host.open?.confirmed).toEqual(new Set(["tunnel"]));
    host.revert();
    expect(host.committed?.document.text).toMatch(/^full 1 1 /);
    expect(converge()).toEqual(second);
  });

  it("forgets the token of a repair that was reverted, though nothing is left to repair", () => {
    converge();
    host.drifted = true;
    fail({ at: 2, kind: "command-fails" });
    host.revert();
    expect(converge()).toEqual(second);
    expect(host.changes).toBe(3);
  });

  it.each(["command-fails", "killed-before", "killed-after"] as const)(
    "converges after an update that ended at any of its commands (%s), early or late",
    (kind) => {
      for (let at = 1; at <= everything.length; at += 1) {
        for (const isLate of [true, false]) {
          host = new SimulatedHost();
          engine = new SimulatedEngine();
          fail({ at, kind });
          if (isLate) host.revert();
          converge();
        }
      }
    },
  );
});

const fault = fc.record<Fault>({
  at: fc.integer({ min: 1, max: everything.length }),
  kind: fc.constantFrom("command-fails", "killed-before", "killed-after"),
});

type Event =
  | { readonly kind: "update"; readonly fault: Fault | undefined; readonly onSite: boolean }
  | { readonly kind: Happening };

const happenings = [
  "change",
  "drift",
  "refusal",
  "old-agent",
  "new-hub",
  "new-machine",
  "too-late",
  "set-up-anew",
  "lost-tunnel-key",
  "other-tunnel-key",
  "lost-tls-key",
  "lost-numbers",
  "lost-records",
  "reboot",
] as const;
type Happening = (typeof happenings)[number];

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    kind: fc.constant("update" as const),
    fault: fc.option(fault, { nil: undefined }),
    onSite: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom(...happenings) }),
);

function happen(what: Event): void {
  switch (what.kind) {
    case "update":
      wanted = { ...wanted, onSite: what.onSite };
      try {
        engine.update(host, wanted, what.fault);
      } catch (error) {
        if (!(error instanceof UpdateFailed)) throw error;
      }
      return;
    case "change":
      wanted = { ...wanted, version: wanted.version + 1 };
      return;
    case "new-hub":
      wanted = { ...wanted, hub: wanted.hub + 1 };
      return;
    case "new-machine":
      wanted = { ...wanted, machine: `${wanted.machine}'` };
      host = new SimulatedHost();
      return;
    case "drift":
      host.drifted = host.committed !== undefined;
      return;
    case "refusal":
      host.refuses = true;
      return;
    case "old-agent":
      becomeOld();
      return;
    case "too-late":
      host.revert();
      return;
    case "set-up-anew":
      host = new SimulatedHost();
      return;
    case "lost-tunnel-key":
      host.keys.tunnel = undefined;
      return;
    case "other-tunnel-key":
      host.keys.tunnel = `other ${host.changes}`;
      return;
    case "lost-tls-key":
      host.keys.tls = undefined;
      return;
    case "lost-numbers":
      host.loseNumbers();
      return;
    case "lost-records":
      host.keys.loseRecords();
      return;
    case "reboot":
      host.reboot();
  }
}

it("converges after anything", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), (events) => {
      host = new SimulatedHost();
      engine = new SimulatedEngine();
      wanted = { machine: "m1", hub: 1, version: 1, onSite: true };
      for (const what of events) happen(what);
      wanted = { ...wanted, onSite: true };
      host.refuses = false;
      converge();
      const { changes } = host;
      expect(engine.update(host, wanted)).toEqual([]);
      expect(host.changes).toBe(changes);
    }),
    { seed, numRuns: 3000 },
  );
});
