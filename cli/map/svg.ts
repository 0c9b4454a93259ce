/** The drawing as SVG, from where its boxes are. Each box is an item of a tree, for those who do not see it. */
import type { Box, BoxKind } from "./model.ts";
import { chipHeight, headOf, type Layout, type Placed } from "./layout.ts";
import { linesText } from "./svg-lines.ts";
import { escapeText } from "./escape.ts";

/** Widths of characters in the page's monospaced font, as shares of its size. */
const characterWidth = 0.602;
const [labelSize, detailSize] = [12, 11];
const headWidth = 7.9;

function fits(width: number, size: number): number {
  return Math.floor(width / (size * characterWidth));
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : most < 2 ? "" : `${text.slice(0, most - 1)}…`;
}

const words: Readonly<Record<BoxKind, string>> = {
  outside: "outside",
  internet: "",
  operator: "",
  edge: "",
  zone: "zone",
  name: "name",
  balancer: "load balancer",
  pool: "pool",
  tunnel: "Cloudflare tunnel",
  region: "region",
  gateway: "gateway",
  tier: "tier",
  subnet: "subnet",
  nat: "",
  host: "host",
  interface: "network interface",
  vpn: "VPN",
  site: "site",
  router: "",
  segment: "network",
  device: "",
};

/** What a box is, as somebody would read it out. */
export function spoken({ kind, label, detail, about, ask }: Box): string {
  // A host's name is by its place; what only people call so has an id besides.
  const isPlaced = kind === "host" && (ask === label || ask.endsWith(`/${label}`));
  const named = isPlaced ? [ask] : kind === "host" ? [label, ask] : [label];
  const parts = [...named, words[kind], about, detail];
  return [...new Set(parts.filter((part) => part !== ""))].join(", ");
}

const iconsOfRoles: Readonly<Record<string, string>> = {
  "load-balancer": "balancer",
  hub: "vpn",
  "vpn-peer": "vpn",
  database: "data",
  redis: "data",
  storage: "data",
  prometheus: "chart",
  tower: "chip",
};

const iconsOfKinds: Readonly<Partial<Record<BoxKind, string>>> = {
  internet: "globe",
  operator: "person",
  name: "name",
  pool: "balancer",
  tunnel: "tunnel",
  gateway: "gateway",
  nat: "gateway",
  router: "gateway",
  device: "device",
  interface: "interface",
};

function iconOf({ kind, role }: Box): string {
  return iconsOfRoles[role] ?? iconsOfKinds[kind] ?? "host";
}

function chipText(box: Box, width: number): string {
  const room = width - 42;
  const label = escapeText(shorten(box.label, fits(room, labelSize)));
  const detail = escapeText(shorten(box.detail, fits(room, detailSize)));
  const icon = `<use href="#icon-${iconOf(box)}" x="11" y="${chipHeight / 2 - 8}" width="16" height="16"/>`;
  return detail === ""
    ? `${icon}<text class="label" x="34" y="${chipHeight / 2 + 4}">${label}</text>`
    : `${icon}<text class="label" x="34" y="18">${label}</text><text class="detail" x="34" y="33">${detail}</text>`;
}

/** What a folded box says of its inside. */
function insideText({ box, count }: Placed): string {
  const holdsHosts = ["region", "site", "tier", "subnet", "segment"].includes(box.kind);
  return `${count} ${holdsHosts ? "hosts" : "inside"}`;
}

