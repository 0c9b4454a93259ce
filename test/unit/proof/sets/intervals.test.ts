/** Intervals at their ends: where they begin, where they end, and where numbers become bigints. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Boundaries,
  covers,
  interval,
  keyOf,
  lowest,
  nowhere,
  overlap,
  point,
  pointsOf,
  rank,
  runs,
  unionAll,
  type Point,
} from "../../../../components/proof/sets/intervals.ts";
import { holds } from "../seeded.ts";

const largest = BigInt(Number.MAX_SAFE_INTEGER);
const smallest = BigInt(Number.MIN_SAFE_INTEGER);

describe("a run of points", () => {
  it("begins at its first point and ends before its end", () => {
    expect(interval(5, 6)).toEqual([5, 6]);
    expect(interval(5, 5)).toEqual(nowhere);
    expect(interval(6, 5)).toEqual(nowhere);
  });

  it("meets the next one where they touch, and overlaps it nowhere", () => {
    expect(unionAll([interval(1, 3), interval(3, 5)])).toEqual([1, 5]);
    expect(overlap(interval(1, 3), interval(3, 5))).toBe(false);
    expect(overlap(interval(1, 4), interval(3, 5))).toBe(true);
  });

  it("covers itself and nothing, and not what goes one point further", () => {
    expect(covers(interval(2, 5), interval(2, 5))).toBe(true);
    expect(covers(interval(2, 5), nowhere)).toBe(true);
    expect(covers(interval(2, 5), interval(2, 6))).toBe(false);
    expect(covers(interval(2, 5), interval(1, 5))).toBe(false);
  });

  it("has a lowest point, unless it is empty", () => {
    expect(lowest([4, 6, 9, 10])).toBe(4);
    expect(lowest(nowhere)).toBeUndefined();
    expect([...runs(nowhere)]).toEqual([]);
  });
});

it("single points make runs where they are neighbours", () => {
  expect(pointsOf([7, 3, 4])).toEqual([3, 5, 7, 8]);
  expect(pointsOf([largest])).toEqual([largest, largest + 1n]);
  expect(pointsOf([])).toEqual(nowhere);
});

it("a point is a number wherever one can hold it, and a bigint beyond", () => {
  expect(point(largest)).toBe(Number.MAX_SAFE_INTEGER);
  expect(point(largest + 1n)).toBe(largest + 1n);
  expect(point(smallest)).toBe(Number.MIN_SAFE_INTEGER);
  expect(point(smallest - 1n)).toBe(smallest - 1n);
});

it("a set's text tells it from every other", () => {
  expect(keyOf([1, 23])).not.toBe(keyOf([12, 3]));
  expect(keyOf([1, 23])).toBe(keyOf([1, 23]));
});

/** Points on both sides of every change of form, and between. */
const anyPoint: fc.Arbitrary<Point> = fc.oneof(
  fc.integer({ min: -4, max: 12 }),
  fc.integer({ min: 2 ** 32 - 2, max: 2 ** 32 + 2 }),
  fc.bigInt({ min: largest + 1n, max: largest + 6n }),
);

describe("boundaries that are asked again and again", () => {
  it("tell how many of them are at or below a point, whatever was asked before", () => {
    holds(
      fc.property(fc.array(anyPoint), fc.array(anyPoint, { minLength: 1 }), (list, asked) => {
        const sorted = [...new Set(list)].sort((a, b) => (a < b ? -1 : 1));
        const boundaries = new Boundaries(list);
        expect(boundaries.places).toBe(sorted.length + 1);
        for (const at of [...asked, ...sorted, ...asked]) {
          const expected = sorted.filter((each) => each <= at).length;
          expect(boundaries.rank(at)).toBe(expected);
          expect(boundaries.rank(at)).toBe(expected);
          expect(rank(sorted, at)).toBe(expected);
        }
      }),
      100,
    );
  });

  it("may be none: then there is one place", () => {
    const none = new Boundaries([]);
    expect([none.places, none.rank(0), none.rank(2n ** 100n)]).toEqual([1, 0, 0]);
  });
});
