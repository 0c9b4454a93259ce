/** The internet in parts: together they are all of it, and nobody in one is treated unlike its neighbours there. */
import { describe, expect, it } from "vitest";
import { Prover } from "../../../components/proof/prover.ts";
import { parseAddress } from "../../../components/proof/sets/addresses.ts";
import { equal, has, intersection, isEmpty, unionAll } from "../../../components/proof/sets/intervals.ts";
import { internetParts } from "../../../components/proof/classes/internet.ts";
import { buildWorld } from "../../../components/proof/world/build.ts";
import { internetV4 } from "../../../components/proof/world/public.ts";
import { planned } from "./verify/subject.ts";

/** Whom prod's rules name, and somebody whom they do not. */
const named = ["1.1.1.1", "8.8.8.8", "203.0.113.7", "104.16.0.10", "9.9.9.9"].map(parseAddress);

const { plan } = planned("prod");
const world = buildWorld(plan);
const parts = internetParts(world, ["1.1.1.1"]).filter(({ family }) => family === 4);

describe("the parts of the internet", () => {
  it("are all of it, once", () => {
    expect(equal(unionAll(parts.map(({ addresses }) => addresses)), internetV4)).toBe(true);
    const shared = parts.flatMap((part, index) =>
      parts.slice(index + 1).filter((other) => !isEmpty(intersection(part.addresses, other.addresses))),
    );
    expect(shared).toEqual([]);
  });

  it("set apart whom some rule sets apart", () => {
    expect(parts.map(({ name }) => name).sort()).toEqual([
      "1.1.1.1",
      "8.8.8.8",
      "Cloudflare",
      "internet",
      "the operator",
    ]);
  });

  it("are treated as a whole: the ends of each run and whoever has a name, fare like the one that speaks for it", () => {
    const prover = new Prover(world);
    const targets = [...world.publicOwners.keys()];
    for (const { name, address, addresses } of parts) {
      const ends = [
        ...addresses.map((boundary, index) => (index % 2 === 0 ? boundary : Number(boundary) - 1)),
        ...named.filter((point) => has(addresses, point)),
      ];
      for (const end of ends) {
        for (const target of targets) {
          const asked = (from: number | bigint): number =>
            prover.ask({ kind: "internet", address: from }, target).traffic;
          expect([name, end, target, asked(end)]).toEqual([name, end, target, asked(address)]);
        }
        const open = prover.ask({ kind: "host", host: "coral-reef/node-1" }, end).traffic;
        expect(open).toBe(prover.ask({ kind: "host", host: "coral-reef/node-1" }, address).traffic);
      }
    }
  });
});
