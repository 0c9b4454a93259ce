/**
 * Where each box of the drawing is: boxes within boxes, as many beside each other as the width has room for. Units are
 * CSS pixels. What is folded shows its own name and how much is in it.
 */
import { boxesOf, type Box, type BoxKind, type Drawing, type Line } from "./model.ts";

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Placed extends Rectangle {
  readonly box: Box;
  /** 1 for what is in no other box. */
  readonly level: number;
  /** Which of how many in the box around it, from 1. */
  readonly position: number;
  readonly siblings: number;
  /** `undefined` for what has nothing inside. */
  readonly folded: boolean | undefined;
  /** Hosts inside, or, of what holds none, boxes. */
  readonly count: number;
}

/** A line between two boxes that can be seen, with the boxes of the first level around its ends. */
export interface PlacedLine {
  readonly kind: Line["kind"];
  readonly from: Placed;
  readonly to: Placed;
  readonly fromTop: Placed;
  readonly toTop: Placed;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** What is around others first. */
  readonly placed: readonly Placed[];
  readonly lines: readonly PlacedLine[];
  /** For every box the one that shows it: itself, or the folded one around it. */
  readonly shownBy: ReadonlyMap<string, Placed>;
}

export interface LayoutOptions {
  readonly width: number;
  /** Ids of boxes whose inside is not shown. */
  readonly folded: ReadonlySet<string>;
}

export const chipHeight = 42;
const headHeight = 30;
/** Of what is too narrow for label and detail on one line. */
const tallHeadHeight = 44;
const gap = 8;
const padding = 10;
export const rowGap = 36;
/** Between lines of a row of the first level, where lines between boxes run. */
const lineGap = 20;

/** The least width at which what a kind of box says can be read. */
const leastWidth: Readonly<Record<BoxKind, number>> = {
  outside: 300,
  internet: 128,
  operator: 128,
  edge: 280,
  zone: 280,
  name: 184,
  balancer: 260,
  pool: 150,
  tunnel: 184,
  region: 300,
  gateway: 150,
  // One below the other, in the order in which packets meet them.
  tier: Number.POSITIVE_INFINITY,
  subnet: 148,
  nat: 128,
  host: 128,
  interface: 128,
  vpn: 280,
  site: 300,
  router: 128,
  segment: 280,
  device: 128,
};

/** Wider than this, one line of text is lost in its box. */
const mostChipWidth = 232;

/** Kinds that always have a head, even where nothing is inside. */
const containers: readonly BoxKind[] = [
  "outside",
  "edge",
  "zone",
  "region",
  "tier",
  "subnet",
  "vpn",
  "site",
  "segment",
];

/** How high the head is of what has something inside. */
export function headOf({ kind, detail }: Box): number {
  return kind === "subnet" && detail !== "" ? tallHeadHeight : headHeight;
}

function isContainer({ kind, children }: Box): boolean {
  return children.length > 0 || containers.includes(kind);
}

/** How many columns of at least that width there are room for. */
function columnsFor(width: number, least: number, count: number): number {
  return Math.max(1, Math.min(count, Math.floor((width + gap) / (least + gap))));
}

/** A part of a drawing, at its own origin. */
interface Block {
  readonly height: number;
  readonly placed: readonly Placed[];
}

interface Spot {
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
}

function hostsIn(children: readonly Box[]): number {
  let hosts = 0;
  let all = 0;
  for (const { kind } of boxesOf(children)) {
    all++;
    if (kind === "host") hosts++;
  }
  return hosts === 0 ? all : hosts;
}

class Layouter {
  readonly #folded: ReadonlySet<string>;

  constructor(folded: ReadonlySet<string>) {
    this.#folded = folded;
  }

  /** One box with all that is in it. */
  block(box: Box, width: number, spot: Spot): Block {
    const folded = box.children.length === 0 ? undefined : this.#folded.has(box.id);
    const head = { x: 0, y: 0, width, box, ...spot, folded };
    if (!isContainer(box)) return { height: chipHeight, placed: [{ ...head, height: chipHeight, count: 0 }] };
    const count = hostsIn(box.children);
    if (folded !== false) {
      const height = headOf(box) + (folded === undefined ? 4 : 20);
      return { height, placed: [{ ...head, height, count }] };
    }
    const inside = this.#inside(box.children, width - 2 * padding, spot.level + 1);
    const height = headOf(box) + inside.height + padding;
    const moved = inside.placed.map((one) => ({ ...one, x: one.x + padding, y: one.y + headOf(box) }));
    return { height, placed: [{ ...head, height, count }, ...moved] };
  }

