import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SourcePorts } from "../../../sandbox/prove/source-ports.ts";

describe("source ports", () => {
  it("are what clients' kernels choose, each run for once, and none is asked about", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 32768, max: 60999 }), { maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 }),
        (asked, start, sizes) => {
          const ports = new SourcePorts(new Set(asked), start);
          const given = new Set<number>();
          for (const size of sizes) {
            const [from, to] = ports.take(size);
            expect(to - from + 1).toBe(size);
            for (let port = from; port <= to; port += 1) {
              expect(port >= 32768 && port <= 60999 && !asked.includes(port) && !given.has(port)).toBe(true);
              given.add(port);
            }
          }
        },
      ),
    );
  });

  it("run out, and say so", () => {
    const asked = new Set(
      Array.from({ length: 28232 }, (_, index) => 32768 + index).filter((port) => port % 5 === 0),
    );
    const ports = new SourcePorts(asked, 0.5);
    expect(ports.take(4)).toHaveLength(2);
    expect(() => ports.take(5)).toThrow("there are no 5 ports in a row that nobody asks about");
  });
});
