import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostName, isWithin, route, targetOf } from "../../../sandbox/services/edge/routing.ts";
import { balancer, pool, origin, record, stateOf } from "./describe-json.ts";

const tunnel = "5e9c0a52-9d52-4d6e-8f0c-5f2e3c1b7a10";

const state = stateOf({
  zones: {
    "blackroad.io": {
      records: [
        record("blackroad.io", "A", "198.51.100.1"),
        record("www.blackroad.io", "A", "198.51.100.1"),
        record("www.blackroad.io", "A", "198.51.100.2", false),
        record("www.blackroad.io", "TXT", "v=1", false),
        record("ws.blackroad.io", "A", "198.51.100.3", false),
        record("dashboard.blackroad.io", "CNAME", `${tunnel}.cfargotunnel.com`),
        record("*.apps.blackroad.io", "CNAME", "origin.example.net"),
        record("own.apps.blackroad.io", "TXT", "no address", false),
        record("deep.below.apps.blackroad.io", "A", "198.51.100.4"),
        record("both.blackroad.io", "A", "198.51.100.5"),
        record("exact.wild.blackroad.io", "A", "198.51.100.6"),
        record("*.wild.blackroad.io", "A", "198.51.100.7"),
        record("off.blackroad.io", "A", "198.51.100.8"),
      ],
      balancers: [
        balancer("api.blackroad.io", ["p"]),
        balancer("both.blackroad.io", ["p"]),
        balancer("*.wild.blackroad.io", ["p"]),
        balancer("off.blackroad.io", ["p"], { enabled: false }),
        balancer("grey.blackroad.io", ["p"], { proxied: false }),
      ],
    },
    "lab.blackroad.io": { records: [record("lab.blackroad.io", "A", "198.51.100.9")] },
    "paused.test": { records: [record("paused.test", "A", "198.51.100.10")], paused: true },
  },
  pools: [pool("p", [origin("o", "198.51.100.1")])],
});

/** What is found, in short. */
function found(host: string): string {
  const destination = route(state, hostName(host));
  switch (destination.kind) {
    case "balancer":
      return `balancer ${destination.balancer.name}`;
    case "records":
      return destination.targets
        .map((target) => (target.kind === "tunnel" ? `tunnel ${target.tunnel}` : target.address))
        .join(" ");
    default:
      return destination.kind;
  }
}

describe("where a host name goes", () => {
  it.each([
    ["blackroad.io", "198.51.100.1"],
    // One proxied record proxies its name, so that all of its addresses are origins.
    ["www.blackroad.io", "198.51.100.1 198.51.100.2"],
    ["ws.blackroad.io", "unknown"],
    ["dashboard.blackroad.io", `tunnel ${tunnel}`],
    ["any.apps.blackroad.io", "origin.example.net"],
    ["a.b.apps.blackroad.io", "origin.example.net"],
    // The name is there, if without an address, and hides the wildcard; so does one that only has names below it.
    ["own.apps.blackroad.io", "unknown"],
    ["below.apps.blackroad.io", "unknown"],
    ["other.below.apps.blackroad.io", "unknown"],
    ["apps.blackroad.io", "unknown"],
    ["api.blackroad.io", "balancer api.blackroad.io"],
    ["both.blackroad.io", "balancer both.blackroad.io"],
    ["exact.wild.blackroad.io", "198.51.100.6"],
    ["any.wild.blackroad.io", "balancer *.wild.blackroad.io"],
    ["off.blackroad.io", "198.51.100.8"],
    ["grey.blackroad.io", "unknown"],
    ["lab.blackroad.io", "198.51.100.9"],
    ["x.lab.blackroad.io", "unknown"],
    ["nobody.blackroad.io", "unknown"],
    ["blackroad.com", "unknown"],
    ["notblackroad.io", "unknown"],
    ["paused.test", "unknown"],
    ["104.16.0.10", "direct"],
    ["[2001:db8::1]:443", "direct"],
    ["", "unknown"],
  ])("%s: %s", (host, expected) => {
    expect(found(host)).toBe(expected);
  });

  it("does not depend on the name's spelling", () => {
    const spellings = fc.record({
      flips: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
      port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
      dot: fc.boolean(),
    });
    const names = fc.constantFrom(
      "api.blackroad.io",
      "www.blackroad.io",
      "x.apps.blackroad.io",
      "nobody.test",
    );
    fc.assert(
      fc.property(names, spellings, (name, { flips, port, dot }) => {
        const mixed = Array.from(name, (letter, index) =>
          flips[index] === true ? letter.toUpperCase() : letter,
        );
        const spelt = `${mixed.join("")}${dot ? "." : ""}${port === undefined ? "" : `:${port}`}`;
        expect(found(spelt)).toBe(found(name));
      }),
    );
  });

  it("is one of the name's own records, or of the closest wildcard, in every zone", () => {
    const label = fc.constantFrom("a", "b", "c");
    const name = fc
      .array(label, { minLength: 0, maxLength: 3 })
      .map((labels) => [...labels, "zone", "test"].join("."));
    const owner = fc.oneof(
      name,
      name.map((below) => `*.${below}`),
    );
    const owners = fc.uniqueArray(owner, { maxLength: 8 });
    fc.assert(
      fc.property(owners, name, (names, host) => {
        const zone = { records: names.map((each) => record(each, "A", "198.51.100.1")) };
        const destination = route(stateOf({ zones: { "zone.test": zone } }), host);
        expect(destination.kind === "records").toBe(answers(names, host));
      }),
      { numRuns: 500 },
    );
  });
});

/** RFC 4592 word by word, over all names that exist: owners and every name above one. */
function answers(owners: readonly string[], host: string): boolean {
  if (owners.includes(host)) return true;
  const existing = new Set(["zone.test"]);
  for (const owner of owners) {
    const labels = owner.split(".");
    for (let from = 0; from <= labels.length - 2; from += 1) existing.add(labels.slice(from).join("."));
  }
  if (existing.has(host)) return false;
  const labels = host.split(".");
  const above = labels.map((_label, index) => labels.slice(index + 1).join("."));
  const encloser = above.find((each) => existing.has(each) && isWithin(each, "zone.test"));
  return encloser !== undefined && owners.includes(`*.${encloser}`);
}

describe("an origin's address", () => {
  it("may be a tunnel's name, and its port nothing or one of its own", () => {
    expect(targetOf(`${tunnel.toUpperCase()}.cfargotunnel.com.`)).toEqual({ kind: "tunnel", tunnel });
    expect(targetOf("198.51.100.1", 0)).toEqual({
      kind: "address",
      address: "198.51.100.1",
      port: undefined,
    });
    expect(targetOf("a.test", 8443)).toEqual({ kind: "address", address: "a.test", port: 8443 });
  });
});
