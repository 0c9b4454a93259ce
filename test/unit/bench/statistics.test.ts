import { expect, it } from "vitest";

import { fitLine, summarize } from "../../../bench/lib/statistics.ts";

it("takes the middle of an odd and of an even number of values, in whatever order they come", () => {
  expect(summarize([9, 1, 4])).toEqual({ min: 1, median: 4, max: 9 });
  expect(summarize([8, 1, 4, 2])).toEqual({ min: 1, median: 3, max: 8 });
  expect(() => summarize([])).toThrow("no values");
});

it("finds the line that points lie on, and says how far off they are", () => {
  expect(fitLine([5, 10, 20, 40].map((x) => [x, 3 + 0.5 * x]))).toEqual({
    intercept: expect.closeTo(3) as number,
    slope: expect.closeTo(0.5) as number,
    rSquared: expect.closeTo(1) as number,
  });
  // By hand: means 2 and 3, slope (-1·-2 + 1·1) / 2 = 1.5, residuals 0.5, -1, 0.5.
  const { intercept, slope, rSquared } = fitLine([
    [1, 1],
    [2, 4],
    [3, 4],
  ]);
  expect([intercept, slope, rSquared]).toEqual([0, 1.5, 0.75].map((each): unknown => expect.closeTo(each)));
  expect(() =>
    fitLine([
      [5, 1],
      [5, 2],
    ]),
  ).toThrow("two different places");
});
