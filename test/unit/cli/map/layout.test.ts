/** Where boxes are: within what is around them, beside each other, and never wider than the window. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  foldedAtFirst,
  layOut,
  type Layout,
  type Placed,
  type Rectangle,
} from "../../../../cli/map/layout.ts";
import { boxesOf, type Box, type BoxKind, type Drawing } from "../../../../cli/map/model.ts";
import { holds } from "../../proof/seeded.ts";
import { dataOf, prodWith } from "./subject.ts";

function isWithin(inner: Rectangle, outer: Rectangle): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** What is wrong with a layout; empty where nothing is. */
function faults(drawing: Drawing, { placed, width, height }: Layout): string[] {
  const at = new Map(placed.map((one) => [one.box.id, one]));
  const found: string[] = [];
  const look = (boxes: readonly Box[], around: Rectangle): void => {
    const shown = boxes.map(({ id }) => at.get(id)).filter((one): one is Placed => one !== undefined);
    for (const [index, one] of shown.entries()) {
      if (!isWithin(one, around)) found.push(`${one.box.id} is not within what is around it`);
      for (const other of shown.slice(index + 1))
        if (overlap(one, other)) found.push(`${one.box.id} overlaps ${other.box.id}`);
      if (one.folded === false) look(one.box.children, one);
    }
  };
  look(drawing.rows.flat(), { x: 0, y: 0, width, height });
  return found;
}

const { drawing } = dataOf(prodWith());
const none = new Set<string>();

describe("the layout of prod", () => {
  it.each([270, 320, 500, 800, 1200, 2000])("fits into %i pixels, nothing on top of anything", (width) => {
    const layout = layOut(drawing, { width, folded: none });
    expect(faults(drawing, layout)).toEqual([]);
    expect(layout.placed.length).toBe([...boxesOf(drawing.rows.flat())].length);
  });

  it("puts regions beside each other where there is room, and below each other on a phone", () => {
    const places = (width: number): boolean => {
      const { shownBy } = layOut(drawing, { width, folded: none });
      return shownBy.get("region:us-west")?.y === shownBy.get("region:eu-west")?.y;
    };
    expect([places(1000), places(330)]).toEqual([true, false]);
  });

  it("shows what is folded by what is around it, and leads lines there", () => {
    const folded = new Set(["region:us-west", "site:edge-home"]);
    const layout = layOut(drawing, { width: 1000, folded });
    expect(faults(drawing, layout)).toEqual([]);
    expect(layout.shownBy.get("host:us-west/api-1")?.box.id).toBe("region:us-west");
    expect(layout.placed.some(({ box }) => box.id === "host:us-west/api-1")).toBe(false);
    const region = layout.shownBy.get("region:us-west");
    expect([region?.folded, region?.count]).toEqual([true, 11]);
    const lines = layout.lines.map(({ kind, from, to }) => `${kind} ${from.box.id} ${to.box.id}`);
    // lucidia and blackroad-pi are one line now.
    expect(lines.filter((line) => line.startsWith("vpn site:edge-home"))).toEqual([
      "vpn site:edge-home vpn:",
    ]);
    expect(lines).toContain("tunnel tunnel:blackroad-tunnel site:edge-home");
  });

  it("numbers boxes as a tree", () => {
    const { placed } = layOut(drawing, { width: 1000, folded: none });
    const tier = placed.find(({ box }) => box.id === "tier:us-west/private");
    expect([tier?.level, tier?.position, tier?.siblings]).toEqual([2, 3, 4]);
  });
});

const kinds: readonly BoxKind[] = ["region", "tier", "subnet", "host", "nat", "segment", "zone", "name"];

type Unnamed = Omit<Box, "id">;

/** Boxes with others inside, as deep as prod's and deeper. */
function anyBox(depth: number): fc.Arbitrary<Unnamed> {
  const children = depth === 0 ? fc.constant([]) : fc.array(anyBox(depth - 1), { maxLength: 5 });
  return fc
    .record({
      kind: fc.constantFrom(...kinds),
      label: fc.string({ maxLength: 40 }),
      detail: fc.string({ maxLength: 30 }),
      children,
    })
    .map((box) => ({ ...box, about: "", role: "", ask: "", ports: [], children: box.children as Box[] }));
}

/** Drawings of any shape. */
const anyDrawing = fc
  .array(fc.array(anyBox(4), { minLength: 1, maxLength: 4 }), { maxLength: 3 })
  .map((rows): Drawing => {
    let next = 0;
    const named = (box: Unnamed): Box => ({ ...box, id: `${next++}`, children: box.children.map(named) });
    return { rows: rows.map((row) => row.map(named)), lines: [] };
  });

describe("any layout", () => {
  it("has nothing on top of anything, however deep and narrow", () => {
    holds(
      fc.property(anyDrawing, fc.integer({ min: 200, max: 1500 }), (any, width) => {
        expect(faults(any, layOut(any, { width, folded: none }))).toEqual([]);
      }),
      200,
    );
  });
});

describe("what is folded at first", () => {
  it("is nothing of prod, and every region of a large network", () => {
    const host = (index: number): Box => ({ ...leaf("host", `h${index}`) });
    const leaf = (kind: BoxKind, id: string, children: Box[] = []): Box => ({
      ...{ id, kind, label: id, detail: "", about: "", role: "", ask: "", ports: [] },
      children,
    });
    const hosts = Array.from({ length: 151 }, (_, index) => host(index));
    expect(foldedAtFirst(drawing)).toEqual(none);
    expect(foldedAtFirst({ rows: [[leaf("region", "r", [leaf("subnet", "s", hosts)])]], lines: [] })).toEqual(
      new Set(["r", "s"]),
    );
    expect(foldedAtFirst({ rows: [[leaf("region", "r", hosts.slice(0, 150))]], lines: [] })).toEqual(none);
  });
});
