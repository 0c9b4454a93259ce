/** The page as text: one file that holds everything, and asks nobody for anything. */
import { createHash } from "node:crypto";
import { escapeText, scriptJson, scriptText } from "./escape.ts";
import { icons } from "./icons.ts";
import { foldedAtFirst, layOut } from "./layout.ts";
import { marksByBox } from "./marks-by-box.ts";
import { boxesOf, type MapData, type Mark } from "./model.ts";
import { drawingText, viewBoxOf } from "./svg.ts";

export interface PageParts {
  readonly data: MapData;
  /** The program, and how the page looks. */
  readonly script: string;
  readonly style: string;
}

/** Until the page's program knows how wide the window is. */
const firstWidth = 960;

/** A source of the page's policy: this text alone is run. */
function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;
}

function plural(count: number, one: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${one}s`;
}

function summary({ drawing, source }: MapData): string {
  const all = [...boxesOf(drawing.rows.flat())];
  const count = (kind: string): number => all.filter((box) => box.kind === kind).length;
  const parts = [
    [count("region"), source.kind === "stack" ? "region" : "VPC"],
    [count("site"), "site"],
    [count("host"), "host"],
  ] as const;
  return parts
    .filter(([number]) => number > 0)
    .map(([number, noun]) => plural(number, noun))
    .join(", ");
}

function findingText({ boxes, title, lines, where }: Mark, index: number): string {
  const [box] = boxes;
  const show =
    box === undefined
      ? ""
      : `<button type="button" class="show" data-show="${escapeText(box)}">Show in the drawing</button>`;
  return `<li id="finding-${index + 1}"><h3>${escapeText(title)}</h3><p class="where">${escapeText(where)}</p>${lines.map((line) => `<p>${escapeText(line)}</p>`).join("")}${show}</li>`;
}

function findingsText({ marks, verified, options }: MapData): string {
  const list = marks.length === 0 ? "" : `<ol>${marks.map(findingText).join("\n")}</ol>`;
  return `<section id="findings" aria-labelledby="findings-head"><h2 id="findings-head">Findings</h2>
<p><code>roadnet verify ${escapeText(options)}</code>: ${escapeText(verified)}.</p>
${list}</section>`;
}

function field(id: string, label: string, value: string, hint: string): string {
  return `<div class="field"><label for="${id}">${label}</label>
<div class="combo"><input id="${id}" name="${id}" role="combobox" aria-expanded="false" aria-controls="${id}-list" aria-autocomplete="list" aria-describedby="${id}-hint" autocomplete="off" autocapitalize="none" spellcheck="false" value="${escapeText(value)}"><ul id="${id}-list" role="listbox" aria-label="${label}" hidden></ul></div>
<p class="hint" id="${id}-hint">${hint}</p></div>`;
}

const formText = `<form id="question" aria-labelledby="ask-head"><h2 id="ask-head">Does it get there?</h2>
${field("from", "From", "", "A host, site, address, internet or operator")}
<button type="button" id="swap" aria-label="Swap source and destination"><svg aria-hidden="true" viewBox="0 0 16 16"><path d="M5 3v10M5 13l-2.5-2.5M5 13l2.5-2.5M11 13V3M11 3L8.5 5.5M11 3l2.5 2.5"/></svg></button>
${field("to", "To", "", "The same, or a DNS name")}
${field("traffic", "Port/protocol", "443/tcp", "443/tcp, 8080-8090/tcp, icmp, all")}
<details id="more"><summary>More</summary>
<label class="check"><input type="checkbox" id="direction" name="direction"> the way there alone, no answers</label>
<div class="field"><label for="without">Taken to be down</label><input id="without" name="without" autocomplete="off" spellcheck="false" aria-describedby="without-hint"><p class="hint" id="without-hint">Hosts, regions or sites, with spaces between them</p></div>
<div class="field"><label for="path">Path of a request by name</label><input id="path" name="path" autocomplete="off" spellcheck="false" placeholder="/"></div>
</details>
<button type="submit" id="ask">Ask</button></form>`;

const kindsOfLines = [
  ["peering", "peering"],
  ["vpn", "VPN"],
  ["tunnel", "Cloudflare tunnel"],
] as const;

/** What lines mean, of those that are there. */
function legend({ drawing }: MapData): string {
  const drawn = kindsOfLines.filter(([kind]) => drawing.lines.some((line) => line.kind === kind));
  const ways = [
    ["there", "the way there"],
    ["back", "the way back"],
  ] as const;
  const items = [...drawn, ...ways].map(([kind, text]) => `<li class="is-${kind}">${text}</li>`);
  return `<ul class="legend" aria-label="Lines of the drawing">${items.join("")}</ul>`;
}

function drawingSection(data: MapData): string {
  const layout = layOut(data.drawing, { width: firstWidth, folded: foldedAtFirst(data.drawing) });
  const inside = drawingText(layout, { marks: marksByBox(data.marks) });
  return `<section id="map" aria-labelledby="map-head"><div class="bar"><h2 id="map-head">The network</h2>
<div class="search"><label for="search">Find</label><input id="search" type="search" autocomplete="off" spellcheck="false" aria-describedby="found"><output id="found" for="search"></output></div>
<button type="button" id="unfold">Unfold all</button></div>
<p class="sr" id="keys">Arrow keys move between boxes, right unfolds and left folds, Enter tells more, F takes a box as the source and T as the destination.</p>
<div id="canvas"><svg id="drawing" tabindex="-1" role="tree" aria-labelledby="map-head" aria-describedby="keys" width="${layout.width}" height="${layout.height}" viewBox="${viewBoxOf(layout)}">${inside}</svg></div>
${legend(data)}
<aside id="details" aria-label="What was chosen" hidden></aside>
<details id="outline"><summary>The network as text</summary><div id="outline-text"></div></details></section>`;
}

/** Nothing is asked of anybody: not by the program, not by a style, not by a form. */
function policyOf(script: string, style: string): string {
  const policy = [
    `default-src 'none'`,
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    `img-src data:`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ];
  return policy.join("; ");
}

const favicon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%232f6feb'/%3E%3Cpath d='M4 12V8h8V4' fill='none' stroke='white' stroke-width='2'/%3E%3C/svg%3E";

export function renderPage({ data, script, style }: PageParts): string {
  const program = scriptText(script);
  const title = escapeText(data.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(program, style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Map of ${title}</title>
<link rel="icon" href="${favicon}">
<style>${style}</style>
</head>
<body>
<a class="skip" href="#question">Skip to the question</a>
<a class="skip" href="#drawing">Skip to the drawing</a>
${icons}
<header><h1>Map of ${title}</h1><p>${escapeText(summary(data))}</p>
<a class="findings-link ${data.marks.length > 0 ? "some" : ""}" href="#findings">${plural(data.marks.length, "finding")}</a></header>
<main>
<div id="panel">${formText}
<p id="said" role="status" aria-live="polite"></p>
<section id="verdict" aria-labelledby="verdict-head" tabindex="-1" hidden></section>
<noscript><p>Questions need JavaScript, which this page runs without any request. <code>roadnet why SRC DST PORT/PROTO ${escapeText(data.options)}</code> answers the same.</p></noscript></div>
${drawingSection(data)}
${findingsText(data)}
</main>
<footer><p>Drawn by <code>roadnet map ${escapeText(data.options)}</code>. The answers are the proof's own, computed in this page from the network that it holds: it asks nobody.</p></footer>
<script type="application/json" id="map-data">${scriptJson(data)}</script>
<script>${program}</script>
</body>
</html>
`;
}
