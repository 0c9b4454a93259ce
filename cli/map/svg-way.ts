/** A way through the drawing as SVG: numbered stations, the curve that joins them, and where it ends. */
import type { Layout, Placed } from "./layout.ts";
import { curve } from "./svg-lines.ts";
import type { Station } from "./way.ts";

interface Stop {
  readonly x: number;
  readonly y: number;
  readonly station: Station;
}

const badge = 9;

/** Stations stand at the corners of their boxes, one beside the other where a way comes there again. */
function stopsOf(layout: Layout, stations: readonly Station[]): Stop[] {
  const seen = new Map<Placed, number>();
  return stations.flatMap((station) => {
    const placed = layout.shownBy.get(station.box);
    if (placed === undefined) return [];
    const count = seen.get(placed) ?? 0;
    seen.set(placed, count + 1);
    const step = Math.min(count * 3 * badge, Math.max(0, placed.width - 40));
    return [{ x: placed.x + placed.width - 18 - step, y: placed.y + 1, station }];
  });
}

function pathOf(stops: readonly Stop[]): string {
  return stops
    .slice(1)
    .map((stop, index) => curve(stops[index] ?? stop, stop))
    .join("");
}

/** `3`, or `3–5` of several hops at one place. */
function numbers({ hops }: Station): string {
  const [first = 0, last = first] = [hops[0], hops.at(-1)];
  return first === last ? `${first}` : `${first}–${last}`;
}

function badgeText({ x, y, station }: Stop): string {
  const text = numbers(station);
  const half = Math.max(badge, text.length * 3.4 + 4);
  const stop = station.stops ? " stops" : "";
  return `<g class="station${stop}" transform="translate(${x} ${y})"><rect x="${-half}" y="${-badge}" width="${2 * half}" height="${2 * badge}" rx="${badge}"/><text y="3.8">${text}</text></g>`;
}

function crossText({ x, y }: Stop): string {
  return `<g class="cross" transform="translate(${x} ${y + 21})"><circle r="10"/><path d="M-4 -4L4 4M4 -4L-4 4"/></g>`;
}

/** The inside of the drawing's `way` element: the way there with its numbers over the way back. */
export function wayText(layout: Layout, there: readonly Station[], back: readonly Station[]): string {
  const [forward, answers] = [stopsOf(layout, there), stopsOf(layout, back)];
  // The answers' curve runs beside that of the question.
  const beside = answers.map((stop) => ({ ...stop, x: stop.x - 7, y: stop.y + 7 }));
  const parts = [
    `<path class="back" d="${pathOf(beside)}"/>`,
    `<path class="halo" d="${pathOf(forward)}"/>`,
    `<path class="there" d="${pathOf(forward)}"/>`,
    ...forward.map(badgeText),
    ...[...forward, ...beside].filter(({ station }) => station.stops).map(crossText),
  ];
  return parts.join("");
}