function headText(placed: Placed): string {
  const { box, width, folded } = placed;
  const turner =
    folded === undefined
      ? ""
      : `<path class="turner" d="${folded ? "M12 10l6 5-6 5z" : "M10 12h10l-5 6z"}"/>`;
  const left = folded === undefined ? 12 : 26;
  // Heads are in the page's proportional font, of which this is a wide guess.
  const label = shorten(box.label, Math.floor((width - left - 12) / headWidth));
  const isTall = headOf(box) > 30;
  const room = isTall ? width - left - 8 : width - left - 24 - label.length * headWidth;
  const most = fits(room, detailSize);
  const detail = escapeText(box.detail.length > most && most < 6 ? "" : shorten(box.detail, most));
  const beside = isTall
    ? `<text class="detail" x="${left}" y="36">${detail}</text>`
    : `<text class="detail end" x="${width - 12}" y="20">${detail}</text>`;
  const inside =
    folded === true
      ? `<text class="detail" x="${left}" y="${headOf(box) + 10}">${insideText(placed)}</text>`
      : "";
  return `${turner}<text class="head" x="${left}" y="20">${escapeText(label)}</text>${beside}${inside}`;
}

export interface SvgOptions {
  /** How many findings are about each box. */
  readonly marks: ReadonlyMap<string, number>;
  /** The box that the keyboard comes to first. */
  readonly current?: string | undefined;
}

function markText(count: number, width: number): string {
  return `<g class="mark" transform="translate(${width - 15} 13)"><path d="M0 -9L9.5 7H-9.5Z"/><text y="4.5">${count > 1 ? count : "!"}</text></g>`;
}

/** Findings about what a folded box hides are shown on it. */
export function marksShown(layout: Layout, marks: ReadonlyMap<string, number>): Map<string, number> {
  const shown = new Map<string, number>();
  for (const [id, count] of marks) {
    const by = layout.shownBy.get(id)?.box.id;
    if (by !== undefined) shown.set(by, (shown.get(by) ?? 0) + count);
  }
  return shown;
}

function boxText(placed: Placed, marks: number, isCurrent: boolean): string {
  const { box, x, y, width, height, level, position, siblings, folded } = placed;
  const isChip = folded === undefined && height === chipHeight;
  const found = marks === 0 ? "" : `, ${marks === 1 ? "1 finding" : `${marks} findings`}`;
  const attributes = [
    `class="box ${isChip ? "chip" : "frame"} is-${box.kind}${box.kind === "tier" ? ` tier-${/^[a-z]+$/.test(box.label) ? box.label : "other"}` : ""}"`,
    `data-id="${escapeText(box.id)}"`,
    `transform="translate(${x} ${y})"`,
    `role="treeitem"`,
    `tabindex="${isCurrent ? 0 : -1}"`,
    `aria-level="${level}" aria-posinset="${position}" aria-setsize="${siblings}"`,
    ...(folded === undefined ? [] : [`aria-expanded="${folded ? "false" : "true"}"`]),
    `aria-selected="false"`,
    `aria-label="${escapeText(spoken(box) + found)}"`,
  ];
  const shape = `<rect width="${width}" height="${height}" rx="${isChip ? 7 : 10}"/>`;
  const mark = marks === 0 ? "" : markText(marks, width);
  // What is written in the box is part of its name; heard twice it would only be in the way.
  const inside = `<title>${escapeText(spoken(box))}</title>${shape}${isChip ? chipText(box, width) : headText(placed)}${mark}`;
  return `<g ${attributes.join(" ")}><g aria-hidden="true">${inside}</g></g>`;
}

/** The inside of the drawing's `svg` element. */
export function drawingText(layout: Layout, { marks, current }: SvgOptions): string {
  const shown = marksShown(layout, marks);
  const first = current ?? layout.placed[0]?.box.id;
  const boxes = layout.placed.map((one) => boxText(one, shown.get(one.box.id) ?? 0, one.box.id === first));
  return `${boxes.join("\n")}<g class="lines" aria-hidden="true">${linesText(layout)}</g><g class="way" aria-hidden="true"></g>`;
}

/** Room around the boxes for lines and numbers at their edges. */
const margin = { x: 12, y: 14 };

export function viewBoxOf({ width, height }: Layout): string {
  return [-margin.x, -margin.y, width + 2 * margin.x, height + 2 * margin.y].join(" ");
}

/** What of a width is left for the layout. */
export function layoutWidth(width: number): number {
  return width - 2 * margin.x;
}
