/**
 * Lines between boxes. They keep to the gaps: down beside the box where they begin, along between two rows, down the
 * drawing's edge where rows are in between, and down beside the box where they end.
 */
import { rowGap, type Layout, type Placed, type PlacedLine } from "./layout.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

const corner = 7;
/** Beside a box, within what is around it. */
const beside = 5;
/** The way past rows in between, at the drawing's edge. */
const edge = -7;

function move({ x, y }: Point, towards: Point, distance: number): Point {
  const [dx, dy] = [towards.x - x, towards.y - y];
  const length = Math.hypot(dx, dy);
  const share = length === 0 ? 0 : Math.min(distance, length / 2) / length;
  return { x: x + dx * share, y: y + dy * share };
}

function text({ x, y }: Point): string {
  return `${Math.round(x)} ${Math.round(y)}`;
}

/** Straight pieces with rounded corners. */
export function rounded(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  const pieces = rest.map((point, index) => {
    const [before, after] = [points[index] ?? point, rest[index + 1]];
    if (after === undefined) return `L${text(point)}`;
    return `L${text(move(point, before, corner))}Q${text(point)} ${text(move(point, after, corner))}`;
  });
  return `M${text(first)}${pieces.join("")}`;
}

/** A curve that leaves and enters upright where it is steep, and level where it is flat. */
export function curve(from: Point, to: Point): string {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const isSteep = Math.abs(dy) >= Math.abs(dx) / 2;
  const [a, b] = isSteep
    ? [
        { x: from.x, y: from.y + dy / 2 },
        { x: to.x, y: to.y - dy / 2 },
      ]
    : [
        { x: from.x + dx / 2, y: from.y },
        { x: to.x - dx / 2, y: to.y },
      ];
  return `M${text(from)}C${text(a)} ${text(b)} ${text(to)}`;
}

function bottom({ y, height }: Placed): number {
  return y + height;
}

/** Beside a box within another one; a box of the first level is met at its edge. */
function side({ x, y, height }: Placed): readonly [Point, Point] {
  const middle = y + Math.min(height, 42) / 2;
  return [
    { x, y: middle },
    { x: x - beside, y: middle },
  ];
}

/** Upright into a wide box, where whoever comes is. */
function upright({ from, to, toTop }: PlacedLine): Point[] {
  const [start, lane] = side(from);
  const x = Math.min(Math.max(lane.x, to.x + corner), to.x + to.width - corner);
  return [start, lane, { x, y: from.y < toTop.y ? to.y : bottom(to) }];
}

/** To a box of a row below or above, by the drawing's edge where rows are in between. */
function around({ from, to, fromTop, toTop }: PlacedLine): Point[] {
  const [start, lane] = side(from);
  const [end, last] = side(to);
  const isDown = fromTop.y < toTop.y;
  const leaving = isDown ? bottom(fromTop) + rowGap / 2 : fromTop.y - rowGap / 2;
  const coming = isDown ? toTop.y - rowGap / 2 : bottom(toTop) + rowGap / 2;
  const between =
    Math.abs(leaving - coming) < 2
      ? []
      : [
          { x: edge, y: leaving },
          { x: edge, y: coming },
        ];
  return [start, lane, { x: lane.x, y: leaving }, ...between, { x: last.x, y: coming }, last, end];
}

/** Over the tops of boxes of one line, each in a lane of its own. */
function over({ from, to }: PlacedLine, lane: number): Point[] {
  const [left, right] = from.x < to.x ? [from, to] : [to, from];
  const y = left.y - 5 - (lane % 4) * 4;
  const offset = 26 + (lane % 6) * 7;
  const [a, b] = [left.x + left.width - offset, right.x + offset];
  return [
    { x: a, y: left.y },
    { x: a, y },
    { x: b, y },
    { x: b, y: right.y },
  ];
}

/** From a box of one line to one of the next, in the gap between the lines. */
function down(upper: Placed, lower: Placed): Point[] {
  const inset = 18;
  const near = (box: Placed, other: Placed): number =>
    Math.min(Math.max(other.x + other.width / 2, box.x + inset), box.x + box.width - inset);
  const [a, b] = [near(upper, lower), near(lower, upper)];
  const y = (bottom(upper) + lower.y) / 2;
  return [
    { x: a, y: bottom(upper) },
    { x: a, y },
    { x: b, y },
    { x: b, y: lower.y },
  ];
}

/** More lines between regions are a surface; then each region says with how many it is peered. */
const mostPeerings = 40;

function pathOf(line: PlacedLine, lane: number): string {
  const { kind, from, to } = line;
  if (kind === "vpn") return rounded(upright(line));
  if (kind === "tunnel") return rounded(around(line));
  if (from.y === to.y) return rounded(over(line, lane));
  const [upper, lower] = from.y < to.y ? [from, to] : [to, from];
  if (lower.y - bottom(upper) <= rowGap && lower.y > bottom(upper)) return rounded(down(upper, lower));
  const middle = ({ x, y, width }: Placed): Point => ({ x: x + width / 2, y });
  return curve(middle(from), middle(to));
}

export function linesText({ lines }: Layout): string {
  const isFew = lines.filter(({ kind }) => kind === "peering").length <= mostPeerings;
  return lines
    .filter(({ kind }) => kind !== "peering" || isFew)
    .map((line, index) => `<path class="line is-${line.kind}" d="${pathOf(line, index)}"/>`)
    .join("");
}
