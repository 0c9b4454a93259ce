/** What is made of the numbers of several runs. Pure. */

export interface Summary {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @throws if there is no number. */
export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => {
    const value = sorted[index];
    if (value === undefined) throw new Error("there are no values");
    return value;
  };
  const [low, high] = [Math.floor((sorted.length - 1) / 2), Math.ceil((sorted.length - 1) / 2)];
  return { min: at(0), median: (at(low) + at(high)) / 2, max: at(sorted.length - 1) };
}

export interface Line {
  readonly intercept: number;
  readonly slope: number;
  /** The share of the variance that the line explains, 1 for all of it. */
  readonly rSquared: number;
}

/**
 * The straight line through points by least squares.
 * @throws with fewer than two different places.
 */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line {
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  if (!(spread > 0)) throw new Error("a line needs points at two different places");
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const intercept = meanY - slope * meanX;
  const total = points.reduce((sum, [, y]) => sum + (y - meanY) ** 2, 0);
  const rest = points.reduce((sum, [x, y]) => sum + (y - intercept - slope * x) ** 2, 0);
  return { intercept, slope, rSquared: total === 0 ? 1 : 1 - rest / total };
}
