/** The question: its fields, and the address of the page, which keeps it. */
import type { Question } from "../../../components/proof/ask/verdict.ts";
import { boxesOf, type Box, type MapData } from "../model.ts";
import { Combobox, type Choice } from "./combobox.ts";
import { need } from "./dom.ts";

const fields = ["from", "to", "traffic", "without", "path"] as const;
type FieldName = (typeof fields)[number];

const common: readonly Choice[] = [
  { value: "443/tcp", detail: "HTTPS" },
  { value: "80/tcp", detail: "HTTP" },
  { value: "22/tcp", detail: "SSH" },
  { value: "53/udp", detail: "DNS" },
  { value: "icmp", detail: "ping" },
  { value: "all", detail: "everything" },
];

export class QuestionForm {
  readonly #form = need("question", HTMLFormElement);
  readonly #inputs: Readonly<Record<FieldName, HTMLInputElement>>;
  readonly #direction = need("direction", HTMLInputElement);
  readonly #asked: readonly Box[];

  constructor({ drawing }: MapData, ask: () => void) {
    const input = (name: FieldName): [FieldName, HTMLInputElement] => [name, need(name, HTMLInputElement)];
    this.#inputs = Object.fromEntries(fields.map(input)) as Record<FieldName, HTMLInputElement>;
    this.#asked = [...boxesOf(drawing.rows.flat())].filter(
      (box) => box.ask !== "" && box.kind !== "interface",
    );
    const ends = this.#asked.map(({ ask: value, detail, about, kind }) => ({
      value,
      detail: [kind === "device" ? "a device there" : detail, about].filter((part) => part !== "").join(", "),
    }));
    this.#offer("from", () =>
      ends.filter((_, index) => !["name", "balancer"].includes(this.#asked[index]?.kind ?? "")),
    );
    this.#offer("to", () => ends);
    this.#offer("traffic", () => this.#traffic());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask();
    });
    need("swap", HTMLButtonElement).addEventListener("click", () => {
      const { from, to } = this.#inputs;
      [from.value, to.value] = [to.value, from.value];
      from.focus();
    });
  }

  #offer(name: "from" | "to" | "traffic", choices: () => readonly Choice[]): void {
    new Combobox(this.#inputs[name], need(`${name}-list`, HTMLUListElement), choices);
  }

  /** What listens at the destination first. */
  #traffic(): Choice[] {
    const to = this.#inputs.to.value.trim();
    const ports = this.#asked.find(({ ask, label }) => ask === to || label === to)?.ports ?? [];
    const listening = ports.map((value) => ({ value, detail: "listens there" }));
    return [...listening, ...common.filter(({ value }) => !ports.includes(value))];
  }

  set(name: "from" | "to", value: string): void {
    this.#inputs[name].value = value;
  }

  get isWhole(): boolean {
    return (["from", "to", "traffic"] as const).every((name) => this.#inputs[name].value.trim() !== "");
  }

  /** Leads to what is missing. */
  focusMissing(): void {
    const missing = (["from", "to", "traffic"] as const).find(
      (name) => this.#inputs[name].value.trim() === "",
    );
    this.#inputs[missing ?? "from"].focus();
  }

  get question(): Question {
    const value = (name: FieldName): string => this.#inputs[name].value.trim();
    const without = value("without")
      .split(/[\s,]+/)
      .filter((word) => word !== "");
    return {
      from: value("from"),
      to: value("to"),
      traffic: value("traffic"),
      direction: this.#direction.checked ? "forward" : "both",
      without: without.length === 0 ? undefined : without,
      path: value("path") === "" ? undefined : value("path"),
    };
  }

  /** The question as the part of an address behind `#`. */
  get hash(): string {
    const pairs = fields.map((name) => [name, this.#inputs[name].value.trim()]);
    const given = [...pairs, ["direction", this.#direction.checked ? "forward" : ""]].filter(
      ([, value]) => value !== "",
    );
    return new URLSearchParams(given).toString();
  }

  /** Takes a question from there. @returns whether there was one */
  read(hash: string): boolean {
    const given = new URLSearchParams(hash.replace(/^#/, ""));
    if (!given.has("from") && !given.has("to")) return false;
    for (const name of fields)
      this.#inputs[name].value = given.get(name) ?? (name === "traffic" ? "443/tcp" : "");
    this.#direction.checked = given.get("direction") === "forward";
    if (given.has("without") || given.has("path") || given.has("direction"))
      need("more", HTMLDetailsElement).open = true;
    return this.isWhole;
  }
}

/** A word of a command line. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The same question to `roadnet why`. */
export function commandOf(
  { from, to, traffic, direction, without, path }: Question,
  options: string,
): string {
  const words = [
    ...["roadnet", "why", quoted(from), quoted(to), quoted(traffic), options],
    ...(direction === "forward" ? ["--direction", "forward"] : []),
    ...(path === undefined ? [] : ["--path", quoted(path)]),
    ...(without === undefined ? [] : ["--without", ...without.map(quoted)]),
  ];
  return words.join(" ");
}
