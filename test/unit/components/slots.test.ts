import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";

import { Slots } from "../../../components/hosts/slots.ts";

it("runs so many at a time, in order, and goes on after a failure", async () => {
  const slots = new Slots(3);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const work = async (index: number): Promise<number> => {
    begun.push(index);
    running += 1;
    most = Math.max(most, running);
    await sleep(index % 2 === 0 ? 4 : 1);
    running -= 1;
    if (index % 5 === 0) throw new Error(`number ${index}`);
    return index;
  };
  const indexes = Array.from({ length: 20 }, (_, index) => index);
  const ends = await Promise.allSettled(indexes.map((index) => slots.run(() => work(index))));
  expect(begun).toEqual(indexes);
  expect(most).toBe(3);
  expect(ends.map((end) => (end.status === "fulfilled" ? end.value : "failed"))).toEqual(
    indexes.map((index) => (index % 5 === 0 ? "failed" : index)),
  );
  expect(await slots.run(() => Promise.resolve("free again"))).toBe("free again");
});
