/** An answer of the proof's as text of the page: the verdict, both ways hop by hop, and what would alter it. */
import type { Verdict } from "../../../components/proof/ask/answer.ts";
import type { Edit } from "../../../components/proof/ask/change/model.ts";
import type { Hop } from "../../../components/proof/ask/hops.ts";
import { renderVerdict } from "../../why/render.ts";
import { boxOfPlace } from "../way.ts";
import { button, make } from "./dom.ts";

export interface Telling {
  readonly title: string;
  /** The question as the command line has it. */
  readonly command: string;
  readonly isDrawn: (id: string) => boolean;
  readonly show: (id: string) => void;
}

const heads: Readonly<Record<Verdict["verdict"], readonly [string, string]>> = {
  pass: ["✓", "Passes"],
  blocked: ["✕", "Blocked"],
  unknown: ["?", "Cannot be told"],
};

/** One sentence for those who listen. */
export function sentence({ verdict, from, to, traffic, reason }: Verdict): string {
  return `${heads[verdict][1]}: ${traffic} from ${from} to ${to}. ${asSentence(reason)}`;
}

/** What the proof says begins and ends as a part of a sentence. */
export function asSentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.?]$/.test(text) ? "" : "."}`;
}

function whereText({ path, line }: Pick<Hop, "path" | "line">): string {
  return path === "" ? "" : line === undefined ? path : `${path}, line ${line}`;
}

function hopItem(hop: Hop, index: number, { isDrawn, show }: Telling): HTMLLIElement {
  const { place, action, gate, stops, before, after } = hop;
  const box = boxOfPlace(place, isDrawn);
  const number = String(index + 1);
  const badge =
    box === undefined
      ? make("span", { class: "badge" }, number)
      : button(
          number,
          () => {
            show(box);
          },
          { class: "badge", "aria-label": `${number}: show ${place} in the drawing` },
        );
  const decides =
    gate === undefined
      ? make("span", { class: "action" }, action)
      : make(
          "span",
          { class: "action" },
          make("b", {}, gate.verdict),
          ` by ${gate.name}: `,
          make("code", {}, gate.rule),
        );
  const isTranslated = before.from !== after.from || before.to !== after.to;
  const where = whereText(hop);
  return make(
    "li",
    { class: stops ? "stops" : "", "data-place": place },
    badge,
    make("span", { class: "place" }, place),
    decides,
    isTranslated ? make("span", { class: "translated" }, `now ${after.from} → ${after.to}`) : undefined,
    where === "" ? undefined : make("span", { class: "where" }, where),
  );
}

function way(title: string, hops: readonly Hop[], telling: Telling): HTMLElement | undefined {
  const [first] = hops;
  if (first === undefined) return undefined;
  return make(
    "div",
    { class: `hops ${title.toLowerCase()}` },
    make("h3", {}, title, make("span", { class: "ends" }, `${first.before.from} → ${first.before.to}`)),
    make("ol", {}, ...hops.map((hop, index) => hopItem(hop, index, telling))),
  );
}

function list(title: string, items: readonly string[]): HTMLElement | undefined {
  if (items.length === 0) return undefined;
  return make(
    "div",
    { class: "more" },
    make("h3", {}, title),
    make("ul", {}, ...items.map((item) => make("li", {}, item))),
  );
}

function served(list: Verdict["servers"]): string[] {
  return list.map(
    ({ pool, endpoint, by, reason }) =>
      `${pool === undefined ? "" : `pool ${pool}, `}${endpoint}: ${by}: ${reason}`,
  );
}

/** Also where the traffic that was asked about is of several kinds. */
function parts({ stopped, passes }: Verdict): string[] {
  if (stopped.length < 2 && passes === "nothing") return [];
  return stopped.map(({ traffic, place, reason }) => `${traffic}, by ${place}: ${reason}`);
}

/** The page's section for an answer; the change comes into `.change` later. */
export function tellVerdict(verdict: Verdict, telling: Telling): Node[] {
  const { from, to, traffic, reason, shown, servers, then, conditions } = verdict;
  const [sign, word] = heads[verdict.verdict];
  const isExample = shown !== "" && shown !== traffic && traffic !== "icmp";
  const text = renderVerdict(verdict, telling.title, (_, line) => line).join("\n");
  return [
    make(
      "h2",
      { id: "verdict-head", class: `is-${verdict.verdict}` },
      make("span", { class: "sign", "aria-hidden": "true" }, sign),
      word,
    ),
    make(
      "p",
      { class: "asked" },
      make("code", {}, from),
      " → ",
      make("code", {}, to),
      ", ",
      make("code", {}, traffic),
    ),
    make("p", { class: "reason" }, asSentence(reason)),
    ...[
      list("Stopped of it", parts(verdict)),
      list("Provided that", conditions),
      servers.length + then.length > 1 ? list("Served by", served(servers)) : undefined,
      then.length > 0 ? list("Then, when those are down", served(then)) : undefined,
      isExample && verdict.forward.length > 0
        ? make("p", { class: "example" }, `As an example, ${shown}:`)
        : undefined,
      way("There", verdict.forward, telling),
      way("Back", verdict.return, telling),
    ].filter((part) => part !== undefined),
    make("div", { class: "change" }),
    make(
      "details",
      { class: "command" },
      make("summary", {}, "On the command line"),
      make("pre", { tabindex: "0" }, `${telling.command}\n\n${text}`),
    ),
  ];
}

function editItem({ action, path, line, value, level }: Edit): HTMLLIElement {
  const verb = { add: "add to", remove: "remove", set: "set" }[action];
  const where = line === undefined ? "" : ` (line ${line})`;
  const compiled =
    level === "program"
      ? make("span", { class: "where" }, "no option of the stack's file: the program compiles it")
      : undefined;
  return make("li", {}, `${verb} `, make("code", {}, path), where, make("pre", {}, value), compiled);
}

/** What would alter the verdict. */
export function tellChange({ verdict, change, noChange }: Verdict): Node[] {
  if (verdict === "unknown") return [];
  const wanted = verdict === "pass" ? "block it" : "let it pass";
  if (change === null)
    return [
      make("h3", {}, `To ${wanted}`),
      make("p", {}, `No change is known: ${noChange ?? "none was found"}.`),
    ];
  const all = change.edits.length > 1 ? ", all of it" : "";
  return [make("h3", {}, `To ${wanted}${all}`), make("ul", {}, ...change.edits.map(editItem))];
}