  /** Runs of small boxes as a grid, and of others in columns. */
  #inside(children: readonly Box[], width: number, level: number): Block {
    const runs: Box[][] = [];
    for (const child of children) {
      const last = runs.at(-1);
      const [first] = last ?? [];
      if (last === undefined || first === undefined || isContainer(first) !== isContainer(child))
        runs.push([child]);
      else last.push(child);
    }
    const placed: Placed[] = [];
    let [y, position] = [0, 1];
    for (const run of runs) {
      if (y > 0) y += gap;
      const block = this.row(run, width, { level, position, siblings: children.length });
      placed.push(...block.placed.map((one) => ({ ...one, y: one.y + y })));
      y += block.height;
      position += run.length;
    }
    return { height: y, placed };
  }

  /** Boxes beside each other, and in lines below; boxes of a line are of one height. */
  row(boxes: readonly Box[], width: number, first: Spot): Block {
    const least = Math.max(...boxes.map(({ kind }) => leastWidth[kind]));
    const columns = columnsFor(width, least, boxes.length);
    const isGrid = boxes.every((box) => !isContainer(box));
    const placed: Placed[] = [];
    let y = 0;
    for (let start = 0; start < boxes.length; start += columns) {
      const line = boxes.slice(start, start + columns);
      const widths = isGrid
        ? chipWidths(width, columns)
        : this.#shares(line, width - gap * (columns - 1), columns, least);
      const blocks = line.map((box, index) =>
        this.block(box, widths[index] ?? least, { ...first, position: first.position + start + index }),
      );
      const height = Math.max(...blocks.map((block) => block.height));
      if (y > 0) y += first.level === 1 ? lineGap : gap;
      let x = 0;
      for (const [column, block] of blocks.entries()) {
        const [dx, dy] = [x, y];
        const [own, ...inside] = block.placed.map((one) => ({ ...one, x: one.x + dx, y: one.y + dy }));
        if (own !== undefined) placed.push({ ...own, height }, ...inside);
        x += (widths[column] ?? least) + gap;
      }
      y += height;
    }
    return { height: y, placed };
  }

  /** Who has more inside gets more of what is left beyond the least width. */
  #shares(line: readonly Box[], width: number, columns: number, least: number): number[] {
    const weights = line.map((box) => (this.#folded.has(box.id) ? 1 : leavesIn(box)));
    const spare = Math.max(0, width - least * columns) * (line.length / columns);
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    const base = width < least ? width : least;
    return weights.map((weight) => Math.floor(base + (spare * weight) / all));
  }
}

function leavesIn({ children }: Box): number {
  return Math.max(
    1,
    children.reduce((sum, child) => sum + (child.children.length === 0 ? 1 : leavesIn(child)), 0),
  );
}

function chipWidths(width: number, columns: number): number[] {
  const share = Math.floor((width - gap * (columns - 1)) / columns);
  return Array.from({ length: columns }, () => Math.min(share, mostChipWidth));
}

/** Where lines end: at what is seen of their ends; what runs within one box is none. */
function linesOf(drawing: Drawing, shownBy: ReadonlyMap<string, Placed>): PlacedLine[] {
  const lines = new Map<string, PlacedLine>();
  const tops = new Map<string, Placed>();
  for (const top of drawing.rows.flat()) {
    const placed = shownBy.get(top.id);
    if (placed === undefined) continue;
    for (const { id } of boxesOf([top])) tops.set(id, placed);
  }
  for (const { kind, from, to } of drawing.lines) {
    const [a, b] = [shownBy.get(from), shownBy.get(to)];
    const [fromTop, toTop] = [tops.get(from), tops.get(to)];
    if (a === undefined || b === undefined || fromTop === undefined || toTop === undefined || a === b)
      continue;
    lines.set([kind, a.box.id, b.box.id].join("\n"), { kind, from: a, to: b, fromTop, toTop });
  }
  return [...lines.values()];
}

/** For each box the one that can be seen in its place. */
function shownByOf(drawing: Drawing, placed: readonly Placed[]): Map<string, Placed> {
  const own = new Map(placed.map((one) => [one.box.id, one]));
  const shown = new Map<string, Placed>();
  const visit = (box: Box, around: Placed | undefined): void => {
    const by = own.get(box.id) ?? around;
    if (by !== undefined) shown.set(box.id, by);
    for (const child of box.children) visit(child, by);
  };
  for (const box of drawing.rows.flat()) visit(box, undefined);
  return shown;
}

export function layOut(drawing: Drawing, { width, folded }: LayoutOptions): Layout {
  const layouter = new Layouter(folded);
  const siblings = drawing.rows.flat().length;
  const placed: Placed[] = [];
  let [y, position] = [0, 1];
  for (const row of drawing.rows) {
    if (y > 0) y += rowGap;
    const block = layouter.row(row, width, { level: 1, position, siblings });
    placed.push(...block.placed.map((one) => ({ ...one, y: one.y + y })));
    y += block.height;
    position += row.length;
  }
  const shownBy = shownByOf(drawing, placed);
  return { width, height: y, placed, lines: linesOf(drawing, shownBy), shownBy };
}

/** More hosts than this are not seen at a glance. */
const mostAtOnce = 150;
/** And of one subnet, more than these are not. */
const mostInSubnet = 48;

/** What a reader sees first: of a small network everything, of a large one its regions and sites. */
export function foldedAtFirst({ rows }: Drawing): Set<string> {
  const all = [...boxesOf(rows.flat())];
  const hosts = all.filter(({ kind }) => kind === "host").length;
  const folded = all.filter(({ kind, children }) => {
    if (kind === "region" || kind === "site") return hosts > mostAtOnce && children.length > 0;
    return kind === "subnet" && children.length > mostInSubnet;
  });
  return new Set(folded.map(({ id }) => id));
}
