/**
 * Sets of points on a line, as the sorted list of boundaries at which membership changes.
 *
 * `[2, 5, 9, 10]` is {2, 3, 4, 9}: the set begins at every even place of the list and ends before every odd one. The
 * list is strictly ascending, so equal sets are equal lists. Points are whole numbers; those beyond 2^53 are bigints,
 * which JavaScript compares with numbers exactly.
 */

/** A whole number: a `number` up to 2^53 - 1, a `bigint` beyond. */
export type Point = number | bigint;

export type Intervals = readonly Point[];

export const nowhere: Intervals = [];

/** All points from `first` up to, and without, `end`. */
export function interval(first: Point, end: Point): Intervals {
  return first < end ? [first, end] : nowhere;
}

/** Exactly these points. */
export function pointsOf(points: readonly Point[]): Intervals {
  return unionAll(points.map((at) => interval(at, point(BigInt(at) + 1n))));
}

/**
 * The points for which `keep` holds, given whether each set has them. `keep(false, false)` must be false, or the
 * result would have no first point.
 */
function merge(a: Intervals, b: Intervals, keep: (inA: boolean, inB: boolean) => boolean): Intervals {
  const result: Point[] = [];
  let i = 0;
  let j = 0;
  let inside = false;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    const next = left === undefined || (right !== undefined && right < left) ? right : left;
    if (next === undefined) break;
    if (left === next) i++;
    if (right === next) j++;
    if (keep(i % 2 === 1, j % 2 === 1) === inside) continue;
    inside = !inside;
    result.push(next);
  }
  return result;
}

export function union(a: Intervals, b: Intervals): Intervals {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return merge(a, b, (inA, inB) => inA || inB);
}

export function intersection(a: Intervals, b: Intervals): Intervals {
  if (a.length === 0 || b.length === 0) return nowhere;
  return merge(a, b, (inA, inB) => inA && inB);
}

/** The points of `a` that are not in `b`. */
export function difference(a: Intervals, b: Intervals): Intervals {
  if (a.length === 0 || b.length === 0) return a;
  return merge(a, b, (inA, inB) => inA && !inB);
}

/** By halves: thousands of single addresses would otherwise be gone through thousands of times. */
export function unionAll(sets: readonly Intervals[]): Intervals {
  if (sets.length < 2) return sets[0] ?? nowhere;
  const middle = sets.length >>> 1;
  return union(unionAll(sets.slice(0, middle)), unionAll(sets.slice(middle)));
}

export function isEmpty(set: Intervals): boolean {
  return set.length === 0;
}

export function equal(a: Intervals, b: Intervals): boolean {
  return a.length === b.length && a.every((point, index) => point === b[index]);
}

/** How many boundaries are at or below the point: even outside the set, odd inside. */
export function rank(boundaries: readonly Point[], point: Point): number {
  let low = 0;
  let high = boundaries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const boundary = boundaries[middle];
    if (boundary !== undefined && boundary <= point) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * A sorted list of boundaries that is asked again and again. Numbers come before all bigints, and lie together as
 * doubles: most questions are about IPv4, and never meet a bigint.
 */
export class Boundaries {
  readonly #numbers: Float64Array;
  readonly #bigints: readonly Point[];
  #asked: Point | undefined;
  #told = 0;

  constructor(points: Iterable<Point>) {
    const sorted = [...new Set(points)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const numbers = sorted.filter((each) => typeof each === "number");
    this.#numbers = Float64Array.from(numbers);
    this.#bigints = sorted.slice(numbers.length);
  }

  /** Between how many neighbours a point may lie. */
  get places(): number {
    return this.#numbers.length + this.#bigints.length + 1;
  }

  /** As {@link rank}. Whoever asks for all pairs asks for the same point again and again. */
  rank(point: Point): number {
    if (point === this.#asked) return this.#told;
    this.#asked = point;
    this.#told =
      typeof point === "bigint" ? this.#numbers.length + rank(this.#bigints, point) : this.#rank(point);
    return this.#told;
  }

  #rank(point: number): number {
    const numbers = this.#numbers;
    let low = 0;
    let high = numbers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((numbers[middle] ?? 0) <= point) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function has(set: Intervals, point: Point): boolean {
  return rank(set, point) % 2 === 1;
}

export function overlap(a: Intervals, b: Intervals): boolean {
  return intersection(a, b).length > 0;
}

/** Whether every point of `inner` is in `outer`. */
export function covers(outer: Intervals, inner: Intervals): boolean {
  return difference(inner, outer).length === 0;
}

/** The lowest point of the set. */
export function lowest(set: Intervals): Point | undefined {
  return set[0];
}

/** First and last point of each run of neighbours. */
export function* runs(set: Intervals): Iterable<readonly [first: Point, last: Point]> {
  for (let index = 0; index + 1 < set.length; index += 2) {
    const first = set[index];
    const end = set[index + 1];
    if (first !== undefined && end !== undefined) yield [first, before(end)];
  }
}

/** The point as a number where a number can hold it: one point has one form. */
export function point(value: bigint): Point {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER)
    ? Number(value)
    : value;
}

function before(end: Point): Point {
  return typeof end === "number" ? end - 1 : point(end - 1n);
}

/** A text that equal sets share, and no others. */
export function keyOf(set: Intervals): string {
  return set.join(",");
}
